import re
import signal
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
    return sorted(re.sub(r"\s*([\s(),])\s*", r"\1", re.sub(r"--[^\n]*", "", sql)) for (sql,) in rows)


def of_schema_1() -> sqlite3.Connection:
    """A database as the version with schema 1 left it."""
    db = memory()
    db.executescript(migrations("sqlite")[0][1])
    db.execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, applied_at REAL NOT NULL)")
    db.execute("INSERT INTO migrations VALUES (1, 0)")
    return db


def test_the_migrations_lead_to_the_schema() -> None:
    """A database that was brought here step by step is the same as one made whole from the schema."""
    stepped, whole = memory(), memory()

    migrate(stepped)
    whole.executescript(SCHEMA.read_text(encoding="utf-8"))

    assert described(stepped) == described(whole)
    stepped.close()
    whole.close()


def test_a_database_of_the_first_schema_becomes_the_same() -> None:
    """Also the record of what was applied, which had fewer columns then."""
    old, whole = of_schema_1(), memory()

    migrate(old)
    migrate(whole)

    assert described(old) == described(whole)
    assert {**applied(whole), 1: 1} == applied(old)
    old.close()
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


def test_a_newer_database_is_used_if_all_of_its_steps_allow_it() -> None:
    """A version that knows 2 starts on 4 when 3 and 4 work with 2, and changes nothing."""
    db = memory()
    newer = ((3, "-- works with: 2\nCREATE TABLE b (x);\n"), (4, "-- works with: 1\nCREATE TABLE c (x);\n"))
    migrate(db, (*STEPS, *newer))
    before = list(db.iterdump())

    assert migrate(db, STEPS) == 2

    assert list(db.iterdump()) == before
    db.close()


@pytest.mark.parametrize(
    "newer",
    [
        ((3, "CREATE TABLE b (x);\n"), (4, "-- works with: 2\nCREATE TABLE c (x);\n")),
        ((3, "-- works with: 2\nCREATE TABLE b (x);\n"), (4, "-- works with: 3\nDROP TABLE a;\n")),
        ((3, "CREATE TABLE b (x);\n-- works with: 2\n"),),
    ],
    ids=["one that does not", "one for a later version", "not in its first line"],
)
def test_one_step_that_does_not_allow_it_is_enough_to_refuse(newer: tuple[tuple[int, str], ...]) -> None:
    """What the next version but one takes away, only the next version need not have any more."""
    db = memory()
    migrate(db, (*STEPS, *newer))

    with pytest.raises(ConfigError, match=f"schema {newer[-1][0]}, this version of Handrail knows 2"):
        migrate(db, STEPS)
    db.close()


def test_a_step_that_breaks_leaves_the_database_as_it_was() -> None:
    """The steps before it are kept, nothing of this one is, and it can be tried again."""
    db = memory()
    broken = (STEPS[0], (2, "CREATE TABLE b (x);\nINSERT INTO nowhere VALUES (1);\n"))

    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(db, broken)

    assert set(applied(db)) == {1}
    assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'b'").fetchone() == (0,)
    assert migrate(db, STEPS) == 2
    db.close()


KILLED = """
import os, pathlib, signal, sqlite3, sys
from bot.store.migrate import migrate

class Dying(sqlite3.Connection):
    left = 0
    def execute(self, *args):
        Dying.left -= 1
        if Dying.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(*args)

for number in range(1000):
    child = os.fork()
    if child == 0:
        Dying.left = number
        file = pathlib.Path(sys.argv[1], f"{number}.db")
        migrate(sqlite3.connect(file, isolation_level=None, factory=Dying))
        os._exit(0)
    died = os.waitpid(child, 0)[1]
    print(died, flush=True)
    if died == 0:
        break
"""


def test_killed_at_any_statement_it_goes_on_at_the_next_start(tmp_path: Path) -> None:
    """The process is killed before its 1st, 2nd ... statement until it comes through; each step whole."""
    expected = memory()
    stages = [described(expected)]
    for number, _ in migrations("sqlite"):
        migrate(expected, migrations("sqlite")[:number])
        stages.append(described(expected))
    whole = stages[-1]
    expected.close()
    run = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=True, stdout=subprocess.PIPE)
    *kills, end = [int(each) for each in run.stdout.split()]
    for number in range(len(kills) + 1):
        db = sqlite3.connect(tmp_path / f"{number}.db", isolation_level=None)
        assert described(db) in stages
        migrate(db)
        assert described(db) == whole
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()

    assert set(kills) == {signal.SIGKILL}
    assert end == 0
    assert len(kills) > 30


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
    db.execute("INSERT INTO migrations VALUES (999, 0, 999)")
    db.commit()
    db.close()

    with pytest.raises(ConfigError, match="schema 999"):
        await open_store(url)
