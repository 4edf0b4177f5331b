"""The database's time as a replica knows it: leases go by that one clock, whatever a replica's own says.

Callers give and get times by their own clock; on the way in and out they are corrected by the difference.
That is reckoned from a look at the database's clock and the monotonic one since then, so that a replica whose
clock is set in between neither takes a lease that still holds nor keeps what is due waiting.

Must not know: SQL, what a time is for.
"""

import time
from collections.abc import Callable
from typing import Final

_LOOK_EVERY: Final = 30.0  # seconds
_NOTHING: Final = 2.0  # seconds; a difference below that is the network's, and far below any lease's margin


class DatabaseClock:
    """Corrects times between this process's clock and the database's."""

    def __init__(
        self, clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Until the first `look` both clocks count as equal.

        Args:
            clock: The callers' clock, seconds since 1970.
            monotonic: A clock that nobody sets, in seconds.
        """
        self._clock = clock
        self._monotonic = monotonic
        self._looked_at = float("-inf")
        self._base: float | None = None  # the database's time when `monotonic` was 0

    def due(self) -> bool:
        """Whether it is time to look again."""
        return self._monotonic() >= self._looked_at + _LOOK_EVERY

    def started(self) -> float:
        """When a look begins, to be handed to `look`."""
        return self._monotonic()

    def look(self, started: float, database: float) -> None:
        """Note that the database said `database` (seconds since 1970) to a question asked at `started`."""
        now = self._monotonic()
        self._looked_at = now
        if now - started < _NOTHING or self._base is None:  # a slow answer says little
            self._base = database - (started + now) / 2

    def ahead(self) -> float:
        """By how many seconds the database's clock is ahead of the callers'; 0 when they agree."""
        if self._base is None:
            return 0.0
        difference = self._base + self._monotonic() - self._clock()
        return difference if abs(difference) >= _NOTHING else 0.0

    def now(self) -> float:
        """The time by the database's clock."""
        return self.to_database(self._clock())

    def to_database(self, at: float) -> float:
        """A caller's time, by the database's clock. 0 stays 0: it means "at once"."""
        return at + self.ahead() if at > 0 else at

    def to_caller(self, at: float) -> float:
        """A time of the database's, by the caller's clock. 0 stays 0."""
        return at - self.ahead() if at > 0 else at
