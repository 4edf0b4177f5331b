"""The few parts of an Adaptive Card 1.5 that our cards are made of, and how a card is kept small enough.

Source: Microsoft's schema of Adaptive Cards 1.5, and "Format your bot messages" in the Teams documentation
for the size. Must not know: prompts, cases, languages.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from bot.cards import escape
from bot.cards.speech import Speaker

Element = dict[str, Any]

VERSION: Final = "1.5"  # the newest that Teams shows when a bot sends it
LARGEST: Final = 72 * 1024  # bytes as UTF-16; Teams asks for 80 KB a message, and the activity needs room too
SHORTEST: Final = 30
VERB: Final = "handrail"  # of every Action.Execute, and the key of our part of an action's data
_LIMITS: Final = (4000, 2000, 1000, 400, 150, 60, SHORTEST)
_LONGEST_TITLE: Final = 120
_ROW: Final = 29  # characters of bold text in a line of a card on a phone
_AROUND_TITLE: Final = 4  # characters' worth of border and space of a button


def text(markdown: str, **style: Any) -> Element:
    """A paragraph; `markdown` comes from `Speaker.markdown` and is escaped there."""
    return {"type": "TextBlock", "text": markdown, "wrap": True, **style}


def runs(*parts: Element | str, **style: Any) -> Element:
    """A paragraph in which nothing is Markdown. Parts are `run(...)`s, or words as they are."""
    inlines = [run(part) if isinstance(part, str) else part for part in parts]
    return {"type": "RichTextBlock", "inlines": inlines, **style}


def run(words: str, **style: Any) -> Element:
    """A piece of such a paragraph. The space around the words is kept: it parts the pieces."""
    said = escape.run(words)
    before = " " if words[:1].isspace() else ""
    after = " " if words[-1:].isspace() and said else ""
    return {"type": "TextRun", "text": before + said + after, **style}


def row(label: str, *elements: Element) -> Element:
    """A label and what stands beside it: a table row that still fits a phone of 320 pixels."""
    return {
        "type": "ColumnSet",
        "spacing": "Small",
        "columns": [
            {"type": "Column", "width": "100px", "items": [runs(run(label, size="Small", isSubtle=True))]},
            {"type": "Column", "width": "stretch", "spacing": "Small", "items": list(elements)},
        ],
    }


def button(title: str, data: Element, *, execute: bool, inputs: bool = False, **style: Any) -> Element:
    """A button that sends `data`.

    Args:
        title: Plain words; a longer one than a button can show is cut.
        data: Our part of what is sent.
        execute: Action.Execute, with Action.Submit for clients that do not know it; else Action.Submit.
        inputs: Whether the fields of the card are sent along, and have to be valid.
        style: More properties, for example `style="positive"`.
    """
    common = {
        "title": escape.run(escape.cut(title, _LONGEST_TITLE)),
        "data": {VERB: data},
        **({} if inputs else {"associatedInputs": "none"}),
        **style,
    }
    submit = {"type": "Action.Submit", **common}
    if not execute:
        return submit
    return {"type": "Action.Execute", "verb": VERB, **common, "fallback": submit}


def toggle(title: str, *targets: str) -> Element:
    """A button that folds elements out and in again, without asking the bot."""
    return {"type": "Action.ToggleVisibility", "title": escape.run(title), "targetElements": list(targets)}


def actions(*buttons: Element, **style: Any) -> Element:
    """Buttons side by side; one alone is a line of its own."""
    return {"type": "ActionSet", "actions": list(buttons), **style}


def rows_of(buttons: list[Element], **style: Any) -> list[Element]:
    """Buttons side by side while a phone of 320 pixels shows them whole, and below each other from there on.

    `style` is that of the first row.
    """
    rows: list[list[Element]] = []
    room = 0
    for each in buttons:
        needed = len(each["title"]) + _AROUND_TITLE
        if needed > room:
            rows.append([])
            room = _ROW
        rows[-1].append(each)
        room -= needed
    return [actions(*row, **(style if not at else {"spacing": "Small"})) for at, row in enumerate(rows)]


def fold(name: str, *elements: Element) -> Element:
    """What `toggle` folds out."""
    return {"type": "Container", "id": name, "isVisible": False, "style": "emphasis", "items": list(elements)}


def root(speaker: Speaker, body: list[Element], *, fallback: str) -> Element:
    """The whole card. `fallback` is its plain text, for clients that cannot show it and for listeners."""
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": VERSION,
        "lang": escape.line(speaker.language),
        **({"rtl": True} if speaker.right_to_left else {}),
        "speak": escape.cut(escape.line(fallback), 1000),
        "fallbackText": escape.cut(escape.clean(fallback), 2000),
        "body": body,
    }


def fitted(build: Callable[[Speaker], Element], speaker: Speaker) -> Element:
    """The card with texts as long as they may be for the card to stay below `LARGEST`."""
    card = build(speaker.limited(_LIMITS[0]))
    for limit in _LIMITS[1:]:
        if size(card) <= LARGEST:
            break
        card = build(speaker.limited(limit))
    return card


def size(card: Element) -> int:
    """Bytes of the card as Teams counts them: its JSON as UTF-16."""
    return len(msgspec.json.encode(card).decode().encode("utf-16-le"))
