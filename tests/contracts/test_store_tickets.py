"""The promises of `bot.store.tickets`, and of messages that change their kind, over every store there is."""

from bot.errors import DeliveryMoved
from bot.outbox.ending import moved
from bot.store.api import CaseChange, CaseSearch, Store
from tests.support.keeping import NOW, OpenStore, case, changing, claim, keys, opening, send, settle, to_send


async def test_who_was_asked_to_file_a_case_is_kept_with_it(open_again: OpenStore) -> None:
    """However the case is looked up, also after a restart; nobody was before."""
    first = await open_again()
    await first.turn("c", "e", opening(case("HR-1"), case("HR-2")))
    assert [each.desk for each in await first.cases()] == ["", ""]
    await first.ask_desk("HR-1", "security")
    await first.turn("c", "e2", changing(CaseChange(number="HR-1", at=200, reference="SEC-1")))
    await first.close()

    second = await open_again()
    (found,) = await second.find_cases(CaseSearch(statuses=("open",), words="SEC-1"))
    (oldest, _) = await second.find_cases(CaseSearch(statuses=("open",), oldest_first=True))
    listed = {each.number: each.desk for each in await second.cases()}
    by_status = {each.number: each.desk for each in await second.cases(status=["open"])}
    one = await second.case("HR-1")
    assert one is not None
    assert one.desk == found.desk == oldest.desk == "security"
    assert listed == by_status == {"HR-1": "security", "HR-2": ""}
    await second.ask_desk("HR-1", "germany")
    assert [each.desk for each in await second.cases()] == ["", "germany"]
    await second.close()


async def test_a_message_that_was_moved_is_claimed_as_what_it_is_now(store: Store) -> None:
    """At its place in the lane, with its tries as they were."""
    await send(store, to_send("a", kind="ticket/?"), to_send("b", kind="ticket/?"))
    (message,) = await claim(store, kinds=["ticket/?"])
    assert (await store.settle(moved(message, DeliveryMoved("ticket/security"), now=NOW))).held

    assert await store.kinds_waiting() == {"ticket/security"}
    assert await claim(store, kinds=["ticket/?"]) == []
    (again,) = await claim(store, kinds=["ticket/security"])
    assert (again.key, again.kind, again.tries) == ("a", "ticket/security", 1)
    await settle(store, again)
    assert keys(await claim(store, kinds=["ticket/?"])) == ["b"]


async def test_kinds_are_waiting_while_a_message_of_them_may_be_claimed(store: Store) -> None:
    """Later counts; what is done, dead or behind another one does not."""
    assert await store.kinds_waiting() == frozenset()
    await send(
        store, to_send("s"), to_send("behind", kind="probe"), to_send("t", lane="t", kind="ticket/gone")
    )
    assert await store.kinds_waiting() == {"show", "ticket/gone"}

    (ticket,) = await claim(store, kinds=["ticket/gone"])
    await settle(store, ticket, "ready", due_at=NOW + 1e6)
    (shown,) = await claim(store)
    await settle(store, shown, "dead")
    assert await store.kinds_waiting() == {"probe", "ticket/gone"}


async def test_who_asks_for_a_kind_sees_what_is_below_it(store: Store) -> None:
    """Whoever looks for tickets means those of every desk, and nothing that is only called alike."""
    kinds = ("ticket", "ticket/security", "ticket-update/security", "ticket_")
    await send(store, *(to_send(kind, kind=kind) for kind in kinds))

    assert keys(list(await store.waiting(kind="ticket", limit=9))) == ["ticket", "ticket/security"]
    assert keys(list(await store.waiting(kind="ticket/security", limit=9))) == ["ticket/security"]
