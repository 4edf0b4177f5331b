"""A bad network on loopback: lets requests through, delays them, cuts them, or loses their answers.

It knows bytes and no HTTP: a chunk from the client counts as a request, and what comes back as its answer.
What is delayed when its sender dies is lost with it: else it could arrive after what the next process sends,
and no bot can prevent that. Everything is drawn from a seed. What was delivered although the answer was lost
is counted: so many things may have happened twice. Whoever serves can ask which connection a request came
over, and later whether it ended without an answer.
"""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import msgspec


class Weather(msgspec.Struct, frozen=True, kw_only=True):
    """How often what goes wrong, from 0 to 1 each, and the longest delay in seconds."""

    delay: float = 0.0
    reset: float = 0.0
    lose_answer: float = 0.0
    longest_delay: float = 0.05


class FaultProxy:
    """Stands between a client and a server.

    Attributes:
        url: Where the client connects.
        weather: How it is now; may be changed at any time.
        lost: Answers that were lost after their request was delivered.
        reset: Requests that were cut before they were delivered.
        unanswered: The connections whose last request has had no answer, each by its number.
    """

    def __init__(self, target: str, weather: Weather, seed: int) -> None:
        parts = urlsplit(target)
        self.url = ""
        self.weather = weather
        self.lost = 0
        self.reset = 0
        self.unanswered: set[int] = set()
        self._numbers = itertools.count(1)
        self._number_at: dict[int, int] = {}
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._chance = random.Random(seed)
        self._lines: set[asyncio.Task[None]] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def to(cls, target: str, weather: Weather, seed: int = 1) -> AsyncIterator["FaultProxy"]:
        """A proxy to the server at the URL `target`, without a path."""
        proxy = cls(target, weather, seed)
        server = await asyncio.start_server(proxy._accept, "127.0.0.1", 0)
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield proxy
        finally:
            server.close()
            for line in list(proxy._lines):
                line.cancel()
            await asyncio.gather(*proxy._lines, return_exceptions=True)

    def connection(self, port: int) -> int:
        """The number of the connection that the server sees coming from this port of ours."""
        return self._number_at[port]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line is not None
        self._lines.add(line)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            return  # the line is cut, on purpose or not
        finally:
            self._lines.discard(line)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(self._host, self._port)
        number = next(self._numbers)
        self._number_at[server_writer.get_extra_info("sockname")[1]] = number
        losing = asyncio.Event()
        back = asyncio.create_task(self._answers(server_reader, writer, losing, number))
        forth = asyncio.create_task(self._requests(reader, server_writer, losing, number))
        try:
            await asyncio.wait({back, forth}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (back, forth):
                task.cancel()
            await asyncio.gather(back, forth, return_exceptions=True)
            server_writer.close()

    async def _requests(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, losing: asyncio.Event, number: int
    ) -> None:
        while data := await source.read(262_144):
            now, chance = self.weather, self._chance
            if chance.random() < now.delay:
                await asyncio.sleep(chance.uniform(0, now.longest_delay))
            if source.at_eof():
                return
            if chance.random() < now.reset:
                self.reset += 1
                return
            if chance.random() < now.lose_answer:
                losing.set()
            self.unanswered.add(number)
            sink.write(data)
            await sink.drain()

    async def _answers(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, losing: asyncio.Event, number: int
    ) -> None:
        while data := await source.read(262_144):
            if losing.is_set():
                self.lost += 1
                return
            self.unanswered.discard(number)
            sink.write(data)
            await sink.drain()
