"""A played ticket system: a real HTTP server on loopback that takes webhooks and keeps tickets.

It checks signatures by the specification, in its own words and not in ours, and notes every request in an
append-only journal before it answers. It can be told to answer differently, once or from now on.

    async with PlayedTickets() as tickets:
        ...                                         # a bot with tickets.url and tickets.secret
        tickets.posts.next(503)                     # the next case meets a system in trouble
        tickets.posts.next_with(tickets.take_and_drop)
        assert [each.key for each in tickets.tickets] == ["HR-7K3F"]
        assert tickets.journal[-1].outcome == "created"
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec
from aiohttp import web

from bot.errors import Forged
from bot.tickets.api import Change, Changes, File, Finding, Update
from tests.support.cloud import Answer, Endpoint, drop
from tests.support.processes import free_port

SECRET = "whsec_" + base64.b64encode(b"a secret of the played tickets").decode()
_TOLERANCE = 300.0  # seconds between the two clocks
_NOTED = web.RequestKey("noted", bool)


class Silent:
    """The part of a ticket system in memory that nobody asks for: it takes updates and has no news."""

    name = "silent"
    polled = False

    async def update(self, reference: str, update: Update) -> None:
        """Taken."""

    async def attach(self, reference: str, file: File) -> None:
        """Taken."""

    async def changes(self, since: str) -> Changes:
        """None."""
        return Changes(cursor=since)

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
        """None."""
        assert headers is not None, body
        raise Forged("nobody is believed")

    async def check(self) -> Sequence[Finding]:
        """Nothing is wrong."""
        return ()


class Taken(msgspec.Struct, frozen=True):
    """A ticket that was made. `id` is the webhook's, `body` the whole message."""

    id: str
    key: str
    reference: str
    body: Any


class Entry(msgspec.Struct, frozen=True):
    """A request, and what became of it.

    `outcome` is created, repeat, found, none, bad signature, malformed, not supported, and how it ended when
    there was no answer ("created, dropped"); or the status that somebody had told it to answer.
    """

    at: float
    method: str
    key: str
    outcome: str


class _Done(msgspec.Struct, frozen=True):
    status: int
    outcome: str
    reference: str = ""


class PlayedTickets:
    """The ticket system. It listens while its context is open.

    Attributes:
        url: What takes the cases.
        secret: What they are signed with.
        dedupes: Whether it knows a repeat by its webhook-id. Without that every POST makes a ticket.
        looks_up: Whether it can look tickets up; else a GET is answered 405.
        lag: How many lookups do not see a new ticket yet.
        tickets: What was made, oldest first.
        updates: What was written to them since, oldest first.
        files: What was put to them, oldest first.
        journal: Every request, oldest first.
        posts: How cases are answered.
        lookups: How questions for a ticket are answered.
    """

    def __init__(
        self, *, dedupes: bool = True, looks_up: bool = True, lag: int = 0, journal_file: Path | None = None
    ) -> None:
        self.url = ""
        self.secret = SECRET
        self.dedupes = dedupes
        self.looks_up = looks_up
        self.lag = lag
        self.tickets: list[Taken] = []
        self.updates: list[Taken] = []
        self.files: list[Taken] = []
        self.journal: list[Entry] = []
        self.posts = Endpoint(self.usual)
        self.lookups = Endpoint(self.usual)
        self._journal_file = journal_file
        self._unseen: Counter[str] = Counter()  # lookups that do not see this reference yet
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()

    async def up(self) -> None:
        """Listen; after `down` at the same address as before."""
        app = web.Application()
        app.router.add_post("/cases", self._handle(self.posts))
        app.router.add_get("/cases/{key:[^/]+(/[^/]+)?}", self._handle(self.lookups))
        self._closing.clear()
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        port = int(self.url.split(":")[2].split("/")[0]) if self.url else free_port()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/cases"

    async def down(self) -> None:
        """Listen no more; what was made is kept."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def made(self, key: str) -> list[Taken]:
        """The tickets of one case; all is well when it is one."""
        return [each for each in self.tickets if each.key == key]

    # ---- how it may answer instead: for `next_with` and `always_with` of `posts` and `lookups`

    async def drop(self, request: web.Request) -> web.StreamResponse:
        """Hang up, having done nothing."""
        await self._note(request, "dropped")
        return await drop(request)

    async def hang(self, request: web.Request) -> web.StreamResponse:
        """Do nothing, and do not answer before it goes down."""
        await self._note(request, "hangs")
        await self._closing.wait()
        return web.Response(status=503)

    async def take_and_drop(self, request: web.Request) -> web.StreamResponse:
        """Do what is asked, and hang up before the answer."""
        done = await self._do(request)
        await self._note(request, f"{done.outcome}, dropped")
        return await drop(request)

    async def take_and_hang(self, request: web.Request) -> web.StreamResponse:
        """Do what is asked, and do not answer before it goes down."""
        done = await self._do(request)
        await self._note(request, f"{done.outcome}, hangs")
        await self._closing.wait()
        return web.Response(status=503)

    # ---- how it usually answers

    def _handle(self, endpoint: Endpoint) -> Answer:
        async def handle(request: web.Request) -> web.StreamResponse:
            response = await endpoint.handle(request)
            if _NOTED not in request:
                await self._note(request, str(response.status))
            return response

        return handle

    async def usual(self, request: web.Request) -> web.StreamResponse:
        """Do what is asked, and answer."""
        done = await self._do(request)
        await self._note(request, done.outcome)
        body = {"reference": done.reference} if done.reference else {"error": done.outcome}
        return web.json_response(body, status=done.status)

    async def _do(self, request: web.Request) -> _Done:
        if not await self._is_signed(request):
            return _Done(401, "bad signature")
        return await self._take(request) if request.method == "POST" else self._look_up(request)

    async def _take(self, request: web.Request) -> _Done:
        message_id, key = request.headers["webhook-id"], await _key(request)
        sent_right = (
            request.headers.get("Idempotency-Key") == message_id
            and message_id in {f"case_{key}", f"update_{key}", f"file_{key}"}
            and request.content_type == "application/json"
        )
        if not key or not sent_right:
            return _Done(400, "malformed")
        if message_id.startswith("update_"):
            return await self._take_more(request, message_id, key, self.updates)
        if message_id.startswith("file_"):
            return await self._take_more(request, message_id, key, self.files)
        for each in self.tickets:
            if self.dedupes and each.id == message_id:
                return _Done(200, "repeat", each.reference)
        reference = f"INC{len(self.tickets) + 1:07}"
        self.tickets.append(Taken(message_id, key, reference, json.loads(await request.read())))
        self._unseen[reference] = self.lag
        return _Done(201, "created", reference)

    async def _take_more(self, request: web.Request, message_id: str, key: str, taken: list[Taken]) -> _Done:
        number = key.partition("/")[0]
        if not self.made(number):
            return _Done(400, "malformed")
        if self.dedupes and any(each.id == message_id for each in taken):
            return _Done(200, "repeat", number)
        taken.append(Taken(message_id, key, number, json.loads(await request.read())))
        return _Done(201, "created", number)

    def _look_up(self, request: web.Request) -> _Done:
        key = request.match_info["key"]
        if not request.headers["webhook-id"].startswith(f"find_{key}_"):
            return _Done(400, "malformed")
        if not self.looks_up:
            return _Done(405, "not supported")
        if any(each.key == key for each in (*self.updates, *self.files)):
            return _Done(200, "found", key)
        for each in self.made(key):
            self._unseen[each.reference] -= 1
            if self._unseen[each.reference] < 0:
                return _Done(200, "found", each.reference)
        return _Done(404, "none")

    async def _is_signed(self, request: web.Request) -> bool:
        """What the specification asks of a receiver, under "Verifying signatures"."""
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        message_id, at, signatures = (request.headers.get(name, "") for name in names)
        if not message_id or not at.isdigit() or abs(time.time() - int(at)) > _TOLERANCE:
            return False
        key = base64.b64decode(self.secret.split("_", 1)[1])
        content = b".".join([message_id.encode(), at.encode(), await request.read()])
        expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest(each, f"v1,{expected}") for each in signatures.split(" "))

    async def _note(self, request: web.Request, outcome: str) -> None:
        request[_NOTED] = True
        entry = Entry(time.time(), request.method, await _key(request), outcome)
        self.journal.append(entry)
        if self._journal_file is not None:
            with self._journal_file.open("ab") as file:
                file.write(msgspec.json.encode(entry) + b"\n")


async def _key(request: web.Request) -> str:
    """Whose case a request is about, "" when it does not say so."""
    if request.method == "GET":
        return request.match_info["key"]
    try:
        data = json.loads(await request.read())["data"]
        return str(data.get("update") or data["key"])
    except (ValueError, KeyError, TypeError):
        return ""
