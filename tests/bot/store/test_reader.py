"""Rows that are looked up on the spot: the newest commit is seen, and trouble is left to the writer."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from bot.address import Address
from bot.store.api import Kept
from bot.store.reader import Reader
from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import MEMORY, SqliteFile
from dialogs.conversation import Conversation
from tests.support.keeping import counting
from tests.support.waiting import until

_COUNT = "SELECT count(*) FROM conversations WHERE :unused = 0"
_VALUES = {"unused": 0}


@pytest.fixture
def file(tmp_path: Path) -> SqliteFile:
    """A database with all tables."""
    opened = SqliteFile(str(tmp_path / "handrail.db"))
    opened.connect().close()
    return opened


async def test_a_commit_is_seen_by_who_looks_next(file: SqliteFile) -> None:
    """Each look sees all turns that were kept before it."""
    store = SqliteStore(file)
    await store.open()
    for turn in range(1, 4):
        await store.turn("c", f"e{turn}", counting())
        found = await store.conversation("c")
        assert found is not None
        assert found[0].turn == turn
    await store.close()


def test_it_reads_and_never_writes(file: SqliteFile) -> None:
    """Whatever the query says, the file stays as it is."""
    reader = Reader(file, trusted=lambda: True)
    assert reader.look("DELETE FROM conversations WHERE :unused = 0", _VALUES) is None
    assert reader.look(_COUNT, _VALUES) == [(0,)]
    reader.close()


def test_a_disk_that_may_hang_is_not_waited_for(file: SqliteFile) -> None:
    """While the writer waits for the disk the event loop does not begin to."""
    prompt = True
    reader = Reader(file, trusted=lambda: prompt)
    assert reader.look(_COUNT, _VALUES) == [(0,)]
    prompt = False
    assert reader.look(_COUNT, _VALUES) is None
    prompt = True
    assert reader.look(_COUNT, _VALUES) == [(0,)]
    reader.close()


async def test_while_the_writer_waits_nothing_is_looked_up_on_the_loop(file: SqliteFile) -> None:
    """The store itself: who asks while a commit hangs is answered once it has ended, and holds up nobody."""
    may_go_on = threading.Event()

    def held(stored: Conversation | None, where: Address | None) -> Kept:
        may_go_on.wait(30)
        return counting()(stored, where)

    store = SqliteStore(file)
    await store.open()
    await store.turn("c", "e1", counting())
    hanging = asyncio.create_task(store.turn("other", "e1", held))
    await until(lambda: not store._writer.prompt())
    asked = asyncio.create_task(store.conversation("c"))
    await asyncio.sleep(0)
    answered_at_once = asked.done()
    may_go_on.set()
    await hanging

    assert not answered_at_once
    assert await asked is not None
    await store.close()


def test_a_file_that_was_replaced_is_the_writers_business(file: SqliteFile, tmp_path: Path) -> None:
    """What stands at the path now may be another database."""
    reader = Reader(file, trusted=lambda: True)
    assert reader.look(_COUNT, _VALUES) == [(0,)]
    (tmp_path / "handrail.db").rename(tmp_path / "elsewhere.db")
    assert reader.look(_COUNT, _VALUES) is None


def test_an_error_is_left_to_the_writer(file: SqliteFile) -> None:
    """The connection that met it is not used again, and the next one works."""
    reader = Reader(file, trusted=lambda: True)
    assert reader.look("SELECT nonsense FROM nowhere", {}) is None
    assert reader.look(_COUNT, _VALUES) == [(0,)]
    reader.close()


def test_a_database_in_memory_has_one_connection() -> None:
    """There is nothing to be opened twice."""
    assert Reader(SqliteFile(MEMORY), trusted=lambda: True).look("SELECT 1", {}) is None


def test_a_full_table_of_files_is_no_error(file: SqliteFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that cannot be had is one more reason to ask the writer."""

    def refuse() -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(file, "connect_reader", refuse)
    assert Reader(file, trusted=lambda: True).look(_COUNT, _VALUES) is None
