"""Pieces of text to be cut, what must never be cut, and the cutting itself.

It must not know what a secret looks like: `bot.redact_shapes` and `bot.redact_phrases` find them.
"""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["password", "token", "cookie", "code", "key", "saml", "card", "bank"]

MARK = r"\[removed: (?:password|token|cookie|code|key|saml|card|bank)\]"
GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

_KEPT = re.compile(
    rf"(?:{MARK}|\W{{0,3}}(?:AADSTS\s?[0-9]{{5,7}}|{GUID}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T[0-9:.Z+\-]*)?"
    r"|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?|0x[0-9a-f]{4,16})\W{0,3})",
    re.IGNORECASE,
)


_MARK = re.compile(MARK)
_BROKEN = re.compile(r"\[removed:[^\]]{0,20}$")


class Span(NamedTuple):
    """The characters from `start` to before `end` are a secret of this kind."""

    start: int
    end: int
    kind: Kind


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
