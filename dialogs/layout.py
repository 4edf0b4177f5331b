"""Places for boxes and arrows: in layers from top to bottom, labels between the layers.

The steps are the usual ones for layered drawings: a layer for each box by the longest way to it, a stand-in
on every layer an arrow crosses, an order with few crossings by barycentres, and then x by pulling everything
towards its neighbours without overlap. A label is an item of a layer of its own, so nothing can cover it.
It must not know guides. All measures are pixels.
"""

import textwrap
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

_LETTER: Final = 7.2  # a letter at 13 pixels, generously
_GAP_X: Final = 26.0
_GAP_Y: Final = 30.0
_MARGIN: Final = 24.0
_SWEEPS: Final = 12


class Box(msgspec.Struct, frozen=True):
    """One box: an id, what kind it is, and words that are wrapped into it."""

    id: str
    kind: str
    words: str

    @property
    def wrapped(self) -> tuple[str, ...]:
        """The words in lines, cut after five."""
        return _wrap(self.words, 34, 5)

    @property
    def width(self) -> float:
        """At least wide enough for a short id."""
        return max(140.0, 24 + _LETTER * max(_columns(each) for each in (self.id, *self.wrapped)))

    @property
    def height(self) -> float:
        """The id and each line of words."""
        return 34.0 + 18 * len(self.wrapped)


class Arrow(msgspec.Struct, frozen=True):
    """From one box to another."""

    start: str
    end: str
    label: str = ""

    @property
    def wrapped(self) -> tuple[str, ...]:
        """The label in lines."""
        return _wrap(self.label, 24, 5)


class PlacedBox(msgspec.Struct, frozen=True):
    """`x` is the middle, `y` the top."""

    box: Box
    x: float
    y: float


class Route(msgspec.Struct, frozen=True):
    """The line of an arrow as SVG path pieces, the last one with the tip; the label's middle and top."""

    arrow: Arrow
    pieces: tuple[str, ...]
    x: float
    y: float


class Drawing(msgspec.Struct, frozen=True):
    """Everything in its place."""

    boxes: tuple[PlacedBox, ...]
    routes: tuple[Route, ...]
    width: float
    height: float


class _Item:
    """What stands on a layer: a box, a label, or a stand-in for a line that passes."""

    def __init__(self, layer: int, width: float, height: float) -> None:
        self.layer, self.width, self.height = layer, width, height
        self.up: list[_Item] = []
        self.down: list[_Item] = []
        self.x = 0.0
        self.place = 0
        self.passing = False  # a line goes straight through; it pulls harder, so that lines are straight

    def wish(self) -> float:
        """Where it would stand best: the middle of its neighbours."""
        pulls = [(n.x, 8.0 if self.passing and n.passing else 1.0) for n in self.up + self.down]
        total = sum(weight for _, weight in pulls)
        return sum(x * weight for x, weight in pulls) / total if pulls else self.x


def lay_out(start: str, boxes: Sequence[Box], arrows: Sequence[Arrow]) -> Drawing:
    """Give every box and arrow a place. The arrows have no circle; `start` stands on the first layer."""
    depth = _depths(start, boxes, arrows)
    items = {box.id: _Item(2 * depth[box.id], box.width, box.height) for box in boxes}
    chains: list[list[_Item]] = []
    for arrow in arrows:
        chain = [items[arrow.start]]
        for between in range(items[arrow.start].layer + 1, items[arrow.end].layer):
            size = (8.0, 1.0)
            if len(chain) == 1 and arrow.wrapped:
                size = (
                    _LETTER * max(_columns(each) for each in arrow.wrapped),
                    16.0 * len(arrow.wrapped) + 4,
                )
            chain.append(_Item(between, *size))
            chain[-1].passing = True
        chain.append(items[arrow.end])
        for upper, lower in pairwise(chain):
            upper.down.append(lower)
            lower.up.append(upper)
        chains.append(chain)
    layers = _layers(items.values(), chains)
    _order(layers)
    _spread(layers)
    tops, height = _heights(layers)
    left = min(item.x - item.width / 2 for layer in layers for item in layer) - _MARGIN
    for layer in layers:
        for item in layer:
            item.x -= left
    right = max(item.x + item.width / 2 for layer in layers for item in layer) + _MARGIN
    placed = tuple(PlacedBox(box, items[box.id].x, tops[items[box.id].layer]) for box in boxes)
    routes = tuple(_route(arrow, chain, tops, layers) for arrow, chain in zip(arrows, chains, strict=True))
    return Drawing(placed, routes, right, height)


def _depths(start: str, boxes: Sequence[Box], arrows: Sequence[Arrow]) -> dict[str, int]:
    depth = dict.fromkeys([start, *(box.id for box in boxes)], 0)
    for _ in boxes:  # a longest way has fewer arrows than there are boxes
        changed = False
        for arrow in arrows:
            if depth[arrow.end] <= depth[arrow.start]:
                depth[arrow.end] = depth[arrow.start] + 1
                changed = True
        if not changed:
            return depth
    raise ValueError("the arrows go in a circle")


def _layers(boxes: Iterable[_Item], chains: Sequence[Sequence[_Item]]) -> list[list[_Item]]:
    every = dict.fromkeys([*boxes, *(each for chain in chains for each in chain)])
    found: dict[int, list[_Item]] = defaultdict(list)
    for item in every:
        found[item.layer].append(item)
    return [found[layer] for layer in sorted(found)]


def _order(layers: list[list[_Item]]) -> None:
    """Sort each layer by where its neighbours stand, down and up in turn, and keep the best."""
    _number(layers)
    best, fewest = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            wish = {i: _mean([n.place for n in (i.up if down else i.down)], i.place) for i in layer}
            layer.sort(key=wish.__getitem__)
            _number([layer])
        if (crossings := _crossings(layers)) < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    layers[:] = best
    _number(layers)


def _number(layers: Iterable[Sequence[_Item]]) -> None:
    for layer in layers:
        for place, item in enumerate(layer):
            item.place = place


def _crossings(layers: Sequence[Sequence[_Item]]) -> int:
    total = 0
    for layer in layers:
        lines = sorted((item.place, below.place) for item in layer for below in item.down)
        total += sum(a[1] > b[1] for i, a in enumerate(lines) for b in lines[i + 1 :])
    return total


def _spread(layers: Sequence[Sequence[_Item]]) -> None:
    """Pull every item towards the middle of its neighbours, in its order and without overlap."""
    for layer in layers:
        x = 0.0
        for item in layer:
            item.x = x + item.width / 2
            x += item.width + _GAP_X
    for sweep in range(_SWEEPS * 2):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            _place(layer, [item.wish() for item in layer])


def _place(layer: Sequence[_Item], wished: Sequence[float]) -> None:
    """The places nearest to those wished for, with room for each: neighbours that clash form a block."""
    offsets = [0.0]
    for left, right in pairwise(layer):
        offsets.append(offsets[-1] + left.width / 2 + _GAP_X + right.width / 2)
    blocks: list[tuple[float, int]] = []  # mean of (wish - offset), how many items
    for wish, offset in zip(wished, offsets, strict=True):
        mean, count = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, many = blocks.pop()
            mean, count = (mean * count + before * many) / (count + many), count + many
        blocks.append((mean, count))
    means = [mean for mean, count in blocks for _ in range(count)]
    for item, mean, offset in zip(layer, means, offsets, strict=True):
        item.x = mean + offset


def _heights(layers: Sequence[Sequence[_Item]]) -> tuple[dict[int, float], float]:
    tops: dict[int, float] = {}
    y = 0.0
    for layer in layers:
        tops[layer[0].layer] = y
        y += max(item.height for item in layer) + _GAP_Y
    return tops, y - _GAP_Y + _MARGIN


def _route(
    arrow: Arrow, chain: Sequence[_Item], tops: Mapping[int, float], layers: Sequence[Sequence[_Item]]
) -> Route:
    deep = {layer[0].layer: max(item.height for item in layer) for layer in layers}
    pieces = []
    for upper, lower in pairwise(chain):
        begin, floor = tops[upper.layer] + upper.height, tops[upper.layer] + deep[upper.layer]
        end = tops[lower.layer]
        half = (floor + end) / 2
        bend = f"{upper.x:.1f} {half:.1f} {lower.x:.1f} {half:.1f} {lower.x:.1f} {end:.1f}"
        pieces.append(f"M{upper.x:.1f} {begin:.1f}V{floor:.1f}C{bend}")
    label = chain[1]
    return Route(arrow, tuple(pieces), label.x, tops[label.layer])


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _wrap(text: str, width: int, most: int) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, width, max_lines=most, placeholder=" …"))
