"""One try to sign in: a secret that stays in the browser, and everything that is made of it.

State, nonce, PKCE verifier and the session's mark are hashes of the secret, its time and its aim: nothing is
kept here meanwhile, any replica takes the answer, and nobody can change the time or the aim without losing
them. It must not know OpenID or sessions.
"""

import base64
import hashlib
import re
import secrets
from typing import Final, Self
from urllib.parse import quote, unquote

import msgspec

LIFETIME: Final = 600  # seconds; for a password, a second factor, and looking for the phone
HOME: Final = "/helpdesk"
_AIM: Final = re.compile(
    r"/helpdesk(?:/cases/HR-[0-9A-Z]{4,12}|/statistics)?(?:\?[\w=&%+.~-]{0,600})?", re.ASCII
)
_COOKIE: Final = re.compile(r"([\w-]{43})\.(\d{1,12})\.([\w%.~-]{1,2000})", re.ASCII)


class Attempt(msgspec.Struct, frozen=True):
    """A try begun `at` (seconds since 1970) that leads to the page `aim`."""

    secret: str
    at: int
    aim: str

    @classmethod
    def begin(cls, at: int, aim: str) -> Self:
        """A new one. An aim that is no page of the board is the board's first page."""
        return cls(secrets.token_urlsafe(32), at, aim if _AIM.fullmatch(aim) else HOME)

    @classmethod
    def read(cls, cookie: str, now: int) -> Self | None:
        """The one a browser remembers; None when there is none, or it is too old."""
        found = _COOKIE.fullmatch(cookie)
        if found is None:
            return None
        begun, aim = int(found[2]), unquote(found[3])
        if not _AIM.fullmatch(aim) or not begun <= now <= begun + LIFETIME:
            return None
        return cls(found[1], begun, aim)

    @property
    def cookie(self) -> str:
        """As the browser keeps it."""
        return f"{self.secret}.{self.at}.{quote(self.aim, safe='')}"

    @property
    def state(self) -> str:
        """What comes back with the answer, so that it is an answer to this try."""
        return self._made("state")

    @property
    def nonce(self) -> str:
        """What stands in the ID token, so that it was made for this try."""
        return self._made("nonce")

    @property
    def verifier(self) -> str:
        """What a code is worth nothing without (RFC 7636: 43 characters)."""
        return self._made("verifier")

    @property
    def challenge(self) -> str:
        """The verifier's hash, by the method S256."""
        return _base64(hashlib.sha256(self.verifier.encode()).digest())

    @property
    def mark(self) -> str:
        """What the session it opens is known by: it opens one."""
        return self._made("session")

    def _made(self, purpose: str) -> str:
        return _base64(hashlib.sha256(f"handrail {purpose} {self.cookie}".encode()).digest())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
