"""The helpdesk's board behind a sign-in: the whole bot, a played Entra, agents and their browsers."""

import contextlib
import html
import re
import socket
from collections.abc import AsyncIterator, Mapping
from http.cookies import SimpleCookie
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from bot.address import Address, Person
from bot.app import Parts, running, web_app
from bot.config import Settings
from bot.store.api import CaseRecord
from dialogs.events import Chose, Commanded, Said
from tests.support.cloud import PlayedCloud
from tests.support.entra import KIM, Account, PlayedEntra
from tests.support.pages import PASTED, content
from tests.support.whole import environment


class Desk:
    """A bot with a board, and its surroundings."""

    def __init__(
        self, parts: Parts, entra: PlayedEntra, teams: PlayedCloud, listening: str, public: str
    ) -> None:
        self.parts = parts
        self.teams = teams
        self.entra = entra
        self.url = listening
        self.public = public

    async def a_case(
        self, name: str = "Erika Mustermann", *, text: str = PASTED, remark: str = ""
    ) -> CaseRecord:
        """Somebody in Teams hands a case over."""
        turns, store = self.parts.turns, self.parts.store
        key = f"teams:t:{name}"
        person = Person(name=name, object_id="0f0f0f0f-1111-4222-8333-444444444444", verified=True)
        address = Address(
            surface="teams",
            person=person,
            locale="en-GB",
            conversation_id=f"a:{name}",
            service_url=self.teams.service_url,
        )

        async def take(event_id: str, event: Any) -> str:
            await turns.take(key, event_id, event, address)
            stored = await store.conversation(key)
            assert stored is not None
            return stored[0].prompt

        at = turns.now()
        await take("1", Said(at=at, text=text))
        prompt = await take("2", Commanded(at=at, command="person"))
        if remark:
            await take("3", Chose(at=at, prompt=prompt, options=("handover-add",)))
            prompt = await take("4", Said(at=at, text=remark))
        await take("5", Chose(at=at, prompt=prompt, options=("handover-yes",)))
        stored = await store.conversation(key)
        assert stored is not None
        assert stored[0].case is not None
        found = await store.case(stored[0].case.number)
        assert found is not None
        return found

    async def case(self, number: str) -> CaseRecord:
        """A case as it is now."""
        found = await self.parts.store.case(number)
        assert found is not None
        return found


@contextlib.asynccontextmanager
async def a_desk(folder: Path, *, public: str = "", **more: str) -> AsyncIterator[Desk]:
    """A board that people with the app role "Helpdesk" may enter.

    Args:
        folder: For the database.
        public: The address that browsers use, if that is not the server's own.
        more: Other settings; "" leaves one out.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listening = f"http://127.0.0.1:{port}"
    public = public or f"http://localhost:{port}"
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(listener.close)
        teams = await stack.enter_async_context(PlayedCloud())
        entra = await stack.enter_async_context(PlayedEntra(f"{public}/helpdesk/signed-in"))
        given = {
            **environment(teams, folder / "handrail.db"),
            "HANDRAIL_PUBLIC_URL": public,
            "HANDRAIL_BOARD_ROLE": "Helpdesk",
            "HANDRAIL_SIGN_IN_URL": entra.url,
            **more,
        }
        parts = await stack.enter_async_context(running(Settings.read(given), library=content()))
        runner = web.AppRunner(web_app(parts), access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listener).start()
        yield Desk(parts, entra, teams, listening, public)


class Page:
    """What came back."""

    def __init__(self, status: int, headers: Mapping[str, str], text: str) -> None:
        self.status = status
        self.headers = headers
        self.text = text

    @property
    def words(self) -> str:
        """What is to be read."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.text)).split())

    @property
    def to(self) -> str:
        """Where it leads."""
        return self.headers.get("Location", "")

    def hidden(self, name: str) -> str:
        """The value of a hidden field of a case's form, or else of the page's first."""
        found = re.findall(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, name
        return str(found[-1])


class Browser:
    """A browser without eyes, which follows no redirect by itself and keeps cookies as a browser has to."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.cookies: dict[str, str] = {}
        self.set: dict[str, str] = {}  # each cookie as it was set last, in full
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def get(self, path: str, **headers: str) -> Page:
        """Open a page of the board."""
        return await self._send("GET", path, None, headers)

    async def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Page:
        """Send a form as a browser does."""
        return await self._send("POST", path, dict(fields), {"Origin": self.desk.public, **headers})

    async def at_entra(self, url: str) -> str:
        """Follow a link to Entra; the address it sends back to, without its host."""
        async with self._http.get(URL(url, encoded=True), allow_redirects=False) as answer:
            assert answer.status == 302, await answer.text()
            return answer.headers["Location"].removeprefix(self.desk.public)

    async def begin(self, to: str = "/helpdesk") -> str:
        """Begin to sign in, up to where Entra sends back to."""
        led = await self.get(to)
        away = await self.get(led.to)
        assert away.to.startswith(self.desk.entra.url), away.text
        return await self.at_entra(away.to)

    async def sign_in(self, who: Account = KIM, to: str = "/helpdesk") -> Page:
        """Sign in, up to where that ends."""
        self.desk.entra.people = [who]
        return await self.get(await self.begin(to))

    async def form(self, number: str, **fields: str) -> dict[str, str]:
        """The fields of a case's form, as the page gives them, and what the agent fills in."""
        page = await self.get(f"/helpdesk/cases/{number}")
        return {"token": page.hidden("token"), "id": page.hidden("id"), **fields}

    async def _send(
        self, method: str, path: str, fields: dict[str, str] | None, headers: Mapping[str, str]
    ) -> Page:
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        url = URL(self.desk.url + path, encoded=True)
        async with self._http.request(
            method, url, data=fields, headers=sent, allow_redirects=False
        ) as answer:
            for line in answer.headers.getall("Set-Cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    self.set[name] = line
                    self.cookies[name] = morsel.value
                    if morsel["max-age"] == "0":
                        del self.cookies[name]
            return Page(answer.status, answer.headers, await answer.text())


def host(url: str) -> str:
    """The host of an address, with its port."""
    return urlsplit(url).netloc
