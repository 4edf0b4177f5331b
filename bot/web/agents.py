"""Who of the helpdesk is at the browser: a random secret in a cookie, and a session in the store.

The store knows the secret's hash only, all replicas see the same sessions, and what is ended is ended for
every copy of the cookie. A session is new at every sign-in, and none lives longer than eight hours. It must
not know how somebody proves who they are.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import web

from bot.store.api import Store
from bot.store.sessions import AgentSession
from bot.web.id_token import Vouched

LIFETIME: Final = 8 * 3600  # seconds: a working day
COOKIE: Final = "__Host-handrail_agent"
_SECRET: Final = re.compile(r"[\w-]{43}", re.ASCII)


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is signed in. `proof` stands in their forms: only pages of this session have it."""

    name: str
    object_id: str
    proof: str
    expires_at: float


AGENT: Final = web.RequestKey("agent", Agent)
"""Where the guard leaves who it let in."""


class Agents:
    """All who are signed in."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time) -> None:
        """Put the parts together.

        Args:
            store: Keeps the sessions.
            clock: Seconds since 1970.
        """
        self._store = store
        self._clock = clock

    async def of(self, request: web.Request) -> Agent | None:
        """Who it is; None when nobody is signed in (any more).

        Raises:
            StoreUnavailable: Nobody can tell now.
        """
        secret = _secret(request)
        session = await self._store.session(_hashed("session", secret)) if secret else None
        if session is None or self._clock() >= session.expires_at:
            return None
        return Agent(
            name=session.name,
            object_id=session.object_id,
            proof=_hashed("form", secret)[:32],
            expires_at=session.expires_at,
        )

    async def open(self, request: web.Request, response: web.Response, who: Vouched, sign_in: str) -> bool:
        """Begin a session in this browser, and end the one it had. False: that sign-in has begun one before.

        Raises:
            StoreUnavailable: Nothing was kept.
        """
        await self.end(request)
        secret, now = secrets.token_urlsafe(32), self._clock()
        session = AgentSession(
            id=_hashed("session", secret),
            sign_in=sign_in,
            name=who.name,
            object_id=who.object_id,
            expires_at=now + LIFETIME,
        )
        opened = await self._store.open_session(session, now=now)
        if opened:
            set_cookie(response, COOKIE, secret, max_age=LIFETIME)
        return opened

    async def end(self, request: web.Request) -> None:
        """End the session of this browser, wherever its cookie has been copied to.

        Raises:
            StoreUnavailable: It may still be there.
        """
        if secret := _secret(request):
            await self._store.end_session(_hashed("session", secret))


def set_cookie(response: web.Response, name: str, value: str, *, max_age: int) -> None:
    """Set a cookie that only this host gets, only over https, and no script.

    Its name begins with `__Host-`, so that no other host of the domain can set one for us. "Lax": links from
    Teams and the way back from Entra bring it along; no other site's form does.
    """
    response.set_cookie(name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="Lax")


def forget_cookie(response: web.Response, name: str) -> None:
    """Take such a cookie away."""
    response.del_cookie(name, path="/", secure=True, httponly=True, samesite="Lax")


def _secret(request: web.Request) -> str:
    found = request.cookies.get(COOKIE, "")
    return found if _SECRET.fullmatch(found) else ""


def _hashed(purpose: str, secret: str) -> str:
    return hashlib.sha256(f"handrail agent {purpose} {secret}".encode()).hexdigest()
