"""The same prompt without a card: numbers to write, and words for the small buttons."""

from bot.cards import plain
from bot.cards.speech import Speaker
from tests.support import screens

SPEAKER = Speaker(screens.library(), "en", "Europe/Berlin")
PROMPTS = screens.prompts()


def test_options_have_numbers() -> None:
    """Whoever cannot press can write a number, and is told so."""
    said = plain.text(PROMPTS["choice"], SPEAKER)
    assert "1. It works now\n2. No, the message came back\n3. There was nothing to press" in said
    assert "Write the number, or answer in your own words." in said


def test_the_small_buttons_are_words() -> None:
    """Back and a person are there too, as something to write."""
    assert plain.text(PROMPTS["several"], SPEAKER).endswith("You can also write: “Back”, “A person, please”.")


def test_several_numbers_can_be_written() -> None:
    """A list of several shows how to write more than one."""
    assert 'for example "1, 3"' in plain.text(PROMPTS["several"], SPEAKER)


def test_a_scale_names_its_numbers() -> None:
    """A row of numbers has no list of numbers before it."""
    assert "1, 2, 3, 4, 5" in plain.text(PROMPTS["scale"], SPEAKER)
    assert "1. 1" not in plain.text(PROMPTS["scale"], SPEAKER)


def test_a_field_says_how_to_fill_it_and_how_to_go_round_it() -> None:
    """Paste it, or write the words of the way round."""
    said = plain.text(PROMPTS["entry"], SPEAKER)
    assert 'Copy the text and paste it here. Or write "Skip this".' in said
    assert "2026-11-22" in plain.text(PROMPTS["date"], SPEAKER)


def test_the_summary_has_one_line_a_fact() -> None:
    """What would be handed over can be read before it is."""
    said = plain.text(PROMPTS["summary"], SPEAKER)
    assert "Message: AADSTS1000002 · AADSTS53003\nApp: SAP\n" in said


def test_no_markdown_is_left() -> None:
    """What is bold on a card has no asterisks here."""
    assert "*" not in "".join(plain.text(each, SPEAKER) for each in PROMPTS.values())
