"""What every store can tell of what is over: what ended cases, how sessions ended, nothing about persons."""

import random
from collections import Counter

import msgspec
import pytest

from bot.store.api import CaseChange, Kept, Store
from bot.store.history import NEWEST, UNSOLVED, PastCase, solved_before
from dialogs.case import FixTried
from dialogs.conversation import Conversation
from dialogs.outcome import Outcome
from dialogs.text import Text
from tests.support.keeping import OpenStore, case, changing, opening
from tests.support.past import ending, outcome

CODE = 53003  # the last of the cases that `case` makes
TRIED = FixTried(fix=Text("fix/private-window/name"), result="same", at=100)


async def closed(store: Store, number: str, fix: str = "", *, at: int = 100, reason: str = "") -> None:
    """A case that was closed."""
    await store.turn("c", f"open {number}", opening(case(number, at=at)))
    await change(store, number, "resolved", fix=fix, reason=reason, note="Please sign in once more.")


async def change(store: Store, number: str, status: str, **more: str) -> None:
    """News of a case, with another status."""
    record = await store.case(number)
    assert record is not None
    news = {"number": number, "at": 200, "what": status, "status": status, "by": "Ada", **more}
    event = f"{number} {len(record.log)}"
    await store.turn("c", event, changing(msgspec.convert(news, CaseChange)))


async def every_case(store: Store, *, since: int = 0, limit: int = 200) -> list[PastCase]:
    """All of them, portion by portion."""
    found: list[PastCase] = []
    after = (since, "")
    while portion := await store.past_cases(since=since, after=after, limit=limit):
        found += portion
        after = (found[-1].opened_at, found[-1].number)
    return found


# ---- what ended a case


async def test_what_ended_a_case_stands_in_its_log(store: Store) -> None:
    """With the entry that closed it, and no other."""
    await closed(store, "HR-1", "private-window", reason="changed")
    await change(store, "HR-1", "reopened")
    found = await store.case("HR-1")
    assert found is not None

    assert [(entry.what, entry.reason, entry.fix) for entry in found.log] == [
        ("", "", ""),
        ("resolved", "changed", "private-window"),
        ("reopened", "", ""),
    ]


async def test_what_ended_others_is_counted_most_first(store: Store) -> None:
    """Those that name no fix, or something else, are solved all the same."""
    fixes = ["b", "a", "a", "*", "", "c", "c", "c", "b"]
    for number, fix in enumerate(fixes):
        await closed(store, f"HR-{number}", fix)
    found = await store.solved(CODE, since=0)

    assert (found.code, found.cases, found.named) == (CODE, 9, 7)
    assert found.fixes == (("c", 3), ("a", 2), ("b", 2))


async def test_only_what_is_solved_counts(store: Store) -> None:
    """Not what is open, withdrawn, open again, or closed without anything being solved."""
    await store.turn("c", "open", opening(case("HR-OPEN")))
    await closed(store, "HR-BACK", "a")
    await change(store, "HR-BACK", "reopened")
    await closed(store, "HR-GONE", "a")
    await change(store, "HR-GONE", "withdrawn")
    for reason in UNSOLVED:
        await closed(store, f"HR-{reason}", "a", reason=reason)
    await closed(store, "HR-GOOD", "a", reason="self")

    assert (await store.solved(CODE, since=0)).cases == 1


async def test_a_case_that_is_closed_again_counts_for_what_ended_it_last(store: Store) -> None:
    """The first fix had not ended it."""
    await closed(store, "HR-1", "a")
    await change(store, "HR-1", "reopened")
    await change(store, "HR-1", "resolved", fix="b")
    await store.turn("c", "rated", changing(CaseChange(number="HR-1", at=300, what="rated", note="5")))

    assert (await store.solved(CODE, since=0)).fixes == (("b", 1),)


async def test_other_codes_and_older_cases_do_not_count(store: Store) -> None:
    """A case belongs to the last code that came up; one that was opened at that second is in."""
    await closed(store, "HR-1", "a", at=99)
    await closed(store, "HR-2", "a", at=100)

    assert (await store.solved(CODE, since=100)).cases == 1
    assert (await store.solved(1000002, since=0)).cases == 0
    assert (await store.solved(5300, since=0)).cases == 0


async def test_of_very_many_the_newest_are_looked_at(store: Store) -> None:
    """So that a card costs the same in ten years."""
    numbers = range(NEWEST + 20)
    for few in (numbers[n : n + 85] for n in numbers[::85]):
        records = [case(f"HR-{n:05}", at=n, status="resolved") for n in few]
        await store.turn("c", f"open {few}", opening(*records))

    assert (await store.solved(CODE, since=0)).cases == NEWEST


async def test_who_reads_a_case_is_told_of_others_while_it_is_open(store: Store) -> None:
    """Within half a year; not for a case without a code, nor for one that is over."""
    day = 86_400
    await closed(store, "HR-1", "a", at=100 * day)
    new = case("HR-2", at=200 * day)
    assert await solved_before(store, new, 200 * day) == await store.solved(CODE, since=0)
    late = await solved_before(store, new, 300 * day)
    assert late is not None
    assert late.cases == 0
    without = msgspec.structs.replace(new, file=msgspec.structs.replace(new.file, codes=()))
    assert await solved_before(store, without, 200 * day) is None
    over = msgspec.structs.replace(new, status="resolved")
    assert await solved_before(store, over, 200 * day) is None


# ---- all of it


async def test_past_cases_hold_what_happened_and_nobody(store: Store) -> None:
    """What was tried, when it was taken and closed, how it went; no name, no words but those about it."""
    made = case("HR-1")
    record = msgspec.structs.replace(made, file=msgspec.structs.replace(made.file, tried=(TRIED,)))
    await store.turn("c", "open", opening(record))
    await change(store, "HR-1", "claimed")
    await change(store, "HR-1", "resolved", fix="a", reason="self", note="Dear Erika")
    for what, note in (("rated", "2"), ("reviewed", "it took a day")):
        news = {"number": "HR-1", "at": 300, "what": what, "note": note}
        await store.turn("c", what, changing(msgspec.convert(news, CaseChange)))
    (found,) = await every_case(store)

    assert (found.number, found.opened_at, found.status) == ("HR-1", 100, "resolved")
    assert (found.code, found.guide, found.fix, found.reason) == (CODE, "aadsts1000002", "a", "self")
    assert found.tried == (TRIED,)
    assert [(step.at, step.what, step.status, step.note) for step in found.steps] == [
        (100, "", "open", ""),
        (200, "claimed", "claimed", ""),
        (200, "resolved", "resolved", ""),
        (300, "rated", "resolved", "2"),
        (300, "reviewed", "resolved", "it took a day"),
    ]
    told = msgspec.json.encode(found).decode()
    assert not [each for each in ("Erika", "0b5e", "Ada", "Größe") if each in told]


@pytest.mark.parametrize("limit", [1, 7, 200])
async def test_portion_by_portion_every_case_comes_once(store: Store, limit: int) -> None:
    """Also when many were opened in the same second."""
    numbers = [f"HR-{n:03}" for n in range(40)]
    records = [case(number, at=n // 9) for n, number in enumerate(numbers)]
    random.Random(1).shuffle(records)
    await store.turn("c", "open", opening(*records))

    assert [each.number for each in await every_case(store, limit=limit)] == numbers
    assert [each.number for each in await every_case(store, since=2, limit=limit)] == numbers[18:]


async def test_an_outcome_is_kept_with_its_turn(store: Store) -> None:
    """Once, however often the event comes; a turn that fails leaves none."""
    first = outcome(fix="a", tried=[["b", "same"], ["a", "fixed"]], codes=[1, 2], screens=4)
    for _ in range(3):
        await store.turn("c", "e1", ending(first))
    with pytest.raises(LookupError):
        await store.turn(
            "c", "e2", lambda *_: Kept(
                conversation=Conversation(), outcomes=(outcome(),), changes=(CaseChange(number="HR-0", at=1),)
            )
        )  # fmt: skip

    assert [each for _, each in await store.outcomes(since=0, after=0)] == [first]


async def test_outcomes_come_in_portions_since_a_moment(store: Store) -> None:
    """Each behind the last one that was seen."""
    told = [outcome(hour * 3600, screens=hour) for hour in range(10)]
    await store.turn("c", "e", ending(*told))
    seen: list[Outcome] = []
    after = 0
    while portion := await store.outcomes(since=3 * 3600, after=after, limit=2):
        after = portion[-1][0]
        seen += [each for _, each in portion]

    assert Counter(seen) == Counter(told[3:])


async def test_what_was_kept_is_there_after_a_restart(open_again: OpenStore) -> None:
    """Case, code, fix and outcome."""

    async def told(store: Store) -> list[object]:
        return [
            await every_case(store), await store.outcomes(since=0, after=0), await store.solved(CODE, since=0)
        ]  # fmt: skip

    store = await open_again()
    await closed(store, "HR-1", "a")
    await store.turn("c", "e", ending(outcome()))
    before = await told(store)
    await store.close()
    store = await open_again()
    after = await told(store)
    await store.close()

    assert after == before
    assert all(before)


def test_the_queries_know_what_solved_nothing() -> None:
    """The reasons stand in SQL, for the database's planner, and in the code."""
    from bot.store.queries import queries

    for dialect in ("sqlite", "postgres"):
        assert f"reason NOT IN {UNSOLVED!r}" in queries(dialect)["solved"]
