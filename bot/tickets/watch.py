"""Asks a ticket system for its news, again and again, and goes on where it was after a restart.

The cursor is kept in the store, and moved only when everything before it has been told: news is told twice
rather than lost, and whoever is told knows a repeat. Of several replicas one asks at a time.

Must not know: what is made of news, any one ticket system.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog

from bot.desk_names import MAIN
from bot.errors import DeliveryFailed, DeliveryPostponed, DeliveryRefused, StoreUnavailable
from bot.tickets.api import Change, Changes, TicketSystem

_log = structlog.get_logger(__name__)

EVERY: Final = 30.0  # seconds between two looks
_LONGEST: Final = 600.0  # seconds, when it goes wrong again and again
_LEASE: Final = 300.0  # seconds until another replica asks when one that began says nothing


class Cursors(Protocol):
    """The part of `bot.store.api.Store` that remembers how far news has been read."""

    async def cursor(self, source: str, *, lease: float) -> str | None: ...  # noqa: D102
    async def move_cursor(self, source: str, value: str) -> None: ...  # noqa: D102


async def watch(
    system: TicketSystem, cursors: Cursors, tell: Callable[[Change], Awaitable[None]], *, desk: str = MAIN
) -> None:
    """Look for news until cancelled, if the system has to be asked for them."""
    if system.polled:
        await Watch(system, cursors, tell, desk=desk).run()


class Tells(Protocol):
    """The part of a ticket system that is asked."""

    @property
    def name(self) -> str: ...  # noqa: D102
    async def changes(self, since: str) -> Changes: ...  # noqa: D102


class Watch:
    """Looks for news of one system."""

    def __init__(
        self,
        system: Tells,
        cursors: Cursors,
        tell: Callable[[Change], Awaitable[None]],
        *,
        every: float = EVERY,
        desk: str = MAIN,
    ) -> None:
        """Take what a look needs.

        Args:
            system: Who is asked.
            cursors: Where it is kept how far.
            tell: Told every change, perhaps more than once; when it raises StoreUnavailable it is told again.
            every: Seconds between two looks.
            desk: The name of the system's desk; each has a cursor of its own.
        """
        self._system = system
        self._desk = desk
        self._source = f"tickets/{system.name}" if desk == MAIN else f"tickets/{desk}/{system.name}"
        self._cursors = cursors
        self._tell = tell
        self._every = every
        self._failures = 0

    async def run(self) -> None:
        """Look until cancelled; nothing that goes wrong ends it."""
        while True:
            wait = await self._wait()
            await asyncio.sleep(wait)

    async def look(self) -> int:
        """Look once; how many changes were told.

        Raises:
            DeliveryFailed, DeliveryPostponed, DeliveryRefused: The system does not say.
            StoreUnavailable: Nothing was lost; the next look begins at the same place.
        """
        since = await self._cursors.cursor(self._source, lease=_LEASE)
        if since is None:
            return 0
        cursor = since
        try:
            changes = await self._system.changes(since)
            for change in changes.found:
                await self._tell(change)
            cursor = changes.cursor
        finally:
            await self._cursors.move_cursor(self._source, cursor)
        return len(changes.found)

    async def _wait(self) -> float:
        """Look once, and say how long to wait for the next time."""
        wait, why = 0.0, ""
        try:
            await self.look()
        except DeliveryPostponed as error:
            return max(error.wait, self._every)
        except DeliveryFailed as error:
            wait, why = error.retry_after or 0.0, str(error)
        except (DeliveryRefused, StoreUnavailable) as error:
            why = str(error)
        except Exception as error:  # noqa: BLE001  whatever it is, news goes on
            _log.exception("ticket_news_broken", desk=self._desk, system=self._system.name)
            why = type(error).__name__
        if not why:
            if self._failures:
                _log.info("ticket_news_again", desk=self._desk, system=self._system.name)
            self._failures = 0
            return self._every
        self._failures += 1
        if self._failures == 1:
            what = "run `handrail doctor`; what people do there is told when it answers again"
            said = {"desk": self._desk, "system": self._system.name}
            _log.warning("ticket_news_not_read", **said, why=why, what_to_do=what)
        return max(wait, min(self._every * 2.0 ** min(self._failures - 1, 10), _LONGEST))
