"""What the doctor asks the ticket system: it knows itself what has to be right, and leaves nothing behind.

Must not know: how findings are shown, what else is checked, any one ticket system.
"""

from bot.commands.findings import Check
from bot.config import Settings
from bot.tickets.choose import elsewhere
from bot.tickets.http import open_client

_NAME = "Ticket system"


async def checks_tickets(settings: Settings, *, offline: bool) -> list[Check]:
    """Ask the ticket system, if it is another than the built-in one; never raises."""
    if settings.tickets == "builtin":
        return []
    if offline:
        return [Check(_NAME, "skipped", "--offline")]
    async with open_client() as client:
        found = await elsewhere(settings, client).check()
    return [Check(_NAME, each.state, each.found, each.remedy) for each in found]
