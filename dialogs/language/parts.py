"""What reading yields besides the parts themselves: where each stands, and the words behind each key.

Checks look at parts and ask here for the place. It must not know how parts are read or checked.
"""

import msgspec

from dialogs.guide import Code, Fix, FixId, Guide, NodeId, TextKey
from dialogs.language.diagnostics import Report, Span


class Places:
    """Where parts stand in their file.

    By identity and not by value: two equal ways in one guide are two places. The parts are kept, so that
    an identity is never given to another one.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._places: dict[tuple[int, str], Span] = {}
        self._kept: list[object] = []

    def put(self, part: object, span: Span, field: str = "") -> None:
        """Remember where `part`, or one field of it, stands."""
        self._places[id(part), field] = span
        self._kept.append(part)

    def at(self, part: object, field: str = "") -> Span:
        """Where it stands; the part itself where the field has no place of its own."""
        return self._places.get((id(part), field)) or self._places.get((id(part), "")) or Span()


class Line(msgspec.Struct, frozen=True):
    """Words and where they stand. `kind` says what they are shown as: text, button or tick."""

    text: str
    span: Span
    kind: str = "text"


class GuideFile:
    """One guide file, read: the guide as far as it could be understood, places, words."""

    def __init__(self, report: Report) -> None:
        """Begin with nothing read."""
        self.report = report
        self.guide: Guide | None = None
        self.places = Places()
        self.lines: dict[TextKey, Line] = {}
        self.steps: dict[str, Span] = {}  # of the source
        self.covered: list[tuple[str, Span]] = []  # steps that something claims to cover
        self.broken: set[NodeId] = set()  # nodes that stand there but could not be understood
        self.head = Span()  # where the guide's id stands
        self.phrases: list[tuple[str, Span]] = []  # what people write for it


class FixFile:
    """One file of fixes, read."""

    def __init__(self, report: Report, stem: str) -> None:
        """Begin with nothing read."""
        self.report = report
        self.stem = stem
        self.fixes: dict[FixId, Fix] = {}
        self.places = Places()
        self.lines: dict[TextKey, Line] = {}


class CodeFile:
    """codes.yaml, read."""

    def __init__(self, report: Report) -> None:
        """Begin with nothing read."""
        self.report = report
        self.topics: tuple[str, ...] = ()
        self.codes: dict[int, Code] = {}
        self.places = Places()


class TextFile:
    """The bot's own words in one language, read. `tops` are the places of the top keys."""

    def __init__(self, report: Report, language: str) -> None:
        """Begin with nothing read."""
        self.report = report
        self.language = language
        self.lines: dict[TextKey, Line] = {}
        self.tops: dict[str, Span] = {}


class Translated(msgspec.Struct, frozen=True):
    """The English that was translated, and the translation."""

    source: Line
    text: Line
    key: Span


class TranslationFile:
    """A translation beside its original, read."""

    def __init__(self, report: Report, original: str, language: str) -> None:
        """Begin with nothing read. `original` is the path of the file it translates."""
        self.report = report
        self.original = original
        self.language = language
        self.head = Span()
        self.texts = Span()
        self.lines: dict[TextKey, Translated] = {}  # keys without the original's prefix
        self.phrases: list[tuple[str, Span]] = []  # what people write for it in this language
