"""Who may speak to the bot: the channel's signed token first, then what the activity claims.

Two steps, because the first needs only the Authorization header: a forged request is refused before its body
is read. Every token not issued by the one configured issuer is refused, so the Emulator's, another bot's and
our own outbound token need no rule of their own.

Must not know: how keys are fetched, how activities are handled, the Bot Framework SDK.
"""

import base64
import hashlib
import json
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, Protocol

import jwt
import msgspec
from multidict import CIMultiDictProxy

from bot.teams.keys import KeysUnavailable, SigningKeys
from bot.teams.service_urls import ServiceUrls

PUBLIC_ISSUER: Final = "https://api.botframework.com"
_LONGEST_HEADER = 8192
_LEEWAY = 300.0  # seconds of clock difference, as the Bot Connector rules allow
_REMEMBERED = 1024
# Each of these lets a token choose its own key or its own rules.
_FORBIDDEN_HEADERS = frozenset({"crit", "jku", "x5u", "jwk", "x5c", "b64", "zip", "enc"})


class Claims(msgspec.Struct, frozen=True):
    """What a verified token says."""

    service_url: str
    endorsements: frozenset[str]


class NotAdmitted(Exception):  # noqa: N818  an answer, not a mistake
    """A request that the bot does not accept.

    Attributes:
        status: 401 (who are you), 403 (not you, or not from there) or 503 (cannot tell now).
        reason: A fixed word for the log; never anything that the sender wrote.
        retry_after: Seconds, with 503 only.
    """

    def __init__(self, status: int, reason: str, retry_after: int | None = None) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


class Gate(Protocol):
    """What the adapter asks before it lets a request in."""

    async def verify(self, headers: CIMultiDictProxy[str], peer: str | None) -> Claims:
        """Judge the sender by the request's headers and its address.

        Raises:
            NotAdmitted: The sender is refused, or cannot be judged now.
        """

    def admit(self, claims: Claims, activity: Mapping[str, Any]) -> None:
        """Judge what the activity says about itself.

        Raises:
            NotAdmitted: With 403.
        """


class _Remembered(msgspec.Struct, frozen=True):
    kid: str
    service_url: str
    expires: float


class ChannelGate:
    """The gate of a registered bot: tokens of the Bot Connector only.

    Source of the rules: Bot Connector authentication, "authenticate requests from the Bot Connector service".
    """

    def __init__(
        self,
        keys: SigningKeys,
        *,
        app_id: str,
        service_urls: ServiceUrls,
        tenants: frozenset[str] | None,
        issuer: str = PUBLIC_ISSUER,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Set the rules.

        Args:
            keys: The channel's signing keys.
            app_id: The bot's app id, the only accepted audience.
            service_urls: Where the bot may answer to.
            tenants: The Microsoft Entra tenants that may use the bot; None means every tenant.
            issuer: The only accepted issuer.
            clock: Seconds since 1970.

        Raises:
            ValueError: The app id, the issuer or the set of tenants is empty.
        """
        if not app_id.strip() or not issuer.strip():
            raise ValueError("a channel gate needs an app id and an issuer")
        if tenants is not None and not (tenants and all(tenant.strip() for tenant in tenants)):
            raise ValueError("name at least one tenant, or None to admit every tenant")
        self._keys = keys
        self._app_id = app_id
        self._issuer = issuer
        self._service_urls = service_urls
        self._tenants = None if tenants is None else frozenset(map(str.lower, tenants))
        self._clock = clock
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()

    async def verify(self, headers: CIMultiDictProxy[str], peer: str | None = None) -> Claims:  # noqa: ARG002  local mode looks at the peer
        """Check the bearer token of a request.

        Raises:
            NotAdmitted: 401 for every token that is not valid, 503 when the signing keys are out of reach.
        """
        token = _bearer(headers)
        digest = hashlib.sha256(token.encode("ascii")).digest()
        known = self._remembered.get(digest)
        kid = self._precheck(token) if known is None else known.kid
        try:
            # Asked for each time, also for a token seen before: a withdrawn key must stop working.
            key = await self._keys.key(kid)
        except KeysUnavailable as error:
            raise NotAdmitted(503, "keys_unavailable", error.retry_after) from None
        if key is None:
            _refuse("unknown_key")
        if known is None:
            known = self._check(token, key.public_key, kid)
            self._remember(digest, known)
        if self._clock() > known.expires + _LEEWAY:
            self._remembered.pop(digest, None)
            _refuse("expired")
        return Claims(known.service_url, key.endorsements)

    def admit(self, claims: Claims, activity: Mapping[str, Any]) -> None:
        """Check channel, service URL and tenant of a parsed activity against the token and the settings.

        Raises:
            NotAdmitted: 403, naming the first rule that does not hold.
        """
        channel = activity.get("channelId")
        if not isinstance(channel, str) or channel not in claims.endorsements:
            raise NotAdmitted(403, "channel_not_endorsed")
        if activity.get("serviceUrl") != claims.service_url:
            raise NotAdmitted(403, "service_url_differs")
        if not self._service_urls.allows(claims.service_url):
            raise NotAdmitted(403, "service_url_not_allowed")
        tenants = _tenants_named(activity)
        if len(tenants) > 1:
            raise NotAdmitted(403, "tenants_differ")
        if self._tenants is not None and not (tenants and tenants <= self._tenants):
            raise NotAdmitted(403, "foreign_tenant")

    def _precheck(self, token: str) -> str:
        """Refuse what can be refused without arithmetic; return the key id."""
        parts = token.split(".")
        if len(parts) != 3 or not all(parts):
            _refuse("malformed")
        header, payload = _object(parts[0]), _object(parts[1])
        if header.get("alg") != "RS256":
            _refuse("algorithm")
        if _FORBIDDEN_HEADERS & header.keys():
            _refuse("header")
        kid = header.get("kid")
        if not isinstance(kid, str) or not 0 < len(kid) <= 256:
            _refuse("no_key_id")
        self._check_claims(payload)
        return kid

    def _check(self, token: str, public_key: Any, kid: str) -> _Remembered:
        try:
            payload = jwt.decode(
                token,
                public_key,
                algorithms=["RS256"],
                audience=self._app_id,
                issuer=self._issuer,
                # The times are checked below, against the injected clock.
                options={
                    "require": ["exp", "iss", "aud"],
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_sub": False,
                    "verify_jti": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise NotAdmitted(401, "signature") from None
        return _Remembered(kid, *self._check_claims(payload))

    def _check_claims(self, payload: Mapping[str, Any]) -> tuple[str, float]:
        if payload.get("iss") != self._issuer:
            _refuse("issuer")
        if payload.get("aud") != self._app_id:
            _refuse("audience")
        now = self._clock()
        expires = _seconds(payload.get("exp"))
        if expires is None:
            _refuse("no_expiry")
        if now > expires + _LEEWAY:
            _refuse("expired")
        if "nbf" in payload:
            starts = _seconds(payload["nbf"])
            if starts is None or now < starts - _LEEWAY:
                _refuse("not_yet_valid")
        service_url = payload.get("serviceurl")
        if not isinstance(service_url, str) or not service_url:
            _refuse("no_service_url")
        return service_url, expires

    def _remember(self, digest: bytes, entry: _Remembered) -> None:
        self._remembered[digest] = entry
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)


def _refuse(reason: str) -> NoReturn:
    raise NotAdmitted(401, reason)


def _bearer(headers: CIMultiDictProxy[str]) -> str:
    values = headers.getall("Authorization", [])
    if not values:
        _refuse("no_token")
    if len(values) > 1:
        _refuse("two_tokens")
    if len(values[0]) > _LONGEST_HEADER:
        _refuse("too_long")
    scheme, _, token = values[0].partition(" ")
    token = token.strip(" ")
    if scheme.lower() != "bearer" or not token or not token.isascii():
        _refuse("no_bearer")
    return token


def _object(part: str) -> dict[str, Any]:
    """Decode one base64url JSON object of a token, refusing what two parsers could read differently."""
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        decoded = json.loads(raw, object_pairs_hook=_no_duplicates, parse_constant=_no_constants)
    except (ValueError, RecursionError):
        raise NotAdmitted(401, "malformed") from None
    if not isinstance(decoded, dict):
        _refuse("malformed")
    return decoded


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _no_constants(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # A number too large for a float is not a time either.
    return float(value) if abs(value) < 1e15 and not math.isnan(value) else None


def _tenants_named(activity: Mapping[str, Any]) -> frozenset[str]:
    """Every tenant that the activity names, in lower case; one that is not text counts as foreign."""
    named: list[object] = []
    channel_data = activity.get("channelData")
    if isinstance(channel_data, Mapping) and isinstance(tenant := channel_data.get("tenant"), Mapping):
        named.append(tenant.get("id"))
    conversation = activity.get("conversation")
    if isinstance(conversation, Mapping):
        named.append(conversation.get("tenantId"))
    return frozenset(name.lower() if isinstance(name, str) else "?" for name in named if name is not None)
