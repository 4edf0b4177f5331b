"""What others did to our requests in Jira, out of their comments and their history.

Must not know: how Jira is spoken to.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from bot.tickets.api import Change, ChangeKind
from bot.tickets.jira_text import plain
from bot.tickets.marks import case_in, key_of

DONE: Final = frozenset({"done"})
"""The category of statuses that a request is closed in."""


class Category(msgspec.Struct):
    """What kind of status it is: new, indeterminate or done."""

    key: str = ""


class Named(msgspec.Struct):
    """A status."""

    id: str = ""
    name: str = ""
    category: Category = msgspec.field(name="statusCategory", default_factory=Category)


class Account(msgspec.Struct):
    """Somebody."""

    account_id: str = msgspec.field(name="accountId", default="")
    display_name: str = msgspec.field(name="displayName", default="")


class _File(msgspec.Struct):
    filename: str = ""


class _Comment(msgspec.Struct):
    id: str
    created: str
    body: Any = None
    author: Account = msgspec.field(default_factory=Account)
    public: bool = msgspec.field(name="jsdPublic", default=False)


class _Comments(msgspec.Struct):
    comments: list[_Comment] = []


class _Fields(msgspec.Struct):
    summary: str = ""
    status: Named | None = None
    creator: Account = msgspec.field(default_factory=Account)
    comment: _Comments = msgspec.field(default_factory=_Comments)
    attachment: list[_File] = []


class _Moved(msgspec.Struct):
    field: str
    before: str | None = msgspec.field(name="from", default=None)
    after: str | None = msgspec.field(name="to", default=None)
    after_words: str | None = msgspec.field(name="toString", default=None)


class _Step(msgspec.Struct):
    id: str
    created: str
    items: list[_Moved] = []
    author: Account = msgspec.field(default_factory=Account)


class _History(msgspec.Struct):
    histories: list[_Step] = []


class Issue(msgspec.Struct):
    """A request, with those of its parts that were asked for."""

    key: str = ""
    fields: _Fields = msgspec.field(default_factory=_Fields)
    changelog: _History = msgspec.field(default_factory=_History)


def news(issues: Sequence[Issue], begin: int, *, own: str, done: frozenset[str]) -> tuple[Change, ...]:
    """What others did, oldest first.

    Args:
        issues: With comments and history.
        begin: Seconds since 1970; what is older is none.
        own: Our account: what it moved is ours. Comments of ours have their key.
        done: The ids of statuses that a request is closed in.
    """
    found = [
        each
        for issue in issues
        if (number := case_in(issue.fields.summary)) is not None
        for each in (*_comments(issue, number), *_moves(issue, number, own=own, done=done))
        if each.at >= begin
    ]
    return tuple(sorted(found, key=lambda each: each.at))


def _comments(issue: Issue, number: str) -> Iterator[Change]:
    for each in issue.fields.comment.comments:
        text = plain(each.body)
        if key_of(text) is None:
            yield Change(
                id=f"comment/{each.id}",
                number=number,
                kind="comment",
                by=each.author.display_name,
                text=text,
                public=each.public,
                at=_time(each.created),
            )


def _moves(issue: Issue, number: str, *, own: str, done: frozenset[str]) -> Iterator[Change]:
    for step in issue.changelog.histories:
        if step.author.account_id == own:
            continue
        for item in step.items:
            kind: ChangeKind | None = None
            by = step.author.display_name
            if item.field == "assignee" and item.after:
                kind, by = "claimed", item.after_words or by
            elif item.field == "status" and (item.before in done) != (item.after in done):
                kind = "resolved" if item.after in done else "reopened"
            if kind is not None:
                made = f"history/{step.id}/{item.field}"
                at = _time(step.created)
                yield Change(id=made, number=number, kind=kind, by=by, text="", public=False, at=at)


def _time(text: str) -> int:
    """Jira's time, 2026-11-26T22:00:00.000+0000, in seconds since 1970; 0 when it is none."""
    try:
        return int(dt.datetime.fromisoformat(text).timestamp())
    except ValueError:
        return 0
