"""What an operator's tools ask: is the process alive, can it work, what are its numbers.

`/healthz` says only that this process answers; a restart would mend nothing else. It must not know what a
turn is.
"""

import asyncio
from typing import Final

import structlog
from aiohttp import web

from bot.errors import StoreUnavailable
from bot.metrics import CONTENT_TYPE, Metrics
from bot.readiness import Readiness, missing
from bot.store.api import Store

_log = structlog.get_logger(__name__)

_PATIENCE: Final = 3.0  # seconds for the store's numbers; whoever collects them asks again soon
_NO_STORE: Final = {"Cache-Control": "no-store"}


class Health:
    """The three pages for machines."""

    def __init__(self, *, store: Store, readiness: Readiness, metrics: Metrics) -> None:
        self._store = store
        self._readiness = readiness
        self._metrics = metrics
        self._was_ready = False  # before it was so once, nothing has gone wrong yet

    async def alive(self, _: web.Request) -> web.Response:
        """GET `/healthz`: 200 while the process answers at all."""
        return web.json_response({"alive": True}, headers=_NO_STORE)

    async def ready(self, _: web.Request) -> web.Response:
        """GET `/readyz`: 200, or 503 with the reason of each part that is not ready."""
        checks = await self._readiness.look()
        trouble = missing(checks)
        self._say(trouble)
        return web.json_response(
            {"ready": not trouble, "checks": checks}, status=503 if trouble else 200, headers=_NO_STORE
        )

    async def metrics(self, _: web.Request) -> web.Response:
        """GET `/metrics`: the numbers, in the Prometheus text format; they come even without a store."""
        try:
            async with asyncio.timeout(_PATIENCE):
                depth = await self._store.depth()
                oldest_due = await self._store.oldest_due()
        except (StoreUnavailable, TimeoutError):
            self._metrics.store_up.set(0)
        else:
            self._metrics.store_up.set(1)
            self._metrics.queue_is(depth, oldest_due=oldest_due)
        return web.Response(
            body=self._metrics.text(), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
        )

    def _say(self, trouble: dict[str, str]) -> None:
        """In the log, once for each change: whoever only sees a red probe finds the reason there."""
        if self._was_ready and trouble:
            _log.warning("not_ready", checks=trouble, what_to_do="mend what is named; run `handrail doctor`")
        elif not self._was_ready and not trouble:
            _log.info("ready")
        self._was_ready = not trouble
