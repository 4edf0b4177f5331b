"""A process that takes turns and empties the outbox until it is killed; it says what was acknowledged.

    python -m tests.support.turning_child DATABASE ROUND STATEMENT

With STATEMENT above 0 it kills itself before that statement of its connection.
"""

import asyncio
import os
import signal
import sqlite3
import sys
from typing import Any

from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import SqliteFile
from tests.support.keeping import claim, counting, settle, to_send

_left = 0


class DyingConnection(sqlite3.Connection):
    """Takes its process along."""

    def execute(self, *args: Any) -> sqlite3.Cursor:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        """Execute, unless it is time to die."""
        global _left  # noqa: PLW0603 - one process, one count
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(*args)


def _say(*words: str) -> None:
    os.write(1, f"{' '.join(words)}\n".encode())  # in the pipe at once, whatever becomes of us


async def _talk(store: SqliteStore, conversation: str, turn_of: str) -> None:
    number = 0
    while True:
        number += 1
        event = f"{turn_of}-{number}"
        message = to_send(f"{conversation}/{event}", lane=conversation, conversation=conversation)
        await store.turn(conversation, event, counting(message, reply=event.encode()))
        _say("turn", conversation, event)


async def _empty(store: SqliteStore) -> None:
    while True:
        for message in await claim(store, limit=3):
            await settle(store, message, receipt=message.key)
            _say("done", message.key)


async def main(path: str, turn_of: str) -> None:
    """Until the end."""
    store = SqliteStore(SqliteFile(path, factory=DyingConnection))
    await store.open()
    _say("open")
    await asyncio.gather(*(_talk(store, f"c{n}", turn_of) for n in range(4)), _empty(store))


if __name__ == "__main__":
    _left = int(sys.argv[3])
    asyncio.run(main(sys.argv[1], sys.argv[2]))
