from bot.store.api import Message
from bot.store.retention import Retention
from bot.store.sqlite import SqliteStore
from tests.support.keeping import NOW, Clock, claim, counting, send, settle, to_send

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
    """However old: ready, leased, parked and the one behind it."""
    for n in range(3):
        await send(store, to_send(f"m{n}", lane=f"lane{n}"), to_send(f"n{n}", lane=f"lane{n}"))
    first, second, _third = await claim(store)
    await settle(store, first, "ready", due_at=NOW)
    await settle(store, second, "parked")

    clock.now = NOW + 1000 * DAY
    await store.prune()

    assert all([await kept(store, f"{name}{n}") for n in range(3) for name in "mn"])


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
