"""What the doctor asks Microsoft: the time, the signing keys, a token, the helpdesk's channel.

Nothing is sent to anybody: the channel is asked for its members, which needs the same rights as writing.

Must not know: how findings are shown, what else is checked.
"""

import contextlib
import email.utils
import time

import aiohttp

from bot.commands.findings import Check, State
from bot.config import Settings
from bot.identity import token_fetch
from bot.queues import Queues
from bot.teams.connector import Connector, open_client
from bot.teams.keys import KeysUnavailable, SigningKeys
from bot.teams.outcomes import Delivered, Outcome, Park, Refused
from bot.teams.service_urls import ServiceUrls
from bot.teams.tokens import SharedToken, TokenUnavailable

_SKEW_NOTED = 60.0
_SKEW_REFUSED = 300.0  # seconds; beyond them every token is expired or not yet valid
_NAMES = ("Clock", "Signing keys", "Token", "Helpdesk channel")

_CHANNEL_REMEDIES = {
    "credentials": "Teams refuses the token: is this the app id of the Azure Bot, and its tenant?",
    "not_in_roster": "Add the app to the helpdesk's team: in Teams, Manage team, Apps.",
    "not_installed": "Add the app to the helpdesk's team: in Teams, Manage team, Apps.",
    "admin_disabled": "An administrator has blocked the app: Teams admin center, Manage apps.",
    "wrong_cloud": "Set HANDRAIL_HELPDESK_SERVICE_URL to the service URL of your cloud.",
    "conversation_gone": "There is no such channel: paste its link again into HANDRAIL_HELPDESK_CHANNEL.",
    "no_such_member": "There is no such channel: paste its link again into HANDRAIL_HELPDESK_CHANNEL.",
}


def skipped(why: str) -> list[Check]:
    """The checks of this file, not made."""
    return [Check(name, "skipped", why) for name in _NAMES]


async def checks_there(settings: Settings) -> list[Check]:
    """Ask Microsoft everything that the bot will need of it; never raises. Not for local mode."""
    async with open_client() as client:
        keys = SigningKeys(client, settings.openid_metadata_url)
        tokens = SharedToken(token_fetch(settings, client))
        try:
            clock = await _clock(client, settings)
            key = await _keys(keys, settings)
            token = await _token(tokens, settings)
            if token.state != "ok":
                channel = Check("Helpdesk channel", "skipped", "needs a token")
            else:
                connector = Connector(client, tokens, ServiceUrls(settings.service_urls))
                channel = await _channels(connector, settings)
        finally:
            await tokens.close()
            await keys.close()
    return [clock, key, token, channel]


async def _clock(client: aiohttp.ClientSession, settings: Settings) -> Check:
    try:
        async with client.get(settings.openid_metadata_url, allow_redirects=False) as response:
            there = email.utils.parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (aiohttp.ClientError, OSError, TimeoutError):
        return Check("Clock", "skipped", "the host of the signing keys does not answer")
    except (KeyError, ValueError):
        return Check("Clock", "skipped", "the host of the signing keys does not tell the time")
    skew = time.time() - there
    found = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the host of the signing keys"
    if abs(skew) <= _SKEW_NOTED:
        return Check("Clock", "ok", found)
    state: State = "failed" if abs(skew) > _SKEW_REFUSED else "warning"
    return Check(
        "Clock", state, found, "Let the machine keep time by NTP; tokens are refused beyond 5 minutes."
    )


async def _keys(keys: SigningKeys, settings: Settings) -> Check:
    with contextlib.suppress(KeysUnavailable):
        await keys.key("doctor")
    if keys.loaded:
        return Check("Signing keys", "ok", settings.openid_metadata_url)
    remedy = "Let this machine reach that address over https, through a proxy or firewall rule if need be."
    return Check("Signing keys", "failed", f"cannot be fetched from {settings.openid_metadata_url}", remedy)


async def _token(tokens: SharedToken, settings: Settings) -> Check:
    try:
        await tokens.bearer()
    except TokenUnavailable as error:
        if not error.credentials:
            remedy = "Let this machine reach the sign-in host; on Azure, is the identity assigned to it?"
        elif settings.app_type == "UserAssignedMSI":
            remedy = "Assign the managed identity of MicrosoftAppId to this machine."
        else:
            remedy = "Is MicrosoftAppPassword the secret's value, not its ID, not expired, and of this app?"
        return Check("Token", "failed", f"none: {error.code}", remedy)
    return Check("Token", "ok", "the bot can prove itself")


async def _channels(connector: Connector, settings: Settings) -> Check:
    """All channels of the helpdesk: the first that something is wrong with, named if there are several."""
    others = dict(settings.helpdesk_channels)
    channels = Queues(settings.helpdesk_channel, others, settings.helpdesk_second).all()
    for each in channels:
        found = _channel(await connector.members(settings.helpdesk_service_url, each))
        if found.state != "ok":
            which = f" (of {each})" if len(channels) > 1 else ""
            return Check(found.name, found.state, f"{found.found}{which}", found.remedy)
    many = "it" if len(channels) == 1 else f"all {len(channels)}"
    return Check("Helpdesk channel", "ok", f"the bot can see and write {many}")


def _channel(outcome: Outcome) -> Check:
    match outcome:
        case Delivered():
            return Check("Helpdesk channel", "ok", "")
        case Refused(reason=reason) | Park(reason=reason):
            remedy = _CHANNEL_REMEDIES.get(reason, "Teams gave no usable reason; try again later.")
            state: State = "failed" if reason in _CHANNEL_REMEDIES else "warning"
            return Check("Helpdesk channel", state, f"Teams says: {reason}", remedy)
    return Check("Helpdesk channel", "warning", "Teams did not answer clearly", "Try again later.")
