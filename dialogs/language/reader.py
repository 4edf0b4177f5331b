"""A tree to a guide, with the place of every part; every problem is noted and reading goes on.

It looks at one file alone: whether a name it finds exists elsewhere is asked in `dialogs.language.checks`.
"""

from typing import Final

from dialogs.guide import Guide, Node
from dialogs.language.diagnostics import Report
from dialogs.language.nodes import NodeReader
from dialogs.language.parts import GuideFile
from dialogs.language.shape import NOTHING
from dialogs.language.source import Entry, Scalar, Tree

MOST_NODES: Final = 300

_GUIDE_KEYS = ("guide", "title", "codes", "words", "draft", "source", "start", "nodes")
_NEEDED = {
    "guide": "its id",
    "title": "what the problem is called",
    "start": "the node to begin with",
    "nodes": "the steps of the conversation",
}


def read_guide(stem: str, tree: Tree, report: Report) -> GuideFile:
    """Read a guide.

    Args:
        stem: The file's name without its ending; the guide's id must be the same.
        tree: The file.
        report: Takes the problems.
    """
    return _GuideReader(stem, report).read(tree)


class _GuideReader(NodeReader):
    def __init__(self, stem: str, report: Report) -> None:
        super().__init__(stem, GuideFile(report))

    def read(self, tree: Tree) -> GuideFile:
        file, entries = self.file, self.table(tree, "a guide")
        if not entries:
            return file
        self.keys(entries, _GUIDE_KEYS, _NEEDED, tree.span, "a guide")
        if "guide" in entries:
            name = self.word(entries["guide"].value, "guide")
            file.head = name.span
            if name.text and name.text != self.stem:
                self.report.error(
                    "G108",
                    name.span,
                    f'this guide is called "{name.text}", its file "{self.stem}"',
                    "use one name",
                )
        title = self.line("title", entries.get("title"), "title")
        codes, any_code = self._codes(entries.get("codes"))
        words = self.words(entries["words"].value, "words", sentences=True) if "words" in entries else ()
        file.phrases = [(each.text, each.span) for each in words]
        self._source(entries.get("source"))
        start = self.word(entries["start"].value, "start") if "start" in entries else NOTHING
        nodes = self._nodes(entries.get("nodes"))
        file.guide = Guide(
            id=self.stem,
            title=title,
            start=start.text,
            nodes=nodes,
            codes=codes,
            words={"en": tuple(each.text for each in words)} if words else {},
            takes_any_code=any_code,
            draft="draft" in entries and self.flag(entries["draft"].value, "draft"),
        )
        file.places.put(file.guide, file.head)
        for field in ("start", "codes", "draft"):
            if field in entries:
                file.places.put(file.guide, entries[field].value.span, field)
        return file

    def _codes(self, entry: Entry | None) -> tuple[tuple[int, ...], bool]:
        if entry is None:
            return (), False
        if isinstance(entry.value, Scalar) and entry.value.text.strip() == "any":
            return (), True
        found = []
        for word in self.words(entry.value, "codes"):
            if (code := self.code(word)) is not None:
                found.append(code)
                self.file.places.put(self.report, word.span, f"code {code}")
        return tuple(found), False

    def _source(self, entry: Entry | None) -> None:
        if entry is not None:
            for name, step in self.table(entry.value, "source").items():
                self.file.steps[name] = step.key.span
                self.text(step.value, "a source step")

    def _nodes(self, entry: Entry | None) -> dict[str, Node]:
        found: dict[str, Node] = {}
        if entry is None:
            return found
        entries = self.table(entry.value, "nodes")
        if len(entries) > MOST_NODES:
            self.report.error("G114", entry.key.span, f"{len(entries)} nodes; {MOST_NODES} are allowed")
            self.file.broken.update(entries)
            return found
        for name, each in entries.items():
            self.id(each.key, "a node", ("title",))
            node = self.node(name, each)
            if node is None:
                self.file.broken.add(name)
            else:
                found[name] = node
                self.file.places.put(node, each.key.span)
        return found
