"""Pieces of text to be cut, what must never be cut, and the cutting itself.

It must not know what a secret looks like: `bot.redact_shapes` and `bot.redact_phrases` find them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["password", "token", "cookie", "code", "key", "saml", "card", "bank"]

MARK = r"\[removed: (?:password|token|cookie|code|key|saml|card|bank)\]"
GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

_KEPT = re.compile(
    rf"(?:{MARK}|\W{{0,3}}(?:AADSTS\s?[0-9]{{5,7}}|{GUID}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T[0-9:.Z+\-]*)?"
    r"|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?|0x[0-9a-f]{4,16})\W{0,3})",
    re.IGNORECASE,
)


_PASSING = {0x130: "i", 0x131: "i", 0x17F: "s", 0x212A: "k"}
_MARK = re.compile(MARK)
_BROKEN = re.compile(r"\[removed:[^\]]{0,20}$")


class Span(NamedTuple):
    """The characters from `start` to before `end` are a secret of this kind."""

    start: int
    end: int
    kind: Kind


def folded(text: str) -> str:
    """In lower case as `re.IGNORECASE` sees it, as long as before: four letters pass for one within ASCII."""
    return text.lower() if text.isascii() else text.translate(_PASSING).lower()


def places(words: str) -> re.Pattern[str]:
    """Finds, in a folded text, where one of `words` (a pattern in lower case) may begin.

    Without `re.IGNORECASE` that takes a sixth of the time.
    """
    return re.compile(f"(?={words})")


def matches(
    pattern: re.Pattern[str], text: str, begin: re.Pattern[str], lower: str
) -> Iterator[re.Match[str]]:
    """What `pattern.finditer(text)` finds, which begins nowhere but at a place of `begin` in `lower`."""
    done = 0
    for place in begin.finditer(lower):
        if place.start() >= done and (match := pattern.match(text, place.start())):
            done = match.end()
            yield match


def kept(value: str) -> bool:
    """Whether `value` is something the helpdesk needs: an error code, a GUID, a time, or a mark of ours."""
    return _KEPT.fullmatch(value) is not None


def cut(text: str, spans: Iterable[Span]) -> tuple[str, list[Kind]]:
    """`text` with every span replaced by its mark, and the kinds in order. Overlapping spans share a mark."""
    parts: list[str] = []
    kinds: list[Kind] = []
    done = 0
    for start, end, kind in sorted(spans, key=lambda span: (span.start, -span.end)):
        if end <= done:
            continue
        if broken := _BROKEN.search(text, start, end):  # it ends inside a mark: take the mark whole
            whole = _MARK.match(text, broken.start())
            end = max(end, whole.end()) if whole else end  # noqa: PLW2901 - the same span, mended
        if start >= done:
            parts += (text[done:start], f"[removed: {kind}]")
            kinds.append(kind)
        done = end  # one that only overlaps makes the piece before it longer
    parts.append(text[done:])
    return "".join(parts), kinds
