"""What every part of the PostgreSQL store works with: its link. Must not know: what is asked for."""

from typing import Any

from bot.store.postgres_link import Link
from bot.store.postgres_queries import run
from bot.store.rows import Row


class PostgresPart:
    """A part of the store; whoever puts the store together sets its link."""

    _link: Link

    async def _rows(self, name: str, /, **values: Any) -> list[Row]:
        return await self._link.do(lambda db: run(db, name, **values), again=True)
