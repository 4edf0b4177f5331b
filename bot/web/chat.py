"""The chat page, and the events that come from it.

An event is answered with 200 after its commit and not before; while the store is not available the answer
is 503 and the page tries again with the same id. What the person sees comes over the stream alone
(`bot.web.stream`), so that all their tabs show the same. It must not know what an event does.
"""

from collections.abc import Callable
from typing import Final, Protocol

import aiohttp_jinja2
import structlog
from aiohttp import web

from bot.address import Address
from bot.cards.speech import Speaker
from bot.errors import NumberTaken, StoreUnavailable
from bot.metrics import Metrics
from bot.store.api import Receipt, Store
from bot.web import intake, visitor
from bot.web.assets import Assets
from bot.web.door import admitted, refused
from bot.web.pace import Pace
from dialogs.events import Event
from dialogs.library import Library

_RETRY_AFTER: Final = {"Retry-After": "2"}

_log = structlog.get_logger(__name__)


class Takes(Protocol):
    """What takes events: `bot.turn.Turns`."""

    def now(self) -> int:
        """Seconds since 1970, UTC."""
        ...

    async def take(
        self, conversation: str, event_id: str, event: Event, address: Address | None = None
    ) -> Receipt:
        """Take one event."""
        ...


class Chat:
    """The page at `/` and the events it posts."""

    def __init__(
        self,
        *,
        turns: Takes,
        store: Store,
        library: Callable[[], Library],
        assets: Assets,
        metrics: Metrics,
        language: str,
        pace: Pace | None = None,
    ) -> None:
        self._turns = turns
        self._store = store
        self._library = library
        self._assets = assets
        self._metrics = metrics
        self._language = language
        self._pace = pace or Pace()

    async def page(self, request: web.Request) -> web.StreamResponse:
        """GET `/`: the page, in the language of the conversation, or of the browser before there is one."""
        library = self._library()
        known = visitor.visitor(request)
        language = visitor.page_language(request, library.languages, self._language)
        if known is not None:
            language = await self._language_spoken(known, language)
        speaker = Speaker(library, language)
        response: web.Response = aiohttp_jinja2.render_template(
            "chat.html",
            request,
            {
                "assets": self._assets,
                "say": speaker.key,
                "language": language,
                "direction": "rtl" if speaker.right_to_left else "ltr",
                "languages": [(each, speaker.key(f"language/{each}")) for each in library.languages],
                "words": page_words(library, language),
            },
        )
        response.headers["Cache-Control"] = "no-store"
        visitor.remember(request, response, known or visitor.new_visitor())
        return response

    async def events(self, request: web.Request) -> web.StreamResponse:
        """POST `/chat/events`: one event of the person in front of the page."""
        key = admitted(request, "application/json", self._pace)
        if isinstance(key, web.Response):
            return key
        body = await _body(request)
        if body is None:
            return refused(413, "size", f"That is more than {intake.LARGEST // 1024} KiB.")
        try:
            sent = intake.read(body)
        except intake.NotUnderstood as error:
            return refused(400, "malformed", f"This cannot be read as an event: {error}.")
        return await self._take(request, key, sent)

    async def _take(self, request: web.Request, key: str, sent: intake.Sent) -> web.Response:
        event = intake.as_event(sent, self._turns.now())
        try:
            with self._metrics.turn_seconds.labels("web").time():
                receipt = await self._turns.take(
                    key, f"web-{sent.id}", event, visitor.address(request, sent.zone)
                )
        except (StoreUnavailable, NumberTaken) as error:
            _log.warning("turn_not_kept", face="web", reason=type(error).__name__)
            return refused(
                503, "store", "It could not be kept. Send it again with the same id.", _RETRY_AFTER
            )
        return web.json_response({"taken": True, "repeat": receipt.repeat})

    async def _language_spoken(self, visitor_id: str, otherwise: str) -> str:
        """The language of the visitor's conversation; a store that is away must not take the page away."""
        try:
            stored = await self._store.conversation(visitor.conversation_key(visitor_id))
        except StoreUnavailable:
            return otherwise
        return stored[0].language if stored is not None else otherwise


async def _body(request: web.Request) -> bytes | None:
    """The body, None when it is too large: counted while it comes, whatever its headers say."""
    if (request.content_length or 0) > intake.LARGEST:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > intake.LARGEST:
            return None
    return bytes(body)


def page_words(library: Library, language: str) -> dict[str, str]:
    """The page's own words by their short name, and those it shares with the bot."""
    speaker = Speaker(library, language)
    source = library.texts[library.languages[0]]
    return {
        key.removeprefix("page/"): speaker.key(key)
        for key in source
        if key.startswith(("page/", "language/"))
    }
