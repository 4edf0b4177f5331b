"""Where a person is: a library and a list of answers -> what they passed, what is known, what is left to try.

Nothing is stored of what this file computes; it must not know how anything is shown. The fold is
`dialogs.fold`. The newest walks of a library are remembered by their answers, so that the next step of a
conversation need not fold all of it again.
"""

from collections.abc import Iterable
from typing import Final

from dialogs.conditions import holds
from dialogs.conversation import Answer, Evidence, Noticed, Tried
from dialogs.fold import NOWHERE, Visit, Walk, fold, merge, security
from dialogs.guide import Escalate, Try
from dialogs.library import Library
from dialogs.once import once

__all__ = ["Visit", "Walk", "escalation", "further", "known_evidence", "merge", "security", "untried", "walk"]

_REMEMBERED: Final = 20_000  # answers of remembered walks, for each of two generations: some megabytes


def walk(library: Library, answers: tuple[Answer, ...]) -> Walk:
    """Fold `answers`. Never raises, whatever the answers and whatever became of the guides."""
    walks = _walks(library)
    known = walks.of(answers)
    if known is None:
        known = fold(library, NOWHERE, answers)
        walks.keep(answers, known)
    return known


def further(library: Library, walked: Walk, answers: tuple[Answer, ...]) -> Walk:
    """The walk of `answers`, of which `walked` is the walk of the first ones."""
    known = fold(library, walked, answers[walked.fits :])
    _walks(library).keep(answers, known)
    return known


class _Walks:
    """The newest walks of one library, by their answers: a younger and an older generation."""

    def __init__(self, _: Library) -> None:
        self._young: dict[tuple[Answer, ...], Walk] = {}
        self._old: dict[tuple[Answer, ...], Walk] = {}
        self._room = _REMEMBERED

    def of(self, answers: tuple[Answer, ...]) -> Walk | None:
        known = self._young.get(answers)
        if known is None and (known := self._old.get(answers)) is not None:
            self.keep(answers, known)
        return known

    def keep(self, answers: tuple[Answer, ...], walked: Walk) -> None:
        self._room -= 1 + len(answers)
        if self._room < 0:
            self._old, self._young, self._room = self._young, {}, _REMEMBERED
        self._young[answers] = walked


_walks: Final = once(_Walks)


def known_evidence(answers: Iterable[Answer]) -> Evidence:
    """Everything noticed so far, the newest of each kind; codes in the order they came up."""
    merged = Evidence()
    for answer in answers:
        if isinstance(answer, Noticed):
            merged = merge(merged, answer.evidence)
    return merged


def untried(walked: Walk) -> tuple[str, ...]:
    """Fixes of the current guide that an answer points to, or that are general, and that were not tried.

    Where the guide itself led to people, only the lists that were reached count: it left the others out.
    """
    if walked.guide is None:
        return ()
    done = {visit.answer.fix for visit in walked.visits if isinstance(visit.answer, Tried)}
    reached = {visit.node.id for visit in walked.visits}
    lists = [node for node in walked.guide.nodes.values() if isinstance(node, Try)]
    if isinstance(walked.node, Escalate):
        lists = [node for node in lists if node.id in reached]
    wanted = [offer.fix for node in lists for offer in node.offers if holds(offer.when, walked.given)]
    return tuple(fix for fix in dict.fromkeys(wanted) if fix not in done)


def escalation(walked: Walk) -> Escalate | None:
    """Where a hand-over goes from here: the node we stand on, else the guide's first one."""
    if isinstance(walked.node, Escalate):
        return walked.node
    if walked.guide is None:
        return None
    return next((n for n in walked.guide.nodes.values() if isinstance(n, Escalate)), None)
