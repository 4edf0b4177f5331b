"""The chat page's stream: Server-Sent Events that bring every open page of a person to the same state.

Three kinds of event: `hello` (whose words, and from which line on), `line` (one line of the transcript) and
`state` (which screen is live; everything up to here is complete). The id of an event names the line and the
language it was said in, so that a page that comes back gets exactly what it lacks, and everything anew when
the language has changed meanwhile. It must not know how lines are drawn.
"""

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web

from bot.cards.speech import Speaker
from bot.errors import NumberTaken, StoreUnavailable
from bot.metrics import Metrics
from bot.store.api import Store
from bot.web import visitor
from bot.web.chat import Takes, page_words
from bot.web.door import refused
from bot.web.events import opened
from bot.web.hub import HEARTBEAT, Hub, Listener
from bot.web.transcript import spoken
from dialogs.conversation import Conversation
from dialogs.events import Opened
from dialogs.library import Library

_PAGE: Final = 200  # lines read at once
_LAST_ID: Final = re.compile(r"(\d{1,15})-([A-Za-z0-9-]{1,35})")

_log = structlog.get_logger(__name__)


class Stream:
    """GET `/chat/stream`."""

    def __init__(
        self,
        *,
        turns: Takes,
        store: Store,
        library: Callable[[], Library],
        hub: Hub,
        metrics: Metrics,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self._turns = turns
        self._store = store
        self._library = library
        self._hub = hub
        self._metrics = metrics
        self._heartbeat = heartbeat

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Send what the page lacks, then what happens, until the page or this process goes."""
        known = visitor.visitor(request)
        if known is None:
            return refused(403, "no-visitor", f"The cookie {visitor.COOKIE} is missing. Reload the page.")
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return refused(403, "foreign", "This is only for the chat page.")
        key = visitor.conversation_key(known)
        zone = visitor.known_zone(request.query.get("zone", ""))
        with self._hub.listen(key) as listener, self._metrics.streams.track_inprogress():
            try:
                conversation = await self._begun(request, key, zone)
            except (StoreUnavailable, NumberTaken):
                return refused(503, "store", "The store is not available.", {"Retry-After": "2"})
            response = await opened(request, retry=1000)
            last = _last_id(request)
            page = _Page(response, store=self._store, library=self._library, key=key, zone=zone, last=last)
            try:
                await self._keep_up(page, listener, conversation)
            except (ConnectionResetError, StoreUnavailable) as error:
                # The page comes back by itself, with the id of the last line it has.
                _log.debug("stream_ended", reason=type(error).__name__)
        return response

    async def _begun(self, request: web.Request, key: str, zone: str) -> Conversation:
        """The stored conversation; on the first visit it is opened."""
        stored = await self._store.conversation(key)
        if stored is None:
            event = Opened(at=self._turns.now())
            await self._turns.take(key, "web-opened", event, visitor.address(request, zone))
            stored = await self._store.conversation(key)
        return stored[0] if stored is not None else Conversation()

    async def _keep_up(self, page: "_Page", listener: Listener, conversation: Conversation) -> None:
        while not listener.closed:
            await page.tell(conversation)
            conversation = await self._stored(page.key, conversation)
            if conversation.turn != page.turn:
                continue  # it moved while the lines were read: no state before both belong together
            await page.settle(conversation)
            if not await listener.changed(within=self._heartbeat):
                await page.beat()
            conversation = await self._stored(page.key, conversation)

    async def _stored(self, key: str, otherwise: Conversation) -> Conversation:
        stored = await self._store.conversation(key)
        return stored[0] if stored is not None else otherwise


class _Page:
    """One open page: what it has been told so far."""

    def __init__(
        self,
        response: web.StreamResponse,
        *,
        store: Store,
        library: Callable[[], Library],
        key: str,
        zone: str,
        last: tuple[int, str],
    ) -> None:
        self.key = key
        self._response = response
        self._store = store
        self._library = library
        self._zone = zone
        self._seq, self._language = last
        self._greeted = False
        self._live: str | None = None
        self._news = False
        self.turn = -1

    async def tell(self, conversation: Conversation) -> None:
        """Send every line that the page lacks, in the language of `conversation`."""
        self.turn = conversation.turn
        library = self._library()
        speaker = Speaker(library, conversation.language, self._zone)
        if conversation.language != self._language:
            self._seq, self._language, self._greeted = 0, conversation.language, False
        if not self._greeted:
            if self._seq and not await self._store.lines(self.key, after=self._seq - 1, limit=1):
                self._seq = 0  # the page remembers more than there is: the store was begun anew
            await self._hello(library, speaker)
        while lines := await self._store.lines(self.key, after=self._seq, limit=_PAGE):
            for line in lines:
                await self._send("line", spoken(line, speaker), f"{line.seq}-{speaker.language}")
            self._seq, self._news = lines[-1].seq, True

    async def settle(self, conversation: Conversation) -> None:
        """Say which screen is live, now that the page has all of `conversation`."""
        if self._news or self._live != conversation.prompt:
            self._news, self._live = False, conversation.prompt
            await self._send("state", {"live": conversation.prompt})

    async def beat(self) -> None:
        """Show that the line still stands."""
        await self._response.write(b": beat\n\n")

    async def _hello(self, library: Library, speaker: Speaker) -> None:
        self._greeted, self._live = True, None
        await self._send(
            "hello",
            {
                "after": self._seq,
                "language": speaker.language,
                "direction": "rtl" if speaker.right_to_left else "ltr",
                "words": page_words(library, speaker.language),
            },
        )

    async def _send(self, kind: str, data: dict[str, Any], event_id: str = "") -> None:
        named = f"id: {event_id}\n" if event_id else ""
        body = msgspec.json.encode(data).decode()  # JSON on one line: no line end can break the frame
        await self._response.write(f"{named}event: {kind}\ndata: {body}\n\n".encode())


def _last_id(request: web.Request) -> tuple[int, str]:
    """The last line the page has, and the language it has it in; (0, "") for a page that has none."""
    named = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    found = _LAST_ID.fullmatch(named)
    return (int(found[1]), found[2]) if found else (0, "")
