"""Every way out of a node, whichever verb it has: for checks, paths and pictures alike.

It must not know which of them a conversation takes (that is `dialogs.conditions`).
"""

from graphlib import TopologicalSorter

import msgspec

from dialogs.guide import Ask, Check, Collect, End, Escalate, Guide, Node, NodeId, Try, Way
from dialogs.probes import PROBES, UNKNOWN

# Answers that are no choice ids. Ids are lower-case words, so these cannot clash with one.
FIXED = "FIXED"
NOT_FIXED = "NOT_FIXED"
ON = "ON"


class Exit(msgspec.Struct, frozen=True):
    """After `answers` (choice ids, outcomes, or a word above) the first of `ways` that holds is taken."""

    answers: tuple[str, ...]
    ways: tuple[Way, ...]


def exits(node: Node) -> tuple[Exit, ...]:
    """The ways out of `node`, in the author's order. Answers that share their ways stand together."""
    match node:
        case Ask(several=True):
            return (Exit(tuple(each.id for each in node.choices), node.go),)
        case Ask():
            own = [Exit((each.id,), each.go) for each in node.choices if each.go]
            rest = tuple(each.id for each in node.choices if not each.go)
            return (*own, Exit(rest, node.go)) if rest else tuple(own)
        case Collect():
            return (Exit((ON,), node.go),)
        case Check():
            named = [Exit((outcome,), ways) for outcome, ways in node.outcomes.items() if ways]
            rest = tuple(each for each in outcomes(node) if not node.outcomes.get(each))
            return (*named, Exit(rest, node.otherwise))
        case Try():
            return (Exit((FIXED,), (Way(to=node.fixed),)), Exit((NOT_FIXED,), node.go))
        case Escalate() | End():
            return ()


def outcomes(node: Check) -> tuple[str, ...]:
    """All that the check can come to, "unknown" last."""
    known = PROBES.get(node.probe, tuple(node.outcomes))
    return (*(each for each in known if each != UNKNOWN), UNKNOWN)


def targets(node: Node) -> tuple[NodeId, ...]:
    """Where `node` can lead, each once."""
    return tuple(dict.fromkeys(way.to for each in exits(node) for way in each.ways))


def edges(guide: Guide) -> frozenset[tuple[NodeId, NodeId]]:
    """Every way between two nodes, as the guide writes them."""
    return frozenset((node.id, to) for node in guide.nodes.values() for to in targets(node))


def topological(guide: Guide) -> tuple[NodeId, ...]:
    """The nodes, each after all that lead to it.

    Raises:
        graphlib.CycleError: The guide has a circle; a ValueError.
    """
    sorter: TopologicalSorter[NodeId] = TopologicalSorter()
    for node in guide.nodes.values():
        sorter.add(node.id)
        for to in targets(node):
            sorter.add(to, node.id)
    return tuple(sorter.static_order())
