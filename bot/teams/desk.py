"""The helpdesk at its channel: who may press the buttons of a case, and what they are told.

Who may is decided by where something was pressed, never by what the card says: only members of the helpdesk's
team can be in its channel, and Teams signs where it was. Must not know: what an action does to a case, cards.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import msgspec
import structlog
from botbuilder.schema import Activity

from bot.queues import Queues
from bot.store.api import CaseRecord, NewMessage, Store
from bot.teams.activities import address_of, words_of
from bot.teams.case_actions import CaseAction, event_of
from bot.turn import Turns
from dialogs.events import CaseAsked, CaseGraded
from dialogs.text import Text

_log = structlog.get_logger(__name__)

Colleague: TypeAlias = Callable[[str, str, str], Awaitable[str | None]]
"""(service URL, channel, id of a person) -> their name, None when not in its team; or `TeamUnknown`."""

_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """A card of a case that is not the one kept up to date: where it is, and which one."""

    number: str
    service_url: str
    thread: str
    activity: str


class TeamUnknown(Exception):  # noqa: N818 - a state of the world
    """Nobody can say now who is in the team."""


class Desk:
    """Takes what is pressed on the cards of cases."""

    def __init__(self, *, turns: Turns, store: Store, queues: Queues, colleague: Colleague) -> None:
        """Put the parts together.

        Args:
            turns: The straight line.
            store: Where cases are.
            queues: The channels whose members may act, each on its own cases.
            colleague: Looks up who was picked.
        """
        self._turns = turns
        self._store = store
        self._queues = queues
        self._colleague = colleague

    async def act(self, activity: Activity, action: CaseAction) -> CaseRecord | Text:
        """Do it; the case as it is then, or what the one who pressed is told instead.

        Raises:
            StoreUnavailable: Nothing was kept.
        """
        where = (activity.conversation.id or "").partition(";")[0]
        record = await self._store.case(action.number)
        if where not in self._queues.all() or (record is not None and not self._may(record, where)):
            _log.warning("case_action_refused", number=action.number, why="not from the case's channel")
            return Text("bot/not-yours")
        if record is None:
            return Text("bot/earlier")
        done = await self._done(activity, action, record, where)
        await self._mend_copy(activity, action, record)
        return done

    async def _done(
        self, activity: Activity, action: CaseAction, record: CaseRecord, where: str
    ) -> CaseRecord | Text:
        if action.does == "give" and _ID.fullmatch(action.words):
            try:
                name = await self._colleague(address_of(activity).service_url, where, action.words)
            except TeamUnknown:
                return Text("bot/team-unknown")
            if not name:
                return Text("bot/not-a-colleague")
            action = msgspec.structs.replace(action, words=name)
        event = event_of(action, self._turns.now())
        if event is None:
            return Text("bot/case-silent")
        if isinstance(event, CaseGraded) and event.severity == record.severity:
            return record  # pressed on a card that somebody else's press has not reached yet
        receipt = await self._turns.take(record.conversation, action.press, event)
        after = await self._store.case(action.number) or record
        lost = action.does == "claim" and not receipt.repeat and after.by != action.by
        if lost and after.status in {"claimed", "waiting"}:
            return Text("bot/case-taken", {"by": after.by, "number": after.number})
        return after

    async def said(self, activity: Activity) -> bool:
        """A mention of the bot in a case's thread goes to the person. False when it is no such thread."""
        thread = activity.conversation.id or ""
        where = thread.partition(";")[0]
        key = await self._store.thread(thread) if where != thread and where in self._queues.all() else None
        record = await self._store.case(key.split("/")[1]) if key is not None else None
        if record is None:
            return False
        by = address_of(activity).person.name or "?"
        event = CaseAsked(at=self._turns.now(), number=record.number, by=by, text=words_of(activity))
        await self._turns.take(record.conversation, f"thread/{activity.id or activity.timestamp}", event)
        return True

    async def _mend_copy(self, activity: Activity, action: CaseAction, record: CaseRecord) -> None:
        """Nobody knew of a card whose sending got no answer: once it is pressed, it is brought up to date."""
        pressed = address_of(activity)
        thread, card = pressed.conversation_id, activity.reply_to_id or ""
        if not card or await self._store.thread(thread) is not None:
            return
        copy = Copy(number=record.number, service_url=pressed.service_url, thread=thread, activity=card)
        message = NewMessage(
            key=f"handoff-copy/{thread}/{action.press}",
            lane=f"handoff/{record.number}",
            kind="handoff-copy",
            conversation=record.conversation,
            body=msgspec.json.encode(copy),
        )
        await self._turns.send(record.conversation, message.key, message)

    def _may(self, record: CaseRecord, where: str) -> bool:
        moved = any(entry.what == "moved" for entry in record.log)
        return self._queues.has(record.file, where, moved=moved)
