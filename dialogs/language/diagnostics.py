"""How a problem in the content is told: file:line:col, a code that never changes its meaning, a remedy.

The codes and what each is called are the table below; `content/CHECKS.md` shows for every one a bad example,
the exact message and the mending. A code is never reused for something else. This file must not know what
is checked, nor how files are read.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec
from rapidfuzz import fuzz, process


class Severity(StrEnum):
    """Errors keep content from release; warnings do not."""

    ERROR = "error"
    WARNING = "warning"


CODES: Final[Mapping[str, str]] = {
    # the file
    "G001": "the file cannot be read",
    "G002": "the file is too large",
    "G003": "the file is empty or not a list of keys",
    "G004": "a character that cannot be shown",
    "G005": "a line begins with a tab",
    "G006": "a colon in words without quotes",
    "G007": "words begin with a character that YAML keeps for itself",
    "G008": "the line does not fit",
    "G009": "an anchor, an alias or a tag",
    "G010": "several documents in one file",
    "G011": "the same key twice",
    "G012": "braces",
    "G013": "words lost after #",
    "G014": "too deeply nested",
    "G015": "a key that is not a word",
    "G016": "no place for this file",
    # its shape
    "G101": "unknown key",
    "G102": "missing key",
    "G103": "another shape expected",
    "G104": "not one of the possible values",
    "G105": "not a usable id",
    "G106": "a node does two things",
    "G107": "a node does nothing",
    "G108": "the name in the file and the name of the file differ",
    "G109": "not a usable pattern",
    "G110": "a key that has no effect here",
    "G111": "not an error code",
    "G112": "the same thing twice in a list",
    "G113": "nothing there",
    "G114": "too many nodes",
    # where things lead
    "G201": "unknown node",
    "G202": "unknown source step",
    "G203": "unknown fix",
    "G204": "unknown check",
    "G205": "unknown queue",
    "G206": "unknown outcome",
    "G207": "an outcome without a way of its own",
    "G208": "unknown subject of a condition",
    "G209": "a condition on something that does not lie before",
    "G210": "a value that the subject cannot have",
    "G211": "a circle",
    "G212": "a node nobody reaches",
    "G213": "no way to an end",
    "G214": "an answer that leads nowhere",
    "G215": "the last way has a condition",
    "G216": "a way after the one that takes everybody",
    "G217": "a source step that no node covers",
    "G218": "a path too long",
    "G219": "a way nobody can take",
    "G220": "too many situations to look at",
    # the words
    "G301": "a label too long for a button",
    "G302": "too many buttons",
    "G303": "click here",
    "G304": "an exclamation mark",
    "G305": "unknown placeholder",
    "G306": "something left to do",
    "G307": "a draft",
    "G308": "asks for a secret",
    # translations
    "G401": "a translation of nothing",
    "G402": "not translated",
    "G403": "the English changed since",
    "G404": "a translation of a text that is not there",
    "G405": "other placeholders than the English",
    # all files together
    "G501": "two guides claim one code",
    "G502": "two guides take any code",
    "G503": "a code that codes.yaml does not list",
    "G504": "a fix nobody uses",
    "G505": "a text of the bot is missing",
    "G506": "the same fix twice",
    "G507": "two guides have the same words",
}

DRAFT: Final = "G307"  # its guide is sound, and not for everybody yet
_SLIP: Final = 75.0  # of 100; "laptop" is no "app"
_WIDEST: Final = 160  # characters of a line that are shown


class Span(msgspec.Struct, frozen=True):
    """A place in a file. Lines and columns count from 1, in characters; `length` is on that one line."""

    line: int = 1
    col: int = 1
    length: int = 1


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """One problem. `suggestion` is the remedy, "" where the message already says it."""

    code: str
    severity: Severity
    path: str
    line: int
    col: int
    length: int
    message: str
    suggestion: str = ""

    def __str__(self) -> str:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        return f"{self.path}:{self.line}:{self.col}: {self.severity} {self.code}: {self.message}"

    @property
    def order(self) -> tuple[str, int, str, int, int, str, str]:
        """Sorts problems by file and position; a translation comes after what it translates."""
        stem, _, ending = self.path.partition(".")
        return (stem, ending.count("."), ending, self.line, self.col, self.code, self.message)


class Report:
    """Collects the problems of one file; reading goes on after each."""

    def __init__(self, path: str) -> None:
        """Begin with no problem in the file `path`."""
        self.path = path
        self.found: list[Diagnostic] = []

    def error(self, code: str, span: Span, message: str, suggestion: str = "") -> None:
        """Note a problem that must be mended before release."""
        self._add(Severity.ERROR, code, span, message, suggestion)

    def warning(self, code: str, span: Span, message: str, suggestion: str = "") -> None:
        """Note something that could be better."""
        self._add(Severity.WARNING, code, span, message, suggestion)

    def _add(self, severity: Severity, code: str, span: Span, message: str, suggestion: str) -> None:
        if code not in CODES:
            raise KeyError(f"diagnostic {code} is not in the table of codes")
        self.found.append(
            Diagnostic(
                code=code,
                severity=severity,
                path=self.path,
                line=span.line,
                col=span.col,
                length=span.length,
                message=message,
                suggestion=suggestion,
            )
        )

    @property
    def failed(self) -> bool:
        """Whether there is an error among what was found."""
        return any(each.severity is Severity.ERROR for each in self.found)


def unread(report: Report) -> bool:
    """Whether a part of the file could not be understood: then what it lacks is no news."""
    return any(
        each.severity is Severity.ERROR and each.code.startswith(("G0", "G1")) for each in report.found
    )


def suggest(word: str, known: Iterable[str]) -> str:
    """A question that is the mending: what `word` is a slip of, or all of `known` when they are few."""
    options = sorted(set(known))
    close = process.extractOne(word, options, scorer=fuzz.ratio, score_cutoff=60)
    few = 0 < len(options) <= 12
    if close and (not few or _is_slip(word, close[0])):
        return f'did you mean "{close[0]}"?'
    return "possible here: " + ", ".join(options) if few else ""


def _is_slip(word: str, known: str) -> bool:
    """Whether one is the other with a slip of the pen, in the part in which they differ."""
    here, there = word.rpartition("/"), known.rpartition("/")
    if here[0] == there[0]:
        word, known = here[2], there[2]
    begins = bool(word and known) and (word.startswith(known) or known.startswith(word))
    return begins or fuzz.ratio(word, known) >= _SLIP


def printed(diagnostic: Diagnostic, source: str) -> str:
    """The problem as a compiler prints it. `source` is the text of the file, "" when there is none."""
    lines = [str(diagnostic)]
    number = str(diagnostic.line)
    margin = " " * len(number)
    written = lines_of(source)
    if diagnostic.line <= len(written) and written[diagnostic.line - 1].strip():
        # a tab is one column in `col`; shown as one blank, the caret stays below its character
        line = "".join(c if c.isprintable() else " " for c in written[diagnostic.line - 1])
        column = diagnostic.col
        if len(line) > _WIDEST:  # a window around the place
            start = max(0, column - _WIDEST // 2)
            line, column = line[start : start + _WIDEST], column - start
        room = max(1, len(line) - column + 1)
        caret = " " * (column - 1) + "^" * max(1, min(diagnostic.length, room))
        lines += [f"{margin} |", f"{number} | {line}", f"{margin} | {caret}"]
    if diagnostic.suggestion:
        lines.append(f"{margin} = {diagnostic.suggestion}")
    return "\n".join(lines)


def lines_of(text: str) -> list[str]:
    """The lines of a file, broken where YAML breaks them, so that numbers agree with positions."""
    for other in ("\r\n", "\r", "\x85", "\u2028", "\u2029"):
        text = text.replace(other, "\n")
    return text.split("\n")
