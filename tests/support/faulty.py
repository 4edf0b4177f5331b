"""A real SQLite connection whose disk can be told to fail."""

import sqlite3
from typing import Any, ClassVar


class Faults:
    """When statements fail: all while `down`, or the n-th from now, before or after it was executed."""

    def __init__(self) -> None:
        self.down = False
        self.countdown = 0
        self.afterwards = False
        self.fired = False
        self.commits = 0

    def at(self, number: int, *, afterwards: bool) -> None:
        """Let the statement with this number fail, once."""
        self.countdown, self.afterwards, self.fired = number, afterwards, False

    def hits(self) -> bool:
        """Whether this statement is the one."""
        self.countdown -= 1
        if self.countdown == 0:
            self.fired = True
        return self.countdown == 0


def faulty(faults: Faults) -> type[sqlite3.Connection]:
    """A class of connections that obeys `faults`."""

    class FaultyConnection(sqlite3.Connection):
        told: ClassVar[Faults] = faults

        def execute(self, *args: Any) -> sqlite3.Cursor:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
            """Execute, or fail as a broken disk does."""
            hit = self.told.hits()
            if self.told.down or (hit and not self.told.afterwards):
                raise sqlite3.OperationalError("disk I/O error")
            cursor = super().execute(*args)
            self.told.commits += args[0] == "COMMIT"
            if hit:
                raise sqlite3.OperationalError("disk I/O error")
            return cursor

    return FaultyConnection
