"""Messages of ours out to Teams: a card or a text to a person, a card into the helpdesk's channel.

It turns the connector's outcomes into the exceptions of `bot.errors`. It must not know what a card says.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec
import structlog

from bot.address import Address
from bot.errors import DeliveryFailed, DeliveryParked, DeliveryPostponed, DeliveryRefused
from bot.teams.connector import Connector
from bot.teams.mentions import Mention, mentioning
from bot.teams.outcomes import Delivered, Outcome, Park, Refused, Throttled, TryAgain, Unknown

_log = structlog.get_logger(__name__)

CardJson: TypeAlias = Mapping[str, Any] | msgspec.Raw
"""A card, or its JSON."""

_CARD = "application/vnd.microsoft.card.adaptive"
# Teams says these of a message it can no longer change; a fresh one is the way on.
_GONE = frozenset({"gone", "conversation_gone"})


class Gone(Exception):  # noqa: N818 - a state of the world
    """The message to be changed is not there any more."""


class TeamsChannel:
    """Sends and updates; the ids it returns are Teams' activity ids."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def send_card(self, to: Address, card: CardJson, summary: str) -> str:
        """Show a card; the new activity's id ("" where the client gives none)."""
        return await self._sent(to, _card(card, summary))

    async def send_text(self, to: Address, text: str) -> str:
        """Send plain text; the new activity's id."""
        return await self._sent(to, {"type": "message", "text": text, "textFormat": "plain"})

    async def send_line(self, to: Address, text: str) -> None:
        """Put plain text below a thread's first message.

        Raises:
            Gone: The thread was deleted.
        """
        activity = {"type": "message", "text": text, "textFormat": "plain"}
        _delivered(await self._connector.send(to.service_url, to.conversation_id, activity))

    async def call(self, to: Address, who: Mention, text: str) -> None:
        """Put a line there that mentions somebody. Whom Teams will not have mentioned is only named.

        Raises:
            Gone: The thread was deleted.
        """
        try:
            activity = mentioning(who, text)
            _delivered(await self._connector.send(to.service_url, to.conversation_id, activity))
        except DeliveryRefused as error:  # perhaps they have left; what is said counts all the same
            _log.warning("mention_refused", why=str(error))
            await self.send_line(to, f"{who.name}: {text}")

    async def send_attachment(self, to: Address, attachment: Mapping[str, Any], summary: str) -> str:
        """Send one of Teams' own cards; the new activity's id."""
        return await self._sent(to, _with(attachment, summary))

    async def update_attachment(
        self, to: Address, activity_id: str, attachment: Mapping[str, Any], summary: str
    ) -> None:
        """Put one of Teams' own cards in the place of an older message.

        Raises:
            Gone: The older one was deleted.
        """
        await self._put(to, activity_id, _with(attachment, summary))

    async def update_text(self, to: Address, activity_id: str, text: str) -> None:
        """Put plain text in the place of an older message.

        Raises:
            Gone: The older one was deleted.
        """
        await self._put(to, activity_id, {"type": "message", "text": text, "textFormat": "plain"})

    async def update_card(self, to: Address, activity_id: str, card: CardJson, summary: str) -> None:
        """Put a card in the place of an older one.

        Raises:
            Gone: The older one was deleted.
        """
        await self._put(to, activity_id, _card(card, summary))

    async def typing(self, to: Address) -> None:
        """Show that an answer is on its way; whether it arrives does not matter, so it never waits."""
        await self._connector.send(to.service_url, to.conversation_id, {"type": "typing"})

    async def post_card(self, service_url: str, channel_id: str, card: CardJson, summary: str) -> str:
        """Start a thread in a team's channel with a card; `conversation id|activity id`."""
        parameters = {
            "isGroup": True,
            "channelData": {"channel": {"id": channel_id}},
            "activity": _card(card, summary),
        }
        try:
            made = _delivered(await self._connector.create_conversation(service_url, parameters))
        except (Gone, DeliveryParked) as error:
            # A person's chat is kept for their return; a channel is mended by its owners, within days.
            raise DeliveryFailed(
                f"the helpdesk's channel cannot be reached ({error}): is the app in its team, and is "
                "HANDRAIL_HELPDESK_CHANNEL right?"
            ) from error
        body = made.body if isinstance(made.body, dict) else {}
        conversation = str(body.get("id") or channel_id)
        activity = str(body.get("activityId") or conversation.partition(";messageid=")[2])
        return f"{conversation}|{activity}"

    async def _put(self, to: Address, activity_id: str, activity: Mapping[str, Any]) -> None:
        put = {**activity, "id": activity_id}
        _delivered(await self._connector.update(to.service_url, to.conversation_id, activity_id, put))

    async def _sent(self, to: Address, activity: dict[str, Any]) -> str:
        try:
            return _delivered(await self._connector.send(to.service_url, to.conversation_id, activity)).id
        except Gone as error:
            raise DeliveryParked("the chat is not there any more") from error


def _card(card: CardJson, summary: str) -> dict[str, Any]:
    return _with({"contentType": _CARD, "content": card}, summary)


def _with(attachment: Mapping[str, Any], summary: str) -> dict[str, Any]:
    return {"type": "message", "summary": summary, "attachments": [attachment]}


def _delivered(outcome: Outcome) -> Delivered:
    match outcome:
        case Delivered():
            return outcome
        case Refused(reason=reason) if reason in _GONE:
            raise Gone(reason)
        case Refused(reason="credentials"):
            raise DeliveryFailed("Teams refuses the bot's credentials; run `handrail doctor`")
        case Refused():
            raise DeliveryRefused(f"Teams refuses the message: {outcome.reason} (HTTP {outcome.status})")
        case Park():
            raise DeliveryParked(f"the app may not write there: {outcome.reason}")
        case Throttled():
            reason = "Teams' limits leave no room now" if outcome.held_back else "Teams asks to slow down"
            raise DeliveryPostponed(reason, outcome.retry_after or 0.0)
        case TryAgain():
            raise DeliveryFailed(outcome.reason, retry_after=outcome.retry_after)
        case Unknown():
            raise DeliveryFailed(outcome.reason, unknown=True)
