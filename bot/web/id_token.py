"""What an ID token of Microsoft Entra says, once everything about it is as it must be.

Source of the rules: OpenID Connect Core 1.0, section 3.1.3.7, and Microsoft's list of the claims of an ID
token, version 2.0. It must not know how keys or tokens are fetched, nor who may enter.
"""

import hmac
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LARGEST: Final = 32 * 1024  # characters; two hundred groups are 8 KB
_LEEWAY: Final = 120.0  # seconds that two clocks may differ
_LONGEST_NAME: Final = 80
# Each of these lets a token choose its own key or its own rules.
_FORBIDDEN: Final = frozenset({"crit", "jku", "x5u", "jwk", "b64", "zip", "enc"})
_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


class Refused(Exception):  # noqa: N818  an answer, not a mistake
    """The token is not good. `reason` is a fixed word for the log, never anything out of the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Vouched(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed in, and what Entra says of them.

    `overflowing`: they are in more groups than fit into a token, so `groups` says nothing.
    """

    name: str
    object_id: str
    roles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    overflowing: bool = False


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What must stand in the token."""

    issuer: str
    audience: str
    tenant: str
    nonce: str


def key_id(token: str) -> str:
    """Which key signed it, before anything is believed.

    Raises:
        Refused: The header is not one of ours.
    """
    if len(token) > LARGEST:
        _refuse("too_long")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise Refused("malformed") from None
    if header.get("alg") != "RS256":
        _refuse("algorithm")
    if _FORBIDDEN & header.keys():
        _refuse("header")
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= 256:
        _refuse("no_key_id")
    return kid


def vouched(token: str, key: RSAPublicKey | None, expected: Expected, *, now: float) -> Vouched:
    """Check all of it.

    Args:
        token: As it came from the token endpoint.
        key: The public half of the key that `key_id` names; None when nobody publishes it.
        expected: What must stand in it.
        now: Seconds since 1970.

    Raises:
        Refused: With the first rule that does not hold.
    """
    if key is None:
        _refuse("unknown_key")
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            options={
                "verify_signature": True,
                # These are checked below: exactly, and against the injected clock.
                "verify_aud": False,
                "verify_iss": False,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise Refused("signature") from None
    if claims.get("iss") != expected.issuer:
        _refuse("issuer")
    if claims.get("aud") != expected.audience or claims.get("azp", expected.audience) != expected.audience:
        _refuse("audience")
    if claims.get("tid") != expected.tenant:
        _refuse("tenant")
    if claims.get("ver") != "2.0":
        _refuse("version")
    _check_times(claims, now)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        _refuse("nonce")
    object_id = claims.get("oid")
    if not isinstance(object_id, str) or not _GUID.fullmatch(object_id):
        _refuse("no_object_id")
    return Vouched(
        name=_name(claims),
        object_id=object_id.lower(),
        roles=_words(claims.get("roles")),
        groups=frozenset(each.lower() for each in _words(claims.get("groups"))),
        overflowing=_overflowing(claims),
    )


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires, issued = _seconds(claims.get("exp")), _seconds(claims.get("iat"))
    if expires is None or issued is None:
        _refuse("no_times")
    if now >= expires + _LEEWAY:
        _refuse("expired")
    starts = _seconds(claims["nbf"]) if "nbf" in claims else issued
    if starts is None or now < max(starts, issued) - _LEEWAY:
        _refuse("not_yet_valid")


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e12 else None


def _name(claims: Mapping[str, Any]) -> str:
    """What people call them: their name, or else the name of their account."""
    values = (claims.get("name"), claims.get("preferred_username"))
    said = (" ".join(each.replace("\0", "").split()) for each in values if isinstance(each, str))
    found = next(filter(None, said), "")
    return found[:_LONGEST_NAME] if found else _refuse("no_name")


def _words(value: object) -> frozenset[str]:
    return (
        frozenset(each for each in value if isinstance(each, str)) if isinstance(value, list) else frozenset()
    )


def _overflowing(claims: Mapping[str, Any]) -> bool:
    """Entra leaves groups out when there are more than 200, and says where to ask for them instead."""
    names = claims.get("_claim_names")
    return claims.get("hasgroups") is True or (isinstance(names, Mapping) and "groups" in names)


def _refuse(reason: str) -> NoReturn:
    raise Refused(reason)
