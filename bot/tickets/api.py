"""What every ticket system must do for us, and nothing about any one of them.

The order is the same for all: look it up by its key, write only what is not there. That is what keeps one
ticket per case, and one comment per update, when an answer was lost on the way. What we wrote carries its key
(`bot.tickets.marks`), so that it is never taken for news.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

from bot.store.api import CaseRecord
from dialogs.conversation import CaseStatus
from dialogs.guide import Severity

ChangeKind: TypeAlias = Literal["comment", "claimed", "resolved", "reopened"]


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A case on its way into a ticket system. `body` is plain text in the helpdesk's language."""

    key: str  # the case number; unique for ever
    title: str
    body: str
    record: CaseRecord

    @property
    def urgent(self) -> bool:
        """Whether the case presses. A system that refuses to be told so gets the ticket without it."""
        return self.record.severity == "urgent"


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a case, on its way into a ticket system.

    Attributes:
        key: Unique for ever, the case number first, for example "HR-7K3F/4".
        number: The case.
        public: The person may read it; else it is for the helpdesk only.
        author: Who wrote it, as people call them.
        body: Plain text in the helpdesk's language; "" when only the status changed.
        at: When, seconds since 1970, UTC.
        status: What the case has become; None: as it was.
        severity: How pressing it is from now on; None: as it was.
    """

    key: str
    number: str
    public: bool
    author: str
    body: str
    at: int
    status: CaseStatus | None = None
    severity: Severity | None = None


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a case, for example the hand-over as JSON. `key` is unique for ever, like an update's."""

    key: str
    name: str
    media_type: str
    content: bytes


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did over there, never we ourselves.

    Attributes:
        id: Unique for ever within the system; the same whenever the same thing is told again.
        number: The case.
        kind: What it was.
        by: Who did it, of "claimed" who has it now; "" when the system does not say.
        text: What they wrote: plain text, data, of any length.
        public: They meant the person to read it.
        at: When, seconds since 1970, UTC.
    """

    id: str
    number: str
    kind: ChangeKind
    by: str
    text: str
    public: bool
    at: int


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, and where to go on: `cursor` means something to its system only."""

    cursor: str
    found: tuple[Change, ...] = ()


class Finding(msgspec.Struct, frozen=True):
    """What a look at the system found, and what to do when it is not as it should be."""

    state: Literal["ok", "failed", "warning"]
    found: str
    remedy: str = ""


class TicketSystem(Protocol):
    """One ticket system.

    Methods raise `bot.errors.DeliveryFailed` when another try is worth it (with `unknown=True` when it may
    have worked all the same), `bot.errors.DeliveryPostponed` when the system is well and says when it has
    room, and `bot.errors.DeliveryRefused` when another try is of no use.
    """

    @property
    def name(self) -> str:
        """How HANDRAIL_TICKETS calls it."""
        ...

    @property
    def polled(self) -> bool:
        """Whether somebody has to ask it for news: `changes` gives them. Else they are sent, to `heard`."""
        ...

    async def find(self, key: str) -> str | None:
        """The system's own reference of the ticket with this key, None when there is none."""
        ...

    async def create(self, ticket: Ticket) -> str:
        """File the ticket; its reference in the system."""
        ...

    async def update(self, reference: str, update: Update) -> None:
        """Write down what happened, once: its key is looked up before anything is written."""
        ...

    async def attach(self, reference: str, file: File) -> None:
        """Put a file to the ticket, once, like an update."""
        ...

    async def changes(self, since: str) -> Changes:
        """What people did over there since `since`; "" is from now on. A change may be told again."""
        ...

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
        """What the system tells of its own accord; headers are found in any case.

        Raises:
            Forged: It is not proven to come from the system, or not from now, or makes no sense.
        """
        ...

    async def check(self) -> Sequence[Finding]:
        """For `handrail doctor`: can we work with it? Nothing stays behind, and nothing is raised."""
        ...
