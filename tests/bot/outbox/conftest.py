"""A real store in memory, and a dispatcher over it whose clock the test moves."""

from collections.abc import AsyncIterator

import pytest

from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import MEMORY, SqliteFile
from tests.support.keeping import Clock


@pytest.fixture
def clock() -> Clock:
    """The time, for the store and the dispatcher alike."""
    return Clock()


@pytest.fixture
async def store(clock: Clock) -> AsyncIterator[SqliteStore]:
    """An empty store."""
    opened = SqliteStore(SqliteFile(MEMORY), clock=clock)
    await opened.open()
    yield opened
    await opened.close()
