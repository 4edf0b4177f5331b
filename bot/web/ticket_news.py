"""POST `/api/tickets/news`, and `/api/tickets/news/<desk>`: what ticket systems tell of their own accord.

Nobody is let in by an address: the system itself says whether a message is proven to be its own. What is let
in is answered 204 once it is kept, and else 503, so that it is sent again.

Must not know: any one ticket system, what is made of news.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import structlog
from aiohttp import web

from bot.desk_names import MAIN
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
    """The door for news: one address for each ticket desk, each with its own proof."""

    def __init__(self, news: Mapping[str, HearsNews]) -> None:
        """Take whoever hears the news of a desk, by its name."""
        self._news = news

    def add_to(self, app: web.Application) -> None:
        """Put its addresses into `app`."""
        app.router.add_post("/api/tickets/news", self._of_main)
        app.router.add_post("/api/tickets/news/{desk}", self._of_another)

    async def _of_main(self, request: web.Request) -> web.Response:
        return await self._post(request, MAIN)

    async def _of_another(self, request: web.Request) -> web.Response:
        desk = request.match_info["desk"]
        if desk == MAIN or desk not in self._news:
            return web.Response(status=404)
        return await self._post(request, desk)

    async def _post(self, request: web.Request, desk: str) -> web.Response:
        """204 taken, 401 not proven, 413 too long, 415 packed, 503 again, please."""
        news = self._news[desk]
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return web.Response(status=415)
        body = await _at_most(request, _LARGEST)
        if body is None:
            return web.Response(status=413)
        try:
            changes = news.heard(request.headers, body)
        except Forged as error:
            _log.warning("ticket_news_refused", desk=desk, why=str(error))
            return web.Response(status=401)
        try:
            for change in changes:
                await news.tell(change)
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
