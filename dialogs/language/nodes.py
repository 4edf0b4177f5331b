"""Reading one node: what it says, and the one thing it does.

It looks at the node alone: whether a name it finds exists elsewhere is asked in `dialogs.language.checks`.
"""

import re
from typing import Final, TypedDict, get_args

import msgspec

from dialogs.conversation import Evidence
from dialogs.guide import (
    Ask,
    Check,
    Choice,
    Collect,
    End,
    Escalate,
    FieldKind,
    Grade,
    Hint,
    Node,
    Offer,
    Severity,
    TextKey,
    TicketPlace,
    Try,
)
from dialogs.language.diagnostics import suggest
from dialogs.language.parts import GuideFile, Line
from dialogs.language.shape import Entries, Shape, as_id, empty
from dialogs.language.source import Entry, Items, Scalar, Table, Tree
from dialogs.language.ways import WayReader

RESERVED: Final = ("more", "hint", "skip", "rules-out")  # they end text keys of their own
_NO_CHOICES: Final = ("label", "go", "alone", "several", "ticket")  # keys, when they stand among the choices

_EVERY = ("covers", "say", "more")
_VERBS = {
    "ask": ("several", "ticket", "go"),
    "collect": ("known", "skip", "pattern", "hint", "ticket", "go"),
    "check": ("outcomes", "otherwise", "rules-out"),
    "try": ("limit", "fixed", "go"),
    "escalate": ("severity", "hints"),
    "end": (),
}
_SAY = {"say": "what the person reads"}
_NEEDS: dict[str, dict[str, str]] = {
    "ask": _SAY,
    "collect": {**_SAY, "go": "where to go then"},
    "check": {"outcomes": "where each outcome leads", "otherwise": "where to go when the check cannot tell"},
    "try": {"fixed": "where to go when a fix helped", "go": "where to go when none helped"},
    "escalate": _SAY,
    "end": _SAY,
}
_PLACES: tuple[TicketPlace, ...] = get_args(TicketPlace)
_SEVERITIES: tuple[Severity, ...] = get_args(Severity)
_KINDS: tuple[FieldKind, ...] = get_args(FieldKind)
_EVIDENCE = tuple(field.name for field in msgspec.structs.fields(Evidence))
_RUNAWAY = re.compile(r"\([^()]*[+*{][^()]*\)[+*{]")  # (a+)+ takes for ever on words that nearly fit


class _Common(TypedDict):
    id: str
    say: TextKey
    more: TextKey
    covers: tuple[str, ...]


class NodeReader(Shape):
    """Reads the nodes of one guide into its file."""

    def __init__(self, stem: str, file: GuideFile) -> None:
        """Text keys begin with `stem`; places, words and problems go to `file`."""
        super().__init__(file.report)
        self.stem = stem
        self.file = file
        self.ways = WayReader(Shape(file.report), file.places)  # not self: a circle is only freed by a search

    def line(self, key: str, entry: Entry | None, what: str, kind: str = "text") -> TextKey:
        """Words under the text key `key` of this guide; "" where there are none."""
        if entry is None:
            return ""
        text = self.text(entry.value, f'"{what}"')
        if not text:
            return ""
        full = f"{self.stem}/{key}"
        self.file.lines[full] = Line(text, entry.value.span, kind)
        return full

    def node(self, name: str, entry: Entry) -> Node | None:
        """The node called `name`; None where it cannot be told what it does."""
        entries = self.table(entry.value, f'node "{name}"')
        if not entries:
            return None
        verbs = [each for each in entries if each in _VERBS]
        if not verbs:
            near = next((s for key in entries if (s := suggest(key, _VERBS)).startswith("did")), "")
            self.report.error(
                "G107",
                entry.key.span,
                f'node "{name}" says something but does nothing',
                near or "add one of ask, collect, check, try, escalate, end",
            )
            return None
        if len(verbs) > 1:
            # a node whose name is indented too far gives its keys to the one above it
            own = (*_EVERY, *_VERBS)
            names = [key for key in entries if key not in own and not _elsewhere(key)]
            lost = next((key for key in names if empty(entries[key].value)), "")
            self.report.error(
                "G106",
                entries[verbs[1]].key.span,
                f'node "{name}" does two things: {" and ".join(verbs)}',
                f'is "{lost}" a node of its own? Indent it as this one is'
                if lost
                else "make two nodes of it",
            )
            return None
        verb = verbs[0]
        what = f'the {verb} node "{name}"'
        self._misplaced(entries, verb)
        known = (*_EVERY, verb, *_VERBS[verb])
        mine = {k: e for k, e in entries.items() if k in known or not _elsewhere(k)}
        self.keys(mine, known, _NEEDS[verb], entry.key.span, what)
        node = self._verb(name, verb, mine)
        for field, each in mine.items():
            self.file.places.put(node, each.value.span, field)
        return node

    def _misplaced(self, entries: Entries, verb: str) -> None:
        for name, entry in entries.items():
            if name not in (*_EVERY, verb, *_VERBS[verb]) and (owners := _elsewhere(name)):
                self.report.error(
                    "G110",
                    entry.key.span,
                    f'"{name}" has no effect on a node that does "{verb}"',
                    f"it belongs to {' or '.join(owners)}",
                )

    def _verb(self, name: str, verb: str, entries: Entries) -> Node:
        base: _Common = {
            "id": name,
            "say": self.line(name, entries.get("say"), "say"),
            "more": self.line(f"{name}/more", entries.get("more"), "more"),
            "covers": self._covers(entries),
        }
        value = entries[verb].value
        match verb:
            case "ask":
                several = "several" in entries and self.flag(entries["several"].value, "several")
                return Ask(
                    **base,
                    choices=self._choices(name, value, several=several),
                    several=several,
                    go=self.ways.go(entries.get("go")),
                    ticket=self._ticket(entries),
                )
            case "collect":
                return self._collect(name, base, entries)
            case "check":
                outcomes = self.table(entries["outcomes"].value, "outcomes") if "outcomes" in entries else {}
                ruled = self.table(entries["rules-out"].value, "rules-out") if "rules-out" in entries else {}
                check = Check(
                    **base,
                    probe=self.word(value, "check").text,
                    outcomes={outcome: self.ways.go(each) for outcome, each in outcomes.items()},
                    otherwise=self.ways.go(entries.get("otherwise")),
                    rules_out={
                        outcome: self.line(f"{name}/{outcome}/rules-out", each, "rules-out")
                        for outcome, each in ruled.items()
                    },
                )
                for prefix, table in (("outcome ", outcomes), ("rules-out ", ruled)):
                    for outcome, each in table.items():
                        self.file.places.put(check, each.key.span, prefix + outcome)
                return check
            case "try":
                offers = self._offers(value)
                limit = max(1, len(offers))
                if "limit" in entries:
                    limit = self.number(entries["limit"].value, "limit", 15)
                fixed = self.word(entries["fixed"].value, "fixed").text if "fixed" in entries else ""
                go = self.ways.go(entries.get("go"))
                return Try(**base, offers=offers, limit=limit, fixed=fixed, go=go)
            case "escalate":
                queue = self.word(value, "escalate").text
                grades = self._grades(entries["severity"].value) if "severity" in entries else ()
                return Escalate(
                    **base, queue=queue, hints=self._hints(name, entries.get("hints")), grades=grades
                )
            case _:
                return End(**base, result=self.one_of(value, ("solved", "stopped"), '"end"', "stopped"))

    def _collect(self, name: str, base: _Common, entries: Entries) -> Collect:
        kind = self.one_of(entries["collect"].value, _KINDS, '"collect"', "text")
        pattern = self.text(entries["pattern"].value, "pattern") if "pattern" in entries else ""
        for key in ("pattern", "hint"):
            if key in entries and kind != "text":
                self.report.error(
                    "G110", entries[key].key.span, f'"{key}" has an effect on text only, not on {kind}'
                )
        if pattern:
            self._pattern(pattern, entries["pattern"])
            if "hint" not in entries:
                self.report.error(
                    "G102",
                    entries["pattern"].key.span,
                    'a pattern needs "hint": what to say when it does not fit',
                )
        known = self.one_of(entries["known"].value, _EVIDENCE, '"known"', "") if "known" in entries else ""
        return Collect(
            **base,
            kind=kind,
            go=self.ways.go(entries.get("go")),
            pattern=pattern,
            hint=self.line(f"{name}/hint", entries.get("hint"), "hint"),
            skip=self.line(f"{name}/skip", entries.get("skip"), "skip", "button"),
            known=known,
            ticket=self._ticket(entries),
        )

    def _pattern(self, pattern: str, entry: Entry) -> None:
        trouble = "it would take for ever on some words" if _RUNAWAY.search(pattern) else ""
        if len(pattern) > 200:
            trouble = "it is longer than 200 characters"
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            trouble = f"{error}"
        if trouble:
            self.report.error("G109", entry.value.span, f"this pattern cannot be used: {trouble}")

    def _ticket(self, entries: Entries) -> TicketPlace:
        return (
            self.one_of(entries["ticket"].value, _PLACES[1:], '"ticket"', "") if "ticket" in entries else ""
        )

    def _covers(self, entries: Entries) -> tuple[str, ...]:
        if "covers" not in entries:
            return ()
        steps = self.words(entries["covers"].value, "covers")
        for step in steps:
            self.file.covered.append((step.text, step.span))
        return tuple(step.text for step in steps)

    def _choices(self, node: str, tree: Tree, *, several: bool) -> tuple[Choice, ...]:
        if isinstance(tree, Items):
            first = next((each.text for each in tree.items if isinstance(each, Scalar)), "Yes")
            remedy = f'write an id where the dash is: "{as_id(first)}: {first}"'
            self.report.error("G103", tree.span, '"ask" is no list: each of its choices has an id', remedy)
            self.file.broken.add(node)
            return ()
        entries, found = self.table(tree, '"ask"'), []
        if not entries and isinstance(tree, Table):
            self.report.error("G113", tree.span, '"ask" has no choices')
        for name, entry in entries.items():
            if name in _NO_CHOICES:
                self.report.error(
                    "G105",
                    entry.key.span,
                    f'"{name}" directly under "ask" would be a choice called "{name}"',
                    "indent it below the id of its choice, or as the other keys of the node are",
                )
                continue
            self.id(entry.key, "a choice", RESERVED)
            label = f"{node}/{name}"
            kind = "tick" if several else "button"
            if not isinstance(entry.value, Table):
                choice = Choice(id=name, label=self.line(label, entry, f"{name}", kind))
            else:
                own = self.table(entry.value, "a choice")
                known = ("label", "go", "rules-out", "alone")
                self.keys(own, known, {"label": "what it says"}, entry.key.span, f'choice "{name}"')
                alone = "alone" in own and self.flag(own["alone"].value, "alone")
                if "alone" in own and not several:
                    self.report.error(
                        "G110",
                        own["alone"].key.span,
                        '"alone" has an effect only where several can be picked',
                    )
                if "go" in own and several:
                    self.report.error(
                        "G110",
                        own["go"].key.span,
                        "where several can be picked, one of them cannot lead away by itself",
                        'use a condition in the "go" of the node',
                    )
                choice = Choice(
                    id=name,
                    label=self.line(label, own.get("label"), "label", kind),
                    go=() if several else self.ways.go(own.get("go")),
                    alone=alone,
                    rules_out=self.line(f"{label}/rules-out", own.get("rules-out"), "rules-out"),
                )
            self.file.places.put(choice, entry.key.span)
            found.append(choice)
        return tuple(found)

    def _offers(self, tree: Tree) -> tuple[Offer, ...]:
        if not isinstance(tree, Items) or not tree.items:
            self.report.error("G103", tree.span, '"try" must be a list of fixes, one a line: - fix-id')
            return ()
        found: list[Offer] = []
        for item in tree.items:
            if isinstance(item, Table):
                own = self.table(item, "an offer")
                self.keys(own, ("fix", "when", "covers"), {"fix": "its id"}, item.span, "an offer")
                fix = self.word(own["fix"].value, "fix") if "fix" in own else Scalar("", item.span)
                offer = Offer(fix=fix.text, when=self.ways.when(own.get("when")), covers=self._covers(own))
            else:
                fix = self.word(item, "a fix")
                offer = Offer(fix=fix.text)
            self.file.places.put(offer, fix.span)
            if any(each.fix == offer.fix and each.when == offer.when for each in found):
                self.report.error("G112", fix.span, f'"{fix.text}" stands twice in this list')
            found.append(offer)
        return tuple(each for each in found if each.fix)

    def _hints(self, node: str, entry: Entry | None) -> tuple[Hint, ...]:
        found: list[Hint] = []
        for name, each in (self.table(entry.value, "hints") if entry else {}).items():
            self.id(each.key, "a hint", RESERVED)
            if isinstance(each.value, Table):
                own = self.table(each.value, "a hint")
                known = ("text", "when", "covers")
                self.keys(own, known, {"text": "what the agent reads"}, each.key.span, f'hint "{name}"')
                text = self.line(f"{node}/{name}", own.get("text"), "text")
                hint = Hint(
                    id=name, text=text, when=self.ways.when(own.get("when")), covers=self._covers(own)
                )
            else:
                hint = Hint(id=name, text=self.line(f"{node}/{name}", each, name))
            self.file.places.put(hint, each.key.span)
            found.append(hint)
        return tuple(found)

    def _grades(self, tree: Tree) -> tuple[Grade, ...]:
        """A severity, or a list of them with conditions, of which the first that holds counts."""
        if not isinstance(tree, Items):
            return (Grade(severity=self.one_of(tree, _SEVERITIES, '"severity"', "normal")),)
        if not tree.items:
            self.report.error("G113", tree.span, '"severity" is empty')
        found: list[Grade] = []
        for item in tree.items:
            if not isinstance(item, Table):
                self.report.error(
                    "G103", item.span, "each severity in a list begins with is", 'write "- is: urgent"'
                )
                continue
            own = self.table(item, "a severity")
            self.keys(own, ("is", "when"), {"is": "the severity"}, item.span, "a severity")
            if any(not grade.when for grade in found):
                self.report.error(
                    "G216",
                    item.span,
                    "this never counts: the severity before it has no condition and takes every case",
                    "move the one without a condition to the end",
                )
            severity: Severity = "normal"
            if "is" in own:
                severity = self.one_of(own["is"].value, _SEVERITIES, '"is"', severity)
            found.append(Grade(severity=severity, when=self.ways.when(own.get("when"))))
        return tuple(found)


def _elsewhere(key: str) -> list[str]:
    return [verb for verb, keys in _VERBS.items() if key in keys]
