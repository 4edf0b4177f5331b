"""`@once`: what a pure function makes of a part of the content is made once, and remembered by identity.

Parts of the content hold dictionaries, so they have no hash; they are frozen and live as long as their
library. It must not know what is made, nor of what: only content goes
in, never anything of a conversation.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

Part = TypeVar("Part")
Made = TypeVar("Made")

_MOST: Final = 65_536  # parts; a library of a thousand guides has a third of it


class once(Generic[Part, Made]):  # noqa: N801  read as the decorator it is
    """`make`, done once for each part."""

    __slots__ = ("_known", "_make")

    def __init__(self, make: Callable[[Part], Made]) -> None:
        self._make = make
        self._known: dict[int, tuple[Part, Made]] = {}

    def __call__(self, part: Part) -> Made:
        """What is made of `part`."""
        known = self._known.get(id(part))
        if known is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            # the part is kept as well, so its identity is not given to another one meanwhile
            known = self._known[id(part)] = (part, self._make(part))
        return known[1]
