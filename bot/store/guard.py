"""Who may open a database file: one process at a time, and not over a network.

Write-ahead logging needs shared memory and locks that network file systems only pretend to have. And SQLite
up to 3.51.2 can damage a database that two connections write; with one process and one connection it cannot.

Must not know: SQL, what is in the database.
"""

import os
import re
import sys
from pathlib import Path
from typing import Final

from bot.errors import ConfigError, DatabaseInUse

_MOUNTS: Final = Path("/proc/self/mountinfo")
_NETWORK: Final = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.davfs", "fuse.glusterfs", "fuse.rclone",
        "fuse.s3fs", "fuse.sshfs", "glusterfs", "gfs2", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2",
        "smb3", "smbfs",
    }
)  # fmt: skip
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")  # mountinfo writes a space as \040

if sys.platform == "win32":  # pragma: no cover - never built here, kept as small as it can be
    import msvcrt

    def _lock(file: int) -> None:
        os.lseek(file, 1 << 20, os.SEEK_SET)  # far behind the process id, which others must be able to read
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class ProcessLock:
    """An exclusive lock on `path`, held until `release` or until the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Args:
            path: The lock file; it is made if it is not there and never removed (removing it is a race).

        Raises:
            DatabaseInUse: Another process holds it; the message names its id.
            OSError: The file cannot be made or written.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        self._file = os.open(path, flags, 0o600)
        try:
            _lock(self._file)
        except OSError:
            holder = f"process {_digits(os.pread(self._file, 32, 0)) or '(unknown)'}"
            os.close(self._file)
            raise DatabaseInUse(
                f"HANDRAIL_DATABASE_URL: {path.with_suffix('')} is in use by {holder};"
                " stop that one first, or give this one a database of its own",
                holder=holder,
            ) from None
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Let the next process in. May be called twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _digits(text: bytes) -> str:
    found = re.match(rb"\d+", text)
    return found[0].decode() if found else ""


def refuse_network(folder: Path, mounts: Path = _MOUNTS) -> None:
    """Refuse a folder on a network file system.

    Args:
        folder: Where the database is to be; it exists.
        mounts: The system's list of mounts in the format of Linux's mountinfo; where there is none (other
            systems) nothing can be told and nothing is refused.

    Raises:
        ConfigError: It is on one.
    """
    try:
        listed = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return
    kind = file_system(folder.resolve(), listed)
    if kind in _NETWORK:
        raise ConfigError(
            f"HANDRAIL_DATABASE_URL: {folder} is on a network file system ({kind}), where SQLite loses data;"
            " name a file on a local disk, or use postgresql://"
        )


def file_system(path: Path, mountinfo: str) -> str:
    """The type of the file system that holds `path`, an absolute path without links; "" if nothing says.

    Args:
        path: What is looked for.
        mountinfo: Text as in proc(5), /proc/[pid]/mountinfo: the mount point is the fifth field, the type
            the first behind a lone dash.
    """
    best, found = -1, ""
    for line in mountinfo.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split()
        if not dash or len(fields) < 5:
            continue
        point = Path(_ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), fields[4]))
        # the same point twice: the later mount covers the earlier one
        if (point == path or point in path.parents) and len(point.parts) >= best:
            best, found = len(point.parts), after.split()[0]
    return found
