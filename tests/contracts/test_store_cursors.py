"""The promises of `bot.store.api.Store` about how far news has been read, over every store there is."""

import asyncio

import pytest

from bot.store.api import Store
from tests.support.keeping import OpenStore

LEASE = 60.0


async def test_a_cursor_is_where_it_was_left(open_again: OpenStore) -> None:
    """Also after a restart; each source has its own, and a new one begins at the beginning."""
    first = await open_again()
    assert await first.cursor("tickets/a", lease=LEASE) == ""
    await first.move_cursor("tickets/a", '{"at": 1}')
    await first.close()

    second = await open_again()
    assert await second.cursor("tickets/a", lease=LEASE) == '{"at": 1}'
    assert await second.cursor("tickets/b", lease=LEASE) == ""
    await second.move_cursor("tickets/a", "")
    assert await second.cursor("tickets/a", lease=LEASE) == ""
    await second.close()


async def test_of_several_who_ask_at_once_one_reads(store: Store, request: pytest.FixtureRequest) -> None:
    """On a database that is shared; the one process of a file is alone with it anyway."""
    shared = "postgres" in request.node.name

    got = await asyncio.gather(*(store.cursor("tickets/a", lease=LEASE) for _ in range(5)))

    assert sorted(got, key=str) == (["", None, None, None, None] if shared else [""] * 5)
    await store.move_cursor("tickets/a", "7")
    assert await store.cursor("tickets/a", lease=LEASE) == "7"


async def test_a_reader_that_died_holds_nobody_up_for_ever(store: Store) -> None:
    """When its lease is over the next one reads, from where the last one was sure."""
    await store.cursor("tickets/a", lease=0.0)

    assert await store.cursor("tickets/a", lease=LEASE) == ""
