"""What every screen must be, whichever way somebody got to it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from bot.address import Person
from bot.cards import elements, handoff, plain, ticket, view
from bot.cards import prompt as screen
from bot.cards.speech import Speaker
from bot.store.api import CaseRecord, LogEntry
from dialogs.case import CaseFile
from dialogs.effects import Prompt
from dialogs.library import Library
from dialogs.text import Text

_PLACE = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")


def texts(part: Any) -> Iterator[Text]:
    """Every text in a prompt or a case, with those that fill its places."""
    if isinstance(part, Text):
        yield part
        yield from texts(tuple(part.args.values()))
    elif isinstance(part, msgspec.Struct):
        for name in part.__struct_fields__:
            yield from texts(getattr(part, name))
    elif isinstance(part, tuple | list):
        for each in part:
            yield from texts(each)


def complaints(library: Library, part: Any) -> list[str]:
    """What is wrong with the texts of a prompt or a case: words that are missing, places left open."""
    found = []
    for text in texts(part):
        for language in library.languages:
            words = library.words(text.key, language)
            if not library.has(text.key):
                found.append(f"{text.key}: no words")
            found += [
                f"{text.key} ({language}): nothing for {{{place}}}"
                for place in _PLACE.findall(words)
                if place not in text.args
            ]
    return found


def faces(library: Library, prompt: Prompt) -> Iterator[tuple[str, dict[str, Any]]]:
    """The screen as every face shows it, in every language; yields the cards by name."""
    for language in library.languages:
        speaker = Speaker(library, language, "Europe/Berlin")
        assert plain.text(prompt, speaker).strip()
        assert json.dumps(view.view(prompt, speaker))
        for execute in (True, False):
            card = screen.card(prompt, speaker, execute=execute)
            assert elements.size(card) <= elements.LARGEST
            yield f"{language}-{'new' if execute else 'old'}", card
        yield f"{language}-done", screen.retired(prompt, speaker, ("what was picked",))


def record(file: CaseFile) -> CaseRecord:
    """The case as the store would keep it."""
    return CaseRecord(
        number=file.number,
        conversation="c1",
        status="open",
        opened_at=file.opened_at,
        changed_at=file.opened_at,
        person=Person(name="Erika Mustermann"),
        file=file,
        log=(LogEntry(at=file.opened_at, status="open"),),
    )


def case_faces(library: Library, file: CaseFile) -> Iterator[tuple[str, dict[str, Any]]]:
    """A case as the helpdesk and the person see it, in every language; yields the cards by name."""
    kept = record(file)
    for language in library.languages:
        speaker = Speaker(library, language, "Europe/Berlin")
        assert file.number in plain.case_text(kept, speaker)
        yield f"{language}-handoff", handoff.card(kept, speaker, execute=True)
        yield f"{language}-ticket", ticket.card(kept, speaker)
