"""Every promise of `bot.store.api.Store`, one test each, over every store there is."""

import asyncio

import pytest

from bot.address import Address, Person
from bot.errors import NumberTaken, StoreUnavailable
from bot.store.api import CaseChange, Kept, NewLine, Receipt, Store
from dialogs.conversation import Case, Conversation, Picked, Rated
from tests.support.keeping import (
    OpenStore,
    case,
    changing,
    claim,
    counting,
    keys,
    opening,
    to_send,
)

# ---- turns


async def test_a_turn_keeps_what_it_decides(store: Store) -> None:
    """Conversation, address and reply are there afterwards, whole and equal."""
    conversation = Conversation(
        language="de",
        turn=7,
        answers=(Picked(at=1, node="seen", choices=("a", "b")), Rated(at=2, score=5)),
        case=Case(number="HR-7K3F", status="open", opened_at=3, queue="identity"),
    )
    address = Address(surface="teams", person=Person(name="Erika 😀"), conversation_id="19:x;messageid=1")

    receipt = await store.turn(
        "c", "e1", lambda _c, _a: Kept(conversation=conversation, address=address, reply=b"ok")
    )

    assert (receipt.reply, receipt.repeat) == (b"ok", False)
    assert await store.conversation("c") == (conversation, address)


async def test_the_next_turn_is_handed_what_the_last_one_kept(store: Store) -> None:
    """The first turn sees nothing, the second what the first has left; no address means: as it was."""
    seen: list[tuple[Conversation | None, Address | None]] = []
    address = Address(surface="web")

    def decide(stored: Conversation | None, where: Address | None) -> Kept:
        seen.append((stored, where))
        return Kept(conversation=Conversation(turn=len(seen)), address=None if where else address)

    await store.turn("c", "e1", decide)
    await store.turn("c", "e2", decide)

    assert seen == [(None, None), (Conversation(turn=1), address)]
    assert await store.conversation("c") == (Conversation(turn=2), address)


async def test_a_repeat_changes_nothing_and_is_answered_like_the_first_time(store: Store) -> None:
    """The event's id makes it a repeat; what the sender was told is told again, and nothing is decided."""
    await store.turn("c", "e1", counting(to_send("m"), reply=b"first"))

    def never(_stored: Conversation | None, _where: Address | None) -> Kept:
        raise AssertionError

    again = await store.turn("c", "e1", never)
    assert (again.reply, again.repeat) == (b"first", True)
    stored = await store.conversation("c")
    assert stored is not None
    assert stored[0].turn == 1


async def test_a_hundred_copies_at_once_take_effect_once(store: Store) -> None:
    """However many copies of one event arrive together, one of them is taken and all get its reply."""
    receipts = await asyncio.gather(
        *(store.turn("c", "same", counting(to_send(f"m{n}"), reply=b"one")) for n in range(100))
    )

    assert sum(not receipt.repeat for receipt in receipts) == 1
    assert {receipt.reply for receipt in receipts} == {b"one"}
    assert len(await claim(store, limit=200)) == 1


async def test_an_event_is_known_within_its_conversation_only(store: Store) -> None:
    """The same id in another conversation is another event."""
    first = await store.turn("a", "e1", counting())
    second = await store.turn("b", "e1", counting())

    assert not first.repeat
    assert not second.repeat


async def test_an_event_without_an_id_is_refused(store: Store) -> None:
    """Or else every later one without an id would pass for its repeat."""
    with pytest.raises(ValueError, match="needs an id"):
        await store.turn("c", "", counting())


async def test_turns_of_one_conversation_never_run_side_by_side(store: Store) -> None:
    """Two hundred turns at once leave two hundred behind: no update is lost."""
    await asyncio.gather(*(store.turn("hot", f"e{n}", counting()) for n in range(200)))

    stored = await store.conversation("hot")
    assert stored is not None
    assert stored[0].turn == 200


async def test_a_decision_that_raises_leaves_nothing(store: Store) -> None:
    """The exception reaches the caller, and the event may come again."""

    def broken(_stored: Conversation | None, _where: Address | None) -> Kept:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.turn("c", "e1", broken)

    assert await store.conversation("c") is None
    assert not (await store.turn("c", "e1", counting())).repeat


async def test_one_broken_turn_does_not_harm_those_beside_it(store: Store) -> None:
    """Turns that are committed together still fail alone."""

    def broken(_stored: Conversation | None, _where: Address | None) -> Kept:
        raise ZeroDivisionError

    results = await asyncio.gather(
        *(store.turn(f"c{n}", "e", broken if n == 5 else counting()) for n in range(10)),
        return_exceptions=True,
    )

    assert [isinstance(result, Receipt) for result in results] == [n != 5 for n in range(10)]
    assert [await store.conversation(f"c{n}") is not None for n in range(10)] == [n != 5 for n in range(10)]


async def test_a_caller_that_goes_away_does_not_halve_its_turn(store: Store) -> None:
    """A turn whose caller was cancelled is kept whole; its repeat says so."""
    going = asyncio.ensure_future(store.turn("c", "e1", counting(to_send("m"), reply=b"kept")))
    await asyncio.sleep(0)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going

    again = await store.turn("c", "e1", counting())
    assert (again.reply, again.repeat) == (b"kept", True)
    assert keys(await claim(store)) == ["m"]


async def test_everything_is_still_there_after_a_restart(open_again: OpenStore) -> None:
    """What was kept is read by the next process."""
    first = await open_again()
    await first.turn("c", "e1", counting(to_send("m"), reply=b"r"))
    await first.close()

    second = await open_again()
    try:
        again = await second.turn("c", "e1", counting())
        assert (again.reply, again.repeat) == (b"r", True)
        assert keys(await claim(second)) == ["m"]
    finally:
        await second.close()


async def test_a_closed_store_says_so(open_again: OpenStore) -> None:
    """Whoever comes too late is told, and does not wait for ever."""
    store = await open_again()
    await store.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        await store.turn("c", "e1", counting())


@pytest.mark.parametrize("text", ["'; DROP TABLE taken; --", "a\0b", "😀 ß \u202e", " ", "x" * 100_000])
async def test_any_text_may_be_a_name(store: Store, text: str) -> None:
    """Ids come from outside: they are data, whatever is in them."""
    await store.turn(text, text, counting(to_send(text, lane=text, conversation=text), reply=b"r"))

    assert (await store.turn(text, text, counting())).repeat
    assert not (await store.turn(text, text + "'", counting())).repeat
    assert keys(await claim(store)) == [text]


async def test_text_that_is_no_unicode_harms_nobody_else(store: Store) -> None:
    """Half a surrogate pair cannot be stored: that turn fails, and says so, and the next one works."""
    with pytest.raises(UnicodeEncodeError):
        await store.turn("c", "\ud800", counting())

    assert await store.conversation("c") is None
    assert not (await store.turn("c", "e1", counting())).repeat


# ---- transcript


async def test_lines_are_numbered_within_their_conversation(store: Store) -> None:
    """The transcript counts from 1, without gaps, whatever turn a line came from."""

    def says(*words: str) -> Kept:
        lines = tuple(NewLine(who="person", at=9, session=2, body=word.encode()) for word in words)
        return Kept(conversation=Conversation(), lines=lines)

    await store.turn("c", "e1", lambda _c, _a: says("one", "two"))
    await store.turn("other", "e1", lambda _c, _a: says("elsewhere"))
    await store.turn("c", "e2", lambda _c, _a: says("three"))

    lines = await store.lines("c")
    assert [(line.seq, line.body, line.session) for line in lines] == [
        (1, b"one", 2),
        (2, b"two", 2),
        (3, b"three", 2),
    ]
    assert [line.seq for line in await store.lines("c", after=1, limit=1)] == [2]
    assert await store.lines("nobody") == []


# ---- cases


async def test_a_case_is_kept_as_it_was_opened(store: Store) -> None:
    """Every field comes back, markup and foreign letters as they were."""
    record = case("HR-7K3F")

    await store.turn("c", "e1", opening(record))

    assert await store.case("HR-7K3F") == record
    assert await store.case("HR-0000") is None


async def test_a_taken_number_keeps_nothing(store: Store) -> None:
    """Two cases never share a number; the second turn is as if it had not been."""
    await store.turn("a", "e1", opening(case("HR-7K3F", conversation="a")))

    with pytest.raises(NumberTaken):
        await store.turn("b", "e1", opening(case("HR-9999"), case("HR-7K3F", conversation="b")))

    assert await store.conversation("b") is None
    assert await store.case("HR-9999") is None
    kept = await store.case("HR-7K3F")
    assert kept is not None
    assert kept.conversation == "a"


async def test_news_of_a_case_go_into_its_log(store: Store) -> None:
    """Status, agent and reference change when they are named; each entry says how the case stood then."""
    await store.turn("c", "e1", opening(case("HR-1", at=100)))
    news = (
        CaseChange(number="HR-1", at=101, what="claimed", status="claimed", by="Ada", owner="Ben"),
        CaseChange(number="HR-1", at=102, reference="INC42"),
        CaseChange(
            number="HR-1", at=103, status="resolved", note="Policy mended", what="resolved", reason="self"
        ),
    )

    for number, change in enumerate(news):
        await store.turn("c", f"n{number}", changing(change))

    record = await store.case("HR-1")
    assert record is not None
    assert (record.status, record.by, record.reference, record.changed_at) == (
        "resolved",
        "Ben",
        "INC42",
        103,
    )
    assert [(entry.at, entry.status, entry.by, entry.note) for entry in record.log] == [
        (100, "open", "", ""),
        (101, "claimed", "Ada", ""),
        (102, "claimed", "", ""),
        (103, "resolved", "", "Policy mended"),
    ]
    assert [(entry.what, entry.reason) for entry in record.log] == [
        ("", ""),
        ("claimed", ""),
        ("", ""),
        ("resolved", "self"),
    ]


async def test_news_of_no_case_keep_nothing(store: Store) -> None:
    """A change for a case that is not there is an error of the caller's, not a case made of nothing."""
    change = CaseChange(number="HR-0", at=1, status="claimed")

    with pytest.raises(LookupError, match="HR-0"):
        await store.turn("c", "e1", changing(change))

    assert await store.conversation("c") is None


async def test_cases_come_newest_first(store: Store) -> None:
    """All of them, or those of the named statuses; never more than asked for."""
    await store.turn(
        "c",
        "e1",
        opening(
            case("HR-1", at=100, status="resolved"),
            case("HR-2", at=300),
            case("HR-3", at=200, status="claimed"),
            case("HR-4", at=300, status="claimed"),
        ),
    )

    assert [each.number for each in await store.cases()] == ["HR-4", "HR-2", "HR-3", "HR-1"]
    assert [each.number for each in await store.cases(limit=2)] == ["HR-4", "HR-2"]
    open_ones = await store.cases(status=("open", "claimed"))
    assert [each.number for each in open_ones] == ["HR-4", "HR-2", "HR-3"]
    assert [each.number for each in await store.cases(status=("claimed",), limit=1)] == ["HR-4"]


async def test_one_process_is_one_replica(store: Store) -> None:
    """However often it asks."""
    assert [await store.replicas() for _ in range(3)] == [1, 1, 1]
