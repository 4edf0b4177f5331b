"""Figures of cases and sessions: each counted once, with its number, in every group it belongs to."""

from collections.abc import AsyncIterator
from itertools import permutations

import msgspec
import pytest

from bot.figures import Fix, Minutes, Ratings, Sessions, Statistics
from bot.statistics import Sums, gather
from bot.store.api import Store
from bot.store.history import PastCase, PastStep
from bot.store.open import open_store
from dialogs.case import FixTried
from dialogs.text import Text
from tests.support.past import DAY, a_past, a_past_case, happened, outcome

NOW = 1_800_000_000
HOUR = NOW - NOW % 3600


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    """A store in memory."""
    opened = await open_store("sqlite://:memory:")
    yield opened
    await opened.close()


async def figures(store: Store, *, days: int = 0, guide: str = "") -> Statistics:
    """All figures."""
    since = NOW - days * DAY if days else 0
    return (await gather(store, since=since, until=NOW, guide=guide))[0]


async def test_a_past_is_added_up(store: Store) -> None:
    """Cases, times, reasons, endings, ratings, sessions and fixes, in one go."""
    await a_past(store, NOW)
    found = await figures(store)
    total = found.total

    assert (total.opened, total.open, total.resolved, total.withdrawn, total.reopened) == (7, 1, 6, 0, 0)
    assert total.reasons == {"self": 3, "changed": 3}
    assert total.ended_by == {
        "private-window": 3, "other-browser": 1, "(something else)": 1, "(not said)": 1
    }  # fmt: skip
    assert total.claim == Minutes(number=6, median=5.0, ninetieth=5.0)
    assert total.resolve == Minutes(number=6, median=70.0, ninetieth=120.0)
    assert total.ratings == Ratings(number=6, mean=2.67, each=(2, 1, 1, 1, 1))
    assert total.sessions == Sessions(ended=7, solved=4, stopped=0, escalated=3, back=1)
    assert [each.name for each in found.guides] == ["aadsts1000002"]
    assert [each.name for each in found.codes] == ["53003"]
    assert msgspec.structs.replace(found.guides[0], name="") == total
    assert {each.name: each for each in found.fixes} == {
        each.name: each
        for each in (
            Fix(name="finish-and-reopen", helped=4, same=6, other=0, could_not=0, back=1, ended=0),
            Fix(name="private-window", helped=0, same=0, other=0, could_not=6, back=0, ended=3),
            Fix(name="other-browser", helped=0, same=0, other=0, could_not=0, back=0, ended=1),
        )
    }
    assert found.never == ()


async def test_only_what_is_since_then_and_of_the_guide(store: Store) -> None:
    """A case by when it was opened, whatever happened to it later."""
    await a_past(store, NOW)

    assert (await figures(store, days=3)).total.opened == 4
    assert (await figures(store, guide="aadsts1000002")).total.opened == 7
    other = await figures(store, guide="other")
    assert (other.total.opened, other.total.sessions.ended, other.fixes) == (0, 0, ())


async def test_what_never_helped_is_named(store: Store) -> None:
    """Tried by somebody, and nobody's ending: neither alone nor with the helpdesk."""
    await a_past_case(store, "HR-1", at=NOW, fix="b", tried=(("a", "same"), ("b", "same"), ("c", "other")))

    assert (await figures(store)).never == ("a", "c")


async def test_a_case_that_was_open_again_counts_to_its_last_closing(store: Store) -> None:
    """It was opened again once, whoever did it; withdrawn it is no longer closed."""
    await a_past_case(store, "HR-1", at=NOW - DAY, fix="a", reason="self", took=30, score=2)
    await happened(store, "HR-1", NOW - DAY + 3600, what="back", status="reopened")
    again = (await figures(store)).total
    assert (again.open, again.resolved, again.reopened, again.ended_by) == (1, 0, 1, {})
    await happened(store, "HR-1", NOW - DAY + 7200, what="resolved", status="resolved", fix="b")
    await happened(store, "HR-1", NOW - DAY + 7201, what="rated", note="5")
    closed = (await figures(store)).total

    assert (closed.open, closed.resolved, closed.reopened) == (0, 1, 1)
    assert (closed.ended_by, closed.reasons) == ({"b": 1}, {"(not said)": 1})
    assert closed.resolve.median == 120.0
    assert closed.ratings.each == (0, 0, 0, 0, 1)


async def test_the_newest_sentences_come_first_and_in_no_figure(store: Store) -> None:
    """Ten of them; the figures themselves hold nobody's words and no case's number."""
    for n in range(12):
        await a_past_case(store, f"HR-{n}", at=NOW + n, score=3, words=f"sentence {n}")
    found, sentences = await gather(store, since=0, until=NOW)

    assert [each.words for each in sentences] == [f"sentence {n}" for n in range(11, 1, -1)]
    assert {each.score for each in sentences} == {3}
    told = msgspec.json.encode(found).decode()
    assert not [each for each in ("sentence", "HR-", "Erika", "Ada") if each in told]


def test_the_order_does_not_matter() -> None:
    """An outcome may be taken off before it is seen: the sum is the same."""
    helped = outcome(HOUR, fix="a", tried=[["a", "fixed"]])
    told = [helped, msgspec.structs.replace(helped, undone=True), outcome(HOUR, ended="escalated")]
    sums = []
    for order in permutations(told):
        added = Sums()
        for each in order:
            added.outcome(each)
        sums.append(added.statistics(since=0, until=NOW, guide=""))

    assert all(each == sums[0] for each in sums)
    assert sums[0].total.sessions == Sessions(ended=1, solved=0, stopped=0, escalated=1, back=1)


def test_what_is_taken_off_from_before_is_never_less_than_nothing() -> None:
    """It was solved before the first moment that is looked at."""
    added = Sums()
    added.outcome(outcome(HOUR, fix="a", tried=[["a", "fixed"]], undone=True))
    found = added.statistics(since=0, until=NOW, guide="")

    assert found.total.sessions == Sessions(ended=0, solved=0, stopped=0, escalated=0, back=1)
    assert found.fixes == ()


def test_entries_of_old_and_newer_versions_are_survived() -> None:
    """Old ones do not say what they are, newer ones may say what nobody knows here."""
    steps = (
        PastStep(at=0, what="", status="open"),
        PastStep(at=60, what="", status="claimed"),
        PastStep(at=90, what="teleported", status="claimed", note="x"),
        PastStep(at=600, what="", status="resolved"),
        PastStep(at=601, what="rated", status="resolved", note="eleven"),
    )
    tried = (FixTried(fix=Text("gone"), result="levitated", at=1),)
    added = Sums()
    added.case(PastCase(number="HR-1", opened_at=0, status="resolved", steps=steps, tried=tried))
    found = added.statistics(since=0, until=NOW, guide="")

    assert (found.total.claim.median, found.total.resolve.median) == (1.0, 10.0)
    assert found.total.ratings.number == 0
    assert (found.guides, found.codes, found.fixes) == ((), (), ())


async def test_with_nothing_there_is_nothing(store: Store) -> None:
    """No figure is made up: no mean of nothing, no percentage of it."""
    found = await figures(store)

    assert found.total.claim == Minutes(number=0, median=None, ninetieth=None)
    assert found.total.ratings == Ratings(number=0, mean=None, each=(0, 0, 0, 0, 0))
    assert (found.guides, found.codes, found.fixes, found.never) == ((), (), (), ())
