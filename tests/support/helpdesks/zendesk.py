"""A played Zendesk, after https://developer.zendesk.com/api-reference/ticketing/introduction/.

It has what the documents promise and what hurts: keys of idempotency that refuse other words, tickets that
nobody can solve without somebody, closed ones that take nothing, pages, audits that hold all of an action.
"""

import base64
import datetime as dt
import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.secret import Secret
from bot.tickets.zendesk import ZendeskTickets
from tests.support.helpdesks.other_side import Polled, Written, calling
from tests.support.helpdesks.served import Served, told

BOT, AGENT = 9001, 9002
USER, TOKEN = "bot@example.com", "zendesk-canary-4711"


class PlayedZendesk(Served):
    """The server."""

    def __init__(self) -> None:
        super().__init__()
        self.tickets: dict[int, dict[str, Any]] = {}
        self.audits: dict[int, list[dict[str, Any]]] = {}
        self.uploads: dict[str, tuple[str, bytes]] = {}
        self.priorities = True  # whether agents may write that field
        self._keys: dict[str, tuple[str, int]] = {}
        self._ids = 35_000

    def worded(self, status: int, why: str) -> Any:  # type: ignore[explicit-override]  # noqa: ARG002
        """As Zendesk says it."""
        return {"error": why, "description": "see error"}

    def new(self) -> int:
        """An id that nothing has."""
        self._ids += 1
        return self._ids

    async def serve(self, request: web.Request) -> web.StreamResponse:  # type: ignore[explicit-override]
        """The part of the interface that a bot needs."""
        expected = base64.b64encode(f"{USER}/token:{TOKEN}".encode()).decode()
        if self.stranger or request.headers.get("Authorization") != f"Basic {expected}":
            return told({"error": "Couldn't authenticate you"}, 401)
        parts = request.path.removeprefix("/api/v2/").removesuffix(".json").split("/")
        match request.method, parts:
            case "GET", ["tickets"]:
                return self._listed(request.query)
            case "POST", ["tickets"]:
                return self._create(request.headers.get("Idempotency-Key", ""), await request.text())
            case "GET", ["tickets", number] if int(number) in self.tickets:
                return told({"ticket": self.tickets[int(number)]})
            case "PUT", ["tickets", number] if int(number) in self.tickets:
                return self.change(int(number), (await request.json())["ticket"], BOT)
            case "GET", ["tickets", number, "comments"]:
                events = [each for audit in self.audits[int(number)] for each in audit["events"]]
                comments = [each for each in events if each["type"] == "Comment"]
                return self._paged("comments", comments, request.query)
            case "GET", ["tickets", number, "audits"]:
                return self._paged("audits", self.audits[int(number)], request.query)
            case "POST", ["uploads"]:
                token = hashlib.sha256(str(self.new()).encode()).hexdigest()
                self.uploads[token] = (request.query["filename"], await request.read())
                return told({"upload": {"token": token, "expires_at": "2099-01-01T00:00:00Z"}}, 201)
            case "GET", ["users", "me"]:
                return told({"user": {"id": BOT, "name": "Handrail", "role": "agent", "email": USER}})
            case "GET", ["users", "show_many"]:
                names = {BOT: "Handrail", AGENT: "Ada Agent"}
                ids = [int(each) for each in request.query["ids"].split(",")]
                return told({"users": [{"id": each, "name": names[each]} for each in ids if each in names]})
        return told({"error": "RecordNotFound", "description": "Not found"}, 404)

    def _listed(self, query: Mapping[str, str]) -> web.Response:
        tickets = [*self.tickets.values()]
        if "external_id" in query:
            tickets = [each for each in tickets if each["external_id"] == query["external_id"]]
        tickets.sort(key=lambda each: str(each["updated_at"]), reverse=query.get("sort_order") == "desc")
        size, page = int(query.get("per_page", 100)), int(query.get("page", 1))
        more = len(tickets) > size * page
        listed = tickets[size * (page - 1) : size * page]
        return told({"tickets": listed, "next_page": "…" if more else None, "count": len(tickets)})

    def _paged(self, name: str, all_of_it: list[Any], query: Mapping[str, str]) -> web.Response:
        newest = query.get("sort", "").startswith("-")
        ordered = all_of_it[::-1] if newest else all_of_it
        begin, size = int(query.get("page[after]", 0)), 2  # smaller than anybody asks for
        more = len(ordered) > begin + size
        meta = {"has_more": more, "after_cursor": str(begin + size)}
        return told({name: ordered[begin : begin + size], "meta": meta})

    def _create(self, key: str, body: str) -> web.Response:
        known = self._keys.get(key)
        if known and known[0] != body:
            why = "Failed to lookup idempotency key: request parameters differ"
            return told({"error": "IdempotencyRequestError", "description": why}, 400)
        if known:
            answer = {"ticket": self.tickets[known[1]]}
            return told(answer, 201, {"x-idempotency-lookup": "hit"})
        asked, number = json.loads(body)["ticket"], self.new()
        if not self.priorities and "priority" in asked:
            return self._invalid("Priority: is not writable")
        self.tickets[number] = {
            "id": number, "external_id": asked["external_id"], "subject": asked["subject"], "status": "new",
            "assignee_id": None, "updated_at": "", "priority": asked.get("priority"),
        }  # fmt: skip
        self.audits[number] = []
        events = [{"id": self.new(), "type": "Create", "field_name": "subject", "value": asked["subject"]}]
        self._audit(number, [*events, self._comment(asked["comment"])], BOT)
        self._keys[key] = (body, number)
        return told({"ticket": self.tickets[number]}, 201, {"x-idempotency-lookup": "miss"})

    def _comment(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        files = [self.uploads[token] for token in asked.get("uploads", ())]
        return {
            "id": self.new(), "type": "Comment", "body": asked["body"], "public": asked.get("public", True),
            "attachments": [{"file_name": name, "size": len(content)} for name, content in files],
            "_files": {name: content.hex() for name, content in files},
        }  # fmt: skip

    def change(self, number: int, asked: Mapping[str, Any], who: int) -> web.Response:
        """Change a ticket, in one audit."""
        ticket = self.tickets[number]
        asked = dict(asked)
        if ticket["status"] == "closed":
            return self._invalid("Status: closed prevents ticket update")
        if not self.priorities and "priority" in asked:
            return self._invalid("Priority: is not writable")
        if asked.pop("assignee_email", ""):
            asked["assignee_id"] = BOT
        if asked.get("status") == "solved" and not (asked.get("assignee_id") or ticket["assignee_id"]):
            return self._invalid("Assignee: is required when solving a ticket")
        events = [self._comment(asked.pop("comment"))] if "comment" in asked else []
        for field, value in asked.items():
            if ticket[field] != value:
                said = str(value) if field == "assignee_id" else value
                change = {
                    "type": "Change",
                    "field_name": field,
                    "value": said,
                    "previous_value": ticket[field],
                }
                events.append({"id": self.new(), **change})
            ticket[field] = value
        self._audit(number, events, who)
        return told({"ticket": ticket, "audit": self.audits[number][-1]})

    def _invalid(self, why: str) -> web.Response:
        details = {"base": [{"description": why, "error": "InvalidValue"}]}
        return told({"error": "RecordInvalid", "description": why, "details": details}, 422)

    def _audit(self, number: int, events: list[dict[str, Any]], who: int) -> None:
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        audit = {"id": self.new(), "created_at": now, "author_id": who, "events": events}
        self.audits[number].append({**audit, "ticket_id": number})
        self.tickets[number]["updated_at"] = now


class Zendesk(Polled):
    """It from both sides."""

    hides = True
    secrets = (TOKEN, base64.b64encode(f"{USER}/token:{TOKEN}".encode()).decode())
    priorities = ("urgent", None, "normal")

    def __init__(self, served: PlayedZendesk, client: aiohttp.ClientSession) -> None:
        self.served: PlayedZendesk = served
        self.system = ZendeskTickets(client, served.url, USER, Secret(TOKEN))

    def _ids(self, number: str) -> list[int]:
        return [each["id"] for each in self.served.tickets.values() if each["external_id"] == number]

    def _comments(self, number: str) -> list[dict[str, Any]]:
        [ticket] = self._ids(number)
        events = [each for audit in self.served.audits[ticket] for each in audit["events"]]
        return [each for each in events if each["type"] == "Comment"]

    async def count(self, number: str) -> int:
        """Tickets with this number."""
        return len(self._ids(number))

    async def body(self, number: str) -> str:
        """The first comment."""
        return str(self._comments(number)[0]["body"])

    async def written(self, number: str) -> Sequence[Written]:
        """The others, without those that bring files."""
        comments = [each for each in self._comments(number)[1:] if not each["_files"]]
        return [Written(each["body"], each["public"]) for each in comments]

    async def closed(self, number: str) -> bool:
        """Whether it is solved."""
        [ticket] = self._ids(number)
        return bool(self.served.tickets[ticket]["status"] == "solved")

    async def files(self, number: str) -> Mapping[str, bytes]:
        """The files of all comments."""
        kept = [each["_files"] for each in self._comments(number)]
        return {name: bytes.fromhex(content) for each in kept for name, content in each.items()}

    def _does(self, number: str, **asked: Any) -> None:
        [ticket] = self._ids(number)
        assert self.served.change(ticket, asked, AGENT).status == 200

    async def priority(self, number: str) -> object:
        """Its name."""
        [ticket] = self._ids(number)
        return self.served.tickets[ticket]["priority"]

    def takes_no_priority(self) -> None:
        """See `Graded`."""
        self.served.priorities = False

    async def says(self, number: str, text: str, *, public: bool) -> None:
        """A comment."""
        self._does(number, comment={"body": text, "public": public})

    async def resolves(self, number: str, text: str) -> None:
        """Solved with a public comment, in one action."""
        self._does(number, comment={"body": text, "public": True}, status="solved")

    async def reopens(self, number: str) -> None:
        """Open again."""
        self._does(number, status="open")

    async def claims(self, number: str) -> None:
        """Assigned to themselves."""
        self._does(number, assignee_id=AGENT)


@asynccontextmanager
async def opened(_folder: Path) -> AsyncIterator[Zendesk]:
    """A Zendesk without tickets."""
    async with PlayedZendesk() as served, calling(served) as client:
        yield Zendesk(served, client)
