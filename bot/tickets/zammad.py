"""Zammad, over its REST API: a ticket for each case, an article for each update.

The case's number is the ticket's: Zammad takes the number that it is given, and its database holds each only
once, so a ticket cannot be made twice, not even by two attempts at once. A condition in place of a query is
answered from the database and not from the search index, which is late. A status and its article are one
transaction. It is asked for news; with a secret, a webhook brings articles at once, under the same ids.

Priorities have names that people change. One is marked as what new tickets get, one has the colour of a high
one: those are taken.

Facts: https://docs.zammad.org/en/latest/api/intro.html, …/api/ticket/index.html, …/api/ticket/articles.html,
…/api/ticket/priorities.html,
https://admin-docs.zammad.org/en/latest/manage/webhook.html, and the source, https://github.com/zammad/zammad
(tickets_controller.rb, can_search.rb, selector/sql.rb, user_agent.rb). Must not know: the outbox, settings.
What is new there is read in `bot/tickets/zammad_news.py`.
"""

import base64
import datetime as dt
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp
import msgspec
import structlog

from bot.errors import DeliveryFailed, DeliveryPostponed, DeliveryRefused, Forged
from bot.redact import clean
from bot.secret import Secret
from bot.tickets.api import Change, Changes, File, Finding, Ticket, Update
from bot.tickets.marks import NOBODYS, case_in, file_name, headed, one_line, said, whole
from bot.tickets.rest import Rest, leniently
from bot.tickets.signature import verify_hub
from bot.tickets.zammad_news import ENDED, Article, History, news, sent
from dialogs.conversation import CaseStatus
from dialogs.guide import Severity

_log = structlog.get_logger(__name__)

# The type of state that a status is there; each has a state of the same name, unless somebody renamed it.
_TYPES: Final[Mapping[CaseStatus, str]] = {
    "open": "open",
    "claimed": "open",
    "waiting": "pending reminder",
    "resolved": "closed",
    "reopened": "open",
    "withdrawn": "closed",
}
_HIGH: Final = "high-priority"  # the colour
_REMIND: Final = dt.timedelta(days=3)  # no ticket waits without saying until when
_LONGEST: Final = 1_000_000  # characters; Zammad takes 1,500,000
_LONGEST_TITLE: Final = 240
_PAGE: Final = 100
_BACK: Final = 120  # seconds that are read again
_TAKEN: Final = b"already exists"  # how Zammad words that there is one with this number
_MEND: Final = (
    "Is HANDRAIL_TICKETS_URL Zammad's own address, above /api/, HANDRAIL_TICKETS_TOKEN an access token with"
    " the permission ticket.agent, of a user who has the group HANDRAIL_TICKETS_PROJECT in full, and is token"
    " access switched on (Admin, System, API)?"
)


class _Ticket(msgspec.Struct):
    id: int
    number: str
    state_id: int = 0
    created_by_id: int = 0


class _State(msgspec.Struct):
    id: int
    name: str = ""
    state_type: str = ""
    active: bool = True


class _Priority(msgspec.Struct):
    id: int
    name: str = ""
    default_create: bool = False
    ui_color: str | None = None
    active: bool = True


class _Me(msgspec.Struct):
    id: int
    firstname: str | None = None
    lastname: str | None = None
    groups: dict[str, list[str]] = {}


class ZammadTickets:
    """Files cases with a group of Zammad."""

    name = "zammad"
    polled = True

    def __init__(
        self,
        client: aiohttp.ClientSession,
        url: str,
        token: Secret,
        group: str,
        *,
        secret: Secret | None = None,
    ) -> None:
        """Take what a request needs.

        Args:
            client: As `bot.tickets.http.open_client` makes it; it is used, never closed.
            url: Zammad's own address, above `api/`.
            token: An agent's access token.
            group: The group's name.
            secret: The webhook's; without, nothing that comes in is believed, and all news is asked for.
        """
        authorization = Secret(f"Token token={token.reveal()}")
        self._rest = Rest(client, url, authorization=authorization, hide=(token,))
        self._group, self._secret = group, secret or Secret()

    async def find(self, key: str) -> str | None:
        """The number of the ticket that has this one."""
        ticket = await self._ticket(key)
        return None if ticket is None else ticket.number

    async def create(self, ticket: Ticket) -> str:
        """Make the ticket, under the case's number; we are its customer, for each has to have one."""
        me = await self._rest.get("api/v1/users/me", kind=_Me)
        title = one_line(ticket.title, _LONGEST_TITLE)
        body = {
            "number": ticket.key,
            "title": title,
            "group": self._group,
            "customer_id": me.id,
            "article": _article(title, whole(ticket.body), internal=True),
        }

        async def write(more: Mapping[str, Any]) -> str:
            answer = await self._rest.ask("POST", "api/v1/tickets", body={**body, **more})
            if answer.status == 422 and _TAKEN in answer.body:
                found = f"there is a ticket {ticket.key} already, which is looked up next"
                raise DeliveryFailed(f"the ticket system answered 422: {found}", unknown=True)
            if not answer.ok:
                raise self._rest.trouble(answer)
            return self._rest.read(answer, _Ticket, done=True).number

        return await leniently(write, await self._priority("urgent") if ticket.urgent else {})

    async def update(self, reference: str, update: Update) -> None:
        """Write an article, with the state and the priority, unless that was done."""
        ticket = await self._there(reference)
        if await self._has(ticket, update.key):
            return
        internal = not (update.public and update.body)
        changed: dict[str, Any] = {"article": _article(f"[{update.key}]", said(update), internal=internal)}
        if update.status is not None:
            changed |= await self._state(ticket, _TYPES[update.status])
        more = await self._priority(update.severity) if update.severity else {}
        await leniently(lambda more: self._change(ticket, {**changed, **more}), more)

    async def attach(self, reference: str, file: File) -> None:
        """Hang a file on an internal article, unless that was done."""
        ticket = await self._there(reference)
        if await self._has(ticket, file.key):
            return
        name = file_name(file.key, file.name)
        article = _article(f"[{file.key}]", headed(file.key, "", name), internal=True)
        data = base64.b64encode(file.content).decode()
        kind = file.media_type if "/" in file.media_type else "application/octet-stream"
        article["attachments"] = [{"filename": name, "data": data, "mime-type": clean(kind, 100)}]
        await self._change(ticket, {"article": article})

    async def changes(self, since: str) -> Changes:
        """What others did to our tickets; see `bot.tickets.zammad_news`."""
        now = int(time.time())
        if not since:
            return Changes(cursor=str(now))
        begin, found = int(since), list[Change]()
        ours = await self._updated((now - begin) // 60 + 2)
        states = await self._states() if ours else []
        ended = frozenset(each.id for each in states if each.state_type in ENDED)
        for ticket in ours:
            history = await self._rest.get("api/v1/ticket_history/{}", str(ticket.id), kind=History)
            articles = await self._articles(ticket)
            found += news(ticket.number, articles, history, begin, own=ticket.created_by_id, ended=ended)
        told = tuple(sorted(found, key=lambda each: each.at))
        return Changes(cursor=str(max(now - _BACK, begin)), found=told)

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
        """An article that somebody wrote; what else happened is asked for. What comes twice has the same id.

        Raises:
            Forged: It is not signed with our secret, or makes no sense.
        """
        if not self._secret:
            raise Forged("HANDRAIL_TICKETS_SECRET is not set, so nothing that comes in is believed")
        verify_hub(self._secret.reveal(), headers, body, name="X-Hub-Signature", method="sha1")
        return sent(body)

    async def check(self) -> Sequence[Finding]:
        """Who we are there, whether we see tickets and states, and whether the group is ours."""
        where = self._rest.url
        try:
            me = await self._rest.get("api/v1/users/me", query={"expand": "true"}, kind=_Me)
            states = await self._states()
            await self.find(NOBODYS)
        except (DeliveryFailed, DeliveryPostponed) as error:
            return (Finding("failed", f"{where}: {error}", _MEND),)
        name = f"{me.firstname or ''} {me.lastname or ''}".strip()
        lacking = sorted({*_TYPES.values()} - {each.state_type for each in states if each.active})
        if lacking:
            found = f"{where} has no active state of the type {', '.join(lacking)}"
            return (Finding("warning", found, "Statuses of that kind are only written into the article."),)
        if "full" not in me.groups.get(self._group, ()):
            found = f"{where} knows us as {name}, who has not been given the group {self._group!r} in full"
            remedy = "Give it in the user's own settings; if a role gives it, all is well."
            return (Finding("warning", found, remedy),)
        return (Finding("ok", f"{where} knows us as {name}, who works in {self._group}"),)

    async def _search(self, condition: Mapping[str, Mapping[str, object]], page: int = 1) -> list[_Ticket]:
        """Tickets, straight from the database: so it is as long as there is a condition, and no query."""
        query: dict[str, object] = {
            f"condition[{name}][{part}]": value
            for name, parts in condition.items()
            for part, value in parts.items()
        }
        query |= {"expand": "true", "sort_by": "id", "order_by": "asc", "per_page": _PAGE, "page": page}
        return await self._rest.get("api/v1/tickets/search", query=query, kind=list[_Ticket])

    async def _ticket(self, number: str) -> _Ticket | None:
        found = await self._search({"ticket.number": {"operator": "is", "value": number}})
        return next((each for each in found if each.number == number), None)

    async def _there(self, reference: str) -> _Ticket:
        ticket = await self._ticket(reference)
        if ticket is None:
            raise DeliveryRefused(f"ticket {reference} is not there any more, or Handrail may not see it")
        return ticket

    async def _updated(self, minutes: int) -> list[_Ticket]:
        """Our tickets that something happened to, by Zammad's own clock."""
        condition: dict[str, dict[str, object]] = {
            "ticket.created_by_id": {"operator": "is", "pre_condition": "current_user.id", "value": ""},
            "ticket.updated_at": {
                "operator": "within last (relative)",
                "range": "minute",
                "value": minutes,
            },
        }
        found, page = list[_Ticket](), 1
        while True:
            listed = await self._search(condition, page)
            found += [each for each in listed if case_in(each.number) == each.number]
            if len(listed) < _PAGE:
                return found
            page += 1

    async def _articles(self, ticket: _Ticket) -> list[Article]:
        path = "api/v1/ticket_articles/by_ticket/{}"
        return await self._rest.get(path, str(ticket.id), kind=list[Article])

    async def _has(self, ticket: _Ticket, key: str) -> bool:
        return any(each.key == key for each in await self._articles(ticket))

    async def _states(self) -> list[_State]:
        return await self._rest.get("api/v1/ticket_states", query={"expand": "true"}, kind=list[_State])

    async def _state(self, ticket: _Ticket, wanted: str) -> Mapping[str, Any]:
        """The state to be set, none if there is none or the ticket's own is of that type."""
        states = [each for each in await self._states() if each.active and each.state_type == wanted]
        if not states or any(each.id == ticket.state_id for each in states):
            return {}
        chosen = min(states, key=lambda each: (each.name != wanted, each.id))
        if wanted != _TYPES["waiting"]:
            return {"state_id": chosen.id}
        until = dt.datetime.now(dt.UTC) + _REMIND
        return {"state_id": chosen.id, "pending_time": until.strftime("%Y-%m-%dT%H:%M:%SZ")}

    async def _priority(self, severity: Severity) -> Mapping[str, Any]:
        """The priority to be set, none if there is none of that kind."""
        listed = await self._rest.get("api/v1/ticket_priorities", kind=list[_Priority])
        fitting = [
            each
            for each in listed
            if each.active and (each.default_create if severity == "normal" else each.ui_color == _HIGH)
        ]
        if not fitting:
            mark = "default_create" if severity == "normal" else f"the ui_color {_HIGH}"
            what_to_do = f"give one of Zammad's priorities {mark}"
            _log.warning("ticket_priority_unknown", severity=severity, what_to_do=what_to_do)
            return {}
        return {"priority_id": max(fitting, key=lambda each: (each.name, each.id)).id}

    async def _change(self, ticket: _Ticket, changed: Mapping[str, Any]) -> None:
        await self._rest.send("PUT", "api/v1/tickets/{}", str(ticket.id), body=changed, kind=type(None))


def _article(subject: str, text: str, *, internal: bool) -> dict[str, Any]:
    return {
        "subject": subject,
        "body": text[:_LONGEST] or "-",
        "content_type": "text/plain",
        "type": "note",
        "sender": "Agent",
        "internal": internal,
    }
