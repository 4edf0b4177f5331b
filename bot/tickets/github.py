"""GitHub Issues, over its REST API: an issue for each case, a comment for each update.

An issue is found by a hidden marker: among the newest ones, which are listed as they are, then by the search,
whose index is late and which says when it did not look everywhere. What people wrote stands in a block of
code: there nobody is mentioned and nothing is a link. A file is put into the repository, because the API
takes none. Whoever sees an issue sees all of it, so the repository must be private. There are no priorities:
an urgent case has a label, which is made if the repository has none of that name.

News is asked for, because GitHub sends a webhook's message once, and never again when it did not arrive. A
webhook besides brings comments at once; what is both sent and listed has the same id.

Facts: https://docs.github.com/en/rest/issues (issues, comments, events: `since`, `state_reason`),
…/rest/issues/labels, …/rest/repos/contents, …/rest/search/search (`incomplete_results`),
…/rest/about-the-rest-api/api-versions,
…/rest/using-the-rest-api/rate-limits-for-the-rest-api, …/rest/using-the-rest-api/issue-event-types,
…/webhooks/using-webhooks/handling-failed-webhook-deliveries and …/validating-webhook-deliveries.
Must not know: the outbox, settings. What is new there is read in `bot/tickets/github_news.py`.
"""

import base64
import datetime as dt
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import aiohttp
import msgspec

from bot.errors import DeliveryFailed, DeliveryPostponed, DeliveryRefused, Forged
from bot.redact import clean
from bot.secret import Secret
from bot.tickets.api import Change, Changes, File, Finding, Ticket, Update
from bot.tickets.github_news import Comment, Delivery, Event, Issue, User, commented, news
from bot.tickets.marks import file_name, headed, key_of, one_line, said
from bot.tickets.rest import Rest, leniently
from bot.tickets.signature import header, verify_hub

T = TypeVar("T")

_VERSION: Final = "2022-11-28"  # of the API; taken until March 2028 at least
_PAGE: Final = 50  # of the 100 that there may be: as many long texts are more than we read of an answer
_BACK: Final = 180  # seconds that are read again: what one server has kept another may list later
_LONGEST: Final = 60_000  # characters; GitHub takes 65,536
_LONGEST_TITLE: Final = 250
_URGENT: Final = {"name": "urgent", "color": "d73a4a", "description": "A case of Handrail that presses"}
_MARKER: Final = re.compile(r"<!-- handrail:(HR-[0-9A-Z]{1,20}) -->")
_TAKEN: Final = b"already_exists"  # how GitHub words that there is one of this name
_FENCE: Final = re.compile(r"`{3,}")
_MEND: Final = (
    "Is HANDRAIL_TICKETS_URL https://api.github.com, HANDRAIL_TICKETS_PROJECT owner/repository,"
    " HANDRAIL_TICKETS_USER the login whose token HANDRAIL_TICKETS_TOKEN is, and may that token write issues"
    " and contents there?"
)


class _Found(msgspec.Struct):
    items: list[Issue]
    incomplete_results: bool = False


class _Repository(msgspec.Struct):
    private: bool
    has_issues: bool = True
    permissions: dict[str, bool] = {}


class GitHubTickets:
    """Files cases with a repository's issues."""

    name = "github"
    polled = True

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
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": _VERSION,
            "User-Agent": "handrail",
        }
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
        listed = await self._rest.get("repos/{}/{}/issues", *self._repository, query=query, kind=list[Issue])
        ids = [each.number for each in listed if self._is(each, key)]
        if not ids and len(listed) == _PAGE:
            words = f'"{key}" in:title repo:{"/".join(self._repository)} is:issue author:{self._user}'
            found = await self._rest.get("search/issues", query={"q": words, "per_page": 20}, kind=_Found)
            ids = [each.number for each in found.items if self._is(each, key)]
            if not ids and found.incomplete_results:
                raise DeliveryFailed("GitHub's search did not look everywhere, so nobody knows")
        return str(min(ids)) if ids else None

    async def create(self, ticket: Ticket) -> str:
        """Open the issue."""
        body = {
            "title": one_line(ticket.title, _LONGEST_TITLE),
            "body": f"<!-- handrail:{ticket.key} -->\n{_block(ticket.body)}",
        }

        async def write(more: Mapping[str, Any]) -> str:
            if more:
                await self._have_label()
            path, whole = "repos/{}/{}/issues", {**body, **more}
            return str(
                (await self._rest.send("POST", path, *self._repository, body=whole, kind=Issue)).number
            )

        return await leniently(write, {"labels": [_URGENT["name"]]} if ticket.urgent else {})

    async def update(self, reference: str, update: Update) -> None:
        """Open or close the issue and set or take its label, then write a comment, unless that was done."""
        if await self._has(reference, update.key):
            return
        if update.status is not None:
            closed = update.status in {"resolved", "withdrawn"}
            reason = "completed" if update.status == "resolved" else "not_planned" if closed else "reopened"
            body = {"state": "closed" if closed else "open", "state_reason": reason}
            await self._rest.send(
                "PATCH", "repos/{}/{}/issues/{}", *self._repository, reference, body=body, kind=Issue
            )
        await leniently(
            lambda more: self._label(reference, **more),
            {"urgent": update.severity == "urgent"} if update.severity else {},
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
        await self._comment(reference, headed(file.key, "", f"handrail/{where[2]}/{name}"))

    async def changes(self, since: str) -> Changes:
        """What others did to our issues; see `bot.tickets.github_news`."""
        now = int(time.time())
        if not since:
            return Changes(cursor=str(now))
        begin = int(since)
        after = dt.datetime.fromtimestamp(begin, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        found = list[Change]()
        ours = {
            "state": "all", "creator": self._user, "since": after, "sort": "created", "direction": "asc",
        }  # fmt: skip
        async for page in self._pages("issues", kind=Issue, **ours):
            for issue in page:
                if (number := self._case(issue)) is not None:
                    comments = await self._all("issues/{}/comments", issue, kind=Comment, since=after)
                    events = await self._all("issues/{}/events", issue, kind=Event)
                    found += news(number, comments, events, begin, mine=self._mine)
        cursor = str(max(now - _BACK, begin))
        return Changes(cursor=cursor, found=tuple(sorted(found, key=lambda each: each.at)))

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
        """A comment on one of our issues; all else is asked for. No time is signed: a repeat is known.

        Raises:
            Forged: It is not signed with our secret, or makes no sense.
        """
        if not self._secret:
            raise Forged("HANDRAIL_TICKETS_SECRET is not set, so nothing that comes in is believed")
        verify_hub(self._secret.reveal(), headers, body, name="X-Hub-Signature-256", method="sha256")
        if header(headers, "X-GitHub-Event") != "issue_comment":
            return ()
        try:
            told = msgspec.json.decode(body, type=Delivery)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Forged("it is signed, but none of GitHub's documents") from None
        number = self._case(told.issue)
        change = commented(number, told.comment) if number and told.action == "created" else None
        return () if change is None else (change,)

    async def check(self) -> Sequence[Finding]:
        """Who we are there, and whether the repository is private and ours to write to."""
        where = "/".join(self._repository)
        try:
            me = await self._rest.get("user", kind=User)
            seen = await self._rest.get("repos/{}/{}", *self._repository, kind=_Repository)
        except (DeliveryFailed, DeliveryPostponed, DeliveryRefused) as error:
            return (Finding("failed", f"{where}: {error}", _MEND),)
        if me.login.lower() != self._user.lower():
            return (Finding("failed", f"the token is of {me.login}, not of {self._user}", _MEND),)
        if not seen.private:
            found = f"{where} is public, so everybody could read whose sign-in fails, and how"
            return (Finding("failed", found, "File cases in a private repository."),)
        if not seen.has_issues or not seen.permissions.get("push", False):
            return (Finding("failed", f"{where} has no issues, or {me.login} may not write there", _MEND),)
        return (Finding("ok", f"{where} is private, and {me.login} may write there"),)

    def _is(self, issue: Issue, key: str) -> bool:
        return self._case(issue) == key

    def _case(self, issue: Issue) -> str | None:
        """The case of an issue; None for one that is not ours, whatever stands in it."""
        found = _MARKER.match(issue.body or "")
        return found[1] if found and self._mine(issue.user) else None

    def _mine(self, user: User | None) -> bool:
        return user is not None and user.login.lower() == self._user.lower()

    async def _has(self, reference: str, key: str) -> bool:
        async for page in self._pages("issues/{}/comments", reference, kind=Comment):
            if any(key_of(each.body or "") == key for each in page):
                return True
        return False

    async def _all(self, path: str, issue: Issue, *, kind: type[T], **query: object) -> list[T]:
        pages = self._pages(path, str(issue.number), kind=kind, **query)
        return [each async for page in pages for each in page]

    async def _pages(self, path: str, *parts: str, kind: type[T], **query: object) -> AsyncIterator[list[T]]:
        """All pages of a list below the repository."""
        number, more, where = 1, True, (*self._repository, *parts)
        while more:
            asked = {**query, "per_page": _PAGE, "page": number}
            page = await self._rest.get(f"repos/{{}}/{{}}/{path}", *where, query=asked, kind=list[kind])  # type: ignore[valid-type]
            yield page
            number, more = number + 1, len(page) == _PAGE

    async def _label(self, reference: str, *, urgent: bool | None = None) -> None:
        """Set the label or take it; None leaves the issue as it is."""
        where, name = (*self._repository, reference), _URGENT["name"]
        if urgent:
            await self._have_label()
            body = {"labels": [name]}
            await self._rest.send("POST", "repos/{}/{}/issues/{}/labels", *where, body=body, kind=type(None))
        elif urgent is not None:
            answer = await self._rest.ask("DELETE", "repos/{}/{}/issues/{}/labels/{}", *where, name)
            if not answer.ok and answer.status != 404:  # it had none
                raise self._rest.trouble(answer)

    async def _have_label(self) -> None:
        """Make the repository's label, unless it has one of this name, in whatever colour."""
        answer = await self._rest.ask("GET", "repos/{}/{}/labels/{}", *self._repository, _URGENT["name"])
        if answer.status == 404:
            answer = await self._rest.ask("POST", "repos/{}/{}/labels", *self._repository, body=_URGENT)
            if answer.status == 422 and _TAKEN in answer.body:  # somebody was faster
                return
        if not answer.ok:
            raise self._rest.trouble(answer)

    async def _comment(self, reference: str, text: str) -> None:
        head, _, body = text.partition("\n\n")
        head = re.sub(r"[^\w .,'\[\]/:-]", " ", head)  # in the heading nobody is mentioned either
        whole: Any = {"body": f"{head}\n\n{_block(body)}" if body else head}
        await self._rest.send(
            "POST", "repos/{}/{}/issues/{}/comments", *self._repository, reference, body=whole, kind=Comment
        )


def _block(text: str) -> str:
    """Text as a block of code, behind a fence that is longer than any in it."""
    text = clean(text, _LONGEST)
    if len(text) + 2 * _fence(text) > _LONGEST:  # little but backticks
        text = text[: _LONGEST // 3]
    fence = "`" * _fence(text)
    return f"{fence}text\n{text}\n{fence}"


def _fence(text: str) -> int:
    return max((len(each) for each in _FENCE.findall(text)), default=2) + 1
