"""The ticket desks: which systems cases are filed in, each by its name, and which desk a case is for.

Must not know: any one ticket system, when something is filed, where the settings come from.
"""

from collections.abc import Mapping

import structlog

from bot.desk_names import MAIN, kind_for
from bot.errors import DeliveryFailed, DeliveryMoved
from bot.routing import routed
from bot.store.api import CaseRecord, Message
from bot.tickets.api import TicketSystem
from dialogs.case import CaseFile

_log = structlog.get_logger(__name__)


class Desks:
    """The systems by the names of their desks.

    Attributes:
        systems: All of them.
    """

    def __init__(
        self,
        main: TicketSystem,
        others: Mapping[str, TicketSystem] | None = None,
        places: Mapping[str, str] | None = None,
    ) -> None:
        """Take the systems.

        Args:
            main: Of the environment's desk, for every case that goes nowhere else.
            others: Of the other desks, by name.
            places: Names of desks by the words of the cases that go there, as `bot.routing` reads them.
        """
        self.systems: Mapping[str, TicketSystem] = {MAIN: main, **(others or {})}
        self._places = dict(places or {})

    def meant(self, file: CaseFile) -> str:
        """The name of the desk that a case is for."""
        return routed(file, self._places, MAIN)

    def holding(self, record: CaseRecord) -> str:
        """Where its ticket is, whatever the settings say now; before anybody was asked, where it is to go."""
        return record.desk or (MAIN if record.reference else self.meant(record.file))

    def system(self, message: Message, desk: str) -> TicketSystem:
        """The system of a desk, for a message that is in the desk's own pool.

        Raises:
            DeliveryMoved: The message is in another pool; nothing was asked.
            DeliveryFailed: The settings have no such desk any more.
        """
        system = self.systems.get(desk)
        if system is None:
            _log.warning(
                "ticket_desk_missing",
                desk=desk,
                key=message.key,
                what_to_do=f"put [{desk}] back into HANDRAIL_TICKETS_FILE (cases = [] gives it no new ones),"
                f" or give the message up: handrail outbox drop {message.id}",
            )
            raise DeliveryFailed(f"the settings have no ticket desk {desk} any more, and the ticket is there")
        if message.kind != kind_for(message.kind, desk):
            raise DeliveryMoved(kind_for(message.kind, desk))
        return system
