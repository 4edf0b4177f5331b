"""The straight line every event takes: begin, load, step, save, commit; then wake what waits for it.

A click, a sentence, a probe's result, a ticket's number, a helpdesk's answer: all of them come through
`Turns.take` (or, from the outbox, through `Turns.decide`). Nothing here knows a face, a card or SQL.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeAlias

import msgspec

from bot.address import Address, Person
from bot.desk_names import unsorted
from bot.errors import NumberTaken
from bot.languages import closest
from bot.outbox.ending import Follow
from bot.outbox.places import Places, nowhere
from bot.redact import redact
from bot.store.api import (
    CaseChange,
    CaseRecord,
    Decide,
    Kept,
    LogEntry,
    Message,
    NewLine,
    NewMessage,
    Receipt,
    Settled,
    Store,
)
from bot.store.files import NewFile
from dialogs.conversation import Conversation
from dialogs.effects import (
    AttachFile,
    ChangeCase,
    DropFiles,
    Effect,
    FetchFiles,
    Hear,
    OpenCase,
    Retire,
    Show,
    StartProbe,
)
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
    SentFile,
)
from dialogs.library import SOURCE_LANGUAGE, Library

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is misread on the phone: no 0/O, 1/I/L, U
_LONG = 4000  # characters; a pasted page, not a sentence
_OF_THE_TICKET = ("filed", "refused")  # what its system itself has made of a case
_ANSWERS = ("show", "probe")  # the kinds that somebody waits for
_encode = msgspec.json.Encoder().encode
Send: TypeAlias = Callable[[str, str, Effect, str], None]
"""(kind, lane, effect, key): put it into the outbox."""
Call: TypeAlias = Callable[[str, str], None]
"""(case, key): call whoever is on call, below the case's newest card."""
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
            done = step(library, before, event)
            here = address or where or Address(surface="web")
            kept = _written_down(
                conversation, here, event.at, done.conversation, done.effects, address, kind=self._kind
            )
            return msgspec.structs.replace(kept, outcomes=done.outcomes) if done.outcomes else kept

        return decided


def _clean(event: Event) -> Event:
    """The event without secrets: they are cut before anything is stored or understood."""
    if isinstance(event, Said | Attached) and (event.files or event.names):
        names = tuple(redact(name).text for name in event.names)
        files = tuple(msgspec.structs.replace(each, name=redact(each.name).text) for each in event.files)
        event = msgspec.structs.replace(event, names=names, files=files)
    if isinstance(event, Said | Entered):
        found = redact(event.text)
        return msgspec.structs.replace(event, text=found.text, removed=(*event.removed, *found.removed))
    if isinstance(event, CaseResolved | CaseReopened):
        return msgspec.structs.replace(event, note=redact(event.note).text)
    if isinstance(event, CaseAsked | CaseNoted):
        return msgspec.structs.replace(event, text=redact(event.text).text)
    return event


def _first(library: Library, address: Address | None, fallback: str) -> Conversation:
    """A conversation nobody has had yet. On the web page nobody vouches for who it is."""
    stranger = address is not None and address.surface == "web"
    spoken = closest(library, address.locale if address else "") or fallback
    return Conversation(language=spoken, stranger=stranger)


def show_key(conversation: str, prompt: str) -> str:
    """The outbox key under which prompt `prompt` was sent; its receipt is the sent activity's id."""
    return f"show/{conversation}/{prompt}"


def second_key(number: str) -> str:
    """The outbox key of a case's card in the second channel."""
    return f"handoff/{number}/second"


def _written_down(
    key: str,
    here: Address,
    at: int,
    after: Conversation,
    effects: tuple[Effect, ...],
    address: Address | None,
    *,
    kind: Callable[[str], str],
) -> Kept:
    lines: list[NewLine] = []
    messages: list[NewMessage] = []
    cases: list[CaseRecord] = []
    changes: list[CaseChange] = []
    files: list[NewFile] = []
    dropped: list[str] = []
    reply = b""

    def send(what: str, lane: str, effect: Effect, message_key: str) -> None:
        body = _encode(effect)
        messages.append(NewMessage(key=message_key, lane=lane, kind=kind(what), conversation=key, body=body))

    def call(number: str, message_key: str) -> None:
        """Below the card that was sent last, for whoever is on call."""
        body = _encode({"number": number})
        lane = f"handoff/{number}"
        messages.append(
            NewMessage(key=message_key, lane=lane, kind="handoff-call", conversation=key, body=body)
        )

    for index, effect in enumerate(effects):
        own = f"{key}/{after.turn}/{index}"
        match effect:
            case Hear():
                body = _encode(effect)
                lines.append(NewLine(who="person", at=at, session=after.session, body=body))
            case Show():
                body = _encode(effect.prompt)
                lines.append(NewLine(who="bot", at=at, session=after.session, body=body))
                if here.surface == "teams":
                    send("show", key, effect, show_key(key, effect.prompt.id))
            case Retire():
                reply = _encode(effect)
                if here.surface == "teams":
                    send("retire", key, effect, f"retire/{own}")
            case StartProbe():
                send("probe", f"probe/{key}", effect, f"probe/{own}")
            case OpenCase():
                number = effect.file.number
                cases.append(_record(key, here.person, here.zone, effect))
                send("ticket", f"ticket/{number}", effect, f"ticket/{number}")
                send("handoff", f"handoff/{number}", effect, f"handoff/{number}")
                if effect.file.severity == "urgent":
                    call(number, f"handoff-call/{number}")
            case ChangeCase():
                changes.append(_change(effect, at))
                _tell(effect, send, call, own, update=f"{effect.number}/{after.turn}-{index}")
            case FetchFiles():
                files += [_new_file(each, key, at) for each in effect.files]
                # One person's files are fetched one after the other: nobody fills the pool alone.
                send("file", f"file/{key}", _without_sources(effect), f"file/{own}")
            case DropFiles():
                dropped += effect.files
            case AttachFile():
                own = f"{effect.number}/{effect.file}"
                # A lane of its own: a file that cannot be put there holds up nothing.
                send("ticket-file", f"ticket-file/{own}", effect, f"ticket-file/{own}")
    # What is new comes first; an answered screen can wait for it.
    messages.sort(key=lambda message: message.kind == "retire")
    return Kept(
        conversation=after,
        address=address,
        lines=tuple(lines),
        messages=tuple(messages),
        cases=tuple(cases),
        changes=tuple(changes),
        files=tuple(files),
        dropped=tuple(dropped),
        reply=reply,
    )


def _tell(effect: ChangeCase, send: Send, call: Call, own: str, *, update: str) -> None:
    """What the helpdesk's channel and its ticket system get of a change."""
    if effect.what == "filed" and effect.reference == effect.number:
        return  # in our own database: nothing on the card is another than before
    lane = f"handoff/{effect.number}"
    if effect.what != "filed":  # the card says it
        send("handoff-line", lane, effect, f"handoff-line/{own}")
    if effect.what not in _OF_THE_TICKET and not effect.there:
        send("ticket-update", f"ticket/{effect.number}", effect, f"ticket-update/{update}")
    if effect.what == "moved":
        send("handoff", lane, effect, second_key(effect.number))
        call(effect.number, f"handoff-call/{effect.number}/second")
    send("handoff-update", lane, effect, f"handoff-update/{own}")


def _change(effect: ChangeCase, at: int) -> CaseChange:
    return CaseChange(
        number=effect.number,
        at=at,
        what=effect.what,
        status=effect.status,
        by=effect.by,
        owner=effect.owner,
        note=effect.note,
        reason=effect.reason,
        fix=effect.fix,
        reference=effect.reference,
        severity=effect.severity,
        files=effect.files,
    )


def _new_file(file: SentFile, key: str, at: int) -> NewFile:
    return NewFile(id=file.id, conversation=key, name=file.name, at=at, source=file.source)


def _without_sources(effect: FetchFiles) -> FetchFiles:
    """Where files come from is kept in one place, which forgets it in time."""
    files = tuple(SentFile(id=each.id, name=each.name) for each in effect.files)
    return msgspec.structs.replace(effect, files=files)


def _record(key: str, person: Person, zone: str, effect: OpenCase) -> CaseRecord:
    file = effect.file
    opened = LogEntry(at=file.opened_at, status="open", what="opened")
    return CaseRecord(
        number=file.number,
        conversation=key,
        status="open",
        opened_at=file.opened_at,
        changed_at=file.opened_at,
        severity=file.severity,
        person=person,
        zone=zone,
        file=file,
        log=(opened,),
    )
