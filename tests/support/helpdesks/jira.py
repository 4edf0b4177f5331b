"""A played Jira Service Management, after the documents that `bot/tickets/jira.py` and its neighbours name.

It has a workflow with a resolution to be given, a search that reads JQL, is late and shows nothing to whom it
does not know, texts in its own document format, pages that are smaller than what was asked for, and comments
that only say through a property whether the person may read them.
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
from bot.tickets.jira import JiraTickets
from bot.tickets.jira_text import document, plain
from tests.support.helpdesks.jira_forms import PRIORITIES, USUAL, JiraForms
from tests.support.helpdesks.other_side import Polled, Written, calling
from tests.support.helpdesks.served import Served, told

USER, TOKEN = "bot@example.com", "jira-canary-4711"
BOT = {"accountId": "b0", "displayName": "Handrail"}
AGENT = {"accountId": "a1", "displayName": "Ada Agent"}
STATUSES = {
    "1": ("Waiting for support", "new"), "2": ("In progress", "indeterminate"),
    "3": ("Waiting for customer", "indeterminate"), "4": ("Resolved", "done"), "5": ("Canceled", "done"),
}  # fmt: skip
RESOLUTIONS = [{"id": "10001", "name": "Won't Do"}, {"id": "10000", "name": "Done"}]
LONGEST = 32_767
ASKS = frozenset(
    {"serviceDeskId", "requestTypeId", "requestFieldValues", "isAdfRequest", "raiseOnBehalfOf",
     "requestParticipants", "channel", "form"}
)  # fmt: skip


class PlayedJira(Served):
    """The server."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: dict[str, dict[str, Any]] = {}
        self.files: dict[str, dict[str, bytes]] = {}
        self.late = frozenset[str]()  # keys that the index does not know yet
        self.asked_for: dict[str, dict[str, Any]] = {}  # what transitions want, by the status they lead to
        self.forms = JiraForms()
        self.valid = True  # whether a transition passes its validators
        self.numbers = 0
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
        path = request.path.removeprefix("/rest/").split("/")
        if not self._knows(request):
            if path == ["api", "3", "search", "jql"]:
                failed = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
                return told({"issues": [], "isLast": True}, headers=failed)
            return told(self.worded(401, "Client must be authenticated to access this resource."), 401)
        form = path[-1] == "attachments"
        wanted = "multipart/form-data" if form else "application/json"
        if request.method in {"POST", "PUT"} and request.content_type != wanted:
            return told(self.worded(415, "Unsupported Media Type"), 415)
        match request.method, path:
            case "POST", ["servicedeskapi", "request"]:
                return self._create(await request.json())
            case "GET", ["servicedeskapi", "servicedesk", "3"]:
                return told({"id": "3", "projectId": "10000", "projectName": "Help", "projectKey": "HELP"})
            case "GET", ["servicedeskapi", "servicedesk", "3", "requesttype", "25"]:
                return told({"id": "25", "name": "Get IT help"})
            case "GET", ["servicedeskapi", "servicedesk", "3", "requesttype", "25", "field"]:
                return told(self.forms.request())
            case "GET", ["api", "3", "myself"]:
                return told(BOT)
            case "GET", ["api", "3", "status"]:
                return told([self._status(each) for each in STATUSES])
            case "GET", ["api", "3", "search", "jql"]:
                return self._search(request.query)
            case _, ["api", "3", "issue", key, *rest] if key in self.issues:
                return await self._issue(request, self.issues[key], rest)
        return told(self.worded(404, "Issue does not exist or you do not have permission to see it."), 404)

    def _knows(self, request: web.Request) -> bool:
        expected = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        return not self.stranger and request.headers.get("Authorization") == f"Basic {expected}"

    def _create(self, asked: Mapping[str, Any]) -> web.Response:
        fields = asked["requestFieldValues"]
        ids = (asked["serviceDeskId"], asked["requestTypeId"])
        summary = fields.get("summary", "")
        rest = {name: value for name, value in fields.items() if name not in {"summary", "description"}}
        well = 0 < len(summary) <= 255 and "\n" not in summary and "description" in fields
        well = well and not self.forms.wrong(rest, "request")
        if not asked.keys() <= ASKS or ids != ("3", "25") or not well:
            why = "Your request could not be created. Please check the fields have been correctly filled in."
            return told(
                {"errorMessage": why, "i18nErrorMessage": {"i18nKey": "sd.request.create.error"}}, 400
            )
        assert asked["isAdfRequest"] is True
        if wrong := _wrong(fields["description"]):
            return told({"errorMessage": wrong, "i18nErrorMessage": {}}, 400)
        key = self.open(summary, fields["description"], BOT)
        self.issues[key] |= rest
        return told(
            {"issueId": self.new(), "issueKey": key, "requestTypeId": "25", "serviceDeskId": "3"}, 201
        )

    def open(self, summary: str, description: Any, who: Mapping[str, str]) -> str:
        """Make an issue; its key."""
        self.numbers += 1
        key = f"HELP-{self.numbers}"
        self.issues[key] = {
            "key": key, "summary": summary, "description": description, "status": "1", "creator": who,
            "reporter": who, "priority": {"id": USUAL}, "comments": [], "histories": [],
            "updated": dt.datetime.now(dt.UTC),
        }  # fmt: skip
        self.files[key] = {}
        return key

    def _search(self, query: Mapping[str, str]) -> web.Response:
        """A page of two. What is asked for has to be bounded; only fields that were asked for come."""
        assert query.keys() <= {"jql", "fields", "maxResults", "nextPageToken"}
        bare, _, order = query["jql"].partition(" ORDER BY ")
        found = [each for key, each in self.issues.items() if key not in self.late]
        conditions = bare.split(" AND ")
        if not bare or not any(
            each.partition(" ")[0] in {"project", "creator", "reporter"} for each in conditions
        ):
            return told(self.worded(400, "Unbounded JQL queries are not allowed here."), 400)
        for each in conditions:
            found = [issue for issue in found if _holds(issue, each)]
        if order == "key DESC":
            found = found[::-1]
        begin = int(query.get("nextPageToken", "p0")[1:])
        end = begin + min(2, int(query.get("maxResults", "50")))
        page = [
            {
                "id": "1",
                "key": each["key"],
                "fields": {name: each[name] for name in query["fields"].split(",")},
            }
            for each in found[begin:end]
        ]
        more = {"nextPageToken": f"p{end}", "isLast": False} if end < len(found) else {"isLast": True}
        return told({"issues": page, **more})

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
                            "creator": issue["creator"],
                            "status": self._status(issue["status"]),
                            "comment": {"comments": issue["comments"]},
                            "attachment": [{"filename": each} for each in self.files[issue["key"]]],
                        },
                        "changelog": {"histories": issue["histories"][::-1]},
                    }
                )
            case "GET", ["editmeta"]:
                return told(self.forms.edit())
            case "PUT", []:
                fields = (await request.json())["fields"]
                if errors := self.forms.wrong(fields, "edit"):
                    return told({"errorMessages": [], "errors": errors}, 400)
                self.edit(issue["key"], BOT, fields)
                return web.Response(status=204)
            case "GET", ["comment"]:
                assert request.query["orderBy"] in {"created", "+created", "-created"}
                begin = int(request.query["startAt"])
                newest = issue["comments"][::-1]
                page = {"startAt": begin, "maxResults": 2, "total": len(newest)}
                return told({"comments": newest[begin : begin + 2], **page})
            case "POST", ["comment"]:
                asked = await request.json()
                assert asked.keys() <= {"body", "properties", "visibility", "parentId"}
                if wrong := _wrong(asked["body"]):
                    return told({"errorMessages": [], "errors": {"comment": wrong}}, 400)
                hidden = any(each["value"].get("internal") for each in asked.get("properties", ()))
                return told(self.comment(issue["key"], asked["body"], BOT, public=not hidden), 201)
            case "GET", ["transitions"]:
                shown = request.query.get("expand") == "transitions.fields"
                ways = [
                    {"id": f"1{each}", "name": f"To {STATUSES[each][0]}", "to": self._status(each),
                     **({"fields": self._wants(each)} if shown else {})}
                    for each in STATUSES if each != issue["status"]
                ]  # fmt: skip
                return told({"expand": "transitions", "transitions": ways})
            case "POST", ["transitions"]:
                asked = await request.json()
                to, given = asked["transition"]["id"][1:], asked.get("fields", {})
                wanted = self._wants(to)
                missing = [name for name, each in wanted.items() if each["required"] and name not in given]
                if missing or not self.valid or not given.keys() <= wanted.keys():
                    errors = {name: f"{name.title()} is required." for name in missing}
                    return told({"errorMessages": [], "errors": errors}, 400)
                issue["resolution"] = given.get("resolution")
                self.move(issue["key"], BOT, status=to)
                return web.Response(status=204)
            case "POST", ["attachments"]:
                if request.headers.get("X-Atlassian-Token") != "no-check":
                    return web.Response(status=403, text="XSRF check failed")
                name, content = await _file(request)
                self.files[issue["key"]][name] = content
                return told([{"filename": name}])
        return told(self.worded(404, "not found"), 404)

    def comment(self, key: str, body: Any, who: Mapping[str, str], *, public: bool) -> dict[str, Any]:
        """Write a comment."""
        made = {"id": self.new(), "body": body, "author": who, "created": _now(), "jsdPublic": public}
        self.issues[key]["comments"].append(made)
        self.issues[key]["updated"] = dt.datetime.now(dt.UTC)
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
        issue["updated"] = dt.datetime.now(dt.UTC)
        issue["histories"].append({"id": self.new(), "author": who, "created": _now(), "items": items})

    def edit(self, key: str, who: Mapping[str, str], fields: Mapping[str, Mapping[str, str]]) -> None:
        """Change fields."""
        issue = self.issues[key]
        items = [
            {"field": name, "from": issue[name]["id"], "to": value["id"], "toString": PRIORITIES[value["id"]]}
            for name, value in fields.items()
            if issue[name] != value
        ]
        issue |= {**fields, "updated": dt.datetime.now(dt.UTC)}
        if items:
            issue["histories"].append({"id": self.new(), "author": who, "created": _now(), "items": items})

    def _wants(self, status: str) -> dict[str, Any]:
        """What a transition to this status has to be given, or may be."""
        resolution = {"required": True, "hasDefaultValue": False, "allowedValues": RESOLUTIONS}
        wants: dict[str, Any] = {"resolution": resolution} if STATUSES[status][1] == "done" else {}
        return {**wants, **self.asked_for.get(status, {})}


def _holds(issue: Mapping[str, Any], condition: str) -> bool:
    """One condition of JQL; a phrase is found word by word, and hyphens part words."""
    if who := re.fullmatch(r"(creator|reporter) = currentUser\(\)", condition):
        return bool(issue[who[1]] == BOT)
    if project := re.fullmatch(r'project = "(\w+)"', condition):
        return str(issue["key"]).startswith(f"{project[1]}-")
    if minutes := re.fullmatch(r'updated >= "-(\d+)m"', condition):
        begin = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=int(minutes[1]))
        return bool(issue["updated"] >= begin)
    phrase = re.fullmatch(r'summary ~ "(?:\\"([^"\\]+)\\"|(\w+))"', condition)
    assert phrase, condition
    words = (phrase[1] or phrase[2], issue["summary"])
    wanted, there = (" ".join(re.findall(r"\w+", each)).lower() for each in words)
    return wanted in there


def _wrong(document: Any) -> str:
    """What is wrong with a document, "" when nothing is; a text without characters is none."""

    def texts(node: Any) -> list[str]:
        assert node["type"] in {"doc", "paragraph", "text", "hardBreak"}
        return [node["text"]] if "text" in node else [t for n in node.get("content", ()) for t in texts(n)]

    if document.get("type") != "doc" or document.get("version") != 1:
        return "Comment body is not valid!"
    found = texts(document)
    if not all(found):
        return "INVALID_INPUT"
    long = sum(map(len, found)) > LONGEST
    return "The entered text is too long. It exceeds the allowed limit of 32,767 characters." if long else ""


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
    priorities = ("Highest", "Medium", "Medium")

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

    async def priority(self, number: str) -> object:
        """Its name."""
        return PRIORITIES[self._issues(number)[0]["priority"]["id"]]

    def takes_no_priority(self) -> None:
        """See `Graded`."""
        self.served.forms.barred = frozenset(PRIORITIES)

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
    async with PlayedJira() as served, calling(served) as client:
        yield Jira(served, client)
