"""What goes to the helpdesk: the card in its channel, a line in its thread for each change, the ticket.

The card always shows the case as it is when it is sent, so the last one of a lane shows the truth. Must not
know: who may act on a case, what a change means (`dialogs.helpdesk`), any one ticket system.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import msgspec
import structlog

from bot import crash
from bot.address import Address
from bot.cards import escape, line
from bot.cards import handoff as handoff_card
from bot.cards.ended_by import endings
from bot.cards.plain import case_text
from bot.cards.speech import Speaker
from bot.desk_names import MAIN, base, kind_for
from bot.errors import DeliveryFailed, DeliveryMoved, DeliveryParked, DeliveryRefused
from bot.outbox.ending import Done, Follow
from bot.queues import Queues
from bot.store.api import CaseRecord, Message, Store
from bot.store.history import solved_before
from bot.teams.channel import Gone, TeamsChannel
from bot.teams.desk import Copy
from bot.teams.duty import ChannelLine
from bot.teams.mentions import Mention
from bot.ticket_desks import Desks
from bot.tickets.api import Ticket, Update
from bot.turn import Turns
from bot.written import second_key
from dialogs.effects import ChangeCase, OpenCase
from dialogs.events import TicketFiled, TicketRefused
from dialogs.library import Library

_log = structlog.get_logger(__name__)

Performer: TypeAlias = Callable[[Message], Awaitable[Done]]

# What the person said, and what was said to them; all else is for the helpdesk only.
_PUBLIC: Final = frozenset({"asked", "answered", "added", "files", "resolved", "back", "withdrawn"})
# What whoever is on call hears of while nobody has the case.
_CALLING: Final = frozenset({"reminded", "urgent"})
_NOBODYS: Final = frozenset({"open", "reopened"})
_ANYWHERE: Final = "https://smba.trafficmanager.net/teams/"  # Teams' own address for any region


class Helpdesk(msgspec.Struct, frozen=True, kw_only=True):
    """Where hand-overs are announced, and how its people read. No channel: only the board shows them."""

    queues: Queues = Queues("")
    service_url: str = ""
    language: str = "en"
    zone: str = ""
    board_url: str = ""
    picker: bool = True  # whether its clients can search the people of the team


class _Named(msgspec.Struct):
    """The one part of a change that its card needs; older versions wrote less into a change."""

    number: str


async def announcement(
    record: CaseRecord, library: Library, helpdesk: Helpdesk, store: Store, now: int
) -> tuple[dict[str, Any], str]:
    """A case as the helpdesk's card, and its line in the notification."""
    speaker = Speaker(library, helpdesk.language, helpdesk.zone)
    on_board = f"{helpdesk.board_url}/cases/{record.number}" if helpdesk.board_url else ""
    card = handoff_card.card(
        record,
        speaker,
        execute=True,
        picker=helpdesk.picker,
        board_url=on_board,
        endings=endings(record, library, speaker),
        solved=await solved_before(store, record, now),
    )
    return card, handoff_card.summary(record, speaker)


class Handoff:
    """Performs the outbox messages that are for the helpdesk."""

    def __init__(
        self,
        *,
        store: Store,
        turns: Turns,
        library: Callable[[], Library],
        channel: TeamsChannel | None,
        tickets: Desks,
        helpdesk: Helpdesk,
    ) -> None:
        """Put the parts together.

        Args:
            store: Where cases and messages are.
            turns: The straight line, for what comes of a message.
            library: The content as it is now.
            channel: The way out to Teams; None in a process that does not speak to it.
            tickets: The ticket desks, where cases are filed.
            helpdesk: Where cases are announced.
        """
        self._store = store
        self._turns = turns
        self._library = library
        self._channel = channel
        self._tickets = tickets
        self._helpdesk = helpdesk

    def performers(self) -> Mapping[str, Performer]:
        """Who performs which kind of message; they raise the exceptions of `bot.errors`."""
        return {
            "ticket": self._ticket,
            "ticket-update": self._update_ticket,
            "handoff": self._announce,
            "handoff-line": self._line,
            "handoff-update": self._update,
            "handoff-copy": self._mend_copy,
            "handoff-call": self._call,
            "channel-line": self._answer,
        }

    def buried(self, message: Message) -> Follow | None:
        """A ticket is given up: the conversation has to hear of it; of anything else it need not."""
        if base(message.kind) != "ticket":
            return None
        number = msgspec.json.decode(message.body, type=OpenCase).file.number
        event = TicketRefused(at=self._turns.now(), number=number, reason=message.error)
        return self._turns.follow(message, event, end="/given-up")

    # ---- the ticket

    async def _ticket(self, message: Message) -> Done:
        number = msgspec.json.decode(message.body, type=OpenCase).file.number
        record = await self._record(number)
        meant = self._tickets.meant(record.file)
        desk = self._tickets.holding(record)
        system = self._tickets.system(message, desk)
        reference = await system.find(number)
        if reference is None and desk != meant:  # it was asked in vain, and cases like this go elsewhere now
            await self._store.ask_desk(number, meant)
            raise DeliveryMoved(kind_for(message.kind, meant))
        if record.desk != desk and (reference is None or desk != MAIN):
            await self._store.ask_desk(number, desk)
        if reference is None:
            crash.at("ticket.missing")
            speaker = self._speaker()
            body = case_text(record, speaker)
            title = f"{number} · {speaker.say(record.file.title)}"
            reference = await system.create(Ticket(key=number, title=title, body=body, record=record))
            crash.at("ticket.created")
        event = TicketFiled(at=self._turns.now(), number=number, reference=reference)
        return Done(receipt=reference, follow=self._turns.follow(message, event))

    async def _update_ticket(self, message: Message) -> Done:
        """What happened to the case, on its ticket; one that is not there yet tells it when it is filed."""
        change = msgspec.json.decode(message.body, type=ChangeCase)
        record = await self._record(change.number)
        system = self._tickets.system(message, self._tickets.holding(record))
        reference = record.reference or await system.find(change.number)
        if reference is None:
            return Done(receipt="no ticket")
        update = Update(
            key=message.key.removeprefix("ticket-update/"),
            number=change.number,
            public=change.what in _PUBLIC,
            author=change.by or record.person.name,
            body=line.text(change, record, self._speaker()),
            at=round(message.created_at),
            status=change.status,
            severity=change.severity,
        )
        await system.update(reference, update)
        crash.at("ticket.updated")
        return Done(receipt=reference)

    # ---- the channel

    async def _announce(self, message: Message) -> Done:
        if self._channel is None:
            return Done()
        record = await self._record(message.lane.removeprefix("handoff/"))
        queues = self._helpdesk.queues
        second = message.key == second_key(record.number)
        channel = queues.second if second else queues.channel(record.file)
        if not channel:
            return Done()
        card, summary = await self._announcement(record)
        url = await self._service_url(record)
        return Done(receipt=await self._channel.post_card(url, channel, card, summary))

    async def _line(self, message: Message) -> Done:
        """One line below the newest card: what happened, and who did it."""
        change = msgspec.json.decode(message.body, type=ChangeCase)
        record = await self._record(change.number)
        threads = await self._threads(record)
        if not threads or self._channel is None:
            return Done()
        where, _ = threads[-1]
        words = escape.lifeless(line.text(change, record, self._speaker()))
        # A channel shows no file, the board does.
        if (change.what == "sent" or change.names) and self._helpdesk.board_url:
            words = f"{words} {self._helpdesk.board_url}/cases/{record.number}"
        called = await self._on_call(record, where) if change.what in _CALLING else None
        await self._below(where, words, called)
        return Done()

    async def _call(self, message: Message) -> Done:
        """Below a new card: whoever is on call is asked to take the case, if nobody has by now."""
        record = await self._record(msgspec.json.decode(message.body, type=_Named).number)
        threads = await self._threads(record)
        called = await self._on_call(record, threads[-1][0]) if threads else None
        if called is not None:
            urgent = record.severity == "urgent"
            words = self._speaker().key("card/call/urgent" if urgent else "card/call/moved")
            await self._below(threads[-1][0], words, called)
        return Done()

    async def _on_call(self, record: CaseRecord, thread: Address) -> Mention | None:
        """Who is on call for the channel of a thread; None when nobody is, or nobody is needed."""
        if record.status not in _NOBODYS:
            return None
        found = await self._store.on_call(thread.conversation_id.partition(";")[0])
        return Mention(user_id=found.user_id, name=escape.title(found.name) or "?") if found else None

    async def _below(self, thread: Address, words: str, called: Mention | None = None) -> None:
        """A line in a thread of the channel; nothing when the thread was deleted."""
        if self._channel is None:
            return
        try:
            with _channel_trouble():
                if called is None:
                    await self._channel.send_line(thread, words)
                else:
                    await self._channel.call(thread, called, escape.title(words))
        except Gone:
            _log.info("handoff_thread_gone", thread=thread.conversation_id)

    async def _answer(self, message: Message) -> Done:
        """What the bot says to somebody who spoke to it in the channel."""
        said = msgspec.json.decode(message.body, type=ChannelLine)
        where = Address(surface="teams", service_url=said.service_url, conversation_id=said.thread)
        lines = self._speaker().say(said.text).splitlines()
        await self._below(where, "\n".join(escape.lifeless(each) for each in lines))
        return Done()

    async def _update(self, message: Message) -> Done:
        record = await self._record(msgspec.json.decode(message.body, type=_Named).number)
        await self._bring_up_to_date(record, await self._threads(record))
        return Done()

    async def _mend_copy(self, message: Message) -> Done:
        """A second card of a case, which somebody has pressed; see `bot.teams.desk`."""
        copy = msgspec.json.decode(message.body, type=Copy)
        where = Address(surface="teams", service_url=copy.service_url, conversation_id=copy.thread)
        await self._bring_up_to_date(await self._record(copy.number), [(where, copy.activity)])
        return Done()

    async def _bring_up_to_date(self, record: CaseRecord, cards: list[tuple[Address, str]]) -> None:
        if not cards or self._channel is None:
            return
        card, summary = await self._announcement(record)
        for where, activity_id in cards:
            try:
                with _channel_trouble():
                    await self._channel.update_card(where, activity_id, card, summary)
            except Gone:
                _log.info("handoff_card_gone", number=record.number)

    async def _threads(self, record: CaseRecord) -> list[tuple[Address, str]]:
        """Where the threads of a case are, and the id of the card in each; oldest first."""
        found = []
        for key in (f"handoff/{record.number}", second_key(record.number)):
            announced = await self._store.message(key)
            if announced is not None and announced.receipt:
                conversation_id, _, activity_id = announced.receipt.partition("|")
                url = await self._service_url(record)
                where = Address(surface="teams", service_url=url, conversation_id=conversation_id)
                found.append((where, activity_id))
        return found

    async def _service_url(self, record: CaseRecord) -> str:
        """The setting, else where the person writes from: the helpdesk's team is in the same tenant."""
        if self._helpdesk.service_url:
            return self._helpdesk.service_url
        kept = await self._store.conversation(record.conversation)
        address = kept[1] if kept else None
        if address is not None and address.surface == "teams":
            return address.service_url
        return _ANYWHERE

    # ---- what all of them need

    async def _announcement(self, record: CaseRecord) -> tuple[dict[str, Any], str]:
        return await announcement(record, self._library(), self._helpdesk, self._store, self._turns.now())

    def _speaker(self) -> Speaker:
        return Speaker(self._library(), self._helpdesk.language, self._helpdesk.zone)

    async def _record(self, number: str) -> CaseRecord:
        record = await self._store.case(number)
        if record is None:
            raise DeliveryRefused(f"case {number} is not kept any more")
        return record


@contextmanager
def _channel_trouble() -> Iterator[None]:
    """Parked, a message would wait for the person, who has nothing to do with the helpdesk's channel."""
    try:
        yield
    except DeliveryParked as error:
        raise DeliveryFailed(f"the helpdesk's channel cannot be written now: {error}") from error
