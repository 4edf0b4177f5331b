"""Every promise of the outbox in `bot.store.api.Store`, one test each, over every store there is."""

import asyncio
import time
from itertools import pairwise

import msgspec
import pytest

from bot.address import Address
from bot.store.api import Claimed, Kept, Settled, Store
from dialogs.conversation import Conversation
from tests.support.keeping import (
    NOW,
    OpenStore,
    claim,
    counting,
    keys,
    send,
    settle,
    to_send,
)


async def test_a_message_is_claimed_once(store: Store) -> None:
    """Who claims it has it alone until the lease ends."""
    await send(store, to_send("m"))

    (first,) = await claim(store, lease=60)

    assert (first.key, first.body, first.attempt, first.state) == ("m", b"m", 1, "leased")
    assert await claim(store, now=NOW + 59) == []


async def test_many_claimers_never_get_the_same(store: Store) -> None:
    """A thousand claims at once share out a hundred messages without one being given twice."""
    for n in range(100):
        await send(store, to_send(f"m{n}", lane=f"lane{n}"))

    claimed = await asyncio.gather(*(claim(store, limit=3) for _ in range(100)))

    got = [message.key for some in claimed for message in some]
    assert len(got) == len(set(got)) == 100


async def test_the_same_key_twice_is_one_message(store: Store) -> None:
    """A key is unique: writing it again writes nothing, also when the first one is done."""
    await send(store, to_send("m"), event="e1")
    (message,) = await claim(store)
    await settle(store, message)
    await send(store, to_send("m"), event="e2")

    assert await claim(store) == []


async def test_messages_of_a_lane_leave_in_order_one_at_a_time(store: Store) -> None:
    """The second may go when the first is done, not before; other lanes do not wait."""
    await send(store, to_send("a1", lane="a"), to_send("a2", lane="a"), to_send("b1", lane="b"))

    first = await claim(store)
    assert keys(first) == ["a1", "b1"]
    assert await claim(store) == []
    await settle(store, first[0])
    assert keys(await claim(store)) == ["a2"]


async def test_a_message_that_waits_for_another_try_holds_up_its_lane(store: Store) -> None:
    """Order is kept through failures: nothing overtakes in a lane."""
    await send(store, to_send("a1"), to_send("a2"))
    (first,) = await claim(store)
    await settle(store, first, "ready", error="503", due_at=NOW + 30)

    assert await claim(store, now=NOW + 29) == []
    assert await store.next_due() == NOW + 30
    (again,) = await claim(store, now=NOW + 30)
    assert (again.key, again.attempt, again.error) == ("a1", 2, "503")


async def test_the_receipt_of_what_is_done_stays_while_the_rest_is_tried(store: Store) -> None:
    """What goes on as another kind because one part has arrived is still known by that part's receipt."""
    await send(store, to_send("m"))
    (first,) = await claim(store)
    part = Settled(id=first.id, attempt=1, state="ready", receipt="r-1", kind="rest", due_at=NOW)
    await store.settle(part)

    (again,) = await claim(store, kinds=["rest"])
    assert again.receipt == "r-1"
    await settle(store, again, "ready", error="503", due_at=NOW)
    (last,) = await claim(store, kinds=["rest"])
    await settle(store, last)
    found = await store.message("m")
    assert found is not None
    assert (found.state, found.receipt) == ("done", "r-1")


async def test_a_dead_message_lets_its_lane_go_on(store: Store) -> None:
    """What was given up holds up nobody."""
    await send(store, to_send("a1"), to_send("a2"))
    (first,) = await claim(store)

    await settle(store, first, "dead", error="410")

    assert keys(await claim(store)) == ["a2"]
    buried = await store.message("a1")
    assert buried is not None
    assert (buried.state, buried.error) == ("dead", "410")


async def test_lanes_come_oldest_first(store: Store) -> None:
    """Whoever has waited longest goes first when there is not room for all."""
    for n in range(5):
        await send(store, to_send(f"m{n}", lane=f"lane{n}"))

    assert keys(await claim(store, limit=2)) == ["m0", "m1"]
    assert keys(await claim(store, limit=9)) == ["m2", "m3", "m4"]


async def test_each_kind_is_claimed_by_itself(store: Store) -> None:
    """So many of each, whatever waits in the others; those never tried come first, whatever their kind."""
    for n in range(50):
        await send(store, to_send(f"ticket{n}", lane=f"t{n}", kind="ticket"))
    await send(store, to_send("show0", lane="s0"))
    await send(store, to_send("show1", lane="s1"))
    (tried,) = await claim(store, kinds=["ticket"], limit=1)
    await settle(store, tried, "ready", due_at=NOW - 1)

    claimed = await store.claim(now=NOW, lease=60, limits={"show": 2, "ticket": 3})
    assert keys(list(claimed.messages)) == ["ticket1", "ticket2", "ticket3", "show0", "show1"]
    rest = await store.claim(now=NOW, lease=60, limits={"show": 5, "ticket": 47})
    assert keys(list(rest.messages))[-1] == "ticket0"
    assert len(rest.messages) == 47


async def test_kinds_that_are_not_named_are_left_alone(store: Store) -> None:
    """A newer version wrote them, beside this one: they wait for it, with all that is behind them."""
    await send(store, to_send("new", kind="hologram"), to_send("behind"), to_send("other", lane="other"))

    assert keys(await claim(store, now=NOW + 1e6, kinds=["show", "ticket"])) == ["other"]
    left = await store.message("new")
    assert left is not None
    assert (left.state, left.attempt, left.error) == ("ready", 0, "")
    (found,) = await claim(store, kinds=["hologram"])
    await settle(store, found)
    assert keys(await claim(store)) == ["behind"]


async def test_a_claim_says_when_the_next_message_falls_due(store: Store) -> None:
    """Of the kinds it looked at, later than now: with a full pool nobody is told to come at once."""
    assert (await store.claim(now=NOW, lease=60, limits={"show": 1})).next_due is None
    await send(store, to_send("t", lane="t", kind="ticket"), to_send("s1", lane="1"), to_send("s2", lane="2"))
    (ticket,) = await claim(store, kinds=["ticket"])
    await settle(store, ticket, "ready", due_at=NOW + 5)

    first = await store.claim(now=NOW, lease=60, limits={"show": 1})
    assert (keys(list(first.messages)), first.next_due) == (["s1"], NOW + 60)
    await settle(store, first.messages[0], "ready", due_at=NOW + 30)
    assert (await store.claim(now=NOW, lease=60, limits={"show": 1})).next_due == NOW + 30
    assert (await store.claim(now=NOW, lease=60, limits={"show": 1, "ticket": 1})).next_due == NOW + 5
    assert await store.claim(now=NOW, lease=60, limits={}) == Claimed()


async def test_the_next_due_time_is_that_of_the_kinds_asked_for(store: Store) -> None:
    """Of all, when none is named."""
    await send(store, to_send("t", lane="t", kind="ticket"), to_send("s"))
    await claim(store)

    assert await store.next_due(["show"]) == NOW + 60
    assert await store.next_due(["ticket", "show"]) == await store.next_due() == 0.0
    assert await store.next_due(["hologram"]) is None
    assert await store.next_due([]) is None


async def test_what_was_put_off_costs_no_try(store: Store) -> None:
    """The attempt rises all the same, because it is the fence; a failure counts."""
    await send(store, to_send("m"))
    for attempt in (1, 2):
        (message,) = await claim(store)
        assert (message.attempt, message.tries) == (attempt, 1)
        await settle(store, message, "ready", counted=False)
    (message,) = await claim(store)
    excused = Settled(id=message.id, attempt=3, state="ready", due_at=NOW, counted=False)
    await store.turn("c", "result", counting(), settles=excused)
    (message,) = await claim(store)
    assert (message.attempt, message.tries) == (4, 1)
    await settle(store, message, "ready")

    (message,) = await claim(store)
    assert (message.attempt, message.tries) == (5, 2)


async def test_attempts_without_a_word_are_counted_in_a_row(store: Store) -> None:
    """A lease that ran out is one; whatever is said about an attempt ends the row, also within a turn."""
    await send(store, to_send("m"))
    lapsed = [(await claim(store, now=NOW + 100 * n, lease=60))[0].lapsed for n in range(4)]
    assert lapsed == [0, 1, 2, 3]

    (message,) = await claim(store, now=NOW + 400, lease=60)
    await settle(store, message, "ready", due_at=NOW + 400, counted=False)
    (message,) = await claim(store, now=NOW + 400, lease=60)
    assert (message.lapsed, message.tries) == (0, 5)
    (message,) = await claim(store, now=NOW + 460, lease=60)
    assert message.lapsed == 1
    again = Settled(id=message.id, attempt=message.attempt, state="ready", due_at=NOW + 460)
    await store.turn("c", "result", counting(), settles=again)
    assert (await claim(store, now=NOW + 460))[0].lapsed == 0


async def test_what_was_under_way_in_crash_after_crash_is_tried_ever_further_apart(store: Store) -> None:
    """If it takes the process down, everything else has its time in between."""
    await send(store, to_send("m"))
    now, waits = NOW, []
    for _ in range(10):
        assert await claim(store, now=now, lease=60)
        due = await store.next_due()
        assert due is not None
        waits.append(due - now - 60)
        now = due

    bases = [0, 0, 4, 8, 16, 32, 64, 64, 64, 64]
    assert all(base - 0.1 <= wait <= 2 * base + 0.1 for base, wait in zip(bases, waits, strict=True)), waits


async def test_what_was_under_way_together_is_soon_alone(store: Store) -> None:
    """Each waits by another part, so that the one which takes the process down is found among forty."""
    await send(store, *(to_send(f"m{n}", lane=f"lane{n}") for n in range(40)))
    for at in (0, 61, 122):
        assert len(await claim(store, now=NOW + at, lease=60, limit=40)) == 40
    due = sorted([await _due_at(store, f"m{n}") for n in range(40)])

    apart = [later - earlier for earlier, later in pairwise(due)]

    assert min(apart) > 0.03
    assert due[-1] - due[0] > 2


async def _due_at(store: Store, key: str) -> float:
    message = await store.message(key)
    assert message is not None
    return message.due_at


async def test_an_expired_lease_is_claimed_again_and_counted(store: Store) -> None:
    """A message that kills its worker is counted before anything is tried."""
    await send(store, to_send("m"))

    attempts = [(await claim(store, now=NOW + 100 * n, lease=60))[0].attempt for n in range(5)]

    assert attempts == [1, 2, 3, 4, 5]


async def test_only_the_holder_of_the_lease_settles(store: Store) -> None:
    """A worker that was thought dead changes nothing when it wakes up."""
    await send(store, to_send("m"))
    (zombie,) = await claim(store, lease=60)
    (holder,) = await claim(store, now=NOW + 60, lease=60)

    assert not await settle(store, zombie, receipt="zombie")
    assert await settle(store, holder, receipt="holder")
    assert not await settle(store, holder, receipt="twice")
    message = await store.message("m")
    assert message is not None
    assert (message.state, message.receipt) == ("done", "holder")


async def test_a_late_settlement_counts_while_nobody_else_holds_the_lease(store: Store) -> None:
    """The lease ran out, but nobody took the message: its result is true."""
    await send(store, to_send("m"))
    (message,) = await claim(store, lease=60)

    assert await settle(store, message)
    assert await claim(store, now=NOW + 61) == []


async def test_a_restart_after_a_claim_leaves_the_message_to_be_claimed(open_again: OpenStore) -> None:
    """A crash between claim and settle delays a message and never loses it."""
    first = await open_again()
    await send(first, to_send("m"))
    await claim(first, lease=60)
    await first.close()

    second = await open_again()
    try:
        (message,) = await claim(second, now=NOW + 60)
        assert (message.key, message.attempt, message.lapsed) == ("m", 2, 1)
    finally:
        await second.close()


async def test_nobody_stands_behind_the_long_lane_of_another(store: Store) -> None:
    """What is new goes before what has waited in its lane, however old that is; then who was tried."""
    await send(store, *(to_send(f"a{n}", lane="a") for n in range(3)), to_send("tried", lane="t"))
    first, tried = await claim(store, limit=2)
    await settle(store, tried, "ready", due_at=NOW)
    await settle(store, first)
    await send(store, to_send("new", lane="n"))

    assert keys(await claim(store, now=NOW + 1, limit=1)) == ["new"]
    assert keys(await claim(store, now=NOW + 1, limit=2)) == ["a1", "tried"]


async def test_how_long_the_oldest_could_have_left(store: Store) -> None:
    """Also one that nobody has tried; what is on its way, or waits for its time or its lane, is not due."""
    assert await store.oldest_due() == 0
    await send(store, to_send("a", lane="a"), to_send("behind", lane="a"))
    early, late = await store.oldest_due(), await store.oldest_due()
    assert 0 <= early < late < 60  # since it was written, by the store's clock
    (message,) = await claim(store, now=time.time(), lease=600)
    assert await store.oldest_due() == 0

    await settle(store, message, "ready", due_at=time.time() + 600)

    assert await store.oldest_due() == 0


async def test_parked_messages_wait_for_their_person(store: Store) -> None:
    """Parked is not due, ever; it comes back when its conversation does, and its lane with it."""
    await send(store, to_send("a1", lane="a", conversation="a"), to_send("a2", lane="a", conversation="a"))
    await send(store, to_send("b1", lane="b", conversation="b"))
    for message in await claim(store):
        await settle(store, message, "parked", error="blocked")

    assert await claim(store, now=NOW + 1e6) == []
    assert await store.next_due() is None
    assert await store.unpark("a", now=NOW + 5) == 1
    assert await store.unpark("a", now=NOW + 5) == 0
    (back,) = await claim(store, now=NOW + 5)
    assert (back.key, back.error) == ("a1", "blocked")
    await settle(store, back)
    assert keys(await claim(store, now=NOW + 5)) == ["a2"]


async def test_who_comes_back_gets_what_was_parked_first(store: Store) -> None:
    """A turn of theirs brings it back, in front of what the turn itself sends; nobody else's does."""
    await send(store, to_send("a1", lane="a", conversation="a"), conversation="a")
    for message in await claim(store):
        await settle(store, message, "parked", error="blocked")

    await store.turn("a", "a ticket's number", counting(to_send("a2", lane="a", conversation="a")))
    assert await claim(store, now=time.time() + 1) == []

    theirs = counting(to_send("a3", lane="a", conversation="a"), address=Address(surface="teams"))
    await store.turn("a", "their press", theirs)

    for expected in ("a1", "a2", "a3"):
        (message,) = await claim(store, now=time.time() + 1)
        assert message.key == expected
        await settle(store, message)


async def test_a_turn_settles_a_message_in_its_own_commit(store: Store) -> None:
    """The message is done and its follow-up taken, or neither."""
    await send(store, to_send("m"))
    (message,) = await claim(store)
    done = Settled(id=message.id, attempt=message.attempt, state="done", receipt="R1")

    def broken(_stored: Conversation | None, _where: Address | None) -> Kept:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.turn("c", "result", broken, settles=done)
    unsettled = await store.message("m")
    assert unsettled is not None
    assert unsettled.state == "leased"

    await store.turn("c", "result", counting(to_send("next")), settles=done)
    settled = await store.message("m")
    assert settled is not None
    assert (settled.state, settled.receipt) == ("done", "R1")
    assert keys(await claim(store)) == ["next"]


async def test_a_turn_is_kept_though_its_lease_had_passed_on(store: Store) -> None:
    """The event id makes it once; the other holder settles its message and repeats the turn to no effect."""
    await send(store, to_send("m"))
    (late,) = await claim(store, lease=60)
    (holder,) = await claim(store, now=NOW + 60, lease=60)

    by_late = Settled(id=late.id, attempt=late.attempt, state="done")
    first = await store.turn("c", "result", counting(), settles=by_late)
    leased = await store.message("m")
    by_holder = Settled(id=holder.id, attempt=holder.attempt, state="done", receipt="mine")
    second = await store.turn("c", "result", counting(), settles=by_holder)
    done = await store.message("m")

    assert (first.repeat, second.repeat) == (False, True)
    assert leased is not None
    assert leased.state == "leased"
    assert done is not None
    assert (done.state, done.receipt) == ("done", "mine")


async def test_a_turn_settles_just_as_a_settlement_does(store: Store) -> None:
    """What is not said about the message stays as it was; what it is from now on is taken."""
    await send(store, to_send("m", kind="probe"))
    (message,) = await claim(store, kinds=["probe"])
    await settle(store, message, "ready", receipt="R1")
    (message,) = await claim(store, kinds=["probe"])

    rest = Settled(
        id=message.id, attempt=message.attempt, state="ready", due_at=NOW, kind="show", error="half"
    )
    await store.turn("c", "result", counting(), settles=rest)
    (message,) = await claim(store)
    assert (message.kind, message.receipt, message.error) == ("show", "R1", "half")


async def test_a_turn_leaves_alone_what_is_settled_already(store: Store) -> None:
    """A message that is done stays done, though the turn comes from the attempt that did it."""
    await send(store, to_send("m"))
    (message,) = await claim(store)
    await settle(store, message, receipt="R1")

    again = Settled(id=message.id, attempt=message.attempt, state="ready", due_at=NOW, receipt="R2")
    await store.turn("c", "result", counting(), settles=again)
    settled = await store.message("m")
    assert settled is not None
    assert (settled.state, settled.receipt) == ("done", "R1")
    assert await claim(store) == []


async def test_a_message_is_found_by_its_key(store: Store) -> None:
    """Whole, in whatever state it is."""
    await send(store, to_send("m", kind="ticket", lane="l"))

    message = await store.message("m")

    assert message is not None
    assert msgspec.structs.asdict(message) | {"id": 0, "created_at": 0.0} == {
        "id": 0,
        "key": "m",
        "lane": "l",
        "kind": "ticket",
        "conversation": "c",
        "body": b"m",
        "attempt": 0,
        "behind": False,
        "created_at": 0.0,
        "state": "ready",
        "due_at": 0.0,
        "error": "",
        "receipt": "",
        "excused": 0,
        "lapsed": 0,
    }
    assert await store.message("none") is None


async def test_the_depth_counts_what_is_not_done(store: Store) -> None:
    """One number a state; done messages are history."""
    for n, end in enumerate(("done", "dead", "parked", "ready", "leased")):
        await send(store, to_send(f"m{n}", lane=f"{n}"))
        if end != "leased":
            (message,) = await claim(store, limit=1)
            await settle(store, message, end, due_at=NOW + 99)  # type: ignore[arg-type]  # the closed list of states
    await claim(store)

    assert await store.depth() == {"ready": 1, "leased": 1, "parked": 1, "dead": 1}


async def test_nothing_waits_in_an_empty_outbox(store: Store) -> None:
    """No message, no next time."""
    assert await store.next_due() is None
    assert await claim(store) == []


async def test_what_waits_behind_another_is_not_due(store: Store) -> None:
    """Or whoever sleeps until the next due time would never sleep."""
    await send(store, to_send("a1"), to_send("a2"))
    await claim(store, lease=60)

    assert await store.next_due() == NOW + 60


async def test_a_check_writes(store: Store) -> None:
    """A healthy database passes, as often as it is asked."""
    await store.check()
    await store.check()


async def test_a_thread_leads_to_the_message_that_began_it(store: Store) -> None:
    """By the whole id of the thread, and only where a case was announced."""
    for key, kind, receipt in (
        ("handoff/HR-1", "handoff", "19:c@thread.tacv2;messageid=17|17"),
        ("handoff/HR-2", "handoff", "19:c@thread.tacv2;messageid=1701|1701"),
        ("show/x", "show", "19:c@thread.tacv2;messageid=9|9"),
    ):
        await send(store, to_send(key, lane=key, kind=kind))
        [message] = await claim(store, kinds=[kind])
        await store.settle(Settled(id=message.id, attempt=message.attempt, state="done", receipt=receipt))

    assert await store.thread("19:c@thread.tacv2;messageid=17") == "handoff/HR-1"
    assert await store.thread("19:c@thread.tacv2;messageid=1701") == "handoff/HR-2"
    for nothing in (
        "19:c@thread.tacv2;messageid=9",
        "19:c@thread.tacv2",
        "19:c@thread.tacv2;messageid=1",
        "%",
        "",
    ):
        assert await store.thread(nothing) is None
