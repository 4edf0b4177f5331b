"""The store on PostgreSQL, for several replicas: they hold nothing, and any of them may die at any moment.

A turn is two round trips: read, decide, and one statement that keeps everything if nobody else has kept a
turn of this conversation meanwhile. No lock is held while Python thinks. Whoever loses that race takes the
row's lock for the next try, so a turn waits for turns of its own conversation and for no others. The SQL
stands in `queries/postgres.sql`. It must not know what a turn decides, nor what is in a message. The promises
are those of `bot.store.api.Store`.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec

from bot import crash
from bot.address import Address
from bot.errors import Overtaken, StoreUnavailable
from bot.store.api import (
    Audience,
    CaseRecord,
    CaseSearch,
    Claimed,
    Decide,
    Ended,
    Line,
    Message,
    MessageState,
    Receipt,
    Settled,
    Spare,
)
from bot.store.postgres_cases import change_case, open_case
from bot.store.postgres_clock import DatabaseClock
from bot.store.postgres_files import PostgresFiles, take_files
from bot.store.postgres_history import PostgresHistory, add_outcome
from bot.store.postgres_link import Link
from bot.store.postgres_on_call import PostgresRoster
from bot.store.postgres_prune import prune
from bot.store.postgres_queries import Database, first, message_in, run, transaction, turn_values
from bot.store.postgres_sessions import PostgresSessions
from bot.store.postgres_setup import PATIENCE, prepare
from bot.store.retention import PORTION, PRUNE_EVERY, Retention
from bot.store.rows import (
    VERSION_LOOKS_AT,
    Row,
    audience_of,
    case_of,
    conversation_of,
    line_of,
    search_values,
    version_of,
)
from dialogs.conversation import CaseStatus, Conversation

REPLICA_SILENT: Final = 45.0  # seconds without a word, three times left out, and a replica is gone


class _LostRace(Exception):  # noqa: N818 - an outcome, not a mistake
    """Another replica kept a turn of this conversation in between."""


class PostgresStore(PostgresRoster, PostgresHistory, PostgresSessions, PostgresFiles):
    """Keeps everything in one PostgreSQL database, together with others like it."""

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], float] = time.time,
        retention: Retention | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """Nothing is connected before `open`.

        Args:
            url: `postgresql://user:password@host:port/database`, with libpq's options.
            clock: The callers' clock, seconds since 1970; what is kept goes by the database's.
            retention: How long what nobody needs is kept.
            patience: Seconds that one call may take before the store counts as unavailable.
        """
        self._url = url
        self._clock = DatabaseClock(clock)
        self._retention = retention or Retention()
        self._pruned_at = float("-inf")
        self._replica = uuid.uuid4().hex
        self._counted = False  # whether the others know of this one
        self._link = Link(url, patience=patience)
        # turns of one conversation queue up here, so that only replicas race and not every event
        self._queues: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def open(self) -> None:
        """Check the database and bring its schema up to date.

        Raises:
            ConfigError: The URL or the database will not do; the message names the remedy.
            StoreUnavailable: The server cannot be used now.
        """
        await prepare(self._url)
        await self._link.open()
        await self._link.do(self._look, again=True)

    async def turn(
        self,
        conversation: str,
        event_id: str,
        decide: Decide,
        *,
        settles: Settled | None = None,
        spare: Spare | None = None,  # noqa: ARG002  a claim of its own is one round trip as well
    ) -> Receipt:
        """See `Store.turn`.

        Raises:
            ValueError: The event has no id; every later one without would pass for its repeat.
            LookupError: A change names a case that is not there; nothing was kept.
        """
        if not event_id:
            raise ValueError("an event needs an id")
        queue = self._queues.setdefault(conversation, asyncio.Lock())

        async def work(db: Database) -> Receipt:
            locked = settles is not None and settles.found != "leased"
            while True:
                try:
                    return await self._turn(db, conversation, event_id, decide, settles, locked=locked)
                except _LostRace:
                    locked = True

        return await self._link.do(work, again=True, queue=queue)

    async def _turn(
        self,
        db: Database,
        conversation: str,
        event_id: str,
        decide: Decide,
        settles: Settled | None,
        *,
        locked: bool,
    ) -> Receipt:
        async with AsyncExitStack() as stack:
            if locked:
                await stack.enter_async_context(transaction(db))
                await run(db, "lock", conversation=conversation)
            stored = await first(db, "load", conversation=conversation, event=event_id)
            if settles is not None and settles.found != "leased":
                if not await self._settle(db, settles):
                    raise Overtaken
                settles = None
            if stored is not None and stored[4] is not None:
                if settles is not None:
                    await self._settle(db, settles)
                return Receipt(reply=stored[4], repeat=True)
            before, where = conversation_of(stored) if stored is not None else (None, None)
            crash.at("turn.loaded")
            kept = decide(before, where)
            crash.at("turn.decided")
            more = kept.cases or kept.changes or kept.outcomes or kept.files or kept.dropped or kept.aimed
            if more and not locked:
                await stack.enter_async_context(transaction(db))
            if kept.address is not None and stored is not None and stored[5]:
                await run(db, "unpark", conversation=conversation, now=self._clock.now())
            lines, turns = (stored[2], stored[3]) if stored is not None else (0, 0)
            values = turn_values(conversation, event_id, kept, lines=lines, turns=turns)
            if await first(db, "keep", **values, **self._end_values(settles)) is None:
                raise _LostRace
            await take_files(db, kept)
            for record in kept.cases:
                await open_case(db, record)
            for change in kept.changes:
                await change_case(db, change)
            for outcome in kept.outcomes:
                await add_outcome(db, outcome)
            crash.at("turn.written")
        crash.at("turn.committed")
        return Receipt(reply=kept.reply, repeat=False)

    async def conversation(self, key: str) -> tuple[Conversation, Address | None] | None:
        """See `Store.conversation`."""
        stored = await self._link.do(lambda db: first(db, "conversation", conversation=key), again=True)
        return conversation_of(stored) if stored is not None else None

    async def audience(self, key: str) -> Audience | None:
        """See `Store.audience`."""
        stored = await self._link.do(lambda db: first(db, "conversation", conversation=key), again=True)
        return audience_of(stored) if stored is not None else None

    async def lines(self, conversation: str, *, after: int = 0, limit: int = 500) -> Sequence[Line]:
        """See `Store.lines`."""
        rows = await self._rows("lines", conversation=conversation, after=after, limit=limit)
        return [line_of(row) for row in rows]

    async def cases(self, *, status: Sequence[CaseStatus] = (), limit: int = 200) -> Sequence[CaseRecord]:
        """See `Store.cases`."""
        if status:
            rows = await self._rows("cases_by_status", statuses=sorted(set(status)), limit=limit)
        else:
            rows = await self._rows("cases", limit=limit)
        return [case_of(row, row[12]) for row in rows]

    async def case(self, number: str) -> CaseRecord | None:
        """See `Store.case`."""
        row = await self._link.do(lambda db: first(db, "case", number=number), again=True)
        return case_of(row, row[12]) if row is not None else None

    async def find_cases(self, search: CaseSearch) -> Sequence[CaseRecord]:
        """See `Store.find_cases`."""
        name = "find_oldest" if search.oldest_first else "find_newest"
        rows = await self._rows(name, statuses=sorted(set(search.statuses)), **search_values(search))
        return [case_of(row, row[12]) for row in rows]

    async def cases_version(self) -> str:
        """See `Store.cases_version`."""
        return version_of(await self._rows("latest_changes", limit=VERSION_LOOKS_AT))

    async def ask_desk(self, number: str, desk: str) -> None:
        """See `Store.ask_desk`."""
        await self._rows("ask_desk", number=number, desk=desk)

    async def claim(self, *, now: float, lease: float, limits: Mapping[str, int]) -> Claimed:
        """See `Store.claim`. Now and then it also forgets a portion of what is too old to matter."""

        async def work(db: Database) -> list[Row]:
            if self._clock.due():
                await self._look(db)
            if time.monotonic() >= self._pruned_at + PRUNE_EVERY and await self._prune(db) < PORTION:
                self._pruned_at = time.monotonic()
            at = self._clock.to_database(now)
            pools = {"kinds": list(limits), "limits": list(limits.values())}
            return await run(db, "claim", now=at, until=at + lease, **pools)

        rows = await self._link.do(work)
        return Claimed(
            messages=tuple(self._message_of(row[1:]) for row in rows if row[1] is not None),
            next_due=self._clock.to_caller(rows[0][0]) if rows[0][0] is not None else None,
        )

    async def settle(self, settled: Settled, *, spare: Spare | None = None) -> Ended:  # noqa: ARG002  see `turn`
        """See `Store.settle`."""
        return Ended(held=await self._link.do(lambda db: self._settle(db, settled)))

    async def _settle(self, db: Database, settled: Settled) -> bool:
        found = await first(db, "settle", **self._end_values(settled), found=settled.found)
        return found is not None

    async def message(self, key: str) -> Message | None:
        """See `Store.message`."""
        row = await self._link.do(lambda db: first(db, "message", key=key), again=True)
        return self._message_of(row) if row is not None else None

    async def thread(self, thread: str) -> str | None:
        """See `Store.thread`."""
        row = await self._link.do(lambda db: first(db, "thread", thread=thread), again=True)
        return row[0] if row is not None else None

    async def message_by_id(self, number: int) -> Message | None:
        """See `Store.message_by_id`."""
        row = await self._link.do(lambda db: first(db, "message_by_id", id=number), again=True)
        return self._message_of(row) if row is not None else None

    async def waiting(
        self, *, state: MessageState | None = None, kind: str = "", limit: int
    ) -> Sequence[Message]:
        """See `Store.waiting`."""
        rows = await self._rows("waiting", state=state or "", kind=kind, limit=limit)
        return [self._message_of(row) for row in rows]

    async def retry(self, number: int) -> Message | None:
        """See `Store.retry`. The lane is held meanwhile, as by whoever enters or leaves it."""

        async def work(db: Database) -> Row | None:
            async with transaction(db):
                lane = await first(db, "enter_lane", id=number)
                if lane is None or not await run(db, "bring_back", id=number):
                    return None
                await run(db, "step_back", lane=lane[0], id=number)
                await run(db, "next_in_lane", lane=lane[0])
                return await first(db, "message_by_id", id=number)

        row = await self._link.do(work, again=True)
        return self._message_of(row) if row is not None else None

    async def unpark(self, conversation: str, *, now: float) -> int:
        """See `Store.unpark`."""
        values = {"conversation": conversation, "now": self._clock.to_database(now)}
        return len(await self._link.do(lambda db: run(db, "unpark", **values)))

    async def next_due(self, kinds: Collection[str] | None = None) -> float | None:
        """See `Store.next_due`."""
        if kinds is None:
            ((due,),) = await self._rows("next_due")
        else:
            ((due,),) = await self._rows("next_due_of", kinds=list(kinds))
        return self._clock.to_caller(due) if due is not None else None

    async def oldest_due(self) -> float:
        """See `Store.oldest_due`."""
        ((seconds,),) = await self._rows("due_for")
        return float(seconds)

    async def kinds_waiting(self) -> frozenset[str]:
        """See `Store.kinds_waiting`."""
        return frozenset(row[0] for row in await self._rows("kinds_waiting"))

    async def depth(self) -> dict[MessageState, int]:
        """See `Store.depth`."""
        counted = {row[0]: row[1] for row in await self._rows("depth")}
        states: tuple[MessageState, ...] = ("ready", "leased", "parked", "dead")
        return {state: counted.get(state, 0) for state in states}

    async def prune(self) -> int:
        """Forget all that is older than the retention says, a portion at a time. How many rows."""
        total = 0
        while (pruned := await self._link.do(self._prune)) > 0:
            total += pruned
        return total

    async def _prune(self, db: Database) -> int:
        """One portion."""
        return await prune(db, self._retention)

    async def check(self) -> None:
        """See `Store.check`."""
        await self._link.do(lambda db: run(db, "pulse"), again=True)

    async def replicas(self) -> int:
        """See `Store.replicas`. Times are the database's."""
        self._counted = True
        values = {"replica": self._replica, "age": REPLICA_SILENT}
        ((number,),) = await self._link.do(lambda db: run(db, "replicas", **values), again=True)
        return int(number)

    async def cursor(self, source: str, *, lease: float) -> str | None:
        """See `Store.cursor`. The lease is by the database's clock."""
        row = await self._link.do(lambda db: first(db, "cursor", source=source, lease=lease))
        return str(row[0]) if row else None

    async def move_cursor(self, source: str, value: str) -> None:
        """See `Store.move_cursor`."""
        await self._link.do(lambda db: run(db, "move_cursor", source=source, value=value), again=True)

    async def close(self) -> None:
        """See `Store.close`. May be called twice."""
        if self._counted:
            self._counted = False
            with contextlib.suppress(StoreUnavailable):  # else the others forget it after a minute
                await self._link.do(lambda db: run(db, "leave", replica=self._replica))
        await self._link.close()

    async def _look(self, db: Database) -> None:
        """See what time it is there."""
        started = self._clock.started()
        ((now,),) = await run(db, "clock")
        self._clock.look(started, now)

    def _message_of(self, found: Row) -> Message:
        message = message_in(found)
        return msgspec.structs.replace(
            message,
            created_at=self._clock.to_caller(message.created_at),
            due_at=self._clock.to_caller(message.due_at),
        )

    def _end_values(self, settled: Settled | None) -> dict[str, Any]:
        """What `settle` takes, and `keep` for the message that a turn ends; no message when there is none."""
        return {
            "ended": settled.id if settled else None,
            "attempt": settled.attempt if settled else 0,
            "state_of_ended": settled.state if settled else "done",
            "receipt": settled.receipt if settled else "",
            "error": settled.error if settled else "",
            "due_at": self._clock.to_database(settled.due_at) if settled else 0.0,
            "excused": int(settled is not None and not settled.counted),
            "kind": settled.kind if settled else "",
        }
