"""A database URL -> the store behind it. The one place that names the stores there are."""

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from bot.errors import ConfigError
from bot.store.api import Store
from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import MEMORY, SqliteFile

if TYPE_CHECKING:
    from bot.store.postgres import PostgresStore

_WRITE: Final = (
    "write sqlite:///var/handrail.db (a relative path) or, with four slashes,"
    " sqlite:////var/lib/handrail/handrail.db; for several replicas postgresql://user:password@host/database"
)


async def open_store(url: str) -> Store:
    """Open the store at `url`, bring its schema up to date and see that it works.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite://:memory:`, or
            `postgresql://user:password@host:5432/database?sslmode=verify-full`, with libpq's options. No
            message shows it whole: it may hold a password.

    Raises:
        ConfigError: The URL is none of these, or the database cannot be used as it is.
        StoreUnavailable: The database cannot be read or written now.
    """
    scheme, separator, rest = url.partition("://")
    store: SqliteStore | PostgresStore
    if scheme in {"postgresql", "postgres"} and separator:
        store = _postgres(url)
    elif scheme == "sqlite" and separator:
        store = SqliteStore(SqliteFile(_path(rest)))
    else:
        raise ConfigError(f"HANDRAIL_DATABASE_URL is no database URL; {_WRITE}")
    try:
        await store.open()
    except BaseException:
        await store.close()
        raise
    return store


def database_file(url: str) -> Path | None:
    """The file of a SQLite URL, with all links resolved; None for memory and for other databases.

    Raises:
        ConfigError: The URL names no file.
    """
    scheme, separator, rest = url.partition("://")
    if scheme != "sqlite" or not separator:
        return None
    path = _path(rest)
    return None if path == MEMORY else Path(path).expanduser().resolve()


def _postgres(url: str) -> "PostgresStore":
    try:
        from bot.store.postgres import PostgresStore  # asyncpg is an extra, and SQLite works without
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise ConfigError(
            "HANDRAIL_DATABASE_URL names PostgreSQL, but its driver is not installed:"
            " pip install handrail[postgres]"
        ) from None
    return PostgresStore(url)


def _path(rest: str) -> str:
    """The path in what follows `sqlite://`."""
    if rest in {MEMORY, f"/{MEMORY}"}:
        return MEMORY
    path = unquote(rest.removeprefix("/"))
    if not rest.startswith("/") or not path.strip("/") or path.endswith("/"):
        raise ConfigError(f"HANDRAIL_DATABASE_URL names no file; {_WRITE}")
    if "?" in path or "\0" in path:
        raise ConfigError(f"HANDRAIL_DATABASE_URL takes no options after the path; {_WRITE}")
    return path
