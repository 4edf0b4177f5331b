"""Brings a SQLite database to the schema this version knows: numbered steps, each in one transaction.

A step is done or not done, also when the process is killed in the middle of it; the next start goes on there.
A database from a newer version is refused: writing to it could lose what the newer version keeps.

Must not know: what the tables are for.
"""

import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence

from bot.errors import ConfigError
from bot.store.migrations import migrations

_RECORD = """CREATE TABLE IF NOT EXISTS migrations (
    number INTEGER PRIMARY KEY,
    applied_at REAL NOT NULL
)"""


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


def missing(done: Collection[int], steps: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """The steps that a database still needs which has seen those in `done`; the same for every database.

    Raises:
        ConfigError: The database was written by a newer version.
    """
    known = [number for number, _ in steps]
    if unknown := [number for number in done if number not in known]:
        raise ConfigError(
            f"HANDRAIL_DATABASE_URL: the database has schema {max(unknown)}, this version of Handrail knows"
            f" {max(known, default=0)}; install the newer version again, or restore a backup from before it"
        )
    return [(number, script) for number, script in steps if number not in done]


def applied(connection: sqlite3.Connection) -> frozenset[int]:
    """The numbers of the steps this database has seen."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'migrations'").fetchone():
        return frozenset()
    return frozenset(number for (number,) in connection.execute("SELECT number FROM migrations"))


def _apply(connection: sqlite3.Connection, number: int, script: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_RECORD)
        for statement in statements(script):
            connection.execute(statement)
        connection.execute("INSERT INTO migrations (number, applied_at) VALUES (?, ?)", (number, time.time()))
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
