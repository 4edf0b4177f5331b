"""Cuts secrets out of anything a person types or pastes, before it is stored, shown, sent or logged.

It knows shapes (`bot.redact_shapes`: tokens, keys, cookies, forms) and sentences (`bot.redact_phrases`: "my
password is ...", `bot.redact_codes`: "the code is ..."). It must not know who wrote the text or where it
goes. Everything runs in linear time. What a helpdesk needs stays: error codes, GUIDs, times.
"""

import re
from typing import NamedTuple

from bot.redact_codes import codes
from bot.redact_phrases import phrases
from bot.redact_shapes import shapes
from bot.redact_spans import Span, cut, folded

_ROUNDS = 6  # a secret may come to light when its neighbour is cut; two are the rule, more are made up
_SHORTENED = " … [shortened]"
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]{0,32}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)?|[@-_])")
_UNWANTED = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}\u200b\u2060\ufeff\ufff9-\ufffb]")
_INVISIBLE = dict.fromkeys((0xAD, 0x200B, 0x2060, 0xFEFF))


class Redacted(NamedTuple):
    """`text` without secrets; `removed` names the kinds that were cut, each once, in order of appearance.

    Kinds: password, token, cookie, code, key, saml, card, bank.
    """

    text: str
    removed: tuple[str, ...]


def _sentences(text: str) -> list[Span]:
    lower = folded(text)
    return [*phrases(text, lower), *codes(text, lower)]


_FINDERS = (shapes, _sentences)


def redact(text: str) -> Redacted:
    """`text` with every secret replaced by "[removed: kind]".

    Doing it twice changes nothing. Characters that cannot be seen are taken out first: they would hide a
    secret from us and not from the one who copies it.
    """
    text = text.translate(_INVISIBLE)
    removed: dict[str, None] = {}
    for _ in range(_ROUNDS):
        before = text
        for find in _FINDERS:
            text, kinds = cut(text, find(text))
            removed.update(dict.fromkeys(kinds))
        if text == before:
            break
    return Redacted(text, tuple(removed))


def clean(text: str, limit: int) -> str:
    """`text` fit to be shown: no control, escape or direction characters, at most `limit` characters.

    New lines and tabs stay. A text that was cut ends in " … [shortened]".
    """
    text = _ESCAPE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub("[\u2028\u2029\x85]", "\n", text)
    text = re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", _UNWANTED.sub("", text))
    if len(text) <= limit:
        return text
    return (text[: max(0, limit - len(_SHORTENED))] + _SHORTENED)[:limit]
