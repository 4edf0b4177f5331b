"""A figure against a size: its points, the medians, and what kind of growth they show.

Must not know: what is measured.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

_FLAT: Final = 0.1  # the slope in a log-log plot up to which a curve is called flat
_FLAT_RATIO: Final = 1.2  # the last value by the first one, up to which it is called flat as well
_LINEAR: Final = (0.85, 1.15)


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """The runs at one size, each a set of named figures."""

    x: float
    runs: Sequence[Mapping[str, float]]

    def median(self, figure: str) -> float | None:
        """Of one figure; None when no run has it."""
        values = [run[figure] for run in self.runs if figure in run]
        return statistics.median(values) if values else None


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """All points of one question.

    Attributes:
        name: On the command line.
        title: What people read.
        axis: What the sizes count.
        figures: What is shown, by name: its words, the first one drawn.
        points: From the smallest to the largest size.
        note: What one has to know to read it.
    """

    name: str
    title: str
    axis: str
    figures: Mapping[str, str]
    points: Sequence[Point]
    note: str = ""

    def line(self, figure: str) -> list[tuple[float, float]]:
        """Size and median."""
        found = [(point.x, point.median(figure)) for point in self.points]
        return [(x, y) for x, y in found if y is not None]


class Growth(msgspec.Struct, frozen=True):
    """How a figure grows: in words, its slope in a log-log plot, and the last value by the first one."""

    kind: str
    slope: float
    ratio: float


def growth(line: Sequence[tuple[float, float]]) -> Growth:
    """Fit a power to a line; sizes of nothing are left out of the fit."""
    fitting = [(math.log(x), math.log(y)) for x, y in line if x > 0 and y > 0]
    ratio = line[-1][1] / line[0][1] if line and line[0][1] else math.nan
    if len(fitting) < 2:
        return Growth("too few points", 0.0, ratio)
    slope = statistics.linear_regression(*zip(*fitting, strict=True)).slope
    if abs(slope) <= _FLAT or 1 / _FLAT_RATIO <= ratio <= _FLAT_RATIO:
        kind = "flat"
    elif _LINEAR[0] <= slope <= _LINEAR[1]:
        kind = "linear"
    elif slope < 0:
        kind = f"falls, as x^{slope:.2f}"
    else:
        kind = f"{'less' if slope < 1 else 'more'} than linear, as x^{slope:.2f}"
    return Growth(kind, slope, ratio)


def table(series: Series) -> str:
    """The medians, and under each figure what kind of growth it is."""
    names = list(series.figures)
    rows = [[series.axis, *series.figures.values()]]
    for point in series.points:
        medians = [point.median(name) for name in names]
        rows.append([f"{point.x:,.0f}", *("" if each is None else _short(each) for each in medians)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in rows]
    for name, words in series.figures.items():
        found = growth(series.line(name))
        lines.append(f"  {words}: {found.kind} (slope {found.slope:+.2f}), last/first {found.ratio:.2f}")
    return "\n".join([f"{series.title}", *lines, *([f"  {series.note}"] if series.note else [])])


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
