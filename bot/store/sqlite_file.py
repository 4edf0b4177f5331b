"""A SQLite database file: made with narrow rights, locked for this process, opened the safe way.

Must not know: tables, queries, threads.
"""

import os
import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

import structlog

from bot.errors import ConfigError, StoreUnavailable
from bot.store.guard import ProcessLock, refuse_network
from bot.store.migrate import migrate

_log = structlog.get_logger(__name__)

MEMORY: Final = ":memory:"
_OLDEST: Final = (3, 37, 0)  # STRICT tables; RETURNING came with 3.35
_BUSY: Final = 5.0  # seconds to wait for another program that looks into the file
# An answer of 200 means "on the disk": WAL's cheaper synchronous=NORMAL may lose commits at a power cut.
_PRAGMAS: Final = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "trusted_schema=OFF",
    "cell_size_check=ON",  # notice damage on reading
    "secure_delete=FAST",  # what was deleted does not stay in the file where overwriting it is free
    "temp_store=MEMORY",
    "cache_size=-16384",  # KiB of pages in memory
    # Pages of WAL before they are copied into the database: a page that many turns change is copied once.
    "wal_autocheckpoint=8192",
    f"journal_size_limit={64 * 1024 * 1024}",  # bytes of WAL kept after a checkpoint
)


class SqliteFile:
    """A database file (or `:memory:`) and its lock."""

    def __init__(self, path: str, *, factory: type[sqlite3.Connection] = sqlite3.Connection) -> None:
        """Lock the file, making it and its folder (modes 0600 and 0700) if they are not there.

        Args:
            path: The file, or ":memory:".
            factory: The class of connections.

        Raises:
            ConfigError: Another process has it, it lies on a network file system, it cannot be made here,
                or this SQLite is too old.
            StoreUnavailable: The disk does not let us make or open the file, or its lock.
        """
        if sqlite3.sqlite_version_info < _OLDEST:
            raise ConfigError(
                f"this Python brings SQLite {sqlite3.sqlite_version}; Handrail needs 3.37 or newer:"
                " use a newer Python, or postgresql://"
            )
        self._factory = factory
        self._lock: ProcessLock | None = None
        self._identity: tuple[int, int] | None = None
        self._path: Path | None = None
        if path != MEMORY:
            self._path = _make(path)
            try:
                # resolved: two names of one file share one lock
                self._lock = ProcessLock(self._path.with_name(self._path.name + ".lock"))
                # made under the lock, and only here: one that vanishes later must not come back empty
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            except OSError as error:
                self.release()
                raise StoreUnavailable(
                    f"HANDRAIL_DATABASE_URL: {self._path} cannot be opened ({error.strerror}):"
                    " check the disk, its space, and who owns the file and its .lock"
                ) from None
        _log.info("sqlite", version=sqlite3.sqlite_version, database=str(self._path or MEMORY))

    def connect(self) -> sqlite3.Connection:
        """Open the database and bring its schema up to date.

        Raises:
            sqlite3.Error, OSError: It does not work now.
            ConfigError: A newer version wrote it.
        """
        name = MEMORY if self._path is None else f"file:{quote(str(self._path))}?mode=rw"
        before = self._looked_up()
        connection = sqlite3.connect(
            name,
            uri=True,
            timeout=_BUSY,
            isolation_level=None,
            cached_statements=256,
            factory=self._factory,
        )
        try:
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._identity = before
        return connection

    def connect_reader(self) -> sqlite3.Connection | None:
        """Open the database once more, for reading only; None for `:memory:`, which has one connection.

        Raises:
            sqlite3.Error: It does not work now.
        """
        if self._path is None:
            return None
        connection = sqlite3.connect(
            f"file:{quote(str(self._path))}?mode=ro",
            uri=True,
            timeout=0.0,
            isolation_level=None,
            factory=self._factory,
        )
        try:
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("PRAGMA cell_size_check=ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def stale(self) -> bool:
        """Whether the path leads to another file than the one that is open, or to none."""
        try:
            return self._looked_up() != self._identity
        except OSError:
            return True

    def lasting(self) -> bool:
        """Whether the database outlives its connection."""
        return self._path is not None

    def release(self) -> None:
        """Let another process have the file."""
        if self._lock is not None:
            self._lock.release()

    def _looked_up(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        found = self._path.stat()
        return found.st_dev, found.st_ino


def _prepare(connection: sqlite3.Connection) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode not in {"wal", "memory"}:
        raise sqlite3.OperationalError(f"write-ahead logging is not possible here, only {mode}")
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    migrate(connection)


def _make(path: str) -> Path:
    """The resolved path, in a folder that is there and not on a network file system."""
    try:
        folder = Path(path).expanduser().parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = Path(path).expanduser().resolve()
        if found.exists() and not found.is_file():
            raise ConfigError(f"HANDRAIL_DATABASE_URL: {found} is not a file; name a file")
        if not os.access(found.parent, os.W_OK | os.X_OK):
            raise PermissionError(0, "no right to write in this folder")
    except (OSError, ValueError, RuntimeError) as error:  # also "~" of somebody who has no home
        said = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"HANDRAIL_DATABASE_URL: {path!r} cannot be used ({said});"
            " name a file in a folder that the bot's user may write"
        ) from None
    refuse_network(found.parent)
    return found
