"""What the benchmark calls flat or linear is so, and its picture shows every series."""

import xml.etree.ElementTree as ET
from collections import Counter
from itertools import pairwise

import pytest

from tests.bench.own_bot import sample
from tests.bench.people import Turn, TurnFailed
from tests.bench.plot import drawn
from tests.bench.series import Point, Series, growth, table

SIZES = (1, 10, 100, 1_000)


def series(name: str, *values: float) -> Series:
    """One with these medians."""
    points = [
        Point(x=size, runs=[{"cpu": value}, {"cpu": value * 1.1}, {"cpu": value * 0.9}])
        for size, value in zip(SIZES, values, strict=False)
    ]
    return Series(name=name, title=f"By {name}", axis="things", figures={"cpu": "CPU ms"}, points=points)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((1.0, 1.1, 0.9, 1.05), "flat"),
        ((1.0, 10.0, 100.0, 1000.0), "linear"),
        ((1.0, 3.16, 10.0, 31.6), "less than linear, as x^0.50"),
        ((1.0, 100.0, 10_000.0, 1e6), "more than linear, as x^2.00"),
        ((8.0, 4.0, 2.0, 1.0), "falls, as x^-0.30"),
    ],
)
def test_growth_has_its_name(values: tuple[float, ...], kind: str) -> None:
    """By the slope in a log-log plot."""
    found = growth(list(zip(SIZES, values, strict=True)))

    assert found.kind == kind
    assert found.ratio == pytest.approx(values[-1] / values[0])


def test_a_size_of_nothing_is_no_part_of_the_fit() -> None:
    """There is no logarithm of it; the ratio counts it."""
    found = growth([(0, 100.0), (10, 110.0), (100, 111.0)])

    assert found.kind == "flat"
    assert found.ratio == pytest.approx(1.11)


def test_the_table_has_the_medians() -> None:
    """Of the repeats, and what kind of growth they show."""
    shown = table(series("size", 1.0, 2.0))

    assert ["1", "1"] in [line.split() for line in shown.splitlines()]
    assert "CPU ms: less than linear, as x^0.30 (slope +0.30), last/first 2.00" in shown


def test_the_picture_is_sound_and_flat_looks_flat() -> None:
    """A panel for each, with its words for who does not see it; a change of a tenth is a small step."""
    picture = drawn([series("size", 1.0, 1.1, 1.0, 1.1), series("more & more", 1.0, 10.0, 100.0, 1000.0)])
    root = ET.fromstring(picture)

    name = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{name}g")) == 2
    described = root.findtext(f"{name}desc") or ""
    assert "By more & more: CPU ms linear, last/first 1000.00" in described
    flat = root.find(f"{name}g/{name}polyline")
    assert flat is not None
    heights = [float(each.split(",")[1]) for each in flat.attrib["points"].split()]
    assert max(abs(one - other) for one, other in pairwise(heights)) < 10
    assert "prefers-color-scheme: dark" in picture


def test_no_turns_are_no_figures() -> None:
    """A bot that takes nothing is not quick."""
    with pytest.raises(TurnFailed, match="no turn"):
        sample([], 1.0, 1.0, Counter())
    one = sample([Turn(0.0, 0.001, 0.002)], 0.5, 1.0, Counter())
    assert (one.cpu, one.p50, one.answered_p99) == (500.0, 2.0, 1.0)
