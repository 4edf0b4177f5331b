"""What the doctor asks the ticket systems: each knows itself what has to be right, and leaves nothing behind.

Only when it is told to does the doctor file a ticket, too, and bring it to its end.

Must not know: how findings are shown, what else is checked, any one ticket system.
"""

import asyncio
import re

from bot.commands.findings import Check
from bot.config import Settings
from bot.desk_settings import TicketDesk
from bot.tickets.choose import Told, elsewhere
from bot.tickets.http import open_client

_SETTING = re.compile(r"HANDRAIL_TICKETS(?:_([A-Z]+))?")


async def checks_tickets(settings: Settings, *, offline: bool, trial: bool = False) -> list[Check]:
    """Ask every ticket system but the built-in one, side by side; never raises.

    Args:
        settings: Which systems.
        offline: Ask nobody beyond this machine.
        trial: File a ticket with each, too, if everything else is well there.
    """
    asked = [_asked("Ticket system", settings, offline=offline, trial=trial)]
    asked += [_asked(_name(desk), desk, offline=offline, trial=trial) for desk in settings.ticket_desks]
    main, *others = await asyncio.gather(*asked)
    for desk, found in zip(settings.ticket_desks, others, strict=True):
        main += [Check(_name(desk), "ok", _described(desk)), *(_in_file(desk, each) for each in found)]
    return main


async def _asked(name: str, told: Told, *, offline: bool, trial: bool) -> list[Check]:
    on_trial = f"{name}, on trial"
    if told.tickets == "builtin":
        return [Check(on_trial, "skipped", "the built-in one sends nothing")] if trial else []
    if offline:
        return [Check(name, "skipped", "--offline")]
    async with open_client() as client:
        system = elsewhere(told, client)
        found = await system.check()
        checks = [Check(name, each.state, each.found, each.remedy) for each in found]
        if trial and any(each.state == "failed" for each in found):
            checks.append(Check(on_trial, "skipped", "what failed above comes first"))
        elif trial:
            from bot.tickets.trial import tried_out

            checks += [
                Check(on_trial, each.state, each.found, each.remedy) for each in await tried_out(system)
            ]
    return checks


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
