"""What a Retry-After header asks for: seconds or an HTTP date (RFC 9110, section 10.2.3).

Must not know who sent it, and what is made of it.
"""

import email.utils
import time
from collections.abc import Callable
from typing import Final

LONGEST: Final = 86_400.0  # seconds; nobody means more than a day


def seconds(header: str | None, clock: Callable[[], float] = time.time) -> float | None:
    """Seconds to wait, from 0 to `LONGEST`; None when nothing is asked for, or nothing that makes sense.

    Args:
        header: The header's value; None if there is none.
        clock: Seconds since 1970, for a date.
    """
    text = (header or "").strip()
    try:
        wait = float(text)
        return min(wait, LONGEST) if wait >= 0 else None  # nor NaN, which compares with nothing
    except ValueError:
        try:
            wait = email.utils.parsedate_to_datetime(text).timestamp() - clock()
        except (ValueError, OverflowError):
            return None
    return min(max(wait, 0.0), LONGEST)
