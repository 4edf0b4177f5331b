"""What cases and sessions came to, in figures: per guide, per code and per fix, for authors and operators.

Every figure counts what was opened, or ended, since a moment; what became of it later counts too. Must not
know: who asks, how it is shown, anybody's name.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from math import ceil
from typing import Final

import msgspec

from bot.figures import (
    ELSE,
    NOT_SAID,
    SENTENCES,
    Fix,
    Group,
    Minutes,
    Ratings,
    Sentence,
    Sessions,
    Statistics,
)
from bot.store.history import History, PastCase
from dialogs.ended_by import SOMETHING_ELSE, fix_called
from dialogs.outcome import EndedAs, Outcome

_TAKEN: Final = frozenset({"claimed", "waiting", "resolved"})  # somebody of the helpdesk did something
_SCORES: Final = {str(score): score for score in (1, 2, 3, 4, 5)}
_PORTION: Final = 100  # cases read at once, so that nobody waits for it


class Sums:
    """Adds up cases and outcomes, in any order."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._total = _Group()
        self._guides: dict[str, _Group] = defaultdict(_Group)
        self._codes: dict[str, _Group] = defaultdict(_Group)
        self._fixes: dict[str, Counter[str]] = defaultdict(Counter)
        self.sentences: list[Sentence] = []

    def case(self, case: PastCase) -> None:
        """Add a case."""
        course = _course(case)
        for group in self._groups(case.guide, case.code):
            group.case(case, course)
        for each in case.tried:
            self._fixes[fix_called(each.fix.key)][each.result] += 1
        if case.status == "resolved" and case.fix not in {"", SOMETHING_ELSE}:
            self._fixes[case.fix]["ended"] += 1
        for step in case.steps:
            if step.what == "reviewed" and step.note:
                said = Sentence(at=step.at, number=case.number, score=course.score, words=step.note)
                self.sentences = sorted([*self.sentences, said], key=lambda one: -one.at)[:SENTENCES]

    def outcome(self, outcome: Outcome) -> None:
        """Add how a session ended, or take it off again."""
        times = -1 if outcome.undone else 1
        for group in self._groups(outcome.guide, outcome.codes[-1] if outcome.codes else None):
            group.outcome(outcome, times)
        if outcome.ended != "escalated":  # there the case says what was tried
            for fix, result in outcome.tried:
                self._fixes[fix][result] += times
        if outcome.undone and outcome.fix:
            self._fixes[outcome.fix]["back"] += 1

    def statistics(self, *, since: int, until: int, guide: str) -> Statistics:
        """What all of it comes to."""
        fixes = sorted(
            (_fix(name, counted) for name, counted in self._fixes.items()),
            key=lambda each: (-each.helped - each.ended, -each.tried, each.name),
        )
        fixes = [each for each in fixes if each.tried or each.ended]
        return Statistics(
            since=since,
            until=until,
            guide=guide,
            total=self._total.sum(""),
            guides=_sums(self._guides),
            codes=_sums(self._codes),
            fixes=tuple(fixes),
            never=tuple(each.name for each in fixes if each.tried and not each.helped and not each.ended),
        )

    def _groups(self, guide: str, code: int | None) -> Iterable["_Group"]:
        yield self._total
        if guide:
            yield self._guides[guide]
        if code is not None:
            yield self._codes[str(code)]


async def gather(
    history: History, *, since: int, until: int, guide: str = ""
) -> tuple[Statistics, tuple[Sentence, ...]]:
    """Read everything since a moment, a portion at a time, and add it up.

    Args:
        history: Where it is kept.
        since: Seconds since 1970, UTC; 0 for all there is.
        until: Now.
        guide: Only what belongs to this guide; "" for all.

    Returns:
        The figures, and the newest sentences that people wrote, which are for the helpdesk alone.

    Raises:
        StoreUnavailable: It cannot be read now.
    """
    sums, after, last = Sums(), (since, ""), 0
    while cases := await history.past_cases(since=since, after=after, limit=_PORTION):
        after = (cases[-1].opened_at, cases[-1].number)
        for case in cases:
            if not guide or case.guide == guide:
                sums.case(case)
    hour = since - since % 3600  # outcomes know their hour only
    while outcomes := await history.outcomes(since=hour, after=last):
        last = outcomes[-1][0]
        for _, outcome in outcomes:
            if not guide or outcome.guide == guide:
                sums.outcome(outcome)
    return sums.statistics(since=since, until=until, guide=guide), tuple(sums.sentences)


class Figures:
    """The figures as they are now, without anybody's words; for a command."""

    def __init__(self, history: History, *, clock: Callable[[], float] = time.time) -> None:
        """Put the parts together.

        Args:
            history: Where it is kept.
            clock: Seconds since 1970.
        """
        self._history = history
        self._clock = clock

    async def statistics(self, *, since: int, guide: str = "") -> Statistics:
        """See `gather`."""
        return (await gather(self._history, since=since, until=int(self._clock()), guide=guide))[0]


class _Group:
    """A group while it is added up."""

    def __init__(self) -> None:
        self._statuses: Counter[str] = Counter()
        self._reopened = 0
        self._reasons: Counter[str] = Counter()
        self._ended_by: Counter[str] = Counter()
        self._claim: list[float] = []
        self._resolve: list[float] = []
        self._scores: Counter[int] = Counter()
        self._sessions: Counter[EndedAs] = Counter()
        self._back = 0

    def case(self, case: PastCase, course: "_Course") -> None:
        self._statuses[case.status] += 1
        self._reopened += course.reopened
        if course.taken is not None:
            self._claim.append((course.taken - case.opened_at) / 60)
        if course.score:
            self._scores[course.score] += 1
        if case.status == "resolved":
            self._reasons[case.reason or NOT_SAID] += 1
            self._ended_by[ELSE if case.fix == SOMETHING_ELSE else case.fix or NOT_SAID] += 1
            if course.closed is not None:
                self._resolve.append((course.closed - case.opened_at) / 60)

    def outcome(self, outcome: Outcome, times: int) -> None:
        self._sessions[outcome.ended] += times
        self._back += outcome.undone and outcome.ended == "solved"

    def sum(self, name: str) -> Group:
        statuses = self._statuses
        opened = statuses.total()
        solved, stopped, escalated = (
            max(0, self._sessions[each]) for each in ("solved", "stopped", "escalated")
        )
        return Group(
            name=name,
            opened=opened,
            open=opened - statuses["resolved"] - statuses["withdrawn"],
            resolved=statuses["resolved"],
            withdrawn=statuses["withdrawn"],
            reopened=self._reopened,
            reasons=_most_first(self._reasons),
            ended_by=_most_first(self._ended_by),
            claim=_minutes(self._claim),
            resolve=_minutes(self._resolve),
            ratings=_ratings(self._scores),
            sessions=Sessions(
                ended=solved + stopped + escalated,
                solved=solved,
                stopped=stopped,
                escalated=escalated,
                back=self._back,
            ),
        )


class _Course(msgspec.Struct, frozen=True, kw_only=True):
    """How a case went: when it was first taken and last closed, and the last rating, 0 when there is none."""

    taken: int | None
    closed: int | None
    reopened: bool
    score: int


def _course(case: PastCase) -> _Course:
    before, taken, closed, reopened, score = "open", None, None, False, 0
    for step in case.steps:
        if step.status != before:  # some entries of old versions say nothing but this
            before = step.status
            taken = step.at if taken is None and before in _TAKEN else taken
            closed = step.at if before == "resolved" else closed
            reopened = reopened or before == "reopened"
        if step.what == "rated":
            score = _SCORES.get(step.note, 0)
    return _Course(taken=taken, closed=closed, reopened=reopened, score=score)


def _sums(groups: dict[str, _Group]) -> tuple[Group, ...]:
    """Those with the most cases and sessions first."""
    found = [group.sum(name) for name, group in groups.items()]
    return tuple(sorted(found, key=lambda each: (-each.opened - each.sessions.ended, each.name)))


def _most_first(counted: Counter[str]) -> dict[str, int]:
    """Those that say nothing by themselves last."""
    return dict(sorted(counted.items(), key=lambda each: (each[0] in {ELSE, NOT_SAID}, -each[1], each[0])))


def _fix(name: str, counted: Counter[str]) -> Fix:
    results = {each: max(0, counted[each]) for each in ("fixed", "same", "other", "could-not")}
    return Fix(
        name=name,
        helped=results["fixed"],
        same=results["same"],
        other=results["other"],
        could_not=results["could-not"],
        back=counted["back"],
        ended=counted["ended"],
    )


def _minutes(took: list[float]) -> Minutes:
    if not took:
        return Minutes(number=0, median=None, ninetieth=None)
    from statistics import median  # with all that it loads, for whoever looks at figures

    took.sort()
    ninetieth = took[ceil(len(took) * 0.9) - 1]
    return Minutes(number=len(took), median=round(median(took), 1), ninetieth=round(ninetieth, 1))


def _ratings(scores: Counter[int]) -> Ratings:
    number = scores.total()
    mean = sum(score * times for score, times in scores.items()) / number if number else None
    return Ratings(
        number=number,
        mean=round(mean, 2) if mean is not None else None,
        each=tuple(scores[each] for each in _SCORES.values()),
    )
