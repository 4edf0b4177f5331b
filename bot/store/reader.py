"""Looks single rows up on the spot: a second connection to the SQLite file, for reading, on the event loop.

A row by its key takes some microseconds, a tenth of the way to the writer's thread and back. Whatever is not
as it should be (the disk hangs, the file has moved, an error) is left to the writer, who knows what to do.

Must not know: tables, queries.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from bot.store.rows import Row


class Readable(Protocol):
    """How the reader comes by its connection."""

    def connect_reader(self) -> sqlite3.Connection | None:
        """Open it for reading; None when there is only one connection to have.

        Raises:
            sqlite3.Error, OSError: It does not work now.
        """

    def stale(self) -> bool:
        """Whether the path leads to another file than the one that is open, or to none."""


class Reader:
    """One connection, opened when it is needed, closed at the first trouble."""

    def __init__(self, database: Readable, *, trusted: Callable[[], bool]) -> None:
        """Open nothing yet.

        Args:
            database: The file.
            trusted: Whether the disk is known to answer; else nothing is read here: the loop must not wait.
        """
        self._database = database
        self._trusted = trusted
        self._connection: sqlite3.Connection | None = None

    def look(self, sql: str, values: Mapping[str, Any]) -> list[Row] | None:
        """The rows of a query; None when the writer has to be asked."""
        if not self._trusted() or self._database.stale():
            self.close()
            return None
        try:
            if self._connection is None:
                self._connection = self._database.connect_reader()
            if self._connection is None:
                return None
            # To its end: an open cursor would hold on to what the database was like.
            return self._connection.execute(sql, values).fetchall()
        except (sqlite3.Error, OSError):
            self.close()
            return None

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error:
                return  # it is let go of all the same
