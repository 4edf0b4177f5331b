"""A text in the words of one reader: their language, their lists, their times.

The author's own Markdown survives in `Speaker.markdown`; everything that came from outside (every string
argument) is made harmless by `bot.cards.escape`. Must not know: cards, prompts, cases.
"""

import datetime as dt
import functools
import re
from collections.abc import Callable, Iterable
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list

from bot.cards import escape
from dialogs.library import SOURCE_LANGUAGE, Library
from dialogs.text import Argument, Text

_PLACE: Final = re.compile(r"\{\{|\}\}|\{(\w+)\}")
_BOLD: Final = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_LINK: Final = re.compile(r"\[([^\]]+)\]\((https://[^)\s]+)\)")
_BARE_LINK: Final = re.compile(r"(?<![(\[])https://[^\s()<>\[\]{}]*[\w/]")
_ITEM: Final = re.compile(r"\s*([-*]|\d+[.)])\s")
# Languages and scripts, from CLDR. Babel has them too (a test compares), but reads four megabytes for it.
_RIGHT_TO_LEFT: Final = frozenset(
    ("ar", "apc", "bal", "bgn", "ckb", "dv", "fa", "he", "ks", "lrc", "mzn", "nqo", "ps", "rhg", "sd", "sdh",
     "skr", "syr", "trw", "ug", "ur", "yi", "Adlm", "Arab", "Nkoo", "Rohg")
)  # fmt: skip
_LONGEST: Final = 8000
_TEMPLATES: Final = 4096  # of the author's texts are remembered without, or with, their Markdown


class Speaker:
    """Says texts to one reader.

    Attributes:
        language: The language asked for, as a BCP 47 tag.
        limit: The most characters of one text.
        right_to_left: Whether that language is written from right to left.
    """

    def __init__(self, library: Library, language: str, zone: str = "", *, limit: int = _LONGEST) -> None:
        """Prepare to speak.

        Args:
            library: Where the words are.
            language: The reader's language; what it lacks is said in the source language.
            zone: The reader's IANA time zone. Unknown or empty: times are in UTC, and say so.
            limit: The most characters of one text; longer ones are cut with a visible mark.
        """
        self.language = language
        self._library = library
        self._locale = _locale(language)
        self._zone_name = zone
        self._zone = _zone(zone)
        self.limit = limit
        # the script where the tag names one, else the language
        self.right_to_left = (self._locale.script or self._locale.language) in _RIGHT_TO_LEFT

    def limited(self, limit: int) -> "Speaker":
        """The same speaker, for texts of at most `limit` characters."""
        return Speaker(self._library, self.language, self._zone_name, limit=limit)

    def has(self, key: str) -> bool:
        """Whether there are words for `key`."""
        return self._library.has(key)

    def say(self, text: Text | str) -> str:
        """Plain words: no Markdown, neither the author's nor anybody else's. A string is one line of data."""
        if isinstance(text, Text) and not text.args:
            return escape.cut(_plain(self._library.words(text.key, self.language)), self.limit)
        return escape.cut(self._resolve(text, escape.line, _unmarked, "").strip(), self.limit)

    def line(self, text: Text | str) -> str:
        """The same on one line."""
        return escape.line(self.say(text))

    def label(self, text: Text | str) -> str:
        """Plain words for the title of a choice, where some clients read Markdown and some do not."""
        return escape.cut(self._resolve(text, escape.title, _unmarked, "").strip(), self.limit)

    def markdown(self, text: Text | str) -> str:
        """Words for a TextBlock: the author's bold, lists and links live, nobody else's do."""
        if isinstance(text, Text) and not text.args:
            said = _marked(self._library.words(text.key, self.language))
        else:
            said = _paragraphs(self._resolve(text, escape.markdown, _linked, "…"))
        if len(said) <= self.limit:
            return said
        return escape.markdown(escape.cut(self._resolve(text, escape.line, _unmarked, ""), self.limit))

    def key(self, key: str, **data: Argument) -> str:
        """Plain words of `key`: shorthand for `say(Text(key, data))`."""
        return self.say(Text(key, data))

    def time(self, seconds: int, *, near: int | None = None) -> str:
        """A moment in the reader's zone; only the hour when it is on the same day as `near`.

        Args:
            seconds: Since 1970, UTC.
            near: Another moment that the reader has just read in full.
        """
        moment = dt.datetime.fromtimestamp(seconds, self._zone or dt.UTC)
        said = format_time(moment, "short", locale=self._locale)
        if near is None or moment.date() != dt.datetime.fromtimestamp(near, moment.tzinfo).date():
            said = f"{format_date(moment, 'medium', locale=self._locale)}, {said}"
        return (said if self._zone else f"{said} UTC").replace("\u202f", " ")

    def day(self, iso: str) -> str:
        """A date written 2026-11-22 as the reader writes it; anything else as it stands."""
        try:
            return format_skeleton("yMMMEd", dt.date.fromisoformat(iso), locale=self._locale)
        except ValueError:
            return escape.line(iso)

    def listed(self, items: Iterable[str]) -> str:
        """Items as the language lists them: "a, b and c"."""
        return str(format_list(list(items), locale=self._locale))

    def language_name(self, language: str) -> str:
        """The name of another language in this one: "German"; an unknown tag as it stands."""
        try:
            named = Locale.parse(language, sep="-").get_language_name(self._locale)
        except (ValueError, UnknownLocaleError):
            named = None
        return named or escape.line(language)

    def _resolve(
        self, text: Text | str, data: Callable[[str], str], author: Callable[[str], str], empty: str
    ) -> str:
        if isinstance(text, str):
            return data(escape.cut(text, self.limit))
        template = author(self._library.words(text.key, self.language))

        def fill(place: re.Match[str]) -> str:
            name = place[1]
            if name is None:
                return place[0][0]
            if name not in text.args:
                return place[0]
            return self._argument(name, text.args[name], data, author, empty) or empty

        return _PLACE.sub(fill, template)

    def _argument(
        self,
        name: str,
        value: Argument,
        data: Callable[[str], str],
        author: Callable[[str], str],
        empty: str,
    ) -> str:
        if isinstance(value, tuple):
            return self.listed(self._resolve(each, data, author, empty) for each in value)
        if isinstance(value, str) and (name == "at" or name.endswith("_at")):
            try:
                return data(self.time(int(value)))
            except (ValueError, OverflowError, OSError):
                return data(escape.cut(value, self.limit))
        return self._resolve(value, data, author, empty)


@functools.lru_cache(maxsize=256)
def _locale(language: str) -> Locale:
    """The locale of a language tag, of its first part, or of the source language."""
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (ValueError, UnknownLocaleError, TypeError):
            continue
    return Locale.parse(SOURCE_LANGUAGE)


@functools.lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@functools.lru_cache(maxsize=_TEMPLATES)
def _plain(template: str) -> str:
    """Plain words of a text that nothing is filled into."""
    return _without_places(_unmarked(template)).strip()


@functools.lru_cache(maxsize=_TEMPLATES)
def _marked(template: str) -> str:
    """A TextBlock's words of a text that nothing is filled into."""
    return _paragraphs(_without_places(_linked(template)))


def _without_places(template: str) -> str:
    return _PLACE.sub(lambda place: place[0] if place[1] else place[0][0], template)


@functools.lru_cache(maxsize=_TEMPLATES)
def _unmarked(template: str) -> str:
    """The author's text without its Markdown; a link shows where it leads."""
    return _LINK.sub(r"\1 (\2)", _BOLD.sub(r"\1", template.strip()))


@functools.lru_cache(maxsize=_TEMPLATES)
def _linked(template: str) -> str:
    """The author's text with bare addresses as links; Teams makes none of its own."""
    return _BARE_LINK.sub(r"[\g<0>](\g<0>)", template.strip())


def _paragraphs(said: str) -> str:
    """An author's new line is a new line: paragraphs stand apart, items of a list together."""
    lines = [each.strip() for each in said.split("\n") if each.strip()]
    joined = ""
    for before, each in zip(["", *lines], lines, strict=False):
        both_items = _ITEM.match(before) and _ITEM.match(each)
        joined += (("\n" if both_items else "\n\n") if joined else "") + each
    return joined
