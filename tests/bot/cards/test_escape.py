"""A stranger's words can only be read, wherever they are put."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.cards import escape
from tests.support.hostile import HOSTILE

TEMPLATES = (
    "{}",
    "Hello {}, and on",
    "**{}** is it",
    "- {}\n- two",
    "{}: {}",
    "see [{}](https://good.example)",
)


@settings(max_examples=500)
@given(HOSTILE)
@example("{{{{DATE(2026-11-22, SHORT)}}}}")
@example("1. one")
def test_words_in_a_text_block_are_only_text(words: str) -> None:
    """Whatever is put into a text, Markdown finds the structure that harmless words would have had."""
    for template in TEMPLATES:
        said = escape.markdown(words) or "…"
        shown = (
            MarkdownIt("commonmark")
            .enable("strikethrough")
            .enable("table")
            .parse(template.replace("{}", said))
        )
        plain = MarkdownIt("commonmark").parse(template.replace("{}", "x"))
        assert shape(shown) == shape(plain)


@given(HOSTILE)
def test_words_in_a_text_block_read_as_they_were_written(words: str) -> None:
    """Escaping changes how words are written, never how they read."""
    shown = MarkdownIt("commonmark").render(f"x {escape.markdown(words)} x")
    read = shown.removeprefix("<p>").strip().removesuffix("</p>")
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        read = read.replace(entity, character)
    invisible = dict.fromkeys(map(ord, "\u2060\u2068\u2069"))
    assert read.translate(invisible).split() == f"x {escape.line(words)} x".split()


@given(HOSTILE)
def test_no_macro_lives_in_a_run_or_a_title(words: str) -> None:
    """Teams looks for two braces, there too where it knows no Markdown."""
    assert "{{" not in escape.run(words)
    assert "{{" not in escape.title(words)
    assert "{{" not in escape.markdown(words)


@given(HOSTILE)
def test_nothing_invisible_survives(words: str) -> None:
    """No control, format, private or surrogate character is left; what is left can be sent."""
    left = escape.clean(words)
    left.encode("utf-8")
    seen = {each: unicodedata.category(each) for each in left if each not in "\n\u200c\u200d"}
    assert not {each for each, category in seen.items() if category in {"Cc", "Cf", "Co", "Cs"}}


@given(HOSTILE, st.integers(min_value=10, max_value=100))
def test_what_is_cut_says_so(words: str, limit: int) -> None:
    """A cut text is never longer than asked for, and ends with the mark."""
    left = escape.cut(words, limit)
    assert len(left) <= limit
    assert left == words or left.endswith(escape.CUT)


@pytest.mark.parametrize(
    "words",
    [
        "Zoë & Søn, 4-5 o'clock",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\U0001f469\u200d\U0001f4bb 家",
    ],
)
def test_ordinary_words_of_any_language_stay(words: str) -> None:
    """Cleaning takes nothing from people who write with accents, joiners or pictures."""
    assert escape.line(words) == words


def shape(tokens: list[Token]) -> list[str]:
    """What Markdown made of a text, without the texts."""
    kinds = []
    for token in tokens:
        inner = [each.type for each in token.children or () if each.type not in {"text", "text_special"}]
        kinds += [token.type, *inner]
    return kinds


@given(st.text() | st.text(st.characters(max_codepoint=0x2100)))
def test_the_quick_look_sees_what_the_slow_one_sees(words: str) -> None:
    """Texts of Latin letters are taken as they are, and only those in which every character can be seen."""
    unseen = {"Cc", "Cf", "Cs", "Co"}
    kept = [each for each in escape.clean(words) if unicodedata.category(each) in unseen]
    assert set(kept) <= set("\n\u200c\u200d")
    assert [each for each in escape.clean(words) if each != "\n"] == [
        each
        for each in words.replace("\t", " ")
        if each in "\u200c\u200d" or unicodedata.category(each) not in {*unseen, "Zl", "Zp"}
    ]
