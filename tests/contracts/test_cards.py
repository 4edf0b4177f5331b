"""Microsoft's own renderer shows our cards without a complaint, in light, dark and on a phone."""

import pytest

from bot.address import Person
from bot.cards import handoff, ticket
from bot.cards import prompt as screen
from bot.cards.speech import Speaker
from bot.store.history import Solved
from dialogs.effects import Prompt
from dialogs.text import Text
from tests.support import screens
from tests.support.cards import check_cards, render_cards, why_not

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(why_not() is not None, reason=f"cards cannot be rendered here: {why_not()}"),
]
SPEAKER = Speaker(screens.library(), "en", "Europe/Berlin")


def test_every_kind_of_card_is_shown_as_it_is_meant() -> None:
    """No event of the parser, nothing wider than a phone, no cut button, no barrier for a screen reader."""
    cards = {}
    for language in screens.library().languages:
        speaker = Speaker(screens.library(), language, "Europe/Berlin")
        for name, prompt in screens.prompts().items():
            cards[f"{name}-{language}"] = screen.card(prompt, speaker, execute=True)
            cards[f"{name}-{language}-old"] = screen.card(prompt, speaker, execute=False)
            cards[f"{name}-{language}-done"] = screen.retired(prompt, speaker, ("what was picked",))
        for status in ("open", "claimed", "waiting", "resolved"):
            case = screens.record(status=status, by="Ada", reference="INC0012")
            cards[f"handoff-{status}-{language}"] = handoff.card(
                case,
                speaker,
                execute=True,
                board_url="https://board.example/HR-7K3F",
                endings=[("private-window", "private window (tried: no)"), ("*", "Something else")],
                solved=Solved(code=53003, cases=9, fixes=(("private-window", 7), ("other-browser", 1))),
            )
            cards[f"ticket-{status}-{language}"] = ticket.card(case, speaker)
        stranger = screens.record(person=Person(name="Erika Mustermann"))
        cards[f"stranger-{language}"] = handoff.card(stranger, speaker, execute=True)
    assert check_cards(cards) == {}


def test_a_wrong_card_is_found() -> None:
    """The checks above can fail: a field without an error message, and a button that no phone can show."""
    wrong = {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [
            {"type": "Input.Text", "id": "x", "isRequired": True},
            {
                "type": "ActionSet",
                "actions": [{"type": "Action.Submit", "title": "A title that no phone can show whole " * 3}],
            },
        ],
    }
    found = "\n".join(check_cards({"wrong": wrong})["wrong"])
    assert "RequiredInputsShouldHaveErrorMessage" in found
    assert "a button is cut" in found


def test_what_is_wrong_is_said_of_the_card_that_is_wrong() -> None:
    """Cards are looked at in groups: those around a bad one stay good, and one that is alike is as bad."""

    def card(text: str, **look: object) -> dict[str, object]:
        block = {"type": "TextBlock", "text": text, **look}
        return {"type": "AdaptiveCard", "version": "1.5", "body": [block]}

    cards = {f"good-{n}": card(f"Can you read this? It is number {n}.") for n in range(12)}
    pale = card("And by day?", color="light", isSubtle=True)
    dim = card("And by night?", color="dark", isSubtle=False)
    cards |= {"pale": pale, "dim": dim, "pale too": pale, "last": card("And this?")}

    found = check_cards(cards)
    assert {name: [each.split(":")[:2] for each in errors] for name, errors in found.items()} == {
        "pale": [["light", " color-contrast"]],
        "dim": [["dark", " color-contrast"]],
        "pale too": [["light", " color-contrast"]],
    }


def test_a_persons_words_are_shown_as_they_are() -> None:
    """The renderer makes no link, no bold and no date of them, though it links every address it finds."""
    words = (
        "**bold** [link](https://evil.example) www.evil.example https://evil.example"
        " {{DATE(2026-11-22, SHORT)}} <b>x</b>"
    )
    said = Text("g/say", {"it": words})
    cards = {
        "prompt": screen.card(Prompt(id="p1", say=said, notes=(said,)), SPEAKER, execute=True),
        "retired": screen.retired(Prompt(id="p1", say=said), SPEAKER, (words,)),
        "handoff": handoff.card(
            screens.record(person=Person(name=words), remarks=(words,)), SPEAKER, execute=True
        ),
    }
    for name, shown in render_cards(cards).items():
        invisible = dict.fromkeys(map(ord, "\u2060\u2068\u2069"))
        assert words in shown["text"].translate(invisible), name
        assert shown["links"] == [], name
