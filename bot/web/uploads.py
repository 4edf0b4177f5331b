"""Files that the person in front of the chat page sends: kept first, then told to the turn, once.

It must not know how they are read, nor what becomes of a file.
"""

from typing import Final
from uuid import UUID

import msgspec
import structlog
from aiohttp import web

from bot.errors import NumberTaken, StoreUnavailable
from bot.files import MOST, ROOM, file_id, media_type
from bot.metrics import Metrics
from bot.store.api import Store
from bot.store.files import NewFile
from bot.web import visitor
from bot.web.chat import Takes
from bot.web.door import admitted, refused
from bot.web.pace import Pace
from bot.web.parts import Parts, Wrong, read_parts
from dialogs.events import Attached, SentFile

_LONGEST_WORD: Final = 64  # bytes of a field that is no file
_AGAIN: Final = {"Retry-After": "2"}

_log = structlog.get_logger(__name__)


class _Sent(msgspec.Struct):
    """What one message holds."""

    id: str
    zone: str
    files: list[tuple[str, bytes]]


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
        key = admitted(request, "multipart/form-data", self._pace)
        if isinstance(key, web.Response):
            return key
        try:
            sent = await _read(request)
            return await self._keep(request, key, sent)
        except Wrong as wrong:
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
            raise Wrong(413, "room", f"There is room for {MOST} files and {ROOM // 1024 // 1024} MB.")
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
        Wrong: It cannot be read, or is too much.
    """
    parts = Parts()
    await read_parts(request, {"id": _LONGEST_WORD, "zone": _LONGEST_WORD}, parts)
    try:
        event_id = str(UUID(parts.fields.get("id", "")))
    except ValueError:
        raise Wrong(400, "malformed", "This cannot be read as files with an id.") from None
    files = [each for each in parts.files if each[1]]
    if not files:
        raise Wrong(400, "empty", "There is nothing in it.")
    return _Sent(event_id, parts.fields.get("zone", ""), files)
