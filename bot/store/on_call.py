"""Who is on call for a channel of the helpdesk, as the people there said it last.

It must not know how they say it, nor what becomes of it. Source of an account's shape: "Channel account" in
the Bot Framework's Activity schema, https://github.com/microsoft/botframework-sdk/blob/main/specs/botframework-activity/botframework-activity.md
"""

from typing import Protocol

import msgspec


class OnCall(msgspec.Struct, frozen=True, kw_only=True):
    """The newest word about a channel: who is on call there since `since`.

    Attributes:
        channel: The channel's id, 19:…@thread.tacv2.
        user_id: The id of the person in Teams, 29:…; "" when nobody is on call.
        name: What they are called there.
        since: When it was said, seconds since 1970, UTC.
    """

    channel: str
    user_id: str
    name: str
    since: float


class Roster(Protocol):
    """What a store keeps of it. Every method may raise `StoreUnavailable`."""

    async def on_call(self, channel: str) -> OnCall | None:
        """Who is on call for a channel; None when nobody is."""
        ...

    async def set_on_call(self, said: OnCall) -> None:
        """Keep what was said, unless something newer is kept: a message that comes again changes nothing."""
        ...
