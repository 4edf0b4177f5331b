"""A played GitHub: one private repository with issues, after https://docs.github.com/en/rest/issues.

Its search is late, its events are signed, its API takes no files but into the repository.
"""

import base64
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
from bot.tickets.http import open_client
from tests.support.helpdesks.other_side import PATIENCE, Pushed, Written, packed
from tests.support.helpdesks.served import Served, told

TOKEN, SECRET = "ghp_canary4711", "a-webhook-secret-canary"


class PlayedGitHub(Served):
    """The server."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: list[dict[str, Any]] = []
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.contents: dict[str, bytes] = {}
        self.sent: list[tuple[Mapping[str, str], bytes]] = []
        self.private = True
        self._ids = 70_000

    def worded(self, status: int, why: str) -> Any:  # type: ignore[explicit-override]
        """As GitHub says it."""
        return {"message": why, "documentation_url": "https://docs.github.com/rest", "status": str(status)}

    async def serve(self, request: web.Request) -> web.StreamResponse:  # type: ignore[explicit-override]
        """The part of the interface that a bot needs."""
        if self.stranger or request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return told(self.worded(401, "Bad credentials"), 401)
        assert request.headers["User-Agent"]
        match request.method, request.path.strip("/").split("/"):
            case "GET", ["user"]:
                return told({"login": "handrail-bot"})
            case "GET", ["search", "issues"]:
                return told({"total_count": 0, "items": []})  # the index is late, always
            case _, ["repos", "acme", "helpdesk", *rest]:
                return await self._repository(request, rest)
        return told(self.worded(404, "Not Found"), 404)

    async def _repository(self, request: web.Request, rest: list[str]) -> web.StreamResponse:
        match request.method, rest:
            case "GET", []:
                return told({"private": self.private, "has_issues": True, "permissions": {"push": True}})
            case "GET", ["issues"]:
                mine = [each for each in self.issues if each["user"]["login"] == request.query["creator"]]
                return told(mine[::-1][: int(request.query["per_page"])])
            case "POST", ["issues"]:
                return told(self.open(await request.json(), "handrail-bot"), 201)
            case "PATCH", ["issues", number]:
                return told(self.change(int(number), await request.json(), "handrail-bot"))
            case "GET", ["issues", number, "comments"]:
                size, page = int(request.query["per_page"]), int(request.query["page"])
                return told(self.comments[int(number)][size * (page - 1) : size * page])
            case "POST", ["issues", number, "comments"]:
                return told(self.comment(int(number), (await request.json())["body"], "handrail-bot"), 201)
            case "GET", ["contents", *path] if "/".join(path) in self.contents:
                return told({"name": path[-1]})
            case "PUT", ["contents", *path]:
                if "/".join(path) in self.contents:
                    return told(self.worded(422, 'Invalid request. "sha" wasn\'t supplied.'), 422)
                self.contents["/".join(path)] = base64.b64decode((await request.json())["content"])
                return told({"content": {"name": path[-1]}}, 201)
        return told(self.worded(404, "Not Found"), 404)

    def open(self, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Open an issue."""
        number = len(self.issues) + 1
        issue = {"number": number, "title": asked["title"], "body": asked["body"], "state": "open"}
        self.issues.append({**issue, "user": {"login": who}, "updated_at": _now(), "assignee": None})
        self.comments[number] = []
        self._tell("issues", "opened", self.issues[-1], who)
        return self.issues[-1]

    def change(self, number: int, asked: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Open, close or assign an issue."""
        issue = self.issues[number - 1]
        before = issue["state"]
        issue |= {**asked, "updated_at": _now()}
        if issue["state"] != before:
            self._tell("issues", "closed" if issue["state"] == "closed" else "reopened", issue, who)
        if asked.get("assignee"):
            self._tell("issues", "assigned", issue, who, assignee=asked["assignee"])
        return issue

    def comment(self, number: int, text: str, who: str) -> dict[str, Any]:
        """Write a comment."""
        self._ids += 1
        made = {"id": self._ids, "body": text, "user": {"login": who}, "created_at": _now()}
        self.comments[number].append(made)
        self._tell("issue_comment", "created", self.issues[number - 1], who, comment=made)
        return made

    def _tell(self, event: str, action: str, issue: Mapping[str, Any], who: str, **more: Any) -> None:
        body = packed({"action": action, "issue": issue, "sender": {"login": who}, **more})
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        self.sent.append(({"x-github-event": event, "X-Hub-Signature-256": f"sha256={signature}"}, body))


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class GitHub(Pushed):
    """It from both sides."""

    hides = False
    secrets = (TOKEN, SECRET)

    def __init__(self, served: PlayedGitHub, client: aiohttp.ClientSession) -> None:
        super().__init__()
        self.served: PlayedGitHub = served
        self.sent = served.sent
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
    async with PlayedGitHub() as served, open_client(PATIENCE) as client:
        yield GitHub(served, client)
