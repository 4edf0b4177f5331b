"""How words read: short enough for a button, plain, with placeholders the bot can fill, never after a secret.

It looks at one line of words and must not know what node it belongs to.
"""

import re
import string
from collections.abc import Iterable
from typing import Final

from dialogs.language.diagnostics import Report, Span, lines_of, suggest
from dialogs.language.parts import Line

BUTTON: Final = 40  # characters; longer labels are cut on a phone
TICK: Final = 80  # characters; a line of a list may wrap once
GUIDE_PLACES: Final = frozenset({"code", "meaning"})

_CLICK_HERE = re.compile(r"\bclick here\b|\bhier klicken\b|\bklicken? (sie )?hier\b", re.IGNORECASE)
_TODO = re.compile(r"\b(TODO|FIXME)\b")
_PLACE = re.compile(r"[a-z][a-z_]*")

# What a support bot never asks for, in English and German. A bare "code" is none: people type error codes.
_PHRASES = (
    r"passwords?|passwort|passwörter|kennwort|kennwörter|passcode|pins?|passphrase",
    r"one[- ]time (?:pass)?(?:codes?|passwords?)|einmal(?:code|kennwort|passwort)s?",
    r"(?:verification|security|confirmation|sign-in|sms|text message|recovery|backup) codes?",
    r"(?:bestätigungs|sicherheits|wiederherstellungs|anmelde|sms-)codes?",
    r"recovery key|wiederherstellungsschlüssel",
    r"code you (?:got|received|were sent)",
    r"code (?:from|in) (?:your|the) (?:app|authenticator|phone|sms|text|e?-?mail)",
    r"code (?:aus|von) (?:der|deiner|ihrer|dem|deinem|ihrem) (?:app|sms|handy|nachricht|e?-?mail)",
    r"code,? den (?:du|sie) (?:bekommen|erhalten)",
    r"number you see",
    r"number (?:that is )?(?:shown )?(?:on|in) (?:your|the) (?:screen|phone|app|authenticator)",
    r"(?:zahl|nummer),? (?:die (?:du|sie)|auf dem bildschirm|in der app|aus der app)",
)
_FORBIDDEN = "|".join(_PHRASES)
# Telling us, wherever; typing it, unless somewhere that is named and is not here.
_TELL = (
    r"tell (?:me|us)|send|share|paste|post|reply with|answer with|give (?:me|us)|write|what(?:'s| is| was)"
    r"|nenne?|schicke?|sende|teile?|gib mir|geben sie mir|schreibe?|wie lautet|was ist|antworte"
)
_TYPE = r"type|enter|put in|provide|confirm|tippe?|gib|geben sie"
_ASKS = re.compile(rf"\b(?:{_TELL})\b[^.?:;]{{0,60}}?\b(?:{_FORBIDDEN})\b", re.IGNORECASE)
_TYPES = re.compile(rf"\b(?:{_TYPE})\b[^.?:;]{{0,60}}?\b(?:{_FORBIDDEN})\b(?P<rest>[^.?;]*)", re.IGNORECASE)
_THERE = re.compile(
    r"\b(?:in|into|on|at|auf|im|in der|beim|bei)\b(?! (?:this chat|here|diesem chat|den chat))", re.IGNORECASE
)
_HERE = re.compile(r"\b(?:here|below|this chat|hier|unten|diesem chat|den chat)\b", re.IGNORECASE)
_NEVER = re.compile(
    r"\b(?:never|not|no|nobody|don't|doesn't|won't|nie|niemals|nicht|kein\w*|niemand\w*)\b", re.IGNORECASE
)


def places_in(text: str) -> tuple[frozenset[str], str]:
    """The placeholders of a text, and what is wrong with its braces ("" when nothing is)."""
    found: set[str] = set()
    try:
        for _, name, form, conversion in string.Formatter().parse(text):
            if name is None:
                continue
            if not _PLACE.fullmatch(name) or form or conversion:
                return frozenset(found), f"{{{name}}} is no placeholder"
            found.add(name)
    except ValueError:
        return frozenset(found), "a brace stands alone"
    return frozenset(found), ""


def check_line(report: Report, line: Line, allowed: frozenset[str] | None) -> None:
    """Complain about one text. `allowed`: the placeholders it may have; None means any."""
    text, span = line.text, line.span
    limit = {"button": BUTTON, "tick": TICK}.get(line.kind, 0)
    if limit and len(text) > limit:
        report.error(
            "G301", span, f"the label has {len(text)} characters; {limit} fit", "say it in fewer words"
        )
    if _CLICK_HERE.search(text):
        report.warning("G303", span, '"click here" says nothing by itself', "name what is pressed")
    if "!" in text:
        report.warning("G304", span, "an exclamation mark sounds like shouting", "use a full stop")
    found, trouble = places_in(text)
    if trouble:
        report.error(
            "G305", span, trouble, 'placeholders look like {code}; a brace of its own is written twice: "{{"'
        )
    for name in sorted(found - allowed) if allowed is not None else ():
        report.error("G305", span, f"the bot cannot fill {{{name}}} here", suggest(name, allowed or ()))
    if secret := _asked_for(text):
        report.error(
            "G308",
            span,
            f'this asks for a secret: "{secret}"',
            "never ask for a password, a code or the number on a screen; say where it belongs instead",
        )


def _asked_for(text: str) -> str:
    """The words that ask for a secret, "" when none do. A sentence that says "never" does not."""
    for sentence in re.split(r"(?<=[.?!:])\s+|\n", text):
        asks = _ASKS.search(sentence)
        types = _TYPES.search(sentence)
        if types and _THERE.search(types["rest"]) and not _HERE.search(types["rest"]):
            types = None  # typed where it belongs, on a page or in an app that the text names
        found = asks or types
        if found and not _NEVER.search(sentence[: found.end()]):
            return " ".join(found.group().split())[:60]
    return ""


def check_left_over(report: Report, text: str, *, draft: bool) -> None:
    """Complain about what the author wanted to do later, in words and in comments alike."""
    for number, line in enumerate(lines_of(text), 1):
        if found := _TODO.search(line):
            note = report.warning if draft else report.error
            note(
                "G306",
                Span(number, found.start() + 1, len(found.group())),
                "something is left to do here",
                "do it",
            )


def check_lines(report: Report, lines: Iterable[Line], allowed: frozenset[str] | None) -> None:
    """Complain about each of these texts."""
    for line in lines:
        check_line(report, line, allowed)
