"""What the doctor asks the ticket systems: each knows itself what has to be right, and leaves nothing behind.

Must not know: how findings are shown, what else is checked, any one ticket system.
"""

import asyncio
import re

from bot.commands.findings import Check
from bot.config import Settings
from bot.ticket_desks import TicketDesk
from bot.tickets.choose import Told, elsewhere
from bot.tickets.http import open_client

_SETTING = re.compile(r"HANDRAIL_TICKETS(?:_([A-Z]+))?")


async def checks_tickets(settings: Settings, *, offline: bool) -> list[Check]:
    """Ask every ticket system but the built-in one, side by side; never raises."""
    asked = [_asked("Ticket system", settings, offline=offline)]
    asked += [_asked(_name(desk), desk, offline=offline) for desk in settings.ticket_desks]
    main, *others = await asyncio.gather(*asked)
    for desk, found in zip(settings.ticket_desks, others, strict=True):
        main += [Check(_name(desk), "ok", _described(desk)), *(_in_file(desk, each) for each in found)]
    return main


async def _asked(name: str, told: Told, *, offline: bool) -> list[Check]:
    if told.tickets == "builtin":
        return []
    if offline:
        return [Check(name, "skipped", "--offline")]
    async with open_client() as client:
        found = await elsewhere(told, client).check()
    return [Check(name, each.state, each.found, each.remedy) for each in found]


def _in_file(desk: TicketDesk, check: Check) -> Check:
    """A system names the settings of the environment; those of a desk stand in its table."""
    remedy = _SETTING.sub(lambda name: f"{(name[1] or 'system').lower()} of [{desk.name}]", check.remedy)
    return Check(check.name, check.state, check.found, remedy)


def _name(desk: TicketDesk) -> str:
    return f"Ticket desk {desk.name}"


def _described(desk: TicketDesk) -> str:
    """Its settings, without secrets, and which cases it gets."""
    parts = (desk.tickets, desk.tickets_url, desk.tickets_user, desk.tickets_project)
    cases = ", ".join(desk.cases) or "no new cases"
    return f"{', '.join(filter(None, parts))}; gets {cases}"
