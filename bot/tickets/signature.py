"""Signatures as Standard Webhooks defines them: symmetric, version 1.

The form is https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md,
"Signature scheme". Signing is one HMAC; the Python package of the specification signs text instead of bytes,
and takes secrets of any length.

Must not know: HTTP clients, tickets, settings.
"""

import base64
import hashlib
import hmac
from typing import Final

PREFIX: Final = "whsec_"
"""What every secret begins with."""

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
