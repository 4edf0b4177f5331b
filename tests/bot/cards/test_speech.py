"""The same text in the words, lists, times and letters of whoever reads it."""

import pytest
from babel import Locale
from babel.localedata import locale_identifiers

from bot.cards.speech import Speaker
from dialogs.library import Library
from dialogs.text import Text

OPENED = "1795340460"  # 2026-11-22 09:41:00 UTC
TEXTS = {
    "en": {
        "noted": "I noted {what}.",
        "since": "Since {since_at}.",
        "press": "Press **Continue**.\nThen:\n- wait\n- try again",
        "named": "**{name}**, hello",
        "read": "Read https://learn.example/page. It helps.",
        "link": "See [the list](https://learn.example).",
        "odd": "{{not a place}} {missing} {name.__class__}",
    },
    "de": {"noted": "Ich habe {what} notiert.", "since": "Seit {since_at}."},
    "ar": {"noted": "سجلت {what}."},
}


def library() -> Library:
    """A few texts in three languages."""
    return Library(version="1", guides={}, fixes={}, codes={}, texts=TEXTS)


def test_a_list_is_written_as_the_language_writes_it() -> None:
    """English and German join the last item with their own word."""
    text = Text("noted", {"what": ("a", "b", "c")})
    assert Speaker(library(), "en").say(text) == "I noted a, b, and c."
    assert Speaker(library(), "de").say(text) == "Ich habe a, b und c notiert."


def test_a_text_within_a_text_speaks_the_same_language() -> None:
    """An argument that is a text is resolved for the same reader."""
    text = Text("noted", {"what": Text("since", {"since_at": OPENED})})
    assert Speaker(library(), "de", "Europe/Berlin").say(text) == "Ich habe Seit 22.11.2026, 10:41. notiert."


def test_a_time_is_in_the_readers_zone() -> None:
    """The same moment is another hour in Berlin and in New York."""
    text = Text("since", {"since_at": OPENED})
    assert Speaker(library(), "en", "Europe/Berlin").say(text) == "Since Nov 22, 2026, 10:41 AM."
    assert Speaker(library(), "en", "America/New_York").say(text) == "Since Nov 22, 2026, 4:41 AM."


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "Europe", "\0", "/etc/localtime"])
def test_without_a_known_zone_a_time_says_utc(zone: str) -> None:
    """A zone that is missing, made up or hostile never breaks a text, and never passes for local time."""
    assert Speaker(library(), "en", zone).say(Text("since", {"since_at": OPENED})).endswith("9:41 AM UTC.")


@pytest.mark.parametrize("at", ["soon", "", "9" * 30, "9" * 5000, "-1e9", "²"])
def test_a_time_that_is_none_is_shown_as_it_stands(at: str) -> None:
    """Broken data reads like data."""
    assert Speaker(library(), "en").say(Text("since", {"since_at": at})) == f"Since {at}."


def test_on_the_same_day_the_hour_is_enough() -> None:
    """A moment near another one is said short; a day later it is said in full."""
    speaker = Speaker(library(), "de", "Europe/Berlin")
    assert speaker.time(int(OPENED) + 660, near=int(OPENED)) == "10:52"
    assert speaker.time(int(OPENED) + 86400, near=int(OPENED)) == "23.11.2026, 10:41"


def test_plain_words_have_no_markdown_of_the_author() -> None:
    """Where nothing is bold there are no asterisks, and a link shows where it leads."""
    speaker = Speaker(library(), "en")
    assert speaker.say(Text("press")) == "Press Continue.\nThen:\n- wait\n- try again"
    assert speaker.say(Text("link")) == "See the list (https://learn.example)."


def test_the_authors_markdown_lives_on_a_card() -> None:
    """Bold stays, new lines become paragraphs, a list stays together, an address becomes a link."""
    speaker = Speaker(library(), "en")
    assert speaker.markdown(Text("press")) == "Press **Continue**.\n\nThen:\n\n- wait\n- try again"
    assert speaker.markdown(Text("link")) == "See [the list](https://learn.example)."
    assert speaker.markdown(Text("read")) == (
        "Read [https://learn.example/page](https://learn.example/page). It helps."
    )


def test_a_persons_words_do_not_live_on_a_card() -> None:
    """A name with a link in it is a strange name and no link."""
    named = Speaker(library(), "en").markdown(Text("named", {"name": "[Ada](https://evil.example)"}))
    assert named == "**\\[Ada\\](https:\u2060//evil.\u2060example)**, hello"


def test_an_empty_name_leaves_no_bare_asterisks() -> None:
    """Nothing between two marks would be read as a line across the card."""
    assert Speaker(library(), "en").markdown(Text("named", {"name": " \u200b"})) == "**…**, hello"


def test_a_place_nothing_fills_stays_and_reaches_into_nothing() -> None:
    """Odd braces never break a turn and never reach into an object."""
    said = Speaker(library(), "en").say(Text("odd", {"name": "Ada"}))
    assert said == "{not a place} {missing} {name.__class__}"


@pytest.mark.parametrize("language", ["xx", "", "de-AT", "zh-Hant-TW", "e\0n", "../x", "q" * 500])
def test_any_language_can_be_spoken(language: str) -> None:
    """What is not there is said in the source language; nothing a client sends as its language breaks."""
    assert Speaker(library(), language).say(Text("noted", {"what": ("a", "b")}))


def test_languages_from_right_to_left_are_known() -> None:
    """A card for an Arabic reader starts on the right."""
    assert Speaker(library(), "ar").right_to_left
    assert not Speaker(library(), "de").right_to_left


def test_every_language_runs_the_way_cldr_says() -> None:
    """The table of those from right to left is Babel's, which would read all its data for it."""
    texts = library()
    wrong = [
        name
        for name in locale_identifiers()
        if Speaker(texts, name.replace("_", "-")).right_to_left
        != (Locale.parse(name).text_direction == "rtl")
    ]

    assert wrong == []


def test_a_long_text_is_cut_with_a_mark() -> None:
    """Even a cut text lets no Markdown of a person live."""
    speaker = Speaker(library(), "en", limit=40)
    assert speaker.say("x" * 100) == "x" * 36 + " […]"
    cut = speaker.markdown(Text("named", {"name": "*" * 100}))
    assert cut.startswith(r"\*\*\*")
