"""What every ticket system must do for us, and nothing about any one of them.

The order is the same for all: look the case up by its number, create only what is not there. That is what
keeps one ticket per case when an answer was lost on the way.
"""

from typing import Protocol

import msgspec

from bot.store.api import CaseRecord


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A case on its way into a ticket system. `body` is plain text in the helpdesk's language."""

    key: str  # the case number; unique for ever
    title: str
    body: str
    record: CaseRecord


class TicketSystem(Protocol):
    """One ticket system.

    Methods raise `bot.errors.DeliveryFailed` when another try is worth it (with `unknown=True` when it may
    have worked all the same) and `bot.errors.DeliveryRefused` when it is not.
    """

    @property
    def name(self) -> str:
        """How HANDRAIL_TICKETS calls it."""
        ...

    async def find(self, key: str) -> str | None:
        """The system's own reference of the ticket with this key, None when there is none."""
        ...

    async def create(self, ticket: Ticket) -> str:
        """File the ticket; its reference in the system."""
        ...
