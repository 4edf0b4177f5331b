"""Makes a PostgreSQL database ready: checks what the promises rest on, brings the schema up to date.

Replicas may start together: whoever comes first holds a lock and migrates, the others wait and find it done.

Must not know: what the tables are for.
"""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from bot.errors import ConfigError
from bot.store.migrate import missing
from bot.store.migrations import migrations, oldest
from bot.store.postgres_trouble import ERRORS, SETTING, at_start

PATIENCE: Final = 8.0  # seconds for a turn, all tries together; Teams waits for 15
_CONNECTING: Final = 5.0  # seconds
_OLDEST: Final = 140_000  # PostgreSQL 14
_WAIT_FOR_OTHERS: Final = "120s"  # until another replica has migrated
_RECORD: Final = """CREATE TABLE IF NOT EXISTS migrations (
    number integer PRIMARY KEY,
    applied_at double precision NOT NULL,
    oldest integer
);
ALTER TABLE migrations ADD COLUMN IF NOT EXISTS oldest integer"""  # a database from before has two columns
_UNREADABLE: Final = (
    f"{SETTING} cannot be read; write postgresql://user:password@host:5432/database, in the password %2F for"
    " /, %40 for @, %3A for :, %23 for #, %3F for ? and %25 for %; check that the options behind it are"
    " libpq's and that the files they name are there"
)


def arguments(url: str, patience: float = PATIENCE) -> dict[str, Any]:
    """How asyncpg is to connect. TLS and several hosts are named in the URL, as libpq knows them.

    Args:
        url: Of the database.
        patience: Seconds after which the caller gives up. The server does so a little earlier, so that what
            was given up is not done afterwards, and a replica that hangs does not hold up the others.
    """
    limit = f"{patience * 750:.0f}ms"
    session = {
        "application_name": "handrail",
        "synchronous_commit": "on",  # an answer of 200 means "on the disk", whatever the server is set to
        "default_transaction_isolation": "read committed",
        "lock_timeout": f"{patience * 500:.0f}ms",
        "statement_timeout": limit,
        "idle_in_transaction_session_timeout": limit,
    }
    given: dict[str, Any] = {"dsn": url, "timeout": _CONNECTING, "server_settings": session}
    if "target_session_attrs" not in url:
        given["target_session_attrs"] = "read-write"  # never a standby: it may say "new" to what was taken
    return given


async def prepare(url: str) -> None:
    """Connect, check and migrate.

    Raises:
        ConfigError: The URL, the user, the server's version or encoding, or the schema will not do.
        StoreUnavailable: The server cannot be used now.
    """
    where = shown(url)
    try:
        connection = await asyncpg.connect(**arguments(url))
    except (*ERRORS, ValueError) as error:
        if isinstance(error, asyncpg.ClientConfigurationError) or not isinstance(error, ERRORS):
            raise ConfigError(_UNREADABLE) from None  # what the driver says may quote a part of the password
        raise at_start(error, where) from None
    try:
        await _check(connection)
        await migrate(connection)
    except ERRORS as error:
        raise at_start(error, where) from None
    finally:
        await connection.close(timeout=_CONNECTING)


async def _check(connection: asyncpg.Connection) -> None:
    number, version, encoding = await connection.fetchrow(
        "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
        " current_setting('server_encoding')"
    )
    if number < _OLDEST:
        raise ConfigError(f"{SETTING}: the server is PostgreSQL {version}; Handrail needs 14 or newer")
    if encoding != "UTF8":
        raise ConfigError(
            f"{SETTING}: the database's encoding is {encoding}, which cannot hold what people write;"
            " create one with ENCODING 'UTF8' TEMPLATE template0"
        )


async def migrate(connection: asyncpg.Connection, steps: Sequence[tuple[int, str]] | None = None) -> None:
    """Apply what is missing, all of it or nothing.

    Args:
        connection: Outside of a transaction.
        steps: Number and SQL of each step, in order; the shipped ones by default.

    Raises:
        ConfigError: The database was written by a newer version.
        asyncpg.PostgresError: A step did not work; nothing was kept.
    """
    steps = migrations("postgres") if steps is None else steps
    if not missing(await applied(connection), steps):
        return
    async with connection.transaction():
        await connection.execute(
            f"SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '{_WAIT_FOR_OTHERS}';"
            " SELECT pg_advisory_xact_lock(18515, 0)"
        )
        await connection.execute(_RECORD)
        for number, script in missing(await applied(connection), steps):
            await connection.execute(script)
            await connection.execute(
                "INSERT INTO migrations (number, applied_at, oldest)"
                " VALUES ($1, extract(epoch FROM now()), $2)",
                number,
                oldest(number, script),
            )


async def applied(connection: asyncpg.Connection) -> dict[int, int]:
    """The steps this database has seen, each with the oldest schema that works with it."""
    if not await connection.fetchval("SELECT to_regclass('migrations') IS NOT NULL"):
        return {}
    rows = await connection.fetch(  # by way of JSON, because the third column may not be there yet
        "SELECT number, coalesce((to_jsonb(migrations) ->> 'oldest')::int, number) FROM migrations"
    )
    return {row[0]: row[1] for row in rows}


def shown(url: str) -> str:
    """The address as it may be shown: no user, no password, no options, whatever stands in them."""
    scheme, _, rest = url.partition("://")
    before, at, address = rest.rpartition("@")
    if "?" in before:  # the sign may belong to a password as well as to an option
        return f"{scheme}://…"
    return f"{scheme}://{'…' if at else ''}{at}{address.partition('?')[0]}"
