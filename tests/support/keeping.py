"""Small turns, messages and cases for tests of the store and the outbox."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from bot.address import Address, Person
from bot.store.api import (
    CaseChange,
    CaseRecord,
    Decide,
    Kept,
    LogEntry,
    Message,
    MessageState,
    NewMessage,
    Settled,
    Store,
)
from dialogs.case import CaseFile
from dialogs.conversation import CaseStatus, Conversation
from dialogs.text import Text

NOW = 1_800_000_000.0  # the tests' own time, seconds since 1970
OpenStore = Callable[[], Awaitable[Store]]


class Clock:
    """A clock that moves when told."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.now


def to_send(key: str, *, lane: str = "lane", conversation: str = "c", kind: str = "show") -> NewMessage:
    """A message for the outbox."""
    return NewMessage(key=key, lane=lane, kind=kind, conversation=conversation, body=key.encode())


def counting(*messages: NewMessage, reply: bytes = b"", address: Address | None = None) -> Decide:
    """A turn that counts itself in the conversation and sends `messages`."""

    def decide(stored: Conversation | None, _where: Address | None) -> Kept:
        before = stored or Conversation()
        after = msgspec.structs.replace(before, turn=before.turn + 1)
        return Kept(conversation=after, address=address, messages=messages, reply=reply)

    return decide


async def send(store: Store, *messages: NewMessage, event: str = "", conversation: str = "c") -> None:
    """Put messages into the outbox, by a turn of their own."""
    await store.turn(conversation, event or f"send {messages[0].key}", counting(*messages))


async def claim(
    store: Store, *, now: float = NOW, lease: float = 60.0, limit: int = 10, kinds: Sequence[str] = ("show",)
) -> list[Message]:
    """What may be performed at `now`, so many of each kind."""
    claimed = await store.claim(now=now, lease=lease, limits=dict.fromkeys(kinds, limit))
    return list(claimed.messages)


async def settle(
    store: Store,
    message: Message,
    state: MessageState = "done",
    *,
    receipt: str = "",
    error: str = "",
    due_at: float = 0.0,
    counted: bool = True,
) -> bool:
    """Say how a claimed message ended."""
    ended = await store.settle(
        Settled(
            id=message.id,
            attempt=message.attempt,
            state=state,
            receipt=receipt,
            error=error,
            due_at=due_at,
            counted=counted,
        )
    )
    return ended.held


def keys(messages: list[Message]) -> list[str]:
    """The keys of messages, in order."""
    return [message.key for message in messages]


def case(number: str, *, at: int = 100, status: CaseStatus = "open", conversation: str = "c") -> CaseRecord:
    """A case as a turn opens it."""
    file = CaseFile(
        number=number,
        queue="identity",
        guide="aadsts1000002",
        title=Text("title", {"app": "SAP <b>"}),
        language="de",
        content="1",
        started_at=at,
        opened_at=at,
        codes=(1000002, 53003),
        remarks=("Größe 😀 '; DROP TABLE cases; --",),
    )
    person = Person(name="Erika Mustermann", object_id="0b5e", verified=True)
    return CaseRecord(
        number=number,
        conversation=conversation,
        status=status,
        opened_at=at,
        changed_at=at,
        person=person,
        file=file,
        zone="Europe/Berlin",
        log=(LogEntry(at=at, status=status),),
    )


def opening(*cases: CaseRecord) -> Decide:
    """A turn that opens cases."""

    def decide(stored: Conversation | None, _where: Address | None) -> Kept:
        return Kept(conversation=stored or Conversation(), cases=cases)

    return decide


def changing(*changes: CaseChange) -> Decide:
    """A turn that brings news of a case."""

    def decide(stored: Conversation | None, _where: Address | None) -> Kept:
        return Kept(conversation=stored or Conversation(), changes=changes)

    return decide
