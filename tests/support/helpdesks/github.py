"""A played GitHub: a private repository with issues, after the documents that `bot/tickets/github.py` names.

Its search is late, its webhook's messages are signed and sent once, its API takes no files but into the
repository, and nothing that is longer than it may be or that it does not know. A label that the repository
does not have is none; an issue's labels are objects, and the names of them are written.
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.secret import Secret
from bot.tickets.github import GitHubTickets
from tests.support.helpdesks.other_side import Polled, Written, calling, packed
from tests.support.helpdesks.served import Served, told

TOKEN, SECRET = "ghp_canary4711", "a-webhook-secret-canary"
VERSIONS = frozenset({"2022-11-28", "2026-03-10"})
LONGEST, LONGEST_TITLE = 65_536, 256
REASONS = frozenset({"completed", "not_planned", "duplicate", "reopened", None})
ISSUE = frozenset({"title", "body", "labels", "assignees", "milestone", "state", "state_reason", "type"})
LISTS = frozenset({"state", "creator", "labels", "since", "sort", "direction", "per_page", "page"})


class PlayedGitHub(Served):
    """The server."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: list[dict[str, Any]] = []
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.contents: dict[str, bytes] = {}
        self.sent: list[tuple[Mapping[str, str], bytes]] = []
        self.events: dict[int, list[dict[str, Any]]] = {}
        self.private = True
        self.labels: dict[str, str] = {"bug": "d73a4a"}  # colours, by name
        self.labelling = True  # whether our user may make labels and set them
        self.indexed = frozenset[int]()  # numbers that the search knows
        self.complete = True  # whether the search looks everywhere
        self._ids = 70_000

    def worded(self, status: int, why: str) -> Any:  # type: ignore[explicit-override]
        """As GitHub says it."""
        return {"message": why, "documentation_url": "https://docs.github.com/rest", "status": str(status)}

    async def serve(self, request: web.Request) -> web.StreamResponse:  # type: ignore[explicit-override]
        """The part of the interface that a bot needs."""
        if self.stranger or request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return told(self.worded(401, "Bad credentials"), 401)
        if not request.headers.get("User-Agent"):
            return told(self.worded(403, "Request forbidden by administrative rules."), 403)
        if request.headers.get("X-GitHub-Api-Version") not in VERSIONS:
            return told(self.worded(400, "The API version is not supported."), 400)
        match request.method, request.path.strip("/").split("/"):
            case "GET", ["user"]:
                return told({"login": "handrail-bot"})
            case "GET", ["search", "issues"]:
                return self._search(request.query["q"])
            case _, ["repos", "acme", "helpdesk", *rest]:
                return await self._repository(request, rest)
        return told(self.worded(404, "Not Found"), 404)

    def _search(self, words: str) -> web.Response:
        if len(words) > 256 or not {"is:issue", "is:pull-request"} & {*words.split()}:
            return self._invalid("q")
        phrase = re.match(r'"([^"]+)" in:title', words)
        assert phrase
        known = [each for each in self.issues if each["number"] in self.indexed]
        found = [each for each in known if phrase[1] in each["title"]]
        answer = {"total_count": len(found), "incomplete_results": not self.complete, "items": found}
        return told(answer)

    def _invalid(self, field: str) -> web.Response:
        errors = [{"resource": "Issue", "code": "invalid", "field": field}]
        return told({**self.worded(422, "Validation Failed"), "errors": errors}, 422)

    def _paged(self, rows: Sequence[dict[str, Any]], query: Mapping[str, str]) -> web.Response:
        size, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
        return told([*rows][size * (page - 1) : size * page])

    async def _repository(self, request: web.Request, rest: list[str]) -> web.StreamResponse:
        query, is_there = (
            request.query,
            len(rest) > 1 and rest[1].isdecimal() and int(rest[1]) in self.comments,
        )
        if rest[:1] == ["issues"] and len(rest) > 1 and not is_there:
            return told(self.worded(404, "Not Found"), 404)
        asked = await request.json() if request.method in {"POST", "PATCH", "PUT"} else {}
        match request.method, rest:
            case "GET", []:
                return told({"private": self.private, "has_issues": True, "permissions": {"push": True}})
            case _, ["labels", *_] | ["issues", _, "labels", *_]:
                return self._labels(request.method, rest, asked)
            case "GET", ["issues"]:
                return self._listed(query)
            case "POST", ["issues"] | ["issues", _, "comments"] if len(asked["body"]) > LONGEST:
                return self._invalid("body")
            case "POST", ["issues"]:
                if not asked.keys() <= ISSUE or not 0 < len(asked["title"]) <= LONGEST_TITLE:
                    return self._invalid("title")
                if not {*asked.get("labels", ())} <= self.labels.keys():
                    return self._invalid("labels")
                return told(self.open(asked, "handrail-bot"), 201)
            case "PATCH", ["issues", number]:
                well = asked.get("state_reason") in REASONS and asked.get("state") in {"open", "closed", None}
                if not asked.keys() <= ISSUE - {"labels"} or not well:
                    return self._invalid("state")
                return told(self.change(int(number), asked, "handrail-bot"))
            case "GET", ["issues", number, "comments"]:
                rows = self.comments[int(number)]
                return self._paged(
                    [row for row in rows if row["updated_at"] >= query.get("since", "")], query
                )
            case "GET", ["issues", number, "events"]:
                return self._paged(self.events[int(number)], query)
            case "POST", ["issues", number, "comments"]:
                return told(self.comment(int(number), asked["body"], "handrail-bot"), 201)
            case "GET", ["contents", *path] if "/".join(path) in self.contents:
                return told({"name": path[-1]})
            case "PUT", ["contents", *path]:
                if "/".join(path) in self.contents:
                    return told(self.worded(422, 'Invalid request. "sha" wasn\'t supplied.'), 422)
                try:
                    content = base64.b64decode(asked["content"], validate=True)
                except binascii.Error:
                    return told(self.worded(422, "content is not valid Base64"), 422)
                if not asked.get("message"):
                    return self._invalid("message")
                self.contents["/".join(path)] = content
                return told({"content": {"name": path[-1]}, "commit": {"message": asked["message"]}}, 201)
        return told(self.worded(404, "Not Found"), 404)

    def _labels(self, method: str, rest: list[str], asked: Mapping[str, Any]) -> web.Response:
        """The repository's labels, or an issue's."""
        if method != "GET" and not self.labelling:
            return told(self.worded(403, "Resource not accessible by personal access token"), 403)
        match method, rest:
            case "GET", ["labels", name] if name in self.labels:
                return told({"name": name, "color": self.labels[name]})
            case "POST", ["labels"]:
                well = re.fullmatch("[0-9a-f]{6}", asked["color"]) and len(asked["description"]) <= 100
                if asked["name"] in self.labels or not well:
                    code = "invalid" if not well else "already_exists"
                    errors = [{"resource": "Label", "code": code, "field": "name"}]
                    return told({**self.worded(422, "Validation Failed"), "errors": errors}, 422)
                self.labels[asked["name"]] = asked["color"]
                return told(asked, 201)
            case "POST", ["issues", number, "labels"]:
                if not {*asked["labels"]} <= self.labels.keys():
                    return self._invalid("labels")
                there = {each["name"] for each in self.issues[int(number) - 1]["labels"]}
                for name in {*asked["labels"]} - there:
                    self.label(int(number), name, "handrail-bot")
                return told(self.issues[int(number) - 1]["labels"])
            case "DELETE", ["issues", number, "labels", name]:
                there = {each["name"] for each in self.issues[int(number) - 1]["labels"]}
                if name not in there:
                    return told(self.worded(404, "Label does not exist"), 404)
                self.label(int(number), name, "handrail-bot", off=True)
                return told(self.issues[int(number) - 1]["labels"])
        return told(self.worded(404, "Not Found"), 404)

    def label(self, number: int, name: str, who: str, *, off: bool = False) -> None:
        """Set an issue's label, or take it."""
        issue = self.issues[number - 1]
        issue["labels"] = [each for each in issue["labels"] if each["name"] != name]
        issue["labels"] += [] if off else [{"name": name, "color": self.labels[name]}]
        issue["updated_at"] = _now()
        self._happens(number, "unlabeled" if off else "labeled", who, label={"name": name})

    def _listed(self, query: Mapping[str, str]) -> web.Response:
        """As they are, without the index."""
        assert query.keys() <= LISTS, query
        rows = [each for each in self.issues if each["updated_at"] >= query.get("since", "")]
        if state := query.get("state", "open").replace("all", ""):
            rows = [each for each in rows if each["state"] == state]
        if who := query.get("creator"):
            rows = [each for each in rows if each["user"]["login"] == who]
        order = {"created": "number", "updated": "updated_at"}[query.get("sort", "created")]
        rows.sort(key=lambda each: each[order], reverse=query.get("direction", "desc") == "desc")
        return self._paged(rows, query)

    def open(self, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Open an issue."""
        number = len(self.issues) + 1
        labels = [{"name": each, "color": self.labels[each]} for each in asked.get("labels", ())]
        issue = {"number": number, "title": asked["title"], "body": asked["body"], "state": "open"}
        issue["labels"] = labels
        self.issues.append({**issue, "user": {"login": who}, "updated_at": _now(), "assignee": None})
        self.comments[number], self.events[number] = [], []
        return self.issues[-1]

    def change(self, number: int, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Open, close or assign an issue."""
        issue = self.issues[number - 1]
        before = issue["state"]
        issue |= {**asked, "updated_at": _now()}
        if issue["state"] != before:
            self._happens(number, "closed" if issue["state"] == "closed" else "reopened", who)
        if asked.get("assignee"):
            assigned = {"assignee": asked["assignee"], "assigner": {"login": who}}
            self._happens(number, "assigned", asked["assignee"]["login"], **assigned)
        return issue

    def _happens(self, number: int, event: str, who: str, **more: Any) -> None:
        self._ids += 1
        made = {"id": self._ids, "event": event, "actor": {"login": who}, "created_at": _now(), **more}
        self.events[number].append(made)

    def comment(self, number: int, text: str, who: str) -> dict[str, Any]:
        """Write a comment; the webhook's message about it is in `sent`."""
        self._ids += 1
        now, issue = _now(), self.issues[number - 1]
        made = {"id": self._ids, "body": text, "user": {"login": who}, "created_at": now, "updated_at": now}
        issue["updated_at"] = now
        self.comments[number].append(made)
        body = packed({"action": "created", "issue": issue, "comment": made, "sender": {"login": who}})
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-github-event": "issue_comment", "X-Hub-Signature-256": f"sha256={signature}"}
        self.sent.append((headers, body))
        return made


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class GitHub(Polled):
    """It from both sides."""

    hides = False
    secrets = (TOKEN, SECRET)
    priorities = ("urgent", "", "")

    def __init__(self, served: PlayedGitHub, client: aiohttp.ClientSession) -> None:
        self.served: PlayedGitHub = served
        self.system = GitHubTickets(
            client, served.url, "handrail-bot", Secret(TOKEN), "acme/helpdesk", secret=Secret(SECRET)
        )

    def _numbers(self, number: str) -> list[int]:
        title = re.compile(rf"{number}(?![0-9A-Z])")
        return [each["number"] for each in self.served.issues if title.match(each["title"])]

    def _issue(self, number: str) -> dict[str, Any]:
        [found] = self._numbers(number)
        return self.served.issues[found - 1]

    async def count(self, number: str) -> int:
        """Issues with this number."""
        return len(self._numbers(number))

    async def body(self, number: str) -> str:
        """The issue's own text."""
        return str(self._issue(number)["body"])

    async def written(self, number: str) -> Sequence[Written]:
        """The comments, without those that lead to files."""
        comments = self.served.comments[self._issue(number)["number"]]
        return [Written(each["body"], public=True) for each in comments if "\nhandrail/" not in each["body"]]

    async def closed(self, number: str) -> bool:
        """Whether it is closed."""
        return bool(self._issue(number)["state"] == "closed")

    async def files(self, number: str) -> Mapping[str, bytes]:
        """What is in the repository."""
        folder = f"handrail/{number}/"
        kept = self.served.contents.items()
        return {path.removeprefix(folder): content for path, content in kept if path.startswith(folder)}

    async def priority(self, number: str) -> object:
        """Its labels."""
        return " ".join(each["name"] for each in self._issue(number)["labels"])

    def takes_no_priority(self) -> None:
        """See `Graded`."""
        self.served.labelling = False

    async def says(self, number: str, text: str, *, public: bool) -> None:
        """A comment."""
        assert public
        self.served.comment(self._issue(number)["number"], text, "ada")

    async def resolves(self, number: str, text: str) -> None:
        """A comment, then closed, as the button does it."""
        self.served.comment(self._issue(number)["number"], text, "ada")
        self.served.change(self._issue(number)["number"], {"state": "closed"}, "ada")

    async def reopens(self, number: str) -> None:
        """Open again."""
        self.served.change(self._issue(number)["number"], {"state": "open"}, "ada")

    async def claims(self, number: str) -> None:
        """Assigned to themselves."""
        self.served.change(self._issue(number)["number"], {"assignee": {"login": "ada"}}, "ada")


@asynccontextmanager
async def opened(_folder: Path) -> AsyncIterator[GitHub]:
    """A repository without issues."""
    async with PlayedGitHub() as served, calling(served) as client:
        yield GitHub(served, client)
