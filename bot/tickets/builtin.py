"""The built-in ticket system: the case as the turn kept it is the ticket, and the board shows it.

The turn's own transaction wrote the case, so there is nothing left to send; filing it means to see that it
is really there.
"""

from collections.abc import Mapping, Sequence

from bot.errors import DeliveryRefused, Forged
from bot.store.api import Store
from bot.tickets.api import Change, Changes, File, Finding, Ticket, Update


class BuiltinTickets:
    """Files tickets into the bot's own database."""

    name = "builtin"
    polled = False

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

    async def update(self, reference: str, update: Update) -> None:
        """The turn that the update comes from has written it into the case's own log."""

    async def attach(self, reference: str, file: File) -> None:
        """What a file says is in the case already."""

    async def changes(self, since: str) -> Changes:
        """None: what happens to a case happens in turns."""
        return Changes(cursor=since)

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:  # noqa: ARG002
        """Nobody sends us news of our own database.

        Raises:
            Forged: Always.
        """
        raise Forged("cases are kept in Handrail's own database, which sends no news")

    async def check(self) -> Sequence[Finding]:
        """The doctor looks at the database anyway."""
        return ()
