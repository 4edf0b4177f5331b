"""Who of the helpdesk is signed in: that part of the store's protocol; `bot.store.api` has the rest.

It must not know how somebody signs in.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class AgentSession(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the helpdesk who is signed in, until `expires_at`.

    `id` is made of a secret that only their browser has, `sign_in` of another that led here.
    """

    id: str
    sign_in: str
    name: str
    object_id: str
    expires_at: float


class Sessions(Protocol):
    """What every store keeps of who is signed in."""

    async def open_session(self, session: AgentSession, *, now: float) -> bool:
        """Keep a session, and forget those that ran out before `now`.

        Returns:
            False when that sign-in has opened one before; then nothing is kept.
        """
        ...

    async def session(self, session_id: str) -> AgentSession | None:
        """A session that was not ended; whether it has run out its reader says."""
        ...

    async def signed_in(self, *, now: float) -> Sequence[str]:
        """The names of those whose sessions run at `now`, each once, in order."""
        ...

    async def end_session(self, session_id: str) -> None:
        """End a session, if there is one."""
        ...
