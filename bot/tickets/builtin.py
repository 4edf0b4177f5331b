"""The built-in ticket system: the case as the turn kept it is the ticket, and the board shows it.

The turn's own transaction wrote the case, so there is nothing left to send; filing it means to see that it
is really there.
"""

from bot.errors import DeliveryRefused
from bot.store.api import Store
from bot.tickets.api import Ticket


class BuiltinTickets:
    """Files tickets into the bot's own database."""

    name = "builtin"

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, key: str) -> str | None:
        """The case's own number, if the case is kept."""
        record = await self._store.case(key)
        return record.number if record is not None else None

    async def create(self, ticket: Ticket) -> str:
        """Nothing is created here: a case that is not in the store was lost, and that must be seen.

        Raises:
            DeliveryRefused: Always.
        """
        raise DeliveryRefused(f"case {ticket.key} is not in the database; look at a backup of it")
