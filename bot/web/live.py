"""The board's stream: tells open pages that what they show has changed, and when their reader is signed out.

It carries a version and no content: the page fetches itself again. What this process changed is told at once;
what another replica changed is found by a look every some seconds. It must not know what a page shows.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web

from bot.errors import StoreUnavailable
from bot.store.api import CaseRecord, Store
from bot.web.events import opened
from bot.web.hub import ANY, HEARTBEAT, Hub, Listener

_AT_MOST_EVERY: Final = 1.0  # seconds; all turns of the bot pass by here

_log = structlog.get_logger(__name__)


class Live:
    """GET `/helpdesk/stream`."""

    def __init__(
        self,
        *,
        store: Store,
        hub: Hub,
        still_in: Callable[[web.Request], Awaitable[bool]],
        heartbeat: float = HEARTBEAT,
    ) -> None:
        """Put the parts together.

        Args:
            store: Asked for versions.
            hub: Tells what this process changes.
            still_in: Whether who opened the stream may still see the board.
            heartbeat: Seconds between two signs of life of a quiet stream.
        """
        self._store = store
        self._hub = hub
        self._still_in = still_in
        self._heartbeat = heartbeat

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Send the version of the list, or of one `case`, now and whenever it is another."""
        number = request.query.get("case", "")
        record: CaseRecord | None = None
        try:
            if number:
                record = await self._store.case(number)
                if record is None:
                    return web.Response(status=404, text="There is no such case.\n")
            with self._hub.listen(record.conversation if record else ANY) as listener:
                response = await opened(request, retry=2000)
                try:
                    await self._tell(request, response, listener, record)
                except ConnectionResetError as error:
                    _log.debug("stream_ended", reason=type(error).__name__)
                return response
        except StoreUnavailable:
            return web.Response(
                status=503, text="The store is not available.\n", headers={"Retry-After": "2"}
            )

    async def _tell(
        self,
        request: web.Request,
        response: web.StreamResponse,
        listener: Listener,
        record: CaseRecord | None,
    ) -> None:
        told = ""
        while not listener.closed:
            try:
                if not await self._still_in(request):
                    await response.write(b"event: out\ndata: out\n\n")
                    return
                version = await self.version(record)
            except StoreUnavailable:
                return  # the page comes back by itself
            if version != told:
                told = version
                await response.write(f"event: version\ndata: {version}\n\n".encode())
            else:
                await response.write(b": beat\n\n")
            await asyncio.sleep(min(_AT_MOST_EVERY, self._heartbeat))
            await listener.changed(within=self._heartbeat)

    async def version(self, record: CaseRecord | None) -> str:
        """Another one after every change of the list, or of a case and its conversation.

        Raises:
            StoreUnavailable: Nobody can tell now.
        """
        if record is None:
            return await self._store.cases_version()
        now = await self._store.case(record.number) or record
        stored = await self._store.conversation(record.conversation)
        return f"{now.changed_at}-{len(now.log)}-{stored[0].turn if stored else 0}"
