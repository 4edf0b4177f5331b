"""Figures as an operator or an author reads them in a terminal; every table fits 80 columns.

Must not know: where figures come from.
"""

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.figures import Fix, Group, Minutes, Statistics

_NOTES: Final = (
    "Counted are cases that were opened, and sessions that ended, since then; what became of them later"
    " counts too. A case belongs to the last code that came up. Minutes are by the clock on the wall: until"
    " somebody of the helpdesk took it, asked or closed it, and until it was closed last. Alone: solved"
    " without a case, of all sessions that ended; back: came back after that."
)


def shown(found: Statistics, *, console: Console | None = None) -> None:
    """Print all of it."""
    out = console or Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    since = _day(found.since) if found.since else "the beginning"
    about = f" of guide {found.guide}" if found.guide else ""
    out.print(Text(f"Cases and sessions{about} since {since}, as of {_day(found.until)} (UTC)", "bold"))
    if not found.total.opened and not found.total.sessions.ended:
        out.print("There are none.")
        return
    rows = [("all", found.total), *((each.name, each) for each in found.guides)]
    rows += [(f"AADSTS{each.name}", each) for each in found.codes]
    cases = [(name, each) for name, each in rows if each.opened]
    _table(
        out,
        "Cases",
        ("", "opened", "open", "resolved", "withdrawn", "reopened"),
        (
            (name, each.opened, each.open, each.resolved, each.withdrawn, each.reopened)
            for name, each in cases
        ),
    )
    _table(
        out,
        "Minutes: half, and 9 of 10, took no longer; n",
        ("", "to take", "9 of 10", "n", "to close", "9 of 10", "n"),
        ((name, *_minutes(each.claim), *_minutes(each.resolve)) for name, each in cases),
    )
    closed = [(name, each) for name, each in cases if each.resolved]
    _table(out, "Why they were closed", ("", "reasons"), ((n, _counted(each.reasons)) for n, each in closed))
    _table(out, "What ended them", ("", "fixes"), ((n, _counted(each.ended_by)) for n, each in closed))
    _table(
        out,
        "Ratings",
        ("", "n", "mean", "1", "2", "3", "4", "5"),
        (
            (name, each.ratings.number, _number(each.ratings.mean), *each.ratings.each)
            for name, each in cases
            if each.ratings.number
        ),
    )
    _table(
        out,
        "Sessions that ended",
        ("", "ended", "alone", "stopped", "handed over", "back"),
        (_sessions(name, each) for name, each in rows if each.sessions.ended),
    )
    _table(
        out,
        "Fixes that people tried",
        ("", "tried", "helped", "same", "other", "could not", "back", "ended a case"),
        map(_fix, found.fixes),
    )
    if found.never:
        _heading(out, "Tried, and never ended anything")
        out.print(Text(", ".join(found.never)))
    out.print(Text(f"\n{_NOTES}", "dim"))


def _heading(out: Console, title: str) -> None:
    out.print(Text(f"\n{title}", "bold"))


def _table(out: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> None:
    listed = [tuple(str(each) for each in row) for row in rows]
    if not listed:
        return
    _heading(out, title)
    drawn = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
    drawn.add_column(columns[0], overflow="fold", min_width=16)
    for name in columns[1:]:
        words = len(columns) == 2
        drawn.add_column(name, justify="left" if words else "right", overflow="fold")
    for row in listed:
        drawn.add_row(*(Text(each) for each in row))
    out.print(drawn)


def _minutes(took: Minutes) -> tuple[str, str, int]:
    return _number(took.median), _number(took.ninetieth), took.number


def _sessions(name: str, group: Group) -> tuple[str | int, ...]:
    found = group.sessions
    alone = f"{found.solved} ({100 * found.solved / found.ended:.0f} %)"
    return name, found.ended, alone, found.stopped, found.escalated, found.back


def _fix(fix: Fix) -> tuple[str | int, ...]:
    helped = f"{fix.helped} ({100 * fix.helped / fix.tried:.0f} %)" if fix.tried else "-"
    return fix.name, fix.tried, helped, fix.same, fix.other, fix.could_not, fix.back, fix.ended


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {times}" for name, times in counts.items())


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _day(at: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(at))
