"""YAML text to a plain tree with the position of every key and value. The only file that imports yaml.

The tree is built from YAML's events and not from its values: every scalar stays the text that was written
(`yes` is not True), and what YAML does silently (a key that wins over its twin, words lost after `#`,
braces that split a sentence) becomes a problem with a position. It must not know what any key means.
"""

import re
from typing import Any, Final, TypeAlias, Union

import msgspec
import yaml

from dialogs.language.diagnostics import Diagnostic, Report, Span, lines_of

LARGEST: Final = 1_000_000  # characters in a file; the longest list of codes has a tenth of that
DEEPEST: Final = 20  # levels; a guide has nine

# libyaml where PyYAML was built with it: ten times faster, same events
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What YAML allows, from its specification 1.1, section 5.1; a byte order mark only at the beginning.
_ODD = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_KEY: Final = re.compile(r"\s*(?:- )?[\w-]+")  # before a colon: a key, and no sentence
_OF_A_CHOICE: Final = re.compile(r"\s*(go|alone|rules-out):")
_SHORT: Final = 60  # characters of a line that are quoted
_RESERVED: Final = "{[*&!|>%@`\"'"
_VALUE = re.compile(r"""^\s*(?:-\s+)*(?:[^\s"'{\[#][^:]*:\s+)?(?P<value>\S.*)$""")


class Scalar(msgspec.Struct, frozen=True):
    """Text as written. `lost` is what stands behind a ` #` on its last line; quoted text loses nothing."""

    text: str
    span: Span
    lost: str = ""


class Entry(msgspec.Struct, frozen=True):
    """A key and its value."""

    key: Scalar
    value: "Tree"


class Table(msgspec.Struct, frozen=True):
    """Keys with values, in the author's order, each key once."""

    entries: tuple[Entry, ...]
    span: Span


class Items(msgspec.Struct, frozen=True):
    """A list."""

    items: tuple["Tree", ...]
    span: Span


Tree: TypeAlias = Union[Scalar, Table, Items]  # noqa: UP007  `|` cannot name classes that come later


class _Open:
    """A table or list that is not closed yet."""

    def __init__(self, *, table: bool, span: Span) -> None:
        self.table = table
        self.span = span
        self.key: Scalar | None = None
        self.entries: list[Entry] = []
        self.items: list[Tree] = []
        self.seen: dict[str, int] = {}

    def close(self) -> Tree:
        return Table(tuple(self.entries), self.span) if self.table else Items(tuple(self.items), self.span)


def read(path: str, text: str) -> tuple[Tree | None, list[Diagnostic]]:
    """Read one file.

    Args:
        path: How the file is called in messages.
        text: All of it.

    Returns:
        The tree, None where there is none, and every problem found on the way.
    """
    report = Report(path)
    text = text.removeprefix("\ufeff")
    if len(text) > LARGEST:
        report.error("G002", Span(), f"the file has {len(text):,} characters; {LARGEST:,} are allowed")
        return None, report.found
    lines = lines_of(text)
    if not _characters_are_fine(lines, report):
        return None, report.found
    tree = _Builder(lines, report).build(text)
    if tree is None and not report.found:
        report.error("G003", Span(), "the file is empty")
    return tree, report.found


def _characters_are_fine(lines: list[str], report: Report) -> bool:
    for number, line in enumerate(lines, 1):
        if odd := _ODD.search(line):
            report.error(
                "G004",
                Span(number, odd.start() + 1),
                f"an invisible character (U+{ord(odd.group()):04X})",
                "delete it and type the line again",
            )
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent and line.strip():
            report.error(
                "G005",
                Span(number, indent.index("\t") + 1),
                "the line begins with a tab",
                "use two spaces a step",
            )
    return not report.found


class _Builder:
    """Turns the events of one file into a tree, without recursion: nesting cannot exhaust the stack."""

    def __init__(self, lines: list[str], report: Report) -> None:
        self.lines = lines
        self.report = report
        self.root: Tree | None = None
        self.stack: list[_Open] = []
        self.documents = 0

    def build(self, text: str) -> Tree | None:
        try:
            for event in yaml.parse(text, Loader=_Loader):
                if not self._take(event):
                    return None
        except yaml.MarkedYAMLError as error:
            self._explain(error)
            return None
        except (yaml.YAMLError, ValueError, RecursionError):
            self.report.error("G008", Span(), "the file is not YAML")
            return None
        return self.root

    def _take(self, event: yaml.Event) -> bool:
        """Take one event in; False when there is no use in going on."""
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    self.report.error(
                        "G010",
                        self._span(event),
                        "a second document begins here",
                        "one file, one document: delete ---",
                    )
                    return False
            case yaml.AliasEvent():
                self._plain_only(event, "*")
                self._add(Scalar(f"*{event.anchor}", self._span(event)))
            case yaml.ScalarEvent():
                self._refuse_marks(event)
                self._add(Scalar(event.value, self._span(event), self._lost(event)))
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                return self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._add(self.stack.pop().close())
            case _:
                pass
        return True

    def _open(self, event: yaml.CollectionStartEvent) -> bool:
        self._refuse_marks(event)
        table = isinstance(event, yaml.MappingStartEvent)
        span = self._span(event)
        if len(self.stack) >= DEEPEST:
            self.report.error("G014", span, f"more than {DEEPEST} levels deep", "is a line indented too far?")
            return False
        if table and event.flow_style:
            self.report.error(
                "G012",
                span,
                "braces: a comma in the words would silently begin a new key",
                "write one key a line, or put quotes around words that begin with {",
            )
        self.stack.append(_Open(table=table, span=span))
        return True

    def _add(self, value: Tree) -> None:
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        if not top.table:
            top.items.append(value)
        elif top.key is None:
            if not isinstance(value, Scalar):
                self.report.error("G015", value.span, "a key must be one word", "put quotes around it")
                value = Scalar(f"\0{len(top.seen)}", value.span)
            top.key = value
        else:
            key, top.key = top.key, None
            if key.text.startswith("\0"):
                return
            if key.text in top.seen:
                first = top.seen[key.text]
                self.report.error(
                    "G011",
                    key.span,
                    f'"{key.text}" stands here a second time; the first is in line {first}',
                    "rename one of them or delete it",
                )
            else:
                top.seen[key.text] = key.span.line
                top.entries.append(Entry(key, value))

    def _refuse_marks(self, event: yaml.NodeEvent) -> None:
        if event.anchor is not None:
            self._plain_only(event, "&")
        elif getattr(event, "tag", None) is not None:
            self._plain_only(event, "!")

    def _plain_only(self, event: yaml.Event, sign: str) -> None:
        self.report.error(
            "G009",
            self._span(event),
            f"{sign} at the beginning means something else in YAML; guides have no anchors, aliases or tags",
            "put quotes around the words",
        )

    def _span(self, event: yaml.Event) -> Span:
        (line, column), (last, end) = _at(event.start_mark), _at(event.end_mark)
        if line >= len(self.lines):  # what is missing at the very end stands on a line of its own for YAML
            line = len(self.lines) - 1
            column = len(self.lines[line])
        if last != line and line < len(self.lines):
            end = len(self.lines[line].rstrip())
        return Span(line + 1, column + 1, max(1, end - column))

    def _lost(self, event: yaml.ScalarEvent) -> str:
        line, column = _at(event.end_mark)
        if event.style or line >= len(self.lines):
            return ""
        comment = re.match(r"\s+#(.*)", self.lines[line][column:])
        return comment.group(1).strip() or "#" if comment else ""

    def _explain(self, error: yaml.MarkedYAMLError) -> None:
        """Say in plain words what YAML stumbled over."""
        number, column = _at(error.problem_mark or error.context_mark)
        problem = f"{error.problem or ''} {error.context or ''}".lower()
        if "quoted scalar" in problem and "end of stream" in problem:
            begin, first = _at(error.context_mark)
            self.report.error(
                "G008", Span(begin + 1, first + 1), "this quote is never closed", "close it, or use | instead"
            )
            return
        number = min(number, len(self.lines) - 1)
        line = self.lines[number]
        value = _VALUE.match(line)
        if value and value["value"][0] in _RESERVED:
            self._reserved(number + 1, value.start("value"), value["value"][0])
        elif "mapping values are not allowed" in problem and _KEY.fullmatch(line[:column]):
            self._runs_on(number)
        elif "mapping values are not allowed" in problem:
            self.report.error(
                "G006",
                Span(number + 1, min(column, len(line)) + 1),
                "a colon and a blank inside words without quotes",
                "put quotes around the words, or write | and the words on the next line",
            )
        else:
            while number > 0 and not self.lines[number].strip():
                number, column = number - 1, 0
            self.report.error(
                "G008",
                Span(number + 1, min(column, len(self.lines[number])) + 1),
                "the line does not fit here",
                "is it indented like the lines around it, and is every quote and bracket above it closed?",
            )

    def _runs_on(self, number: int) -> None:
        """A key taken for more words of the line above: it is indented too far, or that line has no key."""
        above = next((n for n in range(number - 1, -1, -1) if self.lines[n].strip()), 0)
        words = self.lines[above].strip()
        remedy = "indent it as the lines are that it belongs to"
        if ":" not in words and len(words) <= _SHORT:
            remedy = f'if line {above + 1} is a choice, give it an id: "an-id: {words}"; else {remedy}'
        elif _OF_A_CHOICE.match(self.lines[number]):
            remedy = f'what line {above + 1} says belongs behind "label:", below it; or {remedy}'
        line = self.lines[number]
        span = Span(number + 1, len(line) - len(line.lstrip()) + 1, len(line.strip()))
        self.report.error("G008", span, "this line goes on with the words of the line above", remedy)

    def _reserved(self, line: int, column: int, sign: str) -> None:
        # the sign was perhaps taken for a brace or an alias before: one problem is enough
        self.report.found[:] = [
            each for each in self.report.found if (each.line, each.col) != (line, column + 1)
        ]
        message = f"words cannot begin with {sign} like this"
        remedy = "put quotes around all of them, or write | and the words on the next line"
        if sign in "\"'":
            message = "the quote is closed before the words end"
            remedy = "use the other kind of quote around them, or write | and the words on the next line"
        self.report.error("G007", Span(line, column + 1), message, remedy)


def _at(mark: Any) -> tuple[int, int]:
    """Line and column from 0; libyaml's marks and PyYAML's own are different types with the same names."""
    return (mark.line, mark.column) if mark else (0, 0)
