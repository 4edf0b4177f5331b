"""Named points at which the process dies when it was told to: how tests kill it at its worst moments.

`HANDRAIL_CRASH=point:n` ends the process at the n-th pass of that point as a power cut would: nothing is
tidied up, nobody is told. Unarmed, a point is one `if`. It must not know what happens at a point.
"""

import os
import signal
from typing import Final

POINTS: Final = (
    "start.opened",  # the database is open, nothing else is
    "event.admitted",  # it may come in, nothing has been done about it
    "turn.loaded",  # read and not yet decided
    "turn.decided",  # decided and nothing written
    "turn.written",  # written; on SQLite not yet committed
    "turn.committed",  # kept, and nobody knows
    "event.answered",  # the answer is made and not yet sent
    "outbox.claimed",  # leased, and nothing tried
    "outbox.performed",  # delivered, and not yet written down
    "outbox.settled",  # written down, and what follows not yet begun
    "ticket.missing",  # looked up and not there: about to be created
    "ticket.created",  # created there, and not yet known here
    "ticket.updated",  # an update is written there, and not yet known here
    "file.fetched",  # a file is here, and not yet kept
    "file.attached",  # a file is at its ticket, and not yet written down
    "connector.sending",  # about to be sent to Teams
    "connector.sent",  # Teams has answered
)
_point = ""
_passes = 0


def parse(text: str) -> tuple[str, int]:
    """`point:n` as a point's name and a number from 1.

    Raises:
        ValueError: It is not that; the message has two halves, what is wrong and what to do.
    """
    name, _, number = text.partition(":")
    if name not in POINTS:
        raise ValueError(f"it names no point; write point:n with one of {', '.join(POINTS)}")
    if not number.isascii() or not number.isdigit() or not 0 < int(number) < 1_000_000:
        raise ValueError("it has no number of passes; write point:n with n from 1")
    return name, int(number)


def arm(text: str) -> None:
    """Die at what `text` says, `point:n`; an empty text disarms.

    Raises:
        ValueError: See `parse`.
    """
    global _point, _passes
    _point, _passes = parse(text) if text else ("", 0)


def at(point: str) -> None:
    """The process passes `point`."""
    if _point:
        _pass(point)


def _pass(point: str) -> None:
    global _passes  # noqa: PLW0603 - see `arm`
    if point != _point:
        return
    _passes -= 1
    if _passes == 0:
        os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
