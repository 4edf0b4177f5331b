"""Runs work on pooled connections to PostgreSQL, and stands what servers do: restart, change over, cut off.

Work that was handed in is done even if the caller is cancelled meanwhile. A connection that met an error is
not trusted again; the next work gets a new one, so it recovers by itself.

Must not know: tables, queries, what the work is about.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from itertools import chain, repeat
from typing import Any, Final, TypeVar

import asyncpg
import structlog

from bot.errors import StoreUnavailable
from bot.store.postgres_setup import PATIENCE, arguments
from bot.store.postgres_trouble import ERRORS, passing, reason

_log = structlog.get_logger(__name__)

T = TypeVar("T")
Work = Callable[[asyncpg.Connection], Awaitable[T]]

_CONNECTIONS: Final = 10  # at most; PostgreSQL allows a hundred by default, and replicas add up
_IDLE: Final = 60.0  # seconds; networks silently forget connections that are idle for minutes
_MEND: Final = "mend what 'trouble' names; it recovers by itself, without a restart"
_PAUSES: Final = (0.0, 0.05, 0.2, 0.5)  # seconds before another try; the last one again and again


class Link:
    """A pool of connections and a way to use it."""

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        """Nothing is connected before `open`.

        Args:
            url: Of the database; asyncpg reads it.
            patience: Seconds for one piece of work, all tries together.
        """
        self._url = url
        self._patience = patience
        self._pool: Any = None
        self._running: set[asyncio.Task[Any]] = set()
        self._closing = False
        self._trouble = ""

    async def open(self) -> None:
        """Connect for the first time.

        Raises:
            StoreUnavailable: The server cannot be used now.
        """
        try:
            self._pool = await asyncpg.create_pool(
                **arguments(self._url, self._patience),
                min_size=1,
                max_size=_CONNECTIONS,
                max_inactive_connection_lifetime=_IDLE,
                reset=_leave,
            )
        except ERRORS as error:
            raise StoreUnavailable(reason(error)) from None

    async def do(self, work: Work[T], *, again: bool = False, queue: asyncio.Lock | None = None) -> T:
        """Run `work` on a connection of its own.

        Args:
            work: Gets the connection, outside of a transaction.
            again: Whether work whose fate is unknown may be done again: it notes what it took, or reads.
            queue: Work of one queue is done one piece at a time, in the order it came in.

        Raises:
            StoreUnavailable: It was not kept, or nobody can tell.
            BaseException: Whatever `work` raised.
        """
        if self._closing:
            raise StoreUnavailable("the store is closed")
        task = asyncio.create_task(self._within_patience(work, again, queue))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, also when the caller has gone

    async def _within_patience(self, work: Work[T], again: bool, queue: asyncio.Lock | None) -> T:
        last: BaseException | None = None
        try:
            async with asyncio.timeout(self._patience), queue or nullcontext():
                for tries, pause in enumerate(chain(_PAUSES, repeat(_PAUSES[-1]))):
                    try:
                        return await self._once(work)
                    except ERRORS as error:
                        if not (again and passing(error)):
                            raise
                        last = error
                        if tries:  # a connection that is gone is nothing to report, a new one that fails is
                            self._say(error)
                    await asyncio.sleep(pause)
        except ERRORS as error:
            cause = last if last is not None and isinstance(error, TimeoutError) else error
            self._say(cause)
            raise StoreUnavailable(reason(cause)) from None
        raise AssertionError  # pragma: no cover - the loop returns or raises

    async def _once(self, work: Work[T]) -> T:
        async with self._pool.acquire(timeout=self._patience) as connection:
            try:
                result = await work(connection)
            except (*ERRORS, asyncio.CancelledError):
                connection.terminate()  # at once: who does not answer does not say goodbye either
                raise
        if self._trouble:
            _log.info("the store works again", trouble=self._trouble)
            self._trouble = ""
        return result

    def _say(self, error: BaseException) -> None:
        said = reason(error)
        if said != self._trouble:
            _log.error("the store is in trouble", trouble=said, what_to_do=_MEND)
            self._trouble = said

    async def close(self) -> None:
        """Do what was handed in, then let go of the connections. May be called twice."""
        self._closing = True
        if self._running:
            await asyncio.wait(self._running, timeout=self._patience + 1)
        if self._pool is not None:
            try:
                async with asyncio.timeout(self._patience):
                    await self._pool.close()
            except ERRORS:
                self._pool.terminate()


async def _leave(_connection: asyncpg.Connection) -> None:
    """Between two uses nothing need be reset: no work changes a session. It saves a round trip each time."""
