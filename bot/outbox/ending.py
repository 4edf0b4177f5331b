"""How the performing of a message ends, in the words of performer and dispatcher. It must not know a kind."""

import msgspec

from bot.errors import DeliveryMoved
from bot.store.api import Decide, Message, MessageState, Settled


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that a delivery leads to, taken in the same commit that settles the message."""

    conversation: str
    event_id: str
    decide: Decide


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """It was delivered. `receipt` is what the other side calls it."""

    receipt: str = ""
    follow: Follow | None = None


def excused(message: Message, state: MessageState, why: str, *, due_at: float = 0.0) -> Settled:
    """The end of an attempt that is none of the message's tries."""
    return Settled(
        id=message.id,
        attempt=message.attempt,
        state=state,
        error=why,
        due_at=due_at,
        counted=False,
    )


def moved(message: Message, how: DeliveryMoved, *, now: float) -> Settled:
    """It goes on in another pool, at once."""
    ended = excused(message, "ready", "", due_at=now)
    return msgspec.structs.replace(ended, kind=how.kind, receipt=how.receipt)
