"""Where the files of people lie: a played OneDrive, and the pictures that Teams keeps; behind a bad network.

No two files have the same name or content. Some answers are slow, some break off in the middle, and some
links have run out. Must not know: who sends a file, what becomes of it.
"""

import asyncio
import contextlib
import hashlib
import itertools
import random
from typing import Any, Final

from aiohttp import web

from tests.support.cloud import Endpoint, PlayedCloud

_SLOW: Final = 0.15  # of the answers
_LONGEST_WAIT: Final = 0.6  # seconds; less than a bot leaves a delivery
_BREAKS_OFF: Final = 0.15  # of the answers
_PICTURES: Final = 0.4  # of the files
_LARGE: Final = 0.1  # of the files come in several pieces
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class Drive:
    """Has the files, and serves them as well as it can."""

    def __init__(self, cloud: PlayedCloud, url: str, seed: int) -> None:
        """Serve in `cloud`, which is reached at `url`; what goes wrong is drawn from `seed`."""
        self._cloud = cloud
        self._url = url
        self._seed = seed
        self._chance = random.Random(seed)
        self._numbers = itertools.count(1)
        self._gone: set[str] = set()
        cloud.onedrive.always_with(self._file)
        cloud.pictures.always_with(self._picture)

    def new(self, gone: float) -> tuple[str, dict[str, Any]]:
        """A file: its name, and the attachment that sends it; of so many (0 to 1) the link has run out."""
        picture = self._chance.random() < _PICTURES
        name = f"n{next(self._numbers)}.{'png' if picture else 'log'}"
        if self._chance.random() < gone:
            self._gone.add(name)
        if picture:
            link = f"{self._url}/teams/v3/attachments/{name}/views/original"
            return name, {"contentType": "image/png", "contentUrl": link, "name": name}
        attachment = self._cloud.in_onedrive(name)
        link = attachment["content"]["downloadUrl"]
        attachment["content"]["downloadUrl"] = link.replace(self._cloud.url, self._url, 1)
        return name, attachment

    def content(self, name: str) -> bytes:
        """What is in a file."""
        drawn = random.Random(f"{self._seed} {name}")
        size = drawn.randint(100_000, 300_000) if drawn.random() < _LARGE else drawn.randint(1, 3000)
        return (_PNG if name.endswith(".png") else b"") + name.encode() + drawn.randbytes(size)

    def digest(self, name: str) -> str:
        """By which its content is known again."""
        return digest(self.content(name))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(self._cloud.onedrive, request, request.match_info["rest"])

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        if "Authorization" not in request.headers:
            return web.Response(status=403)
        return await self._serve(self._cloud.pictures, request, request.match_info["rest"].partition("/")[0])

    async def _serve(self, endpoint: Endpoint, request: web.Request, name: str) -> web.StreamResponse:
        endpoint.received.clear()
        if name in self._gone:
            return web.Response(status=410)
        if self._chance.random() < _SLOW:
            await asyncio.sleep(self._chance.uniform(0, _LONGEST_WAIT))
        content = self.content(name)
        if self._chance.random() >= _BREAKS_OFF:
            return web.Response(body=content, content_type="application/octet-stream")
        response = web.StreamResponse()
        response.content_length = len(content)
        with contextlib.suppress(ConnectionError):  # who asked is gone
            await response.prepare(request)
            await response.write(content[: len(content) // 2])
        if request.transport is not None:
            request.transport.abort()
        return response


def digest(content: bytes) -> str:
    """By which content is known again."""
    return hashlib.sha256(content).hexdigest()
