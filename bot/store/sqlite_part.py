"""What every part of the SQLite store works with: the writer, and a reader for what can be had on the spot.

Must not know: what is asked for.
"""

from typing import Any

from bot.store.reader import Reader
from bot.store.rows import Row
from bot.store.sqlite_queries import SQL, every
from bot.store.writer import Writer


class SqlitePart:
    """A part of the store; whoever puts the store together sets its two ways in."""

    _writer: Writer
    _reader: Reader

    async def _look_up(self, name: str, **values: Any) -> Row | None:
        """One row by its key, on the spot if possible."""
        rows = await self._looked_up(name, **values)
        return rows[0] if rows else None

    async def _looked_up(self, name: str, **values: Any) -> list[Row]:
        """A few rows by an index, on the spot if possible."""
        rows = self._reader.look(SQL[name], values)
        return rows if rows is not None else await self._writer.do(lambda db: every(db, name, **values))
