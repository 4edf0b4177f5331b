"""One line about something that happened to a case: who did it, what they wrote, in the reader's language.

For the thread below the card, and for the log of a case. Words are plain: cleaned and on one line, those of
people in quotation marks. Must not know: cards, how a line is sent.
"""

from typing import Final

from bot.cards import escape
from bot.cards.ended_by import fix_name
from bot.cards.speech import Speaker
from bot.store.api import CaseRecord, LogEntry
from dialogs.effects import ChangeCase

_LONGEST: Final = 1500  # characters of somebody's words; the case keeps all of them
_LONGEST_CONTACT: Final = 60  # characters
_WITH_WORDS: Final = frozenset({"resolved", "reopened"})  # words of whoever did it, perhaps none


def text(happened: ChangeCase | LogEntry, record: CaseRecord, speaker: Speaker) -> str:
    """The line.

    Args:
        happened: What; it must say so.
        record: Whose case it is.
        speaker: Speaks the reader's language.
    """
    person = _person(record, speaker)
    words = escape.cut(speaker.line(happened.note), _LONGEST)
    key = f"card/line/{happened.what}"
    files = speaker.line(happened.names)
    if files and speaker.has(f"{key}-files"):
        key = f"{key}-files"
    if not speaker.has(key):  # a newer version wrote it
        return words or speaker.line(happened.what)
    said = [speaker.key(key, by=speaker.line(happened.by) or person, who=person, words=words, files=files)]
    if happened.reason:
        said.append(f"{speaker.key(f'card/reason/{happened.reason}')}.")
    if happened.fix:
        said.append(speaker.key("card/ended-with", fix=fix_name(happened.fix, speaker)))
    if words and happened.what in _WITH_WORDS:
        said.append(f"“{words}”")
    return " ".join(said)


def _person(record: CaseRecord, speaker: Speaker) -> str:
    """Their name, else who they say they are, in quotation marks: nobody vouches for that."""
    contact = escape.cut(speaker.line(record.file.contact), _LONGEST_CONTACT)
    said = f"“{contact}”" if contact else speaker.key("card/nameless")
    return speaker.line(record.person.name) or said
