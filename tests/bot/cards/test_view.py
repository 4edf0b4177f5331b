"""A prompt as the chat page gets it."""

import json

from bot.cards import view
from bot.cards.speech import Speaker
from tests.support import screens

SPEAKER = Speaker(screens.library(), "en", "Europe/Berlin")
PROMPTS = screens.prompts()


def test_every_prompt_can_be_sent_as_json() -> None:
    """The page gets plain data, and the same after one way over the wire."""
    for prompt in PROMPTS.values():
        shown = view.view(prompt, SPEAKER)
        assert json.loads(json.dumps(shown)) == shown


def test_the_page_gets_options_with_ids_and_words() -> None:
    """What is shown is a label, what is sent is an id."""
    ask = view.view(PROMPTS["choice"], SPEAKER)["ask"]
    assert ask["kind"] == "choices"
    assert ask["options"][0] == {"id": "works", "label": "It works now", "alone": False, "main": True}


def test_the_page_knows_what_cannot_be_ticked_with_others() -> None:
    """A page can do what a card cannot: untick the rest."""
    ask = view.view(PROMPTS["several"], SPEAKER)["ask"]
    assert [each["id"] for each in ask["options"] if each["alone"]] == ["none"]


def test_the_page_gets_a_field_with_its_way_round() -> None:
    """Limit, label and skip are all there."""
    ask = view.view(PROMPTS["entry"], SPEAKER)["ask"]
    assert ask["kind"] == "entry"
    assert ask["type"] == "details"
    assert ask["limit"] == 4000
    assert ask["skip"]["label"] == "Skip this"


def test_the_page_gets_the_small_buttons_and_the_step() -> None:
    """Back, a person, and where the person is."""
    shown = view.view(PROMPTS["choice"], SPEAKER)
    assert shown["commands"] == [
        {"id": "back", "label": "Back"},
        {"id": "person", "label": "A person, please"},
    ]
    assert shown["progress"] == {"step": 1, "about": 6, "label": "Step 1 of about 6"}


def test_what_a_person_picked_is_one_line() -> None:
    """A line of the person stands in the transcript as they would have said it."""
    options = PROMPTS["several"].ask.options  # type: ignore[union-attr]  # it is a choice
    said = view.spoken((options[0].label, "and\nmore"), SPEAKER)
    assert said["say"] == "Number to type into the Authenticator app · and more"
