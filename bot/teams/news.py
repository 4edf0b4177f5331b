"""What an operator should hear about the way out to Teams: a line when things change, not one a message.

A trouble is told when it begins, with what to do about it, and again when it is over. It must not know
conversations, people or messages.
"""

import time
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

import structlog

from bot.teams.outcomes import Delivered, Outcome, Park, Refused, Throttled, TryAgain, Unknown

_log = structlog.get_logger(__name__)

Trouble: TypeAlias = Literal["credentials", "unavailable", "throttled", "forbidden", "refused"]

_QUIET: Final = 600.0  # seconds without a trouble until it counts as over
_SOON: Final = 30.0  # seconds, where a delivery shows that it is over; less would tell every second message
_EVENTS: Final[dict[Trouble, str]] = {
    "credentials": "teams_refuses_credentials",
    "unavailable": "teams_unavailable",
    "throttled": "teams_throttles",
    "forbidden": "teams_forbids",
    "refused": "teams_refuses",
}
_REMEDIES: Final[dict[Trouble, str]] = {
    "credentials": "run `handrail doctor`; has the secret expired, is the app id the Azure Bot's own?",
    "unavailable": "messages are tried again by themselves; if it lasts, can this machine reach Teams?",
    "throttled": "messages wait as long as Teams asks; if it lasts, does another program send as this bot?",
    "forbidden": "their messages wait; was the app blocked or removed? See Teams admin center, Manage apps",
    "refused": "look for message_dead: a message that Teams will not have was given up",
}
# These concern everybody, so any delivery shows that they are over.
_EVERYBODYS: Final[frozenset[Trouble]] = frozenset({"credentials", "unavailable"})


class News:
    """Hears how each request ended, and tells what has changed."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # what is not over, and when it was last seen
        self._last: dict[tuple[Trouble, str], float] = {}

    def heard(self, outcome: Outcome) -> None:
        """A request ended this way."""
        now = self._clock()
        self._end_what_is_over(now, delivered=isinstance(outcome, Delivered))
        found = _trouble(outcome)
        if found is None:
            return
        if found not in self._last:
            trouble, why = found
            level = "error" if trouble == "credentials" else "warning"
            getattr(_log, level)(_EVENTS[trouble], why=why, what_to_do=_REMEDIES[trouble])
        self._last[found] = now

    def _end_what_is_over(self, now: float, *, delivered: bool) -> None:
        for found, last in list(self._last.items()):
            trouble, why = found
            if now - last >= (_SOON if delivered and trouble in _EVERYBODYS else _QUIET):
                del self._last[found]
                _log.info(f"{_EVENTS[trouble]}_no_longer", why=why)


def _trouble(outcome: Outcome) -> tuple[Trouble, str] | None:
    """What an outcome is a sign of, and the short word for why; a closed list, so no flood of kinds."""
    match outcome:
        case Refused(reason="credentials"):
            return "credentials", "HTTP 401"
        case Refused(reason="gone" | "conversation_gone" | "no_such_member"):
            return None  # people delete cards and chats
        case Refused(reason=reason):
            return "refused", reason
        case Park(reason=reason):
            return "forbidden", reason
        case Throttled(held_back=""):
            return "throttled", "HTTP 429"
        case TryAgain() | Unknown():
            return "unavailable", outcome.reason
    return None
