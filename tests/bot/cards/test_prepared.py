"""Cards that were laid out before are the cards that would be laid out now."""

import msgspec
import pytest

from bot.cards import prompt as screen
from bot.cards.elements import Element
from bot.cards.prepared import Card, Cards
from bot.cards.speech import Speaker
from dialogs.effects import Fact, Prompt
from dialogs.text import Text
from tests.support import screens

LIBRARY = screens.library()
PROMPTS = screens.prompts()
ZONE = "Europe/Berlin"


@pytest.mark.parametrize("name", PROMPTS)
@pytest.mark.parametrize("language", ["en", "de", "ar"])
@pytest.mark.parametrize("owner", ["", "0123456789abcdef"])
@pytest.mark.parametrize("execute", [True, False])
def test_a_prepared_card_is_the_same_card(name: str, language: str, owner: str, execute: bool) -> None:
    """For whoever comes to a screen first, and for whoever comes later with another prompt's id."""
    cards, speaker = Cards(lambda: LIBRARY), Speaker(LIBRARY, language, ZONE)
    for number in ("17", "18n2", 'odd"\\'):
        prompt = msgspec.structs.replace(PROMPTS[name], id=number)
        shown = cards.shown(prompt, language, ZONE, execute=execute, owner=owner)
        assert read(shown) == screen.card(prompt, speaker, execute=execute, owner=owner)
        assert shown.summary == screen.summary(prompt, speaker)


@pytest.mark.parametrize("name", PROMPTS)
@pytest.mark.parametrize("picked", [(Text("bot/send"),), ("what was typed",), ()])
def test_an_answered_card_is_the_same_card(name: str, picked: tuple[Text | str, ...]) -> None:
    """With what was picked, in words of ours or of theirs."""
    cards, speaker = Cards(lambda: LIBRARY), Speaker(LIBRARY, "de", ZONE)
    for number in ("17", "18"):
        prompt = msgspec.structs.replace(PROMPTS[name], id=number)
        retired = cards.retired(prompt, picked, "de", ZONE)
        assert read(retired) == screen.retired(prompt, speaker, picked)


def test_a_screen_of_the_guides_is_laid_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second person who comes to it costs no layout; one with facts of their own does."""
    laid_out: list[str] = []
    card = screen.card

    def counted(prompt: Prompt, speaker: Speaker, *, execute: bool, owner: str = "") -> Element:
        laid_out.append(prompt.id)
        return card(prompt, speaker, execute=execute, owner=owner)

    monkeypatch.setattr(screen, "card", counted)
    cards = Cards(lambda: LIBRARY)
    for number in ("1", "2", "3"):
        cards.shown(prompt_with(number), "en", ZONE, execute=True)
    assert len(laid_out) == 1
    for number in ("4", "5"):
        facts = (Fact(label=Text("bot/send"), values=(number,)),)
        cards.shown(prompt_with(number, facts), "en", ZONE, execute=True)
    assert len(laid_out) == 3


def test_new_content_is_laid_out_anew() -> None:
    """A card never outlives the words it was made of."""
    library = LIBRARY
    cards = Cards(lambda: library)
    before = cards.shown(PROMPTS["choice"], "en", ZONE, execute=True)
    texts = {**LIBRARY.texts, "en": {**LIBRARY.texts["en"], "button/back": "One step back"}}
    library = msgspec.structs.replace(LIBRARY, version="2", texts=texts)
    after = cards.shown(PROMPTS["choice"], "en", ZONE, execute=True)
    assert b"One step back" not in bytes(before.content)
    assert b"One step back" in bytes(after.content)


def test_so_many_cards_and_no_more_are_kept() -> None:
    """Somebody who makes up words makes no bot grow."""
    cards = Cards(lambda: LIBRARY)
    for number in range(1100):
        say = Text("bot/removed", {"kind": str(number)})
        cards.shown(Prompt(id="1", say=say), "en", ZONE, execute=True)
    assert len(cards._kept) == 1000


def prompt_with(number: str, facts: tuple[Fact, ...] = ()) -> Prompt:
    """One screen, as prompt `number`."""
    return msgspec.structs.replace(PROMPTS["choice"], id=number, facts=facts)


def read(card: Card) -> object:
    """The card as an object."""
    found: object = msgspec.json.decode(bytes(card.content))
    return found
