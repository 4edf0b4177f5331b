import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest

from bot.errors import StoreUnavailable
from bot.store.api import Receipt
from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import MEMORY, SqliteFile
from bot.store.writer import Writer
from tests.support.keeping import counting, to_send


@pytest.fixture
async def writer() -> AsyncIterator[Writer]:
    """A writer over a database in memory with one empty table."""
    opened = Writer(SqliteFile(MEMORY))
    await opened.do(lambda db: db.execute("CREATE TABLE t (x UNIQUE)").fetchall())
    yield opened
    await opened.close()


async def rows(writer: Writer) -> list[int]:
    """What is in the table."""

    def read(db: sqlite3.Connection) -> list[int]:
        return [x for (x,) in db.execute("SELECT x FROM t ORDER BY x")]

    return await writer.do(read)


def adding(x: int) -> Callable[[sqlite3.Connection], None]:
    """Work that adds a row."""

    def work(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO t VALUES (?)", (x,))

    return work


async def test_work_that_breaks_the_connection_is_left_out(store: SqliteStore) -> None:
    """A row the database refuses costs its own turn; those committed together with it start again."""
    wrong = msgspec.structs.replace(to_send("wrong"), body="text where bytes belong")
    turns = [store.turn(f"c{n}", "e", counting(wrong if n == 5 else to_send(f"m{n}"))) for n in range(10)]

    results = await asyncio.gather(*turns, return_exceptions=True)

    assert [isinstance(each, Receipt) for each in results] == [n != 5 for n in range(10)]
    assert isinstance(results[5], StoreUnavailable)
    for n in range(10):
        stored = await store.conversation(f"c{n}")
        assert (stored[0].turn if stored else 0) == (n != 5)


async def test_an_error_in_memory_keeps_what_was_there(writer: Writer) -> None:
    """Without a file there is nothing to open anew: the transaction is undone, the rest stays."""
    await writer.do(adding(1))

    with pytest.raises(StoreUnavailable, match="UNIQUE"):
        await writer.do(adding(1))
    await writer.do(adding(2))

    assert await rows(writer) == [1, 2]


@pytest.mark.parametrize(
    ("raised", "expected"),
    [(StopIteration(), RuntimeError), (SystemExit(3), SystemExit), (KeyError("k"), KeyError)],
)
async def test_whatever_work_raises_reaches_its_caller(
    writer: Writer, raised: BaseException, expected: type[BaseException]
) -> None:
    """And nobody else: the thread lives, and what the work did is undone."""

    def work(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO t VALUES (1)")
        raise raised

    with pytest.raises(expected):
        await writer.do(work)

    assert await rows(writer) == []


async def test_too_much_waiting_is_refused(writer: Writer) -> None:
    """A disk that hangs must not fill up the memory: whoever comes too late is told to come again."""
    go_on = threading.Event()
    first = asyncio.ensure_future(writer.do(lambda _db: go_on.wait()))
    waiting = [asyncio.ensure_future(writer.do(lambda _db: None)) for _ in range(10_100)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    refused = [each for each in waiting if each.done()]
    go_on.set()
    await asyncio.gather(first, *waiting, return_exceptions=True)

    assert 0 < len(refused) <= 200
    assert all(isinstance(each.exception(), StoreUnavailable) for each in refused)


async def test_closing_finishes_what_was_handed_in(writer: Writer) -> None:
    """Accepted is accepted; afterwards nothing is."""
    accepted = [asyncio.ensure_future(writer.do(adding(n))) for n in range(20)]
    await asyncio.sleep(0)
    await writer.close()
    await writer.close()

    assert await asyncio.gather(*accepted) == [None] * 20
    with pytest.raises(StoreUnavailable, match="closed"):
        await writer.do(adding(99))
