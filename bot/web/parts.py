"""A form with files, as multipart/form-data: read in pieces, and counted while it comes.

Nothing is decoded or unpacked, and nothing is believed but the bytes. It must not know who sends it, nor what
becomes of it.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import BodyPartReader, web

from bot.files import LARGEST, ROOM, clean_name

AT_ONCE: Final = 10
"""Files of one form."""
_CHUNK: Final = 64 * 1024


class Wrong(Exception):  # noqa: N818 - an answer
    """It cannot be read, or is too much: an HTTP status, a word for scripts and words for people.

    The word is "malformed", "many" or "size".
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Parts(msgspec.Struct):
    """What was sent: fields by name, and files in order, each with its cleaned name. One may be empty."""

    fields: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []


async def read_parts(
    request: web.Request, fields: Mapping[str, int], into: Parts, *, most: int = AT_ONCE
) -> None:
    """Read the form.

    Args:
        request: What was sent.
        fields: The names of its fields, and how many bytes each may have; files are in "file".
        into: Where it is put; when it is too much, what came before that is there.
        most: How many files there may be.

    Raises:
        Wrong: It cannot be read, or is too much.
    """
    size = 0
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise Wrong(400, "malformed", "A part is no file.")
            if part.name and part.name in fields:
                into.fields[part.name] = (await _at_most(part, fields[part.name])).decode("utf-8", "replace")
                continue
            if part.name != "file":
                raise Wrong(400, "malformed", "There is a field that is not known.")
            if part.filename and len(into.files) == most:
                raise Wrong(413, "many", f"At most {most} files at once.")
            content = await _at_most(part, LARGEST)
            if not part.filename and not content:
                continue  # where no file was chosen browsers send one without a name and with nothing in it
            size += len(content)
            if size > ROOM:
                raise Wrong(413, "many", f"At most {ROOM // 1024 // 1024} MB at once.")
            into.files.append((clean_name(part.filename or ""), content))
    except (ValueError, RuntimeError, AssertionError, LookupError):
        raise Wrong(400, "malformed", "This cannot be read as a form with files.") from None


async def _at_most(part: BodyPartReader, most: int) -> bytes:
    body = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        body += chunk
        if len(body) > most:
            raise Wrong(413, "size", f"A file has at most {LARGEST // 1024 // 1024} MB.")
    return bytes(body)
