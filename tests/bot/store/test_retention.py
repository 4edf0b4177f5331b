from bot.store.api import CaseChange, Kept, Message
from bot.store.files import NewFile
from bot.store.retention import Retention
from bot.store.sqlite import SqliteStore
from dialogs.conversation import Conversation
from tests.support.keeping import (
    NOW,
    Clock,
    case,
    changing,
    claim,
    counting,
    keys,
    opening,
    send,
    settle,
    to_send,
)

DAY = 86_400.0


async def ended(store: SqliteStore, key: str, receipt: str = "") -> None:
    """A message that is done."""
    await send(store, to_send(key, lane=key))
    (message,) = await claim(store)
    await settle(store, message, receipt=receipt)


async def kept(store: SqliteStore, key: str) -> bool:
    """Whether the outbox still knows the message."""
    return isinstance(await store.message(key), Message)


async def test_event_ids_are_forgotten_after_eight_days(store: SqliteStore, clock: Clock) -> None:
    """Repeats come within minutes; until then a repeat is a repeat."""
    await store.turn("c", "e1", counting())

    clock.now = NOW + 7.9 * DAY
    await store.prune()
    assert (await store.turn("c", "e1", counting())).repeat
    clock.now = NOW + 8.1 * DAY
    await store.prune()
    assert not (await store.turn("c", "e1", counting())).repeat


async def test_receipts_outlive_messages_without(store: SqliteStore, clock: Clock) -> None:
    """The card shown last can still be drawn again weeks later."""
    await ended(store, "plain")
    await ended(store, "card", receipt="activity-1")

    clock.now = NOW + 15 * DAY
    await store.prune()
    assert (await kept(store, "plain"), await kept(store, "card")) == (False, True)
    clock.now = NOW + 91 * DAY
    await store.prune()
    assert not await kept(store, "card")


async def test_what_is_not_settled_is_never_pruned(store: SqliteStore, clock: Clock) -> None:
    """However old: ready, leased, and the one behind it."""
    for n in range(2):
        await send(store, to_send(f"m{n}", lane=f"lane{n}"), to_send(f"n{n}", lane=f"lane{n}"))
    first, _second = await claim(store)
    await settle(store, first, "ready", due_at=NOW)

    clock.now = NOW + 1000 * DAY
    await store.prune()

    assert all([await kept(store, f"{name}{n}") for n in range(2) for name in "mn"])


async def test_nobody_is_waited_for_longer_than_a_fortnight(store: SqliteStore, clock: Clock) -> None:
    """A parked message is dead then, and says why; its lane goes on, and in time it is forgotten."""
    await send(store, to_send("m"), to_send("behind"))
    (message,) = await claim(store)
    await settle(store, message, "parked", error="403 blocked")

    clock.now = NOW + 13.9 * DAY
    await store.prune()
    assert (await store.depth())["parked"] == 1
    clock.now = NOW + 14.1 * DAY
    await store.prune()
    dead = await store.message("m")
    assert dead is not None
    assert (dead.state, dead.error) == ("dead", "given up, nobody came back: 403 blocked")
    assert keys(await claim(store)) == ["behind"]

    clock.now += 14.1 * DAY
    await store.prune()
    assert not await kept(store, "m")


async def test_many_who_do_not_come_back_are_given_up_in_portions(store: SqliteStore, clock: Clock) -> None:
    """All of them, and the next message of each lane is set free."""
    for n in range(600):
        await send(store, to_send(f"m{n}", lane=f"{n}"), to_send(f"n{n}", lane=f"{n}"))
    for message in await claim(store, limit=600):
        await settle(store, message, "parked")

    clock.now = NOW + 15 * DAY
    await store.prune()

    assert await store.depth() == {"ready": 600, "leased": 0, "parked": 0, "dead": 600}
    assert len(await claim(store, limit=900)) == 600


async def test_a_claim_prunes_by_the_way(store: SqliteStore, clock: Clock) -> None:
    """Nobody has to remember to: a store that works keeps its own house."""
    await ended(store, "old")

    clock.now = NOW + 15 * DAY
    await claim(store, now=clock.now)

    assert not await kept(store, "old")


async def test_many_old_rows_go_in_portions(store: SqliteStore, clock: Clock) -> None:
    """More than a portion, and all of it; `prune` says how many."""
    for n in range(600):
        await store.turn("c", f"e{n}", counting())

    clock.now = NOW + 9 * DAY

    assert await store.prune() == 600


def test_a_message_is_never_forgotten_before_its_event() -> None:
    """Defaults: or a repeated event would send its message again."""
    keep = Retention()

    assert keep.events <= keep.messages <= keep.receipts


async def test_files_nobody_handed_over_are_forgotten(store: SqliteStore, clock: Clock) -> None:
    """What never came after a day, what came after thirty; what a case has is kept with it."""
    files = tuple(
        NewFile(id=each, conversation="c", name="a.png", at=int(NOW))
        for each in ("never", "loose", "of-case")
    )
    await store.turn("c", "e1", lambda _c, _w: Kept(conversation=Conversation(), files=files))
    await store.keep_file("loose", "image/png", b"1")
    await store.keep_file("of-case", "image/png", b"2")
    await store.turn("c", "e2", opening(case("HR-1")))
    await store.turn("c", "e3", changing(CaseChange(number="HR-1", at=1, files=("of-case",))))

    async def known() -> list[str]:
        return [each.id for each in files if await store.file(each.id)]

    clock.now = NOW + 1.1 * DAY
    await store.prune()
    assert await known() == ["loose", "of-case"]
    clock.now = NOW + 31 * DAY
    await store.prune()
    assert await known() == ["of-case"]
