"""What the doctor asks the ticket system: it knows itself what has to be right, and leaves nothing behind.

Only when it is told to does the doctor file a ticket, too, and bring it to its end.

Must not know: how findings are shown, what else is checked, any one ticket system.
"""

from bot.commands.findings import Check
from bot.config import Settings
from bot.tickets.choose import elsewhere
from bot.tickets.http import open_client

_NAME = "Ticket system"
_TRIAL = "A ticket on trial"


async def checks_tickets(settings: Settings, *, offline: bool, trial: bool = False) -> list[Check]:
    """Ask the ticket system, if it is another than the built-in one; never raises.

    Args:
        settings: Which system.
        offline: Ask nobody beyond this machine.
        trial: File a ticket, too, if everything else is well.
    """
    if settings.tickets == "builtin":
        return [Check(_TRIAL, "skipped", "the built-in ticket system sends nothing")] if trial else []
    if offline:
        return [Check(_NAME, "skipped", "--offline")]
    async with open_client() as client:
        system = elsewhere(settings, client)
        found = await system.check()
        checks = [Check(_NAME, each.state, each.found, each.remedy) for each in found]
        if trial and any(each.state == "failed" for each in found):
            checks.append(Check(_TRIAL, "skipped", "what failed above comes first"))
        elif trial:
            from bot.tickets.trial import tried_out

            checks += [Check(_TRIAL, each.state, each.found, each.remedy) for each in await tried_out(system)]
    return checks
