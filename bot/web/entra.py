"""Microsoft Entra as the one who says who somebody is: OpenID Connect, authorization code with PKCE.

MSAL's code flow checks no signature and takes no authority on loopback, so this is one request by aiohttp,
with `SigningKeys` for the keys and PyJWT for the token. Endpoints are not looked up: they stand in
Microsoft's manual, and a document could send a code elsewhere. It must not know cookies, pages or who may
enter.
"""

import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import msgspec

from bot.teams.keys import KeysUnavailable, SigningKeys
from bot.web.attempt import Attempt
from bot.web.id_token import Expected, Refused, Vouched, key_id, vouched

_TIMEOUT: Final = 10.0
_LARGEST: Final = 256 * 1024  # bytes of an answer
_OURS: Final = frozenset({"invalid_client", "unauthorized_client", "invalid_request", "invalid_scope"})

Credential = Callable[[], Awaitable[Mapping[str, str]]]
"""What proves this application at the token endpoint: the fields to send."""


class NotSignedIn(Exception):  # noqa: N818  an outcome, told to the person
    """Nobody is signed in.

    Attributes:
        why: "away" (Entra cannot be asked now), "settings" (it does not know this application as it is set
            up) or "refused" (what came back is not good).
        reason: A fixed word, or Entra's error code, for the log.
    """

    def __init__(self, why: str, reason: str) -> None:
        super().__init__(f"{why}: {reason}")
        self.why = why
        self.reason = reason


def metadata_url(authority: str, tenant: str) -> str:
    """Where a tenant's OpenID metadata is published."""
    return f"{authority.rstrip('/')}/{tenant}/v2.0/.well-known/openid-configuration"


class Entra:
    """One tenant, and this application in it.

    Source of the addresses: Microsoft identity platform, "OAuth 2.0 authorization code flow".
    """

    def __init__(
        self,
        client: aiohttp.ClientSession,
        keys: SigningKeys,
        *,
        authority: str,
        tenant: str,
        app_id: str,
        redirect_uri: str,
        credential: Credential,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Remember who to ask; nothing is asked yet.

        Args:
            client: The pooled client; it is used, never closed.
            keys: The tenant's signing keys.
            authority: The sign-in host of the cloud, for example "https://login.microsoftonline.com".
            tenant: The tenant's id; no other is accepted.
            app_id: The application's id, the only accepted audience.
            redirect_uri: Where Entra sends people back to, as it is registered there.
            credential: What proves this application; raises `NotSignedIn` when it has nothing to show.
            clock: Seconds since 1970.
        """
        self._client = client
        self._keys = keys
        self._base = f"{authority.rstrip('/')}/{tenant}"
        self._tenant = tenant
        self._app_id = app_id
        self._redirect_uri = redirect_uri
        self._credential = credential
        self._clock = clock

    async def reachable(self) -> bool:
        """Whether its keys can be had."""
        with contextlib.suppress(KeysUnavailable):
            await self._keys.key("any")
        return self._keys.loaded

    @property
    def sign_out_url(self) -> str:
        """Where somebody signs out of everything of Microsoft's."""
        return f"{self._base}/oauth2/v2.0/logout"

    def sign_in_url(self, attempt: Attempt, *, choose: bool = False) -> str:
        """Where somebody signs in; with `choose` they are asked for the account, signed in or not."""
        fields = {
            "client_id": self._app_id,
            "response_type": "code",
            "redirect_uri": self._redirect_uri,
            "response_mode": "query",
            "scope": "openid profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        if choose:
            fields["prompt"] = "select_account"
        return f"{self._base}/oauth2/v2.0/authorize?{urlencode(fields)}"

    async def who(self, code: str, attempt: Attempt) -> Vouched:
        """Give the code back, and read who it is.

        Raises:
            NotSignedIn: With the reason.
        """
        token = await self._redeem(code, attempt)
        expected = Expected(
            issuer=f"{self._base}/v2.0", audience=self._app_id, tenant=self._tenant, nonce=attempt.nonce
        )
        try:
            key = await self._keys.key(key_id(token))
            return vouched(token, key.public_key if key else None, expected, now=self._clock())
        except Refused as error:
            raise NotSignedIn("refused", error.reason) from None
        except KeysUnavailable:
            raise NotSignedIn("away", "keys_unavailable") from None

    async def _redeem(self, code: str, attempt: Attempt) -> str:
        form = {
            "client_id": self._app_id,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": attempt.verifier,
            "scope": "openid profile",
            **await self._credential(),
        }
        try:
            async with self._client.post(
                f"{self._base}/oauth2/v2.0/token",
                data=form,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT),
            ) as response:
                body = await _read(response)
                if response.status >= 500 or response.status == 429:
                    raise NotSignedIn("away", f"status_{response.status}")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NotSignedIn("away", type(error).__name__) from None
        return _id_token(body)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(16384):
        body += chunk
        if len(body) > _LARGEST:
            raise NotSignedIn("refused", "answer_too_long")
    return bytes(body)


def _id_token(body: bytes) -> str:
    try:
        answer: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        raise NotSignedIn("refused", "not_json") from None
    match answer:
        case {"error": str(code)}:
            # The code is Entra's and short; its description may name people.
            raise NotSignedIn("settings" if code in _OURS else "refused", code[:64])
        case {"id_token": str(token)} if token:
            return token
    raise NotSignedIn("refused", "no_id_token")
