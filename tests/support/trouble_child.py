"""A process whose disk is in trouble for a while; it exits with 0 when its store behaved.

    python -m tests.support.trouble_child limit|full|readonly FOLDER

`limit`: files may not grow (RLIMIT_FSIZE). `full`: FOLDER is a small file system of its own, filled to the
brim. `readonly`: the file may not be written.
"""

import asyncio
import ctypes
import os
import resource
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bot.errors import StoreUnavailable
from bot.store.api import Store
from bot.store.open import open_store
from tests.support.keeping import counting, to_send

_DROP_CAPABILITY = 24  # prctl(2), PR_CAPBSET_DROP


def _small_files(_folder: Path) -> Callable[[], None]:
    _soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, hard))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def _full(folder: Path) -> Callable[[], None]:
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast.unlink


def _readonly(folder: Path) -> Callable[[], None]:
    path = folder / "handrail.db"
    copy = folder / "copy.db"
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copy.chmod(0o400)
    copy.replace(path)  # another file in its place, as a restored backup with the wrong rights
    return lambda: path.chmod(0o600)


async def _refused(store: Store) -> None:
    try:
        await store.check()
    except StoreUnavailable:
        return
    raise AssertionError("the check passes on a broken disk")


async def main(kind: str, folder: Path) -> None:
    """Turns before, during and after the trouble."""
    store = await open_store(f"sqlite:///{folder}/handrail.db")
    acknowledged = []

    async def turn(event: str) -> None:
        await store.turn("c", event, counting(to_send(event * 500), reply=event.encode()))
        acknowledged.append(event)

    await turn("before")
    end = {"limit": _small_files, "full": _full, "readonly": _readonly}[kind](folder)
    refused = ""
    for number in range(500):
        try:
            await turn(f"during{number}")
        except StoreUnavailable as error:
            refused = str(error)
            break
    assert refused, "nothing was refused"
    print(refused)  # what an operator reads
    if kind != "limit":  # there the log begins anew, and fits again
        await _refused(store)
    end()
    await store.check()
    await turn("after")
    for event in acknowledged:
        assert (await store.turn("c", event, counting())).repeat, f"{event} is lost"
    stored = await store.conversation("c")
    assert stored is not None
    assert stored[0].turn == len(acknowledged)
    await store.close()
    with closing(sqlite3.connect(folder / "handrail.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


if __name__ == "__main__":
    if sys.argv[1] == "readonly" and os.geteuid() == 0 and len(sys.argv) == 3:
        for capability in (1, 2):  # without these two, root must respect the rights of files as well
            ctypes.CDLL(None).prctl(_DROP_CAPABILITY, capability, 0, 0, 0)
        os.execv(
            sys.executable, [sys.executable, "-m", "tests.support.trouble_child", *sys.argv[1:], "again"]
        )
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
