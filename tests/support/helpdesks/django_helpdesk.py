"""A real django-helpdesk, and what its people do in it: over its pages where the interface cannot."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.secret import Secret
from bot.tickets.django_helpdesk import DjangoHelpdeskTickets
from tests.support.helpdesks.other_side import Polled, Written, calling
from tests.support.helpdesks.real.running import Running, anew, process
from tests.support.helpdesks.served import Forwarding

AGENT = {"Authorization": aiohttp.encode_basic_auth("agent", "agents-canary-4711")}


class Way(Forwarding):
    """The way to it."""

    def worded(self, status: int, why: str) -> Any:  # type: ignore[explicit-override]  # noqa: ARG002
        """As Django REST framework says it."""
        return {"detail": why}

    def refusal(self) -> int:  # type: ignore[explicit-override]
        """Its status for what is wrong with a form."""
        return 400


class DjangoHelpdesk(Polled):
    """It from both sides."""

    hides = True
    secrets = ("handrail@example.coms-canary-4711",)
    priorities = (1, 3, 3)

    def __init__(self, served: Way, media: Path, client: aiohttp.ClientSession) -> None:
        self.served = served
        self._media = media
        self.system = DjangoHelpdeskTickets(
            client, served.url, "handrail@example.com", Secret(self.secrets[0]), "1"
        )

    async def _agent(self, method: str, path: str, body: Any = None) -> Any:
        async with (
            aiohttp.ClientSession(headers=AGENT) as client,
            client.request(method, f"{self.served.target}/api/{path}", json=body) as answer,
        ):
            assert answer.ok, await answer.text()
            return await answer.json()

    async def _tickets(self, number: str) -> list[Any]:
        listed = (await self._agent("GET", "tickets/?page_size=100"))["results"]
        return [each for each in listed if re.match(rf"{number}(?![0-9A-Z])", each["title"])]

    async def _ticket(self, number: str) -> Any:
        [ticket] = await self._tickets(number)
        return ticket

    async def count(self, number: str) -> int:
        """Tickets with this number."""
        return len(await self._tickets(number))

    async def body(self, number: str) -> str:
        """The description."""
        return str((await self._ticket(number))["description"])

    async def written(self, number: str) -> Sequence[Written]:
        """The follow-ups after the first, which repeats the description, without those that bring files."""
        follow_ups = (await self._ticket(number))["followup_set"][1:]
        return [
            Written(each["comment"], each["public"])
            for each in follow_ups
            if not each["followupattachment_set"]
        ]

    async def closed(self, number: str) -> bool:
        """Whether it is resolved."""
        return bool((await self._ticket(number))["status"] == 3)

    async def files(self, number: str) -> Mapping[str, bytes]:
        """The files of all follow-ups."""
        kept = [
            each
            for one in (await self._ticket(number))["followup_set"]
            for each in one["followupattachment_set"]
        ]
        return {
            each["filename"]: (self._media / each["file"].partition("/media/")[2]).read_bytes()
            for each in kept
        }

    async def priority(self, number: str) -> object:
        """One of five; the first presses most."""
        return (await self._ticket(number))["priority"]

    def takes_no_priority(self) -> None:
        """See `Graded`."""
        self.served.bars('"priority":1', '{"priority":3}')

    async def says(self, number: str, text: str, *, public: bool) -> None:
        """A follow-up."""
        ticket = (await self._ticket(number))["id"]
        await self._agent("POST", "followups/", {"ticket": ticket, "comment": text, "public": public})

    async def resolves(self, number: str, text: str) -> None:
        """A follow-up with a status."""
        ticket = (await self._ticket(number))["id"]
        body = {"ticket": ticket, "comment": text, "public": True, "new_status": 3}
        await self._agent("POST", "followups/", body)

    async def reopens(self, number: str) -> None:
        """The same."""
        ticket = (await self._ticket(number))["id"]
        await self._agent("POST", "followups/", {"ticket": ticket, "comment": "", "new_status": 2})

    async def claims(self, number: str) -> None:
        """As its page does."""
        ticket = (await self._ticket(number))["id"]
        url = f"{self.served.target}/take/{ticket}"
        async with aiohttp.ClientSession() as client, client.get(url) as answer:
            assert answer.ok


@contextmanager
def _started(home: Path) -> Iterator[Running]:
    """It, and where it keeps tickets and files."""
    with process("django_helpdesk", "django_helpdesk_site.py", home) as url:
        yield Running(url=url, databases=(home / "helpdesk.db",), folders=(home / "media",))


@asynccontextmanager
async def opened(_folder: Path) -> AsyncIterator[DjangoHelpdesk]:
    """It, with one queue and no ticket."""
    system = anew("django-helpdesk", _started)
    async with Way(system.url) as way, calling(way) as client:
        yield DjangoHelpdesk(way, system.folders[0], client)
