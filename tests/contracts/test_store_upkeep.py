"""What an operator may do with the outbox, by `bot.store.api.Store`: one test each, over every store."""

import asyncio

import pytest

from bot.errors import Overtaken
from bot.store.api import Message, MessageState, Settled, Store
from tests.support.keeping import NOW, claim, counting, keys, send, settle, to_send


async def number(store: Store, key: str) -> int:
    """The id of the message with this key."""
    return (await found(store, key)).id


async def found(store: Store, key: str) -> Message:
    """The message with this key as it stands."""
    message = await store.message(key)
    assert message is not None
    return message


async def ended(store: Store, state: MessageState, *names: str) -> None:
    """Messages of one lane, each claimed and ended this way, in this order."""
    for name in names:
        await send(store, to_send(name))
        (message,) = await claim(store)
        await settle(store, message, state, error="403", due_at=NOW + 3600)


def dropped(message: Message) -> Settled:
    """An operator's drop of a message as they saw it."""
    return Settled(id=message.id, attempt=message.attempt, found=message.state, state="done", error="dropped")


# ---- looking


async def test_what_is_not_done_is_listed_oldest_first(store: Store) -> None:
    """All of it, or one state, or one kind; no more than asked for; what is done is history."""
    await ended(store, "done", "over")
    await send(store, to_send("a", lane="a", kind="ticket"), to_send("b", lane="b"), to_send("c", lane="c"))
    (first, second, _) = await claim(store, kinds=("ticket", "show"))
    await settle(store, second, "parked")
    await settle(store, first, "dead")

    assert keys(list(await store.waiting(limit=9))) == ["a", "b", "c"]
    assert keys(list(await store.waiting(limit=2))) == ["a", "b"]
    assert keys(list(await store.waiting(state="parked", limit=9))) == ["b"]
    assert keys(list(await store.waiting(kind="ticket", limit=9))) == ["a"]
    assert keys(list(await store.waiting(state="parked", kind="ticket", limit=9))) == []


async def test_a_message_is_found_by_its_id(store: Store) -> None:
    """The same one as by its key; none is None."""
    await send(store, to_send("m"))

    by_key = await found(store, "m")
    assert await store.message_by_id(by_key.id) == by_key
    assert await store.message_by_id(by_key.id + 1) is None


async def test_who_waits_for_the_lane_is_told_from_who_is_due(store: Store) -> None:
    """Only one of a lane is due; the others say that they stand behind it."""
    await send(store, to_send("first"), to_send("second"))

    assert [each.behind for each in await store.waiting(limit=9)] == [False, True]


# ---- trying again


@pytest.mark.parametrize("state", ["dead", "parked", "ready"])
async def test_a_retried_message_is_due_at_once_with_all_its_tries(store: Store, state: MessageState) -> None:
    """Given up, parked or waiting for its next try: it may go now, and is counted from the beginning."""
    await ended(store, state, "m")

    again = await store.retry(await number(store, "m"))

    assert again is not None
    assert (again.state, again.tries, again.error, again.behind) == ("ready", 0, "", False)
    (claimed,) = await claim(store)
    assert (claimed.key, claimed.attempt, claimed.tries) == ("m", 2, 1)
    assert await settle(store, claimed)


async def test_what_is_on_its_way_or_over_is_not_retried(store: Store) -> None:
    """Its holder may be delivering it; done is done; what is not there is not there."""
    await send(store, to_send("m"))
    (held,) = await claim(store)

    assert await store.retry(held.id) is None
    await settle(store, held)
    assert await store.retry(held.id) is None
    assert await store.retry(held.id + 1) is None


async def test_a_retry_does_not_let_an_old_holder_back_in(store: Store) -> None:
    """Attempts are never counted back: who was thought gone settles nothing, however late."""
    await send(store, to_send("m"))
    (zombie,) = await claim(store, lease=60)
    (holder,) = await claim(store, now=NOW + 60)
    await settle(store, holder, "dead", error="400")

    await store.retry(holder.id)
    (again,) = await claim(store)

    assert not await settle(store, zombie, receipt="zombie")
    assert not await settle(store, holder, receipt="holder")
    assert await settle(store, again, receipt="again")


async def test_a_retried_message_waits_while_another_of_its_lane_is_on_its_way(store: Store) -> None:
    """One at a time; then it goes before all that were written after it."""
    await ended(store, "dead", "old")
    await send(store, to_send("going"), to_send("later"))
    (going,) = await claim(store)

    again = await store.retry(await number(store, "old"))

    assert again is not None
    assert again.behind
    assert await claim(store) == []
    await settle(store, going)
    (old,) = await claim(store)
    assert old.key == "old"
    assert await claim(store, now=NOW + 1) == []
    await settle(store, old)
    assert keys(await claim(store)) == ["later"]


async def test_a_retried_message_goes_before_a_later_one_that_is_due(store: Store) -> None:
    """Nobody is on the way: the lane is in the order in which it was written."""
    await ended(store, "dead", "old")
    await ended(store, "ready", "later")

    await store.retry(await number(store, "old"))

    (old,) = await claim(store, now=NOW + 9999)
    assert old.key == "old"
    assert await claim(store, now=NOW + 9999) == []
    await settle(store, old)
    assert keys(await claim(store)) == ["later"]


async def test_a_retried_message_waits_behind_one_whose_person_is_away(store: Store) -> None:
    """A parked message holds up its lane; when its person is back, both go, one at a time."""
    await ended(store, "dead", "old")
    await ended(store, "parked", "away")

    await store.retry(await number(store, "old"))
    assert await claim(store) == []
    await store.unpark("c", now=NOW)

    (away,) = await claim(store)
    assert away.key == "away"
    assert await claim(store) == []
    await settle(store, away)
    assert keys(await claim(store)) == ["old"]


async def test_retried_messages_of_a_lane_leave_in_their_old_order(store: Store) -> None:
    """Whichever was asked for first."""
    await ended(store, "dead", "one", "two", "three")
    for name in ("two", "three", "one"):
        await store.retry(await number(store, name))

    for name in ("one", "two", "three"):
        (message,) = await claim(store)
        assert message.key == name
        await settle(store, message)


async def test_many_operators_and_claimers_never_have_two_of_a_lane(store: Store) -> None:
    """Everybody retries everything while messages are claimed and settled: never two at once, all arrive."""
    await ended(store, "dead", *(f"m{n}" for n in range(6)))
    numbers = [each.id for each in await store.waiting(limit=9)]
    done: list[str] = []

    async def work() -> None:
        for _ in range(12):
            got = await claim(store)
            assert len(got) <= 1
            leased = await store.waiting(state="leased", limit=9)
            assert len(leased) <= 1
            done.extend([message.key for message in got if await settle(store, message)])

    async def ask() -> None:
        for each in numbers:
            await store.retry(each)

    await asyncio.gather(work(), ask(), work(), ask(), work())
    while got := await claim(store):
        assert len(got) == 1
        await settle(store, got[0])
        done.append(got[0].key)

    assert sorted(done) == [f"m{n}" for n in range(6)]


# ---- dropping


@pytest.mark.parametrize("state", ["dead", "parked", "ready"])
async def test_a_dropped_message_lets_its_lane_go_on(store: Store, state: MessageState) -> None:
    """It is done, with the word of whoever dropped it, and what stood behind it goes."""
    await ended(store, state, "m")
    await send(store, to_send("next"))
    for each in await claim(store) if state == "dead" else ():
        await settle(store, each, "ready")

    assert (await store.settle(dropped(await found(store, "m")))).held

    over = await found(store, "m")
    assert (over.state, over.error) == ("done", "dropped")
    (following,) = await claim(store)
    assert following.key == "next"


async def test_a_leased_message_is_not_dropped_under_its_holder(store: Store) -> None:
    """Seen as ready, claimed meanwhile: the drop finds that it has changed, and so does its turn."""
    await send(store, to_send("m"))
    seen = await found(store, "m")
    (held,) = await claim(store)

    assert not (await store.settle(dropped(seen))).held
    with pytest.raises(Overtaken):
        await store.turn("c", "given up", counting(to_send("sorry")), settles=dropped(seen))
    assert await store.message("sorry") is None
    assert not (await store.turn("c", "given up", counting())).repeat  # nothing was noted as taken
    assert await settle(store, held, receipt="R")


async def test_what_another_operator_was_faster_with_is_not_dropped(store: Store) -> None:
    """Two look at dead messages; one drops or retries them: the other's drop finds that they changed."""
    await ended(store, "dead", "gone", "back")
    gone, back = await found(store, "gone"), await found(store, "back")
    assert (await store.settle(dropped(gone))).held
    assert await store.retry(back.id) is not None

    for seen in (gone, back):
        assert not (await store.settle(dropped(seen))).held
        with pytest.raises(Overtaken):
            await store.turn("c", "given up", counting(to_send("sorry")), settles=dropped(seen))

    assert [(await found(store, name)).state for name in ("gone", "back")] == ["done", "ready"]
    assert await store.message("sorry") is None


async def test_a_drop_and_its_news_are_one_commit(store: Store) -> None:
    """Whoever waits for the message hears of its end in a turn of the same commit; a repeat drops it too."""
    await ended(store, "dead", "m", "again")

    receipt = await store.turn(
        "c", "gone", counting(to_send("sorry")), settles=dropped(await found(store, "m"))
    )
    repeat = await store.turn("c", "gone", counting(), settles=dropped(await found(store, "again")))

    assert (receipt.repeat, repeat.repeat) == (False, True)
    assert [(await found(store, name)).state for name in ("m", "again")] == ["done", "done"]
    assert keys(await claim(store)) == ["sorry"]


async def test_dropping_what_waits_lets_nobody_pass_who_is_on_the_way(store: Store) -> None:
    """An older message has come back and waits; one behind it is dropped: still one at a time."""
    await ended(store, "dead", "old")
    await send(store, to_send("going"), to_send("later"))
    (going,) = await claim(store)
    await store.retry(await number(store, "old"))

    assert (await store.settle(dropped(await found(store, "later")))).held

    assert await claim(store) == []
    await settle(store, going)
    assert keys(await claim(store)) == ["old"]
