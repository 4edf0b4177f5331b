"""The stores there are: each test that asks for `store` runs over all of them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.store.api import Store
from bot.store.open import open_store
from bot.store.postgres import PostgresStore
from tests.support.keeping import OpenStore


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def open_again(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    """Opens the same database, as a process does when it starts; an engine is a parameter."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/handrail.db" if sqlite else request.getfixturevalue("postgres_url")

    async def opened() -> Store:
        if sqlite:
            return await open_store(url)
        store = PostgresStore(url, patience=60.0)
        await store.open()
        return store

    return opened


@pytest.fixture
async def store(open_again: OpenStore) -> AsyncIterator[Store]:
    """A store with nothing in it."""
    async with AsyncExitStack() as stack:
        opened = await open_again()
        stack.push_async_callback(opened.close)
        yield opened
