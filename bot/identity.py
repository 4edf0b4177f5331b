"""How the bot proves itself to Microsoft: from the settings to its token, and to the sign-in of its board.

Must not know: when a token is fetched, who sends it, who signs in.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp

from bot.config import Settings
from bot.teams.keys import SigningKeys
from bot.teams.tokens import (
    RESOURCE,
    Token,
    TokenUnavailable,
    from_managed_identity,
    from_secret,
    from_token_url,
)

if TYPE_CHECKING:
    from bot.web.entra import Credential, Entra

_EXCHANGE = "api://AzureADTokenExchange"  # whom a managed identity's token is for that stands for a secret
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


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


@asynccontextmanager
async def board_sign_in(settings: Settings, client: aiohttp.ClientSession) -> AsyncIterator["Entra | None"]:
    """The way to sign in to the board, with its keys; None when there is no board to enter.

    Args:
        settings: Whose board.
        client: The pooled client; it is used, never closed.
    """
    if settings.local or not settings.board_url:
        yield None
        return
    from bot.web.entra import Entra, metadata_url  # a bot without a board has none of it in memory

    keys = SigningKeys(client, metadata_url(settings.sign_in_url, settings.tenant_id))
    try:
        yield Entra(
            client,
            keys,
            authority=settings.sign_in_url,
            tenant=settings.tenant_id,
            app_id=settings.board_app_id or settings.app_id,
            redirect_uri=f"{settings.board_url}/signed-in",
            credential=_credential(settings),
        )
    finally:
        await keys.close()


def _credential(settings: Settings) -> "Credential":
    """The app's secret; or, where there is none, the managed identity's token, which the app trusts."""
    from bot.web.entra import NotSignedIn

    if settings.app_type == "UserAssignedMSI":
        fetch = from_managed_identity(settings.app_id, resource=_EXCHANGE)

        async def assertion() -> Mapping[str, str]:
            try:
                token = await fetch()
            except TokenUnavailable as error:
                raise NotSignedIn("settings" if error.credentials else "away", error.code) from None
            return {"client_assertion_type": _ASSERTION, "client_assertion": token.value}

        return assertion

    async def secret() -> Mapping[str, str]:
        return {"client_secret": settings.app_password.reveal()}

    return secret
