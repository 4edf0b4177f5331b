"""What an operator's tools ask: is the process alive, can it work, what are its numbers.

`/healthz` says only that this process answers; a restart would mend nothing else. It must not know what a
turn is.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from aiohttp import web

from bot.errors import StoreUnavailable
from bot.metrics import CONTENT_TYPE, Metrics
from bot.redact import redact
from bot.store.api import Store
from dialogs.library import Library

_log = structlog.get_logger(__name__)

_PATIENCE: Final = 3.0  # seconds for the store; probes of Kubernetes wait about as long
_NO_STORE: Final = {"Cache-Control": "no-store"}


class Health:
    """The three pages for machines."""

    def __init__(
        self,
        *,
        store: Store,
        library: Callable[[], Library],
        metrics: Metrics,
        keys_ready: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._library = library
        self._metrics = metrics
        self._keys_ready = keys_ready
        self._was_ready = False  # before it was so once, nothing has gone wrong yet

    async def alive(self, _: web.Request) -> web.Response:
        """GET `/healthz`: 200 while the process answers at all."""
        return web.json_response({"alive": True}, headers=_NO_STORE)

    async def ready(self, _: web.Request) -> web.Response:
        """GET `/readyz`: 200, or 503 with the reason of each part that is not ready."""
        checks = {
            "store": await self._store_state(),
            "content": self._content_state(),
            "keys": self._keys_state(),
        }
        ready = all(each == "ok" for each in checks.values())
        self._say(checks, ready=ready)
        return web.json_response(
            {"ready": ready, "checks": checks}, status=200 if ready else 503, headers=_NO_STORE
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

    def _say(self, checks: dict[str, str], *, ready: bool) -> None:
        """In the log, once for each change: whoever only sees a red probe finds the reason there."""
        if ready and not self._was_ready:
            _log.info("ready")
        elif self._was_ready and not ready:
            trouble = {name: each for name, each in checks.items() if each != "ok"}
            _log.warning("not_ready", checks=trouble, what_to_do="mend what is named; run `handrail doctor`")
        self._was_ready = ready

    async def _store_state(self) -> str:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._store.check()
        except StoreUnavailable as error:
            return redact(str(error)).text or "not available"  # a database address may hold a password
        except TimeoutError:
            return f"no answer within {_PATIENCE:.0f} seconds"
        return "ok"

    def _content_state(self) -> str:
        return "ok" if self._library().guides else "no guide is loaded"

    def _keys_state(self) -> str:
        """Without the channel's signing keys nothing of Teams can be let in."""
        return "ok" if self._keys_ready() else "the signing keys could not be fetched; run `handrail doctor`"
