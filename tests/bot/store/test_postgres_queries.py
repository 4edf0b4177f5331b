"""The queries for PostgreSQL fit the schema, say what they are for, and stay small with a long history."""

import re
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

import asyncpg
import pytest

from bot.store import queries as package
from bot.store.postgres_setup import migrate
from bot.store.queries import positional, queries

SQL = queries("postgres")
TEXT = files(package).joinpath("postgres.sql").read_text(encoding="utf-8")
SOURCE = "".join(
    files("bot.store").joinpath(name).read_text(encoding="utf-8")
    for name in ("postgres.py", "postgres_cases.py", "postgres_files.py", "retention.py")
)


HISTORY = """
INSERT INTO conversations SELECT 'c' || n, '', NULL, 1, 0 FROM generate_series(1, 2000) AS n;
INSERT INTO taken SELECT 'c' || (1 + n % 2000), 'e' || n, n, '' FROM generate_series(1, 20000) AS n;
ALTER TABLE outbox DISABLE TRIGGER USER;
INSERT INTO outbox
    (id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, settled_at, error, receipt)
SELECT n, 'k' || n, 'l' || n, 'show', 'c', '', CASE WHEN n <= 19950 THEN 'done' ELSE 'ready' END, 0, 0,
    CASE WHEN n > 19950 THEN 0 END, CASE WHEN n <= 19950 THEN n END, '', 'r'
FROM generate_series(1, 20000) AS n;
INSERT INTO outbox
    (id, key, lane, kind, conversation, body, state, attempt, created_at, due_at, settled_at, error, receipt)
SELECT 20000 + n, 't' || n, 't' || n, 'ticket', 'c', '', 'ready', 0, 0, 0, NULL, '', ''
FROM generate_series(1, :tickets) AS n;
ALTER TABLE outbox ENABLE TRIGGER USER;
ANALYZE conversations, taken, outbox;
"""


@pytest.fixture
async def db(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The schema with a history: 50 messages wait, 19,950 are done; and 5,000 tickets cannot be filed."""
    connection = await asyncpg.connect(postgres_url)
    try:
        await migrate(connection)
        await connection.execute(HISTORY.replace(":tickets", "5000"))
        yield connection
    finally:
        await connection.close()


async def explained(db: asyncpg.Connection, name: str, *values: Any) -> str:
    """What PostgreSQL does for a query, with the blocks it reads, undone afterwards."""
    sql, _ = positional(SQL[name])
    transaction = db.transaction()
    await transaction.start()
    rows = await db.fetch(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) {sql}", *values)
    await transaction.rollback()
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("name", SQL)
def test_a_query_says_its_purpose_and_is_used(name: str) -> None:
    """A comment below its name; a caller in the store."""
    assert re.search(rf"^-- name: {name}\n-- [A-Z].*(\n-- .*)*\.$", TEXT, re.MULTILINE)
    assert f'"{name}"' in SOURCE


def test_names_of_values_become_numbers() -> None:
    """The same name is the same number, casts are left alone; no text in our queries looks like a name."""
    assert positional("SELECT :b::text, :a, :b") == ("SELECT $1::text, $2, $1", ("b", "a"))
    texts = [text for each in SQL.values() for text in re.findall(r"'[^']*'", each)]
    assert not any(positional(text)[1] for text in texts)


@pytest.mark.postgres
async def test_every_query_fits_the_schema(db: asyncpg.Connection) -> None:
    """Prepared against the real tables, each with as many values as it names."""
    for sql, names in map(positional, SQL.values()):
        prepared = await db.prepare(sql)
        assert len(prepared.get_parameters()) == len(names)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("load", ("c1", "e1")),
        ("conversation", ("c1",)),
        ("claim", (["show", "retire"], [10, 10], 1.0, 61.0)),
        ("next_due", ()),
        ("next_due_of", (["show"],)),
        ("bury_parked", (0.0, 500)),
        ("message", ("k7",)),
        ("unpark", (1.0, "c")),
        ("depth", ()),
        ("settle", ("done", "r", "", 0.0, 1, 19999, 1, "leased")),
        ("waiting", ("", "", 50)),
        ("step_back", ("l19999", 1)),
        ("bring_back", (19999,)),
        ("next_in_lane", ("l19999",)),
    ],
)
async def test_the_work_of_every_day_reads_no_whole_table(
    db: asyncpg.Connection, name: str, values: tuple[Any, ...]
) -> None:
    """Each finds its rows by an index, however long the history is."""
    plan = await explained(db, name, *values)

    assert not re.search(r"Seq Scan on (outbox|taken|conversations)", plan), plan


@pytest.mark.postgres
@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
async def test_looking_for_work_reads_one_range_of_the_index_of_due_messages(
    db: asyncpg.Connection, plans: str
) -> None:
    """What can be claimed of a kind, and nothing else: done messages and 5,000 tickets cost nothing."""
    await db.execute(f"SET plan_cache_mode = {plans}")
    plan = await explained(db, "claim", ["show", "probe"], [10, 10], 1.0, 61.0)

    scans = re.findall(r"Scan using (\w+) on outbox.*\n +Index Cond: (.*)", plan)
    assert [name for name, _ in scans] == ["outbox_due_by_kind", "outbox_pkey", "outbox_due_by_kind"], plan
    assert all("kind = " in at and "due_at " in at for name, at in scans if name == "outbox_due_by_kind"), (
        plan
    )
    assert "Seq Scan" not in plan
    assert "Rows Removed" not in plan
