"""What an agent can do with a case on its card: claim, ask, resolve, give, set the severity, note, reopen.

Everything that needs a few words is folded away below its button. No field is required by the card: Teams
would check the fields of all buttons at once. Must not know: who presses, what a press comes to.
"""

from typing import Any, Final, TypeAlias, get_args

from bot.cards import elements, escape
from bot.cards.elements import Element
from bot.cards.ended_by import Endings
from bot.cards.speech import Speaker
from bot.store.api import CaseRecord
from dialogs.conversation import OPEN
from dialogs.events import Reason
from dialogs.text import Text

Doing: TypeAlias = str
"""claim, give, ask, note, resolve, urgent, normal or reopen."""

_MOST: Final = 40  # fixes to choose from; on the board there are all
LONGEST: Final = 2000  # characters of what an agent writes
# The members of the team. Source: "People Picker in Adaptive Cards" in the documentation of Teams.
_TEAM: Final = {"type": "Data.Query", "dataset": "graph.microsoft.com/users?scope=currentContext"}


def doing(
    record: CaseRecord, speaker: Speaker, *, execute: bool, picker: bool, endings: Endings = ()
) -> list[Element]:
    """The buttons of a case as it is now, and what folds out below them.

    Args:
        record: The case.
        speaker: Speaks the channel's language.
        execute: Whether the clients know Action.Execute.
        picker: Whether the clients can search the people of the team.
        endings: What may be named as what ended it.
    """
    buttons: list[Element] = []
    folds: list[Element] = []

    def at_once(does: Doing, **style: Any) -> None:
        title = speaker.key(f"card/{does}")
        buttons.append(elements.button(title, _data(record, does), execute=execute, **style))

    def with_words(does: Doing, *fields: Element) -> None:
        name = f"{does}-{record.number}"
        title = speaker.key(f"card/{does}")
        buttons.append(elements.toggle(f"{title} …", name))
        send = elements.button(
            speaker.key(f"card/do-{does}"), _data(record, does), execute=execute, inputs=True
        )
        folds.append(elements.fold(name, *fields, elements.actions(send)))

    who = escape.cut(speaker.line(record.person.name) or speaker.key("card/nameless"), 60)
    if record.status in {"open", "reopened"}:
        at_once("claim", style="positive")
    if record.status in OPEN:
        with_words("ask", _words(record, "ask", speaker.label(Text("card/question", {"who": who}))))
        note = speaker.label(Text("card/note", {"who": who}))
        why = [_reason(record, speaker), *_ended_by(record, speaker, endings)]
        with_words("resolve", *why, _words(record, "resolve", note))
        with_words("give", _colleague(record, speaker, picker=picker))
    else:
        at_once("reopen")
    with_words("memo", _words(record, "memo", speaker.key("card/internal")))
    if record.status in OPEN:
        at_once("normal" if record.severity == "urgent" else "urgent")
    return [*elements.rows_of(buttons, separator=True, spacing="Medium"), *folds]


def _data(record: CaseRecord, does: Doing) -> Element:
    # The length of the log makes a press on this card another one than a press on a later card.
    return {"case": record.number, "does": does, "seen": len(record.log)}


def _name(record: CaseRecord, field: str) -> str:
    """The id of a field: another one on each card, or clients would show again what was sent already."""
    return f"{field}-{record.number}-{len(record.log)}"


def _words(record: CaseRecord, field: str, label: str) -> Element:
    return {
        "type": "Input.Text",
        "id": _name(record, field),
        "label": label,
        "isMultiline": True,
        "maxLength": LONGEST,
    }


def _reason(record: CaseRecord, speaker: Speaker) -> Element:
    choices = [
        {"title": escape.title(speaker.key(f"card/reason/{each}")), "value": each}
        for each in get_args(Reason)
    ]
    label = speaker.key("card/reason/label")
    return {
        "type": "Input.ChoiceSet",
        "id": _name(record, "reason"),
        "label": label,
        "style": "compact",
        "placeholder": speaker.key("card/reason/none"),
        "choices": choices,
    }


def _ended_by(record: CaseRecord, speaker: Speaker, endings: Endings) -> list[Element]:
    if not endings:
        return []
    return [
        {
            "type": "Input.ChoiceSet",
            "id": _name(record, "fix"),
            "label": speaker.key("card/ended-label"),
            "style": "compact",
            "placeholder": speaker.key("card/reason/none"),
            "choices": [{"title": escape.title(words), "value": fix} for fix, words in _few(endings)],
        }
    ]


def _few(endings: Endings) -> Endings:
    """The first ones, and the last, which is something else."""
    return endings if len(endings) <= _MOST else [*endings[: _MOST - 1], endings[-1]]


def _colleague(record: CaseRecord, speaker: Speaker, *, picker: bool) -> Element:
    label = speaker.key("card/colleague")
    if not picker:
        return {"type": "Input.Text", "id": _name(record, "give"), "label": label, "maxLength": 100}
    return {
        "type": "Input.ChoiceSet",
        "id": _name(record, "give"),
        "label": label,
        "placeholder": speaker.key("card/colleague-search"),
        "choices": [],
        "choices.data": _TEAM,
    }
