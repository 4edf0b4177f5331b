"""The pages' own script and style files, served under an address that changes with their content.

They are read once, at start, out of the package. One version stands for all of them, so that one script can
import another by its plain name. It must not know who uses them.
"""

import hashlib
from importlib import resources
from typing import Final

from aiohttp import web

from bot.web.guard import protect

_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


class Assets:
    """All files of `bot/web/static`, by name."""

    def __init__(self) -> None:
        folder = resources.files("bot.web").joinpath("static")
        found = sorted((each.name, each.read_bytes()) for each in folder.iterdir() if each.is_file())
        self._files = dict(found)
        content = b"".join(name.encode() + b"\0" + body + b"\0" for name, body in found)
        self.version: str = hashlib.sha256(content).hexdigest()[:12]

    def url(self, name: str) -> str:
        """The address of the file `name`.

        Raises:
            KeyError: There is no such file.
        """
        self._files[name]
        return f"/static/{self.version}/{name}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer `/static/{version}/{name}`; a version that is not the present one is not here."""
        name = request.match_info["name"]
        body = self._files.get(name)
        if body is None or request.match_info["version"] != self.version:
            raise web.HTTPNotFound(text="There is no such file.\n")
        suffix = name[name.rfind(".") :]
        response = web.Response(body=body, content_type=_TYPES[suffix], charset="utf-8")
        response.headers["Cache-Control"] = _FOR_EVER
        response.enable_compression()
        protect(response)
        return response
