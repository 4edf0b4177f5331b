"""What an agent can do to a case on the board: which forms there are, when, and which event each makes.

Whether an act still fits is decided by the engine when its event is taken; here is only what is offered. It
must not know HTTP or pages.
"""

from collections.abc import Callable
from typing import Final, Literal, get_args

import msgspec

from bot.store.api import CaseRecord
from bot.web.forms import Form
from bot.web.listing import CLOSED, EVERY, OPEN, SHOWN
from dialogs.conversation import CaseStatus
from dialogs.events import (
    CaseAsked,
    CaseClaimed,
    CaseGiven,
    CaseGraded,
    CaseNoted,
    CaseReopened,
    CaseResolved,
    Event,
    Reason,
)
from dialogs.guide import Severity


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do, offered while the case is in a status of `fits`, and not of the severity it `sets`."""

    event: Callable[[int, str, Form], Event]
    fits: frozenset[CaseStatus]
    sets: Severity | Literal[""] = ""
    asks: tuple[str, ...] = ()  # the fields of its form: "to", "reason", "fix", "note", "files"
    needs: str = ""  # the one of them that must not be empty


def _claim(at: int, number: str, form: Form) -> Event:
    return CaseClaimed(at=at, number=number, by=form.by)


def _ask(at: int, number: str, form: Form) -> Event:
    return CaseAsked(at=at, number=number, by=form.by, text=form.note, files=form.kept)


def _note(at: int, number: str, form: Form) -> Event:
    return CaseNoted(at=at, number=number, by=form.by, text=form.note)


def _give(at: int, number: str, form: Form) -> Event:
    return CaseGiven(at=at, number=number, by=form.by, to=form.to)


def _close(at: int, number: str, form: Form) -> Event:
    known = form.reason in get_args(Reason)
    reason: Reason | Literal[""] = msgspec.convert(form.reason, Reason) if known else ""
    return CaseResolved(at=at, number=number, by=form.by, note=form.note, reason=reason, fix=form.fix)


def _reopen(at: int, number: str, form: Form) -> Event:
    return CaseReopened(at=at, number=number, by=form.by, note=form.note)


def _urgent(at: int, number: str, form: Form) -> Event:
    return CaseGraded(at=at, number=number, by=form.by, severity="urgent")


def _normal(at: int, number: str, form: Form) -> Event:
    return CaseGraded(at=at, number=number, by=form.by, severity="normal")


ACTS: Final[dict[str, Act]] = {
    "claim": Act(event=_claim, fits=frozenset(SHOWN["unclaimed"])),
    "ask": Act(event=_ask, fits=frozenset(OPEN), asks=("note", "files"), needs="note"),
    "close": Act(event=_close, fits=frozenset(OPEN), asks=("reason", "fix", "note")),
    "urgent": Act(event=_urgent, fits=frozenset(OPEN), sets="urgent"),
    "normal": Act(event=_normal, fits=frozenset(OPEN), sets="normal"),
    "give": Act(event=_give, fits=frozenset(OPEN), asks=("to",), needs="to"),
    "reopen": Act(event=_reopen, fits=frozenset(CLOSED), asks=("note",)),
    "note": Act(event=_note, fits=frozenset(EVERY), asks=("note",), needs="note"),
}
"""Every act by its name, which is the last part of its address."""


def offered(record: CaseRecord) -> list[tuple[str, Act]]:
    """The acts that fit a case as it is, with their names."""
    fitting = ((name, act) for name, act in ACTS.items() if record.status in act.fits)
    return [(name, act) for name, act in fitting if act.sets != record.severity]
