"""Whether work on a text grows with its length and no faster. Must not know: what is done with the text."""

import time
from collections.abc import Callable

_SHORT = 1_000  # characters: a sentence or two
_TIMES = 50  # as many are in the long text
_FORGIVEN = 4  # times linear: a busy machine is forgiven, a quadratic pattern (50 times) is not


def linear(work: Callable[[str], object], piece: str) -> bool:
    """Whether a long text of nothing but `piece` takes as much longer as it has more of it.

    What the machine does besides only ever adds, so the quickest of three counts, for either text.
    """
    short, long = (piece * (size // len(piece)) for size in (_SHORT, _SHORT * _TIMES))
    allowed = min(_seconds(work, short) for _ in range(3)) * _TIMES * _FORGIVEN
    return any(_seconds(work, long) <= allowed for _ in range(3))


def _seconds(work: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    work(text)
    return time.process_time() - began
