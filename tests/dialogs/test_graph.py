"""The picture of a guide: everything is in it, nothing covers anything, nothing gets out of its box."""

import re
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.graph import arrows, boxes, mermaid, svg
from dialogs.guide import Guide
from dialogs.language import compile as compile_content
from dialogs.language.load import load
from dialogs.layout import Arrow, Box, Drawing, lay_out
from dialogs.library import Library
from dialogs.ways import edges

CONTENT = Path(__file__).parents[2] / "content"
LIBRARY, _ = load(CONTENT)
GUIDES = sorted(LIBRARY.guides)
HOSTILE = """
guide: hostile
title: '</title><script>alert(1)</script>'
start: one
nodes:
  one:
    say: 'A "quoted" <b>word</b> & `code` ]] --> n1'
    ask:
      a: '"]:::x; click n0 javascript:alert(1)'
      b: '|end|'
    go: two
  two:
    say: That is it.
    end: solved
"""


def hostile() -> tuple[Guide, Library]:
    """A guide whose words try to be markup."""
    library, _ = compile_content({"guides/hostile.yaml": HOSTILE})
    return library.guides["hostile"], library


@pytest.mark.parametrize("name", GUIDES)
def test_every_node_and_every_way_is_drawn(name: str) -> None:
    """The picture and the guide have the same nodes and the same ways."""
    guide = LIBRARY.guides[name]

    assert [box.id for box in boxes(guide, LIBRARY, "en")] == list(guide.nodes)
    assert {(arrow.start, arrow.end) for arrow in arrows(guide, LIBRARY, "en")} == edges(guide)
    drawn = mermaid(guide, LIBRARY)
    assert len(re.findall(r"^  n\d+\S*\"", drawn, re.MULTILINE)) == len(guide.nodes)
    assert drawn.count(" -->") == len(edges(guide))
    picture = ET.fromstring(svg(guide, LIBRARY))
    assert len(picture.findall(".//{*}rect")) == len(guide.nodes) + 1  # and the paper


@pytest.mark.parametrize("name", GUIDES)
@pytest.mark.parametrize("language", LIBRARY.languages)
def test_nothing_covers_anything(name: str, language: str) -> None:
    """Boxes and labels have room of their own, inside the picture, in every language."""
    guide = LIBRARY.guides[name]
    check_room(lay_out(guide.start, boxes(guide, LIBRARY, language), arrows(guide, LIBRARY, language)))


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from(["", "Yes", "No, " * 15])),
        max_size=25,
    )
)
def test_nothing_covers_anything_in_any_guide(pairs: list[tuple[int, int, str]]) -> None:
    """Any graph without circles is laid out without overlap, arrows downwards."""
    every = tuple(Box(f"node-{n}", "ask", "words " * n) for n in range(10))
    ways = {(min(a, b), max(a, b)): label for a, b, label in pairs if a != b}
    check_room(
        lay_out("node-0", every, [Arrow(f"node-{a}", f"node-{b}", label) for (a, b), label in ways.items()])
    )


def check_room(drawing: Drawing) -> None:
    """No two boxes or labels overlap, and each arrow leads down from its box to the other."""
    areas = [(p.x - p.box.width / 2, p.y, p.x + p.box.width / 2, p.y + p.box.height) for p in drawing.boxes]
    for route in drawing.routes:
        lines = route.arrow.wrapped
        half = 3.6 * max((len(line) for line in lines), default=0)
        if lines:
            areas.append((route.x - half, route.y, route.x + half, route.y + 16 * len(lines)))
    for one, other in combinations(areas, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    assert all(a[0] >= 0 and a[1] >= 0 and a[2] <= drawing.width and a[3] <= drawing.height for a in areas)
    tops = {place.box.id: place.y for place in drawing.boxes}
    assert all(tops[route.arrow.start] < tops[route.arrow.end] for route in drawing.routes)
    for route in drawing.routes:
        ends = [(piece[1:].split("V")[0].split(), piece.split()[-2:]) for piece in route.pieces]
        assert all(before[1][0] == after[0][0] for before, after in pairwise(ends))


def test_words_stay_words_in_svg() -> None:
    """Markup in a guide is shown, not run."""
    picture = svg(*hostile())

    assert "<script" not in picture
    assert [each.text for each in ET.fromstring(picture).findall("./{*}title")] == [
        "</title><script>alert(1)</script>"
    ]


def test_words_stay_words_in_mermaid() -> None:
    """Quotes, brackets and arrows in words are entities, so the picture has two nodes and one way."""
    drawn = mermaid(*hostile()).splitlines()

    assert sum(" -->|" in line for line in drawn) == 1
    # what is left of quotes in a line only opens and closes its words
    assert all(line.count('"') in (0, 2) for line in drawn)
    assert not any("<b>" in line or ("click n0 javascript:" in line and "#34;" not in line) for line in drawn)


def test_a_circle_is_refused() -> None:
    """A layered picture has no way up."""
    with pytest.raises(ValueError, match="circle"):
        lay_out("a", [Box("a", "ask", ""), Box("b", "ask", "")], [Arrow("a", "b"), Arrow("b", "a")])
