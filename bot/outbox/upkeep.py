"""What an operator does with the outbox: look, have a message tried again, give one up.

The same beside a running bot, inside of it, and without one. It must not know who asks and how it is shown.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Final, Literal, TypeAlias

import msgspec
import structlog

from bot.errors import ContentError, Overtaken, StoreUnavailable
from bot.outbox.ending import Follow
from bot.outbox.entry import Entry, entry_of, plain
from bot.store.api import Message, MessageState, Settled, Store

_log = structlog.get_logger(__name__)

_LARGEST_ID: Final = 2**63 - 1

Result: TypeAlias = Literal["retried", "dropped", "not found", "on its way", "done", "changed"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request: `entry` is the message as it stands now.

    "on its way": somebody holds it and may be delivering it. "changed": it is not as it was a moment ago.
    """

    name: str
    result: Result
    entry: Entry | None = None


class Upkeep:
    """The operator's work on one outbox. Every method may raise `StoreUnavailable`.

    A message is named by its key or its id.
    """

    def __init__(
        self,
        store: Store,
        buried: Callable[[Message], Awaitable[Follow | None]],
        *,
        wake: Callable[[], None] = lambda: None,
        changed: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Put the parts together.

        Args:
            store: Where the outbox is.
            buried: Asked when a message is given up, so that its conversation hears of it.
            wake: Called when something may go now.
            changed: Told which conversation has heard of it.
            clock: Seconds since 1970.
        """
        self._store = store
        self._buried = buried
        self._wake = wake
        self._changed = changed
        self._clock = clock

    async def waiting(
        self, *, state: MessageState | None = None, kind: str = "", limit: int = 50
    ) -> list[Entry]:
        """What is not done, oldest first."""
        return [entry_of(each) for each in await self._store.waiting(state=state, kind=kind, limit=limit)]

    async def entry(self, name: str) -> Entry | None:
        """One message, done or not; None when there is none (any more)."""
        message = await self._found(name)
        return entry_of(message) if message is not None else None

    async def retry(self, name: str) -> Outcome:
        """Have it tried again, now and with the whole schedule before it."""
        message = await self._found(name)
        if message is None:
            return Outcome(name=name, result="not found")
        again = await self._store.retry(message.id)
        if again is None:
            return await self._not_done(name)
        _log.info("message_retried", key=again.key, kind=again.kind, was=message.state)
        self._wake()
        return Outcome(name=name, result="retried", entry=entry_of(again))

    async def drop(self, name: str, why: str) -> Outcome:
        """Give it up for good; whoever waits for what becomes of it hears of it in the same commit.

        It is kept as done for as long as all others that are, with the reason.

        Raises:
            ContentError: The guides are broken, and without them nobody can be told.
        """
        message = await self._found(name)
        if message is None:
            return Outcome(name=name, result="not found")
        if message.state in {"leased", "done"}:
            return await self._not_done(name)
        at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self._clock()))
        before = f" (before: {message.error})" if message.error else ""
        error = plain(f"dropped by an operator on {at}: {why}{before}")
        settled = Settled(
            id=message.id, attempt=message.attempt, found=message.state, state="done", error=error
        )
        try:
            await self._tell_and_settle(message, settled)
        except Overtaken:
            return await self._not_done(name)
        _log.info("message_dropped", key=message.key, kind=message.kind, was=message.state, why=error)
        self._wake()  # what stood behind it may go
        return Outcome(name=name, result="dropped", entry=await self.entry(name))

    async def _tell_and_settle(self, message: Message, settled: Settled) -> None:
        try:
            follow = await self._buried(msgspec.structs.replace(message, state="dead", error=settled.error))
            if follow is not None:
                receipt = await self._store.turn(
                    follow.conversation, follow.event_id, follow.decide, settles=settled
                )
                if not receipt.repeat:
                    self._changed(follow.conversation)
                return
        except (StoreUnavailable, ContentError, Overtaken):
            raise
        except Exception as error:  # noqa: BLE001 - what cannot be read has to be dropped above all
            _log.error(
                "nobody_heard_of_it",
                key=message.key,
                exc_info=error,
                what_to_do="tell the person and the helpdesk yourself; please report this as a defect.",
            )
        if not (await self._store.settle(settled)).held:
            raise Overtaken

    async def _not_done(self, name: str) -> Outcome:
        """It could not be: say what it is now."""
        entry = await self.entry(name)
        if entry is None:
            return Outcome(name=name, result="not found")
        results: dict[MessageState, Result] = {"leased": "on its way", "done": "done"}
        return Outcome(name=name, result=results.get(entry.state, "changed"), entry=entry)

    async def _found(self, name: str) -> Message | None:
        if name.isascii() and name.isdigit() and len(name) < 20 and int(name) <= _LARGEST_ID:
            return await self._store.message_by_id(int(name))
        return await self._store.message(name)
