"""Where a conversation can be, as far as it matters for where it can go: a finite map of one guide.

A situation is a node, how many fixes were tried there, and which conditions hold that still make a difference
(`dialogs.relevance`). Answers that lead to the same situation are one move with a count. It must not know a
conversation, nor what is done with the map (that is `dialogs.paths`).
"""

from collections.abc import Hashable, Iterator, Mapping
from typing import Final, NamedTuple, TypeVar

import msgspec

from dialogs.conditions import GIVEN, SKIPPED, Answers, code_value
from dialogs.guide import (
    EVIDENCE_SUBJECTS,
    Ask,
    Check,
    Code,
    Collect,
    End,
    Escalate,
    FixId,
    Guide,
    NodeId,
    Try,
    Way,
)
from dialogs.relevance import Relevance
from dialogs.ways import outcomes, topological

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


_Key = TypeVar("_Key", bound=Hashable)


class _Picked(NamedTuple):
    """Sets of ticks that are alike: one of them, how many they are, and what they make true."""

    example: tuple[str, ...]
    times: int
    true: int


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
        self._sets: dict[NodeId, tuple[_Picked, ...]] = {}
        self._leading: dict[tuple[NodeId, int], tuple[tuple[Way, _Picked], ...]] = {}
        self._about = Relevance(guide, self.order)

    def at(self, node: NodeId, tried: int, answers: Answers) -> Situation:
        """The situation of a conversation that stands on `node` with `answers` given."""
        true = 0
        for subject, values in answers.items():
            for value in values:
                true |= self._about.tells(subject, value)
        return self._stand(node, true, tried)

    def _stand(self, node_id: NodeId, true: int, tried: int = 0) -> Situation:
        return Situation(node_id, tried, self._about.kept(node_id, true))

    def beginnings(self, codes: Mapping[int, Code]) -> tuple[tuple[tuple[Taken, ...], int, Situation], ...]:
        """What can be known before the first question: (what, how many cases, situation).

        One case for every code and topic a condition names, and one for any other. With `codes` a code has
        its own topic only; without, each goes with each.
        """
        used = {subject: (*self._about.values(subject), OTHER) for subject in EVIDENCE_SUBJECTS}
        topics = {code_value(code.code): code.topic for code in codes.values()}
        found: dict[Situation, tuple[tuple[Taken, ...], int]] = {}
        for code in used["code"]:
            own = topics.get(code)
            for topic in used["topic"] if own is None else (own if own in used["topic"] else OTHER,):
                known = [Taken("code", (code,))] if len(used["code"]) > 1 else []
                known += [Taken("topic", (topic,))] if len(used["topic"]) > 1 else []
                true = self._about.tells("code", code) | self._about.tells("topic", topic)
                start = self._stand(self.guide.start, true)
                first, times = found.get(start, (tuple(known), 0))
                found[start] = (first, times + 1)
        return tuple((known, times, start) for start, (known, times) in found.items())

    def prompts(self, here: Situation) -> int:
        """How many screens of its own the situation has: 1, or 0 for checks and ends."""
        match self.guide.nodes[here.node]:
            case Check() | End():
                return 0
            case Try() as node:
                return int(here.tried < len(self._about.candidates(node, here.true)))
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
                for way, picked in self._ticked(node, here.true):
                    on = self._stand(way.to, here.true | picked.true)
                    yield Move(Taken(node.id, picked.example), picked.times, on)
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
        true = here.true | self._about.tells(here.node, answer)
        return Move(Taken(here.node, (answer,)), 1, self._on(here, ways, true))

    def _tries(self, here: Situation, node: Try) -> Iterator[Move]:
        offered = self._about.candidates(node, here.true)
        if here.tried >= len(offered):
            yield Move(None, 1, self._on(here, node.go, here.true))
            return
        fix = offered[here.tried]
        self.offered.add((node.id, fix))
        yield Move(Taken(node.id, ("fixed",), fix), 1, self._on(here, (Way(to=node.fixed),), here.true))
        last = here.tried + 1 == len(offered)
        on = self._on(here, node.go, here.true) if last else here._replace(tried=here.tried + 1)
        yield Move(Taken(node.id, ("same",), fix), 3, on)  # same, other and could-not

    def _ticked(self, node: Ask, true: int) -> tuple[tuple[Way, _Picked], ...]:
        """What can be ticked where `true` holds, each with the way it leads."""
        asked = true & self._about.need(tuple(match for way in node.go for match in way.when))
        known = self._leading.get((node.id, asked))
        if known is None:
            undecided = ~self._about.own(node.id)
            found: dict[tuple[Way, int], _Picked] = {}
            for each in self._subsets(node):
                way = self._way(node.id, node.go, asked | each.true)
                bits = each.true & self._about.matters(way.to, each.true, undecided)
                _add(found, (way, bits), each._replace(true=bits))
            known = tuple((way, picked) for (way, _), picked in found.items())
            self._leading[node.id, asked] = known
        return known

    def _subsets(self, node: Ask) -> tuple[_Picked, ...]:
        """The sets of ticks that can be told apart, made tick by tick."""
        if node.id not in self._sets:
            open_ = ~self._about.own(node.id)
            free = [(each.id, self._about.tells(node.id, each.id)) for each in node.choices if not each.alone]
            found: dict[int, _Picked] = {}
            for place, (choice, bits) in enumerate(free):
                undecided = open_
                for _, later in free[place + 1 :]:
                    undecided |= later
                before = tuple(found.values())
                ticked = [_Picked((*each.example, choice), each.times, each.true | bits) for each in before]
                found = {}
                for each in (*before, *ticked, _Picked((choice,), 1, bits)):
                    true = each.true & self._about.matters(node.id, each.true, undecided)
                    _add(found, true, each._replace(true=true))
                if len(found) > LARGEST:
                    raise TooTangled(
                        f"the choices of {node.id} combine into more than {LARGEST:,} situations"
                    )
            for one in (each for each in node.choices if each.alone):
                bits = self._about.tells(node.id, one.id)
                _add(found, bits & self._about.matters(node.id, bits, open_), _Picked((one.id,), 1, bits))
            self._sets[node.id] = tuple(found.values())
        return self._sets[node.id]

    def _on(self, here: Situation, ways: tuple[Way, ...], true: int) -> Situation:
        return self._stand(self._way(here.node, ways, true).to, true)

    def _way(self, node_id: NodeId, ways: tuple[Way, ...], true: int) -> Way:
        for way in ways:
            if not self._about.need(way.when) & ~true:
                self.taken.add((node_id, way))
                return way
        raise ValueError(f"node {node_id} leaves somebody standing: no way on holds")


def _add(found: dict[_Key, _Picked], key: _Key, picked: _Picked) -> None:
    """Put sets of ticks with those that are alike; the shortest stands for all, the first of several."""
    known = found.get(key)
    if known is not None:
        example = min(known.example, picked.example, key=len)
        picked = _Picked(example, known.times + picked.times, known.true)
    found[key] = picked
