"""How a PostgreSQL database is opened: what is wrong with a setting is said, and replicas start together."""

import asyncio
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bot.errors import ConfigError, StoreUnavailable
from bot.store.migrations import migrations
from bot.store.open import open_store
from bot.store.postgres import PostgresStore
from bot.store.postgres_setup import applied, migrate, shown
from tests.support.keeping import claim, counting, keys, to_send
from tests.support.postgres import ask, in_database, own_database, run, with_passwords

pytestmark = pytest.mark.postgres

SCHEMA = Path(__file__).with_name("schema.postgres.sql")
DESCRIBED = """
WITH own AS (SELECT c.* FROM pg_class AS c WHERE relnamespace = current_schema()::regnamespace)
SELECT 'table', relname::text, relkind::text, concat(reloptions) FROM own WHERE relkind IN ('r', 'S')
UNION ALL SELECT 'column', relname || '.' || attname, format_type(atttypid, atttypmod),
    concat(attnotnull, ' ', collname, ' ', pg_get_expr(adbin, adrelid))
FROM own JOIN pg_attribute ON attrelid = own.oid AND attnum > 0 AND relkind = 'r'
    LEFT JOIN pg_attrdef ON adrelid = own.oid AND adnum = attnum
    LEFT JOIN pg_collation AS l ON l.oid = attcollation
UNION ALL SELECT 'index', relname::text, pg_get_indexdef(oid), '' FROM own WHERE relkind = 'i'
UNION ALL SELECT 'constraint', conname::text, pg_get_constraintdef(oid), conrelid::regclass::text
FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
UNION ALL SELECT 'trigger', tgname::text, pg_get_triggerdef(t.oid), ''
FROM pg_trigger AS t JOIN own ON own.oid = tgrelid WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname::text, prosrc, '' FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace
"""

STEPS = (
    (1, "CREATE TABLE a (x int);\nINSERT INTO a VALUES (1);\n"),
    (2, "ALTER TABLE a ADD COLUMN y int;\nUPDATE a SET y = x + 1;\n"),
)


@pytest.fixture
def own_url(postgres_server: str) -> Iterator[str]:
    """A database of this test's own."""
    with own_database(postgres_server) as url:
        yield url


# ---- wrong settings


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://bot:s3cret@no-such-host.invalid/handrail", "host name is not known"),
        ("postgresql://bot:s3cret/1@db/handrail", "cannot be read.*%2F"),
        ("postgresql://bot:s3cret@db:port/handrail", "cannot be read"),
        ("postgresql://bot:s3cret@db/handrail?sslmode=s3cret", "cannot be read"),
        (
            "postgresql://bot:s3cret@db/x?sslmode=verify-full&sslrootcert=/no/s3cret",
            "a file is not there.*sslrootcert",
        ),
    ],
)
async def test_a_wrong_url_is_refused_without_its_password(url: str, says: str) -> None:
    """The message names the variable and the remedy, and no part of what may be secret."""
    with pytest.raises(ConfigError, match=says) as refused:
        await open_store(url)

    assert "HANDRAIL_DATABASE_URL" in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


async def test_a_server_that_is_not_there_is_not_a_wrong_setting() -> None:
    """It may come up in a moment; the message says what to look at, and hides the password."""
    with pytest.raises(
        StoreUnavailable, match=r"127\.0\.0\.1:1/handrail: .*check that the server runs"
    ) as down:
        await open_store("postgresql://bot:s3cret@127.0.0.1:1/handrail")

    assert "s3cret" not in str(down.value)


async def test_a_wrong_password_is_named_as_such(postgres_server: str) -> None:
    """By the server's own answer; neither password is in the message."""
    url = await asyncio.to_thread(with_passwords, postgres_server, "right")
    wrong = url.replace(":right@", ":s3cret@")

    await (await asyncpg.connect(url)).close()
    with pytest.raises(ConfigError, match="refuses this user or password") as refused:
        await open_store(wrong)

    assert "HANDRAIL_DATABASE_URL" in str(refused.value)
    assert "s3cret" not in str(refused.value)


async def test_a_database_that_is_not_there_is_named(postgres_server: str) -> None:
    """With what to do about it."""
    with pytest.raises(ConfigError, match=r"no_such_one: there is no database of this name: create it"):
        await open_store(in_database(postgres_server, "no_such_one"))


async def test_tls_that_is_asked_for_is_never_left_out() -> None:
    """A server that declines it is refused, and nothing goes to it in the clear."""
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def decline(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(b"N")
        rest = await reader.read()
        writer.close()
        await writer.wait_closed()
        heard.set_result(rest)

    async with await asyncio.start_server(decline, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConfigError, match="offers no TLS"):
            await open_store(f"postgresql://bot:s3cret@127.0.0.1:{port}/handrail?sslmode=require")
        assert await heard == b""


async def test_an_encoding_that_cannot_hold_what_people_write_is_refused(postgres_server: str) -> None:
    """Found at the start and not at the first emoji."""
    await ask(postgres_server, "DROP DATABASE IF EXISTS latin")
    await ask(postgres_server, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(ConfigError, match="encoding is LATIN1"):
            await open_store(in_database(postgres_server, "latin"))
    finally:
        await ask(postgres_server, "DROP DATABASE latin")


def test_without_its_driver_the_remedy_is_named() -> None:
    """PostgreSQL is an extra: SQLite works without the driver, and the URL says what to install."""
    program = (
        "import asyncio, sys; sys.modules['asyncpg'] = None\n"
        "from bot.store.open import open_store\n"
        "asyncio.run((lambda s: s.close())(asyncio.run(open_store('sqlite://:memory:'))))\n"
        "asyncio.run(open_store('postgresql://bot:s3cret@db/x'))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert "bot.errors.ConfigError" in done.stderr
    assert "pip install handrail[postgres]" in done.stderr
    assert "s3cret" not in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("postgresql://db/x", "postgresql://db/x"),
        ("postgresql://bot:s3cret@db:1/x?sslmode=require", "postgresql://…@db:1/x"),
        ("postgresql://bot:s3c@ret@db/x", "postgresql://…@db/x"),
        ("postgresql://bot:s3?cret@db/x", "postgresql://…"),
        ("postgresql://db/x?password=s3@cret", "postgresql://…"),
        ("postgresql://bot:s3/cret@a,b:2/x", "postgresql://…@a,b:2/x"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(url: str, text: str) -> None:
    """However the password is written, escaped or not."""
    assert shown(url) == text


# ---- the schema


async def test_replicas_that_start_together_make_one_schema(own_url: str) -> None:
    """Ten of them on an empty database: each comes up, each step is applied once."""
    stores = [PostgresStore(own_url) for _ in range(10)]

    await asyncio.gather(*(store.open() for store in stores))

    rows = await ask(own_url, "SELECT number FROM migrations ORDER BY number")
    assert [row[0] for row in rows] == [number for number, _ in migrations("postgres")]
    await asyncio.gather(*(store.turn("c", "e", counting()) for store in stores))
    await asyncio.gather(*(store.close() for store in stores))


def test_numbers_of_migrations_have_no_gaps() -> None:
    """1, 2, 3, and the same numbers as SQLite's: the schemas go hand in hand."""
    numbers = [number for number, _ in migrations("postgres")]

    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers == [number for number, _ in migrations("sqlite")]


async def described(url: str) -> set[tuple[Any, ...]]:
    """The schema, in words that do not depend on its name and on the order of columns."""
    schema = url.partition("search_path=")[2]
    rows = await ask(url, DESCRIBED)
    return {tuple(str(each).replace(f"{schema}.", "") for each in row) for row in rows}


async def test_the_migrations_lead_to_the_schema(postgres_url: str, postgres_database: str) -> None:
    """A database brought here step by step, also from the first schema as it was, is as one made whole."""
    whole_url, old_url = (f"{postgres_database}&search_path=s{uuid.uuid4().hex}" for _ in range(2))
    for url in (whole_url, old_url):
        await ask(postgres_database, f"CREATE SCHEMA {url.partition('search_path=')[2]}")
    whole, old = await asyncpg.connect(whole_url), await asyncpg.connect(old_url)
    await whole.execute(SCHEMA.read_text(encoding="utf-8"))
    await old.execute(migrations("postgres")[0][1])
    await old.execute("CREATE TABLE migrations (number int PRIMARY KEY, applied_at float8 NOT NULL)")
    await old.execute("INSERT INTO migrations VALUES (1, 0)")
    await migrate(old)
    await whole.close()
    await old.close()
    await (await open_store(postgres_url)).close()

    expected = await described(whole_url)
    assert len(expected) > 100
    assert await described(postgres_url) == expected
    assert await described(old_url) == expected


async def test_cut_off_at_any_statement_it_goes_on_at_the_next_start(postgres_url: str) -> None:
    """The session is killed before each statement of the newest step: nothing of it is kept, then all is."""
    *before, (number, script) = migrations("postgres")
    whole = [""]
    for line in script.splitlines(keepends=True):
        whole[-1] += line
        if line.rstrip().endswith(";") and whole[-1].count("$$") % 2 == 0:  # not inside a function's body
            whole.append("")
    expected: set[tuple[Any, ...]] = set()
    for count in range(len(whole)):
        connection = await asyncpg.connect(postgres_url)
        await migrate(connection, before)
        expected = expected or await described(postgres_url)
        cut = "\n".join((*whole[:count], "SELECT pg_terminate_backend(pg_backend_pid());"))
        with pytest.raises((asyncpg.AdminShutdownError, asyncpg.InterfaceError, OSError)):
            await migrate(connection, (*before, (number, cut)))
        await connection.close(timeout=30)
        assert await described(postgres_url) == expected

    connection = await asyncpg.connect(postgres_url)
    await migrate(connection)
    assert set(await applied(connection)) == {each for each, _ in migrations("postgres")}
    await connection.close()


async def test_a_step_that_breaks_leaves_the_database_as_it_was(own_url: str) -> None:
    """Nothing of the whole run is kept, and it can be tried again."""
    connection = await asyncpg.connect(own_url)
    broken = (STEPS[0], (2, "CREATE TABLE b (x int);\nINSERT INTO nowhere VALUES (1);\n"))

    with pytest.raises(asyncpg.UndefinedTableError):
        await migrate(connection, broken)

    assert await applied(connection) == {}
    assert await connection.fetchval("SELECT to_regclass('a') IS NULL AND to_regclass('b') IS NULL")
    await migrate(connection, STEPS)
    assert set(await applied(connection)) == {1, 2}
    await connection.close()


async def test_only_what_is_missing_is_applied(own_url: str) -> None:
    """An older database is brought on from where it is, with its rows."""
    connection = await asyncpg.connect(own_url)
    await migrate(connection, STEPS[:1])
    await connection.execute("INSERT INTO a VALUES (41)")

    await migrate(connection, STEPS)
    await migrate(connection, STEPS)

    assert [tuple(row) for row in await connection.fetch("SELECT x, y FROM a ORDER BY x")] == [
        (1, 2),
        (41, 42),
    ]
    await connection.close()


async def test_a_newer_database_is_refused(postgres_url: str) -> None:
    """By whoever starts on it; the message names both numbers."""
    await (await open_store(postgres_url)).close()
    await ask(postgres_url, "INSERT INTO migrations VALUES (999, 0)")

    with pytest.raises(ConfigError, match=r"schema 999.*newer version"):
        await open_store(postgres_url)


async def test_the_version_before_runs_on_while_a_newer_one_starts(postgres_url: str) -> None:
    """A newer replica adds what it needs; the older ones beside it go on until they are replaced."""
    older = await open_store(postgres_url)
    await older.turn("c", "e1", counting(to_send("m1")))
    connection = await asyncpg.connect(postgres_url)
    newer = (
        *migrations("postgres"),
        (999, "ALTER TABLE conversations ADD COLUMN tenant text; ALTER TABLE outbox ADD COLUMN trace text"),
    )
    await migrate(connection, newer)
    await connection.close()

    assert not (await older.turn("c", "e2", counting(to_send("m2", lane="other")))).repeat
    assert keys(await claim(older)) == ["m1", "m2"]
    assert (await older.turn("c", "e2", counting())).repeat
    await older.close()


async def test_commits_are_on_the_disk_before_they_count(own_url: str) -> None:
    """Whatever the database is set to, a session of ours waits for the disk and reads what is committed."""
    name = own_url.partition(":@/")[2].partition("?")[0]
    await ask(own_url, f"ALTER DATABASE {name} SET synchronous_commit = off")
    await ask(own_url, f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    store = PostgresStore(own_url)
    await store.open()

    async def settings(db: asyncpg.Connection) -> tuple[str, str]:
        return (
            await db.fetchval("SHOW synchronous_commit"),
            await db.fetchval("SHOW transaction_isolation"),
        )

    assert await store._link.do(settings) == ("on", "read committed")
    await store.close()


def test_a_schema_of_its_own_is_left_to_itself(postgres_url: str, postgres_database: str) -> None:
    """With search_path in the URL nothing is made outside of that schema."""
    store = asyncio.run(_opened_and_closed(postgres_url))

    assert store
    assert run(postgres_database, "SELECT to_regclass('public.conversations')")[0][0] is None


async def _opened_and_closed(url: str) -> bool:
    await (await open_store(url)).close()
    return True
