"""What others did to our issues on GitHub: their comments and events, and the comments that it sends at once.

Must not know: how GitHub is spoken to, which issues are ours.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from bot.tickets.api import Change, ChangeKind
from bot.tickets.marks import key_of

_KINDS: Final[dict[str, ChangeKind]] = {
    "closed": "resolved",
    "reopened": "reopened",
    "assigned": "claimed",
}


class User(msgspec.Struct):
    """Somebody."""

    login: str


class Issue(msgspec.Struct):
    """An issue."""

    number: int
    body: str | None = None
    user: User | None = None


class Comment(msgspec.Struct):
    """A comment; one whose author is gone has none."""

    id: int
    created_at: dt.datetime
    body: str | None = None
    user: User | None = None


class Event(msgspec.Struct):
    """What was done to an issue. The actor of "assigned" may be who was assigned; the assigner did it."""

    id: int
    event: str
    created_at: dt.datetime
    actor: User | None = None
    assignee: User | None = None
    assigner: User | None = None


class Delivery(msgspec.Struct):
    """A webhook's message about a comment."""

    action: str
    issue: Issue
    comment: Comment


def commented(number: str, comment: Comment) -> Change | None:
    """A comment as news, by whichever way it came; None for one of ours, which has its key."""
    text = comment.body or ""
    if key_of(text) is not None:
        return None
    return Change(
        id=f"comment/{comment.id}", number=number, kind="comment", by=_login(comment.user), text=text,
        public=True, at=int(comment.created_at.timestamp()),
    )  # fmt: skip


def news(
    number: str,
    comments: Sequence[Comment],
    events: Sequence[Event],
    begin: int,
    *,
    mine: Callable[[User | None], bool],
) -> Iterator[Change]:
    """What others did to a case's issue since `begin`, seconds since 1970; `mine` knows our own login."""
    for comment in comments:
        change = commented(number, comment)
        if change is not None and change.at >= begin:
            yield change
    for event in events:
        kind, at = _KINDS.get(event.event), int(event.created_at.timestamp())
        who = event.assigner or event.actor
        if kind is None or at < begin or mine(who):
            continue
        by = _login(event.assignee if kind == "claimed" and event.assignee else who)
        made = f"event/{event.id}"
        yield Change(id=made, number=number, kind=kind, by=by, text="", public=False, at=at)


def _login(user: User | None) -> str:
    return user.login if user else ""
