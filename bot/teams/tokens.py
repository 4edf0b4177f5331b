"""The bot's own token, with which it speaks to Teams (and, another one, to Microsoft Graph).

One token is kept and shared for each resource; it is renewed in the background before it expires, and fetched
once however many senders wait for it. Where it comes from is one function: MSAL in a thread (it is
synchronous), or a plain client-credentials request for clouds that MSAL does not know.

Must not know: conversations, activities, service URLs.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import aiohttp
import msal
import msgspec
import requests  # MSAL's own HTTP client
import structlog
from yarl import URL

from bot.teams.service_urls import is_loopback_host

_log = structlog.get_logger(__name__)

RESOURCE: Final = "https://api.botframework.com"
"""Whom a token is for, unless told otherwise: the Bot Connector."""
_TIMEOUT = 10.0
_RENEW_BEFORE = 600.0  # seconds before expiry, or half the life of a short token
_TOO_OLD = 30.0
_BETWEEN_FAILURES = 5.0
_LARGEST = 64 * 1024


class Token:
    """A bearer token; it does not show its value.

    Attributes:
        value: The token itself.
        lifetime: Seconds from the moment it was fetched.
    """

    __slots__ = ("lifetime", "value")

    def __init__(self, value: str, lifetime: float) -> None:
        self.value = value
        self.lifetime = lifetime

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        return f"Token(lifetime={self.lifetime:.0f})"


class TokenUnavailable(Exception):  # noqa: N818  a state of the world, not a mistake
    """There is no token now.

    Attributes:
        credentials: The identity service refused the bot's own credentials: an operator must act.
        code: The service's error code, for the log and the operator; never a secret.
    """

    def __init__(self, code: str, *, credentials: bool = False) -> None:
        super().__init__(f"no token for the bot: {code}")
        self.code = code
        self.credentials = credentials


class TokenSource(Protocol):
    """Where a sender gets its Authorization header from."""

    async def bearer(self, *, rejected: str | None = None) -> str | None:
        """The token to send, or None to send without one.

        Args:
            rejected: A token just answered with 401; another one is fetched unless there is one already.

        Raises:
            TokenUnavailable: There is none now.
        """

    async def close(self) -> None:
        """Stop what runs in the background."""


class Anonymous:
    """The source of local mode: no Authorization header."""

    async def bearer(self, *, rejected: str | None = None) -> str | None:  # noqa: ARG002  nothing to reject
        """Return None."""
        return None

    async def close(self) -> None:
        """Do nothing."""


class SharedToken:
    """One token for everyone, renewed ahead of its expiry."""

    def __init__(
        self, fetch: Callable[[], Awaitable[Token]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Remember where tokens come from; nothing is fetched yet.

        Args:
            fetch: Gets a new token; raises TokenUnavailable.
            clock: Seconds, never going back.
        """
        self._fetch = fetch
        self._clock = clock
        self._token: Token | None = None
        self._expires = -math.inf
        self._fetched = 0
        self._failed_at = -math.inf
        self._failure = TokenUnavailable("not_asked_yet")
        self._renewal: asyncio.Task[None] | None = None

    async def bearer(self, *, rejected: str | None = None) -> str | None:
        """The current token; see TokenSource."""
        if self._token is None or self._token.value == rejected or self._left() < _TOO_OLD:
            before = self._fetched
            await self._renewed()
            same = self._fetched == before and (self._token is None or self._token.value == rejected)
            if self._token is None or same or self._left() <= 0:
                raise self._failure
        elif self._left() < min(_RENEW_BEFORE, self._token.lifetime / 2):
            self._start_renewal()
        return self._token.value

    async def close(self) -> None:
        """Stop a renewal under way."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)

    def _left(self) -> float:
        return self._expires - self._clock()

    async def _renewed(self) -> None:
        renewal = self._start_renewal()
        if renewal is not None:
            await asyncio.shield(renewal)

    def _start_renewal(self) -> asyncio.Task[None] | None:
        if self._renewal is not None and not self._renewal.done():
            return self._renewal
        if self._clock() - self._failed_at < _BETWEEN_FAILURES:
            return None
        self._renewal = asyncio.create_task(self._renew(), name="bot token")
        return self._renewal

    async def _renew(self) -> None:
        started = self._clock()
        try:
            self._token = await self._fetch()
        except Exception as error:  # noqa: BLE001  a sender gets it as TokenUnavailable; the old token stays
            self._failed_at = self._clock()
            self._failure = (
                error if isinstance(error, TokenUnavailable) else TokenUnavailable(type(error).__name__)
            )
            _log.warning("bot_token_not_fetched", code=self._failure.code, what_to_do=_remedy(self._failure))
        else:
            self._expires = started + self._token.lifetime
            self._fetched += 1
            self._failed_at = -math.inf


def _remedy(failure: TokenUnavailable) -> str:
    """What an operator can do about it."""
    if failure.credentials:
        return "see whether the app's secret has expired or belongs to another app; run `handrail doctor`"
    return "see that the sign-in host of the tenant is reached from here; run `handrail doctor`"


def from_secret(
    app_id: str,
    secret: str,
    tenant: str,
    *,
    resource: str = RESOURCE,
    authority_host: str = "https://login.microsoftonline.com",
) -> Callable[[], Awaitable[Token]]:
    """Fetch tokens for a single-tenant app with its client secret.

    Args:
        app_id: The bot's app id.
        secret: Its client secret; it stays in here.
        tenant: The tenant that the app is registered in.
        resource: Whom the tokens are for, for example "https://graph.microsoft.com".
        authority_host: The sign-in host of the cloud.
    """

    def ask() -> Token:
        # MSAL reads the authority's metadata in its constructor, and caches tokens in the object. We keep the
        # token ourselves, so a new object a fetch is the simplest way to always get a new token.
        with requests.Session() as session:
            app = msal.ConfidentialClientApplication(
                app_id,
                client_credential=secret,
                authority=f"{authority_host}/{tenant}",
                http_client=_Timed(session),
            )
            return _from_answer(app.acquire_token_for_client(scopes=[_scope(resource)]))

    return lambda: asyncio.to_thread(ask)


def from_managed_identity(app_id: str, *, resource: str = RESOURCE) -> Callable[[], Awaitable[Token]]:
    """Fetch tokens with the user-assigned managed identity of the machine that the bot runs on.

    Args:
        app_id: The identity's client id, which is the bot's app id.
        resource: Whom the tokens are for.
    """

    def ask() -> Token:
        with requests.Session() as session:
            client = msal.ManagedIdentityClient(
                msal.UserAssignedManagedIdentity(client_id=app_id), http_client=_Timed(session)
            )
            return _from_answer(client.acquire_token_for_client(resource=resource))

    return lambda: asyncio.to_thread(ask)


def from_token_url(
    session: aiohttp.ClientSession, url: str, app_id: str, secret: str, *, resource: str = RESOURCE
) -> Callable[[], Awaitable[Token]]:
    """Fetch tokens with a plain OAuth 2.0 client-credentials request.

    Args:
        session: The pooled client; it is used, never closed.
        url: https, or http on loopback.
        app_id: The bot's app id.
        secret: Its client secret; it stays in here.
        resource: Whom the tokens are for.

    Raises:
        ValueError: The URL is neither https nor on loopback.
    """
    target = URL(url)
    if target.scheme != "https" and not (target.scheme == "http" and is_loopback_host(target.host)):
        raise ValueError(f"{url!r} is not a usable token URL: use https")
    form = {
        "grant_type": "client_credentials",
        "client_id": app_id,
        "client_secret": secret,
        "scope": _scope(resource),
    }

    async def ask() -> Token:
        try:
            async with (
                asyncio.timeout(_TIMEOUT),
                session.post(target, data=form, allow_redirects=False) as response,
            ):
                body = await response.content.read(_LARGEST)
                if response.status >= 500 or response.status == 429:
                    raise TokenUnavailable(f"status_{response.status}")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise TokenUnavailable(type(error).__name__) from None
        try:
            return _from_answer(msgspec.json.decode(body))
        except msgspec.MsgspecError:
            raise TokenUnavailable("not_json") from None

    return ask


def _scope(resource: str) -> str:
    """All application permissions that an administrator granted for the resource."""
    return f"{resource}/.default"


class _Timed:
    """A requests session whose calls end and stay where they were sent; MSAL asks for get and post only."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def get(self, url: str, **options: Any) -> Any:
        return self._session.get(url, **{**options, "timeout": _TIMEOUT, "allow_redirects": False})

    def post(self, url: str, **options: Any) -> Any:
        return self._session.post(url, **{**options, "timeout": _TIMEOUT, "allow_redirects": False})


def _from_answer(answer: Any) -> Token:
    """Read a token response, successful or not (RFC 6749 section 5)."""
    match answer:
        case {"access_token": str(value), "expires_in": int() | float() | str() as lifetime} if value:
            try:
                seconds = float(lifetime)
            except ValueError:
                raise TokenUnavailable("bad_lifetime") from None
            # The value becomes a header line.
            if not value.isascii() or not value.isprintable() or not 0 < seconds < 1e7:
                raise TokenUnavailable("bad_token")
            return Token(value, seconds)
        case {"error": str(code)}:
            refused = code in {"invalid_client", "unauthorized_client", "invalid_grant", "access_denied"}
            raise TokenUnavailable(code[:64], credentials=refused)
        case _:
            raise TokenUnavailable("no_token_in_answer")
