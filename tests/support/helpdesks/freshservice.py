"""A played Freshservice, after https://api.freshservice.com/.

It has what hurts: a filter whose index is late, a list that shows the last 30 days only, notes that are HTML
and whose plain text has lost its lines, activities in prose, and calls that are counted, also those that
fail. A priority is one of four, and has to be given; a rule may forbid all but one. Its clock goes a second
further with everything that is done.
"""

import base64
import datetime as dt
import html
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.secret import Secret
from bot.tickets.freshservice import FreshserviceTickets
from bot.tickets.html_text import hypertext, plain
from tests.support.helpdesks.other_side import Polled, Written, calling
from tests.support.helpdesks.served import Served, told

BOT, AGENT = 14_001, 14_002
NAMES = {BOT: ("Handrail", "Bot"), AGENT: ("Ada", "Agent")}
USER, KEY, WORKSPACE = "bot@example.com", "freshservice-canary-4711", "3"
PRIORITIES = {1: "Low", 2: "Medium", 3: "High", 4: "Urgent"}
STATUSES = {2: "Open", 3: "Pending", 4: "Resolved", 5: "Closed"}
WANTED = ("email", "subject", "description", "status", "priority", "source")


class PlayedFreshservice(Served):
    """The server.

    Attributes:
        indexed: What the filter's index has of the tickets, by id; it is brought up to date by `index`.
        left: Calls until the end of the minute; None: no end.
        fields: Those of the form, as an administrator made it.
        graded: Whether agents may say how much a ticket presses; else it keeps what it has, at first 2.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tickets: dict[int, dict[str, Any]] = {}
        self.talk: dict[int, list[dict[str, Any]]] = {}
        self.activities: dict[int, list[dict[str, Any]]] = {}
        self.files: dict[int, dict[str, bytes]] = {}
        self.indexed: frozenset[int] = frozenset()
        self.left: int | None = None
        self.fields: list[dict[str, Any]] = [{"name": "subject", "required_for_agents": True}]
        self.graded = True
        self.may_see_people = True
        self._ids = 500
        self._now = dt.datetime.now(dt.UTC).replace(microsecond=0)

    def worded(self, status: int, why: str) -> Any:  # type: ignore[explicit-override]  # noqa: ARG002
        """As Freshservice says it."""
        return {
            "description": why,
            "errors": [{"field": "group_id", "message": why, "code": "invalid_value"}],
        }

    def refusal(self) -> int:  # type: ignore[explicit-override]
        """Its status for a field that is not right."""
        return 400

    def new(self) -> int:
        """An id that nothing has."""
        self._ids += 1
        return self._ids

    def tick(self) -> str:
        """The time at which something is done."""
        self._now += dt.timedelta(seconds=1)
        return self._now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def index(self) -> None:
        """Minutes later."""
        self.indexed = frozenset(self.tickets)

    async def serve(self, request: web.Request) -> web.StreamResponse:  # type: ignore[explicit-override]
        """The part of the interface that a bot needs, while there are calls left."""
        if self.left == 0:
            why = {"message": "You have exceeded the limit of requests per minute"}
            return told(why, 429, {"Retry-After": "41", "X-Ratelimit-Remaining": "0"})
        self.left = self.left and self.left - 1
        response = await self._serve(request)
        response.headers.update({"X-Ratelimit-Total": "100", "X-Ratelimit-Used-CurrentRequest": "1"})
        return response

    async def _serve(self, request: web.Request) -> web.Response:
        expected = base64.b64encode(f"{KEY}:X".encode()).decode()
        if self.stranger or request.headers.get("Authorization") != f"Basic {expected}":
            return told({"code": "invalid_credentials", "message": "You have to be logged in."}, 401)
        match request.method, request.path.removeprefix("/api/v2/").split("/"):
            case "GET", ["agents", "me"]:
                first, last = NAMES[BOT]
                return told({"agent": {"id": BOT, "first_name": first, "last_name": last, "email": USER}})
            case "GET", ["agents", number] if int(number) in NAMES:
                if not self.may_see_people:
                    return told({"code": "access_denied", "message": "You are not authorized."}, 403)
                first, last = NAMES[int(number)]
                return told({"agent": {"id": int(number), "first_name": first, "last_name": last}})
            case "GET", ["ticket_form_fields"]:
                return told({"ticket_fields": self.fields})
            case "GET", ["tickets"]:
                return self._listed(request.query)
            case "GET", ["tickets", "filter"]:
                return self._filtered(request.query["query"])
            case "POST", ["tickets"]:
                return self._create(await request.json())
            case _, ["tickets", number, *rest] if int(number) in self.tickets:
                return await self._ticket(request, int(number), rest)
        return told({"code": "not_found", "message": "The requested resource was not found."}, 404)

    async def _ticket(self, request: web.Request, number: int, rest: list[str]) -> web.Response:
        match request.method, rest:
            case "PUT", []:
                asked = await request.json()
                if wrong := self._wrong(asked, set()):
                    return wrong
                self.change(number, asked, BOT)
                return told({"ticket": self.tickets[number]})
            case "GET", ["conversations"]:
                return _paged("conversations", self.talk[number], request.query)
            case "GET", ["activities"]:
                return told({"activities": self.activities[number][::-1]})
            case "POST", ["notes"]:
                asked, file = await _asked(request)
                private = str(asked["private"]).lower() == "true"
                made = self.note(number, asked["body"], BOT, private=private, file=file)
                return told({"conversation": made}, 201)
        return told({"code": "not_found", "message": "The requested resource was not found."}, 404)

    def _listed(self, query: Mapping[str, str]) -> web.Response:
        assert query["email"] == USER
        found = [each for each in self.tickets.values() if str(each["workspace_id"]) == query["workspace_id"]]
        if "updated_since" in query:
            found = [each for each in found if each["updated_at"] >= query["updated_since"]]
        else:
            month = (self._now - dt.timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
            found = [each for each in found if each["created_at"] >= month]
        found.sort(
            key=lambda each: str(each["created_at"]), reverse=query.get("order_type", "desc") == "desc"
        )
        hidden = set() if query.get("include") == "stats" else {"stats"}
        return _paged("tickets", [_without(each, hidden) for each in found], query)

    def _filtered(self, words: str) -> web.Response:
        read = re.fullmatch(r"\"workspace_id:3 AND tag:'([\w-]+)'\"", words)
        assert read, words
        found = [self.tickets[each] for each in self.indexed if read[1] in self.tickets[each]["tags"]]
        return told({"tickets": [_without(each, {"stats"}) for each in found], "total": len(found)})

    def _create(self, asked: Mapping[str, Any]) -> web.Response:
        missing = [each for each in WANTED if not asked.get(each)]
        if missing or asked["workspace_id"] != int(WORKSPACE):
            errors = [{"field": each, "message": "Missing", "code": "missing_field"} for each in missing]
            return told({"description": "Validation failed", "errors": errors}, 400)
        if wrong := self._wrong(asked, {2}):
            return wrong
        assert len(asked["subject"]) <= 255
        assert "\n" not in asked["subject"]
        _assert_lifeless(asked["description"])
        number, now = self.new(), self.tick()
        self.tickets[number] = {
            "id": number, "subject": asked["subject"], "description": asked["description"],
            "status": asked["status"], "priority": asked["priority"], "requester_id": BOT,
            "responder_id": None, "tags": asked["tags"],
            "workspace_id": asked["workspace_id"], "created_at": now, "updated_at": now, "type": "Incident",
            "stats": {"status_updated_at": now, "assigned_at": None, "resolved_at": None},
        }  # fmt: skip
        self.talk[number], self.files[number] = [], {}
        self.activities[number] = [_activity(BOT, " submitted a new ticket", now)]
        return told({"ticket": self.tickets[number]}, 201)

    def _wrong(self, asked: Mapping[str, Any], usual: set[int]) -> web.Response | None:
        allowed = PRIORITIES.keys() if self.graded else usual
        if "priority" not in asked or asked["priority"] in allowed:
            return None
        why = f"It should be one of these values: '{','.join(map(str, sorted(allowed)))}'"
        errors = [{"field": "priority", "message": why, "code": "invalid_value"}]
        return told({"description": "Validation failed", "errors": errors}, 400)

    def note(
        self, number: int, body: str, who: int, *, private: bool, file: tuple[str, bytes] | None = None
    ) -> dict[str, Any]:
        """Write a note."""
        now = self.tick()
        if file is not None:
            self.files[number][file[0]] = file[1]
        made = {
            "id": self.new(), "ticket_id": number, "user_id": who, "body": body, "private": private,
            "body_text": html.unescape(re.sub("<[^<>]*>", "", body)), "created_at": now, "updated_at": now,
            "attachments": [{"id": self.new(), "name": file[0]}] if file else [], "source": 2,
        }  # fmt: skip
        self.talk[number].append(made)
        self.tickets[number]["updated_at"] = now
        self.activities[number].append(
            _activity(who, f" added a {'private' if private else 'public'} note", now)
        )
        return made

    def change(self, number: int, asked: Mapping[str, Any], who: int) -> None:
        """Change a ticket."""
        ticket, now, done = self.tickets[number], self.tick(), []
        assert asked
        assert {*asked} <= {"status", "priority", "responder_id"}
        if asked.get("status", ticket["status"]) != ticket["status"]:
            ticket["stats"]["status_updated_at"] = now
            done.append(f"set Status as {STATUSES[asked['status']]}")
        if asked.get("priority", ticket["priority"]) != ticket["priority"]:
            done.append(f"set Priority as {PRIORITIES[asked['priority']]}")
        if "responder_id" in asked:
            ticket["stats"]["assigned_at"] = now
            done.append(f"set Agent as {' '.join(NAMES[asked['responder_id']])}")
        ticket |= {**asked, "updated_at": now}
        self.activities[number].append(_activity(who, f" {' and '.join(done)}", now))


def _activity(who: int, content: str, at: str) -> dict[str, Any]:
    actor = {"id": who, "name": " ".join(NAMES[who]), "type": "agent"}
    return {"actor": actor, "content": content, "sub_contents": [], "created_at": at}


def _without(row: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _paged(name: str, rows: Sequence[Any], query: Mapping[str, str]) -> web.Response:
    size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
    if size > 100:
        errors = [{"field": "per_page", "message": "It should be at most 100", "code": "invalid_value"}]
        return told({"description": "Validation failed", "errors": errors}, 400)
    more = len(rows) > size * page
    headers = {"link": f'<https://example.freshservice.com/…?page={page + 1}>; rel="next"'} if more else {}
    return told({name: rows[size * (page - 1) : size * page]}, 200, headers)


async def _asked(request: web.Request) -> tuple[Mapping[str, Any], tuple[str, bytes] | None]:
    """A note, as JSON or as a form with a file."""
    if not request.headers["Content-Type"].startswith("multipart/form-data"):
        asked = json.loads(await request.text())
        _assert_lifeless(asked["body"])
        return asked, None
    boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
    fields = dict[str, str]()
    file: tuple[str, bytes] | None = None
    for part in (await request.read()).split(b"--" + boundary)[1:-1]:
        head, _, content = part.removesuffix(b"\r\n").partition(b"\r\n\r\n")
        named = re.search(rb'name="([^"]+)"(?:; filename="([^"]+)")?', head)
        assert named
        if named[2]:
            assert named[1] == b"attachments[]"
            file = (named[2].decode(), content)
        else:
            fields[named[1].decode()] = content.decode()
    return fields, file


def _assert_lifeless(body: str) -> None:
    """Nothing that people wrote is markup."""
    assert not re.sub(r"</?div>|<br>", "", body).count("<")


class Freshservice(Polled):
    """It from both sides."""

    hides = True
    secrets = (KEY, base64.b64encode(f"{KEY}:X".encode()).decode())
    priorities = ("Urgent", "Medium", "Medium")

    def __init__(self, served: PlayedFreshservice, client: aiohttp.ClientSession) -> None:
        self.served: PlayedFreshservice = served
        self.system = FreshserviceTickets(client, served.url, USER, Secret(KEY), WORKSPACE)

    def _ids(self, number: str) -> list[int]:
        subject = re.compile(rf"{number}(?![0-9A-Z])")
        return [each["id"] for each in self.served.tickets.values() if subject.match(each["subject"])]

    def _id(self, number: str) -> int:
        [ticket] = self._ids(number)
        return ticket

    async def count(self, number: str) -> int:
        """Tickets with this number."""
        return len(self._ids(number))

    async def body(self, number: str) -> str:
        """The description."""
        return plain(self.served.tickets[self._id(number)]["description"])

    async def written(self, number: str) -> Sequence[Written]:
        """The notes, without those that bring files."""
        notes = [each for each in self.served.talk[self._id(number)] if not each["attachments"]]
        return [Written(plain(each["body"]), not each["private"]) for each in notes]

    async def closed(self, number: str) -> bool:
        """Whether it is resolved."""
        return bool(self.served.tickets[self._id(number)]["status"] == 4)

    async def files(self, number: str) -> Mapping[str, bytes]:
        """The files of all notes."""
        return self.served.files[self._id(number)]

    async def priority(self, number: str) -> object:
        """Its name."""
        return PRIORITIES[self.served.tickets[self._id(number)]["priority"]]

    def takes_no_priority(self) -> None:
        """See `Graded`."""
        self.served.graded = False

    async def says(self, number: str, text: str, *, public: bool) -> None:
        """A note, from an editor that makes HTML."""
        self.served.note(self._id(number), hypertext(text), AGENT, private=not public)

    async def resolves(self, number: str, text: str) -> None:
        """A public note, then the status."""
        self.served.note(self._id(number), hypertext(text), AGENT, private=False)
        self.served.change(self._id(number), {"status": 4}, AGENT)

    async def reopens(self, number: str) -> None:
        """The status."""
        self.served.change(self._id(number), {"status": 2}, AGENT)

    async def claims(self, number: str) -> None:
        """Assigned to themselves."""
        self.served.change(self._id(number), {"responder_id": AGENT}, AGENT)


@asynccontextmanager
async def opened(_folder: Path) -> AsyncIterator[Freshservice]:
    """A Freshservice without tickets."""
    async with PlayedFreshservice() as served, calling(served) as client:
        yield Freshservice(served, client)
