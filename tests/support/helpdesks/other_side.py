"""A ticket system as the bot knows it and as its own people see it: what the contract tests work with."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple, Protocol

import aiohttp

from bot.tickets.api import Change, TicketSystem
from bot.tickets.http import open_client
from tests.support.helpdesks.served import Served

_PATIENT: Final = aiohttp.ClientTimeout(total=60)  # a machine that has much to do is no silent system
_HASTY: Final = aiohttp.ClientTimeout(total=1.5)


@asynccontextmanager
async def calling(served: Served) -> AsyncIterator[aiohttp.ClientSession]:
    """The bot's client for a system; it gives up sooner while an answer is not going to come."""
    async with open_client(_PATIENT) as client:

        def silence(falls: bool) -> None:
            client._timeout = _HASTY if falls else _PATIENT

        served.silence = silence
        yield client


class Written(NamedTuple):
    """A comment in a ticket, as its people see it."""

    text: str
    public: bool


class OtherSide(Protocol):
    """A system that another process keeps.

    Attributes:
        system: As the bot knows it.
        served: The way to it, with its levers.
        secrets: What may stand nowhere.
        hides: It can tell comments for the person from those for the helpdesk.
    """

    @property
    def system(self) -> TicketSystem:
        """See above."""
        ...

    @property
    def served(self) -> Served:
        """See above."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """See above."""
        ...

    hides: bool

    async def count(self, number: str) -> int:
        """How many tickets it has of this case."""
        ...

    async def body(self, number: str) -> str:
        """What the ticket said when it was opened."""
        ...

    async def written(self, number: str) -> Sequence[Written]:
        """The comments, oldest first, without what the ticket was opened with."""
        ...

    async def closed(self, number: str) -> bool:
        """Whether the ticket is closed."""
        ...

    async def files(self, number: str) -> Mapping[str, bytes]:
        """The files, by name."""
        ...

    async def says(self, number: str, text: str, *, public: bool) -> None:
        """One of its people writes a comment."""
        ...

    async def resolves(self, number: str, text: str) -> None:
        """One of its people closes the ticket, with a comment."""
        ...

    async def reopens(self, number: str) -> None:
        """One of its people opens it again."""
        ...

    async def claims(self, number: str) -> None:
        """One of its people takes it."""
        ...

    async def news(self) -> Sequence[Change]:
        """What the bot hears since the last time; the first time nothing, for it is from now on."""
        ...


class Graded(OtherSide, Protocol):
    """One whose tickets have a priority.

    Attributes:
        priorities: What it has for an urgent case, for one of which nothing was said, and for one that is
            normal again.
    """

    priorities: tuple[object, object, object]

    async def priority(self, number: str) -> object:
        """The ticket's, as its people see it."""
        ...

    def takes_no_priority(self) -> None:
        """From now on one that is given is refused."""
        ...


class Polled:
    """How a system is listened to that has to be asked."""

    system: TicketSystem
    _cursor = ""
    _seen: frozenset[str] = frozenset()

    async def news(self) -> Sequence[Change]:
        """Ask from where we were; what was told before is none, as the turn's event ids have it."""
        first = not self._cursor
        changes = await self.system.changes(self._cursor)
        self._cursor = changes.cursor
        assert self._cursor
        assert not (first and changes.found)
        new = [each for each in changes.found if each.id not in self._seen]
        self._seen |= {each.id for each in new}
        return new


class Pushed:
    """How a system is listened to that sends messages."""

    system: TicketSystem

    def __init__(self) -> None:
        self.sent: list[tuple[Mapping[str, str], bytes]] = []

    async def news(self) -> Sequence[Change]:
        """Read what was sent."""
        await asyncio.sleep(0)
        sent = [*self.sent]
        self.sent.clear()
        return [change for headers, body in sent for change in self.system.heard(headers, body)]


def packed(value: object) -> bytes:
    """JSON as it is sent."""
    return json.dumps(value).encode()
