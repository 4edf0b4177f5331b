"""Roundup, over its REST interface: an issue for each case, a message for each update.

A message carries its key in `messageid`, which Roundup can look up; it is written first and linked to the
issue last, together with the status, in one request. An issue is made by Post Once Exactly. Everybody who may
see an issue sees all its messages: Roundup has no internal notes.

Facts: https://www.roundup-tracker.org/docs/rest.html; status and priority are those of its "classic" tracker.
Must not know: the outbox, settings. What is new there is read in `bot/tickets/roundup_news.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp
import msgspec
from yarl import URL

from bot.errors import DeliveryFailed, DeliveryPostponed, Forged
from bot.secret import Secret
from bot.tickets.api import Change, Changes, File, Finding, Ticket, Update
from bot.tickets.marks import file_name, is_case, said, whole
from bot.tickets.multipart import form
from bot.tickets.rest import Rest, basic, leniently
from bot.tickets.roundup_news import LastLook, Node, active_since, message_id, news
from dialogs.conversation import CaseStatus

_STATUSES: Final[Mapping[CaseStatus, str]] = {
    "claimed": "in-progress",
    "waiting": "need-eg",
    "resolved": "resolved",
    "withdrawn": "resolved",
    "reopened": "chatting",
    "open": "unread",
}
_URGENT: Final = "urgent"
_MEND: Final = "Is HANDRAIL_TICKETS_URL the tracker's own address, and is its REST interface enabled?"


class _Of(msgspec.Struct):
    collection: list[Node] = []


class _List(msgspec.Struct):
    data: _Of


class _One(msgspec.Struct):
    data: Node


class _Ticket(msgspec.Struct):
    link: str


class _Once(msgspec.Struct):
    data: _Ticket


class _Item(msgspec.Struct):
    attributes: Node
    etag: str = msgspec.field(name="@etag", default="")


class _Whole(msgspec.Struct):
    data: _Item


class _Text(msgspec.Struct):
    data: str = ""


class _Content(msgspec.Struct):
    data: _Text


class RoundupTickets:
    """Files cases with a Roundup tracker."""

    name = "roundup"
    polled = True

    def __init__(self, client: aiohttp.ClientSession, url: str, user: str, password: Secret) -> None:
        """Take what a request needs.

        Args:
            client: As `bot.tickets.http.open_client` makes it; it is used, never closed.
            url: The tracker's address.
            user: Its login there.
            password: Its password.
        """
        # Roundup answers only those whom a page of another site cannot imitate.
        own = {
            "X-Requested-With": "handrail",
            "Origin": str(URL(url).origin()),
            "Referer": url.rstrip("/") + "/",
        }
        self._rest = Rest(client, url, authorization=basic(user, password), headers=own, hide=(password,))
        self._user = user

    async def find(self, key: str) -> str | None:
        """The id of the issue whose title begins with the number."""
        found = await self._list("issue", {"title": key, "@fields": "title"})
        ids = [int(each.id) for each in found if is_case(each.title or "", key)]
        return str(min(ids)) if ids else None

    async def create(self, ticket: Ticket) -> str:
        """Write the first message, then the issue, once however often that request is repeated."""
        opening = await self._message(ticket.key, whole(ticket.body))
        issue = {"title": " ".join(ticket.title.split()), "messages": [opening]}
        more = {"priority": _URGENT} if ticket.urgent else {}  # a tracker may have other ones, or none
        return await leniently(lambda more: self._once({**issue, **more}), more)

    async def update(self, reference: str, update: Update) -> None:
        """Write a message and link it, with the status, unless that was done."""
        message = await self._message(update.key, said(update), status=update.status or "")
        issue = await self._issue(reference)
        if message in {each.id for each in issue.messages}:
            return
        # Without a status a message would open a closed issue again.
        status: Any = _STATUSES[update.status] if update.status else issue.status and issue.status.id
        change = {"messages": [*(each.id for each in issue.messages), message], "status": status}
        more = _priority(issue, update)
        await leniently(lambda more: self._change(reference, issue, {**change, **more}), more)

    async def attach(self, reference: str, file: File) -> None:
        """Send a file and link it, unless that was done."""
        name = file_name(file.key, file.name)
        there = await self._list("file", {"name:": name, "@fields": "name"})
        ids = [each.id for each in there if each.name == name]
        if not ids:
            fields = {"name": name, "type": file.media_type}
            kind, body = form(fields, "content", name, file.media_type, file.content)
            sent = await self._rest.send(
                "POST", "rest/data/file", body=body, headers={"Content-Type": kind}, kind=_One
            )
            ids = [sent.data.id]
        issue = await self._issue(reference)
        if ids[0] not in {each.id for each in issue.files}:
            await self._change(reference, issue, {"files": [*(each.id for each in issue.files), ids[0]]})

    async def changes(self, since: str) -> Changes:
        """What others did to our issues; see `bot.tickets.roundup_news`."""
        before = LastLook.read(since)
        fields = "title,status,assignedto,messages,activity,actor"
        query = {
            "title": "HR-",
            "activity": f"{active_since(before)};",
            "@fields": fields,
            "@verbose": 2,
        }
        issues = await self._list("issue", query)
        return await news(before, issues, self._read, own=self._user)

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:  # noqa: ARG002
        """It is asked, and tells nothing of its own accord.

        Raises:
            Forged: Always.
        """
        raise Forged("Roundup is asked for news; it sends none")

    async def check(self) -> Sequence[Finding]:
        """Who we are there, and whether the statuses are those that we set."""
        try:
            await self._me()
            statuses = {each.name for each in await self._list("status", {"@fields": "name"})}
        except (DeliveryFailed, DeliveryPostponed) as error:
            return (Finding("failed", f"{self._rest.url}: {error}", _MEND),)
        if missing := sorted({*_STATUSES.values()} - statuses):
            remedy = "Add them to the tracker; without them cases are filed, but what becomes of them is not."
            return (Finding("warning", f"{self._rest.url} has no status {', '.join(missing)}", remedy),)
        return (Finding("ok", f"{self._rest.url} knows us as {self._user}"),)

    async def _once(self, issue: Mapping[str, Any]) -> str:
        """Make an issue, once however often the request is repeated; its id."""
        once = await self._rest.send("POST", "rest/data/issue/@poe", body={}, kind=_Once)
        token = once.data.link.rpartition("/")[2]  # not the address: that is the one the tracker believes in
        made = await self._rest.send("POST", "rest/data/issue/@poe/{}", token, body=issue, kind=_One)
        return made.data.id

    async def _message(self, key: str, text: str, *, status: str = "") -> str:
        """The message with this key, written if it is not there."""
        for each in await self._list("msg", {"messageid": key, "@fields": "messageid"}):
            if each.messageid in {message_id(key, ""), message_id(key, status)}:
                return each.id
        # Who writes messages over this interface has to say who and when.
        body = {
            "content": text,
            "author": await self._me(),
            "date": ".",
            "messageid": message_id(key, status),
        }
        return (await self._rest.send("POST", "rest/data/msg", body=body, kind=_One)).data.id

    async def _read(self, message: str) -> Node:
        node = await self._rest.get("rest/data/msg/{}", message, query={"@verbose": 2}, kind=_Whole)
        content = await self._rest.get("rest/data/msg/{}/content", message, kind=_Content)
        return msgspec.structs.replace(node.data.attributes, id=message, text=content.data.data)

    async def _issue(self, reference: str) -> Node:
        query = {"@verbose": 2}
        whole = (await self._rest.get("rest/data/issue/{}", reference, query=query, kind=_Whole)).data
        return msgspec.structs.replace(whole.attributes, id=reference, etag=whole.etag)

    async def _change(self, reference: str, issue: Node, change: Mapping[str, Any]) -> None:
        """Change the issue as we saw it; when somebody else was faster it is tried again."""
        answer = await self._rest.ask(
            "PATCH", "rest/data/issue/{}", reference, body={"@op": "replace", **change},
            headers={"If-Match": issue.etag},
        )  # fmt: skip
        if answer.status == 412:
            raise DeliveryFailed("somebody else changed the ticket at the same moment")
        if not answer.ok:
            raise self._rest.trouble(answer)

    async def _me(self) -> str:
        """Our user's id."""
        for each in await self._list("user", {"username:": self._user, "@fields": "username"}):
            if each.username == self._user:
                return each.id
        raise DeliveryFailed(f"there is no user {self._user} in the ticket system, or it may not see itself")

    async def _list(self, kind: str, query: Mapping[str, object]) -> list[Node]:
        found = await self._rest.get("rest/data/" + kind, query=query, kind=_List)
        return found.data.collection


def _priority(issue: Node, update: Update) -> Mapping[str, str]:
    """The priority to be set, or taken if it is ours; an issue need not have any."""
    if update.severity == "urgent":
        return {"priority": _URGENT}
    ours = issue.priority is not None and issue.priority.name == _URGENT
    return {"priority": ""} if update.severity == "normal" and ours else {}
