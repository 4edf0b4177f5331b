"""Room in the outbox for what a commit makes due: it is leased in that commit, and nobody looks for it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping

import pytest

from bot.address import Address
from bot.outbox.ending import Done
from bot.store.api import Claimed, Kept, Message, Receipt, Spare
from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import MEMORY, SqliteFile
from dialogs.conversation import Conversation
from tests.support.keeping import NOW, Clock, claim, counting, to_send
from tests.support.post import Post, over, state_of
from tests.support.waiting import until


class Asked(SqliteStore):
    """Counts how often it was asked for work."""

    claims = 0

    async def claim(  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        self, *, now: float, lease: float, limits: Mapping[str, int]
    ) -> Claimed:
        """Claim, and count it."""
        self.claims += 1
        return await super().claim(now=now, lease=lease, limits=limits)


@pytest.fixture
async def asked(clock: Clock) -> AsyncIterator[Asked]:
    """An empty store."""
    store = Asked(SqliteFile(MEMORY), clock=clock)
    await store.open()
    yield store
    await store.close()


async def turn(store: SqliteStore, spare: Spare, *keys: str, lane: str = "lane") -> Receipt:
    """A turn that sends these messages."""
    messages = [to_send(key, lane=lane) for key in keys]
    return await store.turn("c", f"event/{keys}", counting(*messages), spare=spare)


async def is_done(store: SqliteStore, key: str) -> bool:
    """Whether a message was delivered."""
    return await state_of(store, key) == ("done", "")


async def test_what_a_turn_sends_leaves_without_a_claim(asked: Asked, clock: Clock) -> None:
    """And what stands behind it in its lane leaves when the first one is settled, in that commit."""
    post = Post()
    outbox = over(asked, clock, post)
    outbox.start()
    await until(lambda: asked.claims == 1)  # the first look of a start finds nothing
    with outbox.spare("show") as places:
        receipt = await turn(asked, places.spare, "first", "second")
        places.begin(receipt.leased, more=receipt.due)

    await until(lambda: is_done(asked, "second"))
    await outbox.stop(2)

    assert post.sent == ["first", "second"]
    assert asked.claims == 1


async def test_what_is_not_leased_is_looked_for(asked: Asked, clock: Clock) -> None:
    """Two lanes and one place: the second message is found by a claim, at once."""
    post = Post()
    outbox = over(asked, clock, post)
    outbox.start()
    messages = [to_send("a", lane="a"), to_send("b", lane="b")]
    with outbox.spare("show") as places:
        receipt = await asked.turn("c", "e", counting(*messages), spare=places.spare)
        places.begin(receipt.leased, more=receipt.due)
    assert [each.key for each in receipt.leased] == ["a"]

    await until(lambda: is_done(asked, "b"))
    await outbox.stop(2)

    assert sorted(post.sent) == ["a", "b"]


async def test_a_place_is_promised_once(asked: Asked, clock: Clock) -> None:
    """A pool of two has room for two commits; when they have ended without sending there is room again."""
    outbox = over(asked, clock, Post(), pools={"show": 2})
    with outbox.spare("show") as first, outbox.spare("show") as second, outbox.spare("show") as third:
        promised = [each.spare.kinds for each in (first, second, third)]
    with outbox.spare("show") as later:
        promised.append(later.spare.kinds)

    assert [list(kinds) for kinds in promised] == [["show"], ["show"], [], ["show"]]


async def test_what_is_performed_takes_its_place(asked: Asked, clock: Clock) -> None:
    """While a delivery hangs in a pool of one nothing more is promised, and afterwards it is."""
    may_end = asyncio.Event()

    async def perform(_message: Message) -> Done:
        await may_end.wait()
        return Done()

    outbox = over(asked, clock, perform, pools={"show": 1})
    with outbox.spare("show") as places:
        places.begin((await turn(asked, places.spare, "m")).leased, more=False)
    with outbox.spare("show") as full:
        assert not full.spare.kinds
    may_end.set()
    await outbox.drain()
    with outbox.spare("show") as free:
        assert free.spare.kinds


async def test_teams_limit_is_kept_before_a_place_is_promised(asked: Asked, clock: Clock) -> None:
    """Without room nothing is leased: what is most urgent goes when there is some."""
    outbox = over(asked, clock, Post(), room=lambda _: (1, 0.5))
    with outbox.spare("show") as one, outbox.spare("show") as none:
        assert (list(one.spare.kinds), list(none.spare.kinds)) == (["show"], [])


async def test_who_stops_promises_nothing(asked: Asked, clock: Clock) -> None:
    """A turn that is still under way leaves its message to the next process, at once and untried."""
    outbox = over(asked, clock, Post())
    outbox.start()
    await outbox.stop(1)
    with outbox.spare("show") as places:
        receipt = await turn(asked, places.spare, "m")
        places.begin(receipt.leased, more=receipt.due)

    assert [(each.key, each.attempt) for each in await claim(asked, now=clock())] == [("m", 1)]


async def test_a_commit_that_ends_after_the_stop_hands_back_what_it_leased(
    asked: Asked, clock: Clock
) -> None:
    """Its place was promised before; nobody performs it any more, and the next process does at once."""
    post = Post()
    outbox = over(asked, clock, post)
    outbox.start()
    with outbox.spare("show") as places:
        receipt = await turn(asked, places.spare, "m")
        await outbox.stop(1)
        places.begin(receipt.leased, more=receipt.due)

    async def handed_back() -> bool:
        return (await state_of(asked, "m"))[0] == "ready"

    await until(handed_back)
    assert post.tried == []
    assert [(each.attempt, each.tries) for each in await claim(asked, now=clock())] == [(2, 1)]


async def test_a_caller_that_goes_away_keeps_no_lease(asked: Asked, clock: Clock) -> None:
    """Its turn is kept, and what it leased is free for the next look: nobody waits for the lease to end."""
    spare = Spare(kinds=frozenset({"show"}), until=NOW + 60)
    going = asyncio.ensure_future(turn(asked, spare, "m"))
    await asyncio.sleep(0)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going

    (message,) = await claim(asked, now=clock())

    assert (message.key, message.attempt, message.tries) == ("m", 2, 1)


async def test_who_goes_away_while_a_claim_is_under_way_keeps_no_lease(clock: Clock) -> None:
    """Their turn is taken behind that claim, so the next one hands back what it leased."""
    begun, may_end, may_decide = threading.Event(), threading.Event(), threading.Event()

    def held() -> float:
        if threading.current_thread() is not threading.main_thread() and not begun.is_set():
            begun.set()
            may_end.wait(10)
        return clock()

    def broken(_stored: Conversation | None, _where: Address | None) -> Kept:
        raise ZeroDivisionError

    def slow(stored: Conversation | None, where: Address | None) -> Kept:
        may_decide.wait(10)
        return counting(to_send("m"))(stored, where)

    spare = Spare(kinds=frozenset({"show"}), until=NOW + 60)
    begun.set()
    store = SqliteStore(SqliteFile(MEMORY), clock=held)
    await store.open()
    with pytest.raises(ZeroDivisionError):
        await store.turn("c", "broken", broken, spare=spare)
    begun.clear()
    claiming = asyncio.create_task(claim(store, now=clock()))
    await until(begun.is_set)
    going = asyncio.create_task(store.turn("c", "e", slow, spare=spare))
    await asyncio.sleep(0)
    going.cancel()
    await asyncio.wait({going})
    may_end.set()
    assert await claiming == []
    may_decide.set()

    assert [each.key for each in await claim(store, now=clock())] == ["m"]
    await store.close()


async def test_whoever_floods_waits_for_themselves(asked: Asked) -> None:
    """Two hundred events of one person are taken one after the other; another one's is in the next commit."""
    over_first: list[str] = []

    async def take(conversation: str, event: str) -> None:
        await asked.turn(conversation, event, counting())
        over_first.append(conversation)

    flood = [asyncio.create_task(take("loud", f"e{n}")) for n in range(200)]
    await asyncio.sleep(0)
    await take("quiet", "e")
    await asyncio.gather(*flood)

    assert over_first.index("quiet") <= 2
