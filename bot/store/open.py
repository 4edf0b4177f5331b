"""A database URL -> the store behind it. The one place that names the stores there are."""

from typing import Final
from urllib.parse import unquote

from bot.errors import ConfigError
from bot.store.api import Store
from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import MEMORY, SqliteFile

_WRITE: Final = (
    "write sqlite:///var/handrail.db (a relative path) or, with four slashes,"
    " sqlite:////var/lib/handrail/handrail.db"
)


async def open_store(url: str) -> Store:
    """Open the store at `url`, bring its schema up to date and see that it works.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute.db` or `sqlite://:memory:`. No message shows it:
            it may hold a password.

    Raises:
        ConfigError: The URL is none of these, or the file cannot be this process's own.
        StoreUnavailable: The database cannot be read or written.
    """
    scheme, separator, rest = url.partition("://")
    if scheme in {"postgresql", "postgres"}:
        raise ConfigError(f"HANDRAIL_DATABASE_URL: PostgreSQL is not in this version yet; {_WRITE}")
    if scheme != "sqlite" or not separator:
        raise ConfigError(f"HANDRAIL_DATABASE_URL is no database URL; {_WRITE}")
    store = SqliteStore(SqliteFile(_path(rest)))
    try:
        await store.open()
    except BaseException:
        await store.close()
        raise
    return store


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
