"""A SQLite file that holds so many conversations already, filled by SQL and kept for the next time.

A row is a conversation in the middle of its guide: its state, two lines of the transcript, and for one in
ten the event and the message of the last days, the rest having been cleared away. Must not know: what is
measured.
"""

import contextlib
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Final

from bot.store.migrate import migrate

_BYTES_EACH: Final = 900  # on disk, with the indices
_ROOM: Final = 2.0  # times as much must be free
_COPIED: Final = 200_000  # conversations; a larger file is used where it lies, and grows by what is said
_STATE: Final = (
    '{"turn":7,"session":1,"prompt":"7","asked":"aadsts1000002/changed//?,invitation,linked,nothing","answers":'
    '[{"is":"noticed","at":1795338000,"evidence":{"codes":[1000002]}},{"is":"began","at":1795338000,"guide":'
    '"aadsts1000002","content":"1"},{"is":"picked","at":1795338060,"node":"did-it-open","choices":["came-back"]}],'
    '"at":1795338060}'
)
_LINE: Final = '{"words":[{"key":"aadsts1000002/did-it-open/came-back"}]}'
_FILLED: Final = """
CREATE TEMP TABLE n AS WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows})
    SELECT n, printf('msteams/a:%016x', (n * 2654435761) % 4294967291 * 4096 + n % 4096) AS key FROM s;
INSERT INTO conversations (key, state, address, turns, lines)
    SELECT key, CAST('{state}' AS BLOB), NULL, 7, 2 FROM n;
INSERT INTO lines (conversation, seq, session, who, at, body)
    SELECT key, seq, 1, who, 1795338000, CAST('{line}' AS BLOB)
    FROM n, (SELECT 1 AS seq, 'person' AS who UNION ALL SELECT 2, 'bot');
INSERT INTO taken (conversation, event, at, reply)
    SELECT key, 'activity/' || n, {now} - n % 600000, CAST('{{}}' AS BLOB) FROM n WHERE n % 10 = 0;
INSERT INTO outbox
    (key, lane, kind, conversation, body, state, attempt, created_at, settled_at, error, receipt)
    SELECT 'show/' || n, key, 'show', key, CAST('{line}' AS BLOB), 'done', 1, {now} - n % 600000,
        {now} - n % 600000, '', 'r' FROM n WHERE n % 10 = 0;
DROP TABLE n;
"""


class NoRoom(Exception):  # noqa: N818  a result, not a mistake
    """The disk has too little room for it."""


def database(kept: Path, folder: Path, conversations: int) -> str:
    """The URL of a database with so many conversations.

    Args:
        kept: Where filled files are kept.
        folder: For a copy that may be written to.
        conversations: How many.

    Raises:
        NoRoom: It would fill the disk.
    """
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / f"history-{conversations}.db"
    if not path.exists():
        if shutil.disk_usage(kept).free < _ROOM * _BYTES_EACH * conversations:
            raise NoRoom(f"no room for {conversations:,} conversations")
        _fill(path, conversations)
    if conversations <= _COPIED:
        copied = folder / path.name
        shutil.copyfile(path, copied)
        path = copied
    return f"sqlite:///{path}"


def _fill(path: Path, conversations: int) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(unfinished, isolation_level=None)) as db:
        migrate(db)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-2000000", "temp_store=FILE"):
            db.execute(f"PRAGMA {pragma}")
        script = _FILLED.format(rows=conversations, state=_STATE, line=_LINE, now=int(time.time()))
        db.execute("BEGIN")
        for statement in script.strip().split(";\n"):
            db.execute(statement)
        db.execute("COMMIT")
    unfinished.rename(path)
