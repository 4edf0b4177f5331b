"""Jira Service Management in Atlassian's cloud: a request for each case, a comment for each update.

A request is found by its summary, which begins with the number (`bot/tickets/jira_search.py`); Jira knows no
keys of idempotency. Texts are documents (ADF). A workflow is everybody's own, so a status is a category here:
to do, in progress, done; a transition is taken if it asks for nothing that we cannot give, and else the
comment says what the case has become. The comment is written last and has the key, so that it says of
everything before it that it was done. Whether the person may read it is told by the property
`sd.public.comment`: the service desk's own comments take plain text only, in which people could write markup.

A token runs out after a year at most, and one with scopes has https://api.atlassian.com/ex/jira/<cloud id>
for its address: https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account.

Facts: https://developer.atlassian.com/cloud/jira/service-desk/rest/api-group-request/,
https://developer.atlassian.com/cloud/jira/platform/rest/v3/ (api-group-issues, …-issue-comments,
…-issue-attachments), https://developer.atlassian.com/cloud/jira/platform/rate-limiting/.
Must not know: the outbox, settings. What is new there is read in `bot/tickets/jira_news.py`; which priority
an urgent case gets, in `bot/tickets/jira_priority.py`.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp
import msgspec

from bot.errors import DeliveryFailed, DeliveryPostponed, DeliveryRefused, Forged
from bot.redact import clean
from bot.secret import Secret
from bot.tickets.api import Change, Changes, File, Finding, Ticket, Update
from bot.tickets.jira_news import DONE, Issue, Named, news
from bot.tickets.jira_priority import JiraPriority, Value, values
from bot.tickets.jira_search import JiraSearch
from bot.tickets.jira_text import document, plain
from bot.tickets.marks import NOBODYS, file_name, key_of, one_line, said
from bot.tickets.multipart import form
from bot.tickets.rest import Rest, basic, leniently
from dialogs.conversation import CaseStatus

_LONGEST: Final = 30_000  # characters; Jira takes 32,767
_LONGEST_SUMMARY: Final = 250
_PAGE: Final = 100
_BACK: Final = 900  # seconds that are read again: the search is late
_MEND: Final = (
    "Is HANDRAIL_TICKETS_URL https://<you>.atlassian.net (https://api.atlassian.com/ex/jira/<cloud id> for a"
    " token with scopes), has the token not run out, is HANDRAIL_TICKETS_USER the e-mail address of the"
    " account whose API token HANDRAIL_TICKETS_TOKEN is, and is that account an agent of the service project?"
)
# Where a status leads: to one of these categories, if possible to a status of such a name.
_WAYS: Final[Mapping[CaseStatus, tuple[frozenset[str], tuple[str, ...]]]] = {
    "open": (frozenset({"new", "indeterminate"}), ("open", "to do", "waiting for support")),
    "claimed": (frozenset({"indeterminate"}), ("in progress", "waiting for support")),
    "waiting": (frozenset({"new", "indeterminate"}), ("waiting for customer", "pending")),
    "reopened": (frozenset({"new", "indeterminate"}), ("waiting for support", "reopened", "in progress")),
    "resolved": (DONE, ("resolved", "done")),
    "withdrawn": (DONE, ("canceled", "cancelled", "closed")),
}

_RESOLUTIONS: Final[Mapping[CaseStatus, tuple[str, ...]]] = {
    "resolved": ("done", "fixed", "resolved"),
    "withdrawn": ("won't do", "canceled", "cancelled", "declined"),
}


class _Request(msgspec.Struct, rename="camel"):
    issue_key: str


class _Comment(msgspec.Struct):
    body: Any = None


class _Comments(msgspec.Struct):
    comments: list[_Comment]
    total: int = 0


class _Field(msgspec.Struct, rename="camel"):
    required: bool = False
    has_default_value: bool = False
    allowed_values: list[Any] | None = None  # of any form, by the field


class _Transition(msgspec.Struct):
    id: str
    to: Named
    fields: dict[str, _Field] = {}


class _Transitions(msgspec.Struct):
    transitions: list[_Transition]


class _Type(msgspec.Struct):
    name: str = ""


class JiraTickets:
    """Files cases with a service project."""

    name = "jira"
    polled = True

    def __init__(
        self, client: aiohttp.ClientSession, url: str, user: str, token: Secret, project: str
    ) -> None:
        """Take what a request needs.

        Args:
            client: As `bot.tickets.http.open_client` makes it; it is used, never closed.
            url: https://example.atlassian.net.
            user: The account's e-mail address.
            token: Its API token.
            project: The ids of the service desk and of the request type, with a slash between them.
        """
        self._rest = Rest(client, url, authorization=basic(user, token), hide=(token,))
        self._desk, _, self._type = project.partition("/")
        self._search = JiraSearch(self._rest, self._desk)
        self._priority = JiraPriority(self._rest, self._desk, self._type)

    async def find(self, key: str) -> str | None:
        """The key of our issue for this case."""
        return await self._search.find(key)

    async def create(self, ticket: Ticket) -> str:
        """Make the request."""
        fields = {
            "summary": one_line(ticket.title, _LONGEST_SUMMARY),
            "description": document(clean(ticket.body, _LONGEST)),
        }

        async def write(more: Mapping[str, Any]) -> str:
            body = {
                "serviceDeskId": self._desk,
                "requestTypeId": self._type,
                "isAdfRequest": True,
                "requestFieldValues": {**fields, **more},
            }
            made = await self._rest.send("POST", "rest/servicedeskapi/request", body=body, kind=_Request)
            return made.issue_key

        return await leniently(write, await self._priority.new("urgent") if ticket.urgent else {})

    async def update(self, reference: str, update: Update) -> None:
        """Move the issue and set its priority, then write a comment, unless that was done."""
        if await self._has(reference, update.key):
            return
        if update.severity is not None:
            more = await self._priority.there(reference, update.severity)
            await leniently(lambda more: self._edit(reference, more), more)
        text = clean(said(update), _LONGEST)
        if (
            update.status is not None
            and not await self._move(reference, update.status)
            and update.body.strip()
        ):
            text += f"\n\n({update.status})"
        body = {
            "body": document(text),
            "properties": [{"key": "sd.public.comment", "value": {"internal": not update.public}}],
        }
        await self._rest.send("POST", "rest/api/3/issue/{}/comment", reference, body=body, kind=type(None))

    async def attach(self, reference: str, file: File) -> None:
        """Send a file, unless that was done."""
        name = file_name(file.key, file.name)
        issue = await self._rest.get(
            "rest/api/3/issue/{}", reference, query={"fields": "summary,attachment"}, kind=Issue
        )
        if any(each.filename == name for each in issue.fields.attachment):
            return
        kind, body = form({}, "file", name, file.media_type, file.content)
        headers = {"Content-Type": kind, "X-Atlassian-Token": "no-check"}
        path = "rest/api/3/issue/{}/attachments"
        await self._rest.send("POST", path, reference, body=body, headers=headers, kind=type(None))

    async def changes(self, since: str) -> Changes:
        """What others did to our requests; see `bot.tickets.jira_news`."""
        now = int(time.time())
        if not since:
            return Changes(cursor=str(now))
        begin = int(since)
        me = await self._search.me()
        ours = await self._search.changed((now - begin) // 60 + 2)
        if not ours:
            return Changes(cursor=str(max(now - _BACK, begin)))
        statuses = await self._rest.get("rest/api/3/status", kind=list[Named])
        done = frozenset(each.id for each in statuses if each.category.key in DONE)
        query = {"fields": "summary,comment", "expand": "changelog"}
        whole = [await self._rest.get("rest/api/3/issue/{}", each, query=query, kind=Issue) for each in ours]
        return Changes(
            cursor=str(max(now - _BACK, begin)), found=news(whole, begin, own=me.account_id, done=done)
        )

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:  # noqa: ARG002
        """It is asked, and tells nothing of its own accord.

        Raises:
            Forged: Always.
        """
        raise Forged("Jira is asked for news; it sends none")

    async def check(self) -> Sequence[Finding]:
        """Who we are there, and whether the request type exists."""
        where = "rest/servicedeskapi/servicedesk/{}/requesttype/{}"
        try:
            me = await self._search.me()
            if not (self._desk.isdecimal() and self._type.isdecimal()):
                found = "HANDRAIL_TICKETS_PROJECT is not two numbers with a slash between them"
                remedy = "Give the ids of the service desk and of the request type, for example 3/25."
                return (Finding("failed", found, remedy),)
            kind = await self._rest.get(where, self._desk, self._type, kind=_Type)
            await self.find(NOBODYS)
        except (DeliveryFailed, DeliveryPostponed, DeliveryRefused) as error:
            return (Finding("failed", f"{self._rest.url}: {error}", _MEND),)
        return (Finding("ok", f"{self._rest.url} knows us as {me.display_name}; we file {kind.name}"),)

    async def _has(self, reference: str, key: str) -> bool:
        begin, total = 0, 1
        while begin < total:
            query = {"startAt": begin, "maxResults": _PAGE, "orderBy": "-created"}
            path = "rest/api/3/issue/{}/comment"
            listed = await self._rest.get(path, reference, query=query, kind=_Comments)
            if any(key_of(plain(each.body)) == key for each in listed.comments):
                return True
            begin, total = begin + max(len(listed.comments), 1), listed.total
        return False

    async def _edit(self, reference: str, fields: Mapping[str, Any]) -> None:
        if fields:
            body = {"fields": fields}
            await self._rest.send("PUT", "rest/api/3/issue/{}", reference, body=body, kind=type(None))

    async def _move(self, reference: str, status: CaseStatus) -> bool:
        """Take the transition that leads to the status; False where there is none for us."""
        categories, names = _WAYS[status]
        issue = await self._rest.get(
            "rest/api/3/issue/{}", reference, query={"fields": "summary,status"}, kind=Issue
        )
        now = issue.fields.status
        if now is not None and now.category.key in categories and (status != "waiting" or _is(now, names)):
            return True
        query = {"expand": "transitions.fields"}
        path = "rest/api/3/issue/{}/transitions"
        ways = (await self._rest.get(path, reference, query=query, kind=_Transitions)).transitions
        fitting = [each for each in ways if each.to.category.key in categories and _can(each)]
        named = [each for name in names for each in fitting if name in each.to.name.lower()]
        for way in (named or ([] if status == "waiting" else fitting))[:1]:
            body: dict[str, Any] = {"transition": {"id": way.id}}
            if allowed := _resolutions(way):
                wanted = _RESOLUTIONS.get(status, ())
                best = [each for name in wanted for each in allowed if name == each.name.lower()]
                body["fields"] = {"resolution": {"id": (best or allowed)[0].id}}
            try:
                await self._rest.send("POST", path, reference, body=body, kind=type(None))
            except DeliveryRefused:  # by a validator, which is announced by nothing
                return False
            return True
        return False


def _is(status: Named, names: Sequence[str]) -> bool:
    return any(name in status.name.lower() for name in names)


def _can(way: _Transition) -> bool:
    """Whether it asks for nothing that we cannot give."""
    asked = {name for name, each in way.fields.items() if each.required and not each.has_default_value}
    return asked <= ({"resolution"} if _resolutions(way) else set())


def _resolutions(way: _Transition) -> list[Value]:
    """The resolutions that a transition offers."""
    asked = way.fields.get("resolution")
    return values(asked.allowed_values or []) if asked else []
