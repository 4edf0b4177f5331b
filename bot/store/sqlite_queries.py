"""Runs the queries of `queries/sqlite.sql` by name. Must not know: when a query is run, what a turn is."""

import sqlite3
from typing import Any, Final

from bot.store.queries import queries
from bot.store.rows import Row

SQL: Final = queries("sqlite")


def run(db: sqlite3.Connection, name: str, /, **values: Any) -> sqlite3.Cursor:
    """Run a query that gives no rows."""
    return db.execute(SQL[name], values)


def first(db: sqlite3.Connection, name: str, /, **values: Any) -> Row | None:
    """The first row of a query."""
    found = every(db, name, **values)
    return found[0] if found else None


def every(db: sqlite3.Connection, name: str, /, **values: Any) -> list[Row]:
    """All rows of a query, read to their end: an open cursor would hold up the commit."""
    return run(db, name, **values).fetchall()
