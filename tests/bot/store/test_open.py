import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import ConfigError, StoreUnavailable
from bot.store.guard import file_system, refuse_network
from bot.store.open import open_store
from tests.support.keeping import claim, counting, send, to_send

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:21 / /mnt rw - tmpfs tmpfs rw
24 22 0:30 / /mnt/team\\040share rw,relatime shared:7 - cifs //server/share rw
25 22 0:31 / /home/covered rw - nfs4 server:/home rw
26 25 0:32 / /home/covered rw - ext4 /dev/vdb rw
"""


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql:bot:s3cret@db/handrail", "no database URL"),
        ("mysql://bot:s3cret@db/handrail", "no database URL"),
        ("handrail.db", "no database URL"),
        ("", "no database URL"),
        ("sqlite://", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite:////", "names no file"),
        ("sqlite://host/handrail.db", "names no file"),
        ("sqlite:///var/", "names no file"),
        ("sqlite:///a.db?mode=ro", "no options"),
    ],
)
async def test_a_wrong_url_is_refused_with_a_remedy(url: str, says: str) -> None:
    """The message names the variable and what to write, and never shows what may be a password."""
    with pytest.raises(ConfigError, match=says) as refused:
        await open_store(url)

    assert "HANDRAIL_DATABASE_URL" in str(refused.value)
    assert "sqlite:///var/handrail.db" in str(refused.value)
    assert "s3cret" not in str(refused.value)


async def test_a_relative_url_is_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three slashes: a path from where the process stands; four: from the root."""
    monkeypatch.chdir(tmp_path)
    await (await open_store("sqlite:///here/a%20b.db")).close()
    await (await open_store(f"sqlite:///{tmp_path}/there.db")).close()

    assert (tmp_path / "here" / "a b.db").is_file()
    assert (tmp_path / "there.db").is_file()


async def test_a_database_in_memory_works_whole() -> None:
    """For the terminal and for tests: the same promises, until the process ends."""
    store = await open_store("sqlite://:memory:")
    await store.turn("c", "e1", counting(reply=b"r"))

    assert (await store.turn("c", "e1", counting())).repeat
    await store.close()


async def test_nobody_else_may_read_the_file(path: Path) -> None:
    """Files 0600, a new folder 0700, whatever the umask says."""
    before = os.umask(0)
    try:
        store = await open_store(f"sqlite:///{path}")
        await store.turn("c", "e1", counting())
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
        await store.close()
    finally:
        os.umask(before)

    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert modes.keys() >= {"handrail.db", "handrail.db-wal", "handrail.db.lock"}
    assert set(modes.values()) == {0o600}


async def test_a_second_store_on_the_file_is_refused(path: Path) -> None:
    """Also by another name of the same file; the message names the process that has it."""
    store = await open_store(f"sqlite:///{path}")
    other_name = path.parent / "link.db"
    other_name.symlink_to(path)

    for url in (f"sqlite:///{path}", f"sqlite:///{other_name}"):
        with pytest.raises(ConfigError, match=f"in use by process {os.getpid()}"):
            await open_store(url)
    await store.close()
    await (await open_store(f"sqlite:///{path}")).close()


async def test_a_second_process_on_the_file_is_refused(path: Path) -> None:
    """The real thing: another interpreter, told the id of this one."""
    store = await open_store(f"sqlite:///{path}")
    program = (
        f"import asyncio; from bot.store.open import open_store; asyncio.run(open_store('sqlite:///{path}'))"
    )
    second = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=subprocess.PIPE)
    _, said = await second.communicate()
    await store.close()

    assert second.returncode != 0
    assert f"in use by process {os.getpid()}" in said.decode()


async def test_a_lock_that_cannot_be_made_is_said(path: Path) -> None:
    """Whatever the system says of a file that has to be made: a message, and no trace of the program."""
    path.with_name(path.name + ".lock").mkdir(parents=True)

    with pytest.raises(StoreUnavailable, match=r"cannot be opened \(Is a directory\): check the disk"):
        await open_store(f"sqlite:///{path}")


def test_a_network_file_system_is_refused(tmp_path: Path) -> None:
    """SQLite's log does not work there; the message says what does."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 0:1 / {tmp_path.resolve()} rw - nfs4 server:/x rw\n")

    with pytest.raises(ConfigError, match=r"network file system \(nfs4\).*local disk"):
        refuse_network(tmp_path, mounts)
    refuse_network(tmp_path, tmp_path / "no such list")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/mnt/x", "tmpfs"),
        ("/mnt/team share/x", "cifs"),
        ("/mnt/team", "tmpfs"),
        ("/home/covered/x", "ext4"),
    ],
)
def test_the_nearest_and_last_mount_counts(path: str, kind: str) -> None:
    """As the system itself finds it, names with spaces and covered mounts included."""
    assert file_system(Path(path), MOUNTS) == kind


def test_a_file_that_is_no_database_is_named_as_such(path: Path) -> None:
    """The operator is told to check the setting, and the file is left as it is."""
    path.parent.mkdir()
    path.write_text("Dear diary, " * 100)

    with pytest.raises(StoreUnavailable, match="no SQLite database"):
        asyncio.run(open_store(f"sqlite:///{path}"))

    assert path.read_text().startswith("Dear diary")


async def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """Said in words, before anything is tried."""
    with pytest.raises(ConfigError, match="not a file"):
        await open_store(f"sqlite:///{tmp_path}")


async def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    """A folder that cannot be made is a wrong setting."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="cannot be used"):
        await open_store(f"sqlite:///{tmp_path}/file/sub/handrail.db")


async def test_commits_are_on_the_disk_before_they_count(path: Path) -> None:
    """Write-ahead log, full synchronisation, foreign keys: as promised and not as it happens to be."""
    store = await open_store(f"sqlite:///{path}")
    writer = store._writer  # type: ignore[attr-defined]  # what the promise rests on has no public name

    def pragma(name: str) -> object:
        def ask(db: sqlite3.Connection) -> object:
            return db.execute(f"PRAGMA {name}").fetchone()[0]

        return ask

    found = {
        name: await writer.do(pragma(name))
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "trusted_schema")
    }
    await store.close()

    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "trusted_schema": 0,
    }


async def test_what_a_dead_process_was_doing_is_tried_at_the_next_start(tmp_path: Path) -> None:
    """One process has the file, so nobody waits for the lease of one that is gone."""
    url = f"sqlite:///{tmp_path}/handrail.db"
    first = await open_store(url)
    await send(first, to_send("m"))
    await claim(first, lease=600)
    await first.close()

    second = await open_store(url)
    (message,) = await claim(second)
    await second.close()

    assert (message.attempt, message.lapsed) == (2, 1)
