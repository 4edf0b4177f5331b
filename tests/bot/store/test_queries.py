import re
import sqlite3
from collections.abc import Iterator
from importlib.resources import files

import pytest

from bot.store import queries as package
from bot.store.migrate import migrate
from bot.store.queries import queries

SQL = queries("sqlite")
TEXT = files(package).joinpath("sqlite.sql").read_text(encoding="utf-8")
SOURCE = "".join(
    path.read_text(encoding="utf-8")
    for path in files("bot.store").iterdir()
    if re.match(r"(sqlite|retention)\w*\.py", path.name)
)


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    """The schema, empty."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    yield connection
    connection.close()


def plan(db: sqlite3.Connection, name: str) -> str:
    """How SQLite will find the rows of a query."""
    values = dict.fromkeys(re.findall(r":(\w+)", SQL[name]), 1)
    return " | ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {SQL[name]}", values))


@pytest.mark.parametrize("name", SQL)
def test_a_query_fits_the_schema_says_its_purpose_and_is_used(db: sqlite3.Connection, name: str) -> None:
    """Prepared against the real tables; a comment below its name; a caller in the store."""
    plan(db, name)

    assert re.search(rf"^-- name: {name}\n-- [A-Z].*\.$", TEXT, re.MULTILINE)
    assert f'"{name}"' in SOURCE


@pytest.mark.parametrize("name", SQL)
def test_no_query_reads_a_whole_table(db: sqlite3.Connection, name: str) -> None:
    """Each finds its rows by an index, however long the history is."""
    # "waiting" is what a query makes itself: one row for each kind.
    scans = re.findall(r"SCAN (?!CONSTANT ROW|\(subquery|waiting)[^|]*", plan(db, name))

    assert all("INDEX" in scan for scan in scans), scans


@pytest.mark.parametrize(("name", "range_of"), [("due", "due_at<?"), ("next_due_of", "due_at>?")])
def test_looking_for_work_reads_one_range_of_the_index_of_due_messages(
    db: sqlite3.Connection, name: str, range_of: str
) -> None:
    """It holds what can be claimed; done messages, and those of other kinds, cost nothing."""
    where = f"(kind=? AND {range_of})"
    assert plan(db, name) == f"SEARCH outbox USING COVERING INDEX outbox_due_by_kind {where}"


def test_giving_up_the_parked_reads_those_only(db: sqlite3.Connection) -> None:
    """By their age; who is waited for but not too long costs nothing."""
    assert "SEARCH outbox USING INDEX outbox_parked_since (created_at<?)" in plan(db, "bury_parked")


def test_claims_and_ends_stay_small_with_a_long_history(db: sqlite3.Connection) -> None:
    """With 100,000 done messages, and 10,000 of another kind, it takes as many steps of SQLite's machine."""

    def work() -> int:
        """Steps that a message takes from being written to being done, in hundreds."""
        ticks = 0

        def tick() -> int:
            nonlocal ticks
            ticks += 1
            return 0

        number = db.execute("SELECT count(*) FROM outbox").fetchone()[0]
        message = {
            "key": f"k{number}",
            "lane": "l",
            "kind": "k",
            "conversation": "c",
            "body": b"",
            "now": 0,
            "until": None,
        }
        db.set_progress_handler(tick, 10)
        db.execute(SQL["add_message"], message).fetchall()
        ((_, found),) = db.execute(SQL["due"], {"kind": "k", "now": 1.0, "limit": 32}).fetchall()
        db.execute(SQL["lease"], {"id": found, "until": 60.0}).fetchall()
        db.execute(SQL["next_due_of"], {"kind": "k", "after": 1.0}).fetchall()
        end = {
            "id": found,
            "attempt": 1,
            "found": "leased",
            "state": "done",
            "receipt": "r",
            "error": "",
            "due_at": None,
            "kind": "",
        }
        db.execute(SQL["settle"], {**end, "settled_at": 1.0, "excused": 0}).fetchall()
        db.execute(SQL["next_in_lane"], {"lane": "l"}).fetchall()
        db.set_progress_handler(None, 0)
        return ticks

    few = work()
    db.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        " INSERT INTO outbox (key, lane, kind, conversation, body, state, attempt, created_at, settled_at,"
        " error, receipt) SELECT 'old' || i, 'l', 'k', 'c', x'', 'done', 1, 0, 0, '', 'r' FROM n"
    )
    db.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
        " INSERT INTO outbox (key, lane, kind, conversation, body, state, attempt, created_at, due_at, error,"
        " receipt) SELECT 't' || i, 't' || i, 'ticket', 'c', x'', 'ready', 0, 0, 0.0, '', '' FROM n"
    )
    assert work() <= few + 5
