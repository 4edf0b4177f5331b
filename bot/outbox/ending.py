"""How the performing of a message ends, in the words of performer and dispatcher. It must not know a kind."""

import msgspec

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


def excused(
    message: Message, state: MessageState, why: str, *, due_at: float = 0.0, kind: str = ""
) -> Settled:
    """The end of an attempt that is none of the message's tries; `kind`: what it is from now on."""
    return Settled(
        id=message.id,
        attempt=message.attempt,
        state=state,
        error=why,
        due_at=due_at,
        counted=False,
        kind=kind,
    )
