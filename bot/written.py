"""What a step asks of the world -> what the store keeps of the turn: lines, cases, files, outbox messages.

Each effect has its kind of message, its lane and its key here, and nowhere else. It must not know a face, a
card, SQL, nor why an effect is asked for.
"""

from collections.abc import Callable
from typing import TypeAlias, TypeVar

import msgspec

from bot.address import Address, Person
from bot.store.api import CaseChange, CaseRecord, Kept, LogEntry, NewLine, NewMessage
from bot.store.files import Aim, NewFile
from dialogs.conversation import Conversation
from dialogs.effects import (
    AimFile,
    AttachFile,
    ChangeCase,
    CloseOffer,
    DropFiles,
    Effect,
    FetchFiles,
    GiveFile,
    Hear,
    OfferFile,
    OpenCase,
    Retire,
    Show,
    StartProbe,
)
from dialogs.events import SentFile

_E = TypeVar("_E", bound=Effect)
_Moves: TypeAlias = FetchFiles | AttachFile | OfferFile | GiveFile | CloseOffer
_OF_THE_TICKET = ("filed", "refused")  # what its system itself has made of a case
_encode = msgspec.json.Encoder().encode
Send: TypeAlias = Callable[[str, str, Effect, str], None]
"""(kind, lane, effect, key): put it into the outbox."""
Call: TypeAlias = Callable[[str, str], None]
"""(case, key): call whoever is on call, below the case's newest card."""


def show_key(conversation: str, prompt: str) -> str:
    """The outbox key under which prompt `prompt` was sent; its receipt is the sent activity's id."""
    return f"show/{conversation}/{prompt}"


class Screen(Show, frozen=True, kw_only=True, tag="show"):
    """A screen, and the answered one whose place it takes: what stands in a message of the kind "screen".

    Whoever reads it as a `Show` finds its prompt. When nothing is left to do but to change the answered one,
    the message goes on as a "screen-rest", with the receipt of the screen.
    """

    answered: Retire


def offer_key(file: str) -> str:
    """The outbox key under which a file was offered; its receipt is the sent activity's id."""
    return f"file-offer/{file}"


def second_key(number: str) -> str:
    """The outbox key of a case's card in the second channel."""
    return f"handoff/{number}/second"


def written_down(
    key: str,
    here: Address,
    at: int,
    after: Conversation,
    effects: tuple[Effect, ...],
    address: Address | None,
    *,
    kind: Callable[[str], str],
) -> Kept:
    """What the store keeps of a step.

    Args:
        key: The key of the conversation.
        here: Where the person is.
        at: When it happened, seconds since 1970.
        after: The conversation after it.
        effects: What is asked of the world.
        address: Where the person was met just now; None when it did not come from them.
        kind: A kind of message -> the one it is written down as.
    """
    lines: list[NewLine] = []
    messages: list[NewMessage] = []
    cases: list[CaseRecord] = []
    changes: list[CaseChange] = []
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

    for index, effect in enumerate(_joined(effects)):
        own = f"{key}/{after.turn}/{index}"
        match effect:
            case Hear():
                body = _encode(effect)
                lines.append(NewLine(who="person", at=at, session=after.session, body=body))
            case Show():
                body = _encode(effect.prompt)
                lines.append(NewLine(who="bot", at=at, session=after.session, body=body))
                what = "show"
                if isinstance(effect, Screen):
                    what, reply = "screen", _encode(effect.answered)
                if here.surface == "teams":
                    send(what, key, effect, show_key(key, effect.prompt.id))
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
            case OfferFile() if here.surface != "teams":
                pass  # who is at a page sees it there
            case FetchFiles() | AttachFile() | OfferFile() | GiveFile() | CloseOffer():
                _move(effect, send, key, own)
            case AimFile() | DropFiles():
                pass  # below
    return Kept(
        conversation=after,
        address=address,
        lines=tuple(lines),
        messages=tuple(messages),
        cases=tuple(cases),
        changes=tuple(changes),
        files=tuple(
            _new_file(each, key, at) for effect in _all(FetchFiles, effects) for each in effect.files
        ),
        aimed=tuple(Aim(id=effect.file, target=effect.target) for effect in _all(AimFile, effects)),
        dropped=tuple(each for effect in _all(DropFiles, effects) for each in effect.files),
        reply=reply,
    )


def _joined(effects: tuple[Effect, ...]) -> list[Effect]:
    """The effects, with each screen and the answered one before it as one."""
    found: list[Effect] = []
    for effect in effects:
        before = found[-1] if found else None
        if isinstance(effect, Show) and isinstance(before, Retire):
            found[-1] = Screen(prompt=effect.prompt, answered=before)
        else:
            found.append(effect)
    return found


def _all(kind: type[_E], effects: tuple[Effect, ...]) -> list[_E]:
    return [each for each in effects if isinstance(each, kind)]


def _move(effect: _Moves, send: Send, key: str, own: str) -> None:
    """Each file has lanes of its own: one that cannot be put somewhere holds up nothing."""
    match effect:
        case FetchFiles():
            # One person's files are fetched one after the other: nobody fills the pool alone.
            send("file", f"file/{key}", _without_sources(effect), f"file/{own}")
        case AttachFile():
            own = f"ticket-file/{effect.number}/{effect.file}"
            send("ticket-file", own, effect, own)
        case OfferFile():  # below the words it came with
            send("file-offer", key, effect, offer_key(effect.file.id))
        case GiveFile():
            own = f"file-give/{effect.file.id}"
            send("file-give", own, effect, own)
        case CloseOffer():
            send("file-close", f"file-give/{effect.file}", effect, f"file-close/{effect.file}")


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
        names=effect.names,
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
