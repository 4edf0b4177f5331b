import asyncio

import pytest
from structlog.testing import capture_logs

from bot.address import Address
from bot.errors import (
    DeliveryFailed,
    DeliveryParked,
    DeliveryPostponed,
    DeliveryRefused,
    NumberTaken,
    StoreUnavailable,
)
from bot.outbox.dispatcher import AS_MUCH_AS_YOU_LIKE
from bot.outbox.ending import Done, Follow
from bot.outbox.retry import ATTEMPTS, SCHEDULE
from bot.store.api import Kept, Message, Settled
from bot.store.sqlite import SqliteStore
from dialogs.conversation import Conversation
from tests.support.keeping import NOW, Clock, counting, send, to_send
from tests.support.post import POOLS, Post, over, state_of, turns_of

# ---- how a delivery can end


async def test_what_is_delivered_is_done_with_its_receipt(store: SqliteStore, clock: Clock) -> None:
    """The receipt is what the other side calls it, for later changes."""
    await send(store, to_send("m"))
    dispatcher = over(store, clock, Post())

    await dispatcher.drain()

    message = await store.message("m")
    assert message is not None
    assert (message.state, message.receipt) == ("done", "R-m")
    assert dispatcher.delivered == 1


async def test_a_failure_is_tried_again_when_its_time_has_come(store: SqliteStore, clock: Clock) -> None:
    """Not before, and with the reason noted meanwhile."""
    await send(store, to_send("m"))
    post = Post(DeliveryFailed("502"))
    dispatcher = over(store, clock, post)

    await dispatcher.drain()
    assert await state_of(store, "m") == ("ready", "502")
    await dispatcher.drain()
    assert post.tried == ["m"]
    clock.now += SCHEDULE[0]
    await dispatcher.drain()

    assert post.sent == ["m"]
    assert (dispatcher.failed, dispatcher.delivered) == (1, 1)


async def test_retry_after_is_kept(store: SqliteStore, clock: Clock) -> None:
    """The other side said when; it is not asked earlier."""
    await send(store, to_send("m"))
    post = Post(DeliveryFailed("429", retry_after=100))
    dispatcher = over(store, clock, post)

    await dispatcher.drain()
    clock.now = NOW + 99.9
    await dispatcher.drain()
    assert post.tried == ["m"]
    clock.now = NOW + 110
    await dispatcher.drain()

    assert post.sent == ["m"]


async def test_what_is_postponed_waits_exactly_and_is_no_failure(store: SqliteStore, clock: Clock) -> None:
    """It was not sent on purpose; others go on meanwhile."""
    await send(store, to_send("m"), to_send("other", lane="other"))
    post = Post(DeliveryPostponed("no room", 20.0))
    dispatcher = over(store, clock, post)

    await dispatcher.drain()
    assert await state_of(store, "m") == ("ready", "no room")
    clock.now = NOW + 19.9
    await dispatcher.drain()
    assert post.sent == ["other"]
    clock.now = NOW + 20
    await dispatcher.drain()

    assert post.sent == ["other", "m"]
    assert (dispatcher.failed, dispatcher.delivered) == (0, 2)


async def test_an_unclear_end_says_so_on_the_message(store: SqliteStore, clock: Clock) -> None:
    """Whoever looks into the outbox sees that it may have arrived."""
    await send(store, to_send("m"))

    await over(store, clock, Post(DeliveryFailed("timeout", unknown=True))).drain()

    assert await state_of(store, "m") == ("ready", "timeout (it may have arrived)")


async def test_a_refusal_kills_at_once_and_is_logged_with_a_remedy(store: SqliteStore, clock: Clock) -> None:
    """Trying again is of no use; an operator is told what died, of what, and what to do."""
    await send(store, to_send("m", kind="ticket"))
    dispatcher = over(store, clock, Post(DeliveryRefused("400: no such queue")))

    with capture_logs() as logs:
        await dispatcher.drain()

    assert await state_of(store, "m") == ("dead", "400: no such queue")
    (line,) = [each for each in logs if each["log_level"] == "error"]
    assert (line["key"], line["kind"], line["why"]) == ("m", "ticket", "400: no such queue")
    assert line["what_to_do"]
    assert dispatcher.dead == 1


async def test_a_person_out_of_reach_is_waited_for(store: SqliteStore, clock: Clock) -> None:
    """Parked until the store is told that they are back."""
    await send(store, to_send("m"))
    post = Post(DeliveryParked("403 blocked"))
    dispatcher = over(store, clock, post)

    await dispatcher.drain()
    assert await state_of(store, "m") == ("parked", "403 blocked")
    await store.unpark("c", now=clock())
    await dispatcher.drain()

    assert post.sent == ["m"]
    assert dispatcher.parked == 1


@pytest.mark.parametrize(
    "trouble", [KeyError("token=s3cret"), NumberTaken(), StoreUnavailable("full"), asyncio.CancelledError()]
)
async def test_any_other_exception_is_a_failure(
    store: SqliteStore, clock: Clock, trouble: BaseException
) -> None:
    """A performer that breaks costs an attempt, and its words are not kept on the message."""
    await send(store, to_send("m"))
    tries = 0

    async def perform(_message: Message) -> Done:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise trouble
        return Done()

    dispatcher = over(store, clock, perform)
    await dispatcher.drain()
    state, error = await state_of(store, "m")
    assert state == "ready"
    assert "s3cret" not in error
    clock.now += SCHEDULE[0]
    await dispatcher.drain()

    assert await state_of(store, "m") == ("done", "")


async def test_a_delivery_that_never_ends_is_broken_off(store: SqliteStore, clock: Clock) -> None:
    """Before its lease is over: nobody else may have it while it still runs."""
    await send(store, to_send("m"))

    async def hang(_message: Message) -> Done:
        await asyncio.Event().wait()
        raise AssertionError

    await over(store, clock, hang, lease=0.015).drain()

    state, error = await state_of(store, "m")
    assert state == "ready"
    assert "may have arrived" in error


async def test_after_the_last_try_it_dies(store: SqliteStore, clock: Clock) -> None:
    """Three days of failures end in the dead letters, with the last reason."""
    await send(store, to_send("m"))
    post = Post(*(DeliveryFailed(f"503 #{n}") for n in range(1, 99)))
    dispatcher = over(store, clock, post)

    while (due := await store.next_due()) is not None:
        clock.now = max(due, clock.now)
        await dispatcher.drain()

    assert len(post.tried) == ATTEMPTS
    state, error = await state_of(store, "m")
    assert (state, error) == ("dead", f"gave up after {ATTEMPTS} attempts: 503 #{ATTEMPTS}")
    assert 50 * 3600 < clock.now - NOW < 73 * 3600


# ---- what a delivery leads to


async def test_a_result_becomes_a_turn_in_the_same_commit(store: SqliteStore, clock: Clock) -> None:
    """A filed ticket, a finished probe: the conversation hears of it, and whoever watches it is told."""
    await send(store, to_send("ticket"), conversation="c")
    told: list[str] = []

    async def perform(message: Message) -> Done:
        follow = Follow(conversation="c", event_id=f"outbox/{message.key}", decide=counting(to_send("news")))
        return Done(receipt="INC1", follow=follow if message.key == "ticket" else None)

    await over(store, clock, perform, changed=told.append).drain()

    assert await turns_of(store, "c") == 2
    assert await state_of(store, "ticket") == ("done", "")
    assert await state_of(store, "news") == ("done", "")
    assert told == ["c"]


async def test_a_result_and_its_turn_are_one_commit(
    store: SqliteStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no moment between them: nothing is settled by itself."""
    await send(store, to_send("m"))

    async def settle(_settled: Settled) -> bool:
        raise AssertionError("a commit of its own")

    async def perform(_message: Message) -> Done:
        return Done(follow=Follow(conversation="c", event_id="outbox/m", decide=counting()))

    monkeypatch.setattr(store, "settle", settle)
    await over(store, clock, perform).drain()

    assert await state_of(store, "m") == ("done", "")


async def test_a_follow_up_that_breaks_is_not_lost(store: SqliteStore, clock: Clock) -> None:
    """The message is tried again as a whole; its event id keeps the turn single."""
    await send(store, to_send("m"))
    broken = True

    def decide(stored: Conversation | None, where: Address | None) -> Kept:
        if broken:
            raise ZeroDivisionError
        return counting()(stored, where)

    async def perform(_message: Message) -> Done:
        return Done(follow=Follow(conversation="c", event_id="outbox/m", decide=decide))

    dispatcher = over(store, clock, perform)
    await dispatcher.drain()
    assert await state_of(store, "m") == ("ready", "its follow-up broke: ZeroDivisionError")
    broken = False
    clock.now += SCHEDULE[0]
    await dispatcher.drain()

    assert await turns_of(store, "c") == 2
    assert await state_of(store, "m") == ("done", "")


async def test_the_conversation_hears_of_a_death(store: SqliteStore, clock: Clock) -> None:
    """The hook sees why; its turn and the burial are one commit."""
    await send(store, to_send("m"))
    heard: list[tuple[str, str, str]] = []

    async def buried(message: Message) -> Follow:
        heard.append((message.key, message.state, message.error))
        return Follow(conversation="c", event_id="outbox/m", decide=counting(to_send("sorry")))

    post = Post(DeliveryRefused("gone"))
    await over(store, clock, post, buried=buried).drain()

    assert heard == [("m", "dead", "gone")]
    assert post.sent == ["sorry"]
    assert await turns_of(store, "c") == 2


async def test_a_broken_hook_does_not_keep_a_message_alive(store: SqliteStore, clock: Clock) -> None:
    """It dies all the same, and the log says that nobody heard of it."""
    await send(store, to_send("m"))

    async def buried(_message: Message) -> Follow | None:
        raise ZeroDivisionError

    with capture_logs() as logs:
        await over(store, clock, Post(DeliveryRefused("gone")), buried=buried).drain()

    assert await state_of(store, "m") == ("dead", "gone")
    assert "nobody_heard_of_it" in [line["event"] for line in logs]


# ---- side by side and in order


async def test_a_lane_keeps_its_order_through_failures(store: SqliteStore, clock: Clock) -> None:
    """Nothing overtakes; other lanes do not wait."""
    await send(store, *(to_send(f"a{n}", lane="a") for n in range(3)), to_send("b", lane="b"))
    post = Post(DeliveryFailed("503"))
    dispatcher = over(store, clock, post)

    await dispatcher.drain()
    assert post.sent == ["b"]
    clock.now += SCHEDULE[0]
    await dispatcher.drain()

    assert post.sent == ["b", "a0", "a1", "a2"]


async def test_a_dead_destination_never_delays_another(store: SqliteStore, clock: Clock) -> None:
    """A thousand tickets wait for a system that hangs: every answer leaves, and its pool alone is full."""
    await send(store, *(to_send(f"t{n}", lane=f"t{n}", kind="ticket") for n in range(1000)))
    await send(store, *(to_send(f"s{n}", lane=f"s{n % 100}") for n in range(300)))
    hanging, shown, all_shown = 0, 0, asyncio.Event()

    async def perform(message: Message) -> Done:
        nonlocal hanging, shown
        if message.kind == "ticket":
            hanging += 1
            await asyncio.Event().wait()
        shown += 1
        if shown == 300:
            all_shown.set()
        return Done()

    dispatcher = over(store, clock, perform)
    dispatcher.start()
    async with asyncio.timeout(30):
        await all_shown.wait()
    await dispatcher.stop(0.1)

    assert hanging == POOLS["ticket"]
    assert await store.depth() == {"ready": 1000, "leased": 0, "parked": 0, "dead": 0}


async def test_a_kind_of_a_newer_version_is_left_to_it(store: SqliteStore, clock: Clock) -> None:
    """This version neither performs it nor buries it, however long it waits; other lanes go on."""
    await send(store, to_send("new", kind="hologram"), to_send("other", lane="other"))
    post = Post()
    dispatcher = over(store, clock, post)

    for _ in range(5):
        await dispatcher.drain()
        clock.now += 86_400

    assert post.tried == ["other"]
    assert await state_of(store, "new") == ("ready", "")


async def test_no_more_than_so_many_at_once(store: SqliteStore, clock: Clock) -> None:
    """The bound holds, and is used."""
    await send(store, *(to_send(f"m{n}", lane=f"lane{n}") for n in range(20)))
    running, most = 0, 0
    full = asyncio.Event()

    async def perform(message: Message) -> Done:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 4:
            full.set()
        async with asyncio.timeout(10):
            await full.wait()
        for _ in range(50 * (int(message.key[1:]) % 4)):  # some are over while others still run
            await asyncio.sleep(0)
        running -= 1
        return Done()

    dispatcher = over(store, clock, perform, pools={"show": 4})
    await dispatcher.drain()

    assert most == 4
    assert dispatcher.delivered == 20


async def test_what_has_no_room_is_not_begun_and_the_most_urgent_goes_first(
    store: SqliteStore, clock: Clock
) -> None:
    """A backlog waits where it is; what is new does not stand behind it, nor does another kind."""
    rooms = {"show": (0, 3.0)}
    post = Post(*(DeliveryPostponed("held back", 1) for _ in range(3)))
    outbox = over(store, clock, post, room=lambda kind: rooms.get(kind, AS_MUCH_AS_YOU_LIKE))
    await send(store, *(to_send(f"late{n}", lane=f"late{n}") for n in range(3)))
    rooms["show"] = (3, 0.0)
    await outbox.drain()
    clock.now += 60
    rooms["show"] = (0, 3.0)
    await send(store, to_send("new", lane="new"), to_send("case", lane="case", kind="ticket"))

    await outbox.drain()
    assert post.tried[3:] == ["case"]
    rooms["show"] = (1, 0.0)
    await outbox.drain()

    assert post.tried[4:] == ["new", "late0", "late1", "late2"]
    message = await store.message("late0")
    assert message is not None
    assert message.tries == 1
