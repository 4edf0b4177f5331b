"""Who is signed in, in SQLite; see `bot.store.sessions`. It must not know how somebody signs in."""

import sqlite3
from collections.abc import Sequence

from bot.store.rows import session_of, session_values
from bot.store.sessions import AgentSession
from bot.store.sqlite_part import SqlitePart
from bot.store.sqlite_queries import every, run


class SqliteSessions(SqlitePart):
    """That part of the store."""

    async def open_session(self, session: AgentSession, *, now: float) -> bool:
        """See `Sessions.open_session`."""

        def work(db: sqlite3.Connection) -> bool:
            run(db, "forget_sessions", now=now)
            return bool(run(db, "open_session", **session_values(session)).rowcount)

        return await self._writer.do(work)

    async def session(self, session_id: str) -> AgentSession | None:
        """See `Sessions.session`."""
        row = await self._look_up("session", id=session_id)
        return session_of(row) if row else None

    async def signed_in(self, *, now: float) -> Sequence[str]:
        """See `Sessions.signed_in`."""
        return [row[0] for row in await self._writer.do(lambda db: every(db, "signed_in", now=now))]

    async def end_session(self, session_id: str) -> None:
        """See `Sessions.end_session`."""
        await self._writer.do(lambda db: every(db, "end_session", id=session_id))
