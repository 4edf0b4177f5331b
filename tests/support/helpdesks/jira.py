"""A played Jira Service Management, after Atlassian's documents of its cloud's REST interfaces.

It has a workflow with a resolution to be given, a search that reads JQL, texts in its own document format,
and comments that only say through a property whether the person may read them.
"""

import base64
import datetime as dt
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.secret import Secret
from bot.tickets.http import open_client
from bot.tickets.jira import JiraTickets
from bot.tickets.jira_text import document, plain
from tests.support.helpdesks.other_side import PATIENCE, Polled, Written
from tests.support.helpdesks.served import Served, told

USER, TOKEN = "bot@example.com", "jira-canary-4711"
BOT = {"accountId": "b0", "displayName": "Handrail"}
AGENT = {"accountId": "a1", "displayName": "Ada Agent"}
STATUSES = {
    "1": ("Waiting for support", "new"), "2": ("In progress", "indeterminate"),
    "3": ("Waiting for customer", "indeterminate"), "4": ("Resolved", "done"), "5": ("Canceled", "done"),
}  # fmt: skip


class PlayedJira(Served):
    """The server."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: dict[str, dict[str, Any]] = {}
        self.files: dict[str, dict[str, bytes]] = {}
        self._ids = 10_000

    def worded(self, status: int, why: str) -> Any:  # type: ignore[explicit-override]  # noqa: ARG002
        """As Jira says it."""
        return {"errorMessages": [why], "errors": {}}

    def refusal(self) -> int:  # type: ignore[explicit-override]
        """Jira's status for a field that is not right."""
        return 400

    def new(self) -> str:
        """An id that nothing has."""
        self._ids += 1
        return str(self._ids)

    async def serve(self, request: web.Request) -> web.StreamResponse:  # type: ignore[explicit-override]
        """The part of the interfaces that a bot needs."""
        expected = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        if self.stranger or request.headers.get("Authorization") != f"Basic {expected}":
            return told(self.worded(401, "Client must be authenticated to access this resource."), 401)
        match request.method, request.path.removeprefix("/rest/").split("/"):
            case "POST", ["servicedeskapi", "request"]:
                return self._create(await request.json())
            case "GET", ["servicedeskapi", "servicedesk", "3", "requesttype", "25"]:
                return told({"id": "25", "name": "Get IT help"})
            case "GET", ["api", "3", "myself"]:
                return told(BOT)
            case "GET", ["api", "3", "status"]:
                return told([self._status(each) for each in STATUSES])
            case "GET", ["api", "3", "search", "jql"]:
                return told({"issues": self._search(request.query["jql"]), "isLast": True})
            case _, ["api", "3", "issue", key, *rest] if key in self.issues:
                return await self._issue(request, self.issues[key], rest)
        return told(self.worded(404, "Issue does not exist or you do not have permission to see it."), 404)

    def _create(self, asked: Mapping[str, Any]) -> web.Response:
        fields = asked["requestFieldValues"]
        assert asked["isAdfRequest"] is True
        assert len(fields["summary"]) <= 255
        assert "\n" not in fields["summary"]
        assert fields["description"]["type"] == "doc"
        assert (asked["serviceDeskId"], asked["requestTypeId"]) == ("3", "25")
        key = f"HELP-{len(self.issues) + 1}"
        self.issues[key] = {
            "key": key, "summary": fields["summary"], "description": fields["description"], "status": "1",
            "comments": [], "histories": [], "updated": dt.datetime.now(dt.UTC),
        }  # fmt: skip
        self.files[key] = {}
        return told({"issueId": self.new(), "issueKey": key}, 201)

    def _search(self, words: str) -> list[Any]:
        assert "reporter = currentUser()" in words
        phrase = re.search(r'summary ~ "(?:\\"([^"\\]+)\\"|(\w+))"', words)
        assert phrase
        wanted = re.findall(r"\w+", phrase[1] or phrase[2])  # hyphens part words, as Lucene has it
        found = [
            each
            for each in self.issues.values()
            if " ".join(wanted).lower() in " ".join(re.findall(r"\w+", each["summary"])).lower()
        ]
        return [{"key": each["key"], "fields": {"summary": each["summary"]}} for each in found]

    def _status(self, number: str) -> dict[str, Any]:
        name, category = STATUSES[number]
        return {"id": number, "name": name, "statusCategory": {"key": category}}

    async def _issue(
        self, request: web.Request, issue: dict[str, Any], rest: list[str]
    ) -> web.StreamResponse:
        match request.method, rest:
            case "GET", []:
                return told(
                    {
                        "key": issue["key"],
                        "fields": {
                            "summary": issue["summary"],
                            "status": self._status(issue["status"]),
                            "comment": {"comments": issue["comments"]},
                            "attachment": [{"filename": each} for each in self.files[issue["key"]]],
                        },
                        "changelog": {"histories": issue["histories"][::-1]},
                    }
                )
            case "GET", ["comment"]:
                begin = int(request.query["startAt"])
                newest = issue["comments"][::-1]
                return told({"comments": newest[begin : begin + 2], "total": len(newest), "startAt": begin})
            case "POST", ["comment"]:
                asked = await request.json()
                assert asked["body"]["type"] == "doc"
                hidden = any(each["value"].get("internal") for each in asked["properties"])
                return told(self.comment(issue["key"], asked["body"], BOT, public=not hidden), 201)
            case "GET", ["transitions"]:
                ways = [
                    {"id": f"1{each}", "name": f"To {STATUSES[each][0]}", "to": self._status(each),
                     "fields": _asked(each)}
                    for each in STATUSES if each != issue["status"]
                ]  # fmt: skip
                return told({"transitions": ways})
            case "POST", ["transitions"]:
                asked = await request.json()
                to = asked["transition"]["id"][1:]
                if _asked(to) and not asked.get("fields", {}).get("resolution"):
                    return told(
                        {"errorMessages": [], "errors": {"resolution": "Resolution is required."}}, 400
                    )
                self.move(issue["key"], BOT, status=to)
                return web.Response(status=204)
            case "POST", ["attachments"]:
                assert request.headers["X-Atlassian-Token"] == "no-check"
                name, content = await _file(request)
                self.files[issue["key"]][name] = content
                return told([{"filename": name}])
        return told(self.worded(404, "not found"), 404)

    def comment(self, key: str, body: Any, who: Mapping[str, str], *, public: bool) -> dict[str, Any]:
        """Write a comment."""
        made = {"id": self.new(), "body": body, "author": who, "created": _now(), "jsdPublic": public}
        self.issues[key]["comments"].append(made)
        return made

    def move(self, key: str, who: Mapping[str, str], *, status: str = "", assignee: str = "") -> None:
        """Change the status or who has it."""
        issue = self.issues[key]
        items = []
        if status:
            items.append({"field": "status", "from": issue["status"], "to": status, "toString": ""})
            issue["status"] = status
        if assignee:
            items.append({"field": "assignee", "from": None, "to": assignee, "toString": "Ada Agent"})
        issue["histories"].append({"id": self.new(), "author": who, "created": _now(), "items": items})


def _asked(status: str) -> dict[str, Any]:
    """What a transition to this status has to be given."""
    return {"resolution": {"required": True, "allowedValues": [{"id": "10000"}]}} if status == "4" else {}


async def _file(request: web.Request) -> tuple[str, bytes]:
    """The file in a form: its name, and its content byte for byte."""
    boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
    head, _, rest = (await request.read()).partition(b"\r\n\r\n")
    name = re.search(rb'name="file"; filename="([^"]+)"', head)
    assert name
    return name[1].decode(), rest.rpartition(b"\r\n--" + boundary)[0]


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


class Jira(Polled):
    """It from both sides."""

    hides = True
    secrets = (TOKEN, base64.b64encode(f"{USER}:{TOKEN}".encode()).decode())

    def __init__(self, served: PlayedJira, client: aiohttp.ClientSession) -> None:
        self.served: PlayedJira = served
        self.system = JiraTickets(client, served.url, USER, Secret(TOKEN), "3/25")

    def _issues(self, number: str) -> list[dict[str, Any]]:
        title = re.compile(rf"{number}(?![0-9A-Z])")
        return [each for each in self.served.issues.values() if title.match(each["summary"])]

    def _key(self, number: str) -> str:
        [issue] = self._issues(number)
        return str(issue["key"])

    async def count(self, number: str) -> int:
        """Requests with this number."""
        return len(self._issues(number))

    async def body(self, number: str) -> str:
        """The description."""
        return plain(self._issues(number)[0]["description"])

    async def written(self, number: str) -> Sequence[Written]:
        """The comments."""
        comments = self._issues(number)[0]["comments"]
        return [Written(plain(each["body"]), each["jsdPublic"]) for each in comments]

    async def closed(self, number: str) -> bool:
        """Whether it is resolved."""
        return bool(self._issues(number)[0]["status"] == "4")

    async def files(self, number: str) -> Mapping[str, bytes]:
        """The attachments."""
        return self.served.files[self._key(number)]

    async def says(self, number: str, text: str, *, public: bool) -> None:
        """A comment."""
        self.served.comment(self._key(number), document(text), AGENT, public=public)

    async def resolves(self, number: str, text: str) -> None:
        """A comment and the status."""
        self.served.comment(self._key(number), document(text), AGENT, public=True)
        self.served.move(self._key(number), AGENT, status="4")

    async def reopens(self, number: str) -> None:
        """The status."""
        self.served.move(self._key(number), AGENT, status="1")

    async def claims(self, number: str) -> None:
        """Assigned to themselves."""
        self.served.move(self._key(number), AGENT, assignee="a1")


@asynccontextmanager
async def opened(_folder: Path) -> AsyncIterator[Jira]:
    """A service project without requests."""
    async with PlayedJira() as served, open_client(PATIENCE) as client:
        yield Jira(served, client)
