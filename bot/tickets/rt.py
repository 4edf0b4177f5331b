"""Request Tracker 5, over its REST 2 interface: a ticket for each case, an answer or a comment for an update.

A ticket is found by its subject, which begins with the number, with RT's own query language, straight from
the database. The subject of what we write is its key: RT keeps it with the transaction, so one look at a
ticket's history says what was done. Correspondence is for the person, comments are not. Correspondence opens
a ticket again, so the status that it shall have is always said with it. The addresses in RT's answers are
never followed: they name the host that RT believes in.

Facts: https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html, and RT 5.0.3 itself. Must not know: the outbox.
"""

import base64
import datetime as dt
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp
import msgspec

from bot.errors import DeliveryFailed, DeliveryPostponed, Forged
from bot.secret import Secret
from bot.tickets.api import Change, ChangeKind, Changes, File, Finding, Ticket, Update
from bot.tickets.marks import NOBODYS, case_in, file_name, headed, is_case, key_of, one_line, said, whole
from bot.tickets.rest import Rest, basic, leniently
from dialogs.conversation import CaseStatus
from dialogs.guide import Severity

_STATUSES: Final[Mapping[CaseStatus, str]] = {
    "open": "open",
    "claimed": "open",
    "waiting": "stalled",
    "resolved": "resolved",
    "reopened": "open",
    "withdrawn": "rejected",
}
_CLOSED: Final = frozenset({"resolved", "rejected", "deleted"})
_ITSELF: Final = "RT_System"  # does what RT's own rules say of what somebody did
_NOBODY: Final = "Nobody"  # has what nobody has
_PRIORITIES: Final[Mapping[Severity, int]] = {"urgent": 100, "normal": 0}  # "High" and "Low" by its own words
_LONGEST_SUBJECT: Final = 190
_PAGE: Final = 100
_BACK: Final = 180  # seconds that are read again
_STEP: Final = "Type,Creator,Created,Field,OldValue,NewValue,Data"
_MEND: Final = (
    "Is HANDRAIL_TICKETS_URL RT's own address, is HANDRAIL_TICKETS_USER a privileged user with"
    " HANDRAIL_TICKETS_TOKEN as its password, and may it see, create, answer, comment and modify tickets in"
    " the queue HANDRAIL_TICKETS_PROJECT?"
)


class _Who(msgspec.Struct):
    id: str = ""


class _Item(msgspec.Struct):
    id: str | int
    subject: str = msgspec.field(name="Subject", default="")
    name: str = msgspec.field(name="Name", default="")
    status: str = msgspec.field(name="Status", default="")
    type: str = msgspec.field(name="Type", default="")
    data: str = msgspec.field(name="Data", default="")
    field: str = msgspec.field(name="Field", default="")
    before: str = msgspec.field(name="OldValue", default="")
    after: str = msgspec.field(name="NewValue", default="")
    created: str = msgspec.field(name="Created", default="")
    kind: str = msgspec.field(name="ContentType", default="")
    content: str = msgspec.field(name="Content", default="")
    owner: _Who = msgspec.field(name="Owner", default_factory=_Who)
    creator: _Who = msgspec.field(name="Creator", default_factory=_Who)


class _Page(msgspec.Struct):
    items: list[_Item] = []
    pages: float = 1  # "0.0" when there is nothing: Perl


class RequestTrackerTickets:
    """Files cases with a queue of Request Tracker."""

    name = "rt"
    polled = True

    def __init__(
        self, client: aiohttp.ClientSession, url: str, user: str, password: Secret, queue: str
    ) -> None:
        """Take what a request needs.

        Args:
            client: As `bot.tickets.http.open_client` makes it; it is used, never closed.
            url: RT's own address, above REST/.
            user: A user's name.
            password: Its password.
            queue: The queue's name.
        """
        self._rest = Rest(client, url, authorization=basic(user, password), hide=(password,))
        self._user, self._queue = user, queue

    async def find(self, key: str) -> str | None:
        """The id of the ticket whose subject begins with the number."""
        found = await self._tickets(f"Subject LIKE '{_quoted(key)}'")
        ids = [int(each.id) for each in found if is_case(each.subject, key)]
        return str(min(ids)) if ids else None

    async def create(self, ticket: Ticket) -> str:
        """Make the ticket."""
        body = {
            "Queue": self._queue,
            "Subject": one_line(ticket.title, _LONGEST_SUBJECT),
            "Content": whole(ticket.body),
            "ContentType": "text/plain",
        }
        more = {"Priority": _PRIORITIES["urgent"]} if ticket.urgent else {}
        return str((await self._rest.make("POST", "REST/2.0/ticket", body=body, more=more, kind=_Item)).id)

    async def update(self, reference: str, update: Update) -> None:
        """Set the priority, then answer or comment, with the status, unless that was done."""
        if await self._has(reference, update.key):
            return
        more = {"Priority": _PRIORITIES[update.severity]} if update.severity else {}
        await leniently(lambda more: self._change(reference, more), more)
        status = _STATUSES[update.status] if update.status else (await self._ticket(reference)).status
        await self._write(
            reference,
            update.key,
            said(update),
            public=update.public and bool(update.body),
            more={"Status": status},
        )

    async def attach(self, reference: str, file: File) -> None:
        """Comment with a file, unless that was done."""
        if await self._has(reference, file.key):
            return
        name = file_name(file.key, file.name)
        content = base64.b64encode(file.content).decode()
        kept = {"FileName": name, "FileType": "application/octet-stream", "FileContent": content}
        text = headed(file.key, "", name)
        await self._write(reference, file.key, text, public=False, more={"Attachments": [kept]})

    async def changes(self, since: str) -> Changes:
        """What others did to our tickets since."""
        now = int(time.time())
        if not since:
            return Changes(cursor=str(now))
        begin = int(since)
        ago = f"{(now - begin) // 60 + 2} minutes ago"  # RT's own clock, and in nobody's time zone
        found = list[Change]()
        for ticket in await self._tickets(f"Subject LIKE 'HR-' AND LastUpdated > '{ago}'"):
            number = case_in(ticket.subject)
            if number is not None:
                steps = await self._history(str(ticket.id))
                told = await self._news(steps, number, ticket.owner.id)
                found += [each for each in told if each.at >= begin]
        return Changes(
            cursor=str(max(now - _BACK, begin)), found=tuple(sorted(found, key=lambda each: each.at))
        )

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:  # noqa: ARG002
        """It is asked, and tells nothing of its own accord.

        Raises:
            Forged: Always.
        """
        raise Forged("Request Tracker is asked for news; it sends none")

    async def check(self) -> Sequence[Finding]:
        """Whether RT knows us, and the queue."""
        try:
            queues = await self._rest.get(
                "REST/2.0/queues/all", query={"fields": "Name", "per_page": _PAGE}, kind=_Page
            )
            await self.find(NOBODYS)
        except (DeliveryFailed, DeliveryPostponed) as error:
            return (Finding("failed", f"{self._rest.url}: {error}", _MEND),)
        if self._queue not in {each.name for each in queues.items}:
            found = f"{self._rest.url} shows {self._user} no queue {self._queue!r}"
            return (Finding("failed", found, _MEND),)
        return (Finding("ok", f"{self._rest.url} knows us as {self._user}, and the queue {self._queue}"),)

    async def _tickets(self, words: str) -> list[_Item]:
        query = {
            "query": f"Queue = '{_quoted(self._queue)}' AND {words}",
            "fields": "Subject,Status,Owner",
            "per_page": _PAGE,
        }
        return await self._all("REST/2.0/tickets", query=query)

    async def _ticket(self, reference: str) -> _Item:
        return await self._rest.get("REST/2.0/ticket/{}", reference, kind=_Item)

    async def _history(self, reference: str) -> list[_Item]:
        query = {"fields": _STEP, "per_page": _PAGE}
        return await self._all("REST/2.0/ticket/{}/history", reference, query=query)

    async def _all(self, path: str, *parts: str, query: Mapping[str, object]) -> list[_Item]:
        found, page, pages = list[_Item](), 1, 1.0
        while page <= pages:
            listed = await self._rest.get(path, *parts, query={**query, "page": page}, kind=_Page)
            found += listed.items
            page, pages = page + 1, listed.pages
        return found

    async def _has(self, reference: str, key: str) -> bool:
        return any(_key(each) == key for each in await self._history(reference))

    async def _change(self, reference: str, changed: Mapping[str, Any]) -> None:
        if changed:
            await self._rest.send("PUT", "REST/2.0/ticket/{}", reference, body=changed, kind=list[Any])

    async def _write(
        self, reference: str, key: str, text: str, *, public: bool, more: Mapping[str, Any]
    ) -> None:
        path = "REST/2.0/ticket/{}/correspond" if public else "REST/2.0/ticket/{}/comment"
        body = {"Subject": f"[{key}]", "Content": text, "ContentType": "text/plain", **more}
        await self._rest.send("POST", path, reference, body=body, kind=list[Any])

    async def _news(self, steps: Sequence[_Item], number: str, owner: str) -> list[Change]:
        """What others did, out of a history; what RT did of itself is of who caused it."""
        told, ours = list[Change](), False
        given = [step.id for step in steps if step.field == "Owner"][-1:]
        for step in steps:
            who = by = step.creator.id
            if who != _ITSELF:
                ours = who == self._user or _key(step) is not None
            kind: ChangeKind | None = None
            if step.type in {"Correspond", "Comment"} and _key(step) is None:
                kind = "comment"
            elif step.id in given and owner not in {"", _NOBODY, self._user}:
                kind, by = "claimed", owner
            elif step.type == "Status" and not ours and (step.before in _CLOSED) != (step.after in _CLOSED):
                kind = "resolved" if step.after in _CLOSED else "reopened"
            if kind is not None:
                text = await self._text(str(step.id)) if kind == "comment" else ""
                at, public = _time(step.created), step.type == "Correspond"
                told.append(
                    Change(
                        id=f"transaction/{step.id}",
                        number=number,
                        kind=kind,
                        by=by,
                        text=text,
                        public=public,
                        at=at,
                    )
                )
        return told

    async def _text(self, transaction: str) -> str:
        query = {"fields": "ContentType,Content"}
        path = "REST/2.0/transaction/{}/attachments"
        parts = (await self._rest.get(path, transaction, query=query, kind=_Page)).items
        return next((each.content for each in parts if each.kind == "text/plain"), "")


def _key(step: _Item) -> str | None:
    """The key in a transaction's subject."""
    return key_of(step.data)


def _quoted(text: str) -> str:
    """A value inside a query in single quotes."""
    return re.sub(r"['\\]", "", text)


def _time(text: str) -> int:
    """RT's time, 2026-11-26T22:58:10Z, in seconds since 1970; 0 when it is none."""
    try:
        return int(dt.datetime.fromisoformat(text).timestamp())
    except ValueError:
        return 0
