"""How the bot proves itself to Microsoft: from the settings to the function that fetches its token.

Must not know: when a token is fetched, who sends it.
"""

from collections.abc import Awaitable, Callable

import aiohttp

from bot.config import Settings
from bot.teams.tokens import RESOURCE, Token, from_managed_identity, from_secret, from_token_url


def token_fetch(
    settings: Settings, client: aiohttp.ClientSession, *, resource: str = RESOURCE
) -> Callable[[], Awaitable[Token]]:
    """The way to a new token; it raises `TokenUnavailable`.

    Args:
        settings: Not of local mode, which has no token.
        client: The pooled client; it is used, never closed.
        resource: Whom the token is for; the Bot Connector unless said otherwise.
    """
    secret = settings.app_password.reveal()
    if settings.token_url:
        return from_token_url(client, settings.token_url, settings.app_id, secret, resource=resource)
    if settings.app_type == "UserAssignedMSI":
        return from_managed_identity(settings.app_id, resource=resource)
    return from_secret(settings.app_id, secret, settings.tenant_id, resource=resource)
