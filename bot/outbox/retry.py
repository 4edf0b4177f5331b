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
OLDEST: Final = 72 * 3_600.0  # seconds; a message of this age is put off no more
_SHORTEST: Final = 0.1  # seconds; or a message put off for no time at all would go round in circles


def next_delay(tries: int, *, retry_after: float | None = None, random: Callable[[], float]) -> float | None:
    """Seconds until the next attempt, None to give up.

    Quick waits are left wholly to chance ("full jitter"), so that a crowd does not come back at once; of a
    slow one the last quarter is, so that the tries really last for days.

    Args:
        tries: How many attempts that count were made, from 1.
        retry_after: Seconds the other side asked for. It is never undercut, and a little is added by chance,
            because it says the same to everybody; what is no positive number is not heard.
        random: A number from 0 up to 1.
    """
    if tries > len(SCHEDULE):
        return None
    planned = SCHEDULE[max(tries, 1) - 1]
    chance = planned if tries <= len(_QUICK) else planned / 4
    delay = planned - chance + random() * chance
    if retry_after is None or math.isnan(retry_after) or retry_after <= 0:
        return delay
    if retry_after > LONGEST:
        return None
    return max(delay, retry_after * (1 + random() / 10))


def put_off(wait: float, *, age: float) -> float | None:
    """Seconds until a message that was not sent on purpose may come again, None to give it up.

    Args:
        wait: Seconds asked for; never undercut up to a day, then it is asked again.
        age: Seconds since the message was written. Putting off costs no tries, so age is what ends it.
    """
    if age > OLDEST:
        return None
    return min(max(_SHORTEST, wait), LONGEST)  # in this order: what is no number is the shortest
