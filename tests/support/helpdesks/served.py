"""A ticket system of others, on loopback: a real HTTP server with everything that can go wrong on the way.

What it does with a request is written in the file of each system: a played one follows its vendor's
documents, a real one is only forwarded to. Both lose answers, hang, refuse and go down in the same way.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import aiohttp
from aiohttp import web

from tests.support.cloud import drop
from tests.support.processes import free_port

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Asked(NamedTuple):
    """A request that arrived, and the status of its answer."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int


class Served(ABC):
    """The server. It listens while its context is open.

    Attributes:
        url: Its address, without a slash at the end.
        asked: Every request that was answered or whose answer was lost, oldest first.
    """

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.silence: Callable[[bool], None] = lambda _: None  # tells the caller that an answer will not come
        self.stranger = False  # whether it has other credentials than ours
        self._lost: dict[int, str] = {}  # which of the next writes' answers get lost, and how
        self._always: tuple[int, str, Mapping[str, str], bool] | None = None
        self._barred: tuple[bytes, ...] = ()
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None

    # ---- to be written for each system

    @abstractmethod
    async def serve(self, request: web.Request) -> web.StreamResponse:
        """What the system does with a request of somebody whom it knows."""

    def worded(self, status: int, why: str) -> Any:
        """How the system words an error, as JSON."""
        return {"error": why, "status": status}

    def refusal(self) -> int:
        """The status with which it refuses what is in a ticket."""
        return 422

    # ---- the levers

    def loses(self, nth: int = 1, how: str = "drop") -> None:
        """The `nth` write from now on is done; its answer is lost ("drop") or never comes ("hang")."""
        self._lost = {nth: how}
        self.silence(how == "hang")

    def refuses(self, why: str) -> None:
        """Nothing is taken from now on, for what is in it."""
        self._always = (self.refusal(), why, {}, True)

    def answers(
        self, status: int, why: str, headers: Mapping[str, str] | None = None, *, writes: bool = False
    ) -> None:
        """This is the answer from now on; to writes only, if so said."""
        self._always = (status, why, headers or {}, writes)

    def bars(self, *words: str) -> None:
        """A write with one of these in it is refused from now on, as a rule of theirs may have it."""
        self._barred = tuple(each.encode() for each in words)

    def is_well_again(self) -> None:
        """It does as usual."""
        self._always, self._lost = None, {}
        self.silence(False)

    async def up(self) -> None:
        """Listen; after `down` at the same address as before."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._closing.clear()
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        port = int(self.url.rpartition(":")[2]) if self.url else free_port()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def down(self) -> None:
        """Listen no more; what was made is kept."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body, write = await request.read(), request.method not in _READS
        if self._always is not None and (write or not self._always[3]):
            status, why, headers, _ = self._always
            response: web.StreamResponse = web.Response(
                status=status,
                headers={"Content-Type": "application/json", **headers},
                body=json.dumps(self.worded(status, why)).encode(),
            )
        elif write and any(each in body for each in self._barred):
            response = told(self.worded(self.refusal(), "a rule bars a field"), self.refusal())
        else:
            response = await self.serve(request)
        self.asked.append(Asked(request.method, request.raw_path, request.headers, body, response.status))
        if write and self._lost:
            self._lost = {nth - 1: how for nth, how in self._lost.items()}
            match self._lost.pop(0, ""):
                case "drop":
                    return await drop(request)
                case "hang":
                    await self._closing.wait()
        return response


class Forwarding(Served):
    """Stands in front of a real system and changes nothing.

    Once it is down nothing that it has forwarded is still at work there, whoever has hung up meanwhile.
    """

    def __init__(self, target: str) -> None:
        super().__init__()
        self.target = target.rstrip("/")
        self._forwarded: set[asyncio.Task[web.Response]] = set()

    async def down(self) -> None:  # type: ignore[explicit-override]
        """Listen no more, and wait for what was forwarded."""
        await super().down()
        await asyncio.gather(*self._forwarded, return_exceptions=True)

    def forwarded(self, headers: dict[str, str]) -> dict[str, str]:
        """The headers as the real system wants to see them."""
        return headers

    async def serve(self, request: web.Request) -> web.StreamResponse:  # type: ignore[explicit-override]
        """The real system's answer."""
        asked = asyncio.create_task(self._forward(request))
        self._forwarded.add(asked)
        asked.add_done_callback(self._forwarded.discard)
        return await asyncio.shield(asked)

    async def _forward(self, request: web.Request) -> web.Response:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in {"content-length", "transfer-encoding", "connection", "host"}
        }
        headers = self.forwarded(headers)
        if self.stranger:
            headers["Authorization"] = "Basic bm9ib2R5OndobyBrbm93cw=="
        async with (
            aiohttp.ClientSession(auto_decompress=False) as client,
            client.request(
                request.method,
                self.target + request.raw_path,
                headers=headers,
                data=await request.read(),
                allow_redirects=False,
            ) as answer,
        ):
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() not in {"content-length", "transfer-encoding", "connection", "date", "server"}
            }
            return web.Response(status=answer.status, headers=kept, body=await answer.read())


def told(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer in JSON."""
    return web.json_response(value, status=status, headers=headers)
