"""Reading values out of a tree: text, words, lists, flags, each with a problem where the shape is another.

Every method returns something usable and notes what was wrong, so that reading goes on. It must not know
guides: what a key means is told by the caller.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

from dialogs.language.diagnostics import Report, Span, suggest
from dialogs.language.source import Entry, Items, Scalar, Table, Tree

ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FLAGS: Final = {"yes": True, "true": True, "no": False, "false": False}
_CODE = re.compile(r"AADSTS([0-9]{4,9})", re.IGNORECASE)

Option = TypeVar("Option", bound=str)
Entries = Mapping[str, Entry]
NOTHING: Final = Scalar("", Span())


class Shape:
    """Reads values of one file and reports to `report`."""

    def __init__(self, report: Report) -> None:
        """Report problems to `report`."""
        self.report = report

    def table(self, tree: Tree, what: str) -> Entries:
        """The keys and values of `tree`; no keys where it is no table."""
        if isinstance(tree, Table):
            return {entry.key.text: entry for entry in tree.entries}
        written = "nothing stands here" if empty(tree) else f"this is {_shape(tree)}"
        self.report.error("G103", tree.span, f"{what} must be keys with values, one a line; {written}")
        return {}

    def keys(
        self, entries: Entries, known: Sequence[str], needed: Mapping[str, str], span: Span, what: str
    ) -> None:
        """Complain about keys nobody knows, and about `needed` ones (key -> why) that are missing."""
        for name, entry in entries.items():
            if name not in known:
                self.report.error("G101", entry.key.span, f'{what} has no key "{name}"', suggest(name, known))
        for name, why in needed.items():
            if name not in entries:
                self.report.error("G102", span, f'{what} needs "{name}": {why}')

    def text(self, tree: Tree, what: str) -> str:
        """Words that people read, without blanks around them."""
        if not isinstance(tree, Scalar):
            self.report.error(
                "G103",
                tree.span,
                f"{what} must be words; this is {_shape(tree)}",
                "put quotes around the words",
            )
            return ""
        if tree.lost:
            self.report.error(
                "G013",
                tree.span,
                f'"# {tree.lost}" is lost: # after a blank begins a comment',
                "put quotes around words with a #, and a comment on a line of its own",
            )
        elif not tree.text.strip():
            self.report.error("G113", tree.span, f"{what} is empty")
        return tree.text.strip()

    def word(self, tree: Tree, what: str) -> Scalar:
        """One word that machines read: an id, a kind, a number."""
        if isinstance(tree, Scalar) and tree.text.strip():
            return Scalar(tree.text.strip(), tree.span)
        if empty(tree):
            self.report.error("G113", tree.span, f"{what} is empty")
        else:
            self.report.error("G103", tree.span, f"{what} must be one word; this is {_shape(tree)}")
        return Scalar("", tree.span)

    def words(self, tree: Tree, what: str, *, sentences: bool = False) -> tuple[Scalar, ...]:
        """A list of words, or one; each once. `sentences`: people wrote them, so nothing may be lost."""
        if empty(tree):
            self.report.error("G113", tree.span, f"{what} is empty")
            return ()
        found: dict[str, Scalar] = {}
        for item in tree.items if isinstance(tree, Items) else (tree,):
            if sentences:
                if text := self.text(item, what):
                    word = Scalar(text, item.span)
                else:
                    continue
            else:
                word = self.word(item, what)
            if word.text in found:
                self.report.error("G112", word.span, f'"{word.text}" stands twice in this list')
            elif word.text:
                found[word.text] = word
        return tuple(found.values())

    def flag(self, tree: Tree, what: str) -> bool:
        """Yes or no."""
        word = self.word(tree, what)
        if word.text and word.text.lower() not in _FLAGS:
            self.report.error("G104", word.span, f'{what} is yes or no, not "{word.text}"')
        return _FLAGS.get(word.text.lower(), False)

    def number(self, tree: Tree, what: str, most: int) -> int:
        """A whole number from 1 to `most`."""
        word = self.word(tree, what)
        if not word.text:
            return 1
        if re.fullmatch(r"[0-9]{1,6}", word.text) and 1 <= int(word.text) <= most:
            return int(word.text)
        self.report.error("G104", word.span, f'{what} is a whole number from 1 to {most}, not "{word.text}"')
        return 1

    def one_of(self, tree: Tree, options: Iterable[Option], what: str, default: Option) -> Option:
        """One of the options; `default` where it is none of them."""
        word, known = self.word(tree, what), tuple(options)
        for option in known:
            if option == word.text:
                return option
        if word.text:
            self.report.error("G104", word.span, f'{what} cannot be "{word.text}"', suggest(word.text, known))
        return default

    def id(self, word: Scalar, what: str, reserved: Sequence[str] = ()) -> None:
        """Complain about an id that cannot stand in a key."""
        if word.text in reserved:
            self.report.error(
                "G105", word.span, f'"{word.text}" has a meaning of its own here', "take another word"
            )
        elif word.text and not ID.fullmatch(word.text):
            self.report.error(
                "G105",
                word.span,
                f'"{_short(word.text)}" cannot be the id of {what}',
                f'lower-case letters, digits and single hyphens only: "{as_id(word.text)}"',
            )

    def code(self, word: Scalar) -> int | None:
        """An error code such as AADSTS50076."""
        if found := _CODE.fullmatch(word.text):
            return int(found.group(1))
        digits = re.fullmatch(r"[A-Za-z ]*([0-9]{4,9})", word.text)
        self.report.error(
            "G111",
            word.span,
            f'"{_short(word.text)}" is not an error code',
            f'did you mean "AADSTS{digits.group(1)}"?' if digits else "codes look like AADSTS50076",
        )
        return None


def empty(tree: Tree) -> bool:
    """Whether nothing stands there."""
    return isinstance(tree, Scalar) and not tree.text.strip()


def _shape(tree: Tree) -> str:
    if isinstance(tree, Table):
        return "a list of keys"
    return "a list" if isinstance(tree, Items) else f'"{_short(tree.text)}"'


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else flat[:39] + "…"


def as_id(text: str) -> str:
    """An id that could stand for `text`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "a-word"
