"""How many replicas there are: asked of the store in the background, known to whoever has to share something.

It must not know what is shared.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from bot.errors import StoreUnavailable
from bot.store.api import Store

_log = structlog.get_logger(__name__)

EVERY: Final = 15.0  # seconds; the store forgets who was silent for three times as long


class Replicas:
    """The number, as it was last heard of.

    Attributes:
        number: At least 1.
    """

    def __init__(self, store: Store, *, changed: Callable[[int], None] = lambda _: None) -> None:
        """Begin with this one alone.

        Args:
            store: Asked for the number.
            changed: Told the number when it is another one.
        """
        self.number = 1
        self._store = store
        self._changed = changed
        changed(1)

    async def look(self) -> None:
        """Ask once. While the store fails, the last number stands."""
        try:
            number = max(await self._store.replicas(), 1)
        except StoreUnavailable:
            return  # the store itself says what is wrong
        if number != self.number:
            _log.info("replicas_changed", before=self.number, now=number)
            self.number = number
            self._changed(number)

    async def watch(self) -> None:
        """Ask for ever; ends by cancellation."""
        while True:
            await asyncio.sleep(EVERY)
            await self.look()
