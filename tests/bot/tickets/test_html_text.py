"""Text as HTML and back: nothing that people wrote is markup, and nothing that comes back is believed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tickets.html_text import hypertext, plain


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")) | st.just("\n"), max_size=200))
def test_what_was_written_is_what_is_read(text: str) -> None:
    """Line by line; spaces at the ends of lines are nobody's, and of many empty lines one is left."""
    lines = "\n".join(re.sub(r"[ \xa0]+", " ", each).strip() for each in text.split("\n"))
    expected = re.sub(r"\n{3,}", "\n\n", lines).strip()

    assert re.sub(r" +", " ", plain(hypertext(text))) == expected


@given(st.text(max_size=200))
def test_nothing_that_was_written_is_markup(text: str) -> None:
    """Of tags there are only those for lines."""
    assert "<" not in re.sub(r"</?div>|<br>", "", hypertext(text))


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one</p>\n<p>two<br/>three</p>", "one\ntwo\nthree"),
        ("<div><div>one</div></div><ul><li>two</li><li>three</li></ul>", "one\ntwo\nthree"),
        ("a <b>bold</b> &amp; <i title='x'>new</i>&nbsp;word", "a bold & new word"),
        ("<style>p { color: red }</style><script>alert(1)</script>text<!-- hidden -->", "text"),
        ("a < b, c > d", "a < b, c > d"),
        ("&lt;script&gt;", "<script>"),
        ("&#8364; &#x20ac; &#99999999999; &#xFFFFFFFFFFFFFF;", "€ € � �"),
        ("<script>never ended", ""),
        ("", ""),
    ],
)
def test_a_note_reads_as_in_a_browser(markup: str, text: str) -> None:
    """Blocks are lines, entities characters, and what a browser hides is not there."""
    assert plain(markup) == text


@pytest.mark.parametrize("piece", ["<", "<!--", "</", "<a ", '<a href="', "<![", "&#9", "<div>", "<script>"])
def test_markup_that_is_broken_on_purpose_is_only_read(piece: str) -> None:
    """A megabyte of it: Python's own parser would not come back from some of these today."""
    assert isinstance(plain(piece * (1_000_000 // len(piece))), str)
