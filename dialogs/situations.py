"""Where a conversation can be, as far as it matters for where it can go: a finite map of one guide.

A situation is a node, how many fixes were tried there, and which conditions hold that are still asked for
further on. Answers that lead to the same situation are one move with a count. It must not know a
conversation, nor what is done with the map (that is `dialogs.paths`).
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from dialogs.conditions import GIVEN, SKIPPED, Answers, code_value
from dialogs.guide import (
    EVIDENCE_SUBJECTS,
    Ask,
    Check,
    Choice,
    Code,
    Collect,
    End,
    Escalate,
    FixId,
    Guide,
    Match,
    NodeId,
    Try,
    Way,
)
from dialogs.ways import exits, outcomes, targets, topological

LARGEST: Final = 50_000  # situations of one guide; large guides that people can follow have some thousand
OTHER: Final = "other"  # any code or topic that no condition names


class TooTangled(ValueError):  # noqa: N818  an answer about a guide, not a fault
    """The conditions of a guide combine into more situations than anybody can look at."""


class Situation(NamedTuple):
    """Node, fixes tried there, and a bit for each condition that holds and still matters."""

    node: NodeId
    tried: int
    true: int


class Taken(msgspec.Struct, frozen=True):
    """What was answered: choices of a node, a result of a fix, or what `code` or `topic` is."""

    node: NodeId
    answers: tuple[str, ...]
    fix: FixId = ""

    @property
    def words(self) -> str:
        """For lists and messages: "fixes/private-window: same"."""
        place = f"{self.node}/{self.fix}" if self.fix else self.node
        return f"{place}: {' + '.join(self.answers)}"


class Move(NamedTuple):
    """From one situation to the next. `taken` stands for `times` answers that lead the same way."""

    taken: Taken | None  # None: nothing to answer, such as a list of fixes of which none is offered
    times: int
    to: Situation


class Situations:
    """The map of a guide: its beginnings, and the moves from any situation."""

    def __init__(self, guide: Guide) -> None:
        """Look at a sound guide (`dialogs.language` says which are).

        Raises:
            ValueError: The guide has a circle or a way to nowhere.
        """
        self.guide = guide
        self.order: Mapping[NodeId, int] = {each: place for place, each in enumerate(topological(guide))}
        self.taken: set[tuple[NodeId, Way]] = set()  # ways that somebody can take, as far as moves were asked
        self.offered: set[tuple[NodeId, FixId]] = set()
        self._bits: dict[Match, int] = {}
        for node in guide.nodes.values():
            for match in self._asked(node.id):
                self._bits.setdefault(match, 1 << len(self._bits))
        self._told_by: dict[tuple[str, str], int] = {}
        for match, bit in self._bits.items():
            for value in dict.fromkeys(match.values):
                told = match.subject, value
                self._told_by[told] = self._told_by.get(told, 0) | bit
        self._first: dict[tuple[NodeId, tuple[FixId, ...], int], int] = {}
        self._alike: dict[tuple[NodeId, int], int] = {}
        self._sets: dict[NodeId, tuple[tuple[tuple[str, ...], int, int], ...]] = {}
        self._live: dict[NodeId, int] = {}
        for each in sorted(self.order, key=self.order.__getitem__, reverse=True):
            self._live[each] = self._need(self._asked(each))
            for to in targets(guide.nodes[each]):
                self._live[each] |= self._live[to]

    def _asked(self, node_id: NodeId) -> tuple[Match, ...]:
        """The conditions a node asks for that decide on the way; hints only decorate the ticket."""
        node = self.guide.nodes[node_id]
        found = [match for each in exits(node) for way in each.ways for match in way.when]
        if isinstance(node, Try):
            found += [match for offer in node.offers for match in offer.when]
        return tuple(found)

    def _need(self, when: tuple[Match, ...]) -> int:
        bits = 0
        for match in when:
            bits |= self._bits[match]
        return bits

    def at(self, node: NodeId, tried: int, answers: Answers) -> Situation:
        """The situation of a conversation that stands on `node` with `answers` given."""
        true = 0
        for subject, values in answers.items():
            for value in values:
                true |= self._told_by.get((subject, value), 0)
        return self._stand(node, true, tried)

    def _stand(self, node_id: NodeId, true: int, tried: int = 0) -> Situation:
        """A situation without what makes no difference any more.

        At a list of fixes only what is offered matters, and what is asked for after it: different answers
        that point to the same fixes are one situation.
        """
        true &= self._live[node_id]
        node = self.guide.nodes[node_id]
        if isinstance(node, Try):
            true = self._alike.get((node_id, true)) or self._settle(node, true)
        return Situation(node_id, tried, true)

    def _settle(self, node: Try, true: int) -> int:
        after = self._need(tuple(match for way in node.go for match in way.when))
        for to in targets(node):
            after |= self._live[to]
        first = self._first.setdefault((node.id, self.candidates(node, true), true & after), true)
        self._alike[node.id, true] = first
        return first

    def _tells(self, subject: str, value: str) -> int:
        """The conditions that hold once `subject` was answered with `value`."""
        return self._told_by.get((subject, value), 0)

    def beginnings(self, codes: Mapping[int, Code]) -> tuple[tuple[tuple[Taken, ...], int, Situation], ...]:
        """What can be known before the first question: (what, how many cases, situation).

        One case for every code and topic a condition names, and one for any other. With `codes` a code has
        its own topic only; without, each goes with each.
        """
        used = {subject: self._used(subject) for subject in EVIDENCE_SUBJECTS}
        topics = {code_value(code.code): code.topic for code in codes.values()}
        found: dict[Situation, tuple[tuple[Taken, ...], int]] = {}
        for code in used["code"]:
            own = topics.get(code)
            for topic in used["topic"] if own is None else (own if own in used["topic"] else OTHER,):
                known = [Taken("code", (code,))] if len(used["code"]) > 1 else []
                known += [Taken("topic", (topic,))] if len(used["topic"]) > 1 else []
                true = self._tells("code", code) | self._tells("topic", topic)
                start = self._stand(self.guide.start, true)
                first, times = found.get(start, (tuple(known), 0))
                found[start] = (first, times + 1)
        return tuple((known, times, start) for start, (known, times) in found.items())

    def _used(self, subject: str) -> tuple[str, ...]:
        values = [value for match in self._bits if match.subject == subject for value in match.values]
        return (*dict.fromkeys(values), OTHER)

    def candidates(self, node: Try, true: int) -> tuple[FixId, ...]:
        """The fixes offered where the conditions in `true` hold."""
        pointed_to = [o.fix for o in node.offers if o.when and not self._need(o.when) & ~true]
        general = [o.fix for o in node.offers if not o.when]
        return tuple(dict.fromkeys(pointed_to + general))[: node.limit]

    def prompts(self, here: Situation) -> int:
        """How many screens of its own the situation has: 1, or 0 for checks and ends."""
        match self.guide.nodes[here.node]:
            case Check() | End():
                return 0
            case Try() as node:
                return int(here.tried < len(self.candidates(node, here.true)))
            case _:
                return 1

    def moves(self, here: Situation, *, singly: bool = False) -> tuple[Move, ...]:
        """All that can happen next; nothing at an end. `singly`: of several choices only one is picked."""
        together: dict[Situation, Move] = {}
        for move in self._answers(here, singly=singly):
            known = together.get(move.to)
            together[move.to] = move if known is None else known._replace(times=known.times + move.times)
        return tuple(together.values())

    def _answers(self, here: Situation, *, singly: bool) -> Iterator[Move]:
        node = self.guide.nodes[here.node]
        match node:
            case Ask(several=True) if not singly:
                if node.id not in self._sets:
                    self._sets[node.id] = tuple(self._subsets(node))
                for picked, times, bits in self._sets[node.id]:
                    yield Move(Taken(node.id, picked), times, self._on(here, node.go, here.true | bits))
            case Ask():
                for choice in node.choices:
                    ways = node.go if node.several else choice.go or node.go
                    yield self._told(here, choice.id, ways)
            case Collect():
                yield self._told(here, GIVEN, node.go)
                if node.skip:
                    yield self._told(here, SKIPPED, node.go)
            case Check():
                for outcome in outcomes(node):
                    yield self._told(here, outcome, node.outcomes.get(outcome) or node.otherwise)
            case Try():
                yield from self._tries(here, node)
            case Escalate() | End():
                return

    def _told(self, here: Situation, answer: str, ways: tuple[Way, ...]) -> Move:
        true = here.true | self._tells(here.node, answer)
        return Move(Taken(here.node, (answer,)), 1, self._on(here, ways, true))

    def _tries(self, here: Situation, node: Try) -> Iterator[Move]:
        offered = self.candidates(node, here.true)
        if here.tried >= len(offered):
            yield Move(None, 1, self._on(here, node.go, here.true))
            return
        fix = offered[here.tried]
        self.offered.add((node.id, fix))
        yield Move(Taken(node.id, ("fixed",), fix), 1, self._on(here, (Way(to=node.fixed),), here.true))
        last = here.tried + 1 == len(offered)
        on = self._on(here, node.go, here.true) if last else here._replace(tried=here.tried + 1)
        yield Move(Taken(node.id, ("same",), fix), 3, on)  # same, other and could-not

    def _subsets(self, node: Ask) -> Iterator[tuple[tuple[str, ...], int, int]]:
        """What can be ticked, grouped by the conditions it makes true: (an example, how many, conditions)."""
        found: dict[int, tuple[tuple[str, ...], int]] = {}

        def add(bits: int, example: tuple[str, ...], times: int) -> None:
            known, before = found.get(bits, (example, 0))
            found[bits] = (min(known, example, key=len), before + times)

        for choice in (each for each in node.choices if not each.alone):
            bits = self._tells(node.id, choice.id)
            for other, (example, times) in list(found.items()):
                add(other | bits, (*example, choice.id), times)
            add(bits, (choice.id,), 1)
            if len(found) > LARGEST:
                raise TooTangled(f"the choices of {node.id} combine into more than {LARGEST:,} situations")
        for choice in _alone(node):
            add(self._tells(node.id, choice.id), (choice.id,), 1)
        for bits, (example, times) in found.items():
            yield example, times, bits

    def _on(self, here: Situation, ways: tuple[Way, ...], true: int) -> Situation:
        for way in ways:
            if not self._need(way.when) & ~true:
                self.taken.add((here.node, way))
                return self._stand(way.to, true)
        raise ValueError(f"node {here.node} leaves somebody standing: no way on holds")


def _alone(node: Ask) -> tuple[Choice, ...]:
    return tuple(each for each in node.choices if each.alone)
