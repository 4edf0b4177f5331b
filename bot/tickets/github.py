"""GitHub Issues, over its REST API: an issue for each case, a comment for each update, news by webhook.

An issue is found by a hidden marker: among the newest ones, which are listed as they are, then by the search,
whose index is late. What people wrote stands in a block of code: there nobody is mentioned and nothing is a
link. A file is put into the repository, because the API takes none. Whoever sees an issue sees all of it, so
the repository must be private.

Facts: https://docs.github.com/en/rest/issues, …/rest/repos/contents, …/webhooks/webhook-events-and-payloads.
Must not know: the outbox, settings.
"""

import base64
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp
import msgspec

from bot.errors import DeliveryFailed, DeliveryPostponed, Forged
from bot.redact import clean
from bot.secret import Secret
from bot.tickets.api import Change, ChangeKind, Changes, File, Finding, Ticket, Update
from bot.tickets.marks import file_name, key_of, said
from bot.tickets.rest import Rest
from bot.tickets.signature import header, verify_hub

_PAGE: Final = 100
_LONGEST: Final = 60_000  # characters; GitHub takes 65,536
_LONGEST_TITLE: Final = 250
_MARKER: Final = re.compile(r"<!-- handrail:(HR-[0-9A-Z]{1,20}) -->")
_FENCE: Final = re.compile(r"`{3,}")
_KINDS: Final[Mapping[str, ChangeKind]] = {
    "closed": "resolved",
    "reopened": "reopened",
    "assigned": "claimed",
}
_MEND: Final = (
    "Is HANDRAIL_TICKETS_URL https://api.github.com, HANDRAIL_TICKETS_PROJECT owner/repository,"
    " HANDRAIL_TICKETS_USER the login whose token HANDRAIL_TICKETS_TOKEN is, and may that token write issues"
    " and contents there?"
)


class _User(msgspec.Struct):
    login: str


class _Issue(msgspec.Struct):
    number: int
    body: str | None = None
    user: _User | None = None
    updated_at: dt.datetime | None = None


class _Found(msgspec.Struct):
    items: list[_Issue]


class _Comment(msgspec.Struct):
    id: int
    body: str | None = None
    created_at: dt.datetime | None = None


class _News(msgspec.Struct):
    action: str
    issue: _Issue
    sender: _User
    comment: _Comment | None = None
    assignee: _User | None = None


class _Repository(msgspec.Struct):
    private: bool
    has_issues: bool = True
    permissions: dict[str, bool] = {}


class GitHubTickets:
    """Files cases with a repository's issues."""

    name = "github"
    polled = False

    def __init__(
        self,
        client: aiohttp.ClientSession,
        url: str,
        user: str,
        token: Secret,
        repository: str,
        *,
        secret: Secret | None = None,
    ) -> None:
        """Take what a request needs.

        Args:
            client: As `bot.tickets.http.open_client` makes it; it is used, never closed.
            url: https://api.github.com, or that of an enterprise server.
            user: The login that the token is of.
            token: A token that may write issues and contents.
            repository: owner/name.
            secret: The webhook's; without, nothing that comes in is believed.
        """
        headers = {"X-GitHub-Api-Version": "2022-11-28", "User-Agent": "handrail"}
        self._rest = Rest(
            client, url, authorization=Secret(f"Bearer {token.reveal()}"), headers=headers, hide=(token,)
        )
        self._user, self._secret = user, secret or Secret()
        self._repository = tuple(f"{repository}/".split("/")[:2])

    async def find(self, key: str) -> str | None:
        """The number of our issue with this marker: the newest are listed, older ones are searched."""
        query = {
            "state": "all", "creator": self._user, "sort": "created", "direction": "desc", "per_page": _PAGE,
        }  # fmt: skip
        listed = await self._rest.get("repos/{}/{}/issues", *self._repository, query=query, kind=list[_Issue])
        ids = [each.number for each in listed if self._is(each, key)]
        if not ids and len(listed) == _PAGE:
            words = f'"{key}" in:title repo:{"/".join(self._repository)} is:issue author:{self._user}'
            found = await self._rest.get("search/issues", query={"q": words, "per_page": 20}, kind=_Found)
            ids = [each.number for each in found.items if self._is(each, key)]
        return str(min(ids)) if ids else None

    async def create(self, ticket: Ticket) -> str:
        """Open the issue."""
        body = {
            "title": clean(" ".join(ticket.title.split()), _LONGEST_TITLE),
            "body": f"<!-- handrail:{ticket.key} -->\n{_block(ticket.body)}",
        }
        made = await self._rest.send("POST", "repos/{}/{}/issues", *self._repository, body=body, kind=_Issue)
        return str(made.number)

    async def update(self, reference: str, update: Update) -> None:
        """Open or close the issue, then write a comment, unless that was done."""
        if await self._has(reference, update.key):
            return
        if update.status is not None:
            closed = update.status in {"resolved", "withdrawn"}
            reason = "completed" if update.status == "resolved" else "not_planned" if closed else "reopened"
            body = {"state": "closed" if closed else "open", "state_reason": reason}
            await self._rest.send(
                "PATCH", "repos/{}/{}/issues/{}", *self._repository, reference, body=body, kind=_Issue
            )
        await self._comment(reference, said(update))

    async def attach(self, reference: str, file: File) -> None:
        """Put a file into the repository, and a comment that leads there, unless that was done."""
        if await self._has(reference, file.key):
            return
        name = file_name(file.key, file.name)
        where = (*self._repository, file.key.partition("/")[0], name)
        path = "repos/{}/{}/contents/handrail/{}/{}"
        answer = await self._rest.ask("GET", path, *where)
        if answer.status == 404:
            content = base64.b64encode(file.content).decode()
            body = {"message": f"A file of {file.key}", "content": content}
            await self._rest.send("PUT", path, *where, body=body, kind=type(None))
        elif not answer.ok:
            raise self._rest.trouble(answer, final=False)
        await self._comment(reference, f"[{file.key}]:\n\nhandrail/{where[2]}/{name}")

    async def changes(self, since: str) -> Changes:
        """None: GitHub sends its news."""
        return Changes(cursor=since)

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
        """News of one of our issues. GitHub signs no time: what comes twice has the same id.

        Raises:
            Forged: It is not signed with our secret, or makes no sense.
        """
        if not self._secret:
            raise Forged("HANDRAIL_TICKETS_SECRET is not set, so nothing that comes in is believed")
        verify_hub(self._secret.reveal(), headers, body, name="X-Hub-Signature-256", method="sha256")
        event = header(headers, "X-GitHub-Event")
        if event not in {"issues", "issue_comment"}:
            return ()
        try:
            news = msgspec.json.decode(body, type=_News)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Forged("it is signed, but none of GitHub's documents") from None
        number = self._case(news.issue)
        change = _comment(news) if event == "issue_comment" else self._moved(news)
        return () if number is None or change is None else (msgspec.structs.replace(change, number=number),)

    async def check(self) -> Sequence[Finding]:
        """Who we are there, and whether the repository is private and ours to write to."""
        where = "/".join(self._repository)
        try:
            me = await self._rest.get("user", kind=_User)
            seen = await self._rest.get("repos/{}/{}", *self._repository, kind=_Repository)
        except (DeliveryFailed, DeliveryPostponed) as error:
            return (Finding("failed", f"{where}: {error}", _MEND),)
        if me.login.lower() != self._user.lower():
            return (Finding("failed", f"the token is of {me.login}, not of {self._user}", _MEND),)
        if not seen.private:
            found = f"{where} is public, so everybody could read whose sign-in fails, and how"
            return (Finding("failed", found, "File cases in a private repository."),)
        if not seen.has_issues or not seen.permissions.get("push", False):
            return (Finding("failed", f"{where} has no issues, or {me.login} may not write there", _MEND),)
        if not self._secret:
            remedy = "Set HANDRAIL_TICKETS_SECRET to the secret of a webhook for issues and their comments."
            return (Finding("warning", f"{where} takes cases, but no news of them is believed", remedy),)
        return (Finding("ok", f"{where} is private, and {me.login} may write there"),)

    def _moved(self, news: _News) -> Change | None:
        kind, issue = _KINDS.get(news.action), news.issue
        if kind is None or issue.updated_at is None or self._mine(news.sender):
            return None
        by = news.assignee.login if kind == "claimed" and news.assignee else news.sender.login
        at = int(issue.updated_at.timestamp())
        made = f"issue/{issue.number}/{news.action}/{at}"
        return Change(id=made, number="", kind=kind, by=by, text="", public=False, at=at)

    def _is(self, issue: _Issue, key: str) -> bool:
        return self._case(issue) == key

    def _case(self, issue: _Issue) -> str | None:
        """The case of an issue; None for one that is not ours, whatever stands in it."""
        found = _MARKER.match(issue.body or "")
        return found[1] if found and self._mine(issue.user) else None

    def _mine(self, user: _User | None) -> bool:
        return user is not None and user.login.lower() == self._user.lower()

    async def _has(self, reference: str, key: str) -> bool:
        page, more = 1, True
        while more:
            query = {"per_page": _PAGE, "page": page}
            listed = await self._rest.get(
                "repos/{}/{}/issues/{}/comments",
                *self._repository,
                reference,
                query=query,
                kind=list[_Comment],
            )
            if any(key_of(each.body or "") == key for each in listed):
                return True
            page, more = page + 1, len(listed) == _PAGE
        return False

    async def _comment(self, reference: str, text: str) -> None:
        head, _, body = text.partition("\n\n")
        head = re.sub(r"[^\w .,'\[\]/:-]", " ", head)  # in the heading nobody is mentioned either
        whole: Any = {"body": f"{head}\n\n{_block(body)}" if body else head}
        await self._rest.send(
            "POST", "repos/{}/{}/issues/{}/comments", *self._repository, reference, body=whole, kind=_Comment
        )


def _block(text: str) -> str:
    """Text as a block of code, behind a fence that is longer than any in it."""
    text = clean(text, _LONGEST)
    longest = max((len(each) for each in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _comment(news: _News) -> Change | None:
    comment = news.comment
    if news.action != "created" or comment is None or key_of(comment.body or "") is not None:
        return None
    at = int(comment.created_at.timestamp()) if comment.created_at else 0
    return Change(
        id=f"comment/{comment.id}", number="", kind="comment", by=news.sender.login,
        text=comment.body or "", public=True, at=at,
    )  # fmt: skip
