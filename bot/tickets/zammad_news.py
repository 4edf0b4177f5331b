"""What others did to our tickets in Zammad, out of articles and history, or out of what its webhook sends.

An article has the same id on both ways, so it is news once. Zammad's own articles, such as the receipt that
it sends for a new ticket, are nobody's words. Must not know: how Zammad is spoken to.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from bot.errors import Forged
from bot.tickets.api import Change, ChangeKind
from bot.tickets.html_text import plain
from bot.tickets.marks import case_in, key_of

ENDED: Final = frozenset({"closed", "merged", "removed"})
"""The types of states that a ticket has ended in."""

_ITSELF: Final = 1  # the id of the user who does what its rules say, and has what nobody has


class _Person(msgspec.Struct):
    firstname: str | None = None
    lastname: str | None = None

    @property
    def name(self) -> str:
        return f"{self.firstname or ''} {self.lastname or ''}".strip(" -")


class _Words(msgspec.Struct):
    id: int
    created_at: dt.datetime
    created_by_id: int = 0
    body: str = ""
    content_type: str = ""
    sender: str = ""
    internal: bool = True

    @property
    def text(self) -> str:
        """What it says."""
        return plain(self.body) if "html" in self.content_type.lower() else self.body

    @property
    def key(self) -> str | None:
        """The key of what we wrote; None for anybody else's."""
        return key_of(self.text)

    def told(self, number: str, by: str) -> Change:
        """As news."""
        return Change(
            id=f"article/{self.id}",
            number=number,
            kind="comment",
            by=by,
            text=self.text,
            public=not self.internal,
            at=int(self.created_at.timestamp()),
        )

    def of_others(self, own: int) -> bool:
        """Whether somebody wrote it who is neither us nor Zammad itself."""
        return self.created_by_id != own and self.sender != "System" and self.key is None


class Article(_Words):
    """An article of a ticket."""


class _Sent(_Words):
    created_by: _Person = msgspec.field(default_factory=_Person)


class _About(msgspec.Struct):
    number: str
    created_by_id: int = 0


class _Payload(msgspec.Struct):
    ticket: _About
    article: dict[str, Any] | None = None  # {} where a trigger is about no article


class _Step(msgspec.Struct):
    id: int
    created_at: dt.datetime
    created_by_id: int = 0
    object: str = ""
    type: str = ""
    attribute: str = ""
    before: int | None = msgspec.field(name="id_from", default=None)
    after: int | None = msgspec.field(name="id_to", default=None)
    words: str | None = msgspec.field(name="value_to", default=None)


class _Assets(msgspec.Struct):
    users: dict[str, _Person] = msgspec.field(name="User", default_factory=dict)


class History(msgspec.Struct):
    """The steps of a ticket, and who took them."""

    history: list[_Step] = []
    assets: _Assets = msgspec.field(default_factory=_Assets)

    def who(self, user: int) -> str:
        """A name, that of Zammad for what it did of itself."""
        known = self.assets.users.get(str(user))
        return (known.name if known else "") or ("Zammad" if user == _ITSELF else "")


def news(
    number: str,
    articles: Sequence[Article],
    history: History,
    begin: int,
    *,
    own: int,
    ended: frozenset[int],
) -> list[Change]:
    """What others did.

    Args:
        number: The case.
        articles: All of the ticket's.
        history: All of it.
        begin: Seconds since 1970; what is older is none.
        own: Our user, who made the ticket.
        ended: The ids of states that a ticket has ended in.
    """
    said = [each.told(number, history.who(each.created_by_id)) for each in articles if each.of_others(own)]
    moved = _moves(number, history, own, ended)
    return [each for each in (*said, *moved) if each.at >= begin]


def sent(body: bytes) -> Sequence[Change]:
    """The article in what a webhook sends, if it is news; its signature was checked.

    Raises:
        Forged: It is none of Zammad's documents.
    """
    try:
        payload = msgspec.json.decode(body, type=_Payload)
        article = msgspec.convert(payload.article, _Sent) if payload.article else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Forged("it is signed, but none of Zammad's documents") from None
    number = case_in(payload.ticket.number)
    if number != payload.ticket.number or article is None:
        return ()
    ours = payload.ticket.created_by_id
    return (article.told(number, article.created_by.name),) if article.of_others(ours) else ()


def _moves(number: str, history: History, own: int, ended: frozenset[int]) -> Iterator[Change]:
    for step in history.history:
        if step.created_by_id == own or (step.object, step.type) != ("Ticket", "updated"):
            continue
        kind: ChangeKind | None = None
        by = history.who(step.created_by_id)
        if step.attribute == "owner" and step.after not in {None, _ITSELF, own}:
            kind, by = "claimed", step.words or by
        elif step.attribute == "state" and (step.before in ended) != (step.after in ended):
            kind = "resolved" if step.after in ended else "reopened"
        if kind is not None:
            at = int(step.created_at.timestamp())
            made = f"history/{step.id}"
            yield Change(id=made, number=number, kind=kind, by=by, text="", public=False, at=at)
