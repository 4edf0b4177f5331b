"""What was measured: kept as JSON, and what follows from it: medians, and ratios within a round.

Two runs of one round were minutes apart on the same machine in the same mood; two medians were not. So a
contestant is compared with another one round by round, and the median of those ratios is what is said.

Must not know: how anything is measured, or how it is shown.
"""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A run that came to its end.

    Attributes:
        start: Seconds from the command to the end of the first turn.
        rest: MB of the process tree, a moment after that turn.
        loaded: The same after the crowd.
        turns: How many turns of the crowd ended while it was measured.
        per_second: The same, a second.
        cpu: Milliseconds of CPU a turn, user and system, of the process tree.
        p50: Milliseconds of a turn, in the crowd.
        p99: The same, 99 of 100.
        alone_turns: How many turns one person took, alone.
        alone_p50: Milliseconds of such a turn.
        alone_p99: The same, 99 of 100.
        driver: Share of a CPU that the people and the cloud took for themselves.
        others: Share of the server's CPU that somebody else took; None where nothing is pinned.
    """

    start: float
    rest: float
    loaded: float
    turns: int
    per_second: float
    cpu: float
    p50: float
    p99: float
    alone_turns: int
    alone_p50: float
    alone_p99: float
    driver: float
    others: float | None


class Run(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One contestant in one round: its figures, or why there are none; each kind of failed turn, counted."""

    contestant: str
    round: int
    measured: Measured | None = None
    broke: str = ""
    failed: dict[str, int] = {}


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """One start: seconds from the command, and MB at rest.

    Attributes:
        listening: Until a connection was taken.
        answered: Until the first request was answered.
        over: Until that turn's message had arrived as well.
        rest: MB of the process tree, a moment later.
        imports: Seconds of importing, in a start of its own in which Python wrote them down; slower by that.
    """

    contestant: str
    round: int
    listening: float
    answered: float
    over: float
    rest: float
    imports: float


class Report(msgspec.Struct, kw_only=True):
    """All of it.

    Attributes:
        date: The day.
        machine: What the figures depend on: the CPU, the versions.
        settings: How long, how many.
        labels: The contestants' names for people, in the order in which they are shown.
        missing: Contestants that were asked for and could not be made ready, and why.
        notes: What has to be said beside the figures.
        runs: Every run, raw.
        starts: Every start that was measured by itself.
    """

    date: str
    machine: dict[str, str]
    settings: dict[str, float]
    labels: dict[str, str]
    missing: dict[str, str] = {}
    notes: list[str] = []
    runs: list[Run] = []
    starts: list[Start] = []

    @classmethod
    def read(cls, file: Path) -> "Report":
        """A report that was kept."""
        return msgspec.json.decode(file.read_bytes(), type=cls)

    def keep(self, file: Path) -> None:
        """Write it down."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")

    def figures(self, contestant: str, figure: str) -> dict[int, float]:
        """One figure of a contestant's runs, by round; runs that broke have none."""
        return {
            each.round: getattr(each.measured, figure)
            for each in self.runs
            if each.contestant == contestant and each.measured is not None
        }

    def start_figures(self, contestant: str, figure: str) -> dict[int, float]:
        """One figure of a contestant's starts, by round."""
        return {each.round: getattr(each, figure) for each in self.starts if each.contestant == contestant}

    def median(self, contestant: str, figure: str) -> float | None:
        """Of the runs that came to their end; None when there is none."""
        known = self.figures(contestant, figure).values()
        return statistics.median(known) if known else None

    def failures(self, contestant: str) -> int:
        """Turns that failed, in all rounds."""
        return sum(sum(each.failed.values()) for each in self.runs if each.contestant == contestant)

    def broken(self) -> list[Run]:
        """Runs without figures."""
        return [each for each in self.runs if each.measured is None]


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """What is promised of two contestants.

    Attributes:
        words: What is compared, for people.
        ours, theirs: The contestants.
        figure: A figure of `Measured`, or of `Start` with `of_starts`.
        target: What the comparison should come to: at least, or with `at_most` at most.
        difference: Ours minus theirs; else ours divided by theirs.
    """

    words: str
    ours: str
    theirs: str
    figure: str
    target: float
    at_most: bool = False
    difference: bool = False
    of_starts: bool = False
    unit: str = "x"

    def compares(self, ours: float, theirs: float) -> float:
        """One round."""
        return ours - theirs if self.difference else ours / theirs


GOALS: Final = (
    Goal(
        words="turns/s, SQLite ÷ stock echo",
        ours="sqlite", theirs="stock", figure="per_second", target=80,
    ),
    Goal(
        words="turns/s, SQLite ÷ Agents SDK echo",
        ours="sqlite", theirs="agents", figure="per_second", target=4,
    ),
    Goal(
        words="turns/s, SQLite ÷ Node echo",
        ours="sqlite", theirs="node", figure="per_second", target=1.5,
    ),
    Goal(
        words="turns/s, SQLite ÷ fast floor",
        ours="sqlite", theirs="floor-fast", figure="per_second", target=0.4,
    ),
    Goal(
        words="turns/s, PostgreSQL ÷ SQLite",
        ours="postgres", theirs="sqlite", figure="per_second", target=0.6,
    ),
    Goal(
        words="p99 of one person alone, SQLite ÷ fast floor",
        ours="sqlite", theirs="floor-fast", figure="alone_p99", target=3, at_most=True,
    ),
    Goal(
        words="command to first message, SQLite ÷ stock echo",
        ours="sqlite", theirs="stock", figure="over", target=1.5, at_most=True, of_starts=True,
    ),
    Goal(
        words="memory at rest, SQLite − stock echo",
        ours="sqlite", theirs="stock", figure="rest", target=20, at_most=True, of_starts=True,
        difference=True, unit=" MB",
    ),
)  # fmt: skip


class Comparison(msgspec.Struct, frozen=True):
    """A goal, and what came of it: the median over the rounds, the smallest, the largest."""

    goal: Goal
    median: float
    low: float
    high: float
    rounds: int

    @property
    def met(self) -> bool:
        """Whether the median keeps the promise."""
        if self.goal.at_most:
            return self.median <= self.goal.target
        return self.median >= self.goal.target


def comparisons(report: Report) -> list[Comparison]:
    """What can be said of the goals: of those whose contestants have ended a round together."""
    found = []
    for goal in GOALS:
        figures = report.start_figures if goal.of_starts else report.figures
        ours, theirs = figures(goal.ours, goal.figure), figures(goal.theirs, goal.figure)
        values = [goal.compares(ours[each], theirs[each]) for each in sorted(ours.keys() & theirs.keys())]
        if values:
            found.append(Comparison(goal, statistics.median(values), min(values), max(values), len(values)))
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so many of the sorted values do not exceed."""
    return values[min(len(values) - 1, int(len(values) * share))]
