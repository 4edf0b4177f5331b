"""What people did in the ticket system -> an event of the case's conversation, taken once.

Must not know: any one ticket system, how news gets here, what is made of it.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import structlog

from bot.desk_names import MAIN
from bot.redact import clean
from bot.store.api import CaseRecord
from bot.tickets.api import Change, TicketSystem
from dialogs.events import CaseAsked, CaseClaimed, CaseNoted, CaseReopened, CaseResolved, Event

_log = structlog.get_logger(__name__)

_LONGEST: Final = 4000  # characters of a comment; Teams shows no more of one card
_LONGEST_NAME: Final = 80
_NOBODY: Final = "?"


class Takes(Protocol):
    """The part of `bot.turn.Turns` that news needs."""

    def now(self) -> int: ...  # noqa: D102
    async def take(self, conversation: str, event_id: str, event: Event) -> Any: ...  # noqa: D102


class TicketNews:
    """Tells conversations what happened to their cases."""

    def __init__(
        self,
        system: TicketSystem,
        turns: Takes,
        case: Callable[[str], Awaitable[CaseRecord | None]],
        *,
        desk: str = MAIN,
    ) -> None:
        """Take what telling needs.

        Args:
            system: The ticket system of a desk; ids of changes are its own.
            turns: Takes the events.
            case: Finds a case by its number.
            desk: The desk's name; of cases whose tickets are in another one it is not believed.
        """
        self._system = system.name
        self._desk = desk
        self._source = system.name if desk == MAIN else f"{desk}/{system.name}"
        self.heard = system.heard
        self._turns = turns
        self._case = case

    async def tell(self, change: Change) -> None:
        """Take the change as an event; one taken before, or of a case that is not this desk's, is nothing.

        Raises:
            StoreUnavailable: Nothing was kept; it should be told again.
        """
        record = await self._case(change.number)
        if record is None:
            _log.info("ticket_news_of_nobody", system=self._system, number=change.number[:40])
            return
        if (record.desk or MAIN) != self._desk:
            # Of two desks in one system both may be told of every ticket.
            _log.info("ticket_news_of_another_desk", desk=self._desk, number=record.number)
            return
        event_id = f"ticket-news/{self._source}/{change.id}"
        await self._turns.take(record.conversation, event_id, event_of(change, self._turns.now()))


def event_of(change: Change, now: int) -> Event:
    """The change in the engine's words. It counts from when we hear of it: the engine's time goes forward."""
    by = " ".join(clean(change.by, _LONGEST_NAME).split()) or _NOBODY
    text = clean(change.text, _LONGEST).strip()
    number = change.number
    match change.kind:
        case "claimed":
            return CaseClaimed(at=now, number=number, by=by, there=True)
        case "resolved":
            return CaseResolved(at=now, number=number, by=by, note=text, there=True)
        case "reopened":
            return CaseReopened(at=now, number=number, by=by, note=text, there=True)
        case "comment" if change.public:
            return CaseAsked(at=now, number=number, by=by, text=text, there=True)
        case "comment":
            return CaseNoted(at=now, number=number, by=by, text=text, there=True)
