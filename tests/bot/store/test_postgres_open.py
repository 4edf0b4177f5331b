"""How a PostgreSQL database is opened: what is wrong with a setting is said, and replicas start together."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator

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


async def test_a_step_that_breaks_leaves_the_database_as_it_was(own_url: str) -> None:
    """Nothing of the whole run is kept, and it can be tried again."""
    connection = await asyncpg.connect(own_url)
    broken = (STEPS[0], (2, "CREATE TABLE b (x int);\nINSERT INTO nowhere VALUES (1);\n"))

    with pytest.raises(asyncpg.UndefinedTableError):
        await migrate(connection, broken)

    assert await applied(connection) == frozenset()
    assert await connection.fetchval("SELECT to_regclass('a') IS NULL AND to_regclass('b') IS NULL")
    await migrate(connection, STEPS)
    assert await applied(connection) == {1, 2}
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
