"""POST `/api/tickets/news`: what a ticket system tells of its own accord.

Nobody is let in by an address: the system itself says whether a message is proven to be its own. What is let
in is answered 204 once it is kept, and else 503, so that it is sent again.

Must not know: any one ticket system, what is made of news.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import structlog
from aiohttp import web

from bot.errors import Forged, StoreUnavailable
from bot.tickets.api import Change

_log = structlog.get_logger(__name__)

_LARGEST: Final = 1024 * 1024  # bytes; GitHub sends an issue of 64 KiB twice, and its repository
_AGAIN: Final = {"Retry-After": "5"}


class HearsNews(Protocol):
    """The part of `bot.ticket_news.TicketNews` that the door needs."""

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]: ...  # noqa: D102
    async def tell(self, change: Change) -> None: ...  # noqa: D102


class TicketNewsDoor:
    """The one door for news."""

    def __init__(self, news: HearsNews) -> None:
        self._news = news

    async def post(self, request: web.Request) -> web.Response:
        """204 taken, 401 not proven, 413 too long, 415 packed, 503 again, please."""
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return web.Response(status=415)
        body = await _at_most(request, _LARGEST)
        if body is None:
            return web.Response(status=413)
        try:
            changes = self._news.heard(request.headers, body)
        except Forged as error:
            _log.warning("ticket_news_refused", why=str(error))
            return web.Response(status=401)
        try:
            for change in changes:
                await self._news.tell(change)
        except StoreUnavailable:
            return web.Response(status=503, headers=_AGAIN)
        return web.Response(status=204)


async def _at_most(request: web.Request, most: int) -> bytes | None:
    """The body; None when it is longer."""
    if (request.content_length or 0) > most:
        return None
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)
