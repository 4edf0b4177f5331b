"""Files that the person in front of the chat page sends: kept first, then told to the turn, once.

What is in them comes in pieces and is counted while it comes; nothing is believed but the bytes. It must not
know what becomes of a file.
"""

import math
from typing import Final
from uuid import UUID

import structlog
from aiohttp import BodyPartReader, web

from bot.errors import NumberTaken, StoreUnavailable
from bot.files import LARGEST, MOST, ROOM, clean_name, file_id, media_type
from bot.metrics import Metrics
from bot.store.api import Store
from bot.store.files import NewFile
from bot.web import visitor
from bot.web.chat import HEADER, Takes, refused
from bot.web.guard import same_origin
from bot.web.pace import Pace
from dialogs.events import Attached, SentFile

_AT_ONCE: Final = 10  # files of one message
_CHUNK: Final = 64 * 1024
_LONGEST_WORD: Final = 64  # bytes of a field that is no file
_AGAIN: Final = {"Retry-After": "2"}

_log = structlog.get_logger(__name__)


class _Wrong(Exception):  # noqa: N818 - an answer
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class _Sent:
    """What one message holds."""

    def __init__(self) -> None:
        self.id = ""
        self.zone = ""
        self.files: list[tuple[str, bytes]] = []


class Uploads:
    """Takes files of the chat page."""

    def __init__(self, *, turns: Takes, store: Store, metrics: Metrics, pace: Pace | None = None) -> None:
        """Put the parts together.

        Args:
            turns: Takes the events.
            store: Where files are kept.
            metrics: Times the turns.
            pace: How fast a visitor may send.
        """
        self._turns = turns
        self._store = store
        self._metrics = metrics
        self._pace = pace or Pace(at_once=20, a_second=0.5)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """POST `/chat/files`: `id` (of the event), `zone`, and files, as multipart/form-data."""
        if not same_origin(request) or HEADER not in request.headers:
            return refused(403, "foreign", "This did not come from the chat page. Reload the page.")
        known = visitor.visitor(request)
        if known is None:
            return refused(403, "no-visitor", f"The cookie {visitor.COOKIE} is missing. Reload the page.")
        if request.content_type != "multipart/form-data" or "Content-Encoding" in request.headers:
            return refused(415, "type", "Send multipart/form-data, not compressed.")
        key = visitor.conversation_key(known)
        seconds = self._pace.wait(key)
        if seconds:
            again = {"Retry-After": str(math.ceil(seconds))}
            return refused(429, "pace", "That was very much at once. Try again shortly.", again)
        try:
            sent = await _read(request)
            return await self._keep(request, key, sent)
        except _Wrong as wrong:
            return refused(wrong.status, wrong.code, str(wrong))
        except (StoreUnavailable, NumberTaken) as error:
            _log.warning("turn_not_kept", face="web", reason=type(error).__name__)
            return refused(503, "store", "It could not be kept. Send it again with the same id.", _AGAIN)

    async def _keep(self, request: web.Request, key: str, sent: _Sent) -> web.Response:
        event_id, at = f"web-{sent.id}", self._turns.now()
        files = [
            (SentFile(id=file_id(key, event_id, str(number)), name=name), content)
            for number, (name, content) in enumerate(sent.files)
        ]
        new = {file.id for file, _ in files}
        beside = [each.size for each in await self._store.files(key) if each.id not in new]
        size = sum(beside) + sum(len(content) for _, content in files)
        if len(beside) + len(files) > MOST or size > ROOM:
            raise _Wrong(413, "room", f"There is room for {MOST} files and {ROOM // 1024 // 1024} MB.")
        for file, content in files:
            kept = NewFile(id=file.id, conversation=key, name=file.name, at=at)
            await self._store.add_file(kept, media_type(content), content)
        event = Attached(at=at, files=tuple(file for file, _ in files))
        with self._metrics.turn_seconds.labels("web").time():
            receipt = await self._turns.take(key, event_id, event, visitor.address(request, sent.zone))
        return web.json_response({"taken": True, "repeat": receipt.repeat})


async def _read(request: web.Request) -> _Sent:
    """The fields and the files.

    Raises:
        _Wrong: It cannot be read, or is too much.
    """
    sent = _Sent()
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise _Wrong(400, "malformed", "A part is no file.")
            if part.name in {"id", "zone"}:
                word = (await _at_most(part, _LONGEST_WORD)).decode("ascii", "replace")
                setattr(sent, part.name, word)
            elif part.name == "file":
                if len(sent.files) == _AT_ONCE:
                    raise _Wrong(413, "many", f"At most {_AT_ONCE} files at once.")
                sent.files.append((clean_name(part.filename or ""), await _at_most(part, LARGEST)))
            else:
                raise _Wrong(400, "malformed", "There is a field that is not known.")
        sent.id = str(UUID(sent.id))
    except (ValueError, RuntimeError, AssertionError, LookupError):
        raise _Wrong(400, "malformed", "This cannot be read as files with an id.") from None
    sent.files = [each for each in sent.files if each[1]]
    if not sent.files:
        raise _Wrong(400, "empty", "There is nothing in it.")
    return sent


async def _at_most(part: BodyPartReader, most: int) -> bytes:
    """What is in a part, counted while it comes; nothing is decoded or unpacked."""
    body = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        body += chunk
        if len(body) > most:
            raise _Wrong(413, "size", f"A file has at most {LARGEST // 1024 // 1024} MB.")
    return bytes(body)
