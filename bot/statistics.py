"""What cases and sessions came to, in figures: per guide, per code and per fix, for authors and operators.

Every figure counts what was opened, or ended, since a moment; what became of it later counts too. Must not
know: who asks, how it is shown, anybody's name.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from math import ceil
from statistics import median
from typing import Final

import msgspec

from bot.store.history import History, PastCase
from dialogs.ended_by import SOMETHING_ELSE, fix_called
from dialogs.outcome import EndedAs, Outcome

NOT_SAID: Final = "(not said)"
ELSE: Final = "(something else)"
SENTENCES: Final = 10  # the newest that people wrote about how it went
_TAKEN: Final = frozenset({"claimed", "waiting", "resolved"})  # somebody of the helpdesk did something
_SCORES: Final = (1, 2, 3, 4, 5)
_PORTION: Final = 200  # cases read at once, so that nobody waits for it


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all parts."""


class Minutes(_Part, frozen=True, kw_only=True):
    """How long something took, by the clock on the wall; `ninetieth`: nine of ten took no longer."""

    number: int
    median: float | None
    ninetieth: float | None


class Ratings(_Part, frozen=True, kw_only=True):
    """How helpful people found it; `each` is how many gave 1, 2, 3, 4 and 5."""

    number: int
    mean: float | None
    each: tuple[int, ...]


class Sessions(_Part, frozen=True, kw_only=True):
    """How sessions ended; `back`: were solved once, and then came back."""

    ended: int
    solved: int
    stopped: int
    escalated: int
    back: int


class Group(_Part, frozen=True, kw_only=True):
    """All of a guide, of a code, or of everything. `name`: the guide's id, or the code's number."""

    name: str
    opened: int
    open: int
    resolved: int
    withdrawn: int
    reopened: int
    reasons: dict[str, int]
    ended_by: dict[str, int]
    claim: Minutes
    resolve: Minutes
    ratings: Ratings
    sessions: Sessions


class Fix(_Part, frozen=True, kw_only=True):
    """What people said when they had tried a fix, before a case or without one; and what agents said.

    `ended`: cases that it ended, says the helpdesk. `back`: it had helped, and then came back.
    """

    name: str
    helped: int
    same: int
    other: int
    could_not: int
    back: int
    ended: int

    @property
    def tried(self) -> int:
        """How often it was tried."""
        return self.helped + self.same + self.other + self.could_not


class Statistics(_Part, frozen=True, kw_only=True):
    """All figures. Times are seconds since 1970, UTC.

    `never`: fixes that were tried and never ended anything.
    """

    since: int
    until: int
    guide: str
    total: Group
    guides: tuple[Group, ...]
    codes: tuple[Group, ...]
    fixes: tuple[Fix, ...]
    never: tuple[str, ...]


class Sentence(_Part, frozen=True, kw_only=True):
    """What somebody wrote about how it went. `score` 0: they gave none."""

    at: int
    number: str
    score: int
    words: str


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
        for group in self._groups(case.guide, case.code):
            group.case(case)
        for each in case.tried:
            self._fixes[fix_called(each.fix.key)][each.result] += 1
        if case.status == "resolved" and case.fix not in {"", SOMETHING_ELSE}:
            self._fixes[case.fix]["ended"] += 1
        for step in case.steps:
            if step.what == "reviewed" and step.note:
                said = Sentence(at=step.at, number=case.number, score=_score(case) or 0, words=step.note)
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

    def case(self, case: PastCase) -> None:
        self._statuses[case.status] += 1
        self._reopened += any(status == "reopened" for _, status in _turns(case))
        taken = next((at for at, status in _turns(case) if status in _TAKEN), None)
        if taken is not None:
            self._claim.append((taken - case.opened_at) / 60)
        if (score := _score(case)) is not None:
            self._scores[score] += 1
        if case.status == "resolved":
            self._reasons[case.reason or NOT_SAID] += 1
            self._ended_by[ELSE if case.fix == SOMETHING_ELSE else case.fix or NOT_SAID] += 1
            closed = [at for at, status in _turns(case) if status == "resolved"]
            self._resolve += [(at - case.opened_at) / 60 for at in closed[-1:]]

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


def _turns(case: PastCase) -> Iterable[tuple[int, str]]:
    """When the case came into another status, and into which."""
    before = "open"
    for step in case.steps:
        if step.status != before:
            yield step.at, step.status
        before = step.status


def _score(case: PastCase) -> int | None:
    """The last rating."""
    given = [each.note for each in case.steps if each.what == "rated"]
    return next((score for score in _SCORES if given and given[-1] == str(score)), None)


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
    took.sort()
    ninetieth = took[ceil(len(took) * 0.9) - 1]
    return Minutes(number=len(took), median=round(median(took), 1), ninetieth=round(ninetieth, 1))


def _ratings(scores: Counter[int]) -> Ratings:
    number = scores.total()
    mean = sum(score * times for score, times in scores.items()) / number if number else None
    return Ratings(
        number=number,
        mean=round(mean, 2) if mean is not None else None,
        each=tuple(scores[each] for each in _SCORES),
    )
