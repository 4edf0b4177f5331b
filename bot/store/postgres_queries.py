"""Runs the queries of `queries/postgres.sql` by name, with values that PostgreSQL can hold.

PostgreSQL's text knows no NUL, and an index no long entries, but names come from outside and may be anything:
a name that does not fit has a stand-in in its column, always the same one, so that it is found again.

Must not know: when a query is run, what a turn is.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import asyncpg
import msgspec

from bot.store.api import Kept, Message, NewMessage
from bot.store.postgres_trouble import ERRORS
from bot.store.queries import positional, queries
from bot.store.rows import Row, encode, message_of

Database: TypeAlias = asyncpg.Connection

_SQL: Final = {name: positional(sql) for name, sql in queries("postgres").items()}
_NAMES: Final = frozenset({"conversation", "conversations", "event", "key", "keys", "lanes", "number"})
_LONGEST: Final = 300  # characters of a name; an entry of an index takes 2,700 bytes, and may hold two names


async def run(db: Database, name: str, /, **values: Any) -> list[Row]:
    """All rows of a query.

    Raises:
        UnicodeEncodeError: A text is no Unicode.
    """
    sql, names = _SQL[name]
    rows: list[Row] = await db.fetch(sql, *(_storable(each, values[each]) for each in names))
    return rows


async def first(db: Database, name: str, /, **values: Any) -> Row | None:
    """The first row of a query."""
    rows = await run(db, name, **values)
    return rows[0] if rows else None


@asynccontextmanager
async def transaction(db: Database) -> AsyncIterator[None]:
    """All of it or nothing. After an error of the connection nothing is undone here: it is thrown away."""
    await db.execute("BEGIN")
    try:
        yield
    except (*ERRORS, asyncio.CancelledError):
        raise
    except BaseException:
        await db.execute("ROLLBACK")
        raise
    await db.execute("COMMIT")


def turn_values(key: str, event_id: str, kept: Kept, *, lines: int, turns: int) -> dict[str, Any]:
    """What the query `keep` takes, without the message that the turn ends."""
    return {
        "conversation": key,
        "event": event_id,
        "state": encode(kept.conversation),
        "address": encode(kept.address) if kept.address is not None else None,
        "lines": lines,
        "turns": turns,
        "reply": kept.reply,
        "line_whos": [line.who for line in kept.lines],
        "line_ats": [line.at for line in kept.lines],
        "line_sessions": [line.session for line in kept.lines],
        "line_bodies": [line.body for line in kept.lines],
        "keys": [message.key for message in kept.messages],
        "lanes": [message.lane for message in kept.messages],
        "kinds": [message.kind for message in kept.messages],
        "conversations": [message.conversation for message in kept.messages],
        "names": [_full_names(message) for message in kept.messages],
        "bodies": [message.body for message in kept.messages],
    }


def message_in(row: Row) -> Message:
    """From all columns of the outbox, in the order of the query `message`."""
    found = message_of(row)
    if row[13] is None:
        return found
    key, lane, conversation = msgspec.json.decode(row[13], type=tuple[str, str, str])
    return msgspec.structs.replace(found, key=key, lane=lane, conversation=conversation)


def _full_names(message: NewMessage) -> bytes | None:
    names = (message.key, message.lane, message.conversation)
    return None if all(map(_fits, names)) else msgspec.json.encode(names)


def _storable(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_storable(name, each) for each in value]
    if not isinstance(value, str):
        return value
    value.encode()  # or the driver would complain, and quote it
    if name not in _NAMES:
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return value if _fits(value) else _stand_in(value)


def _fits(name: str) -> bool:
    return len(name) <= _LONGEST and "\0" not in name


def _stand_in(name: str) -> str:
    whole = hashlib.sha256(name.encode()).hexdigest()
    return f"{name[: _LONGEST - len(whole) - 1].replace(chr(0), '')}#{whole}"
