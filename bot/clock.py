"""Looks for cases that nobody takes, and has the helpdesk reminded: after a while, then ever more seldom.

An urgent case waits half as long.

Every replica looks, and the event's id makes a reminder once. Nothing is kept here: when a case was opened
and how often it was reminded of stands in its log. Must not know: what a reminder says, where it is shown.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from bot.errors import StoreUnavailable
from bot.office import Office
from bot.store.api import CaseRecord, Store
from bot.turn import Turns
from dialogs.conversation import CaseStatus
from dialogs.events import CaseUnclaimed

_log = structlog.get_logger(__name__)

EVERY: Final = 30.0  # seconds between two looks
MOST: Final = 5  # reminders of a case, after 1, 3, 7, 15 and 31 times as long; by then people know
_UNCLAIMED: Final[tuple[CaseStatus, ...]] = ("open", "reopened")
_LOOKED_AT: Final = 1000  # cases; with more of them than that unclaimed, reminders are the least trouble


class Clock:
    """Reminds of unclaimed cases."""

    def __init__(
        self,
        *,
        store: Store,
        turns: Turns,
        office: Office,
        minutes: int,
        second: bool = False,
        now: Callable[[], float],
    ) -> None:
        """Put the parts together.

        Args:
            store: Where cases are.
            turns: The straight line.
            office: When the helpdesk is there; no other time counts.
            minutes: How long a case may be unclaimed, an urgent one half as long; 0: nobody is ever reminded.
            second: Whether there is a second channel, for what was reminded of once in vain.
            now: Seconds since 1970.
        """
        self._store = store
        self._turns = turns
        self._office = office
        self._after = minutes * 60
        self._second = second
        self._now = now

    async def look(self) -> int:
        """Remind of what is overdue now; how many reminders that were.

        Raises:
            StoreUnavailable: The cases cannot be read.
        """
        if not self._after or self._office.back(self._now()):
            return 0
        reminded = 0
        for record in await self._store.cases(status=_UNCLAIMED, limit=_LOOKED_AT):
            since, times = _unclaimed(record)
            passed = self._office.passed(since, self._now())
            after = self._after / 2 if record.severity == "urgent" else self._after
            if times >= MOST or passed < after * (2 ** (times + 1) - 1):
                continue
            event = CaseUnclaimed(
                at=self._turns.now(),
                number=record.number,
                minutes=round(passed / 60),
                times=times + 1,
                moves=self._second and times == 1 and not any(entry.what == "moved" for entry in record.log),
            )
            event_id = f"clock/{record.number}/{since}/{times + 1}"
            try:
                receipt = await self._turns.take(record.conversation, event_id, event)
            except StoreUnavailable as error:  # perhaps of this conversation alone: the others go on
                _log.warning(
                    "reminder_not_kept", number=record.number, why=str(error), what_to_do="it is tried again"
                )
                continue
            reminded += not receipt.repeat
        return reminded

    async def watch(self) -> None:
        """Look for ever; ends by cancellation."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.look()
            except StoreUnavailable:
                continue  # the store itself says what is wrong
            except Exception as error:  # noqa: BLE001 - the clock goes on whatever happens
                _log.error("clock_broken", exc_info=error, what_to_do="please report this as a defect.")


def _unclaimed(record: CaseRecord) -> tuple[int, int]:
    """Since when nobody has a case, and how often the helpdesk was reminded of it since then."""
    since, times = record.opened_at, 0
    for entry in record.log:
        if entry.what in {"reopened", "back"}:
            since, times = entry.at, 0
        elif entry.what == "reminded":
            times += 1
    return since, times
