"""What one commit makes due: what there is room for is leased at once, of the rest it is told.

Must not know: turns, conversations, who performs a message.
"""

import sqlite3
from collections.abc import Collection

import msgspec

from bot.store.api import Message, NewMessage, Spare
from bot.store.rows import message_of, message_values
from bot.store.sqlite_queries import every, first, run


class Room:
    """One commit's room for what it makes due: what there is room for is leased, of the rest it is told."""

    def __init__(self, spare: Spare | None, leased: list[Message], *, now: float) -> None:
        """Begin anew: the work may run more than once.

        Args:
            spare: The room.
            leased: Takes what is leased.
            now: The time of the commit.
        """
        leased.clear()
        self._leased = leased
        self._kinds = set(spare.kinds) if spare is not None else set()
        self._until = spare.until if spare is not None else 0.0
        self.now = now
        self.left = False  # whether something is due that was not leased

    def send(self, db: sqlite3.Connection, message: NewMessage) -> None:
        """Put a message into the outbox."""
        until = self._until if message.kind in self._kinds else None
        row = first(db, "add_message", **message_values(message), now=self.now, until=until)
        if row is None or row[1] is None:
            return
        if not row[2]:
            self.left = True
            return
        self._kinds.discard(message.kind)
        fields = msgspec.structs.asdict(message)
        self._leased.append(Message(id=row[0], attempt=row[2], created_at=self.now, due_at=row[1], **fields))

    def next(self, db: sqlite3.Connection, lane: str) -> None:
        """A lane is free: let its next message go."""
        row = first(db, "next_in_lane", lane=lane)
        if row is None:
            return
        if row[1] not in self._kinds:
            run(db, "let_go", id=row[0])
            self.left = True
            return
        self._kinds.discard(row[1])
        leased = first(db, "lease", id=row[0], until=self._until)
        assert leased is not None
        self._leased.append(message_of(leased))


def let_next_go(db: sqlite3.Connection, lane: str) -> None:
    """A lane may be free: let its next message go, if one waits."""
    row = first(db, "next_in_lane", lane=lane)
    if row is not None:
        run(db, "let_go", id=row[0])


def next_due(db: sqlite3.Connection, kinds: Collection[str] | None, *, after: float = -1.0) -> float | None:
    """When the earliest waiting message of these kinds (None: of any) is due, later than `after`."""
    if kinds is None:
        rows = every(db, "next_due")
    else:
        rows = [row for kind in kinds for row in every(db, "next_due_of", kind=kind, after=after)]
    return min((row[0] for row in rows if row[0] is not None), default=None)
