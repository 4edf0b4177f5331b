"""Outbox messages -> whoever performs them; what comes of it goes back as an event, in the same line.

Here keys become words: each message is rendered in its reader's language, as late as possible. Nothing is
decided here, and no exception but those of `bot.errors` leaves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
import structlog

from bot import crash
from bot.address import Address
from bot.cards import handoff as handoff_card
from bot.cards import plain
from bot.cards.plain import case_text
from bot.cards.prepared import Cards
from bot.cards.speech import Speaker
from bot.errors import DeliveryFailed, DeliveryParked, DeliveryRefused
from bot.outbox.ending import Done, Follow
from bot.probes.api import Finding, Probe
from bot.store.api import Audience, CaseRecord, Message, Store
from bot.teams.activities import owner_mark
from bot.teams.channel import Gone, TeamsChannel
from bot.tickets.api import Ticket, TicketSystem
from bot.turn import Turns, show_key
from dialogs.effects import ChangeCase, OpenCase, Retire, Show, StartProbe
from dialogs.events import Event, ProbeFinished, TicketFiled, TicketRefused
from dialogs.library import Library

_log = structlog.get_logger(__name__)

_show: Final = msgspec.json.Decoder(Show)
_retire: Final = msgspec.json.Decoder(Retire)

PROBE_LIMIT = 8.0  # seconds; a person is waiting
_TYPING_AFTER = 1.0  # seconds

# The kinds of messages, and how many of each are performed side by side: no kind waits for another one's
# destination. There is room where a person waits; the helpdesk's one channel takes some messages a second,
# and a slow ticket system is not made faster by a crowd. All stay below the HTTP client's 100 connections.
AT_ONCE: Final[Mapping[str, int]] = {
    "show": 28,
    "retire": 28,
    "probe": 16,
    "handoff": 8,
    "handoff-update": 8,
    "ticket": 8,
}


# Those that Teams' limit for the whole app is shared out to.
TO_TEAMS: Final = frozenset({"show", "retire", "handoff", "handoff-update"})


class Helpdesk(msgspec.Struct, frozen=True, kw_only=True):
    """Where hand-overs are announced, and how its people read. No channel: only the board shows them."""

    channel: str = ""
    service_url: str = ""
    language: str = "en"
    zone: str = ""
    board_url: str = ""


def announcement(record: CaseRecord, library: Library, helpdesk: Helpdesk) -> tuple[dict[str, Any], str]:
    """A case as the helpdesk's card, and its line in the notification."""
    speaker = Speaker(library, helpdesk.language, helpdesk.zone)
    card = handoff_card.card(record, speaker, execute=True, board_url=helpdesk.board_url)
    return card, handoff_card.summary(record, speaker)


class Delivery:
    """Performs one outbox message at a time; `Dispatcher` decides which and when."""

    def __init__(
        self,
        *,
        store: Store,
        turns: Turns,
        library: Callable[[], Library],
        cards: Cards,
        channel: TeamsChannel | None,
        tickets: TicketSystem,
        probes: Mapping[str, Probe],
        helpdesk: Helpdesk,
        probe_limit: float = PROBE_LIMIT,
        typing_after: float = _TYPING_AFTER,
    ) -> None:
        """Put the parts together.

        Args:
            store: Where conversations, cases and messages are.
            turns: The straight line, for what comes of a message.
            library: The content as it is now.
            cards: Screens as cards.
            channel: The way out to Teams; None in a process that does not speak to it.
            tickets: Where cases are filed.
            probes: The automatic checks that are set up, by name.
            helpdesk: Where cases are announced.
            probe_limit: Seconds that a check may take in all.
            typing_after: Seconds after which a waiting person is shown that something happens.
        """
        self._store = store
        self._turns = turns
        self._library = library
        self._cards = cards
        self._channel = channel
        self._tickets = tickets
        self._probes = probes
        self._helpdesk = helpdesk
        self._probe_limit = probe_limit
        self._typing_after = typing_after
        self._performers: dict[str, Callable[[Message], Awaitable[Done]]] = {
            "show": self._show,
            "retire": self._retire,
            "probe": self._probe,
            "ticket": self._ticket,
            "handoff": self._announce,
            "handoff-update": self._update_announcement,
        }

    async def perform(self, message: Message) -> Done:
        """Do what the message asks for.

        Raises:
            DeliveryFailed, DeliveryPostponed, DeliveryRefused, DeliveryParked: see `bot.errors`.
            KeyError: The kind is none of `AT_ONCE`.
        """
        return await self._performers[message.kind](message)

    async def buried(self, message: Message) -> Follow | None:
        """A message is given up: whoever waits for it has to hear of it.

        Its event is another than that of a delivery, which may still come when somebody has it tried again.
        """
        if message.kind == "probe":
            effect = msgspec.json.decode(message.body, type=StartProbe)
            event: Event = ProbeFinished(at=self._turns.now(), request=effect.request, outcome="unknown")
            return self._follow(message, event, end="/given-up")
        if message.kind == "ticket":
            number = msgspec.json.decode(message.body, type=OpenCase).file.number
            event = TicketRefused(at=self._turns.now(), number=number, reason=message.error)
            return self._follow(message, event, end="/given-up")
        return None

    # ---- to the person

    async def _show(self, message: Message) -> Done:
        prompt = _show.decode(message.body).prompt
        reader = await self._reader(message)
        address, language, zone = reader.address, reader.language, reader.address.zone
        channel = self._teams()
        if reader.plain or not address.cards:
            await channel.send_text(address, plain.text(prompt, Speaker(self._library(), language, zone)))
            return Done()  # without a receipt there is no card to be retired
        # In a group everybody sees the card, and anybody can press: it carries its owner's mark.
        owner = "" if address.scope == "personal" else owner_mark(message.conversation)
        card = self._cards.shown(prompt, language, zone, execute=address.execute, owner=owner)
        try:
            sent = await channel.send_card(address, card.content, card.summary)
        except DeliveryRefused as error:
            # Whatever is wrong with the card, nobody is left in front of nothing.
            _log.error("card_refused", key=message.key, why=str(error))
            await channel.send_text(address, plain.text(prompt, Speaker(self._library(), language, zone)))
            return Done()
        return Done(receipt=sent)

    async def _retire(self, message: Message) -> Done:
        effect = _retire.decode(message.body)
        shown = await self._store.message(show_key(message.conversation, effect.prompt))
        reader = await self._reader(message)
        if shown is None or not shown.receipt:
            return Done()
        prompt = _show.decode(shown.body).prompt
        card = self._cards.retired(prompt, effect.picked, reader.language, reader.address.zone)
        try:
            await self._teams().update_card(reader.address, shown.receipt, card.content, card.summary)
        except Gone:
            _log.info("card_gone", key=shown.key)
        return Done()

    # ---- to the helpdesk

    async def _ticket(self, message: Message) -> Done:
        number = msgspec.json.decode(message.body, type=OpenCase).file.number
        record = await self._record(number)
        reference = await self._tickets.find(number)
        if reference is None:
            crash.at("ticket.missing")
            speaker = self._helpdesk_speaker()
            body = case_text(record, speaker)
            title = f"{number} · {speaker.say(record.file.title)}"
            ticket = Ticket(key=number, title=title, body=body, record=record)
            reference = await self._tickets.create(ticket)
            crash.at("ticket.created")
        event = TicketFiled(at=self._turns.now(), number=number, reference=reference)
        return Done(receipt=reference, follow=self._follow(message, event))

    async def _announce(self, message: Message) -> Done:
        number = msgspec.json.decode(message.body, type=OpenCase).file.number
        if not self._helpdesk.channel or self._channel is None:
            return Done()
        return Done(receipt=await self._post(await self._record(number)))

    async def _update_announcement(self, message: Message) -> Done:
        number = msgspec.json.decode(message.body, type=ChangeCase).number
        announced = await self._store.message(f"handoff/{number}")
        if self._channel is None or announced is None or not announced.receipt:
            return Done()
        record = await self._record(number)
        conversation_id, _, activity_id = announced.receipt.partition("|")
        where = Address(
            surface="teams",
            service_url=await self._helpdesk_url(record),
            conversation_id=conversation_id,
        )
        card, summary = announcement(record, self._library(), self._helpdesk)
        try:
            await self._channel.update_card(where, activity_id, card, summary)
        except Gone:
            _log.info("handoff_card_gone", number=number)
        except DeliveryParked as error:
            # Parked, it would wait for the person, who has nothing to do with the helpdesk's channel.
            raise DeliveryFailed(f"the helpdesk's channel cannot be written now: {error}") from error
        return Done()

    async def _post(self, record: CaseRecord) -> str:
        card, summary = announcement(record, self._library(), self._helpdesk)
        url = await self._helpdesk_url(record)
        return await self._teams().post_card(url, self._helpdesk.channel, card, summary)

    def _helpdesk_speaker(self) -> Speaker:
        return Speaker(self._library(), self._helpdesk.language, self._helpdesk.zone)

    async def _helpdesk_url(self, record: CaseRecord) -> str:
        """The setting, else where the person writes from: the helpdesk's team is in the same tenant."""
        if self._helpdesk.service_url:
            return self._helpdesk.service_url
        kept = await self._store.conversation(record.conversation)
        address = kept[1] if kept else None
        if address is not None and address.surface == "teams":
            return address.service_url
        return "https://smba.trafficmanager.net/teams/"

    # ---- automatic checks

    async def _probe(self, message: Message) -> Done:
        effect = msgspec.json.decode(message.body, type=StartProbe)
        address = (await self._reader(message)).address
        probe = self._probes.get(effect.probe)
        finding = Finding(detail="not set up")
        if probe is not None:
            finding = await self._found(probe, effect, address)
        event = ProbeFinished(
            at=self._turns.now(), request=effect.request, outcome=finding.outcome, detail=finding.detail
        )
        return Done(receipt=finding.outcome, follow=self._follow(message, event))

    async def _found(self, probe: Probe, effect: StartProbe, address: Address) -> Finding:
        """The check's finding; whatever happens, there is one in time: a person waits for it."""
        running = asyncio.ensure_future(probe.run(address.person, effect.facts))
        try:
            async with asyncio.timeout(self._probe_limit):
                done, _ = await asyncio.wait({running}, timeout=self._typing_after)
                if not done and self._channel is not None and address.surface == "teams":
                    await self._channel.typing(address)
                return await running
        except TimeoutError:
            return Finding(detail="no answer in time")
        except DeliveryFailed as error:
            return Finding(detail=str(error))
        except Exception as error:  # noqa: BLE001  whatever it is, nobody may wait for it for ever
            _log.exception("probe_broken", probe=effect.probe)
            return Finding(detail=f"broken: {type(error).__name__}")
        finally:
            running.cancel()

    # ---- what all of them need

    def _follow(self, message: Message, event: Event, *, end: str = "") -> Follow:
        return Follow(
            conversation=message.conversation,
            event_id=f"outbox/{message.key}{end}",
            decide=self._turns.decide(message.conversation, event),
        )

    async def _reader(self, message: Message) -> Audience:
        found = await self._store.audience(message.conversation)
        if found is None:
            raise DeliveryRefused("the conversation is not kept any more")
        return found

    async def _record(self, number: str) -> CaseRecord:
        record = await self._store.case(number)
        if record is None:
            raise DeliveryRefused(f"case {number} is not kept any more")
        return record

    def _teams(self) -> TeamsChannel:
        if self._channel is None:
            raise DeliveryRefused("this process does not speak to Teams")
        return self._channel
