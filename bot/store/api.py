"""The store as the rest of the bot sees it: one protocol for SQLite and PostgreSQL.

A turn is one call: the store begins, hands the stored conversation to a pure function, keeps what that
returns and commits. Nothing in here knows what the function decides, nor what is in a message.
Times are seconds since 1970, UTC, as floats where a fraction matters.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

from bot.address import Address, Person
from bot.store.files import Aim, FileStore, NewFile
from bot.store.history import History
from bot.store.on_call import Roster
from bot.store.sessions import Sessions
from bot.store.tickets import KeepsTickets
from dialogs.case import CaseFile
from dialogs.conversation import CaseStatus, Conversation
from dialogs.effects import What
from dialogs.guide import Severity
from dialogs.outcome import Outcome

Who: TypeAlias = Literal["person", "bot", "helpdesk"]
MessageState: TypeAlias = Literal["ready", "leased", "done", "parked", "dead"]


class _Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all records."""


class NewMessage(_Record, frozen=True, kw_only=True):
    """An effect, to be written into the outbox. `key` is unique for ever: writing it twice is once.

    Messages of one `lane` leave in the order they were written, one at a time.
    """

    key: str
    lane: str
    kind: str
    conversation: str
    body: bytes


class Message(NewMessage, frozen=True, kw_only=True):
    """A message out of the outbox. `attempt` counts from 1 and fences: only its holder may settle it.

    `excused` of the attempts do not count: it was put off, parked or handed back. `lapsed` is how many
    attempts in a row, up to now, let their lease run out without a word; from the second on the next one is
    so many more seconds away: 4, 8, 16, 32, then 64, and up to twice as many, so that messages which were
    under way together are not so again. `behind`: it is ready, but another message has its lane.
    """

    id: int
    attempt: int
    created_at: float
    excused: int = 0
    lapsed: int = 0
    state: MessageState = "leased"
    due_at: float = 0.0
    behind: bool = False
    error: str = ""
    receipt: str = ""

    @property
    def tries(self) -> int:
        """The attempts that count, the present one among them: what retries go by, and giving up."""
        return self.attempt - self.excused


class Claimed(_Record, frozen=True, kw_only=True):
    """What a claim leased, and when the next message of the kinds it looked at falls due, if one waits."""

    messages: tuple[Message, ...] = ()
    next_due: float | None = None


class NewLine(_Record, frozen=True, kw_only=True):
    """A line of the transcript. `body` is JSON: a Prompt for the bot, a list of words for people."""

    who: Who
    at: int
    session: int
    body: bytes


class Line(NewLine, frozen=True, kw_only=True):
    """A kept line. `seq` rises by one within its conversation, starting at 1."""

    seq: int


class LogEntry(_Record, frozen=True, kw_only=True):
    """What happened to a case: who, when, and what they wrote; see `dialogs.effects.ChangeCase`.

    `status` is the one it has had since. `what` is "" in entries of versions that did not say.
    """

    at: int
    status: CaseStatus
    by: str = ""
    note: str = ""
    what: What | Literal[""] = ""
    reason: str = ""
    fix: str = ""
    names: str = ""


class CaseRecord(_Record, frozen=True, kw_only=True):
    """A case as the helpdesk sees it. The number is unique; the file never changes, the log grows.

    `desk` was asked to file it (`bot.desk_names`); "" before one was, and in records of older versions.
    """

    number: str
    conversation: str
    status: CaseStatus
    opened_at: int
    changed_at: int
    person: Person
    file: CaseFile
    by: str = ""  # whose it is
    severity: Severity = "normal"  # that it has now
    reference: str = ""
    desk: str = ""
    zone: str = ""
    log: tuple[LogEntry, ...] = ()


class CaseChange(_Record, frozen=True, kw_only=True):
    """News of case `number`, for its log; `files` are of it now. What is None or empty: as it was."""

    number: str
    at: int
    what: What | Literal[""] = ""
    status: CaseStatus | None = None
    by: str = ""
    owner: str = ""
    note: str = ""
    reason: str = ""
    fix: str = ""
    reference: str = ""
    severity: Severity | None = None
    files: tuple[str, ...] = ()
    names: str = ""


class CaseSearch(_Record, frozen=True, kw_only=True):
    """Which cases are looked for: of one of these statuses, and fitting all that is not empty.

    `by` is who works on it; `words` are in its number, its ticket's number or the person's name, in whatever
    capitals. `after`: `opened_at` and number of the last one that was shown.
    """

    statuses: tuple[CaseStatus, ...]
    severity: Severity | Literal[""] = ""
    queue: str = ""
    code: int | None = None
    language: str = ""
    by: str = ""
    words: str = ""
    oldest_first: bool = False
    after: tuple[int, str] | None = None
    limit: int = 50


class Spare(_Record, frozen=True, kw_only=True):
    """Room for what a commit makes due: the kinds of which it may lease one message, until `until`.

    It saves the claim, and the wait for the disk that a claim is.
    """

    kinds: frozenset[str]
    until: float


class Audience(_Record, frozen=True, kw_only=True):
    """How a person is spoken to: the part of a stored conversation that says so, and where they are met."""

    language: str
    plain: bool
    address: Address


class Kept(_Record, frozen=True, kw_only=True):
    """What one turn leaves behind. All of it is kept, or none.

    `address` None means: as it was. `reply` is the answer to the sender, given again to every repeat.
    """

    conversation: Conversation
    address: Address | None = None
    lines: tuple[NewLine, ...] = ()
    messages: tuple[NewMessage, ...] = ()
    cases: tuple[CaseRecord, ...] = ()
    changes: tuple[CaseChange, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    files: tuple[NewFile, ...] = ()
    aimed: tuple[Aim, ...] = ()
    dropped: tuple[str, ...] = ()  # files to be forgotten, unless a case has them
    reply: bytes = b""


class Receipt(_Record, frozen=True, kw_only=True):
    """`repeat`: this event had been taken before, nothing changed, `reply` is the first one.

    `leased` is what the commit leased of what it made due, and `due` says whether there is more of that.
    """

    reply: bytes
    repeat: bool
    leased: tuple[Message, ...] = ()
    due: bool = True


class Ended(_Record, frozen=True, kw_only=True):
    """How a message was settled. `held` False: the lease had passed on, nothing changed.

    `leased` and `due` say of the next message of its lane what they say of a turn's in a `Receipt`.
    """

    held: bool
    leased: tuple[Message, ...] = ()
    due: bool = True


Decide: TypeAlias = Callable[[Conversation | None, Address | None], Kept]


class Settled(_Record, frozen=True, kw_only=True):
    """How a claimed message ended: done with a receipt, or dead, or to be tried again at `due_at`.

    `counted` False: nothing was wrong with it, so the attempt is none of its tries.
    `found` is the state it must still be in. Any other than "leased" is for an operator, who holds no lease.
    `kind`, if given, is the one it has from now on. A `receipt` that it had stays when none is given.
    """

    id: int
    attempt: int
    state: MessageState
    found: MessageState = "leased"
    receipt: str = ""
    error: str = ""
    due_at: float = 0.0
    counted: bool = True
    kind: str = ""


class Store(KeepsTickets, Roster, History, Sessions, FileStore, Protocol):
    """Everything the bot keeps. Every method may raise `StoreUnavailable`."""

    async def turn(
        self,
        conversation: str,
        event_id: str,
        decide: Decide,
        *,
        settles: Settled | None = None,
        spare: Spare | None = None,
    ) -> Receipt:
        """Take one event: begin, load, decide, save, commit.

        `decide` must be pure: it may run more than once, and on another thread. If `event_id` was taken
        before in this conversation, `decide` is not called. An address in what is kept says that the person
        is here: what was parked for them is made ready, and stands before what this turn sends. `settles`
        ends an outbox message in the same commit; if its attempt no longer holds the lease the turn is still
        kept (the event id makes it once). A store may lease what there is `spare` room for, and need not.

        Raises:
            NumberTaken: a new case's number is in use; nothing was kept.
            Overtaken: `settles` is an operator's, and its message is not as it was found; nothing was kept.
        """
        ...

    async def conversation(self, key: str) -> tuple[Conversation, Address | None] | None:
        """A stored conversation, without changing it."""
        ...

    async def audience(self, key: str) -> Audience | None:
        """Who a conversation is with, for what is sent to them; None when there is nobody."""
        ...

    async def lines(self, conversation: str, *, after: int = 0, limit: int = 500) -> Sequence[Line]:
        """The transcript behind line `after`, in order."""
        ...

    async def cases(self, *, status: Sequence[CaseStatus] = (), limit: int = 200) -> Sequence[CaseRecord]:
        """Cases, newest first; all when no status is named."""
        ...

    async def case(self, number: str) -> CaseRecord | None:
        """One case."""
        ...

    async def find_cases(self, search: CaseSearch) -> Sequence[CaseRecord]:
        """Cases that fit, newest or oldest first."""
        ...

    async def cases_version(self) -> str:
        """Something short that is another after every change of any case. Cheap."""
        ...

    async def claim(self, *, now: float, lease: float, limits: Mapping[str, int]) -> Claimed:
        """Lease messages that are due: per lane only the oldest unsettled one, lanes oldest first.

        `limits` says how many at most of each kind; kinds it does not name are left alone, and nothing that
        waits in one kind makes a claim of another slower. `next_due` is the earliest time after `now`.
        `attempt` is raised before anything is tried, so that a message that kills its worker is counted.
        `now` is by the caller's clock; a store that several processes share corrects it to one for all.
        """
        ...

    async def settle(self, settled: Settled, *, spare: Spare | None = None) -> Ended:
        """End or postpone a claimed message; with `spare` room the next of its lane may be leased at once."""
        ...

    async def message(self, key: str) -> Message | None:
        """The outbox message `key` as it stands, done or not; None when there is none (any more)."""
        ...

    async def thread(self, thread: str) -> str | None:
        """The key of the message whose delivery began this thread in a channel; None when none did."""
        ...

    async def message_by_id(self, number: int) -> Message | None:
        """The same by its id."""
        ...

    async def waiting(
        self, *, state: MessageState | None = None, kind: str = "", limit: int
    ) -> Sequence[Message]:
        """Messages that are not done, oldest first; only those in one state, or of one kind, when named.

        Those below a kind are of it, too: "ticket/security" is a "ticket".
        """
        ...

    async def retry(self, number: int) -> Message | None:
        """Have message `number` tried again, its tries forgotten: as it stands now, None if it cannot be.

        It may be dead, parked or ready; not done, and not leased, because its holder may be delivering it. It
        comes back to its old place in its lane: before all that were written later, so one of these that was
        due waits again, but behind one that is leased or parked. One at a time, as always.
        """
        ...

    async def unpark(self, conversation: str, *, now: float) -> int:
        """The person is back: make the parked messages of this conversation ready. How many there were."""
        ...

    async def next_due(self, kinds: Collection[str] | None = None) -> float | None:
        """When the earliest waiting message of these kinds (None: of any) is due, None when nothing waits."""
        ...

    async def oldest_due(self) -> float:
        """For how many seconds the message that waits longest could have left; 0 when none is due.

        One that was never tried counts from when it was written.
        """
        ...

    async def depth(self) -> dict[MessageState, int]:
        """How many messages are in each state (`done` is left out)."""
        ...

    async def check(self) -> None:
        """Prove that the database can be written; raises `StoreUnavailable` with the reason."""
        ...

    async def replicas(self) -> int:
        """Say that this process is alive, and ask how many are: itself and those heard of in the last minute.

        To be called every 15 seconds. A store that only one process can have says 1.
        """
        ...

    async def close(self) -> None:
        """Finish what is in hand and let go of the database."""
        ...
