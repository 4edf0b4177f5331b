import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.store.migrate import applied, migrate, statements
from bot.store.migrations import migrations
from bot.store.open import open_store

SCHEMA = Path(__file__).with_name("schema.sqlite.sql")

STEPS = (
    (1, "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\n"),
    (2, "ALTER TABLE a ADD COLUMN y;\nUPDATE a SET y = x + 1;\nCREATE INDEX a_y ON a (y);\n"),
)


def memory() -> sqlite3.Connection:
    """A new database without automatic transactions."""
    return sqlite3.connect(":memory:", isolation_level=None)


def described(db: sqlite3.Connection) -> list[str]:
    """The schema, in words that do not depend on spaces and comments."""
    rows = db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    return sorted(re.sub(r"\s+", " ", re.sub(r"--[^\n]*", "", sql)) for (sql,) in rows)


def test_the_migrations_lead_to_the_schema() -> None:
    """A database that was brought here step by step is the same as one made whole from the schema."""
    stepped, whole = memory(), memory()

    migrate(stepped)
    whole.executescript(SCHEMA.read_text(encoding="utf-8"))

    assert described(stepped) == described(whole)
    stepped.close()
    whole.close()


def test_numbers_of_migrations_have_no_gaps() -> None:
    """1, 2, 3: nothing is left out and nothing comes twice."""
    numbers = [number for number, _ in migrations("sqlite")]

    assert numbers == list(range(1, len(numbers) + 1))


def test_a_second_run_changes_nothing() -> None:
    """Every start asks; most have nothing to do."""
    db = memory()

    assert migrate(db, STEPS) == 2
    before = list(db.iterdump())
    assert migrate(db, STEPS) == 2
    assert list(db.iterdump()) == before
    db.close()


def test_only_what_is_missing_is_applied() -> None:
    """An older database is brought on from where it is, with its rows."""
    db = memory()
    migrate(db, STEPS[:1])
    db.execute("INSERT INTO a VALUES (41)")

    migrate(db, STEPS)

    assert db.execute("SELECT x, y FROM a ORDER BY x").fetchall() == [(1, 2), (41, 42)]
    db.close()


def test_a_newer_database_is_refused() -> None:
    """Both numbers are named, and what to do; nothing is touched."""
    db = memory()
    migrate(db, (*STEPS, (3, "CREATE TABLE b (x);\n")))
    before = list(db.iterdump())

    with pytest.raises(ConfigError, match=r"schema 3, this version of Handrail knows 2.*newer version"):
        migrate(db, STEPS)

    assert list(db.iterdump()) == before
    db.close()


def test_a_step_that_breaks_leaves_the_database_as_it_was() -> None:
    """The steps before it are kept, nothing of this one is, and it can be tried again."""
    db = memory()
    broken = (STEPS[0], (2, "CREATE TABLE b (x);\nINSERT INTO nowhere VALUES (1);\n"))

    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(db, broken)

    assert applied(db) == {1}
    assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'b'").fetchone() == (0,)
    assert migrate(db, STEPS) == 2
    db.close()


KILLED = """
import os, signal, sqlite3, sys
from bot.store.migrate import migrate

class Dying(sqlite3.Connection):
    left = int(sys.argv[2])
    def execute(self, *args):
        Dying.left -= 1
        if Dying.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(*args)

migrate(sqlite3.connect(sys.argv[1], isolation_level=None, factory=Dying))
"""


def test_killed_at_any_statement_it_goes_on_at_the_next_start(tmp_path: Path) -> None:
    """The process is killed before its 1st, 2nd ... statement until it comes through; each step whole."""
    expected = memory()
    whole = [described(expected)]
    for number in range(1, len(migrations("sqlite")) + 1):
        migrate(expected, migrations("sqlite")[:number])
        whole.append(described(expected))
    expected.close()
    kills = 0
    for number in range(1000):
        file = tmp_path / f"{number}.db"
        died = subprocess.run([sys.executable, "-c", KILLED, str(file), str(number)], check=False).returncode
        db = sqlite3.connect(file, isolation_level=None)
        assert described(db) in whole
        migrate(db)
        assert described(db) == whole[-1]
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()
        if died == 0:
            break
        kills += 1

    assert kills > 20


def test_statements_are_cut_where_sqlite_says() -> None:
    """Semicolons in texts, comments and triggers are no ends."""
    script = (
        "-- a; comment\nINSERT INTO a VALUES (';');\n"
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM a;\nEND;\n-- the end\n"
    )

    assert len(list(statements(script))) == 2
    with pytest.raises(ValueError, match="inside a statement"):
        list(statements("CREATE TABLE a (\n"))


async def test_a_store_refuses_a_newer_file(tmp_path: Path) -> None:
    """Through the front door as well."""
    url = f"sqlite:///{tmp_path}/handrail.db"
    await (await open_store(url)).close()
    db = sqlite3.connect(tmp_path / "handrail.db")
    db.execute("INSERT INTO migrations VALUES (999, 0)")
    db.commit()
    db.close()

    with pytest.raises(ConfigError, match="schema 999"):
        await open_store(url)
