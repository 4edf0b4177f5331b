"""What the webhook's messages hold, out and back: the shapes that deployment/README.md promises.

Must not know: how messages are signed and sent.
"""

import datetime as dt
from typing import Annotated, ClassVar, Final

import msgspec

from bot.tickets.api import ChangeKind, File, Ticket, Update
from bot.tickets.marks import whole
from dialogs.conversation import CaseStatus
from dialogs.guide import Severity


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whose case it is. `object_id` is Microsoft Entra's; when nobody vouches, `contact` says who it is."""

    name: str
    object_id: str
    verified: bool
    contact: str  # in the person's own words, "" when Teams vouches for them


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case as the receiver gets it. `body` is plain text with line breaks, for people who read tickets."""

    key: str
    title: str
    body: str
    queue: str
    severity: Severity
    codes: tuple[str, ...]
    language: str  # the person's, as a tag
    opened_at: dt.datetime
    person: Person


class CaseOpened(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="case.opened"):
    """The whole message. `timestamp` is when it happened, not when it was sent."""

    timestamp: dt.datetime
    data: Case


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a case. `status` or `severity` None: as it was."""

    key: str
    update: str
    reference: str
    public: bool
    author: str
    body: str
    status: CaseStatus | None
    severity: Severity | None


class CaseUpdated(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="case.updated"):
    """The whole message."""

    timestamp: dt.datetime
    data: News


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a case; `content` is base64."""

    key: str
    update: str
    reference: str
    name: str
    media_type: str
    content: bytes


class CaseAttached(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="case.attached"):
    """The whole message."""

    data: Attached


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the receiver tells. `update` names the update that it comes from, if it was ours."""

    key: str
    by: str = ""
    text: str = ""
    public: bool = False
    update: str = ""


class _TicketNews(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    timestamp: Annotated[dt.datetime, msgspec.Meta(tz=True)]
    data: Told
    kind: ClassVar[ChangeKind] = "comment"


class TicketCommented(_TicketNews, frozen=True, kw_only=True, tag="ticket.commented"):
    """Somebody wrote into the ticket."""


class TicketClaimed(_TicketNews, frozen=True, kw_only=True, tag="ticket.claimed"):
    """Somebody works on it."""

    kind: ClassVar[ChangeKind] = "claimed"


class TicketResolved(_TicketNews, frozen=True, kw_only=True, tag="ticket.resolved"):
    """It is closed."""

    kind: ClassVar[ChangeKind] = "resolved"


class TicketReopened(_TicketNews, frozen=True, kw_only=True, tag="ticket.reopened"):
    """It was closed too early."""

    kind: ClassVar[ChangeKind] = "reopened"


NEWS: Final = msgspec.json.Decoder(TicketCommented | TicketClaimed | TicketResolved | TicketReopened)
"""Reads what comes back."""


def opened(ticket: Ticket) -> CaseOpened:
    """A case on its way out."""
    file, person = ticket.record.file, ticket.record.person
    opened_at = dt.datetime.fromtimestamp(ticket.record.opened_at, dt.UTC)
    case = Case(
        key=ticket.key,
        title=whole(ticket.title),
        body=whole(ticket.body),
        queue=file.queue,
        severity=ticket.record.severity,
        codes=tuple(f"AADSTS{code}" for code in file.codes),
        language=file.language,
        opened_at=opened_at,
        person=Person(
            name=person.name, object_id=person.object_id, verified=person.verified, contact=file.contact
        ),
    )
    return CaseOpened(timestamp=opened_at, data=case)


def updated(reference: str, update: Update) -> CaseUpdated:
    """An update on its way out."""
    data = News(
        key=update.number,
        update=update.key,
        reference=reference,
        public=update.public,
        author=whole(update.author),
        body=whole(update.body),
        status=update.status,
        severity=update.severity,
    )
    return CaseUpdated(timestamp=dt.datetime.fromtimestamp(update.at, dt.UTC), data=data)


def attached(reference: str, file: File) -> CaseAttached:
    """A file on its way out."""
    number = file.key.partition("/")[0]
    data = Attached(
        key=number,
        update=file.key,
        reference=reference,
        name=file.name,
        media_type=file.media_type,
        content=file.content,
    )
    return CaseAttached(data=data)
