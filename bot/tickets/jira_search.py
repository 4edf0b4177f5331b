"""Our requests in Jira, found by JQL; and those that its index does not know yet.

The index is late, mostly by seconds, and not in order; and `reconcileIssues`, which brings it up to date,
wants the ids that are looked for. But keys are given one after the other, and an issue is read by its key as
it is: so of the newest keys those that the index does not know are read one by one, and those behind its
newest one until there is none. A key or two may have been used up by a request that failed. Ours are those
that we created: who reported one is changed by whoever likes.

Facts: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/ (`search/jql` has
pages by `nextPageToken`, and takes only a query that is bounded); of the lateness
https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/; of JQL
https://support.atlassian.com/jira-software-cloud/docs/jql-fields/ and …/search-syntax-for-text-fields/.
Must not know: the outbox, settings, what is made of an issue.
"""

from collections.abc import AsyncIterator
from typing import Final

import msgspec

from bot.tickets.jira_news import Account, Issue
from bot.tickets.marks import is_case, plain_key
from bot.tickets.rest import Rest

_PAGE: Final = 100
_GAP: Final = 3  # keys without an issue, until there are no more
_NEWEST: Final = 20  # keys among which the index may have left one out
_MOST: Final = 100  # keys behind them that are read; an index that is later than that is down
_SEEN: Final = "summary,creator"


class _Found(msgspec.Struct):
    issues: list[Issue]
    next: str | None = msgspec.field(name="nextPageToken", default=None)


class _Desk(msgspec.Struct):
    project: str = msgspec.field(name="projectKey")


class JiraSearch:
    """Looks for issues that we created."""

    def __init__(self, rest: Rest, desk: str) -> None:
        """Take what a request needs.

        Args:
            rest: The way there.
            desk: The id of the service desk that we file with.
        """
        self._rest = rest
        self._desk = desk
        self._project = ""

    async def me(self) -> Account:
        """Who we are there. A search is no proof of it: to a token that ran out it says nothing, with a 200.

        See https://github.com/MrRefactoring/jira.js/issues/418.

        Raises:
            DeliveryFailed, DeliveryPostponed: Nobody, or there is no answer.
        """
        return await self._rest.get("rest/api/3/myself", kind=Account)

    async def find(self, key: str) -> str | None:
        """The key of our issue whose summary begins with a case's number, the oldest if there were two."""
        own = (await self.me()).account_id
        words = f'creator = currentUser() AND summary ~ "\\"{plain_key(key)}\\"" ORDER BY created ASC'
        async for each in self._pages(words):
            if is_case(each.fields.summary, key):
                return each.key
        async for each in self._unknown():
            if each.fields.creator.account_id == own and is_case(each.fields.summary, key):
                return each.key
        return None

    async def changed(self, minutes: int) -> list[str]:
        """The keys of ours that something happened to, by Jira's own clock, and in nobody's time zone."""
        words = f'creator = currentUser() AND updated >= "-{minutes}m" ORDER BY created ASC'
        return [each.key async for each in self._pages(words)]

    async def project(self) -> str:
        """The key of the service desk's project."""
        if not self._project:
            desk = await self._rest.get("rest/servicedeskapi/servicedesk/{}", self._desk, kind=_Desk)
            self._project = desk.project
        return self._project

    async def _unknown(self) -> AsyncIterator[Issue]:
        """The project's issues that the index does not know yet, whoever created them."""
        project, known = await self.project(), set[int]()
        async for each in self._pages(f'project = "{project}" ORDER BY key DESC', most=_NEWEST):
            known.add(_number(each.key))
            if len(known) == _NEWEST:
                break
        newest, missing = max(known, default=0), 0
        for number in range(max(newest - _NEWEST, 0) + 1, newest + 1 + _MOST):
            if number in known:
                continue
            where = f"{project}-{number}"
            answer = await self._rest.ask("GET", "rest/api/3/issue/{}", where, query={"fields": _SEEN})
            if answer.status == 404:
                missing += number > newest
                if missing == _GAP:
                    return
            elif not answer.ok:
                raise self._rest.trouble(answer, final=False)
            else:
                missing = 0
                yield self._rest.read(answer, Issue)

    async def _pages(self, words: str, *, most: int = _PAGE) -> AsyncIterator[Issue]:
        query: dict[str, object] = {"jql": words, "fields": _SEEN, "maxResults": most}
        while True:
            page = await self._rest.get("rest/api/3/search/jql", query=query, kind=_Found)
            for each in page.issues:
                yield each
            if not page.next:
                return
            query["nextPageToken"] = page.next


def _number(key: str) -> int:
    """The number in an issue's key, HELP-42."""
    number = key.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0
