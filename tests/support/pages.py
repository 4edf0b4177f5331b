"""The pages over a real store and the real guides, served on loopback, for tests that visit them."""

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import aiohttp
from aiohttp import web

from bot.config import Settings
from bot.errors import StoreUnavailable
from bot.store.api import Store
from bot.store.open import open_store
from bot.turn import Turns
from bot.web import visitor
from bot.web.hub import Hub
from bot.web.routes import add_routes
from dialogs.events import ProbeFinished
from dialogs.language.load import load
from dialogs.library import Library
from tests.support.processes import free_port

CONTENT = Path(__file__).parents[2] / "content"
PASTED = "I get AADSTS1000002 after login, correlation id 3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90"


@functools.cache
def content() -> Library:
    """The guides that come with the bot."""
    return load(CONTENT)[0]


class Fragile:
    """A store that can be told to be away; everything else it hands on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.away = False

    def __getattr__(self, name: str) -> Any:
        """The method of the store, or a failure while it is away."""

        async def failing(*_: Any, **__: Any) -> None:
            raise StoreUnavailable("the disk is gone: sqlite://user:hunter2@nowhere")

        return failing if self.away else getattr(self._store, name)


class Pages:
    """The web server with its pages. It can be stopped and started again on the same port and database."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._database = f"sqlite:///{folder / 'handrail.db'}"
        self.settings = Settings.read({"HANDRAIL_DATABASE_URL": self._database, **environ})
        self.library = content()
        self._port = free_port()  # the same after a stop
        self._runner: web.AppRunner | None = None
        self.store: Any = None
        self.hub = Hub()
        self.turns: Turns
        self.checks = asyncio.Event()  # automatic checks come back while this is set
        self.checks.set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where the pages are, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Open the database and serve."""
        self.store = Fragile(await open_store(self._database))
        self.hub = Hub()
        self.turns = Turns(library=lambda: self.library, store=self.store, changed=self._changed)
        app = web.Application()
        add_routes(
            app,
            turns=self.turns,
            store=self.store,
            library=lambda: self.library,
            settings=self.settings,
            hub=self.hub,
            heartbeat=0.3,
        )
        self._runner = web.AppRunner(app, shutdown_timeout=60, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()

    async def stop(self) -> None:
        """Stop serving and let go of the database."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
            await asyncio.gather(*self._tasks)
            self.store.away = False
            await self.store.close()

    def _changed(self, conversation: str) -> None:
        self.hub.changed(conversation)
        task = asyncio.create_task(self._answer_probe(conversation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_probe(self, conversation: str) -> None:
        """Let an automatic check come back without a result, as it does where none is set up."""
        with contextlib.suppress(StoreUnavailable):
            await self.checks.wait()
            stored = await self.store.conversation(conversation)
            if stored is not None and stored[0].waiting:
                request = stored[0].waiting
                event = ProbeFinished(at=self.turns.now(), request=request, outcome="unknown")
                await self.turns.take(conversation, f"probe-{request}", event)


@contextlib.asynccontextmanager
async def serving(folder: Path, **environ: str) -> AsyncIterator[Pages]:
    """Pages that are served until the block ends."""
    pages = Pages(folder, environ)
    await pages.start()
    try:
        yield pages
    finally:
        await pages.stop()


class Visitor:
    """A browser without eyes: keeps cookies, follows the stream, posts what a person does."""

    def __init__(self, pages: Pages, *, headers: dict[str, str] | None = None) -> None:
        self.pages = pages
        self.http = aiohttp.ClientSession(
            pages.url,
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            headers={"Accept-Language": "en", **(headers or {})},
        )

    @property
    def key(self) -> str:
        """The key of this visitor's conversation."""
        cookie = next(each for each in self.http.cookie_jar if each.key == visitor.COOKIE)
        return visitor.conversation_key(cookie.value)

    async def __aenter__(self) -> Self:
        """Visit the page, so that there is a cookie."""
        async with self.http.get("/") as answer:
            assert answer.status == 200
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the browser."""
        await self.http.close()

    async def post(self, body: Any, *, raw: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Send an event as the page does. Headers can be replaced; one that is "" is left out."""
        sent = {
            "Content-Type": "application/json",
            "X-Handrail": "page",
            "Origin": self.pages.url,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        sent = {name: value for name, value in sent.items() if value}
        data = raw if raw is not None else json.dumps(body).encode()
        async with self.http.post("/chat/events", data=data, headers=sent) as answer:
            return answer.status, await answer.json(content_type=None)

    async def say(self, text: str, event_id: str = "") -> tuple[int, Any]:
        """Type something."""
        return await self.post({"id": event_id or str(uuid4()), "kind": "said", "text": text})

    async def choose(self, prompt: str, *options: str) -> tuple[int, Any]:
        """Press a button, or send a list."""
        return await self.post(
            {"id": str(uuid4()), "kind": "chose", "prompt": prompt, "options": list(options)}
        )

    async def command(self, name: str, value: str = "") -> tuple[int, Any]:
        """Press one of the small buttons."""
        return await self.post({"id": str(uuid4()), "kind": "commanded", "command": name, "value": value})

    @contextlib.asynccontextmanager
    async def stream(self, last: str = "") -> AsyncIterator["Heard"]:
        """Follow the stream from behind line `last`."""
        headers = {"Last-Event-ID": last} if last else {}
        async with self.http.get("/chat/stream", params={"zone": "Europe/Berlin"}, headers=headers) as answer:
            assert answer.status == 200, answer.status
            assert answer.content_type == "text/event-stream"
            yield Heard(answer)

    async def look(self) -> "Heard":
        """Everything there is at the moment."""
        async with self.stream() as heard:
            await heard.state()
            return heard


class Heard:
    """What came over one stream so far."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.hellos: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.live = ""
        self.last = ""
        self.beats = 0

    @property
    def screen(self) -> dict[str, Any]:
        """The live screen."""
        return next(
            each["screen"] for each in self.lines if each["screen"] and each["screen"]["id"] == self.live
        )

    @property
    def said(self) -> list[str]:
        """All lines in words, oldest first."""
        return [
            " ".join([*each["screen"]["notes"], each["screen"]["say"]]) if each["screen"] else each["say"]
            for each in self.lines
        ]

    async def state(self) -> str:
        """Wait until everything up to a state has come; the id of the live screen."""
        async with asyncio.timeout(60):
            while await self._block() != "state":
                pass
        return self.live

    async def beat(self) -> None:
        """Wait for a sign of life."""
        async with asyncio.timeout(60):
            before = self.beats
            while self.beats == before:
                await self._block()

    async def end(self) -> None:
        """Wait until the server hangs up."""
        async with asyncio.timeout(60):
            while await self._block():
                pass

    async def _block(self) -> str:
        """One event; its kind, "beat", or "" at the end."""
        kind, data = "", ""
        while raw := await self._answer.content.readline():
            line = raw.decode().rstrip("\n")
            if not line and kind:
                break
            name, _, value = line.partition(": ")
            if name == "":
                self.beats += 1
                return "beat"
            if name == "id":
                self.last = value
            elif name == "event":
                kind = value
            elif name == "data":
                data = value
            elif name == "retry":
                return "retry"
        if not raw:
            return ""
        body = json.loads(data)
        if kind == "hello":
            self.hellos.append(body)
            if body["after"] == 0:
                self.lines = []
        elif kind == "line":
            self.lines.append(body)
        else:
            self.live = body["live"]
        return kind
