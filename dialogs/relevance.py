"""Which answers still make a difference at a node, as bits: one for each condition that decides on a way.

Conditions on a way on do. Of the answers that point to fixes only those count that can still get one offered:
a list of fifteen ticks has thousands of sets, and some dozens that anybody can tell apart. It must not know
how a conversation moves (that is `dialogs.situations`).
"""

from collections.abc import Iterable

from dialogs.guide import FixId, Guide, Match, NodeId, Try
from dialogs.ways import exits, targets


class Relevance:
    """The conditions of a guide, and who asks for them."""

    def __init__(self, guide: Guide, order: Iterable[NodeId]) -> None:
        """Look at a sound guide; `order` has its nodes, each after all that lead to it."""
        self._nodes = guide.nodes
        self._bits: dict[Match, int] = {}
        for node in guide.nodes.values():
            for match in _asked(guide, node.id):
                self._bits.setdefault(match, 1 << len(self._bits))
        self._told_by: dict[tuple[str, str], int] = {}
        for match, bit in self._bits.items():
            for value in match.values:
                told = match.subject, value
                self._told_by[told] = self._told_by.get(told, 0) | bit
        self._pointing: dict[NodeId, tuple[tuple[FixId, int], ...]] = {}  # fixes that answers point to
        self._kept: dict[tuple[NodeId, int], int] = {}
        self._first: dict[tuple[NodeId, tuple[FixId, ...], int], int] = {}
        # at a node or after it: conditions of ways, lists of fixes, conditions that can come to hold
        self._ways: dict[NodeId, int] = {}
        self._lists: dict[NodeId, dict[NodeId, Try]] = {}
        self._open: dict[NodeId, int] = {}
        for each in reversed(tuple(order)):
            self._look_ahead(each)

    def _look_ahead(self, node_id: NodeId) -> None:
        node = self._nodes[node_id]
        ways, open_ = 0, self.own(node_id)
        lists: dict[NodeId, Try] = {}
        for way in (way for each in exits(node) for way in each.ways):
            ways |= self.need(way.when)
        if isinstance(node, Try):
            lists[node_id] = node
            self._pointing[node_id] = tuple((o.fix, self.need(o.when)) for o in node.offers if o.when)
        for to in targets(node):
            ways |= self._ways[to]
            lists |= self._lists[to]
            open_ |= self._open[to]
        self._ways[node_id], self._lists[node_id], self._open[node_id] = ways, lists, open_

    def values(self, subject: str) -> tuple[str, ...]:
        """The values of `subject` that conditions name, each once."""
        return tuple(
            dict.fromkeys(value for match in self._bits if match.subject == subject for value in match.values)
        )

    def tells(self, subject: str, value: str) -> int:
        """The conditions that hold once `subject` was answered with `value`."""
        return self._told_by.get((subject, value), 0)

    def own(self, node_id: NodeId) -> int:
        """The conditions that the answers of a node decide about."""
        return sum(bit for match, bit in self._bits.items() if match.subject == node_id)

    def need(self, when: Iterable[Match]) -> int:
        """The conditions that must hold for all of `when`."""
        bits = 0
        for match in when:
            bits |= self._bits[match]
        return bits

    def candidates(self, node: Try, true: int) -> tuple[FixId, ...]:
        """The fixes offered where the conditions in `true` hold."""
        pointed_to = [fix for fix, need in self._pointing[node.id] if not need & ~true]
        general = [o.fix for o in node.offers if not o.when]
        return tuple(dict.fromkeys(pointed_to + general))[: node.limit]

    def kept(self, node_id: NodeId, true: int) -> int:
        """What matters of `true` to a conversation that stands on a node.

        At a list of fixes only what is offered matters, and what is asked for after it: of different answers
        that point to the same fixes, the first stand for all.
        """
        known = self._kept.get((node_id, true))
        if known is None:
            known = true & self.matters(node_id, true, self._open[node_id])
            node = self._nodes[node_id]
            if isinstance(node, Try):
                after = self.need(match for way in node.go for match in way.when)
                for to in targets(node):
                    after |= self.matters(to, known, self._open[to])
                known = self._first.setdefault((node_id, self.candidates(node, known), known & after), known)
            self._kept[node_id, true] = known
        return known

    def matters(self, node_id: NodeId, true: int, undecided: int) -> int:
        """The conditions that can make a difference from a node on.

        Of those that point to fixes, the ones that can still get theirs offered: what stands in the list
        behind as many fixes as are shown is never reached.

        Args:
            node_id: The node.
            true: What holds for sure.
            undecided: What may hold as well, or come to hold.
        """
        bits = self._ways[node_id]
        for node in self._lists[node_id].values():
            sure: set[FixId] = set()
            for fix, need in self._pointing[node.id]:
                if need & ~(true | undecided):
                    continue
                bits |= need
                if not need & ~true:
                    sure.add(fix)
                    if len(sure) == node.limit:
                        break
        return bits


def _asked(guide: Guide, node_id: NodeId) -> tuple[Match, ...]:
    """The conditions a node asks for that decide on the way; hints only decorate the ticket."""
    node = guide.nodes[node_id]
    found = [match for each in exits(node) for way in each.ways for match in way.when]
    if isinstance(node, Try):
        found += [match for offer in node.offers for match in offer.when]
    return tuple(found)
