"""The store on SQLite: one file, one process, one connection, every commit on the disk before it counts.

Each method is one transaction on the writer's thread; the SQL stands in `queries/sqlite.sql`. It must not
know what a turn decides, nor what is in a message. The promises are those of `bot.store.api.Store`.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from typing import TypeVar
from weakref import WeakValueDictionary

from bot import crash
from bot.address import Address
from bot.errors import Overtaken
from bot.store.api import (
    Audience,
    CaseRecord,
    CaseSearch,
    Claimed,
    Decide,
    Ended,
    Kept,
    Line,
    Message,
    MessageState,
    Receipt,
    Settled,
    Spare,
)
from bot.store.reader import Reader
from bot.store.retention import PORTION, PRUNE_EVERY, Retention
from bot.store.rows import (
    VERSION_LOOKS_AT,
    audience_of,
    conversation_of,
    encode,
    line_of,
    message_of,
    version_of,
)
from bot.store.sqlite_cases import change_case, found_cases, newest_cases, one_case, open_case
from bot.store.sqlite_file import SqliteFile
from bot.store.sqlite_files import SqliteFiles, take_files
from bot.store.sqlite_history import SqliteHistory, add_outcome
from bot.store.sqlite_on_call import SqliteRoster
from bot.store.sqlite_prune import prune
from bot.store.sqlite_queries import SQL, every, first, run
from bot.store.sqlite_room import Room, let_next_go, next_due
from bot.store.sqlite_sessions import SqliteSessions
from bot.store.writer import Writer
from dialogs.conversation import CaseStatus, Conversation

T = TypeVar("T")


class SqliteStore(SqliteRoster, SqliteHistory, SqliteSessions, SqliteFiles):
    """Keeps everything in one SQLite file, or in memory."""

    def __init__(
        self, file: SqliteFile, *, clock: Callable[[], float] = time.time, retention: Retention | None = None
    ) -> None:
        """Start the writer; `open` is still to be called.

        Args:
            file: The file, locked for this store; it is released at the end.
            clock: Seconds since 1970.
            retention: How long what nobody needs is kept.
        """
        self._clock = clock
        self._retention = retention or Retention()
        self._pruned_at = float("-inf")
        self._queues: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._unheard: list[list[Message]] = []  # leased by calls that nobody got the answer of
        self._file = file
        self._writer = Writer(file)
        self._reader = Reader(file, trusted=self._writer.prompt)

    async def open(self) -> None:
        """Look at the database once, and hand back the leases of a process that is gone.

        Raises:
            ConfigError: The database was written by a newer version.
            StoreUnavailable: It cannot be read or written.
        """
        await self._writer.do(lambda db: every(db, "release_leases", now=self._clock()))

    async def turn(
        self,
        conversation: str,
        event_id: str,
        decide: Decide,
        *,
        settles: Settled | None = None,
        spare: Spare | None = None,
    ) -> Receipt:
        """See `Store.turn`.

        Raises:
            ValueError: The event has no id; every later one without would pass for its repeat.
            LookupError: A change names a case that is not there; nothing was kept.
        """
        if not event_id:
            raise ValueError("an event needs an id")

        leased: list[Message] = []

        def work(db: sqlite3.Connection) -> Receipt:
            room = Room(spare, leased, now=self._clock())
            if settles is not None and not self._settle(db, settles, room) and settles.found != "leased":
                raise Overtaken
            ((reply, parked, *stored),) = every(db, "before", key=conversation, event=event_id)
            if reply is not None:
                return Receipt(reply=reply, repeat=True, leased=tuple(leased), due=room.left)
            before, where = conversation_of(stored) if stored[0] is not None else (None, None)
            crash.at("turn.loaded")
            kept = decide(before, where)
            crash.at("turn.decided")
            if parked and kept.address is not None:
                run(db, "unpark", conversation=conversation, now=room.now)
                room.left = True
            self._keep(db, conversation, event_id, kept, room, lines=stored[2] or 0)
            crash.at("turn.written")
            return Receipt(reply=kept.reply, repeat=False, leased=tuple(leased), due=room.left)

        # One event of a conversation at a time is handed to the writer: whoever floods waits for themselves.
        async with self._queues.setdefault(conversation, asyncio.Lock()):
            receipt = await self._heard(work, leased)
        crash.at("turn.committed")
        return receipt

    async def _heard(self, work: Callable[[sqlite3.Connection], T], leased: list[Message]) -> T:
        """Do work that leases messages; if nobody gets the answer, the next claim hands them back.

        Perhaps it was kept all the same, or will be; nobody holds these then, and they must not wait for the
        end of their lease.
        """
        try:
            return await self._writer.do(work)
        except BaseException:
            self._unheard.append(leased)
            raise

    def _keep(
        self, db: sqlite3.Connection, key: str, event_id: str, kept: Kept, room: Room, *, lines: int
    ) -> None:
        run(
            db,
            "keep_conversation",
            key=key,
            state=encode(kept.conversation),
            address=encode(kept.address) if kept.address is not None else None,
            lines=lines + len(kept.lines),
        )
        run(db, "take", conversation=key, event=event_id, now=room.now, reply=kept.reply)
        for seq, line in enumerate(kept.lines, lines + 1):
            values = {"who": line.who, "at": line.at, "session": line.session, "body": line.body}
            run(db, "add_line", conversation=key, seq=seq, **values)
        take_files(db, kept)
        for record in kept.cases:
            open_case(db, record)
        for change in kept.changes:
            change_case(db, change)
        for outcome in kept.outcomes:
            add_outcome(db, outcome)
        for message in kept.messages:
            room.send(db, message)

    async def conversation(self, key: str) -> tuple[Conversation, Address | None] | None:
        """See `Store.conversation`."""
        stored = await self._look_up("conversation", key=key)
        return conversation_of(stored) if stored else None

    async def audience(self, key: str) -> Audience | None:
        """See `Store.audience`."""
        stored = await self._look_up("conversation", key=key)
        return audience_of(stored) if stored else None

    async def lines(self, conversation: str, *, after: int = 0, limit: int = 500) -> Sequence[Line]:
        """See `Store.lines`."""
        rows = await self._writer.do(
            lambda db: every(db, "lines", conversation=conversation, after=after, limit=limit)
        )
        return [line_of(row) for row in rows]

    async def cases(self, *, status: Sequence[CaseStatus] = (), limit: int = 200) -> Sequence[CaseRecord]:
        """See `Store.cases`."""
        return await self._writer.do(lambda db: newest_cases(db, status, limit))

    async def find_cases(self, search: CaseSearch) -> Sequence[CaseRecord]:
        """See `Store.find_cases`."""
        return await self._writer.do(lambda db: found_cases(db, search))

    async def cases_version(self) -> str:
        """See `Store.cases_version`."""
        rows = self._reader.look(SQL["latest_changes"], {"limit": VERSION_LOOKS_AT})
        if rows is None:
            rows = await self._writer.do(lambda db: every(db, "latest_changes", limit=VERSION_LOOKS_AT))
        return version_of(rows)

    async def case(self, number: str) -> CaseRecord | None:
        """See `Store.case`."""
        return await self._writer.do(lambda db: one_case(db, number))

    async def ask_desk(self, number: str, desk: str) -> None:
        """See `Store.ask_desk`."""
        await self._writer.do(lambda db: run(db, "ask_desk", number=number, desk=desk))

    async def claim(self, *, now: float, lease: float, limits: Mapping[str, int]) -> Claimed:
        """See `Store.claim`. Now and then it also forgets a portion of what is too old to matter."""
        leased: list[Message] = []
        unheard = list(self._unheard)

        def work(db: sqlite3.Connection) -> float | None:
            leased.clear()  # it may run more than once
            if self._clock() >= self._pruned_at + PRUNE_EVERY and self._prune(db) < PORTION:
                self._pruned_at = self._clock()
            for each in chain.from_iterable(unheard):
                run(db, "unlease", id=each.id, attempt=each.attempt, until=each.due_at)
            kinds = [row[0] for row in every(db, "kinds_waiting") if row[0] in limits]
            due: list[tuple[float, int]] = []
            for kind in kinds:
                found = every(db, "due", kind=kind, now=now, limit=limits[kind])
                due += [(at, number) for at, number in found]
            leased.extend(
                message_of(every(db, "lease", id=number, until=now + lease)[0]) for _, number in sorted(due)
            )
            return next_due(db, kinds, after=now)

        coming = await self._heard(work, leased)
        handed_back = set(map(id, unheard))  # not by what is in them: a list may still be filled
        self._unheard = [each for each in self._unheard if id(each) not in handed_back]
        return Claimed(messages=tuple(leased), next_due=coming)

    async def settle(self, settled: Settled, *, spare: Spare | None = None) -> Ended:
        """See `Store.settle`."""
        leased: list[Message] = []

        def work(db: sqlite3.Connection) -> Ended:
            room = Room(spare, leased, now=self._clock())
            held = self._settle(db, settled, room)
            return Ended(held=held, leased=tuple(leased), due=room.left)

        return await self._heard(work, leased)

    def _settle(self, db: sqlite3.Connection, settled: Settled, room: Room) -> bool:
        over = settled.state in {"done", "dead"}
        row = first(
            db,
            "settle",
            id=settled.id,
            attempt=settled.attempt,
            found=settled.found,
            state=settled.state,
            receipt=settled.receipt,
            error=settled.error,
            due_at=settled.due_at if settled.state == "ready" else None,
            settled_at=room.now if over else None,
            excused=not settled.counted,
            kind=settled.kind,
        )
        if row is not None and over:
            room.next(db, row[0])
        return row is not None

    async def message(self, key: str) -> Message | None:
        """See `Store.message`."""
        row = await self._look_up("message", key=key)
        return message_of(row) if row else None

    async def thread(self, thread: str) -> str | None:
        """See `Store.thread`."""
        row = await self._look_up("thread", thread=thread)
        return row[0] if row else None

    async def message_by_id(self, number: int) -> Message | None:
        """See `Store.message_by_id`."""
        row = await self._writer.do(lambda db: first(db, "message_by_id", id=number))
        return message_of(row) if row else None

    async def waiting(
        self, *, state: MessageState | None = None, kind: str = "", limit: int
    ) -> Sequence[Message]:
        """See `Store.waiting`."""
        values = {"state": state or "", "kind": kind, "limit": limit}
        return [message_of(row) for row in await self._writer.do(lambda db: every(db, "waiting", **values))]

    async def retry(self, number: int) -> Message | None:
        """See `Store.retry`."""

        def work(db: sqlite3.Connection) -> Message | None:
            before = first(db, "message_by_id", id=number)
            if before is None or not run(db, "bring_back", id=number).rowcount:
                return None
            run(db, "step_back", lane=before[2], id=number)
            let_next_go(db, before[2])
            row = first(db, "message_by_id", id=number)
            return message_of(row) if row else None

        return await self._writer.do(work)

    async def unpark(self, conversation: str, *, now: float) -> int:
        """See `Store.unpark`."""
        return await self._writer.do(
            lambda db: int(run(db, "unpark", conversation=conversation, now=now).rowcount)
        )

    async def next_due(self, kinds: Collection[str] | None = None) -> float | None:
        """See `Store.next_due`."""
        return await self._writer.do(lambda db: next_due(db, kinds))

    async def oldest_due(self) -> float:
        """See `Store.oldest_due`."""
        now = self._clock()
        ((since,),) = await self._writer.do(lambda db: every(db, "due_since", now=now))
        return max(now - since, 0.0) if since is not None else 0.0

    async def kinds_waiting(self) -> frozenset[str]:
        """See `Store.kinds_waiting`."""
        return frozenset(row[0] for row in await self._writer.do(lambda db: every(db, "kinds_waiting")))

    async def depth(self) -> dict[MessageState, int]:
        """See `Store.depth`."""
        counted = dict(await self._writer.do(lambda db: [(row[0], row[1]) for row in every(db, "depth")]))
        states: tuple[MessageState, ...] = ("ready", "leased", "parked", "dead")
        return {state: counted.get(state, 0) for state in states}

    async def prune(self) -> int:
        """Forget all that is older than the retention says, a portion a transaction. How many rows."""
        total = 0
        while (pruned := await self._writer.do(self._prune)) > 0:
            total += pruned
        return total

    def _prune(self, db: sqlite3.Connection) -> int:
        """One portion."""
        return prune(db, self._retention, self._clock())

    async def check(self) -> None:
        """See `Store.check`."""
        await self._writer.do(lambda db: every(db, "pulse", now=self._clock()))

    async def replicas(self) -> int:
        """See `Store.replicas`. One process has the file."""
        return 1

    async def cursor(self, source: str, *, lease: float) -> str | None:  # noqa: ARG002  nobody to share it with
        """See `Store.cursor`."""
        row = await self._writer.do(lambda db: first(db, "cursor", name=source))
        return str(row[0]) if row else ""

    async def move_cursor(self, source: str, value: str) -> None:
        """See `Store.move_cursor`."""
        await self._writer.do(lambda db: every(db, "move_cursor", name=source, value=value))

    async def close(self) -> None:
        """See `Store.close`. May be called twice."""
        self._reader.close()
        await self._writer.close()
        self._file.release()
