"""What the books come to: every list of what breaks the promise, and how much there was of everything."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec

Ask = Callable[[str], Awaitable[Sequence[Sequence[Any]]]]
"""Runs a query on the bots' database, when nothing is running any more."""

_MOST_NAMED: Final = 5


class Verdict(msgspec.Struct, kw_only=True):
    """What breaks the promise, what happened twice as it may, and how much there was of everything."""

    broken: dict[str, list[str]] = msgspec.field(default_factory=dict)
    twice: Counter[str] = msgspec.field(default_factory=Counter)
    counted: Counter[str] = msgspec.field(default_factory=Counter)

    def failures(self) -> dict[str, list[str]]:
        """What is not as it was promised, with examples."""
        return {name: found[:_MOST_NAMED] for name, found in self.broken.items() if found}


def once(said: Iterable[str]) -> list[str]:
    """What came twice in a row is there once."""
    return [each for each, _ in groupby(said)]


def without(wanted: Iterable[str], found: Iterable[str]) -> list[str]:
    """What is wanted and not found."""
    return sorted(set(wanted) - set(found))
