"""A store in a file, and a look at the file beside it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import SqliteFile
from tests.support.keeping import Clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "var" / "handrail.db"


@pytest.fixture
def clock() -> Clock:
    """The store's time."""
    return Clock()


@pytest.fixture
async def store(path: Path, clock: Clock) -> AsyncIterator[SqliteStore]:
    """An empty store in a new file."""
    opened = SqliteStore(SqliteFile(str(path)), clock=clock)
    await opened.open()
    yield opened
    await opened.close()
