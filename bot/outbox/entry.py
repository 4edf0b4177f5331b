"""A message of the outbox as an operator may see it: everything but what people wrote.

It reads what a message is about out of its body, names and numbers only. It must not know where messages are
kept, nor how an entry is shown.
"""

from typing import Any, Final

import msgspec

from bot.desk_names import base
from bot.redact import clean, redact
from bot.store.api import Message, MessageState
from dialogs.effects import (
    AttachFile,
    ChangeCase,
    CloseOffer,
    FetchFiles,
    GiveFile,
    OfferFile,
    OpenCase,
    Retire,
    Show,
    StartProbe,
)
from dialogs.text import Text

_LIMIT: Final = 500  # characters of one text


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One message. Times are seconds since 1970.

    `tries` are those that count, `attempts` all there ever were. `due` is when it may go (0: at once), None
    while it may not: it waits `behind` another of its lane, for its person, its holder or an operator.
    `facts` are what it is about; `readable` is False when its body does not fit this version.
    """

    id: int
    key: str
    kind: str
    state: MessageState
    lane: str
    conversation: str
    tries: int
    attempts: int
    written_at: float
    due: float | None
    behind: bool
    wrong: str
    receipt: str
    facts: dict[str, str]
    readable: bool


def entry_of(message: Message) -> Entry:
    """What may be seen of a message; never raises."""
    facts = _facts(message)
    return Entry(
        id=message.id,
        key=clean(message.key, _LIMIT),
        kind=clean(message.kind, _LIMIT),
        state=message.state,
        lane=clean(message.lane, _LIMIT),
        conversation=clean(message.conversation, _LIMIT),
        tries=message.tries,
        attempts=message.attempt,
        written_at=message.created_at,
        due=message.due_at if message.state == "ready" and not message.behind else None,
        behind=message.behind,
        wrong=plain(message.error),
        receipt=clean(message.receipt, _LIMIT),
        facts={name: clean(value, _LIMIT) for name, value in (facts or {}).items() if value},
        readable=facts is not None,
    )


def plain(text: str) -> str:
    """A reason as it may be shown: one line, short, without secrets (the other side may have quoted one)."""
    return " ".join(clean(redact(clean(text, 4 * _LIMIT)).text, _LIMIT).split())


class _Numbered(msgspec.Struct):
    number: str


class _Spoken(msgspec.Struct):
    text: Text


def _facts(message: Message) -> dict[str, str] | None:
    """Names and numbers out of the body; None when it cannot be read."""

    def read(type_: Any) -> Any:
        return msgspec.json.decode(message.body, type=type_)

    try:
        match base(message.kind):
            case "show" | "screen" | "screen-rest":
                prompt = read(Show).prompt
                return {"prompt": prompt.id, "text": prompt.say.key}
            case "retire":
                return {"prompt": read(Retire).prompt}
            case "probe":
                effect = read(StartProbe)
                return {"check": effect.probe, "request": effect.request}
            case "ticket" | "handoff":
                file = read(OpenCase).file
                return {"case": file.number, "guide": file.guide, "queue": file.queue}
            case "file":
                fetch = read(FetchFiles)
                return {"case": fetch.number, "files": str(len(fetch.files))}
            case "ticket-file":
                attach = read(AttachFile)
                return {"case": attach.number, "file": attach.file}
            case "file-offer":
                offer = read(OfferFile)
                return {"case": offer.number, "file": offer.file.id}
            case "file-give":
                give = read(GiveFile)
                return {"case": give.number, "file": give.file.id}
            case "file-close":
                return {"file": read(CloseOffer).file}
            case "handoff-line" | "handoff-update" | "ticket-update":
                change = read(ChangeCase)
                return {"case": change.number, "status": change.status or ""}
            case "handoff-call" | "handoff-copy":
                return {"case": read(_Numbered).number}
            case "channel-line":
                return {"text": read(_Spoken).text.key}
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return None
