"""What ended a case, in words: what can be named on closing it, what was, and what ended others like it.

Must not know: cards, pages, when a case may be closed.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

from bot.cards.speech import Speaker
from bot.store.api import CaseRecord
from bot.store.history import RECENT_DAYS, Solved
from dialogs.ended_by import SOMETHING_ELSE, namable
from dialogs.library import Library

Endings: TypeAlias = Sequence[tuple[str, str]]
"""What can be named, each with its words; what is sent comes first."""

ENOUGH: Final = 3  # solved cases that name a fix, before anything is said of them
_MOST: Final = 3  # fixes that are told of


def endings(record: CaseRecord, library: Library, speaker: Speaker) -> Endings:
    """The fixes of the case's guide, those nobody has tried first, and something else."""
    file = record.file
    tried = [each.fix.key for each in file.tried]
    fixes = namable(library, file.guide, tried=tried, untried=[each.key for each in file.untried])
    named = [(fix, _with_result(fix, record, speaker)) for fix in fixes]
    return [*named, (SOMETHING_ELSE, fix_name(SOMETHING_ELSE, speaker))]


def fix_name(fix: str, speaker: Speaker) -> str:
    """A fix in words; of one that is not there any more its id."""
    key = "card/something-else" if fix == SOMETHING_ELSE else f"fix/{fix}/name"
    return speaker.key(key) if speaker.has(key) else speaker.line(fix)


def ended_by(record: CaseRecord, speaker: Speaker) -> str:
    """What ended a case that is closed; "" when nobody said."""
    closings = [entry.fix for entry in record.log if entry.status == "resolved" and entry.what == "resolved"]
    if record.status != "resolved" or not closings or not closings[-1]:
        return ""
    return fix_name(closings[-1], speaker)


def before(solved: Solved | None, record: CaseRecord, speaker: Speaker) -> str:
    """What ended others with this code, in one line; "" when there is too little to say so."""
    if solved is None or solved.named < ENOUGH:
        return ""
    said = [
        speaker.key(
            "card/ended-fix", count=str(times), fix=_with_result(fix, record, speaker, "card/tried-here")
        )
        for fix, times in solved.fixes[:_MOST]
    ]
    return speaker.key(
        "card/ended-before",
        count=str(solved.cases),
        code=f"AADSTS{solved.code}",
        days=str(RECENT_DAYS),
        fixes="; ".join(said),
    )


def _with_result(fix: str, record: CaseRecord, speaker: Speaker, key: str = "card/tried-fix") -> str:
    """A fix, and what it came to if the person has tried it."""
    name = fix_name(fix, speaker)
    results = [each.result for each in record.file.tried if each.fix.key == f"fix/{fix}/name"]
    if not results:
        return name
    return speaker.key(key, fix=name, result=speaker.key(f"result/{results[-1]}"))
