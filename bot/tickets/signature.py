"""Signatures as Standard Webhooks defines them, symmetric, version 1; and the plain ones that others use.

The form is https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md,
"Signature scheme". Signing is one HMAC; the Python package of the specification signs text instead of bytes,
and takes secrets of any length.

Must not know: HTTP clients, tickets, settings.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from bot.errors import Forged

PREFIX: Final = "whsec_"
"""What every secret begins with."""

TOLERANCE: Final = 300
"""Seconds that two clocks may differ by, as the specification's libraries have it."""

_SHORTEST = 24  # bytes, as the specification has it
_LONGEST = 64


def signing_key(secret: str) -> bytes:
    """The key in a secret: `whsec_`, then 24 to 64 bytes as base64, padded or not.

    Raises:
        ValueError: It is no such secret; the message does not repeat it.
    """
    text = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:  # from here on nothing may hold the text
        key = b""
    if not secret.startswith(PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(f"write {PREFIX} and then {_SHORTEST} to {_LONGEST} random bytes as base64")
    return key


def signed(key: bytes, message_id: str, at: int, body: bytes) -> dict[str, str]:
    """The three headers of a message.

    Args:
        key: As `signing_key` gives it.
        message_id: The same at every repeat of a message; no full stop in it, for that separates the parts.
        at: Seconds since 1970 of this attempt; receivers refuse what is minutes old.
        body: The very bytes that are sent.
    """
    mac = hmac.digest(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def verify(key: bytes, headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """Check a message that came in, by its three headers; its id.

    Args:
        key: As `signing_key` gives it.
        headers: Found in any case.
        body: The very bytes that came.
        now: Seconds since 1970.

    Raises:
        Forged: Something is missing, old, or signed with another key.
    """
    message_id, at = header(headers, "webhook-id"), header(headers, "webhook-timestamp")
    given = header(headers, "webhook-signature").split()
    if not message_id or not at.isdecimal() or len(at) > 12 or not given:
        raise Forged("it is not signed")
    if abs(now - int(at)) > TOLERANCE:
        raise Forged("its signature is more than five minutes old, or one of the clocks is wrong")
    expected = signed(key, message_id, int(at), body)["webhook-signature"].encode()
    if at != str(int(at)) or not any(hmac.compare_digest(each.encode(), expected) for each in given[:20]):
        raise Forged("its signature is not right")
    return message_id


def verify_hub(secret: str, headers: Mapping[str, str], body: bytes, *, name: str, method: str) -> None:
    """Check a signature over the body alone, in hexadecimal, as GitHub, Jira and Zammad send it.

    Args:
        secret: What both sides know.
        headers: Found in any case.
        body: The very bytes that came.
        name: The header, for example X-Hub-Signature-256.
        method: The hash, which is also the value's beginning: sha1 or sha256.

    Raises:
        Forged: It is missing or not right.
    """
    given = header(headers, name)
    expected = f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"
    if not given:
        raise Forged("it is not signed")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Forged("its signature is not right")


def header(headers: Mapping[str, str], name: str) -> str:
    """A header's value, whatever the case of its name; "" when it is not there."""
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")
