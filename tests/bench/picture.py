"""One picture of the medians: turns a second, a bar each, on a logarithmic scale; SVG, written by hand.

It follows the reader's light or dark and brings its own ground, so that it can be read on any page, and it is
narrow enough for a phone. Must not know: how anything is measured.
"""

import math
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from tests.bench.results import Report

_WIDTH: Final = 400
_SCALE: Final = 1.5  # how large it is where there is room
_LEFT: Final = 20
_BARS: Final = 310  # the longest bar; its number stands beside it
_LONG: Final = 44  # characters of a label that may be too wide for a wide font, and is made to fit
_SQUEEZED: Final = f' textLength="{_WIDTH - 2 * _LEFT}" lengthAdjust="spacingAndGlyphs"'
_ROW: Final = 44
_TOP: Final = 86
_OURS: Final = ("sqlite", "postgres")
_TITLE: Final = "Turns per second on one core"
_NOTE: Final = (
    "An echo keeps nothing. Handrail authenticates, loads,",
    "decides, stores durably, renders a card, sends it.",
)
_STYLE: Final = """
  text { font-family: system-ui, "Segoe UI", Roboto, sans-serif; font-size: 14px; fill: #1f2328 }
  text { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round }
  .title { font-size: 18px; font-weight: 600 }
  .small { font-size: 12.5px; fill: #57606a }
  .number { font-weight: 600; font-variant-numeric: tabular-nums }
  .ground { fill: #ffffff; stroke: #d0d7de }
  .line { stroke: #d8dee4 }
  .bar { fill: #8c959f }
  .ours { fill: #0969da }
  .our { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; stroke: #0d1117 }
    .small { fill: #9da7b1 }
    .ground { fill: #0d1117; stroke: #30363d }
    .line { stroke: #2a313a }
    .bar { fill: #6e7681 }
    .ours { fill: #4493f8 }
  }
"""


def picture(report: Report) -> str:
    """The SVG.

    Raises:
        ValueError: No contestant has come to its end.
    """
    bars = [(name, value) for name in report.labels if (value := report.median(name, "per_second"))]
    if not bars:
        raise ValueError("there is nothing to draw: no run has come to its end")
    bars.sort(key=lambda each: -each[1])
    lowest = math.floor(math.log10(bars[-1][1] * 0.8))
    highest = math.ceil(math.log10(bars[0][1]))
    bottom = _TOP + _ROW * len(bars)
    height = bottom + 68
    size = f'width="{_WIDTH * _SCALE:.0f}" height="{height * _SCALE:.0f}" style="max-width:100%;height:auto"'
    said = "; ".join(f"{_label(report, name)} {_number(value)}" for name, value in bars)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" {size}',
            'role="img" aria-labelledby="title desc">',
            f'<title id="title">{_TITLE}</title>',
            f'<desc id="desc">{escape(said)}. {" ".join(_NOTE)}</desc>',
            f"<style>{_STYLE}</style>",
            f'<rect class="ground" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="8"/>',
            f'<text class="title" x="{_LEFT}" y="34">{_TITLE}</text>',
            f'<text class="small" x="{_LEFT}" y="54">{_how(report)}</text>',
            *_lines(lowest, highest, bottom),
            *_rows(report, bars, lowest, highest),
            *(
                f'<text class="small" x="{_LEFT}" y="{bottom + 30 + 18 * row}">{line}</text>'
                for row, line in enumerate(_NOTE)
            ),
            "</svg>\n",
        )
    )


def _how(report: Report) -> str:
    people, count = report.settings["people"], report.settings["rounds"]
    rounds = "1 round" if count == 1 else f"median of {count:.0f} rounds"
    return f"{people:.0f} people, {rounds}, logarithmic scale"


def _label(report: Report, name: str) -> str:
    failures = report.failures(name)
    return report.labels[name] + (f" ({failures} turns failed)" if failures else "")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _lines(lowest: int, highest: int, bottom: int) -> Iterator[str]:
    for power in range(lowest, highest + 1):
        x = _LEFT + _BARS * (power - lowest) / (highest - lowest)
        anchor = "start" if power == lowest else "middle"
        yield f'<path class="line" d="M{x:.1f} {_TOP - 6}V{bottom}"/>'
        yield f'<text class="small" x="{x:.1f}" y="{_TOP - 12}" text-anchor="{anchor}">{10**power:,}</text>'


def _rows(report: Report, bars: list[tuple[str, float]], lowest: int, highest: int) -> Iterator[str]:
    for row, (name, value) in enumerate(bars):
        y = _TOP + _ROW * row
        length = _BARS * (math.log10(value) - lowest) / (highest - lowest)
        ours, our = (" ours", ' class="our"') if name in _OURS else ("", "")
        label = _label(report, name)
        squeezed = _SQUEEZED if len(label) > _LONG else ""
        yield f'<text{our} x="{_LEFT}" y="{y + 15}"{squeezed}>{escape(label)}</text>'
        yield f'<rect class="bar{ours}" x="{_LEFT}" y="{y + 21}" width="{length:.1f}" height="15" rx="3"/>'
        yield f'<text class="number" x="{_LEFT + length + 7:.1f}" y="{y + 33}">{_number(value)}</text>'
