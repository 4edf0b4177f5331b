"""Whether the bot can work: its store, its guides, and the channel's signing keys.

Must not know: who asks, and how it is told.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from bot.errors import StoreUnavailable
from bot.redact import redact
from bot.store.api import Store
from dialogs.library import Library

OK: Final = "ok"
_PATIENCE: Final = 3.0  # seconds for the store; probes of Kubernetes wait about as long


class Readiness:
    """What must be there for a message to be taken."""

    def __init__(
        self, store: Store, library: Callable[[], Library], keys_ready: Callable[[], bool] = lambda: True
    ) -> None:
        """Look at these when asked.

        Args:
            store: Where conversations are kept.
            library: The content as it is now.
            keys_ready: Whether the channel's signing keys are there.
        """
        self._store = store
        self._library = library
        self._keys_ready = keys_ready

    async def look(self) -> dict[str, str]:
        """For each part "ok", or the reason why it is not."""
        return {
            "store": await self._store_state(),
            "content": self._content_state(),
            "keys": self._keys_state(),
        }

    async def _store_state(self) -> str:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._store.check()
        except StoreUnavailable as error:
            return redact(str(error)).text or "not available"  # a database address may hold a password
        except TimeoutError:
            return f"no answer within {_PATIENCE:.0f} seconds"
        return OK

    def _content_state(self) -> str:
        return OK if self._library().guides else "no guide is loaded"

    def _keys_state(self) -> str:
        """Without the channel's signing keys nothing of Teams can be let in."""
        return OK if self._keys_ready() else "the signing keys could not be fetched; run `handrail doctor`"


def missing(parts: dict[str, str]) -> dict[str, str]:
    """The parts that are not as they should be, of what `Readiness.look` found."""
    return {name: each for name, each in parts.items() if each != OK}
