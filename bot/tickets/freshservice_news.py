"""What others did to our tickets in Freshservice, out of conversations and the latest change of status.

A ticket says when its status changed last, but not who did that. Its activities say who did something when,
in prose in somebody's language, of which only the name and the time are read. Must not know: how Freshservice
is spoken to.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final, TypeAlias

import msgspec

from bot.tickets.api import Change, ChangeKind
from bot.tickets.html_text import plain
from bot.tickets.marks import key_of

Time: TypeAlias = Annotated[dt.datetime, msgspec.Meta(tz=True)]

_DONE: Final = frozenset({4, 5})  # resolved, closed
_NEAR: Final = 2.0  # seconds between a change and the activity that is about it


class _Stats(msgspec.Struct):
    status_updated_at: Time | None = None
    assigned_at: Time | None = None


class Listed(msgspec.Struct):
    """A ticket; `stats` only where they were asked for."""

    id: int
    created_at: Time
    updated_at: Time
    status: int = 0
    subject: str | None = None
    requester_id: int | None = None
    responder_id: int | None = None
    stats: _Stats = msgspec.field(default_factory=_Stats)

    def moved_since(self, begin: int) -> bool:
        """Whether the status changed since, after the ticket was made."""
        at = self.stats.status_updated_at
        return at is not None and at != self.created_at and at.timestamp() >= begin

    @property
    def owner(self) -> int | None:
        """Who has it, if that is not us."""
        return self.responder_id if self.responder_id != self.requester_id else None


class Conversation(msgspec.Struct):
    """A note or a reply; `body` is HTML, and its plain text there has lost its lines."""

    id: int
    created_at: Time
    user_id: int | None = None
    body: str | None = None
    private: bool = True

    @property
    def text(self) -> str:
        """What it says."""
        return plain(self.body or "")

    @property
    def key(self) -> str | None:
        """The key of what we wrote; None for anybody else's."""
        return key_of(self.text)


class _Actor(msgspec.Struct):
    id: int | None = None
    name: str | None = None


class Activity(msgspec.Struct):
    """Something that happened to a ticket. Not every actor has an id: a workflow is one too."""

    created_at: Time
    actor: _Actor | None = None


def people(ticket: Listed, talk: Sequence[Conversation], begin: int) -> Sequence[int]:
    """The ids of those whose names `news` needs, each once."""
    moved = ticket.requester_id if ticket.moved_since(begin) else None
    wanted = [moved, ticket.owner, *(each.user_id for each in _said(ticket, talk, begin))]
    return [*dict.fromkeys(each for each in wanted if each is not None)]


def news(
    ticket: Listed,
    number: str,
    talk: Sequence[Conversation],
    steps: Sequence[Activity],
    *,
    begin: int,
    names: Mapping[int, str],
) -> list[Change]:
    """What others did; our agent is the requester of our tickets.

    Args:
        ticket: With its stats.
        number: The case.
        talk: All conversations of the ticket.
        steps: Its activities, if its status changed.
        begin: Seconds since 1970; what is older is none.
        names: Of people, by id.
    """
    told = [
        Change(
            id=f"conversation/{each.id}",
            number=number,
            kind="comment",
            by=names.get(each.user_id or 0, ""),
            text=each.text,
            public=not each.private,
            at=int(each.created_at.timestamp()),
        )
        for each in _said(ticket, talk, begin)
    ]
    return [*told, *_moves(ticket, number, steps, begin, names)]


def _said(ticket: Listed, talk: Sequence[Conversation], begin: int) -> Iterator[Conversation]:
    """What others said since."""
    for each in talk:
        ours = each.user_id == ticket.requester_id or each.key is not None
        if not ours and each.created_at.timestamp() >= begin:
            yield each


def _moves(
    ticket: Listed, number: str, steps: Sequence[Activity], begin: int, names: Mapping[int, str]
) -> Iterator[Change]:
    def told(kind: ChangeKind, at: dt.datetime, made: str, by: str) -> Change:
        made = f"ticket/{ticket.id}/{made}"
        when = int(at.timestamp())
        return Change(id=made, number=number, kind=kind, by=by, text="", public=False, at=when)

    assigned = ticket.stats.assigned_at
    since = assigned or ticket.updated_at
    if ticket.owner is not None and since.timestamp() >= begin:
        made = f"agent/{ticket.owner}/{int(assigned.timestamp()) if assigned else 0}"
        yield told("claimed", since, made, names.get(ticket.owner, ""))
    moved = ticket.stats.status_updated_at
    if moved is not None and ticket.moved_since(begin):
        by, ours = _who(steps, moved, ticket.requester_id, names)
        if not ours:
            # From one open status to another is told too: whoever hears of it knows what was closed.
            kind: ChangeKind = "resolved" if ticket.status in _DONE else "reopened"
            yield told(kind, moved, f"status/{ticket.status}/{int(moved.timestamp())}", by)


def _who(
    steps: Sequence[Activity], at: dt.datetime, own: int | None, names: Mapping[int, str]
) -> tuple[str, bool]:
    """Who did something at that time, and whether it was us; of two at once the other: no news gets lost."""
    near = list[tuple[float, bool, str]]()
    for each in steps:
        actor = each.actor or _Actor()
        known = names.get(own or 0, "")
        ours = actor.id == own if actor.id is not None else bool(known) and actor.name == known
        near.append((abs((each.created_at - at).total_seconds()), ours, actor.name or ""))
    away, ours, by = min(near, default=(_NEAR + 1, False, ""))
    return (by, ours) if away <= _NEAR else ("", False)
