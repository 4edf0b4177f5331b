"""Who is on call, in SQLite. The promises are those of `bot.store.on_call.Roster`."""

from bot.store.on_call import OnCall
from bot.store.rows import on_call_of
from bot.store.sqlite_queries import every, first
from bot.store.writer import Writer


class SqliteRoster:
    """The part of the store that keeps it."""

    _writer: Writer

    async def on_call(self, channel: str) -> OnCall | None:
        """See `Roster.on_call`."""
        row = await self._writer.do(lambda db: first(db, "on_call", channel=channel))
        return on_call_of(row) if row else None

    async def set_on_call(self, said: OnCall) -> None:
        """See `Roster.set_on_call`."""
        values = {"channel": said.channel, "user_id": said.user_id, "called": said.name, "since": said.since}
        await self._writer.do(lambda db: every(db, "set_on_call", **values))
