"""Who is signed in, in PostgreSQL; see `bot.store.sessions`. It must not know how somebody signs in."""

from collections.abc import Sequence

from bot.store.postgres_part import PostgresPart
from bot.store.postgres_queries import run
from bot.store.rows import session_of, session_values
from bot.store.sessions import AgentSession


class PostgresSessions(PostgresPart):
    """That part of the store."""

    async def open_session(self, session: AgentSession, *, now: float) -> bool:
        """See `Sessions.open_session`."""
        await self._rows("forget_sessions", now=now)
        return bool(await self._link.do(lambda db: run(db, "open_session", **session_values(session))))

    async def session(self, session_id: str) -> AgentSession | None:
        """See `Sessions.session`."""
        rows = await self._rows("session", id=session_id)
        return session_of(rows[0]) if rows else None

    async def signed_in(self, *, now: float) -> Sequence[str]:
        """See `Sessions.signed_in`."""
        return [row[0] for row in await self._rows("signed_in", now=now)]

    async def end_session(self, session_id: str) -> None:
        """See `Sessions.end_session`."""
        await self._rows("end_session", id=session_id)
