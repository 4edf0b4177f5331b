"""The channel's signing keys: fetched from an OpenID metadata URL, kept, and renewed without stopping anyone.

Known keys answer at once. Keys older than half a day are renewed in the background, older than a day
before use; when the host is down they stay usable up to two days. An unknown key id causes one shared fetch,
and all fetches together, successful or not, happen at most once a minute, so that made-up key ids cannot be
turned into load on the key host.

Must not know: tokens, claims, requests.
"""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import jwt
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from yarl import URL

from bot.teams.service_urls import is_loopback_host

_log = structlog.get_logger(__name__)

JWKS_HOST: Final = "login.botframework.com"
_RENEW_AFTER = 12 * 3600.0
_RENEW_BEFORE_USE = 24 * 3600.0
_UNUSABLE_AFTER = 48 * 3600.0
_BETWEEN_ATTEMPTS = 60.0
_LARGEST = 4 * 1024 * 1024  # the live document is about 1 MB
_TIMEOUT = 5.0


class SigningKey(msgspec.Struct, frozen=True):
    """One public key, and the channels it may sign for."""

    kid: str
    public_key: RSAPublicKey
    endorsements: frozenset[str]


class KeysUnavailable(Exception):  # noqa: N818  a state of the world, not a mistake
    """No key can be named right now, because the key host did not answer.

    Attributes:
        retry_after: Seconds until another attempt makes sense.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"signing keys are unavailable, retry in {retry_after} s")
        self.retry_after = retry_after


class SigningKeys:
    """The keys behind one OpenID metadata URL.

    Source of the rules: Bot Connector authentication (keys are to be refreshed at least once a day).
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        metadata_url: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        timeout: float = _TIMEOUT,
    ) -> None:
        """Remember where the keys are; nothing is fetched yet.

        Args:
            session: The pooled client; it is used, never closed.
            metadata_url: https, or http on loopback.
            clock: Seconds, never going back.
            timeout: Seconds for one whole fetch.

        Raises:
            ValueError: The URL is neither https nor on loopback.
        """
        self._session = session
        self._url = URL(metadata_url)
        self._local = is_loopback_host(self._url.host)
        if not self._may_fetch(self._url):
            raise ValueError(f"{metadata_url!r} is not a usable OpenID metadata URL: use https")
        self._clock = clock
        self._timeout = timeout
        self._keys: dict[str, SigningKey] = {}
        self._fetched_at = -math.inf
        self._attempted_at = -math.inf
        self._last_attempt_failed = False
        self._refresh: asyncio.Task[None] | None = None

    @property
    def loaded(self) -> bool:
        """Whether keys were fetched and are still usable (for readiness)."""
        return bool(self._keys) and self._age() < _UNUSABLE_AFTER

    async def key(self, kid: str) -> SigningKey | None:
        """The key with this id, or None when the host does not publish it.

        Raises:
            KeysUnavailable: The answer is not known, because the host did not deliver its keys.
        """
        if not self.loaded or self._age() >= _RENEW_BEFORE_USE or kid not in self._keys:
            await self._renewed()
        elif self._age() >= _RENEW_AFTER:
            self._start_refresh()
        if not self.loaded:
            raise KeysUnavailable(self._retry_after())
        found = self._keys.get(kid)
        if found is None and self._last_attempt_failed:
            # It may be a new key that could not be fetched: not known is not the same as not valid.
            raise KeysUnavailable(self._retry_after())
        return found

    async def keep_fresh(self) -> None:
        """Fetch the keys if there are none or they are half a day old. For a loop in the background."""
        if not self.loaded or self._age() >= _RENEW_AFTER:
            await self._renewed()

    async def close(self) -> None:
        """Stop a fetch under way."""
        if self._refresh is not None:
            self._refresh.cancel()
            await asyncio.gather(self._refresh, return_exceptions=True)

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _retry_after(self) -> int:
        return max(1, math.ceil(self._attempted_at + _BETWEEN_ATTEMPTS - self._clock()))

    async def _renewed(self) -> None:
        """Wait for the fetch under way, or for a new one if one may start; a failed fetch changes nothing."""
        refresh = self._start_refresh()
        if refresh is not None:
            await asyncio.shield(refresh)

    def _start_refresh(self) -> asyncio.Task[None] | None:
        if self._refresh is not None and not self._refresh.done():
            return self._refresh
        if self._clock() - self._attempted_at < _BETWEEN_ATTEMPTS:
            return None
        self._attempted_at = self._clock()
        self._refresh = asyncio.create_task(self._fetch(), name="signing keys")
        return self._refresh

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                metadata = await asyncio.to_thread(msgspec.json.decode, await self._get(self._url))
                jwks_url = URL(metadata["jwks_uri"])
                if not self._may_fetch(jwks_url):
                    raise ValueError("jwks_uri names a foreign host")  # noqa: TRY301  one handler for every way to fail
                # A megabyte of JSON and hundreds of keys: not on the loop.
                keys = await asyncio.to_thread(_parse_keys, await self._get(jwks_url))
        except Exception as error:  # noqa: BLE001  whatever the host answers, the keys we have stay
            self._last_attempt_failed = True
            _log.warning(
                "signing_keys_not_fetched",
                host=self._url.host,
                error=type(error).__name__,
                what_to_do="see that a firewall lets the bot reach this host by https; run `handrail doctor`",
            )
        else:
            self._keys, self._fetched_at, self._last_attempt_failed = keys, self._clock(), False

    def _may_fetch(self, url: URL) -> bool:
        if self._local:
            return url.scheme in {"http", "https"} and is_loopback_host(url.host)
        return url.scheme == "https" and url.user is None and url.host in {self._url.host, JWKS_HOST}

    async def _get(self, url: URL) -> bytes:
        async with self._session.get(
            url, allow_redirects=False, headers={"Accept-Encoding": "identity"}
        ) as response:
            if response.status != 200:
                raise ValueError(f"status {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_chunked(65536):
                body += chunk
                if len(body) > _LARGEST:
                    raise ValueError("more than 4 MiB")
            return bytes(body)


def _parse_keys(document: bytes) -> dict[str, SigningKey]:
    """Read a JWKS; a key that cannot be used is skipped, a document without usable keys is an error."""
    keys: dict[str, SigningKey] = {}
    for entry in msgspec.json.decode(document)["keys"]:
        key = _parse_key(entry)
        if key is not None:
            keys.setdefault(key.kid, key)
    if not keys:
        raise ValueError("no usable key")
    return keys


def _parse_key(entry: Any) -> SigningKey | None:
    match entry:
        case {"kty": "RSA", "kid": str(kid), "n": str(), "e": str()} if kid:
            pass
        case _:
            return None
    if entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:
        public_key = jwt.PyJWK.from_dict({**entry, "alg": "RS256"}).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if not isinstance(public_key, RSAPublicKey) or public_key.key_size < 2048:
        return None
    endorsements = entry.get("endorsements")
    names = endorsements if isinstance(endorsements, list) else []
    return SigningKey(kid, public_key, frozenset(name for name in names if isinstance(name, str) and name))
