"""Outbox messages -> whoever performs them; what comes of it goes back as an event, in the same line.

Here keys become words: each message is rendered in its reader's language, as late as possible. Nothing is
decided here, and no exception but those of `bot.errors` leaves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final

import msgspec
import structlog

from bot.address import Address
from bot.cards import plain
from bot.cards.prepared import Cards
from bot.cards.speech import Speaker
from bot.case_files import CaseFiles
from bot.desk_names import KINDS, base, kind_for, unsorted
from bot.errors import DeliveryFailed, DeliveryMoved, DeliveryRefused
from bot.given_files import GivenFiles
from bot.handoff import Handoff
from bot.outbox.ending import Done, Follow
from bot.probes.api import Finding, Probe
from bot.store.api import Audience, Message, Store
from bot.teams.activities import owner_mark
from bot.teams.channel import Gone, TeamsChannel
from bot.turn import Turns
from bot.written import Screen, show_key
from dialogs.effects import Prompt, Retire, Show, StartProbe
from dialogs.events import ProbeFinished
from dialogs.library import Library

_log = structlog.get_logger(__name__)

_show: Final = msgspec.json.Decoder(Show)
_retire: Final = msgspec.json.Decoder(Retire)
_screen: Final = msgspec.json.Decoder(Screen)

PROBE_LIMIT = 8.0  # seconds; a person is waiting
_TYPING_AFTER = 1.0  # seconds

# The kinds of messages, and how many of each are performed side by side: no kind waits for another one's
# destination. There is room where a person waits; the helpdesk's one channel takes some messages a second,
# and a slow ticket system is not made faster by a crowd. Those that go to Microsoft share one HTTP client and
# stay below its 160 connections; ticket systems and files have their own.
AT_ONCE: Final[Mapping[str, int]] = {
    "screen": 28,  # two requests each, side by side
    "screen-rest": 4,
    "show": 16,
    "retire": 16,  # in front of what comes when a check has ended
    "probe": 16,
    "handoff": 5,
    "handoff-line": 5,
    "handoff-update": 4,
    "handoff-copy": 1,
    "handoff-call": 2,
    "channel-line": 1,
    "ticket": 6,
    "ticket-update": 6,
    "ticket-file": 2,  # each may hold ten megabytes in memory
    "file": 4,
    "file-offer": 4,
    "file-give": 2,  # as large
    "file-close": 2,
}


def pools(desks: Collection[str]) -> dict[str, int]:
    """`AT_ONCE`, and with several ticket desks as many for each of them, and for what is to be sorted.

    Args:
        desks: The names of those besides the environment's.
    """
    places = dict(AT_ONCE)
    for kind in KINDS if desks else ():
        more = [unsorted(kind), *(kind_for(kind, desk) for desk in desks)]
        places.update(dict.fromkeys(more, AT_ONCE[kind]))
    return places


# Those that Teams' limit for the whole app is shared out to.
TO_TEAMS: Final = frozenset(AT_ONCE) - KINDS - {"probe", "file"}


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
        handoff: Handoff,
        files: CaseFiles,
        given: GivenFiles,
        probes: Mapping[str, Probe],
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
            handoff: What goes to the helpdesk and into its ticket system.
            files: Files that people send.
            given: Files that the helpdesk sends them.
            probes: The automatic checks that are set up, by name.
            probe_limit: Seconds that a check may take in all.
            typing_after: Seconds after which a waiting person is shown that something happens.
        """
        self._store = store
        self._turns = turns
        self._library = library
        self._cards = cards
        self._channel = channel
        self._handoff = handoff
        self._files = files
        self._given = given
        self._probes = probes
        self._probe_limit = probe_limit
        self._typing_after = typing_after
        self._performers: dict[str, Callable[[Message], Awaitable[Done]]] = {
            "screen": self._screen,
            "screen-rest": self._screen_rest,
            "show": self._show,
            "retire": self._retire,
            "probe": self._probe,
            **handoff.performers(),
            **files.performers(),
            **given.performers(),
        }

    async def perform(self, message: Message) -> Done:
        """Do what the message asks for.

        Raises:
            DeliveryFailed, DeliveryPostponed, DeliveryRefused, DeliveryParked: see `bot.errors`.
            KeyError: The kind is none of `AT_ONCE`.
        """
        return await self._performers[base(message.kind)](message)

    async def buried(self, message: Message) -> Follow | None:
        """A message is given up: whoever waits for it has to hear of it.

        Its event is another than that of a delivery, which may still come when somebody has it tried again.
        """
        if message.kind == "probe":
            effect = msgspec.json.decode(message.body, type=StartProbe)
            event = ProbeFinished(at=self._turns.now(), request=effect.request, outcome="unknown")
            return self._turns.follow(message, event, end="/given-up")
        found = self._handoff.buried(message) or self._given.buried(message)
        return found or await self._files.buried(message)

    # ---- to the person

    async def _screen(self, message: Message) -> Done:
        """Both halves side by side; when only the screen has arrived, the rest goes on by itself.

        Whoever pressed has the answered card already, as the answer to the press. Teams forgets that when it
        draws the chat anew (https://github.com/microsoft/botbuilder-js/issues/4635); a changed message stays.
        """
        screen = _screen.decode(message.body)
        reader = await self._reader(message)
        sent, changed = await asyncio.gather(
            self._shown(message, screen.prompt, reader),
            self._retired(message, screen.answered, reader),
            return_exceptions=True,
        )
        if isinstance(sent, BaseException):
            raise sent
        if isinstance(changed, BaseException):
            raise DeliveryMoved("screen-rest", receipt=sent)
        return Done(receipt=sent)

    async def _screen_rest(self, message: Message) -> Done:
        await self._retired(message, _screen.decode(message.body).answered, await self._reader(message))
        return Done()

    async def _show(self, message: Message) -> Done:
        prompt = _show.decode(message.body).prompt
        return Done(receipt=await self._shown(message, prompt, await self._reader(message)))

    async def _retire(self, message: Message) -> Done:
        await self._retired(message, _retire.decode(message.body), await self._reader(message))
        return Done()

    async def _shown(self, message: Message, prompt: Prompt, reader: Audience) -> str:
        """Show a screen: the id of its card, or "" where it is words, which cannot be retired."""
        address, language, zone = reader.address, reader.language, reader.address.zone
        channel = self._teams()
        if reader.plain or not address.cards:
            await channel.send_text(address, plain.text(prompt, Speaker(self._library(), language, zone)))
            return ""
        # In a group everybody sees the card, and anybody can press: it carries its owner's mark.
        owner = "" if address.scope == "personal" else owner_mark(message.conversation)
        card = self._cards.shown(prompt, language, zone, execute=address.execute, owner=owner)
        try:
            return await channel.send_card(address, card.content, card.summary)
        except DeliveryRefused as error:
            # Whatever is wrong with the card, nobody is left in front of nothing.
            _log.error("card_refused", key=message.key, why=str(error))
            await channel.send_text(address, plain.text(prompt, Speaker(self._library(), language, zone)))
            return ""

    async def _retired(self, message: Message, effect: Retire, reader: Audience) -> None:
        """Show on the card of an answered screen what was picked, if it has one."""
        shown = await self._store.message(show_key(message.conversation, effect.prompt))
        if shown is None or not shown.receipt:
            return
        prompt = _show.decode(shown.body).prompt
        card = self._cards.retired(prompt, effect.picked, reader.language, reader.address.zone)
        try:
            await self._teams().update_card(reader.address, shown.receipt, card.content, card.summary)
        except Gone:
            _log.info("card_gone", key=shown.key)

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
        return Done(receipt=finding.outcome, follow=self._turns.follow(message, event))

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

    async def _reader(self, message: Message) -> Audience:
        found = await self._store.audience(message.conversation)
        if found is None:
            raise DeliveryRefused("the conversation is not kept any more")
        return found

    def _teams(self) -> TeamsChannel:
        if self._channel is None:
            raise DeliveryRefused("this process does not speak to Teams")
        return self._channel
