"""Trouble that others make: a flood, strangers with unknown keys, a server that never answers, new guides.

Each lasts as long as its block. Must not know: whom it troubles, nor what is measured.
"""

import asyncio
import contextlib
import shutil
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.bench.cloud import APP_ID, ISSUER
from tests.bench.own_bot import ROOT, OwnBot
from tests.bench.people import Talker
from tests.bench.wire import Asking

_AT_ONCE: Final = 200  # messages of one flood
_PAUSE: Final = 0.05  # seconds between two floods, or two calls of the stranger
_STRANGERS: Final = 8


@asynccontextmanager
async def hanging() -> AsyncIterator[int]:
    """A port that takes connections and never answers."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while await reader.read(65_536):
                pass
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def flooding(bot: OwnBot) -> AsyncIterator[None]:
    """One person who sends 200 messages at once, and again when they are answered."""
    person = _Loud(bot.cloud, bot.mail, bot.port, lambda _: None, "en-GB")
    lines = [await Asking.connected(bot.port) for _ in range(_AT_ONCE)]

    async def flood() -> None:
        await asyncio.gather(*(_asked(line, person.message()) for line in lines))

    async with _again_and_again(flood):
        yield
    for line in lines:
        line.close()
    person.close()


@asynccontextmanager
async def ringing(bot: OwnBot) -> AsyncIterator[None]:
    """Strangers whose tokens name keys that nobody knows yet: the bot has to ask for its keys anew."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    person = _Loud(bot.cloud, bot.mail, bot.port, lambda _: None, "en-GB")
    lines = [await Asking.connected(bot.port) for _ in range(_STRANGERS)]
    known, rung = bot.cloud.token().encode(), 0

    def token() -> bytes:
        nonlocal rung
        rung += 1
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": APP_ID, "nbf": now - 5, "exp": now + 3600,
                  "serviceurl": bot.cloud.service_url}  # fmt: skip
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": f"new-{rung}"}).encode()

    async def ring() -> None:
        await asyncio.gather(*(_asked(line, person.message().replace(known, token())) for line in lines))

    async with _again_and_again(ring):
        yield
    for line in lines:
        line.close()
    person.close()


def copied(folder: Path) -> str:
    """The shipped guides, in a folder where they may be changed; its path."""
    return str(shutil.copytree(ROOT / "content", folder))


@asynccontextmanager
async def rewriting(bot: OwnBot) -> AsyncIterator[None]:
    """An author who changes a text again and again, and has the guides read each time."""
    [process] = bot.processes
    texts = process.folder / "content" / "texts" / "en.yaml"
    before, number = texts.read_text("utf-8"), 0

    async def rewrite() -> None:
        nonlocal number
        number += 1
        texts.write_text(f"{before}\n# {number}\n", "utf-8")
        process.signal(signal.SIGHUP)
        while process.said().count("content_reloaded") < number:  # noqa: ASYNC110  it tells nobody but its log
            await asyncio.sleep(_PAUSE)

    async with _again_and_again(rewrite):
        yield


class _Loud(Talker):
    """Somebody whose messages are sent by others."""

    def message(self) -> bytes:
        """One request."""
        return self._request({"type": "message", "text": "hello, is anybody there?", "textFormat": "plain"})


async def _asked(line: Asking, request: bytes) -> None:
    with contextlib.suppress(OSError):
        await line.ask(request)


@asynccontextmanager
async def _again_and_again(do: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    async def forever() -> None:
        while True:
            await do()
            await asyncio.sleep(_PAUSE)

    doing = asyncio.create_task(forever())
    try:
        yield
    finally:
        doing.cancel()
        (ended,) = await asyncio.gather(doing, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended
