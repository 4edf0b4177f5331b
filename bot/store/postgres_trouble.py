"""What went wrong with PostgreSQL: is another try worth it, and what an operator should do.

No message holds the address's password or anything that was stored: details that the server adds to an error
may quote rows, so they are left out.

Must not know: queries, what the work was about.
"""

import socket
import ssl
from typing import Final

import asyncpg

from bot.errors import ConfigError, StoreUnavailable

SETTING: Final = "HANDRAIL_DATABASE_URL"
# everything that the driver raises; a TimeoutError is an OSError
ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

_LOST: Final = "the connection to the database was lost: check the server and the network to it"
_PASSING: Final = (
    *("40001", "40P01"),  # two that waited for each other
    *("25006", "57P01", "57P02", "57P03", "57P05", "53300"),  # stopping, starting, changing over, full
)
_ADVICE: Final = (
    ("22", "a value does not fit into the database; please tell us"),
    ("25006", "the database is read-only: let the address lead to the primary server"),
    ("28", "the server refuses this user or password: check them in the address"),
    ("3D000", "there is no database of this name: create it, or check the address"),
    ("42501", "the user may not do this: make it the owner of the database or schema"),
    ("42P01", "a table is missing: was the database emptied? restart, or restore a backup"),
    ("53100", "the server's disk is full: free some space"),
    ("53300", "the server has no connection left: raise its max_connections or run fewer replicas"),
    ("55P03", "a lock was not given in time: see what holds it in pg_stat_activity"),
    ("57014", "the server took too long: see what it is busy with"),
    ("57", "the server is stopping or starting"),
    ("58", "the server's disk reports an error: check it"),
    ("XX", "the server reports damage: look into its log, and at your backups"),
)


def passing(error: BaseException) -> bool:
    """Whether the same work may well succeed on another connection in a moment."""
    if isinstance(error, asyncpg.PostgresError):
        code = str(error.sqlstate or "")
        return code in _PASSING or code.startswith("08")
    return isinstance(error, ERRORS)


def reason(error: BaseException) -> str:
    """What is wrong and what to do."""
    if isinstance(error, asyncpg.PostgresError):
        code = str(error.sqlstate or "")
        if code.startswith("08"):
            return _LOST
        advice = next((advice for prefix, advice in _ADVICE if code.startswith(prefix)), "")
        return f"{advice or _first_line(error)} ({code or type(error).__name__})"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return _LOST
    if isinstance(error, TimeoutError):
        return "the database does not answer in time: check the server and the network to it"
    if isinstance(error, ssl.SSLError):
        return f"no TLS with the database: {getattr(error, 'verify_message', '') or error.reason}"
    if isinstance(error, socket.gaierror):
        return f"the database's host name is not known: {error.strerror}"
    if isinstance(error, OSError):
        said = error.strerror or str(error) or type(error).__name__
        return f"the database cannot be reached: {said}; check that the server runs"
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return "no server at this address takes writes: is it a standby, or changing over?"
    return _LOST


def at_start(error: BaseException, where: str) -> Exception:
    """What to raise when the first connection fails: a wrong setting is told from a server that is down.

    Args:
        error: What the driver raised.
        where: The address as it may be shown.
    """
    if isinstance(error, asyncpg.PostgresError) and str(error.sqlstate or "")[:2] in {"28", "3D", "42"}:
        return ConfigError(f"{SETTING} is {where}: {reason(error)}")
    if isinstance(error, socket.gaierror | ssl.SSLError):
        return ConfigError(f"{SETTING} is {where}: {reason(error)}")
    if isinstance(error, FileNotFoundError):
        said = "a file is not there: the socket of the server, or one that an option like sslrootcert names"
        return ConfigError(f"{SETTING} is {where}: {said}")
    if isinstance(error, ConnectionError) and "SSL" in str(error):
        return ConfigError(f"{SETTING} is {where}: the server offers no TLS; mend that, or the sslmode")
    return StoreUnavailable(f"{where}: {reason(error)}")


def _first_line(error: asyncpg.PostgresError) -> str:
    return str(error.args[0] if error.args else type(error).__name__).partition("\n")[0]
