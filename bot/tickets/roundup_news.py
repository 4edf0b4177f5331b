"""What others did to our issues in Roundup, which tells nobody: found by comparing with the last look.

Its REST interface has no history, so the cursor holds each issue as it was: whether it was closed, who had
it, its last message. Our own messages say in their `messageid` which status came with them, so that a status
of ours is not taken for somebody's. Must not know: how Roundup is spoken to.
"""

import datetime as dt
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Self

import msgspec

from bot.tickets.api import Change, ChangeKind, Changes
from bot.tickets.marks import case_in

_CLOSED: Final = frozenset({"resolved", "done-cbb"})
_OURS: Final = re.compile(r"<HR-[^@+<>]*(?:\+(\w*))?@handrail>")
_BACK: Final = 300  # seconds that the clocks may differ by
_KEPT: Final = 60 * 86_400  # seconds without activity, after which an issue is forgotten


class Node(msgspec.Struct, frozen=True):
    """Anything of Roundup's, with those of its properties that were asked for. `etag` and `text` are ours."""

    id: str = ""
    title: str | None = None
    name: str | None = None
    username: str | None = None
    messageid: str | None = None
    activity: str = ""
    date: str | None = None
    status: "Node | None" = None
    priority: "Node | None" = None
    assignedto: "Node | None" = None
    actor: "Node | None" = None
    author: "Node | None" = None
    messages: list["Node"] = []
    files: list["Node"] = []
    etag: str = ""
    text: str = ""


class _Was(msgspec.Struct, array_like=True):
    closed: bool = False
    by: str = ""
    last: int = 0  # the last message
    at: int = 0


class LastLook(msgspec.Struct):
    """A cursor: when we looked, and the issues as they were, by their ids."""

    at: int = 0
    issues: dict[str, _Was] = {}

    @classmethod
    def read(cls, cursor: str) -> Self:
        """A cursor as it was kept."""
        return msgspec.json.decode(cursor, type=cls) if cursor else cls()


def message_id(key: str, status: str) -> str:
    """What stands in a message's `messageid`; the status is the one that came with it."""
    return f"<{key}+{status}@handrail>" if status else f"<{key}@handrail>"


def active_since(before: LastLook) -> str:
    """From when on issues have to be looked at, as Roundup writes times."""
    at = (before.at or int(time.time())) - _BACK
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d.%H:%M:%S")


async def news(
    before: LastLook, issues: Sequence[Node], read: Callable[[str], Awaitable[Node]], *, own: str
) -> Changes:
    """What is new, and the next cursor.

    Args:
        before: The last look; without a time there was none, and nothing is new.
        issues: Those that something happened to since.
        read: Reads a message.
        own: Our user's name.
    """
    now, changes = int(time.time()), list[Change]()
    kept = {number: was for number, was in before.issues.items() if was.at > now - _KEPT}
    for issue in issues:
        number = case_in(issue.title or "")
        if number is None:
            continue
        was = kept.get(issue.id, _Was())
        state = (issue.status.name if issue.status else "") or ""
        has = _Was(
            closed=state in _CLOSED,
            by=(issue.assignedto.username if issue.assignedto else "") or "",
            last=max((int(each.id) for each in issue.messages), default=0),
            at=now,
        )
        kept[issue.id] = has
        if not before.at:
            continue
        ours = ""
        for each in sorted(int(each.id) for each in issue.messages):
            if each <= was.last:
                continue
            message = await read(str(each))
            if mine := _OURS.fullmatch(message.messageid or ""):
                ours = mine[1] or ours
                continue
            changes.append(_comment(number, message))
        changes += _moved(number, issue, was, has, told=ours, own=own)
    return Changes(cursor=msgspec.json.encode(LastLook(at=now, issues=kept)).decode(), found=tuple(changes))


def _comment(number: str, message: Node) -> Change:
    return Change(
        id=f"msg/{message.id}",
        number=number,
        kind="comment",
        by=(message.author.username if message.author else "") or "",
        text=message.text,
        public=True,
        at=_time(message.date or message.activity),
    )


def _moved(number: str, issue: Node, was: _Was, has: _Was, *, told: str, own: str) -> list[Change]:
    """What became of the issue; `told` is the status that came with our last message."""
    actor = (issue.actor.username if issue.actor else "") or ""
    kinds: list[tuple[ChangeKind, str]] = []
    if has.by and has.by not in {was.by, own}:
        kinds.append(("claimed", has.by))
    if has.closed != was.closed and not (told and has.closed == (told in {"resolved", "withdrawn"})):
        kinds.append(("resolved" if has.closed else "reopened", actor))
    return [
        Change(
            id=f"issue/{issue.id}/{kind}/{issue.activity}",
            number=number,
            kind=kind,
            by=by,
            text="",
            public=False,
            at=_time(issue.activity),
        )
        for kind, by in kinds
    ]


def _time(text: str) -> int:
    """Roundup's time, in seconds since 1970; 0 when it is none."""
    try:
        return int(dt.datetime.strptime(text[:19], "%Y-%m-%d.%H:%M:%S").replace(tzinfo=dt.UTC).timestamp())
    except ValueError:
        return 0
