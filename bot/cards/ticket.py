"""The person's own card for their case: its number, how far it is, what happens next, and who does it.

Must not know: the helpdesk's card, how a card is sent.
"""

from bot.cards import elements
from bot.cards.elements import Element
from bot.cards.speech import Speaker
from bot.store.api import CaseRecord


def card(record: CaseRecord, speaker: Speaker) -> Element:
    """The case as the person sees it; nothing to press, and brought up to date in its place.

    Args:
        record: The case as it is now.
        speaker: Speaks the person's language and zone.
    """

    def build(limited: Speaker) -> Element:
        number, where, *paragraphs = lines(record, limited)
        body = [
            elements.runs(elements.run(number, size="Large", weight="Bolder")),
            elements.runs(elements.run(where, isSubtle=True), spacing="None"),
            *(elements.runs(each, spacing="Small") for each in paragraphs),
        ]
        return elements.root(limited, body, fallback="\n\n".join(lines(record, limited)))

    return elements.fitted(build, speaker)


def text(record: CaseRecord, speaker: Speaker) -> str:
    """The same as plain text."""
    return "\n\n".join(lines(record, speaker))


def lines(record: CaseRecord, speaker: Speaker) -> list[str]:
    """Number, when it was opened, what it is about, how far it is and what comes next, the last note."""
    by = speaker.say(record.by) or speaker.key("card/somebody")
    said = [
        record.number,
        speaker.key("card/opened", at=str(record.opened_at)),
        speaker.say(record.file.title),
        speaker.key(f"card/next/{record.status}", by=by),
    ]
    if record.reference and record.reference != record.number:
        said.append(speaker.key("card/reference", reference=record.reference))
    note = next((each for each in reversed(record.log) if each.note and each.by), None)
    if note:
        said.append(f"{speaker.line(note.by)}: “{speaker.line(note.note)}”")
    return said
