"""A played Zammad, after https://docs.zammad.org/ and Zammad's own source.

Its database answers conditions, its search index is late for ever; it takes the number that it is given,
once; a pending state wants a time; a priority may be barred by a core workflow; an update is one transaction;
a webhook signs what it sends. It sends a receipt for a new ticket, as it does out of the box.
"""

import base64
import datetime as dt
import hashlib
import hmac
import itertools
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.secret import Secret
from bot.tickets.html_text import hypertext
from bot.tickets.zammad import ZammadTickets
from tests.support.helpdesks.other_side import Polled, Written, calling, packed
from tests.support.helpdesks.served import Served, told

SYSTEM, BOT, AGENT = 1, 5, 6
PEOPLE = {SYSTEM: ("-", ""), BOT: ("Handrail", "Bot"), AGENT: ("Ada", "Agent")}
TOKEN, SECRET = "zammad-canary-4711", "a-webhooks-canary-secret"
GROUPS = {"Users": 1, "IT Helpdesk": 2}
# In the order of its seeds; a second open state, as people add them.
STATES = {
    1: ("new", "new"), 2: ("open", "open"), 3: ("pending reminder", "pending reminder"),
    4: ("closed", "closed"), 5: ("merged", "merged"), 7: ("pending close", "pending action"),
    8: ("in progress", "open"),
}  # fmt: skip


# With names as somebody gave them; the colour and the default are Zammad's own.
PRIORITIES: dict[int, dict[str, Any]] = {
    1: {"name": "1 low", "default_create": False, "ui_color": "low-priority", "active": True},
    2: {"name": "2 normal", "default_create": True, "ui_color": None, "active": True},
    3: {"name": "3 high", "default_create": False, "ui_color": "high-priority", "active": True},
}


class PlayedZammad(Served):
    """The server.

    Attributes:
        sent: What its webhook sent.
        groups: What our user was given, by the group's name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tickets: dict[int, dict[str, Any]] = {}
        self.articles: dict[int, list[dict[str, Any]]] = {}
        self.history: dict[int, list[dict[str, Any]]] = {}
        self.sent: list[tuple[Mapping[str, str], bytes]] = []
        self.groups: dict[str, list[str]] = {"IT Helpdesk": ["full"]}
        self.states = dict(STATES)
        self.priorities = {number: dict(each) for number, each in PRIORITIES.items()}
        self.barred = frozenset[int]()  # priorities that a core workflow leaves out for our user
        self._ids = itertools.count(700)

    def worded(self, status: int, why: str) -> Any:  # type: ignore[explicit-override]  # noqa: ARG002
        """As Zammad says it."""
        return {"error": why, "error_human": why}

    async def serve(self, request: web.Request) -> web.StreamResponse:  # type: ignore[explicit-override]
        """The part of the interface that a bot needs."""
        if self.stranger or request.headers.get("Authorization") != f"Token token={TOKEN}":
            return told(self.worded(401, "Authentication required"), 401)
        match request.method, request.path.removeprefix("/api/v1/").split("/"):
            case "GET", ["users", "me"]:
                return told({"id": BOT, **_person(BOT), "groups": self.groups})
            case "GET", ["ticket_states"]:
                assert request.query["expand"] == "true"
                states = [
                    {"id": each, "name": name, "state_type": kind, "active": True}
                    for each, (name, kind) in self.states.items()
                ]
                return told(states)
            case "GET", ["ticket_priorities"]:
                return told([{"id": number, **each} for number, each in self.priorities.items()])
            case "GET", ["tickets", "search"]:
                return self._search(request.query)
            case "POST", ["tickets"]:
                return self._create(await request.json())
            case "PUT", ["tickets", number] if int(number) in self.tickets:
                return self.change(int(number), await request.json(), BOT)
            case "GET", ["ticket_history", number] if int(number) in self.tickets:
                people = {str(each): {"id": each, **_person(each)} for each in PEOPLE}
                return told({"history": self.history[int(number)], "assets": {"User": people}})
            case "GET", ["ticket_articles", "by_ticket", number] if int(number) in self.tickets:
                return told([_without_files(each) for each in self.articles[int(number)]])
        return told(self.worded(404, "No route matches or record not found"), 404)

    def _search(self, query: Mapping[str, str]) -> web.Response:
        assert query["expand"] == "true"
        conditions = dict[str, dict[str, str]]()
        for name, value in query.items():
            if read := re.fullmatch(r"condition\[([\w.]+)\]\[(\w+)\]", name):
                conditions.setdefault(read[1], {})[read[2]] = value
        if "query" in query or not conditions:
            return told([])  # the index is late, always
        found = [each for each in self.tickets.values() if _holds(each, conditions)]
        size, page = min(int(query.get("per_page", 50)), 200), int(query.get("page", 1))
        return told(found[size * (page - 1) : size * page])

    def _create(self, asked: Mapping[str, Any]) -> web.Response:
        if any(each["number"] == asked["number"] for each in self.tickets.values()):
            return told(self.worded(422, "This object already exists."), 422)
        if asked["group"] not in self.groups:
            return told(self.worded(403, "Not authorized"), 403)
        assert asked["customer_id"] in PEOPLE
        assert 0 < len(asked["title"]) <= 250
        assert "\n" not in asked["title"]
        usual = next(each for each, kept in self.priorities.items() if kept["default_create"])
        priority = asked.get("priority_id", usual)
        if wrong := self._wrong(asked):
            return wrong
        number, now = next(self._ids), _now()
        self.tickets[number] = {
            "id": number, "number": asked["number"], "title": asked["title"],
            "group_id": GROUPS[asked["group"]], "customer_id": asked["customer_id"], "created_by_id": BOT,
            "state_id": 1, "state": "new", "owner_id": SYSTEM, "owner": "-", "pending_time": None,
            "created_at": now, "updated_at": now, "priority_id": priority,
        }  # fmt: skip
        self.articles[number], self.history[number] = [], []
        self._step(number, BOT, type="created")
        self.write(number, asked["article"], BOT)
        receipt = {"body": "<div>Your request has been received.</div>", "content_type": "text/html"}
        self.write(number, {**receipt, "type": "email", "sender": "System", "internal": False}, SYSTEM)
        return told(self.tickets[number], 201)

    def _wrong(self, asked: Mapping[str, Any]) -> web.Response | None:
        priority = asked.get("priority_id")
        if priority is None or (priority in self.priorities and priority not in self.barred):
            return None
        return told(self.worded(422, f"Invalid value '{priority}' for field 'priority_id'!"), 422)

    def change(self, number: int, asked: Mapping[str, Any], who: int) -> web.Response:
        """Change a ticket and write into it: all of it, or nothing."""
        ticket, asked = self.tickets[number], dict(asked)
        if wrong := self._wrong(asked):
            return wrong
        article = asked.pop("article", None)
        kind = self.states[asked.get("state_id", ticket["state_id"])][1]
        if "state_id" in asked and kind.startswith("pending") and not asked.get("pending_time"):
            return told(self.worded(422, "Missing required value for field 'pending_time'!"), 422)
        for field, names in (("state", {each: name for each, (name, _) in self.states.items()}),
                             ("priority", {each: kept["name"] for each, kept in self.priorities.items()}),
                             ("owner", {each: " ".join(name) for each, name in PEOPLE.items()})):  # fmt: skip
            before, after = ticket[f"{field}_id"], asked.get(f"{field}_id")
            if after is not None and after != before:
                said = {"value_from": names[before], "value_to": names[after]}
                self._step(number, who, type="updated", attribute=field, id_from=before, id_to=after, **said)
        ticket |= {**asked, "updated_at": _now()}
        if article:
            self.write(number, article, who)
        return told(ticket)

    def write(self, number: int, asked: Mapping[str, Any], who: int) -> None:
        """Write an article, and tell of it."""
        assert asked["body"]
        files = [(each["filename"], base64.b64decode(each["data"], validate=True))
                 for each in asked.get("attachments", ()) if each["mime-type"]]  # fmt: skip
        made = {
            "id": next(self._ids), "ticket_id": number, "created_by_id": who, "created_at": _now(),
            "body": asked["body"], "content_type": asked["content_type"], "type": asked["type"],
            "sender": asked.get("sender", "Agent"), "internal": asked["internal"],
            "subject": asked.get("subject"),
            "from": " ".join(PEOPLE[who]).strip(), "created_by": "ada@example.com", "_files": files,
            "attachments": [{"id": next(self._ids), "filename": name} for name, _ in files],
        }  # fmt: skip
        self.articles[number].append(made)
        self.tickets[number]["updated_at"] = _now()
        self._step(
            number, who, type="created", object="Ticket::Article", o_id=made["id"], related_o_id=number
        )
        author = {"created_by": {"id": who, **_person(who)}}
        told_of = {"ticket": self.tickets[number], "article": {**_without_files(made), **author}}
        self.sent.append(signed(packed(told_of)))

    def _step(self, number: int, who: int, **more: Any) -> None:
        step = {"id": next(self._ids), "object": "Ticket", "o_id": number, "created_by_id": who}
        self.history[number].append({**step, "created_at": _now(), **more})


def signed(body: bytes) -> tuple[Mapping[str, str], bytes]:
    """What a trigger sends, as lib/user_agent.rb signs it."""
    signature = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    delivery = hashlib.sha256(body).hexdigest()[:32]
    headers = {"X-Zammad-Trigger": "Handrail", "X-Zammad-Delivery": delivery}
    return {**headers, "X-Hub-Signature": f"sha1={signature}"}, body


def _holds(ticket: Mapping[str, Any], conditions: Mapping[str, Mapping[str, str]]) -> bool:
    """As lib/selector/sql.rb has it."""
    for name, said in conditions.items():
        value = ticket[name.removeprefix("ticket.")]
        match said["operator"], said.get("pre_condition"):
            case "is", None:
                holds = value == said["value"]
            case "is", "current_user.id":
                holds = value == BOT
            case "within last (relative)", None:
                assert said["range"] == "minute"
                ago = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=int(said["value"]))
                holds = dt.datetime.fromisoformat(value) >= ago
            case other:
                raise AssertionError(other)
        if not holds:
            return False
    return True


def _person(user: int) -> dict[str, str]:
    first, last = PEOPLE[user]
    return {"firstname": first, "lastname": last}


def _without_files(article: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in article.items() if name != "_files"}


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Zammad(Polled):
    """It from both sides."""

    hides = True
    secrets = (TOKEN, SECRET)
    priorities = ("3 high", "2 normal", "2 normal")

    def __init__(self, served: PlayedZammad, client: aiohttp.ClientSession) -> None:
        self.served: PlayedZammad = served
        self.system = ZammadTickets(client, served.url, Secret(TOKEN), "IT Helpdesk", secret=Secret(SECRET))

    def _ids(self, number: str) -> list[int]:
        return [each["id"] for each in self.served.tickets.values() if each["number"] == number]

    def _id(self, number: str) -> int:
        [ticket] = self._ids(number)
        return ticket

    async def count(self, number: str) -> int:
        """Tickets with this number."""
        return len(self._ids(number))

    async def body(self, number: str) -> str:
        """The first article."""
        return str(self.served.articles[self._id(number)][0]["body"])

    async def written(self, number: str) -> Sequence[Written]:
        """The others, without Zammad's own and without those that bring files."""
        articles = [
            each
            for each in self.served.articles[self._id(number)][1:]
            if each["sender"] != "System" and not each["_files"]
        ]
        return [Written(each["body"], not each["internal"]) for each in articles]

    async def closed(self, number: str) -> bool:
        """Whether it is closed."""
        return bool(self.served.tickets[self._id(number)]["state_id"] == 4)

    async def files(self, number: str) -> Mapping[str, bytes]:
        """The files of all articles."""
        articles = self.served.articles[self._id(number)]
        return {name: content for each in articles for name, content in each["_files"]}

    def does(self, number: str, **asked: Any) -> None:
        """One of its people changes the ticket."""
        assert self.served.change(self._id(number), asked, AGENT).status == 200

    async def priority(self, number: str) -> object:
        """Its name."""
        return self.served.priorities[self.served.tickets[self._id(number)]["priority_id"]]["name"]

    def takes_no_priority(self) -> None:
        """See `Graded`."""
        self.served.barred = frozenset(PRIORITIES)

    async def says(self, number: str, text: str, *, public: bool) -> None:
        """An article, from an editor that makes HTML."""
        article = {"body": hypertext(text), "content_type": "text/html", "type": "note"}
        self.does(number, article={**article, "internal": not public})

    async def resolves(self, number: str, text: str) -> None:
        """A public article with the state."""
        article = {"body": hypertext(text), "content_type": "text/html", "type": "note", "internal": False}
        self.does(number, state_id=4, article=article)

    async def reopens(self, number: str) -> None:
        """The state."""
        self.does(number, state_id=2)

    async def claims(self, number: str) -> None:
        """Given to themselves."""
        self.does(number, owner_id=AGENT)


@asynccontextmanager
async def opened(_folder: Path) -> AsyncIterator[Zammad]:
    """A Zammad without tickets."""
    async with PlayedZammad() as served, calling(served) as client:
        yield Zammad(served, client)
