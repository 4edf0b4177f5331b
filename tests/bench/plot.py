"""Small multiples of growth, one for each series: SVG, written by hand, in the reader's light or dark.

Each shows the first figure of its series against the size, on logarithmic axes, with the medians as dots and
every run as a faint mark behind them. The upright axis spans at least a factor of ten everywhere, so that a
flat curve looks flat. Must not know: how anything is measured.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from tests.bench.series import Series, growth

_WIDTH: Final = 380
_HEIGHT: Final = 240
_COLUMNS: Final = 2
_LEFT: Final = 58
_RIGHT: Final = 22
_TOP: Final = 62
_BOTTOM: Final = 44
_WORD: Final = 36  # between the middles of two sizes that are written below the axis
_SPAN: Final = 1.0  # decades of the upright axis, at least
_ZERO: Final = 0.5  # where a size of nothing stands, as a share of the next one
_STYLE: Final = """
  text { font-family: system-ui, "Segoe UI", Roboto, sans-serif; font-size: 12px; fill: #57606a }
  .title { font-size: 15px; font-weight: 600; fill: #1f2328 }
  .ground { fill: #ffffff; stroke: #d0d7de }
  .grid { stroke: #d8dee4 }
  .line { fill: none; stroke: #0969da; stroke-width: 2 }
  .dot { fill: #0969da }
  .run { fill: #0969da; opacity: 0.3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9da7b1 }
    .title { fill: #e6edf3 }
    .ground { fill: #0d1117; stroke: #30363d }
    .grid { stroke: #2a313a }
    .line { stroke: #4493f8 }
    .dot, .run { fill: #4493f8 }
  }
"""


def drawn(found: Sequence[Series]) -> str:
    """The SVG."""
    shown = [each for each in found if each.line(_figure(each))]
    rows = math.ceil(len(shown) / _COLUMNS)
    width, height = _WIDTH * min(_COLUMNS, max(1, len(shown))), _HEIGHT * rows
    told = "; ".join(f"{each.title}: {each.figures[_figure(each)]} {_kind(each)}" for each in shown)
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"',
        ' aria-labelledby="growth-title growth-desc">',
        '<title id="growth-title">What a turn costs as things grow</title>',
        f'<desc id="growth-desc">{escape(told)}.</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="6"/>',
    ]
    for place, each in enumerate(shown):
        x, y = _WIDTH * (place % _COLUMNS), _HEIGHT * (place // _COLUMNS)
        parts += [f'<g transform="translate({x} {y})">', *_panel(each), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _figure(series: Series) -> str:
    return next(iter(series.figures))


def _kind(series: Series) -> str:
    found = growth(series.line(_figure(series)))
    return f"{found.kind}, last/first {found.ratio:.2f}"


class _Axis:
    """A logarithmic axis from values to places on the paper."""

    def __init__(self, values: Sequence[float], begin: float, end: float, span: float) -> None:
        low, high = (math.log10(each) for each in (min(values), max(values)))
        missing = max(0.0, span - (high - low))
        self._low, self._high = low - missing / 2, max(high + missing / 2, low + 0.01)
        self._begin, self._end = begin, end

    def at(self, value: float) -> float:
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return self._begin + share * (self._end - self._begin)

    def ticks(self) -> Iterator[float]:
        """Powers of ten on it; where there are fewer than two, 2 and 5 times as well."""
        first, last = math.floor(self._low), math.ceil(self._high)
        tens = [10.0**each for each in range(first, last + 1)]
        within = [each for each in tens if self._low <= math.log10(each) <= self._high]
        if len(within) > 1:
            yield from within
            return
        for ten in tens:
            for times in (1, 2, 5):
                if self._low <= math.log10(times * ten) <= self._high:
                    yield times * ten


def _panel(series: Series) -> Iterator[str]:
    figure = _figure(series)
    line = series.line(figure)
    sizes = [x for x, _ in line if x > 0]
    smallest = min(sizes, default=1.0)

    def place(x: float) -> float:
        return across.at(x if x > 0 else smallest * _ZERO)

    across = _Axis(
        [*sizes, *([smallest * _ZERO] if any(not x for x, _ in line) else [])], _LEFT, _WIDTH - _RIGHT, 0.0
    )
    marks = [(point.x, run[figure]) for point in series.points for run in point.runs if run.get(figure)]
    upright = _Axis([y for _, y in [*marks, *line]], _HEIGHT - _BOTTOM, _TOP, _SPAN)
    yield f'<text class="title" x="16" y="26">{escape(series.title)}</text>'
    yield f'<text x="16" y="44">{escape(series.figures[figure])}: {escape(_kind(series))}</text>'
    for tick in upright.ticks():
        y = upright.at(tick)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_short(tick)}</text>'
    free = 0.0
    for x, _ in line:
        if place(x) < free:
            continue
        free = place(x) + _WORD
        yield f'<text x="{place(x):.1f}" y="{_HEIGHT - 24}" text-anchor="middle">{_short(x)}</text>'
    yield f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}" text-anchor="end">{escape(series.axis)}</text>'
    for x, y in marks:
        yield f'<circle class="run" cx="{place(x):.1f}" cy="{upright.at(y):.1f}" r="2"/>'
    path = " ".join(f"{place(x):.1f},{upright.at(y):.1f}" for x, y in line)
    yield f'<polyline class="line" points="{path}"/>'
    for x, y in line:
        yield f'<circle class="dot" cx="{place(x):.1f}" cy="{upright.at(y):.1f}" r="3.5"/>'


def _short(value: float) -> str:
    for limit, letter in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{letter}"
    return f"{value:g}"
