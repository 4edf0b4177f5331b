/* A disk that fails when told: preloaded (LD_PRELOAD) into a process, it stands between that process and the
 * files below one folder. Everything else (pipes, sockets, other files) goes through untouched.
 *
 *   DISK_FOLDER   whose files are the disk
 *   DISK_CONTROL  a file with the struct below, mapped by this process and by whoever tells it what to do
 *   DISK_JOURNAL  optional: a file to which is written, line by line, what happened in which order:
 *                 "read FD ID" and "answer FD" on sockets, "write FD ID" and "synced FD" on the disk, where
 *                 an ID is a word like order-17 in what is passed on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

struct control {
    int32_t seen;     /* calls that counted since it was last told something */
    int32_t first;    /* which of them is the first to fail; 0: none */
    int32_t many;     /* how many fail from there on */
    int32_t error;    /* with which errno */
    int32_t torn;     /* 1: the first failing write is half done, and says so; the error comes with the next */
    int32_t reads;    /* 1: reads count, 0: writes, syncs, cuts, new files and removals do */
    int32_t fired;    /* how many have failed */
    int32_t delay_ms; /* how long each sync waits before it is done */
};
static volatile struct control *control;
static char folder[PATH_MAX];
static size_t folder_length;
static int journal = -1;

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("DISK_CONTROL"), *where = getenv("DISK_FOLDER"), *noted = getenv("DISK_JOURNAL");
    if (!name || !where || !realpath(where, folder)) return;
    folder_length = strlen(folder);
    if (noted) journal = open(noted, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int file = open(name, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) control = mapped;
}

static int path_is_ours(const char *path) {
    return control && !strncmp(path, folder, folder_length) && path[folder_length] == '/';
}

static int is_ours(int fd) {
    char link[64], path[PATH_MAX];
    if (!control) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return path_is_ours(path);
}

/* Count a call: 0 it goes through, 1 it fails (errno is set), 2 it is a write of which half is done. */
static int fails(int reading, int writing) {
    if (control->reads != reading) return 0;
    int32_t number = __atomic_add_fetch(&control->seen, 1, __ATOMIC_SEQ_CST), first = control->first;
    if (!first || number < first || number - first >= control->many) return 0;
    __atomic_add_fetch(&control->fired, 1, __ATOMIC_SEQ_CST);
    errno = control->error;
    return control->torn && writing && number == first ? 2 : 1;
}

static void put_down(const char *what, int fd, const char *word, size_t length) {
    char line[96];
    int kept = errno, count = snprintf(line, sizeof line, "%s %d %.*s\n", what, fd, (int)length, word);
    ssize_t (*put)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    if (put(journal, line, (size_t)count) < 0) abort();
    errno = kept;
}

/* Note each ID in what is passed on. */
static void note_words(const char *what, int fd, const char *bytes, size_t count) {
    const char *end = bytes + count, *found = bytes;
    while (journal >= 0 && (found = memmem(found, (size_t)(end - found), "order-", 6))) {
        const char *after = found + 6;
        while (after < end && after < found + 15 && *after >= '0' && *after <= '9') after++;
        put_down(what, fd, found, (size_t)(after - found));
        found = after;
    }
}

static void note(const char *what, int fd) {
    if (journal >= 0) put_down(what, fd, "", 0);
}

static void note_answer(int fd, const void *bytes, size_t count) {
    if (count >= 9 && !memcmp(bytes, "HTTP/1.1 ", 9)) note("answer", fd);
}

#define REAL(type, name, ...) type (*real)(__VA_ARGS__) = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static size_t half(int verdict, size_t count) { return verdict == 2 ? count / 2 : count; }

#define PWRITE(name) \
    ssize_t name(int fd, const void *bytes, size_t count, off_t offset) { \
        REAL(ssize_t, #name, int, const void *, size_t, off_t); \
        int ours = is_ours(fd), verdict = ours ? fails(0, 1) : 0; \
        if (verdict == 1) return -1; \
        if (ours) note_words("write", fd, bytes, count); \
        return real(fd, bytes, half(verdict, count), offset); \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(ssize_t, "write", int, const void *, size_t);
    int ours = is_ours(fd), verdict = ours ? fails(0, 1) : 0;
    if (verdict == 1) return -1;
    if (!ours) note_answer(fd, bytes, count);
    return real(fd, bytes, half(verdict, count));
}

ssize_t writev(int fd, const struct iovec *parts, int count) { /* no database writes like this: only noted */
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    if (count > 0) note_answer(fd, parts[0].iov_base, parts[0].iov_len);
    return real(fd, parts, count);
}

#define PREAD(name) \
    ssize_t name(int fd, void *bytes, size_t count, off_t offset) { \
        REAL(ssize_t, #name, int, void *, size_t, off_t); \
        return is_ours(fd) && fails(1, 0) ? -1 : real(fd, bytes, count, offset); \
    }
PREAD(pread)
PREAD(pread64)

ssize_t read(int fd, void *bytes, size_t count) {
    REAL(ssize_t, "read", int, void *, size_t);
    int ours = is_ours(fd);
    if (ours && fails(1, 0)) return -1;
    ssize_t got = real(fd, bytes, count);
    if (got > 0 && !ours) note_words("read", fd, bytes, (size_t)got);
    return got;
}

#define SYNC(name) \
    int name(int fd) { \
        REAL(int, #name, int); \
        if (!is_ours(fd)) return real(fd); \
        if (fails(0, 0)) return -1; \
        for (unsigned waited = 0; waited < control->delay_ms; waited += 10) usleep(10000); \
        int result = real(fd); \
        note("synced", fd); \
        return result; \
    }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name) \
    int name(int fd, off_t length) { \
        REAL(int, #name, int, off_t); \
        return is_ours(fd) && fails(0, 0) ? -1 : real(fd, length); \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    return path_is_ours(path) && fails(0, 0) ? -1 : real(path);
}

/* Only what makes a file: opening one that is there needs no space. */
#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, #name, const char *, int, ...); \
        mode_t mode = 0; \
        if (flags & O_CREAT) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
        if ((flags & O_CREAT) && path_is_ours(path) && access(path, F_OK) && fails(0, 0)) return -1; \
        return real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
