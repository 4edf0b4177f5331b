"""How fast one visitor may send: far more than a person types, far less than a script would.

It must not know who is counted or what is sent.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

_AT_ONCE: Final = 40.0  # events in a burst
_A_SECOND: Final = 2.0  # and for ever after
_REMEMBERED: Final = 10_000  # visitors; whoever is forgotten starts with a full burst


class Pace:
    """A bucket of events for each visitor that refills by itself."""

    def __init__(
        self,
        *,
        at_once: float = _AT_ONCE,
        a_second: float = _A_SECOND,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._at_once = at_once
        self._a_second = a_second
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, who: str) -> float:
        """Take one event of `who`. 0: go on; else the seconds until there is one to take."""
        now = self._clock()
        left, since = self._left.pop(who, (self._at_once, now))
        left = min(self._at_once, left + (now - since) * self._a_second)
        allowed = left >= 1
        self._left[who] = (left - 1 if allowed else left, now)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._a_second
