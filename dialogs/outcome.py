"""How a session ended, for whoever wants to learn which step helps: a guide's author, never about a person.

An ending may turn out to be none: a person comes back and goes on. Then the same outcome is given once more,
`undone`, so that a sum over all of them is the truth. It must not know where outcomes are kept.
"""

from typing import Final, Literal, TypeAlias

import msgspec

from dialogs.conversation import Tried
from dialogs.guide import FixId, FixResult, GuideId
from dialogs.walk import Walk

EndedAs: TypeAlias = Literal["solved", "stopped", "escalated"]

_HOUR: Final = 3600  # seconds; no closer, or the time would say who it was


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One session that came to an end. Nothing in it is anybody's: no words, no name, no key.

    Attributes:
        at: When, seconds since 1970, UTC, as a whole hour.
        guide: The guide it ended in; "" when none was begun.
        codes: The codes that came up, in order.
        content: The version of the content.
        ended: As what.
        fix: The fix that ended it; "" when none did.
        tried: The fixes that were tried in it, and what each came to.
        screens: How many screens were answered.
        undone: An outcome of before that is none: it counts one less.
    """

    at: int
    guide: GuideId
    content: str
    ended: EndedAs
    codes: tuple[int, ...] = ()
    fix: FixId = ""
    tried: tuple[tuple[FixId, FixResult], ...] = ()
    screens: int = 0
    undone: bool = False


def outcomes(before: Walk, after: Walk, *, same: bool, content: str, at: int) -> tuple[Outcome, ...]:
    """What one event made of the session's outcome: nothing, as of most, or a new one, or none any more.

    Args:
        before: The walk before the event.
        after: And after it.
        same: Whether both are of one session.
        content: The version of the content.
        at: When the event happened, seconds since 1970, UTC.
    """
    was = _ended(before) if same else None
    is_now = _ended(after)
    if was == is_now:
        return ()
    at -= at % _HOUR
    undone = () if was is None else (_outcome(before, was, content, at, undone=True),)
    return undone if is_now is None else (*undone, _outcome(after, is_now, content, at))


def _ended(walked: Walk) -> EndedAs | None:
    """As what a session has ended. Who was handed over stays so: what becomes of that, their case says."""
    if walked.number:
        return "escalated"
    match walked.over:
        case "solved" | "stopped" as ended:
            return ended
        case _:
            return None


def _outcome(walked: Walk, ended: EndedAs, content: str, at: int, *, undone: bool = False) -> Outcome:
    answers = [visit.answer for visit in walked.visits]
    tried = tuple((each.fix, each.result) for each in answers if isinstance(each, Tried))
    helped = ended == "solved" and bool(tried) and tried[-1][1] == "fixed"
    return Outcome(
        at=at,
        guide=walked.guide.id if walked.guide is not None else "",
        content=content,
        ended=ended,
        codes=walked.codes,
        fix=tried[-1][0] if helped else "",
        tried=tried,
        screens=sum(1 for visit in walked.visits if visit.asked),
        undone=undone,
    )
