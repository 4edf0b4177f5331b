"""The page of figures: what ended cases, what people solved alone, which fixes help. Plain tables, no script.

It must not know how figures are added up, nor who may see them.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec
from aiohttp import web
from babel.numbers import format_decimal, format_percent

from bot.cards.ended_by import fix_name
from bot.cards.speech import Speaker
from bot.errors import StoreUnavailable
from bot.figures import ELSE, NOT_SAID, Fix, Group, Minutes, Sentence, Statistics
from bot.statistics import gather
from bot.store.history import History
from bot.web.frame import Frame
from bot.web.spoken import locale_of
from dialogs.ended_by import SOMETHING_ELSE
from dialogs.library import Library
from dialogs.text import Text

DAYS: Final = (30, 90, 180, 365, 0)  # that can be looked at; 0 is all there are
_USUAL: Final = 90
NONE: Final = "\N{EN DASH}"  # where there is no figure
_DAY: Final = 86_400  # seconds


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table, in words. The first of `columns` stands above the names of the rows.

    `worded`: its cells are words and no figures.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    worded: bool = False


class StatisticsPage:
    """The page at `/helpdesk/statistics`."""

    def __init__(self, *, history: History, frame: Frame, now: Callable[[], int]) -> None:
        """Put the parts together.

        Args:
            history: Read for the figures.
            frame: Renders the page.
            now: Seconds since 1970, UTC.
        """
        self._history = history
        self._frame = frame
        self._now = now
        self._one = asyncio.Lock()  # reading much at once serves nobody sooner

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET `/helpdesk/statistics?days=90&guide=`; what is not understood there is left out."""
        library, speaker, now = self._frame.library(), self._frame.speaker(), self._now()
        days = next((each for each in DAYS if str(each) == request.query.get("days")), _USUAL)
        guide = request.query.get("guide", "")
        guide = guide if guide in library.guides else ""
        try:
            async with self._one:
                found, sentences = await gather(
                    self._history, since=now - days * _DAY if days else 0, until=now, guide=guide
                )
        except StoreUnavailable:
            return self._frame.away(request)
        context = {
            "days": days,
            "choices": [(each, _days(each, speaker)) for each in DAYS],
            "guide": guide,
            "guides": sorted((_guide(each, library, speaker), each) for each in library.guides),
            "until": speaker.time(found.until),
            "empty": not found.total.opened and not found.total.sessions.ended,
            "tables": [each for each in tables(found, library, speaker) if each.rows],
            "never": [fix_name(each, speaker) for each in found.never],
            "sentences": [_said(each, speaker) for each in sentences],
        }
        return self._frame.page(request, "statistics.html", context)


def tables(found: Statistics, library: Library, speaker: Speaker) -> Iterable[Table]:
    """Everything that is counted, in the reader's language."""
    say, figure = _Figures(speaker), _Figures(speaker).number
    rows = [(speaker.key("board/figures/all"), found.total)]
    rows += [(_guide(each.name, library, speaker), each) for each in found.guides]
    rows += [(f"AADSTS{each.name}", each) for each in found.codes]
    opened = [each for each in rows if each[1].opened]
    closed = [each for each in rows if each[1].resolved]
    yield say.table(
        "cases",
        ("group", "opened", "open", "resolved", "withdrawn", "reopened"),
        [
            (name, *map(figure, (each.opened, each.open, each.resolved, each.withdrawn, each.reopened)))
            for name, each in opened
        ],
    )
    yield say.table(
        "times",
        ("group", "claim", "ninetieth", "number", "resolve", "ninetieth", "number"),
        [(name, *say.minutes(each.claim), *say.minutes(each.resolve)) for name, each in opened],
    )
    yield say.table(
        "reasons",
        ("group", "reasons"),
        [(name, say.counted(each.reasons, _reason)) for name, each in closed],
        worded=True,
    )
    yield say.table(
        "endings",
        ("group", "ended-by"),
        [(name, say.counted(each.ended_by, _ended_by)) for name, each in closed],
        worded=True,
    )
    yield say.table(
        "sessions",
        ("group", "ended", "alone", "stopped", "handed", "back"),
        [say.sessions(name, each) for name, each in rows if each.sessions.ended],
    )
    yield say.table(
        "fixes",
        ("fix", "tried", "helped", "same", "other", "could-not", "back", "ended-case"),
        [say.fix(each) for each in found.fixes],
    )
    yield say.table(
        "ratings",
        ("group", "number", "mean", "1", "2", "3", "4", "5"),
        [
            (name, figure(each.ratings.number), figure(each.ratings.mean), *map(figure, each.ratings.each))
            for name, each in rows
            if each.ratings.number
        ],
    )


class _Figures:
    """Figures as the reader writes them."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._locale = locale_of(speaker.language)

    def table(
        self, name: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]], *, worded: bool = False
    ) -> Table:
        titles = (
            each if each.isdecimal() else self._speaker.key(f"board/figures/{each}") for each in columns
        )
        return Table(name=name, columns=tuple(titles), rows=tuple(rows), worded=worded)

    def number(self, value: float | None) -> str:
        return NONE if value is None else str(format_decimal(value, locale=self._locale))

    def share(self, part: int, of: int) -> str:
        """A part with what it is a part of: a percentage alone says nothing."""
        if not of:
            return NONE
        percent = str(format_percent(part / of, locale=self._locale))
        return self._speaker.key(
            "board/figures/share", part=self.number(part), of=self.number(of), percent=percent
        )

    def minutes(self, took: Minutes) -> tuple[str, str, str]:
        return self.number(took.median), self.number(took.ninetieth), self.number(took.number)

    def counted(self, counts: Mapping[str, int], named: Callable[[str, Speaker], str]) -> str:
        return " · ".join(f"{named(each, self._speaker)}: {self.number(n)}" for each, n in counts.items())

    def sessions(self, name: str, group: Group) -> tuple[str, ...]:
        found = group.sessions
        rest = map(self.number, (found.stopped, found.escalated, found.back))
        return name, self.number(found.ended), self.share(found.solved, found.ended), *rest

    def fix(self, fix: Fix) -> tuple[str, ...]:
        rest = map(self.number, (fix.same, fix.other, fix.could_not, fix.back, fix.ended))
        name = fix_name(fix.name, self._speaker)
        return name, self.number(fix.tried), self.share(fix.helped, fix.tried), *rest


def _days(days: int, speaker: Speaker) -> str:
    return speaker.key("board/figures/days", days=str(days)) if days else speaker.key("board/figures/ever")


def _guide(name: str, library: Library, speaker: Speaker) -> str:
    guide = library.guides.get(name)
    return speaker.line(Text(guide.title)) if guide is not None else speaker.line(name)


def _reason(reason: str, speaker: Speaker) -> str:
    key = f"card/reason/{'none' if reason == NOT_SAID else reason}"
    return speaker.key(key) if speaker.has(key) else speaker.line(reason)


def _ended_by(fix: str, speaker: Speaker) -> str:
    if fix == NOT_SAID:
        return speaker.key("card/reason/none")
    return fix_name(SOMETHING_ELSE if fix == ELSE else fix, speaker)


def _said(sentence: Sentence, speaker: Speaker) -> dict[str, str]:
    return {
        "at": speaker.time(sentence.at),
        "number": sentence.number,
        "score": str(sentence.score or NONE),
        "words": speaker.line(sentence.words),
    }
