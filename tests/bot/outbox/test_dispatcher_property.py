import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import DeliveryFailed, DeliveryParked, DeliveryPostponed, DeliveryRefused
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.ending import Done, Follow
from bot.store.api import Message
from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import MEMORY, SqliteFile
from tests.support.keeping import Clock, counting, send, to_send
from tests.support.post import POOLS

ENDS = st.sampled_from(["done", "follow", "failed", "refused", "parked", "postponed", "broken"])


@given(lanes=st.lists(st.sampled_from("abc"), min_size=1, max_size=8), ends=st.lists(ENDS, max_size=12))
@settings(max_examples=60)
def test_every_message_comes_to_an_end_in_order(lanes: list[str], ends: list[str]) -> None:
    """Whatever happens: each message ends done or dead, each lane in its order, one at a time."""
    asyncio.run(story(lanes, ends))


async def story(lanes: list[str], ends: list[str]) -> None:
    """Send one message into each lane named; deliveries end as told, then well."""
    clock = Clock()
    store = SqliteStore(SqliteFile(MEMORY), clock=clock)
    await store.open()
    running: set[str] = set()
    over: list[tuple[str, int]] = []
    told, turns = list(ends), 1

    async def perform(message: Message) -> Done:
        nonlocal turns
        assert message.lane not in running
        running.add(message.lane)
        await asyncio.sleep(0)
        running.discard(message.lane)
        end = told.pop(0) if told else "done"
        if end == "failed":
            raise DeliveryFailed("503")
        if end == "parked":
            raise DeliveryParked("403")
        if end == "postponed":
            raise DeliveryPostponed("429", 30)
        if end == "broken":
            raise ZeroDivisionError
        over.append((message.lane, int(message.key)))
        if end == "refused":
            raise DeliveryRefused("400")
        if end == "follow":
            turns += 1
            return Done(follow=Follow(conversation="c", event_id=f"o/{message.key}", decide=counting()))
        return Done()

    await send(store, *(to_send(str(n), lane=lane) for n, lane in enumerate(lanes)))
    dispatcher = Dispatcher(store, perform, pools=POOLS, clock=clock)
    for _ in range(200):
        await dispatcher.drain()
        await store.unpark("c", now=clock())
        if (due := await store.next_due()) is None:
            break
        clock.now = max(clock.now, due)

    for lane in "abc":
        expected = [n for n, each in enumerate(lanes) if each == lane]
        assert [n for name, n in over if name == lane] == expected
    assert dispatcher.delivered + dispatcher.dead == len(lanes)
    assert await store.depth() == {"ready": 0, "leased": 0, "parked": 0, "dead": dispatcher.dead}
    stored = await store.conversation("c")
    assert stored is not None
    assert stored[0].turn == turns
    await store.close()
