"""The benchmark's command: `make bench`, `python -m tests.bench`. README.md says what is measured.

It lets measure what is asked for, keeps the figures after each run, and shows them.
Must not know: how to measure.
"""

import argparse
import datetime as dt
import os
import platform
import sqlite3
import ssl
import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Final

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench.certificates import made_in
from tests.bench.picture import picture
from tests.bench.results import Goal, Report, Run, comparisons
from tests.bench.rounds import Pace, contestants, rounds
from tests.bench.start import Place, starts

_KEPT: Final = Path(__file__).parents[2] / "var" / "bench"
_STARTED: Final = ("sqlite", "stock")
_QUICK: Final = ("sqlite", "floor-fast")
_LIBRARIES: Final = (
    "aiohttp", "asyncpg", "botbuilder-core", "cryptography", "msal", "msgspec", "PyJWT", "uvloop",
)  # fmt: skip
_FIGURES: Final = (  # of `Measured`, their decimal places, and what people read
    ("per_second", 1, "turns/s"), ("cpu", 2, "CPU ms"), ("p50", 1, "p50 ms"), ("p99", 1, "p99 ms"),
    ("alone_p50", 2, "alone p50"), ("alone_p99", 2, "alone p99"), ("start", 2, "start s"),
    ("rest", 0, "rest MB"), ("loaded", 0, "after MB"),
)  # fmt: skip
_HEADS: Final = (*(words for _, _, words in _FIGURES), "failed")
_COMPARED: Final = ("", "median", "smallest to largest", "target", "")
_WIDE: Final = 150  # columns that the table takes
_BUSY: Final = 0.7  # share of a CPU from which on the driver may be what is measured
_DISTURBED: Final = 0.1  # share of the server's CPU that somebody else took


def main() -> int:
    """Measure, or show what was measured."""
    given = _arguments()
    into: Path = given.into or _KEPT / ("quick.json" if given.quick else "results.json")
    if given.picture or given.markdown:
        report = Report.read(into)
        if given.picture:
            given.picture.write_text(picture(report), "utf-8")
        if given.markdown:
            print("\n".join(_markdown(report)))
        return 0
    report = _measured(given, into)
    _show(report)
    return 1 if report.broken() or report.missing else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Measure Handrail and its peers."
    )
    add = parser.add_argument
    add("--only", nargs="+", metavar="NAME", help="these contestants")
    add("--rounds", type=int, default=5)
    add("--seconds", type=float, default=Pace().seconds, help="how long a crowd is measured")
    add("--people", type=int, default=Pace().people, help="in the crowd")
    add("--starts", type=int, default=9, help="how often the start is measured by itself; 0: not at all")
    add("--seed", type=int, default=1, help="of the order inside the rounds")
    add("--into", type=Path, help="the file of the results; else var/bench/results.json")
    add("--quick", action="store_true", help="one short round of Handrail on SQLite and the fast floor")
    add(
        "--picture",
        type=Path,
        metavar="FILE",
        help="draw the results that are there, as SVG; measure nothing",
    )
    add("--markdown", action="store_true", help="print the results that are there; measure nothing")
    return parser.parse_args()


def _measured(given: argparse.Namespace, into: Path) -> Report:
    pace = Pace(people=given.people, seconds=given.seconds)
    count, times = given.rounds, given.starts
    only: Sequence[str] | None = given.only
    if given.quick:
        pace, count, times, only = (
            Pace(people=8, rest=0.1, warm=0.3, seconds=1, alone=0.5),
            1,
            0,
            only or _QUICK,
        )
    mine = sorted(os.sched_getaffinity(0))
    cpus = (mine[0], mine[1]) if len(mine) > 1 else None
    _KEPT.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir=_KEPT)))
        place = Place(certificates=made_in(folder / "tls"), folder=folder, cpus=cpus)
        chosen, missing = contestants(stack, only)
        report = Report(
            date=dt.datetime.now(dt.UTC).date().isoformat(), machine=_machine(), missing=missing,
            settings={**msgspec.to_builtins(pace), "rounds": count, "seed": given.seed},
            labels={each.name: each.label for each in chosen},
            notes=[_where(cpus)],
        )  # fmt: skip
        if cpus:  # PostgreSQL, started from here, inherits it
            os.sched_setaffinity(0, {cpus[1]})
        for run in rounds(chosen, place, pace, count, given.seed):
            report.runs.append(run)
            report.keep(into)
            print(_line(report, run), flush=True)
        for start in starts([each for each in chosen if each.name in _STARTED], place, times, given.seed):
            report.starts.append(start)
            print(
                f"start {start.round}  {start.contestant:10} {start.over:.2f} s to the first message",
                flush=True,
            )
        report.keep(into)
    return report


def _where(cpus: tuple[int, int] | None) -> str:
    if cpus is None:
        return (
            "One CPU for all: nothing is pinned, and the driver's work is in every figure but CPU per turn."
        )
    return f"Server on CPU {cpus[0]}; people, played cloud and PostgreSQL together on CPU {cpus[1]}."


def _machine() -> dict[str, str]:
    """What the figures depend on; nothing that says whose machine it is."""
    cpu = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), platform.machine(),
    )  # fmt: skip
    return {
        "CPU": f"{cpu}, {os.cpu_count()} of them",
        "Linux": platform.release().partition("-")[0],
        "Python": platform.python_version(),
        "OpenSSL": ssl.OPENSSL_VERSION.split()[1],
        "SQLite": f"{sqlite3.sqlite_version} on {_file_system(_KEPT)}",
        "PostgreSQL's disk": _file_system(Path(gettempdir())),
        **{each: version(each) for each in _LIBRARIES},
    }


def _file_system(path: Path) -> str:
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    return max((where, kind) for where, kind in mounts if path.resolve().is_relative_to(where))[1]


# ---- what is shown


def _line(report: Report, run: Run) -> str:
    begin = f"round {run.round}  {report.labels[run.contestant]:24}"
    failed = f"  FAILED {run.failed}" if run.failed else ""
    if run.measured is None:
        return f"{begin} BROKE: {run.broke}{failed}"
    found = run.measured
    return (
        f"{begin} {found.per_second:8,.1f} turns/s  {found.cpu:7.3f} ms CPU  p99 {found.p99:7.1f} ms"
        f"  driver {found.driver:.0%}{failed}"
    )


def _show(report: Report) -> None:
    console = Console(width=max(Console().width, _WIDE))
    title = f"Medians; people {report.settings['people']:.0f}, rounds {report.settings['rounds']:.0f}"
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    table.add_column("", no_wrap=True)
    for head in _HEADS:
        table.add_column(head, justify="right")
    for row in _rows(report):
        table.add_row(*row)
    console.print(table)
    table = Table(title="Within a round: ours against theirs", title_justify="left", box=box.SIMPLE)
    for head in _COMPARED:
        table.add_column(head)
    for row in _compared(report):
        table.add_row(*row)
    if table.row_count:
        console.print(table)
    for said in (*report.notes, *_warnings(report), *_started(report)):
        console.print(said, highlight=False)


def _markdown(report: Report) -> Iterator[str]:
    yield f"| {' | '.join(('', *_HEADS))} |"
    yield f"|---|{'---:|' * len(_HEADS)}"
    yield from (f"| {' | '.join(row)} |" for row in _rows(report))
    yield ""
    yield f"| {' | '.join(_COMPARED)} |"
    yield "|---|---:|---:|---:|---|"
    yield from (f"| {' | '.join(row)} |" for row in _compared(report))
    yield ""
    yield f"- {report.date}. {', '.join(f'{key} {value}' for key, value in report.machine.items())}."
    yield from (f"- {said}" for said in (*report.notes, *_warnings(report), *_started(report)))


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    """One a contestant: its name, and what stands below `_HEADS`."""
    for name, label in report.labels.items():
        cells = (_cell(report.median(name, figure), places) for figure, places, _ in _FIGURES)
        failures = report.failures(name)
        broken = sum(each.contestant == name for each in report.broken())
        marks = [f"{failures} turns" if failures else "", f"{broken} runs" if broken else ""]
        yield (label, *cells, " and ".join(filter(None, marks)) or "0")


def _cell(value: float | None, places: int) -> str:
    if value is None:
        return "–"
    return f"{value:,.{0 if value >= 1000 else places}f}"


def _compared(report: Report) -> Iterator[tuple[str, ...]]:
    """One a goal that can be spoken of: what stands below `_COMPARED`."""
    for each in comparisons(report):
        goal = each.goal
        yield (
            goal.words,
            _amount(each.median, goal),
            f"{_amount(each.low, goal)} to {_amount(each.high, goal)}",
            f"{'at most' if goal.at_most else 'at least'} {goal.target:g}{goal.unit}",
            "met" if each.met else "missed",
        )


def _amount(value: float, goal: Goal) -> str:
    return f"{value:.3g}{goal.unit}"


def _started(report: Report) -> Iterator[str]:
    for name in _STARTED:
        values = [
            statistics.median(known)
            for figure in ("listening", "answered", "over", "imports", "rest")
            if (known := report.start_figures(name, figure).values())
        ]
        if values:
            listening, answered, over, imports, rest = values
            yield (
                f"Start of {report.labels[name]}: takes connections after {listening:.2f} s, has answered "
                f"the first request after {answered:.2f} s, its message is there after {over:.2f} s; imports "
                f"in a start of their own, slowed by timing, {imports:.2f} s; {rest:.0f} MB at rest."
            )


def _warnings(report: Report) -> Iterator[str]:
    """What makes figures doubtful."""
    for name, why in report.missing.items():
        yield f"Not measured: {name}, {why}"
    for run in report.runs:
        if run.failed:
            yield f"Failed turns: {report.labels[run.contestant]}, round {run.round}: {run.failed}"
        if run.measured is None:
            yield f"No figures: {report.labels[run.contestant]}, round {run.round}: {run.broke}"
    for name, label in report.labels.items():
        driver, others = report.median(name, "driver"), report.median(name, "others")
        if driver is not None and driver > _BUSY:
            yield f"Warning: the people and the cloud took {driver:.0%} of a CPU; {label} may be faster."
        if others is not None and others > _DISTURBED:
            yield f"Warning: somebody else took {others:.0%} of the CPU of {label}; measure in peace."


if __name__ == "__main__":
    raise SystemExit(main())
