"""A real Request Tracker, and what its people do in it."""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.secret import Secret
from bot.tickets.rt import RequestTrackerTickets
from tests.support.helpdesks.other_side import Polled, Written, calling
from tests.support.helpdesks.real.request_tracker import running
from tests.support.helpdesks.real.running import anew
from tests.support.helpdesks.served import Forwarding

PASSWORD = "handrails-canary-4711"
AGENT = {"Authorization": aiohttp.encode_basic_auth("ada", "adas-canary-4711")}


class Way(Forwarding):
    """The way to it."""

    def worded(self, status: int, why: str) -> Any:  # type: ignore[explicit-override]  # noqa: ARG002
        """As RT says it."""
        return {"message": why}

    def refusal(self) -> int:  # type: ignore[explicit-override]
        """RT's status for what makes no sense."""
        return 422


class RequestTracker(Polled):
    """It from both sides."""

    hides = True
    secrets = (PASSWORD,)
    priorities = ("100", "0", "0")

    def __init__(self, served: Way, client: aiohttp.ClientSession) -> None:
        self.served = served
        self.system = RequestTrackerTickets(client, served.url, "handrail", Secret(PASSWORD), "General")

    async def _agent(self, method: str, path: str, body: Any = None) -> Any:
        async with (
            aiohttp.ClientSession(headers=AGENT) as client,
            client.request(method, f"{self.served.target}/REST/2.0/{path}", json=body) as answer,
        ):
            assert answer.ok, await answer.text()
            return await answer.json()

    async def _ids(self, number: str) -> list[str]:
        found = await self._agent("GET", f"tickets?query=Subject LIKE '{number}'&fields=Subject")
        return [each["id"] for each in found["items"] if each["Subject"].split(" ")[0] == number]

    async def _id(self, number: str) -> str:
        [ticket] = await self._ids(number)
        return ticket

    async def _steps(self, number: str, *kinds: str) -> list[Any]:
        path = f"ticket/{await self._id(number)}/history?fields=Type&per_page=100"
        return [each for each in (await self._agent("GET", path))["items"] if each["Type"] in kinds]

    async def _parts(self, transaction: str) -> list[Any]:
        path = f"transaction/{transaction}/attachments?fields=ContentType,Content,Filename&per_page=100"
        return list((await self._agent("GET", path))["items"])

    async def count(self, number: str) -> int:
        """Tickets with this number."""
        return len(await self._ids(number))

    async def body(self, number: str) -> str:
        """What it was opened with."""
        [opened_with] = await self._steps(number, "Create")
        return str((await self._parts(opened_with["id"]))[0]["Content"])

    async def written(self, number: str) -> Sequence[Written]:
        """Answers and comments, without those that bring files."""
        found = []
        for each in await self._steps(number, "Correspond", "Comment"):
            parts = await self._parts(each["id"])
            if not any(part["Filename"] for part in parts):
                [text] = [part["Content"] for part in parts if part["ContentType"] == "text/plain"]
                found.append(Written(text, each["Type"] == "Correspond"))
        return found

    async def closed(self, number: str) -> bool:
        """Whether it is resolved."""
        return bool((await self._agent("GET", f"ticket/{await self._id(number)}"))["Status"] == "resolved")

    async def files(self, number: str) -> Mapping[str, bytes]:
        """The files."""
        found = {}
        for each in await self._steps(number, "Correspond", "Comment"):
            for part in await self._parts(each["id"]):
                if part["Filename"]:
                    kept = await self._agent("GET", f"attachment/{part['id']}")
                    found[str(part["Filename"])] = base64.b64decode(kept["Content"])
        return found

    async def priority(self, number: str) -> object:
        """A number."""
        return str((await self._agent("GET", f"ticket/{await self._id(number)}"))["Priority"])

    def takes_no_priority(self) -> None:
        """See `Graded`."""
        self.served.bars('"Priority"')

    async def says(self, number: str, text: str, *, public: bool) -> None:
        """An answer or a comment."""
        body = {"Content": text, "ContentType": "text/plain"}
        how = "correspond" if public else "comment"
        await self._agent("POST", f"ticket/{await self._id(number)}/{how}", body)

    async def resolves(self, number: str, text: str) -> None:
        """An answer with the status."""
        body = {"Content": text, "ContentType": "text/plain", "Status": "resolved"}
        await self._agent("POST", f"ticket/{await self._id(number)}/correspond", body)

    async def reopens(self, number: str) -> None:
        """The status."""
        await self._agent("PUT", f"ticket/{await self._id(number)}", {"Status": "open"})

    async def claims(self, number: str) -> None:
        """Taken."""
        await self._agent("PUT", f"ticket/{await self._id(number)}", {"Owner": "ada"})


@asynccontextmanager
async def opened(_folder: Path) -> AsyncIterator[RequestTracker]:
    """A queue without tickets."""
    async with Way(anew("rt", running).url) as way, calling(way) as client:
        yield RequestTracker(way, client)
