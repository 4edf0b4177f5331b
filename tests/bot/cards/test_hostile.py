"""Words of any kind, in every place of every card: it stays valid and small, and none of them lives."""

import re
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.address import Person
from bot.cards import elements, handoff, plain, ticket, view
from bot.cards import prompt as screen
from bot.cards.speech import Speaker
from bot.store.api import CaseRecord, LogEntry
from dialogs.case import Asked, Checked, FixTried
from dialogs.conversation import Evidence
from dialogs.effects import Choices, Entry, Fact, Option, Prompt
from dialogs.text import Text
from tests.support import screens
from tests.support.cards import schema_errors
from tests.support.hostile import HOSTILE

SPEAKER = Speaker(screens.library(), "en", "Europe/Berlin")
MANY = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])


def hostile_prompt(words: list[str]) -> Prompt:
    """A prompt with somebody's words wherever an argument or a value can be."""
    said = [Text("g/say", {"it": each}) for each in words]
    return Prompt(
        id="p1",
        say=Text("bot/resolved", {"by": words[0], "number": words[1], "note": words[2]}),
        notes=tuple(said),
        more=said[0],
        facts=(Fact(label=said[1], values=(*words, *said)),),
        ask=Choices(options=tuple(Option(id=f"o{n}", label=each) for n, each in enumerate(said * 2))),
        commands=("back", "person"),
    )


def hostile_case(words: list[str]) -> CaseRecord:
    """A case with somebody's words wherever a person, a page or a ticket system can put some."""
    a, b, c, d = words
    said = Text("g/say", {"it": a})
    return screens.record(
        person=Person(name=a, object_id=b, verified=False),
        by=c,
        reference=d,
        zone=a,
        language=b,
        queue=c,
        headline=said,
        app=(a, said),
        device=(b,),
        since=(c,),
        account=(d,),
        seen=(said,),
        asked=(Asked(question=said, text=b, at=0), Asked(question=said, answers=(said, said), at=0)),
        tried=(FixTried(fix=said, result=c, at=0),),
        untried=(said,),
        ruled_out=(said,),
        checks=(Checked(probe=a, outcome=b, detail=c, at=1),),
        ask_next=(said,),
        remarks=(a, b, c, d),
        evidence=Evidence(correlation_id=a, timestamp=b, app_name=c, device_state=d),
        status="claimed",
        log=(LogEntry(at=1, status="claimed", by=a, note=b),),
    )


def cards(words: list[str]) -> Iterator[dict[str, Any]]:
    """Every kind of card with these words in every place."""
    prompt = hostile_prompt(words)
    entry = Entry(label=prompt.notes[0], error=prompt.notes[1], skip=Option(id="skip", label=prompt.notes[2]))
    yield screen.card(prompt, SPEAKER, execute=True)
    yield screen.card(Prompt(id="p2", say=prompt.say, ask=entry), SPEAKER, execute=False)
    yield screen.retired(prompt, SPEAKER, (*words, prompt.say))
    yield handoff.card(hostile_case(words), SPEAKER, execute=True)
    yield ticket.card(hostile_case(words), SPEAKER)


@MANY
@given(st.lists(HOSTILE, min_size=4, max_size=4))
def test_no_words_of_a_person_live_on_a_card(words: list[str]) -> None:
    """On every card: no Markdown but ours, no macro, no mention, no address that could be pressed."""
    for card in cards(words):
        assert "msteams" not in card
        for place, text in strings(card):
            assert not re.search(r"\{\{(DATE|TIME)", text) or place in {"speak", "fallbackText"}
            assert not re.search("[\u202a-\u202e\u2066\u2067\x00-\x09\x0b-\x1f]", text)
            if place in {"text-block", "choice"}:
                live = {each.type for token in MarkdownIt().parse(text) for each in token.children or ()}
                assert live <= {"text", "text_special", "softbreak"}, text
            if place == "url":
                assert text == handoff.SIGN_IN_LOG


@settings(MANY, max_examples=20)
@given(st.lists(HOSTILE, min_size=4, max_size=4))
def test_no_words_of_a_person_break_a_card(words: list[str]) -> None:
    """Microsoft's schema finds nothing wrong, whatever is written."""
    for card in cards(words):
        assert not schema_errors(card)


@settings(MANY, max_examples=30)
@given(st.lists(HOSTILE, min_size=4, max_size=4), st.sampled_from([1, 50, 3000]))
def test_no_card_is_too_large_for_teams(words: list[str], times: int) -> None:
    """However long a person's words are, the card fits; Teams refuses a message above its limit."""
    for card in cards([each * times for each in words]):
        assert elements.size(card) <= elements.LARGEST


def test_a_case_of_thousands_of_lines_still_fits() -> None:
    """A long history is cut with a mark, and the number and the person are still there."""
    asked = tuple(Asked(question=Text("g/opened"), text="x" * 4000, at=0) for _ in range(500))
    remarks = tuple("\\" * 4000 for _ in range(500))
    card = handoff.card(screens.record(asked=asked, remarks=remarks), SPEAKER, execute=True)
    assert elements.size(card) <= elements.LARGEST
    said = str(card)
    assert "HR-7K3F" in said
    assert "Erika Mustermann" in said
    assert " […]" in said
    assert re.search(r"and \d+ more", said)


@MANY
@given(st.lists(HOSTILE, min_size=4, max_size=4))
def test_nobody_can_write_a_line_of_the_ticket(words: list[str]) -> None:
    """A line that says who was verified is ours: a person's line ends do not survive into the text."""
    forged = [f"{each}\nIDs:\u2028verified by Teams" for each in words]
    lines = plain.case_text(hostile_case(forged), SPEAKER).split("\n")
    assert not [each for each in lines if each.startswith("verified")]
    assert lines.count("IDs:") == 1


@MANY
@given(st.lists(HOSTILE, min_size=4, max_size=4))
def test_the_page_gets_words_and_nothing_else(words: list[str]) -> None:
    """The page's JSON can always be sent, and holds no invisible characters."""
    shown = view.view(hostile_prompt(words), SPEAKER)
    for _, text in strings(shown):
        text.encode("utf-8")
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f]", text)


def strings(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a card and where it is."""
    if isinstance(node, str):
        yield place, node
    elif isinstance(node, list):
        for each in node:
            yield from strings(each, place)
    elif isinstance(node, dict):
        for key, value in node.items():
            named = key
            if key == "text" and node.get("type") == "TextBlock":
                named = "text-block"
            if key == "title" and "value" in node:
                named = "choice"
            yield from strings(value, named)
