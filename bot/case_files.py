"""Files on their way: fetched and kept, then put to the ticket; each a message of the outbox.

A file is kept before anybody is told that it is there, and looked up over there before it is put there. Must
not know: Teams, any one ticket system, what a file means to a case (`dialogs.files`).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

import msgspec
import structlog

from bot import crash
from bot.cards.speech import Speaker
from bot.errors import DeliveryRefused, FileLost
from bot.files import MOST, ROOM, media_type, saved_name
from bot.outbox.ending import Done, Follow
from bot.store.api import Message, Store
from bot.store.files import FileRecord
from bot.ticket_desks import Desks
from bot.tickets.api import File, Update
from bot.turn import Turns
from dialogs.conversation import FileRef
from dialogs.effects import AttachFile, FetchFiles
from dialogs.events import FilesCame, LostFile

_log = structlog.get_logger(__name__)

# The quick tries are some four minutes; a person waits, and can send it again. Links do not live much longer.
_TRIES: Final = 9


class Fetcher(Protocol):
    """Gets what is in a file from where it is."""

    async def fetch(self, source: str) -> bytes:
        """What is in the file at `source`, at most `bot.files.LARGEST` bytes and at least one.

        Raises:
            FileLost: It is not to be had.
            DeliveryFailed: Not now; another try is worth it.
        """
        ...


class CaseFiles:
    """Performs the outbox messages that are about files."""

    def __init__(
        self,
        *,
        store: Store,
        turns: Turns,
        fetcher: Fetcher | None,
        tickets: Desks,
        speaker: Callable[[], Speaker],
    ) -> None:
        """Put the parts together.

        Args:
            store: Where files are kept.
            turns: The straight line, for what comes of a message.
            fetcher: Gets files; None in a process that gets none.
            tickets: The ticket desks, where cases are filed.
            speaker: Speaks the helpdesk's language.
        """
        self._store = store
        self._turns = turns
        self._fetcher = fetcher
        self._tickets = tickets
        self._speaker = speaker

    def performers(self) -> Mapping[str, Callable[[Message], Awaitable[Done]]]:
        """Who performs which kind of message; they raise the exceptions of `bot.errors`."""
        return {"file": self._fetch, "ticket-file": self._attach}

    async def buried(self, message: Message) -> Follow | None:
        """Files are given up: who sent them has to hear of it, and which have come all the same."""
        if message.kind != "file":
            return None
        effect = msgspec.json.decode(message.body, type=FetchFiles)
        here, lost = [], []
        for file in effect.files:
            known = await self._store.file(file.id)
            if known is not None and known.size:
                here.append(FileRef(id=file.id, name=file.name))
            elif known is not None:
                lost.append(LostFile(id=file.id, name=file.name, why="failed"))
        return self._came(message, effect, here, lost, end="/given-up")

    async def _fetch(self, message: Message) -> Done:
        """Fetch what is not here yet. A second attempt goes on where the first one was broken off."""
        effect = msgspec.json.decode(message.body, type=FetchFiles)
        if message.tries > _TRIES:
            raise DeliveryRefused(f"the file could not be fetched in {_TRIES} tries")
        beside = await self._store.files(message.conversation, effect.number)
        sizes = {each.id: each.size for each in beside}
        here, lost = [], []
        for file in effect.files:
            known = await self._store.file(file.id)
            if known is None:  # forgotten meanwhile, with its session
                continue
            try:
                size = await self._kept(known, sizes)
            except FileLost as error:
                lost.append(LostFile(id=file.id, name=file.name, why=error.why))
                _log.info("file_lost", key=message.key, why=error.why)
            else:
                sizes[file.id] = size
                here.append(FileRef(id=file.id, name=file.name))
        return Done(receipt=f"{len(here)} kept", follow=self._came(message, effect, here, lost))

    async def _kept(self, file: FileRecord, beside: Mapping[str, int]) -> int:
        """Fetch a file and keep it, unless it is here, if there is room beside others; its size in bytes."""
        if file.id in beside:
            return file.size
        if len(beside) >= MOST or sum(beside.values()) + file.size > ROOM:
            raise FileLost("full")
        if file.size:
            return file.size
        if not file.source or self._fetcher is None:
            raise FileLost("failed")
        content = await self._fetcher.fetch(file.source)
        if sum(beside.values()) + len(content) > ROOM:
            raise FileLost("full")
        crash.at("file.fetched")
        await self._store.keep_file(file.id, media_type(content), content)
        return len(content)

    def _came(
        self,
        message: Message,
        effect: FetchFiles,
        here: list[FileRef],
        lost: list[LostFile],
        *,
        end: str = "",
    ) -> Follow:
        event = FilesCame(
            at=self._turns.now(),
            number=effect.number,
            session=effect.session,
            files=tuple(here),
            lost=tuple(lost),
        )
        return self._turns.follow(message, event, end=end)

    async def _attach(self, message: Message) -> Done:
        """Put a file to the ticket; if it will not be taken, the ticket says so and nothing waits for it."""
        effect = msgspec.json.decode(message.body, type=AttachFile)
        record = await self._store.case(effect.number)
        file = await self._store.file(effect.file)
        if record is None or file is None or not file.size:
            raise DeliveryRefused(f"a file of case {effect.number} is not kept any more")
        system = self._tickets.system(message, self._tickets.holding(record))
        reference = record.reference or await system.find(effect.number)
        if reference is None:
            raise DeliveryRefused(f"case {effect.number} has no ticket")
        key = f"{effect.number}/file-{file.id[:12]}"
        content = await self._store.file_content(file.id)
        name = saved_name(file.name, file.media_type)
        try:
            await system.attach(
                reference, File(key=key, name=name, media_type=file.media_type, content=content)
            )
        except DeliveryRefused as error:
            _log.warning(
                "file_refused",
                number=effect.number,
                why=str(error),
                what_to_do="it is on the board; see which files the ticket system takes",
            )
            await system.update(
                reference,
                Update(
                    key=f"{key}-refused",
                    number=effect.number,
                    public=False,
                    author=record.person.name,
                    body=self._speaker().key("card/file-refused", name=self._speaker().line(name)),
                    at=round(message.created_at),
                ),
            )
            return Done(receipt="refused")
        crash.at("file.attached")
        return Done(receipt=reference)
