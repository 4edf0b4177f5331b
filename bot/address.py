"""Where a conversation takes place and with whom, as the face it came through knows it.

It is stored beside the conversation and never read by the engine.
"""

from typing import Literal, TypeAlias

import msgspec

Surface: TypeAlias = Literal["teams", "web", "terminal"]


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who somebody is, and whether anybody vouches for it.

    `verified` is True only for people named by Teams' signed activity; on the web page nobody vouches.
    """

    name: str = ""
    object_id: str = ""  # Microsoft Entra's id of the user
    verified: bool = False


class Address(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How to reach a person again: for Teams what a conversation reference holds.

    `conversation_id` keeps Teams' full id, with `;messageid=`. `zone` is an IANA time zone.
    """

    surface: Surface
    person: Person = Person()
    locale: str = ""  # as the client names it, for example "de-DE"
    zone: str = ""
    channel: str = ""  # Bot Framework channel id, "msteams"
    scope: Literal["personal", "group", "channel"] = "personal"
    service_url: str = ""
    conversation_id: str = ""
    tenant: str = ""
    user_id: str = ""  # the channel's own id of the person
    bot_id: str = ""
    cards: bool = True  # whether this client can show Adaptive Cards
    execute: bool = False  # whether it knows Action.Execute

    @property
    def on_page(self) -> bool:
        """Whether the person is at a page of ours, which shows whatever there is."""
        return self.surface == "web"

    @property
    def takes_files(self) -> bool:
        """Whether a file gets there: Teams takes files of a bot in personal chats only."""
        in_chat = self.surface == "teams" and self.channel == "msteams" and self.scope == "personal"
        return self.on_page or (in_chat and self.cards)
