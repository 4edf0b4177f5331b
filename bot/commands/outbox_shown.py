"""Outbox messages as an operator reads them in a terminal; the table fits 80 columns.

Must not know: where messages come from, what can be done with them.
"""

import sys
import time
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.outbox.entry import Entry
from bot.outbox.upkeep import Outcome

_COLOURS: Final = {"dead": "red", "parked": "yellow", "leased": "green", "ready": "", "done": "dim"}
_STATES: Final = {
    "dead": "given up; mend what is wrong, then: handrail outbox retry {id}",
    "parked": "its reader cannot be reached; it goes when they write again, or: handrail outbox retry {id}",
    "leased": "on its way at this moment",
    "ready": "waits; it goes by itself when it is due",
    "done": "over; nothing is left to do",
}
_REFUSED: Final = {
    "on its way": "is on its way at this moment; look again when it has arrived or failed",
    "done": "is over already",
    "changed": "has changed meanwhile; look at it again",
}
_KIND: Final = 14  # characters: the longest of our own
_SHORT: Final = 22  # characters of a conversation's name in the table


def table(entries: Sequence[Entry], *, cut: bool, console: Console | None = None) -> None:
    """Print a line or two for each message.

    Args:
        entries: Oldest first.
        cut: There may be more than these.
        console: Where to print; standard output by default.
    """
    out = console or _console()
    if not entries:
        out.print("Nothing waits that fits.")
        return
    now = time.time()
    drawn = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for name, side in (("Id", "right"), ("Kind", "left"), ("State", "left"), ("Tries", "right")):
        drawn.add_column(name, justify=side, no_wrap=True)  # type: ignore[arg-type]  # two of rich's words
    drawn.add_column("Since", no_wrap=True)
    drawn.add_column("Due", no_wrap=True)
    drawn.add_column("About, and what is wrong", overflow="fold")
    for each in entries:
        drawn.add_row(
            str(each.id),
            Text(_shortened(each.kind, _KIND)),
            Text(each.state, _COLOURS[each.state]),
            str(each.tries),
            _span(now - each.written_at),
            _due(each, now),
            Text("\n".join(filter(None, (_about(each), each.wrong)))),
        )
    out.print(drawn)
    some = f"\n{len(entries)} message{'s' if len(entries) > 1 else ''}."
    out.print(
        f"{some}{' There may be more: --limit.' if cut else ''} More about one: handrail outbox show ID"
    )


def whole(entry: Entry, *, console: Console | None = None) -> None:
    """Print everything about one message."""
    out = console or _console()
    now = time.time()
    rows = [
        ("state", f"{entry.state}: {_STATES[entry.state].format(id=entry.id)}"),
        ("wrong", entry.wrong),
        ("key", entry.key),
        ("conversation", entry.conversation),
        ("lane", entry.lane),
        *entry.facts.items(),
        ("written", f"{_moment(entry.written_at)} ({_span(now - entry.written_at)} ago)"),
        ("due", _due(entry, now) if entry.state == "ready" else ""),
        ("tries", f"{entry.tries} that count, {entry.attempts} in all"),
        ("receipt", entry.receipt),
        ("body", "" if entry.readable else "cannot be read by this version of Handrail"),
    ]
    out.print(Text(f"Message {entry.id}: {entry.kind}", "bold"))
    widest = max(len(name) for name, _ in rows)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(min_width=widest, style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        if value:
            grid.add_row(name, Text(value, _COLOURS[entry.state] if name == "state" else ""))
    out.print(grid)


def outcomes(done: Sequence[Outcome], *, console: Console | None = None) -> None:
    """Print what became of each request; what could not be goes to standard error."""
    out, trouble = console or _console(), console or _console(error=True)
    if not done:
        out.print("There is nothing to do: no message is dead.")
    for each in done:
        if each.result == "not found":
            not_there(each.name, console=console)
        elif each.result in _REFUSED:
            name = each.name
            trouble.print(f"{name} {_REFUSED[each.result]}: handrail outbox show {name}")
        elif each.entry is not None:
            goes = "after the one that has its lane" if each.entry.behind else "now"
            due = f" It is due {goes}." if each.result == "retried" else ""
            what = f"{_shortened(each.entry.kind, _KIND)}, {_about(each.entry)}"
            out.print(f"{each.result}: {each.entry.id} ({what}).{due}")


def not_there(name: str, *, console: Console | None = None) -> None:
    """Say that there is no such message."""
    out = console or _console(error=True)
    out.print(f"There is no message {name!r}. `handrail outbox list` shows those that wait.")


def _console(*, error: bool = False) -> Console:
    return Console(file=sys.stderr if error else sys.stdout, highlight=False, markup=False, emoji=False)


def _about(entry: Entry) -> str:
    """The case, or the end of the conversation's name, which tells it best from others."""
    return entry.facts.get("case") or _shortened(entry.conversation, _SHORT)


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"…{text[1 - limit :]}"


def _due(entry: Entry, now: float) -> str:
    if entry.behind:
        return "in turn"
    if entry.due is None:
        return "-"
    return "now" if entry.due <= now else f"in {_span(entry.due - now)}"


def _span(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))
