import asyncio
from collections.abc import Mapping
from typing import ClassVar

import pytest

from bot.errors import (
    DeliveryFailed,
)
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.ending import Done
from bot.store.api import Claimed, Message
from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import MEMORY, SqliteFile
from tests.support.keeping import Clock, claim, send, to_send
from tests.support.post import POOLS, Post, over, state_of


@pytest.fixture
def sleepy(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not look by itself before an hour is over."""
    monkeypatch.setattr("bot.outbox.dispatcher._LONGEST_SLEEP", 3600.0)


@pytest.mark.usefixtures("sleepy")
async def test_it_is_woken_by_a_commit(store: SqliteStore, clock: Clock) -> None:
    """What is written leaves at once, not at the next look."""
    arrived = asyncio.Event()

    async def perform(_message: Message) -> Done:
        arrived.set()
        return Done()

    dispatcher = over(store, clock, perform)
    dispatcher.start()
    await send(store, to_send("m"))
    dispatcher.wake()
    async with asyncio.timeout(30):
        await arrived.wait()
    await dispatcher.stop(30)

    assert await state_of(store, "m") == ("done", "")


@pytest.mark.usefixtures("sleepy")
async def test_it_sleeps_until_the_next_message_is_due(store: SqliteStore) -> None:
    """A second try comes by itself, without anybody waking it."""
    twice = asyncio.Event()

    async def perform(message: Message) -> Done:
        if message.attempt == 1:
            raise DeliveryFailed("503", retry_after=0.02)
        twice.set()
        return Done()

    await send(store, to_send("m"))
    dispatcher = Dispatcher(store, perform, pools=POOLS, chance=lambda: 0.0)
    dispatcher.start()
    async with asyncio.timeout(30):
        await twice.wait()
    await dispatcher.stop(30)


async def test_stopping_finishes_what_is_in_flight(store: SqliteStore, clock: Clock) -> None:
    """Within the grace a delivery ends as it would have."""
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def perform(_message: Message) -> Done:
        begun.set()
        await may_end.wait()
        return Done(receipt="in time")

    await send(store, to_send("m1"), to_send("m2"))
    dispatcher = over(store, clock, perform)
    dispatcher.start()
    await begun.wait()
    stopping = asyncio.ensure_future(dispatcher.stop(30))
    await asyncio.sleep(0)
    may_end.set()
    await stopping

    assert await state_of(store, "m1") == ("done", "")
    assert await state_of(store, "m2") == ("ready", "")


async def test_what_is_being_claimed_at_a_stop_is_in_flight_too(store: SqliteStore, clock: Clock) -> None:
    """The stop comes between a claim and its deliveries: they get their grace, and none is broken off."""

    async def perform(_message: Message) -> Done:
        for _ in range(3):  # longer than the dispatcher needs to see that it is to stop
            await store.depth()
        return Done(receipt="in time")

    await send(store, to_send("m"))
    dispatcher = over(store, clock, perform)
    dispatcher.start()
    await asyncio.sleep(0)  # it asks the store, which answers from its own thread
    await dispatcher.stop(30)

    assert await state_of(store, "m") == ("done", "")


async def test_stopping_hands_back_what_takes_too_long(store: SqliteStore, clock: Clock) -> None:
    """The next process may try at once, and the message says that it may have arrived."""
    begun = asyncio.Event()

    async def perform(_message: Message) -> Done:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    await send(store, to_send("m"))
    dispatcher = over(store, clock, perform)
    dispatcher.start()
    await begun.wait()
    await dispatcher.stop(0.01)

    state, error = await state_of(store, "m")
    assert state == "ready"
    assert "may have arrived" in error
    assert [(message.attempt, message.tries) for message in await claim(store, now=clock())] == [(2, 1)]


class Counting(SqliteStore):
    """Counts the questions it is asked for work."""

    claims: ClassVar[list[dict[str, int]]] = []

    async def claim(  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        self, *, now: float, lease: float, limits: Mapping[str, int]
    ) -> Claimed:
        """Claim, and note what was asked for."""
        self.claims.append(dict(limits))
        return await super().claim(now=now, lease=lease, limits=limits)


async def test_a_full_pool_is_not_asked_for_and_not_waited_for(clock: Clock) -> None:
    """More of its kind is due: nobody looks until one has finished, and a look is one question."""
    store = Counting(SqliteFile(MEMORY), clock=clock)
    await store.open()
    await send(store, *(to_send(f"m{n}", lane=f"{n}") for n in range(8)))
    full, may_end = asyncio.Event(), asyncio.Event()
    running = 0

    async def perform(_message: Message) -> Done:
        nonlocal running
        running += 1
        if running == 4:
            full.set()
        await may_end.wait()
        return Done()

    store.claims.clear()
    dispatcher = over(store, clock, perform, pools={"show": 4, "ticket": 2})
    dispatcher.start()
    await full.wait()
    for _ in range(3):
        dispatcher.wake()
        await store.check()  # the writer takes work in order: what the wake-up asked for is answered
    asked = list(store.claims)
    may_end.set()
    await dispatcher.stop(30)
    await store.close()

    assert asked[0] == {"show": 4, "ticket": 2}
    assert asked[1:] == [{"ticket": 2}] * len(asked[1:])
    assert 1 < len(asked) <= 4


async def test_stopping_what_never_started_is_fine(store: SqliteStore, clock: Clock) -> None:
    """A process that fails to start still stops."""
    await over(store, clock, Post()).stop(1)
