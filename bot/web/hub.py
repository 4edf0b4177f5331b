"""Tells the open pages of this process that a conversation has changed.

It carries no content: whoever is told looks into the store. A page on another replica is not told; its
stream looks by itself from time to time. It must not know pages, turns or stores.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

HEARTBEAT: Final = 15.0  # seconds between two looks of a page's stream, and its signs of life


class Listener:
    """One who waits for changes. A change that comes while nobody waits is kept for the next wait."""

    def __init__(self) -> None:
        self._told = asyncio.Event()
        self.closed = False

    def tell(self) -> None:
        """Note a change."""
        self._told.set()

    async def changed(self, within: float) -> bool:
        """Wait for a change for at most `within` seconds. Returns whether there was one."""
        try:
            async with asyncio.timeout(within):
                await self._told.wait()
        except TimeoutError:
            return False
        self._told.clear()
        return True


class Hub:
    """All listeners, by conversation."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)
        self._closed = False

    @property
    def listening(self) -> int:
        """How many listen."""
        return sum(map(len, self._listeners.values()))

    def changed(self, conversation: str) -> None:
        """Tell everybody who listens to `conversation`; costs nothing when nobody does."""
        for listener in self._listeners.get(conversation, ()):
            listener.tell()

    @contextmanager
    def listen(self, conversation: str) -> Iterator[Listener]:
        """Listen to `conversation` until the block ends."""
        listener = Listener()
        listener.closed = self._closed
        self._listeners[conversation].add(listener)
        try:
            yield listener
        finally:
            self._listeners[conversation].discard(listener)
            if not self._listeners[conversation]:
                del self._listeners[conversation]

    def close(self) -> None:
        """Tell all listeners that this process ends, so that open streams do not hold it up."""
        self._closed = True
        for listeners in list(self._listeners.values()):
            for listener in listeners:
                listener.closed = True
                listener.tell()
