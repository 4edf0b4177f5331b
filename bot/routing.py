"""Which of several places a case goes to: the one rule for the helpdesk's channels and its ticket desks.

Must not know: what the places are.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from dialogs.case import CaseFile

Place = TypeVar("Place")


def words_of(file: CaseFile) -> Iterator[str]:
    """The words a case goes by, the one that decides first: code, guide, severity, queue, language.

    Two of them come before one. Of several codes the newest counts. The severity is the one it was opened
    with, so that a case stays where it is.
    """
    for code in reversed(file.codes):
        yield f"AADSTS{code}"
    if file.guide:
        yield file.guide
    yield f"{file.queue}/{file.severity}"
    yield f"{file.severity}/{file.language}"
    yield file.severity
    yield f"{file.queue}/{file.language}"
    yield file.queue
    yield file.language


def routed(file: CaseFile, places: Mapping[str, Place], otherwise: Place) -> Place:
    """The place of the first of its words that has one."""
    return next((places[word] for word in words_of(file) if word in places), otherwise)
