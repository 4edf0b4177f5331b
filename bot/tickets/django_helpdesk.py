"""django-helpdesk, over its REST interface: a ticket for each case, a follow-up for each update.

It cannot search, but it lists the tickets of our own e-mail address, newest first: so our user's name is its
address, and every ticket is submitted by it. Its quirks, all seen in version 2.6.1, stand where they are met:
a comment is rendered as a Django template; one on a resolved ticket becomes its resolution; a title renames
the ticket; a file of a kind it does not like is refused after its follow-up was kept. Its own webhooks are
not signed and not repeated, so it is asked for news.

Facts: https://django-helpdesk.readthedocs.io/en/stable/api.html and the source. Must not know: the outbox.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp
import msgspec

from bot.errors import DeliveryFailed, DeliveryPostponed, Forged
from bot.secret import Secret
from bot.tickets.api import Change, ChangeKind, Changes, File, Finding, Ticket, Update
from bot.tickets.marks import case_in, file_name, headed, is_case, key_of, said, whole
from bot.tickets.multipart import form
from bot.tickets.rest import Rest, basic, leniently
from dialogs.conversation import CaseStatus
from dialogs.guide import Severity

_OPEN, _REOPENED, _RESOLVED, _CLOSED = 1, 2, 3, 4
_PRIORITIES: Final[Mapping[Severity, int]] = {"urgent": 1, "normal": 3}  # of five
_STATUSES: Final[Mapping[CaseStatus, int]] = {
    "open": _OPEN,
    "reopened": _REOPENED,
    "resolved": _RESOLVED,
    "withdrawn": _CLOSED,
}
_PAGE: Final = 100
_LONGEST_TITLE: Final = 200
_KINDS: Final = (".txt", ".pdf", ".jpg", ".png", ".html", ".eml")  # of files that it takes as it comes
_ASSIGNED: Final = re.compile(r"Assigned to (.+)")
_MEND: Final = (
    "Is HANDRAIL_TICKETS_URL the address above /api/, is HANDRAIL_TICKETS_USER the name of a staff user and"
    " that user's e-mail address at once, and HANDRAIL_TICKETS_PROJECT the number of a queue that it may use?"
)


class _File(msgspec.Struct):
    filename: str = ""


class _FollowUp(msgspec.Struct):
    id: int
    ticket: int
    date: dt.datetime
    user: int | None = None
    title: str | None = None
    comment: str | None = None
    public: bool = False
    new_status: int | None = None
    files: list[_File] = msgspec.field(name="followupattachment_set", default_factory=list)


class _Ticket(msgspec.Struct):
    id: int
    title: str
    status: int | str = 0
    resolution: str | None = None
    follow_ups: list[_FollowUp] = msgspec.field(name="followup_set", default_factory=list)


class _Tickets(msgspec.Struct):
    results: list[_Ticket]
    next: str | None = None


class _FollowUps(msgspec.Struct):
    count: int
    results: list[_FollowUp]


class DjangoHelpdeskTickets:
    """Files cases with a django-helpdesk."""

    name = "django-helpdesk"
    polled = True

    def __init__(
        self, client: aiohttp.ClientSession, url: str, user: str, password: Secret, queue: str
    ) -> None:
        """Take what a request needs.

        Args:
            client: As `bot.tickets.http.open_client` makes it; it is used, never closed.
            url: Where helpdesk's own addresses begin, above `api/`.
            user: A staff user's name, which is its e-mail address too.
            password: Its password.
            queue: The number of the queue.
        """
        self._rest = Rest(client, url, authorization=basic(user, password), hide=(password,))
        self._user, self._queue = user, queue

    async def find(self, key: str) -> str | None:
        """The id of the ticket whose title begins with the number."""
        found, page = [], 1
        while True:
            listed = await self._mine(page)
            found += [each.id for each in listed.results if is_case(each.title, key)]
            if found or listed.next is None:
                return str(min(found)) if found else None
            page += 1

    async def create(self, ticket: Ticket) -> str:
        """Make the ticket."""
        body = {
            "queue": self._queue,
            "title": " ".join(whole(ticket.title).split())[:_LONGEST_TITLE],
            "description": whole(ticket.body),
            "submitter_email": self._user,
            "priority": _PRIORITIES["normal"],
        }
        more = {"priority": _PRIORITIES["urgent"]} if ticket.urgent else {}
        return str((await self._rest.make("POST", "api/tickets/", body=body, more=more, kind=_Ticket)).id)

    async def update(self, reference: str, update: Update) -> None:
        """Set the priority, then write a follow-up, with the status, unless that was done."""
        ticket = await self._ticket(reference)
        if not any(key_of(each.comment or "") == update.key for each in ticket.follow_ups):
            body: dict[str, Any] = {
                "ticket": ticket.id,
                "comment": _literal(said(update)),
                "public": update.public,
            }
            if update.status is not None and update.status in _STATUSES:
                body["new_status"] = _STATUSES[update.status]
            more = {"priority": _PRIORITIES[update.severity]} if update.severity else {}
            await leniently(lambda more: self._change(reference, more), more)
            await self._rest.send("POST", "api/followups/", body=body, kind=_FollowUp)
        if update.status not in {"resolved", "withdrawn"}:
            await self._mend(reference, update.key)

    async def attach(self, reference: str, file: File) -> None:
        """Send a file in a follow-up of its own, unless that was done."""
        name = file_name(file.key, file.name)
        name = name if name.lower().endswith(_KINDS) else f"{name}.txt"
        ticket = await self._ticket(reference)
        if not any(each.filename == name for one in ticket.follow_ups for each in one.files):
            fields = {
                "ticket": str(ticket.id),
                "comment": headed(file.key, "", file_name(file.key, file.name)),
            }
            kind, body = form(fields, "attachments", name, file.media_type, file.content)
            await self._rest.send(
                "POST", "api/followups/", body=body, headers={"Content-Type": kind}, kind=_FollowUp
            )
        await self._mend(reference, file.key)

    async def changes(self, since: str) -> Changes:
        """The follow-ups of others behind the last one that was seen, in our tickets."""
        last = int(since) if since else None
        listed = await self._newest(last)
        cursor = str(max([last or 0, *(each.id for each in listed)]))
        if last is None:
            return Changes(cursor=cursor)
        found, tickets = [], dict[int, _Ticket]()
        for each in sorted(listed, key=lambda one: one.id):
            if each.id <= last or key_of(each.comment or "") is not None:
                continue
            if each.ticket not in tickets:
                tickets[each.ticket] = await self._ticket(str(each.ticket))
            ticket = tickets[each.ticket]
            number = case_in(ticket.title)
            first = min(one.id for one in ticket.follow_ups)  # says that the ticket was opened
            if number is not None and each.id != first:
                found.append(_change(each, number))
        return Changes(cursor=cursor, found=tuple(found))

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:  # noqa: ARG002
        """Its own webhooks are not signed, so nobody knows who sends them.

        Raises:
            Forged: Always.
        """
        raise Forged("django-helpdesk is asked for news; its webhooks are not signed")

    async def check(self) -> Sequence[Finding]:
        """Whether we may see tickets."""
        try:
            await self._mine(1)
            await self._rest.get("api/tickets/", query={"page_size": 1}, kind=_Tickets)
        except (DeliveryFailed, DeliveryPostponed) as error:
            return (Finding("failed", f"{self._rest.url}: {error}", _MEND),)
        if not self._queue.isdecimal():
            found = f"HANDRAIL_TICKETS_PROJECT is {self._queue!r}, which is no number of a queue"
            return (Finding("failed", found, _MEND),)
        return (Finding("ok", f"{self._rest.url} knows us as {self._user}"),)

    async def _mine(self, page: int) -> _Tickets:
        query = {"page": page, "page_size": _PAGE}
        return await self._rest.get("api/user_tickets/", query=query, kind=_Tickets)

    async def _ticket(self, reference: str) -> _Ticket:
        return await self._rest.get("api/tickets/{}/", reference, kind=_Ticket)

    async def _mend(self, reference: str, key: str) -> None:
        """Give a resolved ticket back its resolution, which a comment of ours has become."""
        ticket = await self._ticket(reference)
        if ticket.status != _RESOLVED or key_of(ticket.resolution or "") != key:
            return
        closing = [each.comment for each in ticket.follow_ups if each.new_status == _RESOLVED]
        await self._change(reference, {"resolution": (closing or [None])[-1]})

    async def _change(self, reference: str, changed: Mapping[str, Any]) -> None:
        if changed:
            await self._rest.send("PATCH", "api/tickets/{}/", reference, body=changed, kind=_Ticket)

    async def _newest(self, last: int | None) -> list[_FollowUp]:
        """The follow-ups from the newest backwards until `last` is among them."""
        count = (await self._rest.get("api/followups/", query={"page_size": 1}, kind=_FollowUps)).count
        page, found = -(-count // _PAGE), list[_FollowUp]()
        while page > 0:
            query = {"page": page, "page_size": _PAGE}
            found += (await self._rest.get("api/followups/", query=query, kind=_FollowUps)).results
            if last is None or min((each.id for each in found), default=0) <= last:
                break
            page -= 1
        return found


def _literal(text: str) -> str:
    """Text that comes out of Django's template engine as it is: each brace is written as a constant."""
    return re.sub(r"[{}]", lambda found: '{{"' + found[0] + '"}}', text)


def _change(each: _FollowUp, number: str) -> Change:
    kind: ChangeKind = "comment"
    assigned = _ASSIGNED.fullmatch(each.title or "")
    if each.new_status in {_RESOLVED, _CLOSED}:
        kind = "resolved"
    elif each.new_status in {_OPEN, _REOPENED}:
        kind = "reopened"
    elif assigned and not each.comment:
        kind = "claimed"
    by = assigned[1] if assigned else f"user {each.user}" if each.user is not None else ""
    return Change(
        id=f"followup/{each.id}",
        number=number,
        kind=kind,
        by=by,
        text=each.comment or "",
        public=each.public and each.user is not None,  # without a user it is a mail of who submitted it
        at=int(each.date.timestamp()),
    )
