"""Reading `go` and `when`: where things lead, and under which conditions.

It must not know nodes: whether a target or a subject exists is asked in `dialogs.language.checks`.
"""

from dialogs.conditions import code_value
from dialogs.guide import Match, Way
from dialogs.language.parts import Places
from dialogs.language.shape import Shape
from dialogs.language.source import Entry, Items, Scalar, Table


class WayReader:
    """Reads ways and conditions of one file."""

    def __init__(self, shape: Shape, places: Places) -> None:
        """Report through `shape`, note places in `places`."""
        self.shape = shape
        self.places = places

    def go(self, entry: Entry | None) -> tuple[Way, ...]:
        """A node id, or a list of ways; nothing where there is no entry."""
        if entry is None:
            return ()
        if not isinstance(entry.value, Items):
            to = self.shape.word(entry.value, f'"{entry.key.text}"')
            return (self._way(to, ()),) if to.text else ()
        found = []
        for item in entry.value.items:
            if isinstance(item, Table):
                own = self.shape.table(item, "a way")
                self.shape.keys(own, ("to", "when"), {"to": "the node it leads to"}, item.span, "a way")
                to = self.shape.word(own["to"].value, '"to"') if "to" in own else Scalar("", item.span)
                way = self._way(to, self.when(own.get("when")))
                if "when" in own:
                    self.places.put(way, own["when"].key.span, "when")
                if to.text:
                    found.append(way)
            else:
                self.shape.report.error(
                    "G103", item.span, "each way in a list begins with to", f'write "- to: {_plain(item)}"'
                )
        if not entry.value.items:
            self.shape.report.error("G113", entry.value.span, f'"{entry.key.text}" is empty')
        return tuple(found)

    def _way(self, to: Scalar, when: tuple[Match, ...]) -> Way:
        way = Way(to=to.text, when=when)
        self.places.put(way, to.span)
        return way

    def when(self, entry: Entry | None) -> tuple[Match, ...]:
        """Conditions: subjects with the values that count."""
        if entry is None:
            return ()
        subjects = self.shape.table(entry.value, '"when"')
        if not subjects and isinstance(entry.value, Table):
            self.shape.report.error("G113", entry.value.span, '"when" is empty')
        found = []
        for subject, each in subjects.items():
            words = self.shape.words(each.value, f'"{subject}"')
            values = [self._value(subject, word) for word in words]
            match = Match(subject=subject, values=tuple(values))
            self.places.put(match, each.key.span)
            for value, word in zip(values, words, strict=True):
                self.places.put(match, word.span, value)
            if values:
                found.append(match)
        return tuple(found)

    def _value(self, subject: str, word: Scalar) -> str:
        if subject != "code":
            return word.text
        code = self.shape.code(word)
        return word.text if code is None else code_value(code)


def _plain(item: object) -> str:
    return item.text if isinstance(item, Scalar) else "node"
