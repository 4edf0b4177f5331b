"""Files of the helpdesk on their way to a person in a chat: offered, put where they want them, shown.

Where a person wants a file is a secret (`FileRecord.target`): it is read here, used, and forgotten in the
turn that follows. Must not know: what a file means to a case (`dialogs.files`), nor who may take it
(`bot.teams.consent`).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal, Protocol

import msgspec
import structlog

from bot.address import Address
from bot.cards import file as cards
from bot.cards.speech import Speaker
from bot.errors import DeliveryRefused, FileLost
from bot.files import saved_name
from bot.outbox.ending import Done, Follow
from bot.store.api import Message, Store
from bot.store.files import FileRecord
from bot.teams.channel import Gone, TeamsChannel
from bot.turn import Turns
from bot.written import offer_key
from dialogs.conversation import FileRef
from dialogs.effects import CloseOffer, GiveFile, OfferFile
from dialogs.events import FileGiven, Loss
from dialogs.library import Library
from dialogs.text import Text

_log = structlog.get_logger(__name__)

# The quick tries are some four minutes; somebody has pressed a button and waits.
_TRIES: Final = 9


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a person wants a file, and how their client shows it there. `link` is a secret."""

    link: str
    url: str
    unique_id: str
    file_type: str
    name: str

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        return "Target()"


class Puts(Protocol):
    """Puts what is in a file somewhere: `bot.teams.file_uploads.FileUploads`."""

    async def put(self, link: str, content: bytes, *, again: bool = False) -> None:
        """Put `content` behind `link`; `again`: it may be there already.

        Raises:
            FileLost: It cannot be put there.
            DeliveryFailed: Not now; another try is worth it.
        """
        ...


class GivenFiles:
    """Performs the outbox messages that bring a file to a person."""

    def __init__(
        self,
        *,
        store: Store,
        turns: Turns,
        library: Callable[[], Library],
        channel: TeamsChannel | None,
        uploads: Puts | None,
    ) -> None:
        """Put the parts together.

        Args:
            store: Where files are kept.
            turns: The straight line, for what comes of a message.
            library: The content as it is now.
            channel: The way out to Teams; None in a process that does not speak to it.
            uploads: Puts files; None in such a process.
        """
        self._store = store
        self._turns = turns
        self._library = library
        self._channel = channel
        self._uploads = uploads

    def performers(self) -> Mapping[str, Callable[[Message], Awaitable[Done]]]:
        """Who performs which kind of message; they raise the exceptions of `bot.errors`."""
        return {"file-offer": self._offer, "file-give": self._give, "file-close": self._close}

    def buried(self, message: Message) -> Follow | None:
        """A file is given up: the person and the helpdesk have to hear of it."""
        if message.kind == "file-offer":
            offer = msgspec.json.decode(message.body, type=OfferFile)
            return self._ended(message, offer.number, offer.file, "failed", end="/given-up")
        if message.kind == "file-give":
            effect = msgspec.json.decode(message.body, type=GiveFile)
            return self._ended(message, effect.number, effect.file, "failed", end="/given-up")
        return None

    async def _offer(self, message: Message) -> Done:
        """Ask whether they take it."""
        effect = msgspec.json.decode(message.body, type=OfferFile)
        file = await self._kept(effect.file.id)
        address, speaker = await self._reader(message)
        said = Text("bot/file-offer", {"by": effect.by, "number": effect.number})
        card = cards.consent(
            name=saved_name(file.name, file.media_type),
            description=speaker.line(said),
            size=file.size,
            file_id=file.id,
        )
        summary = speaker.line(Text("bot/file-offered", {"by": effect.by, "name": file.name}))
        return Done(receipt=await self._teams().send_attachment(address, card, summary))

    async def _give(self, message: Message) -> Done:
        """Put it there, then put the card that opens it in the place of the question."""
        effect = msgspec.json.decode(message.body, type=GiveFile)
        if message.tries > _TRIES:
            raise DeliveryRefused(f"the file could not be put there in {_TRIES} tries")
        file = await self._kept(effect.file.id)
        if not file.target or self._uploads is None:
            raise DeliveryRefused("where the file was wanted is not known any more")
        target = msgspec.json.decode(file.target, type=Target)
        content = await self._store.file_content(file.id)
        try:
            await self._uploads.put(target.link, content, again=message.attempt > 1)
        except FileLost as error:
            _log.info("file_not_given", key=message.key, why=error.why)
            lost = self._ended(message, effect.number, effect.file, error.why)
            return Done(receipt=error.why, follow=lost)
        try:
            await self._show(message, file, target)
        except DeliveryRefused as error:  # it is in their OneDrive all the same
            _log.warning("file_card_refused", key=message.key, why=str(error))
        return Done(receipt="given", follow=self._ended(message, effect.number, effect.file, ""))

    async def _show(self, message: Message, file: FileRecord, target: Target) -> None:
        address, speaker = await self._reader(message)
        card = cards.info(
            name=target.name, url=target.url, unique_id=target.unique_id, file_type=target.file_type
        )
        summary = speaker.line(Text("bot/file-given", {"name": file.name}))
        offered = await self._store.message(offer_key(file.id))
        if offered is not None and offered.receipt:
            try:
                await self._teams().update_attachment(address, offered.receipt, card, summary)
            except Gone:
                _log.info("file_offer_gone", key=message.key)
            else:
                return
        await self._teams().send_attachment(address, card, summary)

    async def _close(self, message: Message) -> Done:
        """Say in the place of the question how it ended."""
        effect = msgspec.json.decode(message.body, type=CloseOffer)
        offered = await self._store.message(offer_key(effect.file))
        if offered is None or not offered.receipt:
            return Done()
        address, speaker = await self._reader(message)
        try:
            await self._teams().update_text(address, offered.receipt, speaker.say(effect.say))
        except Gone:
            _log.info("file_offer_gone", key=message.key)
        return Done()

    def _ended(
        self, message: Message, number: str, file: FileRef, lost: Loss | Literal[""], *, end: str = ""
    ) -> Follow:
        event = FileGiven(at=self._turns.now(), number=number, file=file, lost=lost)
        return self._turns.follow(message, event, end=end)

    async def _kept(self, file_id: str) -> FileRecord:
        file = await self._store.file(file_id)
        if file is None or not file.size:
            raise DeliveryRefused("the file is not kept any more")
        return file

    async def _reader(self, message: Message) -> tuple[Address, Speaker]:
        found = await self._store.audience(message.conversation)
        if found is None:
            raise DeliveryRefused("the conversation is not kept any more")
        return found.address, Speaker(self._library(), found.language, found.address.zone)

    def _teams(self) -> TeamsChannel:
        if self._channel is None:
            raise DeliveryRefused("this process does not speak to Teams")
        return self._channel
