"""Room in the outbox that a commit gets before it knows what it will send.

A message that is leased in the very commit that makes it due needs no claim, which would be one more wait for
the disk; and its person sees it sooner. Must not know: how a message is performed, the store.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from bot.store.api import Message, Spare


class Places:
    """Room for what one commit makes due.

    Attributes:
        spare: For the store.
    """

    def __init__(
        self, spare: Spare, begin: Callable[[Iterable[Message]], None], wake: Callable[[], None]
    ) -> None:
        """Take what is needed.

        Args:
            spare: The room.
            begin: Performs leased messages.
            wake: Looks into the outbox for what is due.
        """
        self.spare = spare
        self._begin = begin
        self._wake = wake

    def begin(self, leased: Iterable[Message], *, more: bool) -> None:
        """Perform what the commit leased. `more`: it made something due that it did not lease."""
        self._begin(leased)
        if more:
            self._wake()


@contextmanager
def nowhere(*_kinds: str) -> Iterator[Places]:
    """No room: somebody else takes out what the commit makes due."""
    yield Places(Spare(kinds=frozenset(), until=0.0), lambda _: None, lambda: None)
