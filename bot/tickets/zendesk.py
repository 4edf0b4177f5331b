"""Zendesk Support, over its Ticketing API: a ticket for each case, a comment for each update.

A ticket is found by `external_id`, which is listed from the database and not from the search index; and its
creation has an Idempotency-Key. What others did is read from the audits of tickets that changed: an audit is
everything that one action did, so one with a comment of ours is ours as a whole, its status too.

Facts: https://developer.zendesk.com/api-reference/ticketing/introduction/ (idempotency, rate limits),
…/tickets/tickets/, …/tickets/ticket_comments/, …/tickets/ticket_audits/, …/tickets/ticket-attachments/.
Must not know: the outbox, settings.
"""

import datetime as dt
import hashlib
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp
import msgspec

from bot.errors import DeliveryFailed, DeliveryPostponed, Forged
from bot.secret import Secret
from bot.tickets.api import Change, ChangeKind, Changes, File, Finding, Ticket, Update
from bot.tickets.marks import NOBODYS, case_in, file_name, headed, key_of, said, whole
from bot.tickets.rest import Rest, basic, leniently
from dialogs.conversation import CaseStatus

_STATUSES: Final[Mapping[CaseStatus, str]] = {
    "open": "open",
    "claimed": "open",
    "waiting": "pending",
    "resolved": "solved",
    "reopened": "open",
    "withdrawn": "solved",
}
_DONE: Final = frozenset({"solved", "closed"})
_BACK: Final = 120  # seconds that are read again: what one server has kept another may list later
_PAGE: Final = 100
_LONGEST: Final = 65_000  # characters of a comment, which Zendesk limits to 64 KiB
_MEND: Final = (
    "Is HANDRAIL_TICKETS_URL https://<you>.zendesk.com, HANDRAIL_TICKETS_USER the e-mail address of an agent,"
    " HANDRAIL_TICKETS_TOKEN an API token, and is token access on (Admin Center, Apps and integrations)?"
)


class _Ticket(msgspec.Struct):
    id: int
    updated_at: dt.datetime
    external_id: str | None = None
    assignee_id: int | None = None


class _One(msgspec.Struct):
    ticket: _Ticket


class _Tickets(msgspec.Struct):
    tickets: list[_Ticket]
    next_page: str | None = None


class _Comment(msgspec.Struct):
    body: str = ""


class _Meta(msgspec.Struct):
    has_more: bool = False
    after_cursor: str | None = None


class _Comments(msgspec.Struct):
    comments: list[_Comment]
    meta: _Meta = msgspec.field(default_factory=_Meta)


class _Event(msgspec.Struct):
    id: int
    type: str
    field_name: str | None = None
    value: Any = None
    previous_value: Any = None
    body: str = ""
    public: bool = False


class _Audit(msgspec.Struct):
    id: int
    created_at: dt.datetime
    events: list[_Event]
    author_id: int = 0


class _Audits(msgspec.Struct):
    audits: list[_Audit]
    meta: _Meta = msgspec.field(default_factory=_Meta)


class _User(msgspec.Struct):
    id: int | None = None
    name: str = ""
    role: str = ""


class _Users(msgspec.Struct):
    users: list[_User]


class _Me(msgspec.Struct):
    user: _User


class _Token(msgspec.Struct):
    token: str


class _Upload(msgspec.Struct):
    upload: _Token


class ZendeskTickets:
    """Files cases with Zendesk."""

    name = "zendesk"
    polled = True

    def __init__(self, client: aiohttp.ClientSession, url: str, user: str, token: Secret) -> None:
        """Take what a request needs.

        Args:
            client: As `bot.tickets.http.open_client` makes it; it is used, never closed.
            url: For example https://example.zendesk.com.
            user: An agent's e-mail address.
            token: An API token.
        """
        self._rest = Rest(client, url, authorization=basic(f"{user}/token", token), hide=(token,))
        self._user = user

    async def find(self, key: str) -> str | None:
        """The id of the ticket with this external id."""
        listed = await self._rest.get("api/v2/tickets.json", query={"external_id": key}, kind=_Tickets)
        ids = [each.id for each in listed.tickets if each.external_id == key]
        return str(min(ids)) if ids else None

    async def create(self, ticket: Ticket) -> str:
        """Make the ticket; a repeat with the same words gets the first one again."""
        asked = {
            "subject": " ".join(whole(ticket.title).split()),
            "comment": {"body": whole(ticket.body)[:_LONGEST], "public": False},
            "external_id": ticket.key,
            "tags": ["handrail"],
        }

        async def write(more: Mapping[str, Any]) -> str:
            body = {"ticket": {**asked, **more}}
            # Zendesk refuses a known key with other words: then it is looked up, as always.
            words = hashlib.sha256(msgspec.json.encode(body)).hexdigest()[:16]
            headers = {"Idempotency-Key": f"{ticket.key}-{words}"}
            made = await self._rest.send("POST", "api/v2/tickets.json", body=body, headers=headers, kind=_One)
            return str(made.ticket.id)

        return await leniently(write, {"priority": "urgent"} if ticket.urgent else {})

    async def update(self, reference: str, update: Update) -> None:
        """Write a comment, with the status, unless that was done."""
        if await self._has(reference, update.key):
            return
        text = said(update)[:_LONGEST]
        changed: dict[str, Any] = {"comment": {"body": text, "public": update.public and bool(update.body)}}
        if update.status is not None:
            changed["status"] = _STATUSES[update.status]
            if changed["status"] in _DONE and (await self._ticket(reference)).assignee_id is None:
                changed["assignee_email"] = self._user  # nothing is solved by nobody
        more = {"priority": update.severity} if update.severity else {}
        await leniently(lambda more: self._change(reference, {**changed, **more}), more)

    async def attach(self, reference: str, file: File) -> None:
        """Upload a file and hang it on a note, unless that was done."""
        if await self._has(reference, file.key):
            return
        name = file_name(file.key, file.name)
        sent = await self._rest.send(
            "POST", "api/v2/uploads.json", query={"filename": name}, body=file.content,
            headers={"Content-Type": "application/binary"}, kind=_Upload,
        )  # fmt: skip
        note = {"body": headed(file.key, "", name), "public": False, "uploads": [sent.upload.token]}
        await self._change(reference, {"comment": note})

    async def changes(self, since: str) -> Changes:
        """What others did to our tickets since."""
        now = int(time.time())
        if not since:
            return Changes(cursor=str(now))
        begin = int(since)
        found, page, more = list[tuple[str, _Audit]](), 1, True
        while more:
            query = {
                "sort_by": "updated_at",
                "sort_order": "desc",
                "per_page": _PAGE,
                "page": page,
            }
            listed = await self._rest.get("api/v2/tickets.json", query=query, kind=_Tickets)
            recent = [each for each in listed.tickets if each.updated_at.timestamp() >= begin]
            for each in recent:
                if (number := case_in(each.external_id or "")) is not None:
                    audits = await self._audits(str(each.id), begin)
                    found += [(number, audit) for audit in audits if not _ours(audit)]
            more = len(recent) == _PAGE and listed.next_page is not None
            page += 1
        people = await self._people({audit.author_id for _, audit in found} | _assigned(found))
        told = [each for number, audit in found for each in _changes(audit, number, people)]
        cursor = str(max(now - _BACK, begin))
        return Changes(cursor=cursor, found=tuple(sorted(told, key=lambda each: each.at)))

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:  # noqa: ARG002
        """It is asked, and tells nothing of its own accord.

        Raises:
            Forged: Always.
        """
        raise Forged("Zendesk is asked for news; it sends none")

    async def check(self) -> Sequence[Finding]:
        """Who we are there, and whether we may work on tickets."""
        try:
            me = (await self._rest.get("api/v2/users/me.json", kind=_Me)).user
            if me.id is None or me.role not in {"agent", "admin"}:
                found = (
                    f"{self._rest.url} knows {self._user} as {me.role or 'nobody'}, who works on no tickets"
                )
                return (Finding("failed", found, _MEND),)
            await self.find(NOBODYS)
        except (DeliveryFailed, DeliveryPostponed) as error:
            return (Finding("failed", f"{self._rest.url}: {error}", _MEND),)
        return (Finding("ok", f"{self._rest.url} knows us as {me.name}, {me.role}"),)

    async def _ticket(self, reference: str) -> _Ticket:
        return (await self._rest.get("api/v2/tickets/{}.json", reference, kind=_One)).ticket

    async def _has(self, reference: str, key: str) -> bool:
        query: dict[str, object] = {"page[size]": _PAGE, "sort": "-created_at"}
        while True:
            listed = await self._rest.get(
                "api/v2/tickets/{}/comments.json", reference, query=query, kind=_Comments
            )
            if any(key_of(each.body) == key for each in listed.comments):
                return True
            if not listed.meta.has_more or listed.meta.after_cursor is None:
                return False
            query["page[after]"] = listed.meta.after_cursor

    async def _change(self, reference: str, changed: Mapping[str, Any]) -> None:
        body = {"ticket": changed}
        await self._rest.send("PUT", "api/v2/tickets/{}.json", reference, body=body, kind=_One)

    async def _audits(self, reference: str, since: int) -> list[_Audit]:
        """The audits since, in any order; the ticket's creation is none."""
        query: dict[str, object] = {"page[size]": _PAGE}
        found = list[_Audit]()
        while True:
            listed = await self._rest.get(
                "api/v2/tickets/{}/audits.json", reference, query=query, kind=_Audits
            )
            recent = [each for each in listed.audits if each.created_at.timestamp() >= since]
            found += [each for each in recent if not any(event.type == "Create" for event in each.events)]
            if not listed.meta.has_more or not listed.meta.after_cursor:
                return found
            query["page[after]"] = listed.meta.after_cursor

    async def _people(self, ids: set[int]) -> Mapping[int, str]:
        wanted = ",".join(str(each) for each in sorted(ids) if each > 0)
        if not wanted:
            return {}
        found = await self._rest.get("api/v2/users/show_many.json", query={"ids": wanted}, kind=_Users)
        return {each.id: each.name for each in found.users if each.id is not None}


def _ours(audit: _Audit) -> bool:
    return any(event.type == "Comment" and key_of(event.body) is not None for event in audit.events)


def _assigned(found: Sequence[tuple[str, _Audit]]) -> set[int]:
    return {
        int(event.value)
        for _, audit in found
        for event in audit.events
        if event.field_name == "assignee_id" and str(event.value or "").isdecimal()
    }


def _changes(audit: _Audit, number: str, people: Mapping[int, str]) -> list[Change]:
    author = people.get(audit.author_id, "")
    told = list[Change]()

    def tell(event: _Event, kind: ChangeKind, by: str, text: str = "", *, public: bool = False) -> None:
        at = int(audit.created_at.timestamp())
        told.append(
            Change(id=f"event/{event.id}", number=number, kind=kind, by=by, text=text, public=public, at=at)
        )

    for event in audit.events:
        match event.type, event.field_name:
            case "Comment", _:
                tell(event, "comment", author, event.body, public=event.public)
            case "Change", "assignee_id" if str(event.value or "").isdecimal():
                tell(event, "claimed", people.get(int(event.value), author))
            case "Change", "status" if (event.value in _DONE) != (event.previous_value in _DONE):
                tell(event, "resolved" if event.value in _DONE else "reopened", author)
    return told
