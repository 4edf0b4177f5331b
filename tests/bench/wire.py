"""As little HTTP/1.1 as the benchmark's own side needs, so that it costs next to nothing beside the bots.

Both ends are ours to choose: requests and answers with a length, or in chunks, one at a time on a connection.
It is no server and no client for anything else. Must not know: what is sent.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final, cast

import msgspec

_END: Final = b"\r\n\r\n"


class Head(msgspec.Struct):
    """The first line and the headers of a request or an answer; `names` are in lower case."""

    line: bytes
    raw: bytes

    def value(self, name: bytes) -> bytes:
        """One header, b"" when it is not there. `name` in lower case."""
        lowered = self.raw.lower()
        at = lowered.find(b"\r\n" + name + b":")
        if at < 0:
            return b""
        begin = at + 3 + len(name)
        end = self.raw.find(b"\r\n", begin)
        return self.raw[begin : end if end >= 0 else None].strip()


class _Reader:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[Head, bytes]]:
        """All that is complete now."""
        self._buffer += data
        found = []
        while (one := self._next()) is not None:
            found.append(one)
        return found

    def _next(self) -> tuple[Head, bytes] | None:
        end = self._buffer.find(_END)
        if end < 0:
            return None
        raw = bytes(self._buffer[:end])
        head = Head(raw.partition(b"\r\n")[0], raw)
        if head.value(b"transfer-encoding").lower() == b"chunked":
            return self._chunked(head, end + 4)
        total = end + 4 + int(head.value(b"content-length") or 0)
        if len(self._buffer) < total:
            return None
        body = bytes(self._buffer[end + 4 : total])
        del self._buffer[:total]
        return head, body

    def _chunked(self, head: Head, at: int) -> tuple[Head, bytes] | None:
        body = b""
        while True:
            line = self._buffer.find(b"\r\n", at)
            if line < 0:
                return None
            size = int(bytes(self._buffer[at:line]).partition(b";")[0], 16)
            if len(self._buffer) < line + 2 + size + 2:
                return None
            body += self._buffer[line + 2 : line + 2 + size]
            at = line + 2 + size + 2
            if size == 0:
                del self._buffer[:at]
                return head, body


class Served(asyncio.Protocol):
    """One connection to our side. `answer` gets the head and the body, and gives the bytes of the answer.

    With None nothing is answered: the other side waits.
    """

    def __init__(self, answer: Callable[[Head, bytes], bytes | None]) -> None:
        self._answer = answer
        self._reader = _Reader()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        assert self._transport is not None
        for head, body in self._reader.feed(data):
            said = self._answer(head, body)
            if said is not None:
                self._transport.write(said)


class Asking(asyncio.Protocol):
    """One connection to a bot, kept for as long as the bot keeps it."""

    def __init__(self) -> None:
        self._reader = _Reader()
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None

    @classmethod
    async def connected(cls, port: int, tls: ssl.SSLContext | None = None) -> "Asking":
        """Connect to a port of this machine."""
        _, asking = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port, ssl=tls)
        return asking

    @property
    def closed(self) -> bool:
        """Whether the other side has hung up."""
        return self._transport is None or self._transport.is_closing()

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a whole request; the status and the body of the answer.

        Raises:
            ConnectionError: The other side hung up.
        """
        if self._transport is None or self.closed:
            raise ConnectionResetError("hung up")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def connection_lost(self, _error: Exception | None) -> None:
        """See asyncio."""
        self._transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError("hung up"))

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        for head, body in self._reader.feed(data):
            if self._waiting is not None and not self._waiting.done():
                self._waiting.set_result((int(head.line.split(b" ", 2)[1]), body))


def answer(status: int, body: bytes) -> bytes:
    """An answer in JSON."""
    return (
        b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
    ) + body
