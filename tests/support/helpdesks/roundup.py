"""A real Roundup tracker, and what its people do in it."""

import base64
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.secret import Secret
from bot.tickets.roundup import RoundupTickets
from tests.support.helpdesks.other_side import Polled, Written, calling
from tests.support.helpdesks.real.running import Running, anew, process
from tests.support.helpdesks.served import Forwarding


class Way(Forwarding):
    """The way to the tracker."""

    def worded(self, status: int, why: str) -> Any:  # type: ignore[explicit-override]
        """As Roundup says it."""
        return {"error": {"status": status, "msg": why}}

    def refusal(self) -> int:  # type: ignore[explicit-override]
        """Roundup's status for what makes no sense."""
        return 400

    def forwarded(self, headers: dict[str, str]) -> dict[str, str]:  # type: ignore[explicit-override]
        """The tracker knows itself by one address."""
        return {**headers, "Origin": self.target, "Referer": self.target + "/"}


class Roundup(Polled):
    """The tracker from both sides."""

    hides = False
    secrets = ("handrails-canary-4711",)
    priorities = ("urgent", None, None)

    def __init__(self, served: Way, client: aiohttp.ClientSession) -> None:
        self.served = served
        self.system = RoundupTickets(client, served.url, "handrail", Secret(self.secrets[0]))

    async def _agent(self, method: str, path: str, body: Any = None, etag: str = "") -> Any:
        who = base64.b64encode(b"agent:agents-canary-4711").decode()
        origin = {"Origin": self.served.target, "Referer": self.served.target + "/", "X-Requested-With": "a"}
        headers = {"Authorization": f"Basic {who}", **origin, "If-Match": etag}
        async with (
            aiohttp.ClientSession() as client,
            client.request(
                method, f"{self.served.target}/rest/data/{path}", json=body, headers=headers
            ) as got,
        ):
            answer = await got.json()
            assert got.ok, answer
            return answer["data"]

    async def _ids(self, number: str) -> list[str]:
        found = await self._agent("GET", f"issue?title={number}&@fields=title")
        return [each["id"] for each in found["collection"] if each["title"].split(" ")[0] == number]

    async def _issue(self, number: str) -> Any:
        [issue] = await self._ids(number)
        return await self._agent("GET", f"issue/{issue}?@verbose=2")

    async def _texts(self, number: str) -> list[str]:
        ids = [each["id"] for each in (await self._issue(number))["attributes"]["messages"]]
        return [(await self._agent("GET", f"msg/{each}/content"))["data"] for each in sorted(ids, key=int)]

    async def count(self, number: str) -> int:
        """Issues with this number."""
        return len(await self._ids(number))

    async def body(self, number: str) -> str:
        """The first message."""
        return (await self._texts(number))[0]

    async def written(self, number: str) -> Sequence[Written]:
        """The other messages; all of them can be seen by everybody."""
        return [Written(each, public=True) for each in (await self._texts(number))[1:]]

    async def closed(self, number: str) -> bool:
        """Whether it is resolved."""
        return str((await self._issue(number))["attributes"]["status"]["name"]) == "resolved"

    async def files(self, number: str) -> Mapping[str, bytes]:
        """The files."""
        found = {}
        for each in (await self._issue(number))["attributes"]["files"]:
            file = await self._agent("GET", f"file/{each['id']}")
            async with aiohttp.ClientSession() as client:
                who = base64.b64encode(b"agent:agents-canary-4711").decode()
                url = f"{self.served.target}/rest/data/file/{each['id']}/binary_content"
                headers = {"Authorization": f"Basic {who}", "X-Requested-With": "a"}
                async with client.get(url, headers={**headers, "Origin": self.served.target}) as answer:
                    found[str(file["attributes"]["name"])] = await answer.read()
        return found

    async def _change(self, number: str, **changed: Any) -> None:
        issue = await self._issue(number)
        if text := changed.pop("text", ""):
            body = {"content": text, "author": "agent", "date": "."}
            message = await self._agent("POST", "msg", body)
            changed["messages"] = [*(each["id"] for each in issue["attributes"]["messages"]), message["id"]]
        await self._agent("PATCH", f"issue/{issue['id']}", {"@op": "replace", **changed}, issue["@etag"])

    async def priority(self, number: str) -> object:
        """Its name."""
        found = (await self._issue(number))["attributes"]["priority"]
        return found and found["name"]

    def takes_no_priority(self) -> None:
        """See `Graded`."""
        self.served.bars('"priority"')

    async def says(self, number: str, text: str, *, public: bool) -> None:
        """A message."""
        assert public
        await self._change(number, text=text)

    async def resolves(self, number: str, text: str) -> None:
        """A message and the status."""
        await self._change(number, text=text, status="resolved")

    async def reopens(self, number: str) -> None:
        """The status."""
        await self._change(number, status="chatting")

    async def claims(self, number: str) -> None:
        """Assigned to themselves."""
        await self._change(number, assignedto="agent")


@contextmanager
def _started(home: Path) -> Iterator[Running]:
    """It, and where it keeps issues, who is signed in, and files."""
    with process("roundup", "roundup_tracker.py", home) as url:
        db = home / "db"
        databases = tuple(db / each for each in ("db", "db-session", "db-otk"))
        yield Running(url=url, databases=databases, folders=(db / "files",))


@asynccontextmanager
async def opened(_folder: Path) -> AsyncIterator[Roundup]:
    """A tracker with nothing in it."""
    async with Way(anew("roundup", _started).url) as way, calling(way) as client:
        yield Roundup(way, client)
