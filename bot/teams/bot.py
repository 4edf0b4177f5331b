"""The Bot Framework bot: it sorts activities and takes each through the turn; it decides nothing else.

A reply never leaves from here: what is to be shown stands in the outbox when the turn is committed. Only a
pressed button gets something back at once, the card as answered.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from botbuilder.core import InvokeResponse, TurnContext
from botbuilder.core.teams import TeamsActivityHandler

from bot.errors import StoreUnavailable
from bot.store.api import CaseRecord, Store
from bot.teams.activities import (
    Heard,
    address_of,
    card_data,
    heard_action,
    heard_message,
    key_of,
    owner_mark,
)
from bot.teams.adapter import TurnFailed
from bot.teams.case_actions import case_action
from bot.teams.consent import NAME as CONSENT
from bot.teams.consent import heard_consent
from bot.teams.desk import Desk
from bot.teams.duty import Duty
from bot.turn import Turns
from dialogs.events import Event, Opened
from dialogs.text import Text

_log = structlog.get_logger(__name__)

AnsweredCard = Callable[[Heard, bytes], Awaitable[msgspec.Raw | None]]
CaseCard = Callable[[CaseRecord], Awaitable[dict[str, Any]]]
Words = Callable[[Text, str], str]  # (text, locale) -> words


class HandrailBot(TeamsActivityHandler):  # type: ignore[misc]  # the SDK has no types
    """Takes what Teams sends through `Turns`."""

    def __init__(
        self,
        *,
        turns: Turns,
        store: Store,
        answered_card: AnsweredCard,
        case_card: CaseCard,
        words: Words,
        desk: Desk,
        duty: Duty,
        signed: bool = True,
    ) -> None:
        """Put the parts together.

        Args:
            turns: The straight line.
            store: Looked at for cases and for people who are back.
            answered_card: The reply of a turn as the card to put in the place of the pressed one.
            case_card: A case as the helpdesk's card, for who pressed a button of it.
            words: A text of the bot's own, for refusals that are no turn.
            desk: The helpdesk's channel, for the buttons of its cards.
            duty: The same, for what is said there about who is on call.
            signed: Whether Teams has signed what comes in. In local mode nobody has, so nobody is verified.
        """
        super().__init__()
        self._turns = turns
        self._store = store
        self._answered_card = answered_card
        self._case_card = case_card
        self._words = words
        self._desk = desk
        self._duty = duty
        self._signed = signed

    async def on_turn(self, turn_context: TurnContext) -> None:
        """A turn that cannot be kept becomes a 503, and Teams sends it again."""
        try:
            await super().on_turn(turn_context)
        except StoreUnavailable as error:
            raise TurnFailed from error

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """Somebody wrote, or pressed a button of a client that sends presses as messages."""
        activity = turn_context.activity
        data = card_data(activity)
        action = case_action(activity, data)
        if action is not None:
            await self._desk.act(activity, action)
            return
        if await self._desk.said(activity) or await self._duty.said(activity):
            return
        heard = heard_message(activity, self._turns.now())
        if heard is None or self._not_theirs(heard, data):
            _log.info("activity_ignored", type="message", why="not for this conversation")
            return
        await self._take(heard)

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        """A pressed button of a client that knows Action.Execute, or of a file; anything else is not ours."""
        activity = turn_context.activity
        if activity.name == CONSENT:
            answer = await heard_consent(activity, self._store, self._turns.now())
            if answer is None:
                return InvokeResponse(status=403)
            await self._take(answer)
            return InvokeResponse(status=200)
        if activity.name != "adaptiveCard/action":
            return InvokeResponse(status=501)
        data = card_data(activity)
        locale = address_of(activity).locale
        action = case_action(activity, data)
        if action is not None:
            done = await self._desk.act(activity, action)
            if isinstance(done, CaseRecord):
                return _card(await self._case_card(done))
            return _message(self._words(done, locale))
        heard = heard_action(activity, data, self._turns.now())
        if heard is None:
            return _message(self._words(Text("bot/earlier"), locale))
        if self._not_theirs(heard, data):
            return _message(self._words(Text("bot/not-yours"), locale))
        reply = await self._take(heard)
        card = await self._answered_card(heard, reply)
        # No card: this screen was answered before, and the second press changes nothing.
        return _card(card) if card is not None else _message(self._words(Text("bot/earlier"), locale))

    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        """Members and channels come and go: no business of ours, and the SDK would ask the roster."""

    async def on_installation_update_add(self, turn_context: TurnContext) -> None:
        """Installed for a person: welcome them (conversationUpdate comes as well; once is enough)."""
        activity = turn_context.activity
        address = address_of(activity)
        if address.scope != "personal" or activity.action != "add":
            return  # the SDK calls this for "add-upgrade", too: a new version is no reason to write
        event: Event = Opened(at=self._turns.now())
        heard = Heard(
            conversation=key_of(address),
            event_id=f"installed/{activity.id or activity.timestamp}",
            event=event,
            address=address,
        )
        await self._take(heard)

    async def _take(self, heard: Heard) -> bytes:
        address = heard.address
        if not self._signed:
            unverified = msgspec.structs.replace(address.person, verified=False)
            address = msgspec.structs.replace(address, person=unverified)
        receipt = await self._turns.take(heard.conversation, heard.event_id, heard.event, address)
        return receipt.reply

    def _not_theirs(self, heard: Heard, data: dict[str, Any]) -> bool:
        """In a group everybody can press; only the person a card is for is answered."""
        ours = data.get("handrail")
        owner = ours.get("owner") if isinstance(ours, dict) else None
        return bool(owner) and owner != owner_mark(heard.conversation)


def _card(card: dict[str, Any] | msgspec.Raw) -> InvokeResponse:
    body = {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": card}
    return InvokeResponse(status=200, body=body)


def _message(words: str) -> InvokeResponse:
    body = {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": words}
    return InvokeResponse(status=200, body=body)
