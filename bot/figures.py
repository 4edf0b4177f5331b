"""Figures of cases and sessions, as they are told: what each is, and nothing of how it comes about.

Must not know: stores, how figures are shown.
"""

from typing import Final

import msgspec

NOT_SAID: Final = "(not said)"
ELSE: Final = "(something else)"
SENTENCES: Final = 10  # the newest that people wrote about how it went


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all parts."""


class Minutes(_Part, frozen=True, kw_only=True):
    """How long something took, by the clock on the wall; `ninetieth`: nine of ten took no longer."""

    number: int
    median: float | None
    ninetieth: float | None


class Ratings(_Part, frozen=True, kw_only=True):
    """How helpful people found it; `each` is how many gave 1, 2, 3, 4 and 5."""

    number: int
    mean: float | None
    each: tuple[int, ...]


class Sessions(_Part, frozen=True, kw_only=True):
    """How sessions ended; `back`: were solved once, and then came back."""

    ended: int
    solved: int
    stopped: int
    escalated: int
    back: int


class Group(_Part, frozen=True, kw_only=True):
    """All of a guide, of a code, or of everything. `name`: the guide's id, or the code's number."""

    name: str
    opened: int
    open: int
    resolved: int
    withdrawn: int
    reopened: int
    reasons: dict[str, int]
    ended_by: dict[str, int]
    claim: Minutes
    resolve: Minutes
    ratings: Ratings
    sessions: Sessions


class Fix(_Part, frozen=True, kw_only=True):
    """What people said when they had tried a fix, before a case or without one; and what agents said.

    `ended`: cases that it ended, says the helpdesk. `back`: it had helped, and then came back.
    """

    name: str
    helped: int
    same: int
    other: int
    could_not: int
    back: int
    ended: int

    @property
    def tried(self) -> int:
        """How often it was tried."""
        return self.helped + self.same + self.other + self.could_not


class Statistics(_Part, frozen=True, kw_only=True):
    """All figures. Times are seconds since 1970, UTC.

    `never`: fixes that were tried and never ended anything.
    """

    since: int
    until: int
    guide: str
    total: Group
    guides: tuple[Group, ...]
    codes: tuple[Group, ...]
    fixes: tuple[Fix, ...]
    never: tuple[str, ...]


class Sentence(_Part, frozen=True, kw_only=True):
    """What somebody wrote about how it went. `score` 0: they gave none."""

    at: int
    number: str
    score: int
    words: str
