"""A prompt on a card: one request, the details folded away, a way back and a person at the end."""

from typing import Any

import pytest

from bot.cards import prompt as screen
from bot.cards.speech import Speaker
from dialogs.effects import Choices, Entry, Option, Prompt
from dialogs.text import Text
from tests.support import screens
from tests.support.cards import schema_errors

SPEAKER = Speaker(screens.library(), "en", "Europe/Berlin")
PROMPTS = screens.prompts()


def shown(name: str, *, execute: bool = True) -> dict[str, Any]:
    """The card of one of the prompts."""
    return screen.card(PROMPTS[name], SPEAKER, execute=execute)


def parts(node: Any, kind: str) -> list[dict[str, Any]]:
    """All elements or actions of one type, in reading order; fallbacks are left out."""
    if isinstance(node, list):
        return [found for each in node for found in parts(each, kind)]
    if not isinstance(node, dict):
        return []
    inner = [found for key, value in node.items() if key != "fallback" for found in parts(value, kind)]
    return [node, *inner] if node.get("type") == kind else inner


def titles(card: dict[str, Any], kind: str = "Action.Execute") -> list[str]:
    """What the buttons say."""
    return [each["title"] for each in parts(card, kind)]


@pytest.mark.parametrize("name", PROMPTS)
@pytest.mark.parametrize("execute", [True, False])
@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_every_card_is_an_adaptive_card(name: str, execute: bool, language: str) -> None:
    """Microsoft's schema of version 1.5 finds nothing wrong, in any language."""
    speaker = Speaker(screens.library(), language)
    assert not schema_errors(screen.card(PROMPTS[name], speaker, execute=execute))
    assert not schema_errors(screen.retired(PROMPTS[name], speaker, ("what was picked",)))


def test_a_button_sends_the_prompt_and_the_option() -> None:
    """What a click brings back names the screen it was on and nothing more."""
    data = [each["data"] for each in parts(shown("choice"), "Action.Execute")]
    assert data == [
        {"handrail": {"prompt": "p1", "does": "chose", "option": "works"}},
        {"handrail": {"prompt": "p1", "does": "chose", "option": "came-back"}},
        {"handrail": {"prompt": "p1", "does": "chose", "option": "nothing"}},
        {"handrail": {"prompt": "p1", "does": "commanded", "command": "back"}},
        {"handrail": {"prompt": "p1", "does": "commanded", "command": "person"}},
    ]


def test_a_card_in_a_group_says_whose_it_is() -> None:
    """Where others can press, too, every button brings the mark back."""
    card = screen.card(PROMPTS["choice"], SPEAKER, execute=True, owner="mark")
    assert {each["data"]["handrail"]["owner"] for each in parts(card, "Action.Execute")} == {"mark"}


def test_small_buttons_stand_below_each_other_where_a_phone_would_cut_them() -> None:
    """Short ones share a row; in a language with longer words each has its own."""
    short, long = (
        screen.card(PROMPTS["summary"], Speaker(screens.library(), each), execute=True)
        for each in ("en", "de")
    )
    assert len(short["body"][-1]["actions"]) == 2
    assert len(long["body"][-1]["actions"]) == 1


def test_old_clients_get_the_same_button_in_the_old_way() -> None:
    """Every Action.Execute falls back to a Submit that sends the same."""
    for action in parts(shown("choice"), "Action.Execute"):
        assert action["fallback"]["type"] == "Action.Submit"
        assert action["fallback"]["data"] == action["data"]


def test_a_client_without_execute_gets_submit_alone() -> None:
    """Web Chat and e-mail know no Action.Execute; nothing of it may be on their card."""
    card = shown("choice", execute=False)
    assert not parts(card, "Action.Execute")
    assert titles(card, "Action.Submit")[-2:] == ["Back", "A person, please"]


@pytest.mark.parametrize("name", ["choice", "several", "many", "entry", "date", "summary"])
def test_back_and_a_person_are_always_last(name: str) -> None:
    """The two small buttons are at the end of every screen, whatever it asks."""
    assert titles(shown(name))[-2:] == ["Back", "A person, please"]


@pytest.mark.parametrize("name", ["several", "many", "entry", "date"])
def test_back_works_with_an_empty_field(name: str) -> None:
    """Only the button that sends the field may demand that it is filled."""
    demanding = [
        each["title"]
        for each in parts(shown(name), "Action.Execute")
        if each.get("associatedInputs") != "none"
    ]
    assert demanding == ["Send"]


def test_details_are_folded_away() -> None:
    """The long explanation is there, but only after a press that the bot does not even see."""
    card = shown("choice")
    (toggle,) = parts(card, "Action.ToggleVisibility")
    (folded,) = [each for each in card["body"] if each.get("id") in toggle["targetElements"]]
    assert folded["isVisible"] is False
    assert "**Continue** once" in folded["items"][0]["text"]


def test_several_are_ticked_in_one_list() -> None:
    """The list says what to do, and says so itself when nothing is ticked."""
    (field,) = parts(shown("several"), "Input.ChoiceSet")
    assert field["isMultiSelect"]
    assert field["label"] == "Pick all that fit"
    assert field["isRequired"]
    assert field["errorMessage"]
    assert not [each for each in field["choices"] if "," in each["value"]]


def test_a_field_is_new_on_every_screen() -> None:
    """Teams fills a field it has seen before with what was in it then."""
    ids = [each["id"] for name in ("several", "many") for each in parts(shown(name), "Input.ChoiceSet")]
    assert ids == [screen.field("p2"), screen.field("p3")]
    assert len(set(ids)) == 2


def test_more_than_six_options_are_a_list() -> None:
    """Teams hides a seventh button, so there is none."""
    (field,) = parts(shown("many"), "Input.ChoiceSet")
    assert len(field["choices"]) == 7
    assert not field["isMultiSelect"]


def test_a_long_label_is_never_cut_by_a_button() -> None:
    """One label too long for a phone makes a list of all, where lines may wrap."""
    long = Option(id="long", label=Text("g/say", {"it": "The page about " + "permissions " * 4}))
    card = screen.card(
        Prompt(id="p", say=Text("g/seen"), ask=Choices(options=(long,))), SPEAKER, execute=True
    )
    (field,) = parts(card, "Input.ChoiceSet")
    assert field["wrap"]


def test_very_many_options_fold_into_one_field() -> None:
    """Thirty lines of a list would be longer than the phone."""
    many = tuple(Option(id=str(n), label=Text("g/say", {"it": f"App {n}"})) for n in range(30))
    card = screen.card(Prompt(id="p", say=Text("g/seen"), ask=Choices(options=many)), SPEAKER, execute=True)
    assert parts(card, "Input.ChoiceSet")[0]["style"] == "compact"


def test_a_scale_is_one_row() -> None:
    """Five numbers stand side by side."""
    (row,) = parts(shown("scale"), "ColumnSet")
    assert titles(row) == ["1", "2", "3", "4", "5"]


def test_a_field_can_be_skipped_where_the_guide_says_so() -> None:
    """The way round a field is a choice like any other."""
    (skip,) = [each for each in parts(shown("entry"), "Action.Execute") if each["title"] == "Skip this"]
    assert skip["data"] == {"handrail": {"prompt": "p4", "does": "chose", "option": "skip"}}


def test_a_field_has_a_limit_a_label_and_words_for_empty() -> None:
    """What the client can check is checked before anything is sent."""
    entry = Entry(label=Text("g/page"), limit=50, error=Text("bot/field-pattern"))
    card = screen.card(Prompt(id="p", say=Text("g/paste"), ask=entry), SPEAKER, execute=True)
    (field,) = parts(card, "Input.Text")
    assert field["maxLength"] == 50
    assert field["label"] == "Text of the error page"
    assert field["errorMessage"] == "That does not look right yet."
    assert field["isMultiline"] is False


def test_a_card_says_everything_to_those_who_cannot_see_it() -> None:
    """A screen reader and a client without cards get question, answers and how to answer."""
    card = shown("choice")
    for words in ("Did the app open", "2. No, the message came back", "A person, please"):
        assert words in card["fallbackText"]
        assert words in card["speak"]


def test_a_retired_card_has_nothing_to_press() -> None:
    """What was asked and what was picked stay; every button and field is gone."""
    card = screen.retired(PROMPTS["several"], SPEAKER, (Text("g/org"), "and *this*"))
    assert "Action." not in str(card)
    assert "Input." not in str(card)
    assert parts(card, "TextRun")[-1]["text"] == "✓ Another organisation's name · and *this*"
    assert parts(card, "TextBlock")[0]["text"] == "Which of these did you see while signing in?"


def test_the_notification_is_one_line() -> None:
    """What a locked phone shows is the question, without line ends and details."""
    assert screen.summary(PROMPTS["choice"], SPEAKER) == (
        "AADSTS1000002 is most often good news: an account was linked to yours."
        " Did the app open after you pressed Continue?"
    )


def test_a_card_for_an_arabic_reader_runs_from_right_to_left() -> None:
    """The root of the card says the language and its direction."""
    card = screen.card(PROMPTS["choice"], Speaker(screens.library(), "ar"), execute=True)
    assert card["rtl"] is True
    assert card["lang"] == "ar"


def test_good_news_is_on_the_colour() -> None:
    """The note says what is good; the colour is around it and not around the question alone."""
    prompt = Prompt(id="p1", say=Text("g/say", {"it": "question"}), notes=(Text("g/finish"),), tone="good")
    [coloured] = [
        each
        for each in parts(screen.card(prompt, SPEAKER, execute=True), "Container")
        if each.get("style") == "good"
    ]
    assert len(parts(coloured, "TextBlock")) == 2
