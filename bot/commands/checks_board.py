"""What the doctor finds out about the board: is there one, and will Microsoft Entra let its people in.

Nobody is signed in: Entra's published keys are looked at, and its sign-in page is asked whether it knows this
application and its address. Must not know: how findings are shown, what else is checked.
"""

import re

import aiohttp

from bot.commands.findings import Check
from bot.config import Settings
from bot.identity import board_sign_in
from bot.teams.connector import open_client
from bot.web.attempt import Attempt
from bot.web.entra import metadata_url

_CODE = re.compile(r"AADSTS(\d{5,7})")
_LARGEST = 512 * 1024
_REMEDIES = {
    "50011": "Add the address to the app: App registrations, Authentication, Web: {redirect}",
    "700016": "Is the app registered in the tenant of MicrosoftAppTenantId? See HANDRAIL_BOARD_APP_ID, too.",
    "90002": "There is no such tenant at this host: see MicrosoftAppTenantId and HANDRAIL_SIGN_IN_URL.",
    "900971": "Add the address to the app: App registrations, Authentication, Web: {redirect}",
}


async def checks_board(settings: Settings, *, offline: bool) -> list[Check]:
    """Look at it; never raises."""
    if settings.local:
        return [Check("Board", "ok", f"{settings.board_url}, for whoever is at this machine")]
    if not settings.board_url:
        missing = [] if settings.public_url else ["HANDRAIL_PUBLIC_URL"]
        if not settings.board_role and not settings.board_group:
            missing.append("HANDRAIL_BOARD_ROLE (or HANDRAIL_BOARD_GROUP)")
        return [Check("Board", "skipped", f"there is none; to have one, set {' and '.join(missing)}")]
    who = [f"the app role {settings.board_role}"] if settings.board_role else []
    who += [f"the group {settings.board_group}"] if settings.board_group else []
    board = Check("Board", "ok", f"{settings.board_url}, for people with {' or '.join(who)}")
    if offline:
        return [board, Check("Board sign-in", "skipped", "--offline")]
    return [board, await _sign_in(settings)]


async def _sign_in(settings: Settings) -> Check:
    there = metadata_url(settings.sign_in_url, settings.tenant_id)
    redirect = f"{settings.board_url}/signed-in"
    async with open_client() as client, board_sign_in(settings, client) as entra:
        if entra is None or not await entra.reachable():
            remedy = "Let this machine reach it by https; another cloud has another HANDRAIL_SIGN_IN_URL."
            return Check("Board sign-in", "failed", f"no keys can be fetched from {there}", remedy)
        page = entra.sign_in_url(Attempt.begin(0, "/helpdesk"))
        try:
            async with client.get(page, allow_redirects=False) as response:
                said = (await response.content.read(_LARGEST)).decode("utf-8", "replace")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            found = f"the sign-in page does not come: {type(error).__name__}"
            return Check("Board sign-in", "warning", found, "Try again.")
    for code in _CODE.findall(said):
        if code in _REMEDIES:
            found = f"Entra says AADSTS{code}"
            return Check("Board sign-in", "failed", found, _REMEDIES[code].format(redirect=redirect))
    return Check("Board sign-in", "ok", f"{there}; people come back to {redirect}")
