"""Where a case goes: one rule for channels and ticket desks."""

from typing import cast

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bot.desk_names import MAIN
from bot.queues import Queues
from bot.routing import routed, words_of
from bot.ticket_desks import Desks
from bot.tickets.api import TicketSystem
from dialogs.case import CaseFile
from tests.support.keeping import case

NOBODY = cast("TicketSystem", object())  # nobody asks it
FILES = st.builds(
    lambda queue, language, codes, severity: msgspec.structs.replace(
        case("HR-1").file, queue=queue, language=language, codes=tuple(codes), severity=severity
    ),
    st.sampled_from(["security", "sign-in"]),
    st.sampled_from(["de", "en"]),
    st.lists(st.sampled_from([50126, 53003]), max_size=2),
    st.sampled_from(["normal", "urgent"]),
)
WORDS = st.sampled_from(
    [
        "AADSTS50126",
        "AADSTS53003",
        "urgent",
        "security",
        "sign-in",
        "de",
        "en",
        "security/urgent",
        "security/de",
        "sign-in/en",
        "nobody",
    ]
)
PLACES = st.dictionaries(WORDS, st.sampled_from(["one", "two", "three"]))


@given(FILES, PLACES)
def test_the_word_that_says_most_decides(file: CaseFile, places: dict[str, str]) -> None:
    """Of the words of a case that have a place the first one; without any, where every other case goes."""
    named = [word for word in words_of(file) if word in places]

    assert routed(file, places, "else") == (places[named[0]] if named else "else")


@given(FILES)
def test_a_code_decides_then_a_guide_a_severity_a_queue_a_language(file: CaseFile) -> None:
    """The newest code first; two words before one of them."""
    codes = [f"AADSTS{code}" for code in reversed(file.codes)]
    how, queue, language = file.severity, file.queue, file.language

    pressing = [f"{queue}/{how}", f"{how}/{language}", how]
    assert [*words_of(file)] == [*codes, file.guide, *pressing, f"{queue}/{language}", queue, language]


@given(FILES, PLACES, WORDS)
def test_words_of_other_cases_change_nothing(file: CaseFile, places: dict[str, str], other: str) -> None:
    """Who gives a place to more cases moves those and no others."""
    if other not in words_of(file):
        assert routed(file, {**places, other: "new"}, "else") == routed(file, places, "else")


@given(FILES, PLACES)
def test_channels_and_desks_go_by_the_same_rule(file: CaseFile, places: dict[str, str]) -> None:
    """Whoever has learnt the one knows the other."""
    channel = Queues("else", places).channel(file)
    desk = Desks(NOBODY, places=places).meant(file)

    assert desk == (MAIN if channel == "else" else channel)
