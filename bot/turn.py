"""The straight line every event takes: begin, load, step, save, commit; then wake what waits for it.

A click, a sentence, a probe's result, a ticket's number, a helpdesk's answer: all of them come through
`Turns.take` (or, from the outbox, through `Turns.decide`). Nothing here knows a face, a card or SQL.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec

from bot.address import Address
from bot.desk_names import unsorted
from bot.errors import NumberTaken
from bot.languages import closest
from bot.outbox.ending import Follow
from bot.outbox.places import Places, nowhere
from bot.redact import redact
from bot.store.api import (
    Decide,
    Kept,
    Message,
    NewMessage,
    Receipt,
    Settled,
    Store,
)
from bot.written import written_down
from dialogs.conversation import Conversation
from dialogs.engine import step
from dialogs.events import (
    Attached,
    CaseAsked,
    CaseNoted,
    CaseReopened,
    CaseResolved,
    Entered,
    Event,
    Said,
)
from dialogs.library import SOURCE_LANGUAGE, Library

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is misread on the phone: no 0/O, 1/I/L, U
_LONG = 4000  # characters; a pasted page, not a sentence
_ANSWERS = ("show", "screen", "retire", "probe")  # the kinds that somebody waits for, or waits behind
_TRIES = 8  # of case numbers; from the fourth on they are longer


def new_number(attempt: int = 0) -> str:
    """A short number for a case, for example HR-7K3F. It may be taken; the store knows."""
    length = 4 if attempt < 3 else 7
    drawn = secrets.randbelow(len(_ALPHABET) ** length)
    digits = []
    for _ in range(length):
        drawn, digit = divmod(drawn, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "HR-" + "".join(digits)


class Turns:
    """Takes events."""

    def __init__(
        self,
        *,
        library: Callable[[], Library],
        store: Store,
        changed: Callable[[str], None],
        places: Callable[..., AbstractContextManager[Places]] = nowhere,
        language: str = SOURCE_LANGUAGE,
        clock: Callable[[], float] = time.time,
        mint: Callable[[int], str] = new_number,
        back: Callable[[int], int] = lambda _: 0,
        several_desks: bool = False,
    ) -> None:
        """Put the parts together.

        Args:
            library: The content as it is now.
            store: Where conversations are.
            changed: Told the conversation after each commit that changed something.
            places: Room in the outbox, by kind, for what a turn sends; without, somebody else looks there.
            language: For people whose own language the content does not have.
            clock: Seconds since 1970.
            mint: A fresh number for a case.
            back: Of a moment, when the helpdesk is there again; 0 when it is there.
            several_desks: Whether it is still to be looked up which ticket desk a message is for.
        """
        self._library = library
        self._store = store
        self._places = places
        self._changed = changed
        self._language = language
        self._clock = clock
        self._mint = mint
        self._back = back
        self._kind: Callable[[str], str] = unsorted if several_desks else str

    def now(self) -> int:
        """The time for an event's `at`, seconds since 1970, UTC."""
        return int(self._clock())

    async def take(
        self,
        conversation: str,
        event_id: str,
        event: Event,
        address: Address | None = None,
        *,
        settles: Settled | None = None,
    ) -> Receipt:
        """Take one event. A repeat of an event changes nothing and gets the first reply again.

        Args:
            conversation: The key of the conversation the event happens to.
            event_id: What makes a repeat a repeat: an activity's id, a card's submit, an outbox message.
            event: What happened.
            address: Where the person was met; None when it did not come from them.
            settles: The outbox message whose end this is, in the same commit.

        Raises:
            StoreUnavailable: Nothing was kept; the sender should try again.
        """
        long = isinstance(event, Said | Entered) and len(event.text) > _LONG
        # A long one is looked through in a thread, so that nobody else waits for it.
        event = await asyncio.to_thread(_clean, event) if long else _clean(event)
        for attempt in range(_TRIES):
            try:
                decide = self._decide(conversation, event, address, attempt)
                return await self._kept(conversation, event_id, decide, settles)
            except NumberTaken:
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError  # pragma: no cover - the loop returns or raises

    async def send(self, conversation: str, event_id: str, message: NewMessage) -> Receipt:
        """Send a message that no step of the engine asks for, once for each event.

        Args:
            conversation: What it belongs to; it changes in nothing else.
            event_id: What makes a repeat a repeat.
            message: What is sent.

        Raises:
            StoreUnavailable: Nothing was kept; the sender should try again.
        """

        def decided(stored: Conversation | None, _where: Address | None) -> Kept:
            return Kept(conversation=stored or Conversation(), messages=(message,))

        return await self._kept(conversation, event_id, decided)

    async def _kept(
        self, conversation: str, event_id: str, decide: Decide, settles: Settled | None = None
    ) -> Receipt:
        with self._places(*_ANSWERS) as places:
            receipt = await self._store.turn(
                conversation, event_id, decide, settles=settles, spare=places.spare
            )
            places.begin(receipt.leased, more=receipt.due)
        if not receipt.repeat:
            self._changed(conversation)
        return receipt

    def decide(self, conversation: str, event: Event) -> Decide:
        """The pure function that the store runs inside the turn's transaction."""
        return self._decide(conversation, _clean(event), None, 0)

    def follow(self, message: Message, event: Event, *, end: str = "") -> Follow:
        """What becomes of the conversation when `message` ends; `end` tells several ends apart."""
        return Follow(
            conversation=message.conversation,
            event_id=f"outbox/{message.key}{end}",
            decide=self.decide(message.conversation, event),
        )

    def _decide(self, conversation: str, event: Event, address: Address | None, attempt: int) -> Decide:
        event = msgspec.structs.replace(event, fresh=self._mint(attempt), back=self._back(event.at))
        library = self._library()

        def decided(stored: Conversation | None, where: Address | None) -> Kept:
            before = stored if stored is not None else _first(library, address, self._language)
            here = address or where or Address(surface="web")
            done = step(library, before, _reaching(event, here, before))
            kept = written_down(
                conversation, here, event.at, done.conversation, done.effects, address, kind=self._kind
            )
            return msgspec.structs.replace(kept, outcomes=done.outcomes) if done.outcomes else kept

        return decided


def _clean(event: Event) -> Event:
    """The event without secrets: they are cut before anything is stored or understood."""
    if isinstance(event, Said | Attached) and (event.files or event.names):
        names = tuple(redact(name).text for name in event.names)
        sent = tuple(msgspec.structs.replace(each, name=redact(each.name).text) for each in event.files)
        event = msgspec.structs.replace(event, names=names, files=sent)
    if isinstance(event, Said | Entered):
        found = redact(event.text)
        return msgspec.structs.replace(event, text=found.text, removed=(*event.removed, *found.removed))
    if isinstance(event, CaseResolved | CaseReopened):
        return msgspec.structs.replace(event, note=redact(event.note).text)
    if isinstance(event, CaseAsked) and event.files:
        files = tuple(msgspec.structs.replace(each, name=redact(each.name).text) for each in event.files)
        event = msgspec.structs.replace(event, files=files)
    if isinstance(event, CaseAsked | CaseNoted):
        return msgspec.structs.replace(event, text=redact(event.text).text)
    return event


def _reaching(event: Event, here: Address, conversation: Conversation) -> Event:
    """The event, and whether files that come with it get to where the person is."""
    if not isinstance(event, CaseAsked) or not event.files:
        return event
    return msgspec.structs.replace(event, reach=here.takes_files and (here.on_page or not conversation.plain))


def _first(library: Library, address: Address | None, fallback: str) -> Conversation:
    """A conversation nobody has had yet. On the web page nobody vouches for who it is."""
    stranger = address is not None and address.surface == "web"
    spoken = closest(library, address.locale if address else "") or fallback
    return Conversation(language=spoken, stranger=stranger)
