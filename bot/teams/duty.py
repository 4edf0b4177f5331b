"""What people of the helpdesk say to the bot in their channel: who is on call there, and what can be said.

Who may is decided as for the buttons of a case (`bot.teams.desk`): by where it was said, which Teams signs.
A word counts from when it was written, so that one which Teams delivers again undoes nothing newer. Must not
know: what becomes of who is on call.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias, get_args

import msgspec
from botbuilder.schema import Activity

from bot.address import Address
from bot.queues import Queues
from bot.store.api import NewMessage
from bot.store.on_call import OnCall, Roster
from bot.teams.activities import address_of, words_of
from bot.turn import Turns
from dialogs.library import Library
from dialogs.once import once
from dialogs.spelling import Words
from dialogs.spelling import words_of as bare
from dialogs.text import Text

Asks: TypeAlias = Literal["on-call", "off-call", "who", "help"]

_LONGEST_NAME: Final = 100
_AHEAD: Final = 86_400  # seconds; nobody's clock is so far ahead of ours


class ChannelLine(msgspec.Struct, frozen=True, kw_only=True):
    """An answer in a channel: where it goes, and what it says."""

    service_url: str
    thread: str  # the conversation's id, with the message that it answers
    text: Text


class Duty:
    """Hears what is said in the helpdesk's channels, outside of the threads of cases."""

    def __init__(
        self, *, turns: Turns, roster: Roster, queues: Queues, library: Callable[[], Library]
    ) -> None:
        """Put the parts together.

        Args:
            turns: The way into the outbox.
            roster: Where it is kept who is on call.
            queues: The channels that are the helpdesk's.
            library: The content, for what people say and in which languages.
        """
        self._turns = turns
        self._roster = roster
        self._queues = queues
        self._library = library

    async def said(self, activity: Activity) -> bool:
        """Do it and answer below it. False when it was not said in one of the channels, or is none of this.

        Raises:
            StoreUnavailable: It is not known whether it was kept.
        """
        address = address_of(activity)
        channel = address.conversation_id.partition(";")[0]
        words = words_of(activity)
        asks = _phrases(self._library()).get(bare(words))
        if asks == "on-call" and words.endswith("?"):
            asks = "who"
        if asks is None or channel not in self._queues.all() or not address.user_id:
            return False
        text = await self._answer(asks, channel, address, self._written_at(activity))
        line = ChannelLine(service_url=address.service_url, thread=address.conversation_id, text=text)
        said = f"{activity.id or activity.timestamp}"
        key = f"channel:{channel}"
        message = NewMessage(
            key=f"channel-line/{address.conversation_id}/{said}",
            lane=key,
            kind="channel-line",
            conversation=key,
            body=msgspec.json.encode(line),
        )
        await self._turns.send(key, f"said/{address.conversation_id}/{said}", message)
        return True

    async def _answer(self, asks: Asks, channel: str, address: Address, at: float) -> Text:
        before = await self._roster.on_call(channel)
        name = address.person.name[:_LONGEST_NAME] or "?"
        match asks:
            case "help":
                return Text("desk/help")
            case "who":
                if before is None:
                    return Text("desk/nobody")
                return Text("desk/somebody", {"name": before.name, "at": str(round(before.since))})
            case "on-call":
                await self._roster.set_on_call(
                    OnCall(channel=channel, user_id=address.user_id, name=name, since=at)
                )
                if before is None or before.user_id == address.user_id:
                    return Text("desk/begun", {"name": name})
                return Text("desk/begun-instead", {"name": name, "before": before.name})
            case "off-call":
                await self._roster.set_on_call(OnCall(channel=channel, user_id="", name="", since=at))
                return Text("desk/ended", {"name": before.name}) if before else Text("desk/nobody")

    def _written_at(self, activity: Activity) -> float:
        now = self._turns.now()
        said = activity.timestamp.timestamp() if activity.timestamp else now
        return said if said < now + _AHEAD else now


@once
def _phrases(library: Library) -> Mapping[Words, Asks]:
    """What people say for each, in every language: in one channel not all speak the same."""
    asked: tuple[Asks, ...] = get_args(Asks)
    return {
        bare(phrase): asks
        for language in library.languages
        for asks in asked
        for phrase in library.texts[language].get(f"desk/say/{asks}", "").split(";")
        if bare(phrase)
    }
