"""When to try again, and when to give up: pure arithmetic, no clock.

Dense at first, because a person is waiting; then ever further apart, as Standard Webhooks does, to about 72
hours in all: a ticket system that was down over a weekend still gets its tickets.
"""

import math
from collections.abc import Callable
from typing import Final

# Seconds before attempt 2, 3, ... The quick ones are over after 20 minutes, all of them after 72 hours.
_QUICK: Final[tuple[float, ...]] = (1, 2, 4, 8, 15, 30, 60, 120, 300, 300)
_SLOW: Final[tuple[float, ...]] = (
    *(600, 900, 1800, 3600, 7200, 7200, 14400, 14400, 28800, 28800, 43200, 43200, 64800),
)  # fmt: skip
SCHEDULE: Final = _QUICK + _SLOW
ATTEMPTS: Final = len(SCHEDULE) + 1
LONGEST: Final = 86_400.0  # seconds; who asks us to wait longer than a day will not be waited for


def next_delay(
    attempt: int, *, retry_after: float | None = None, random: Callable[[], float]
) -> float | None:
    """Seconds until the next attempt, None to give up.

    Quick waits are left wholly to chance ("full jitter"), so that a crowd does not come back at once; of a
    slow one the last quarter is, so that the tries really last for days.

    Args:
        attempt: How many attempts were made, from 1.
        retry_after: Seconds the other side asked for. It is never undercut, and a little is added by chance,
            because it says the same to everybody; what is no positive number is not heard.
        random: A number from 0 up to 1.
    """
    if attempt > len(SCHEDULE):
        return None
    planned = SCHEDULE[max(attempt, 1) - 1]
    chance = planned if attempt <= len(_QUICK) else planned / 4
    delay = planned - chance + random() * chance
    if retry_after is None or math.isnan(retry_after) or retry_after <= 0:
        return delay
    if retry_after > LONGEST:
        return None
    return max(delay, retry_after * (1 + random() / 10))
