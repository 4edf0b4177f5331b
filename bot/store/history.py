"""What is over, for whoever wants to learn from it: what ended cases, and how sessions ended without one.

The part of the store's protocol that only ever reads, a portion at a time; `bot.store.api` has the rest. It
must not know what is made of it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from bot.errors import StoreUnavailable
from dialogs.case import FixTried
from dialogs.conversation import OPEN
from dialogs.ended_by import SOMETHING_ELSE
from dialogs.outcome import Outcome

if TYPE_CHECKING:
    from bot.store.api import CaseRecord

UNSOLVED: Final = ("elsewhere", "duplicate", "silent")  # reasons of closings that solved nothing
RECENT_DAYS: Final = 180  # for which what ended a case says something about the next one
NEWEST: Final = 1000  # cases that are looked at for one code; more would say no more


class _Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all records."""


class Solved(_Record, frozen=True, kw_only=True):
    """What ended the solved cases of one code: how many there were, and how many each fix ended, most first.

    Not all cases name a fix. A case is solved when it is closed, for none of the reasons `UNSOLVED`.
    """

    code: int
    cases: int
    fixes: tuple[tuple[str, int], ...] = ()

    @property
    def named(self) -> int:
        """How many cases name a fix."""
        return sum(times for _, times in self.fixes)


class PastStep(_Record, frozen=True, kw_only=True):
    """An entry of a case's log, without names; with words only where they are a rating or about one.

    `what` is "" in entries of old versions, and may be something of a newer one.
    """

    at: int
    what: str
    status: str
    note: str = ""


class PastCase(_Record, frozen=True, kw_only=True):
    """A case without whose it is: what was tried, how it stands, what happened.

    `code` is the last one that came up.
    """

    number: str
    opened_at: int
    status: str
    code: int | None = None
    guide: str = ""
    reason: str = ""
    fix: str = ""
    tried: tuple[FixTried, ...] = ()
    steps: tuple[PastStep, ...] = ()


class History(Protocol):
    """What every store knows of what is over."""

    async def solved(self, code: int, *, since: int) -> Solved:
        """What ended the newest solved cases whose last code is `code`, opened since then. Cheap."""
        ...

    async def past_cases(self, *, since: int, after: tuple[int, str], limit: int = 200) -> Sequence[PastCase]:
        """Cases opened since then, oldest first, behind one with this `opened_at` and number."""
        ...

    async def outcomes(self, *, since: int, after: int, limit: int = 1000) -> Sequence[tuple[int, Outcome]]:
        """How sessions ended since then, each with its number, behind number `after`."""
        ...


async def solved_before(history: History, record: "CaseRecord", now: int) -> Solved | None:
    """What ended others like a case that is open; None when nobody can need it, or it has no code."""
    codes = record.file.codes
    if record.status not in OPEN or not codes:
        return None
    return await history.solved(codes[-1], since=now - RECENT_DAYS * 86_400)


class _Gist(msgspec.Struct):
    """The part of a case's file that is read here."""

    guide: str = ""
    tried: tuple[FixTried, ...] = ()


_gist: Final = msgspec.json.Decoder(_Gist)
_outcome: Final = msgspec.json.Decoder(Outcome)


def solved_of(code: int, rows: Sequence[Sequence[Any]]) -> Solved:
    """From fixes and how many cases each ended."""
    fixes = [(fix, times) for fix, times in rows if fix not in {"", SOMETHING_ELSE}]
    fixes.sort(key=lambda each: (-each[1], each[0]))
    return Solved(code=code, cases=sum(times for _, times in rows), fixes=tuple(fixes))


def past_case_of(row: Sequence[Any], steps: Sequence[Sequence[Any]]) -> PastCase:
    """From number, opened_at, status, code, reason, fix and file; and at, what, status, note of each step.

    Of a file that this version cannot read nothing is known; the case counts all the same.
    """
    try:
        gist = _gist.decode(row[6])
    except msgspec.DecodeError:
        gist = _Gist()
    return PastCase(
        number=row[0],
        opened_at=row[1],
        status=row[2],
        code=int(row[3]) if row[3] else None,
        reason=row[4],
        fix=row[5],
        guide=gist.guide,
        tried=gist.tried,
        steps=tuple(PastStep(at=at, what=what, status=now, note=note) for at, what, now, note in steps),
    )


def outcome_of(row: Sequence[Any]) -> tuple[int, Outcome]:
    """From id and body.

    Raises:
        StoreUnavailable: It cannot be read by this version; it is left as it is.
    """
    try:
        return row[0], _outcome.decode(row[1])
    except msgspec.DecodeError as error:
        raise StoreUnavailable(f"an outcome cannot be read by this version: {error}") from None


def outcome_values(outcome: Outcome) -> dict[str, Any]:
    """What the query `add_outcome` takes."""
    return {"at": outcome.at, "body": msgspec.json.encode(outcome)}
