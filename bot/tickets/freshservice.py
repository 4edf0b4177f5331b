"""Freshservice, over its REST API version 2: a ticket for each case, a note for each update.

We are the requester of our tickets. One is found among our newest, which are listed as they are; older ones
by their tag, with the filter, whose index is minutes late. Freshservice knows no keys of idempotency. Whoever
asks too often has to wait, account-wide, and what fails counts too: so names are asked for once.

A ticket has to be given a priority. An account may reckon it from urgency and impact, and has the last word.

Facts: https://api.freshservice.com/ (tickets, conversations, activities, rate limit, errors),
https://support.freshservice.com/en/support/solutions/articles/218550-priority-matrix.
Must not know: the outbox, settings. What is new there is read in `bot/tickets/freshservice_news.py`.
"""

import datetime as dt
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import aiohttp
import msgspec

from bot.errors import DeliveryFailed, DeliveryPostponed, Forged
from bot.secret import Secret
from bot.tickets.api import Change, Changes, File, Finding, Ticket, Update
from bot.tickets.freshservice_news import Activity, Conversation, Listed, news, people
from bot.tickets.html_text import hypertext
from bot.tickets.marks import NOBODYS, case_in, file_name, headed, is_case, one_line, plain_key, said, whole
from bot.tickets.multipart import form
from bot.tickets.rest import Rest, basic, leniently
from dialogs.conversation import CaseStatus
from dialogs.guide import Severity

_OPEN, _PENDING, _RESOLVED, _CLOSED = 2, 3, 4, 5
_STATUSES: Final[Mapping[CaseStatus, int]] = {
    "open": _OPEN,
    "claimed": _OPEN,
    "waiting": _PENDING,
    "resolved": _RESOLVED,
    "reopened": _OPEN,
    "withdrawn": _CLOSED,
}
_PRIORITIES: Final[Mapping[Severity, int]] = {"normal": 2, "urgent": 4}  # of four; 1 is low, 3 is high
_CHAT: Final = 4  # source
_LONGEST: Final = 60_000  # characters
_LONGEST_SUBJECT: Final = 250
_PAGE: Final = 100  # tickets
_TALK: Final = 30  # conversations, each with all it says
_BACK: Final = 120  # seconds that are read again: what one server has kept another may list later
_GIVEN: Final = frozenset(
    {"requester", "subject", "description", "status", "priority", "source", "ticket_type", "type"}
)
_MEND: Final = (
    "Is HANDRAIL_TICKETS_URL https://<you>.freshservice.com (no domain of your own),"
    " HANDRAIL_TICKETS_USER the e-mail address of an agent, HANDRAIL_TICKETS_TOKEN that agent's API key,"
    " HANDRAIL_TICKETS_PROJECT the number of one of their workspaces or empty, and may they work on tickets?"
)


class _Ticket(msgspec.Struct):
    id: int


class _One(msgspec.Struct):
    ticket: _Ticket


class _Tickets(msgspec.Struct):
    tickets: list[Listed]


class _Conversations(msgspec.Struct):
    conversations: list[Conversation]


class _Activities(msgspec.Struct):
    activities: list[Activity]


class _Person(msgspec.Struct):
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None

    @property
    def name(self) -> str:
        return f"{self.first_name or ''} {self.last_name or ''}".strip()


class _Somebody(msgspec.Struct):
    agent: _Person | None = None
    requester: _Person | None = None


class _Field(msgspec.Struct):
    name: str = ""
    label: str = ""
    required_for_agents: bool = False
    required_for_closure: bool = False


class _Fields(msgspec.Struct):
    ticket_fields: list[_Field]


class FreshserviceTickets:
    """Files cases with Freshservice."""

    name = "freshservice"
    polled = True

    def __init__(
        self, client: aiohttp.ClientSession, url: str, user: str, key: Secret, workspace: str = ""
    ) -> None:
        """Take what a request needs.

        Args:
            client: As `bot.tickets.http.open_client` makes it; it is used, never closed.
            url: For example https://example.freshservice.com.
            user: An agent's e-mail address.
            key: That agent's API key.
            workspace: The number of the workspace; "" is the primary one, or that of an account without.
        """
        self._rest = Rest(client, url, authorization=basic(key.reveal(), Secret("X")), hide=(key,))
        self._user, self._workspace = user, workspace
        self._names = dict[int, str]()

    async def find(self, key: str) -> str | None:
        """The id of our ticket whose subject begins with the number: of the newest, else by its tag."""
        listed = await self._ours({"order_type": "desc"}, 1)
        ids = [each.id for each in listed if is_case(each.subject or "", key)]
        if not ids:
            ids = [each.id for each in await self._tagged(key) if is_case(each.subject or "", key)]
        return str(min(ids)) if ids else None

    async def create(self, ticket: Ticket) -> str:
        """Make the ticket."""
        body: dict[str, Any] = {
            "email": self._user,
            "subject": one_line(ticket.title, _LONGEST_SUBJECT),
            "description": hypertext(whole(ticket.body)[:_LONGEST]),
            "status": _OPEN,
            "priority": _PRIORITIES["normal"],
            "source": _CHAT,
            "tags": ["handrail", ticket.key],
        }
        if self._workspace.isdecimal():
            body["workspace_id"] = int(self._workspace)
        more = {"priority": _PRIORITIES["urgent"]} if ticket.urgent else {}
        made = await self._rest.make("POST", "api/v2/tickets", body=body, more=more, kind=_One)
        return str(made.ticket.id)

    async def update(self, reference: str, update: Update) -> None:
        """Set the status and the priority, then write a note, unless that was done."""
        if await self._has(reference, update.key):
            return
        changed = {"status": _STATUSES[update.status]} if update.status else {}
        more = {"priority": _PRIORITIES[update.severity]} if update.severity else {}
        await leniently(lambda more: self._change(reference, {**changed, **more}), more)
        public = update.public and bool(update.body)
        note = {"body": hypertext(said(update)[:_LONGEST]), "private": not public}
        await self._rest.send("POST", "api/v2/tickets/{}/notes", reference, body=note, kind=type(None))

    async def attach(self, reference: str, file: File) -> None:
        """Send a file with a private note, unless that was done."""
        if await self._has(reference, file.key):
            return
        name = file_name(file.key, file.name)
        fields = {"body": hypertext(headed(file.key, "", name)), "private": "true"}
        kind, body = form(fields, "attachments[]", name, file.media_type, file.content)
        headers = {"Content-Type": kind}
        path = "api/v2/tickets/{}/notes"
        await self._rest.send("POST", path, reference, body=body, headers=headers, kind=type(None))

    async def changes(self, since: str) -> Changes:
        """What others did to our tickets; see `bot.tickets.freshservice_news`."""
        now = int(time.time())
        if not since:
            return Changes(cursor=str(now))
        begin, found = int(since), list[Change]()
        for ticket in await self._updated(begin):
            number = case_in(ticket.subject or "")
            if number is None:
                continue
            talk = await self._talk(str(ticket.id))
            steps = await self._steps(str(ticket.id)) if ticket.moved_since(begin) else []
            names = await self._named(people(ticket, talk, begin))
            found += news(ticket, number, talk, steps, begin=begin, names=names)
        told = tuple(sorted(found, key=lambda each: each.at))
        return Changes(cursor=str(max(now - _BACK, begin)), found=told)

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:  # noqa: ARG002
        """It is asked: what its workflows send is not signed, so nobody knows who sends it.

        Raises:
            Forged: Always.
        """
        raise Forged("Freshservice is asked for news; what its workflows send is not signed")

    async def check(self) -> Sequence[Finding]:
        """Who we are there, whether we see tickets, and what a new ticket would lack."""
        where = self._rest.url
        if self._workspace and not self._workspace.isdecimal():
            found = f"HANDRAIL_TICKETS_PROJECT is {self._workspace!r}, which is no number of a workspace"
            return (Finding("failed", found, _MEND),)
        try:
            me = (await self._rest.get("api/v2/agents/me", kind=_Somebody)).agent or _Person()
            if (me.email or "").lower() != self._user.lower():
                return (Finding("failed", f"{where}: the key is of {me.email}, not of {self._user}", _MEND),)
            await self._ours({}, 1)
            await self._tagged(NOBODYS)
            lacking = await self._lacking()
        except (DeliveryFailed, DeliveryPostponed) as error:
            return (Finding("failed", f"{where}: {error}", _MEND),)
        if lacking:
            remedy = "Let agents leave them empty (Admin, Form fields), or have a rule fill them in."
            found = f"{where} wants fields that Handrail does not know: {', '.join(lacking)}"
            return (Finding("warning", found, remedy),)
        return (Finding("ok", f"{where} knows us as {me.name}, and shows us tickets"),)

    async def _change(self, reference: str, changed: Mapping[str, Any]) -> None:
        if changed:
            await self._rest.send("PUT", "api/v2/tickets/{}", reference, body=changed, kind=type(None))

    async def _ours(self, query: Mapping[str, object], page: int) -> list[Listed]:
        """Tickets that we requested, as they are; of the last 30 days, unless asked otherwise."""
        query = {"email": self._user, **query, "per_page": _PAGE, "page": page}
        if self._workspace:
            query["workspace_id"] = self._workspace
        return (await self._rest.get("api/v2/tickets", query=query, kind=_Tickets)).tickets

    async def _tagged(self, key: str) -> list[Listed]:
        words = f"tag:'{plain_key(key)}'"
        if self._workspace:
            words = f"workspace_id:{plain_key(self._workspace)} AND {words}"
        query = {"query": f'"{words}"'}
        return (await self._rest.get("api/v2/tickets/filter", query=query, kind=_Tickets)).tickets

    async def _updated(self, begin: int) -> list[Listed]:
        since = dt.datetime.fromtimestamp(begin, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = {"updated_since": since, "include": "stats", "order_type": "asc"}
        found, page = list[Listed](), 1
        while True:
            listed = await self._ours(query, page)
            found += listed
            if len(listed) < _PAGE:
                return found
            page += 1

    async def _talk(self, reference: str) -> list[Conversation]:
        """All notes and replies."""
        found, page = list[Conversation](), 1
        path = "api/v2/tickets/{}/conversations"
        while True:
            query = {"per_page": _TALK, "page": page}
            listed = await self._rest.get(path, reference, query=query, kind=_Conversations)
            found += listed.conversations
            if len(listed.conversations) < _TALK:
                return found
            page += 1

    async def _steps(self, reference: str) -> list[Activity]:
        path = "api/v2/tickets/{}/activities"
        return (await self._rest.get(path, reference, kind=_Activities)).activities

    async def _has(self, reference: str, key: str) -> bool:
        return any(each.key == key for each in await self._talk(reference))

    async def _named(self, ids: Iterable[int]) -> Mapping[int, str]:
        """Names by id, "" where we may not know; each is asked for once."""
        for each in ids:
            if each in self._names:
                continue
            name = ""
            for path in ("api/v2/agents/{}", "api/v2/requesters/{}"):
                answer = await self._rest.ask("GET", path, str(each))
                if answer.ok:
                    found = self._rest.read(answer, _Somebody)
                    name = (found.agent or found.requester or _Person()).name
                    break
                if answer.status not in {403, 404}:
                    raise self._rest.trouble(answer, final=False)
            self._names[each] = name
        return self._names

    async def _lacking(self) -> list[str]:
        """The labels of fields that have to be filled in and that we do not know, if we may see the form."""
        answer = await self._rest.ask("GET", "api/v2/ticket_form_fields")
        if answer.status in {403, 404}:
            return []
        if not answer.ok:
            raise self._rest.trouble(answer, final=False)
        fields = self._rest.read(answer, _Fields).ticket_fields
        wanted = [each for each in fields if each.required_for_agents or each.required_for_closure]
        return [each.label or each.name for each in wanted if each.name not in _GIVEN]
