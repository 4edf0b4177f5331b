"""Every path through a guide: listed, counted, and how many prompts are still to come.

Answers that lead the same way are one path in the list; `conversations` counts every answer apart (each
choice, each set of ticks, each result of a fix). It must not know how a path is played or drawn.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from dialogs.conditions import Answers
from dialogs.guide import Code, End, Escalate, Guide, GuideId, NodeId, Way
from dialogs.once import once
from dialogs.situations import LARGEST, Move, Situation, Situations, Taken, TooTangled
from dialogs.ways import edges

LISTED: Final = 2_000  # paths
_NO_CODES: Final[Mapping[int, Code]] = {}


class Path(msgspec.Struct, frozen=True, kw_only=True):
    """One way through: what was answered, the nodes it passes, where it ends, and how many screens.

    A screen is a question, a field, a fix or a hand-over; automatic checks and the last words are none.
    """

    choices: tuple[Taken, ...]
    nodes: tuple[NodeId, ...]
    end: str  # solved, stopped or escalated:QUEUE
    prompts: int


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """The paths of a guide.

    Attributes:
        guide: Its id.
        paths: At most `LISTED`; all of them where there are no more.
        conversations: How many different conversations there are, exactly.
        complete: Whether the listed paths cover every node and every way between two nodes.
    """

    guide: GuideId
    paths: tuple[Path, ...]
    conversations: int
    complete: bool


def paths(guide: Guide, codes: Mapping[int, Code] = _NO_CODES, *, limit: int = LISTED) -> Paths:
    """List and count the paths of a sound guide.

    Args:
        guide: The guide.
        codes: What each code is about, where conditions name both codes and topics.
        limit: How many paths to list at most.

    Raises:
        TooTangled: There are too many situations to look at.
        ValueError: The guide has a circle or a way to nowhere.
    """
    seen = _Survey(guide, codes)
    listed = seen.all_paths(limit) if seen.count(times=False) <= limit else seen.covering(limit)
    covered = {pair for path in listed for pair in zip(path.nodes, path.nodes[1:], strict=False)}
    visited = {node for path in listed for node in path.nodes}
    return Paths(
        guide=guide.id,
        paths=listed,
        conversations=seen.count(times=True),
        complete=visited == set(guide.nodes) and covered == edges(guide),
    )


class Examined(msgspec.Struct, frozen=True):
    """What a check wants to know: the path with the most screens, and the ways somebody can take."""

    longest: Path
    taken: frozenset[tuple[NodeId, Way]]


def examine(guide: Guide, codes: Mapping[int, Code] = _NO_CODES) -> Examined:
    """Look at a guide without listing its paths. Raises as `paths` does."""
    seen = _Survey(guide, codes)
    return Examined(seen.longest(), frozenset(seen.map.taken))


class _Survey:
    """Every situation that can be reached, with its moves, in an order in which moves lead forward."""

    def __init__(self, guide: Guide, codes: Mapping[int, Code]) -> None:
        self.map = Situations(guide)
        self.starts = self.map.beginnings(codes)
        self.moves: dict[Situation, tuple[Move, ...]] = {}
        self.known = {start: known for known, _, start in self.starts}
        self.before: dict[Situation, tuple[Situation, Move]] = {}  # how it is reached with the fewest moves
        waiting = deque(self.known)
        while waiting:
            here = waiting.popleft()
            self.moves[here] = self.map.moves(here)
            for move in self.moves[here]:
                if move.to not in self.before and move.to not in self.known:
                    self.before[move.to] = (here, move)
                    waiting.append(move.to)
            if len(self.before) > LARGEST:
                raise TooTangled(f"more than {LARGEST:,} situations")
        self.backwards = sorted(
            self.moves, key=lambda each: (self.map.order[each.node], each.tried), reverse=True
        )

    def count(self, *, times: bool) -> int:
        """How many ways there are to an end; `times` counts answers that lead the same way apart."""
        ways: dict[Situation, int] = {}
        for here in self.backwards:
            total = sum(ways[move.to] * (move.times if times else 1) for move in self.moves[here])
            ways[here] = total if self.moves[here] else 1
        return sum(ways[start] * (cases if times else 1) for _, cases, start in self.starts)

    def longest(self) -> Path:
        prompts: dict[Situation, int] = {}
        following: dict[Situation, Move] = {}
        for here in self.backwards:
            prompts[here] = self.map.prompts(here)
            if self.moves[here]:
                following[here] = max(self.moves[here], key=lambda move: prompts[move.to])
                prompts[here] += prompts[following[here].to]
        known, _, start = max(self.starts, key=lambda each: prompts[each[2]])
        trail = []
        here = start
        while here in following:
            trail.append((here, following[here]))
            here = following[here].to
        return self._path(known, trail, here)

    def all_paths(self, limit: int) -> tuple[Path, ...]:
        """All paths in the author's order, `limit` at most."""
        found: list[Path] = []
        for known, _, start in self.starts:
            for trail, end in self._trails(start):
                if len(found) == limit:
                    return tuple(found)
                found.append(self._path(known, trail, end))
        return tuple(found)

    def _trails(self, start: Situation) -> Iterator[tuple[list[tuple[Situation, Move]], Situation]]:
        trail: list[tuple[Situation, Move]] = []
        branches = [iter(self.moves[start])]
        if not self.moves[start]:
            yield [], start
        stand = [start]
        while branches:
            move = next(branches[-1], None)
            if move is None:
                branches.pop()
                stand.pop()
                if trail:
                    trail.pop()
                continue
            trail.append((stand[-1], move))
            if self.moves[move.to]:
                stand.append(move.to)
                branches.append(iter(self.moves[move.to]))
            else:
                yield trail, move.to
                trail.pop()

    def covering(self, limit: int) -> tuple[Path, ...]:
        """Paths that take every way between two nodes first, then as many others as there is room for."""
        found: dict[tuple[Taken, ...], Path] = {}
        covered: set[tuple[NodeId, NodeId]] = set()
        for here in self.moves:
            for move in self.moves[here]:
                if (here.node, move.to.node) not in covered and len(found) < limit:
                    path = self._through(here, move, covered)
                    found[path.choices] = path
                    covered.update(zip(path.nodes, path.nodes[1:], strict=False))
        for path in self.all_paths(limit):
            if len(found) < limit:
                found.setdefault(path.choices, path)
        return tuple(found.values())

    def _through(self, here: Situation, move: Move, covered: set[tuple[NodeId, NodeId]]) -> Path:
        trail = [(here, move)]
        while here in self.before:
            here, step = self.before[here]
            trail.insert(0, (here, step))
        known = self.known[here]
        stand = move.to
        while self.moves[stand]:
            ahead = self.moves[stand]
            step = next((each for each in ahead if (stand.node, each.to.node) not in covered), ahead[0])
            trail.append((stand, step))
            stand = step.to
        return self._path(known, trail, stand)

    def _path(self, known: tuple[Taken, ...], trail: list[tuple[Situation, Move]], end: Situation) -> Path:
        nodes = [here.node for here, _ in trail] + [end.node]
        return Path(
            choices=(*known, *(move.taken for _, move in trail if move.taken is not None)),
            nodes=tuple(each for place, each in enumerate(nodes) if place == 0 or nodes[place - 1] != each),
            end=_end(self.map.guide, end.node),
            prompts=sum(self.map.prompts(here) for here, _ in trail) + self.map.prompts(end),
        )


def _end(guide: Guide, node_id: NodeId) -> str:
    match guide.nodes[node_id]:
        case End(result=result):
            return result
        case Escalate(queue=queue):
            return f"escalated:{queue}"
        case node:
            raise ValueError(f"node {node.id} is no end")


class _Outlook:
    """How many prompts are still to come, remembered by situation."""

    def __init__(self, guide: Guide) -> None:
        self.map = Situations(guide)
        self.known: dict[Situation, float] = {}

    def of(self, here: Situation) -> float:
        if here not in self.known:
            nodes = self.map.guide.nodes
            ahead = [
                move for move in self.map.moves(here, singly=True) if not isinstance(nodes[move.to.node], End)
            ]
            # Who leaves early is no measure for those who go on: with them the number would grow on the way.
            going_on = [move for move in ahead if not isinstance(nodes[move.to.node], Escalate)]
            ahead = going_on or ahead
            answers = sum(move.times for move in ahead)
            rest = sum(move.times * self.of(move.to) for move in ahead) / answers if answers else 0.0
            self.known[here] = self.map.prompts(here) + rest
        return self.known[here]


_outlook: Final = once(_Outlook)


def prompts_to_come(guide: Guide, node_id: NodeId, answers: Answers, fix_index: int = 0) -> float:
    """How many prompts are still to come from `node_id` on, its own included, if it is not solved.

    The mean over the answers that go on, not those that end the conversation or hand it over at once; of
    several choices one is picked.

    Args:
        guide: A sound guide.
        node_id: Where the conversation stands.
        answers: What was given so far, by subject.
        fix_index: How many fixes were tried at this node.
    """
    outlook = _outlook(guide)
    return outlook.of(outlook.map.at(node_id, fix_index, answers))
