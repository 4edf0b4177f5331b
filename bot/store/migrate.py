"""Brings a SQLite database to the schema this version knows: numbered steps, each in one transaction.

A step is done or not done, also when the process is killed in the middle of it; the next start goes on there.
A database from a newer version is refused, because writing to it could lose what that version keeps; unless
each of its steps says that the schema known here is one it works with.

Must not know: what the tables are for.
"""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence

from bot.errors import ConfigError
from bot.store.migrations import migrations, oldest

_RECORD = """CREATE TABLE IF NOT EXISTS migrations (
    number INTEGER PRIMARY KEY,
    applied_at REAL NOT NULL,
    oldest INTEGER
)"""
_RECORD_MORE = "ALTER TABLE migrations ADD COLUMN oldest INTEGER"  # of a database from before there was one


def migrate(connection: sqlite3.Connection, steps: Sequence[tuple[int, str]] | None = None) -> int:
    """Apply what is missing and return the schema's number.

    Args:
        connection: Open, without automatic transactions and outside of one.
        steps: Number and SQL of each step, in order; the shipped ones by default.

    Raises:
        ConfigError: The database was written by a newer version.
        sqlite3.Error: A step did not work; the steps before it are kept, nothing of this one is.
    """
    steps = migrations("sqlite") if steps is None else steps
    for number, script in missing(applied(connection), steps):
        _apply(connection, number, script)
    return max((number for number, _ in steps), default=0)


def missing(done: Mapping[int, int], steps: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """The steps that a database still needs which has seen those in `done`; the same for every database.

    Args:
        done: For each step the oldest schema whose version can work with the database after it.
        steps: Number and SQL of each step known here.

    Raises:
        ConfigError: The database was written by a newer version, and this one cannot work with it.
    """
    known = max((number for number, _ in steps), default=0)
    if any(works_with > known for number, works_with in done.items() if number > known):
        raise ConfigError(
            f"HANDRAIL_DATABASE_URL: the database has schema {max(done)}, this version of Handrail knows"
            f" {known}; install the newer version again, or restore a backup from before it"
        )
    return [(number, script) for number, script in steps if number not in done]


def applied(connection: sqlite3.Connection) -> dict[int, int]:
    """The steps this database has seen, each with the oldest schema that works with it."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'migrations'").fetchone():
        return {}
    rows = connection.execute("SELECT * FROM migrations").fetchall()  # the third column may not be there yet
    return {row[0]: row[0] if len(row) < 3 or row[2] is None else row[2] for row in rows}


def _apply(connection: sqlite3.Connection, number: int, script: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_RECORD)
        if not connection.execute(
            "SELECT 1 FROM pragma_table_info('migrations') WHERE name = 'oldest'"
        ).fetchone():
            connection.execute(_RECORD_MORE)
        for statement in statements(script):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO migrations (number, applied_at, oldest) VALUES (?, ?, ?)",
            (number, time.time(), oldest(number, script)),
        )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one at a time; SQLite itself says where one ends.

    Raises:
        ValueError: The last statement has no end.
    """
    text = ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            yield text.strip()
            text = ""
    if any(line.strip() and not line.lstrip().startswith("--") for line in text.splitlines()):
        raise ValueError(f"a migration ends inside a statement: {text.strip()[:80]!r}")
