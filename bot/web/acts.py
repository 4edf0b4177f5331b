"""What an agent can do to a case on the board: which forms there are, when, and which event each makes.

Whether an act still fits is decided by the engine when its event is taken; here is only what is offered. It
must not know HTTP or pages.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from bot.store.api import CaseRecord
from bot.web.forms import Form
from bot.web.listing import OPEN
from dialogs.conversation import CaseStatus
from dialogs.events import CaseClaimed, CaseResolved, Event


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do, offered while the case is in a status of `fits`."""

    event: Callable[[int, str, Form], Event]
    fits: frozenset[CaseStatus]
    asks: tuple[str, ...] = ()  # the fields of its form: "note", "to", "reason"
    needs: str = ""  # the one of them that must not be empty
    reasons: tuple[str, ...] = ()  # to choose from


def _claim(at: int, number: str, form: Form) -> Event:
    return CaseClaimed(at=at, number=number, by=form.by)


def _close(at: int, number: str, form: Form) -> Event:
    return CaseResolved(at=at, number=number, by=form.by, note=form.note)


ACTS: Final[dict[str, Act]] = {
    "claim": Act(event=_claim, fits=frozenset({"open"})),
    "close": Act(event=_close, fits=frozenset(OPEN), asks=("note",)),
}
"""Every act by its name, which is the last part of its address."""


def offered(record: CaseRecord) -> list[tuple[str, Act]]:
    """The acts that fit a case as it is, with their names."""
    return [(name, act) for name, act in ACTS.items() if record.status in act.fits]
