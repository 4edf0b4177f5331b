"""Who is on call, in PostgreSQL. The promises are those of `bot.store.on_call.Roster`."""

from bot.store.on_call import OnCall
from bot.store.postgres_link import Link
from bot.store.postgres_queries import first, run
from bot.store.rows import on_call_of


class PostgresRoster:
    """The part of the store that keeps it."""

    _link: Link

    async def on_call(self, channel: str) -> OnCall | None:
        """See `Roster.on_call`."""
        row = await self._link.do(lambda db: first(db, "on_call", channel=channel), again=True)
        return on_call_of(row) if row is not None else None

    async def set_on_call(self, said: OnCall) -> None:
        """See `Roster.set_on_call`."""
        values = {"channel": said.channel, "user_id": said.user_id, "called": said.name, "since": said.since}
        await self._link.do(lambda db: run(db, "set_on_call", **values), again=True)
