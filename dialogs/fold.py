"""The fold itself: answer for answer, from where a walk stands to where it goes on.

An answer that no longer fits (the guide was edited since) ends it; `Walk.fits` says how many answers still
hold. It must not know how anything is shown, nor which walks are remembered (that is `dialogs.walk`).
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from dialogs.conditions import GIVEN, SKIPPED, candidates, code_value, way
from dialogs.conversation import (
    Answer,
    Began,
    Ended,
    Evidence,
    FileRef,
    Handed,
    Introduced,
    Noticed,
    Picked,
    Probed,
    Rated,
    Remarked,
    Reported,
    Sent,
    Tried,
    Typed,
)
from dialogs.guide import (
    SECURITY,
    Ask,
    Check,
    Choice,
    ChoiceId,
    Collect,
    End,
    Escalate,
    Fix,
    FixId,
    Guide,
    Node,
    NodeId,
    Try,
    Way,
)
from dialogs.library import Library
from dialogs.once import once

Over: TypeAlias = Literal["", "solved", "stopped", "handed"]
Step: TypeAlias = Picked | Typed | Tried | Probed


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A node that was passed, and the answer that passed it. `asked`: a person saw it as a screen."""

    guide: Guide
    node: Node
    answer: Step
    asked: bool = True


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """Where the answers lead. Without a guide begun, `guide` and `node` are None."""

    guide: Guide | None = None
    node: Node | None = None
    fix: Fix | None = None  # at a `try` node: the fix that is shown
    tried: tuple[FixId, ...] = ()  # at a `try` node: the fixes that were shown before it
    over: Over = ""
    number: str = ""  # of the case, once handed over
    begun_at: int = 0
    visits: tuple[Visit, ...] = ()
    codes: tuple[int, ...] = ()  # in the order they came up
    code: int | None = None  # what the guide is about: the last code it takes, else the last that came up
    evidence: Evidence = Evidence()
    given: Mapping[str, tuple[str, ...]] = {}  # what conditions of the current guide are matched against
    remarks: tuple[str, ...] = ()
    files: tuple[FileRef, ...] = ()
    introduced: bool = False
    contact: str = ""  # who they say they are
    topic: str = "other"  # of the code the guide is about
    rated: bool = False
    screens: int = 0  # of the current guide that were answered
    fits: int = 0

    @property
    def fix_index(self) -> int:
        """How many fixes were tried at this node."""
        return len(self.tried)

    @property
    def running(self) -> bool:
        """Whether a guide was begun and has not come to an end."""
        return self.node is not None and not self.over


def fold(library: Library, walked: Walk, answers: Sequence[Answer]) -> Walk:
    """Go on from `walked`. Never raises, whatever the answers and whatever became of the guides."""
    fold = _Fold(library, walked)
    for count, answer in enumerate(answers):
        if not fold.take(answer):
            return fold.walk(walked.fits + count)
    return fold.walk(walked.fits + len(answers))


def merge(old: Evidence, new: Evidence) -> Evidence:
    """Both, the newer one where they differ."""
    found = {name: value for name, value in msgspec.structs.asdict(new).items() if value is not None}
    found["codes"] = tuple(dict.fromkeys((*old.codes, *new.codes)))
    return msgspec.structs.replace(old, **found)


def _focus(guide: Guide | None, codes: Sequence[int]) -> int | None:
    if guide is not None and guide.codes:
        own = [code for code in codes if code in guide.codes]
        return own[-1] if own else guide.codes[0]
    return codes[-1] if codes else None


class _Fold:
    """The running state of one walk, which goes on where another stands; it lives no longer than `fold`."""

    def __init__(self, library: Library, walked: Walk) -> None:
        self._library = library
        self._guide = walked.guide
        self._node = walked.node
        self._fix = walked.fix
        self._tried = walked.tried
        self._given = dict(walked.given)
        self._visits = list(walked.visits)
        self._evidence = walked.evidence
        self._remarks = walked.remarks
        self._files = walked.files
        self._over: Over = walked.over
        self._number = walked.number
        self._begun_at = walked.begun_at
        self._rated = walked.rated
        self._contact = walked.contact if walked.introduced else None
        self._screens = walked.screens
        self._news = False  # whether codes may have come up since `given` was told of them

    def take(self, answer: Answer) -> bool:
        """Take one answer; False when it does not fit where we are."""
        match answer:
            case Noticed():
                self._evidence = merge(self._evidence, answer.evidence)
                self._news = True
                self._arrive()
                return True
            case Remarked():
                self._remarks = (*self._remarks, answer.text)
                return True
            case Sent():
                self._files = (*self._files, *answer.files)
                return True
            case Rated():
                self._rated = True
                return True
            case Introduced():
                self._contact = answer.text
                return True
            case Reported():
                return self._report()
            case Began():
                return self._begin(answer)
            case Handed():
                self._over, self._number = "handed", answer.number
                return True
            case Ended():
                self._over = answer.result
                return self._guide is not None or bool(self._number)
            case Picked() | Typed() | Tried() | Probed():
                return not self._over and self._pass(answer)

    def _begin(self, answer: Began) -> bool:
        guide = self._library.guides.get(answer.guide)
        if guide is None:
            return False
        self._guide = guide
        self._screens = sum(1 for visit in self._visits if visit.asked and visit.guide is guide)
        self._given = {}
        self._news = True
        self._over = ""
        self._begun_at = self._begun_at or answer.at
        self._go(guide.start)
        return True

    def _report(self) -> bool:
        to = security(self._guide)
        if to is None or self._over:
            return False
        self._go(to.id)
        return True

    def _pass(self, answer: Step) -> bool:
        node = self._node
        if node is None or self._guide is None or answer.node != node.id:
            return False
        match node, answer:
            case Ask(), Picked():
                return self._pick(node, answer)
            case Collect(), Typed():
                if answer.text is None and not node.skip:
                    return False
                self._note(answer, (SKIPPED if answer.text is None else GIVEN,))
                self._go(way(node.go, self._given))
                return True
            case Check(), Probed():
                self._note(answer, (answer.outcome,), asked=False)
                self._go(way(node.outcomes.get(answer.outcome, node.otherwise), self._given))
                return True
            case Try(), Tried():
                return self._try(node, answer)
            case _:
                return False

    def _pick(self, node: Ask, answer: Picked) -> bool:
        known = _choices(node)
        if not answer.choices:
            return False
        for each in answer.choices:
            if each not in known:
                return False
        if not node.several and len(answer.choices) > 1:
            return False
        self._note(answer, answer.choices)
        own: tuple[Way, ...] = () if node.several else known[answer.choices[0]].go
        self._go(way(own or node.go, self._given))
        return True

    def _try(self, node: Try, answer: Tried) -> bool:
        if self._fix is None or answer.fix != self._fix.id:
            return False
        self._tried = (*self._tried, answer.fix)
        self._note(answer, tuple(dict.fromkeys((*self._given.get(node.id, ()), answer.result))))
        if answer.result == "fixed":
            self._go(node.fixed)
        else:
            self._arrive()
        return True

    def _note(self, answer: Step, values: tuple[str, ...], *, asked: bool = True) -> None:
        assert self._guide is not None
        assert self._node is not None
        self._given[answer.node] = values
        self._visits.append(Visit(guide=self._guide, node=self._node, answer=answer, asked=asked))
        self._screens += asked

    def _go(self, to: NodeId) -> None:
        assert self._guide is not None
        self._node = self._guide.nodes[to]
        self._tried = ()
        self._arrive()

    def _arrive(self) -> None:
        """Look at the node we stand on; pass on by itself where nothing has to be asked."""
        while self._guide is not None and self._node is not None and not self._over:
            if self._news:
                self._know()
            node = self._node
            self._fix = None
            match node:
                case Collect() if node.known and getattr(self._evidence, node.known, None):
                    self._given[node.id] = (GIVEN,)
                    self._node = self._guide.nodes[way(node.go, self._given)]
                case Try():
                    self._fix = self._next_fix(node)
                    if self._fix is not None:
                        return
                    self._tried = ()
                    self._node = self._guide.nodes[way(node.go, self._given)]
                case End():
                    self._over = node.result
                    return
                case _:
                    return

    def _next_fix(self, node: Try) -> Fix | None:
        if len(self._tried) >= node.limit:
            return None
        for fix in candidates(node, self._given):
            if fix not in self._tried:
                return self._library.fixes.get(fix)
        return None

    def _know(self) -> None:
        """Every code that came up counts: a rule that blocks is not tried against, whatever came first."""
        self._news = False
        focus = _focus(self._guide, self._evidence.codes)
        codes = dict.fromkeys(code for code in (focus, *self._evidence.codes) if code is not None)
        if codes:
            self._given["code"] = tuple(code_value(code) for code in codes)
            self._given["topic"] = tuple(dict.fromkeys(self._library.topic(code) for code in codes))

    def walk(self, fits: int) -> Walk:
        """What the answers taken so far come to."""
        return Walk(
            guide=self._guide,
            node=self._node,
            fix=self._fix,
            tried=self._tried,
            over=self._over,
            number=self._number,
            begun_at=self._begun_at,
            visits=tuple(self._visits),
            codes=self._evidence.codes,
            code=_focus(self._guide, self._evidence.codes),
            evidence=self._evidence,
            given=self._given,
            remarks=self._remarks,
            files=self._files,
            introduced=self._contact is not None,
            contact=self._contact or "",
            topic=self._given.get("topic", ("other",))[0],
            rated=self._rated,
            screens=self._screens,
            fits=fits,
        )


NOWHERE: Final = Walk()


@once
def _choices(node: Ask) -> Mapping[ChoiceId, Choice]:
    return {choice.id: choice for choice in node.choices}


def security(guide: Guide | None) -> Escalate | None:
    """Where a guide hands over what is no trouble with signing in."""
    nodes = guide.nodes.values() if guide is not None else ()
    return next((n for n in nodes if isinstance(n, Escalate) and n.queue == SECURITY), None)
