"""Microsoft's Agents Playground and a real Handrail beside it, seen through a browser as a person sees them.

The Playground is a client that we did not write: it decides what an activity looks like, which requests it
sends and what it shows. Two records are kept of it: the screen, and the journal of every HTTP exchange. What
people other than the one at the screen do is sent to the Playground's own server, which passes it on.

Its HTTP paths are not documented: the version is pinned in package.json. Must not know: the bot's code.
"""

import contextlib
import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from playwright.async_api import Locator, Page, Route, WebSocket, async_playwright, expect

from tests.support.processes import HANDRAIL, environment, free_port, running
from tests.support.waiting import until

HERE = Path(__file__).parent
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
CHANNEL = "19:tickets-1@thread.tacv2"
GROUP = "19:group-1@thread.v2"
PERSONAL = "a:personal-1"
_PACKAGE = Path("node_modules/@microsoft/m365agentsplayground")
_ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_PATIENCE = 60_000  # milliseconds for anything to appear
expect.set_options(timeout=_PATIENCE)


def home() -> Path:
    """The folder with node_modules."""
    return Path(os.environ.get("HANDRAIL_NODE_HOME") or HERE)


def why_not() -> str | None:
    """Why the Playground cannot run on this machine, None when it can."""
    if not shutil.which("node"):
        return "Node is not on the path"
    if not CHROMIUM:
        return "no Chromium is on the path; CHROMIUM can name one"
    if not (home() / _PACKAGE / "package.json").exists():
        return f"the Agents Playground is not in {home()}: npm install there, or set HANDRAIL_NODE_HOME"
    return None


class Exchange(msgspec.Struct, frozen=True):
    """One HTTP exchange of the journal. `of` is who asked: "client" (the Playground) or "bot"."""

    of: str
    what: str
    status: int
    sent: Any
    answer: Any


class Playground:
    """The Playground's page, and its journal."""

    def __init__(self, page: Page, http: aiohttp.ClientSession, url: str, pictures: Path) -> None:
        self.page = page
        self.url = url
        self.pictures = pictures
        self.frames: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        self._http = http
        self._scope = "personal"
        page.on("websocket", self._opened)
        page.on("pageerror", lambda error: self.complaints.append(f"error on the page: {error.message}"))

    # ---- what the person at the screen does

    async def goes_to(self, place: str) -> None:
        """Open the personal chat, the group, or the channel with that name."""
        self._scope = place
        tree = self.page.get_by_role("tree").first
        match place:
            case "personal":
                item = self.page.get_by_role("treeitem", name=re.compile("Personal Chat"))
            case "group":
                item = tree.get_by_role("treeitem").nth(1)
            case _:
                item = self.page.get_by_role("treeitem", name=re.compile(f"{place}$")).last
        await item.click()

    async def says(self, words: str, *, mention: bool = False) -> None:
        """Type something and send it; `mention`: with an @mention of the bot before it."""
        in_channel = self._scope not in {"personal", "group"}
        box = self.page.get_by_role("textbox").nth(0 if in_channel else -1)
        await box.click()
        if mention:
            await self.page.keyboard.type("@")
            await self.page.get_by_role("menuitem", name="Handrail").first.click()
            await self.page.keyboard.type(" ")
        await self.page.keyboard.insert_text(words)
        if in_channel:
            await self.page.get_by_role("button", name="Post").click()
        else:
            await self.page.keyboard.press("Enter")

    async def presses(self, button: str, *, on: Locator | None = None) -> None:
        """Press a button of the newest screen, or of another card."""
        await (on or self.newest()).get_by_role("button", name=button, exact=True).last.click()

    async def ticks(self, *options: str) -> None:
        """Tick options of the newest screen."""
        for option in options:
            await self.newest().get_by_role("checkbox", name=option).check(force=True)

    async def fills(self, words: str, *, on: Locator | None = None) -> None:
        """Type into the text field of the newest screen, or of another card."""
        await (on or self.newest()).get_by_role("textbox").last.fill(words)

    # ---- what the person sees

    def cards(self) -> Locator:
        """All cards on the screen."""
        return self.page.locator(".ac-adaptiveCard")

    def newest(self) -> Locator:
        """The newest card: the last one in a chat, the first thread of a channel."""
        return self.cards().nth(-1 if self._scope in {"personal", "group"} else 0)

    def card(self, words: str) -> Locator:
        """The newest card that says this."""
        return self.cards().filter(has_text=words).last

    async def sees(self, words: str) -> Locator:
        """Wait until the newest card says this."""
        newest = self.newest()
        await expect(newest).to_contain_text(words, timeout=_PATIENCE)
        return newest

    async def sees_somewhere(self, words: str) -> Locator:
        """Wait until any card says this."""
        found = self.card(words)
        await expect(found).to_be_visible(timeout=_PATIENCE)
        return found

    async def buttons(self, card: Locator) -> list[str]:
        """What can be pressed on a card, top to bottom."""
        return [each.strip() for each in await card.get_by_role("button").all_inner_texts() if each.strip()]

    async def picture(self, name: str, *, of: Locator | None = None) -> None:
        """Keep what the screen, or a part of it, looks like."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        await (of or self.page).screenshot(path=self.pictures / f"{name}.png")

    # ---- what others do

    async def other_presses(
        self, user: str, data: Mapping[str, Any], *, conversation: str, reply_to: str
    ) -> Any:
        """Another configured person presses a button; what their client gets back."""
        action = {"type": "Action.Execute", "verb": "handrail", "data": dict(data)}
        body = {
            "name": "adaptiveCard/action",
            "value": {"action": action},
            "from": {"id": user},
            "conversation": {"id": conversation},
            "replyToId": reply_to,
        }
        async with self._http.post(f"{self.url}/_conversation/v1/invoke", json=body) as response:
            return await response.json(content_type=None)

    async def activity(self, conversation: str, **fields: Any) -> int:
        """Any activity at all, by way of "Mock an Activity"; the Playground's status."""
        where = f"{self.url}/_internal/v1/customActivities"
        async with self._http.get(f"{where}/template", params={"conversationId": conversation}) as response:
            template = await response.json()
        async with self._http.post(where, json={**template, **fields}) as response:
            await response.read()
            return response.status

    # ---- the journal

    @property
    def journal(self) -> list[Exchange]:
        """Every exchange so far, oldest first."""
        found = []
        for frame in self.frames:
            log = frame.get("log") or {}
            if frame.get("logAction") != "appendLog" or not log.get("activityName"):
                continue
            request, response = log.get("request") or {}, log.get("response") or {}
            found.append(
                Exchange(
                    of="bot" if log.get("from") == "User Application" else "client",
                    what=log["activityName"],
                    status=int(response.get("statusCode") or 0),
                    sent=request.get("body"),
                    answer=response.get("body"),
                )
            )
        return found

    async def is_sent(self, words: str, *, since: int = 0) -> Exchange:
        """Wait for a new card of the bot that says this (a change of an older one is none).

        The screen may show a card before the journal has it, and an older card with the same words.

        Args:
            words: What the card says.
            since: How many exchanges of the journal are not looked at.
        """
        found: list[Exchange] = []

        def there() -> bool:
            found[:] = [
                each
                for each in self.journal[since:]
                if (each.of, each.status) == ("bot", 201) and words in str(each.sent)
            ]
            return bool(found)

        await until(there, within=_PATIENCE / 1000)
        return found[-1]

    async def is_changed(self, words: str) -> None:
        """Wait until an older card was changed to say this: it is drawn anew then, and forms close."""

        def there() -> bool:
            return any(
                (each.of, each.status) == ("bot", 200) and words in str(each.sent) for each in self.journal
            )

        await until(there, within=_PATIENCE / 1000)

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._received)

    def _received(self, payload: str | bytes) -> None:
        with contextlib.suppress(ValueError):
            self.frames.append(json.loads(payload))


@contextlib.asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[Playground]:
    """A fresh bot, the Playground in front of it and a browser on it, until the block ends.

    Args:
        folder: For the database, the logs and the pictures.
    """
    bot_port, port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    settings = environment(
        HANDRAIL_DATABASE_URL=f"sqlite:///{folder / 'handrail.db'}",
        HANDRAIL_HELPDESK_CHANNEL=CHANNEL,
        HANDRAIL_HELPDESK_SERVICE_URL=f"http://localhost:{port}/_connector",
        HANDRAIL_PORT=str(bot_port),
    )
    async with contextlib.AsyncExitStack() as stack:
        bot = await stack.enter_async_context(
            running(HANDRAIL, "serve", folder=folder, log="bot.log", env=settings)
        )
        server = await stack.enter_async_context(
            running(
                "node", str(home() / _PACKAGE / "cli.js"), "start", "--disable-telemetry",
                "-e", f"http://127.0.0.1:{bot_port}/api/messages", "-p", str(port), "-c", "msteams",
                folder=folder, log="playground.log", env=_quiet(folder),
            )
        )  # fmt: skip
        await bot.answers(f"http://127.0.0.1:{bot_port}/healthz")
        await server.answers(f"{url}/_internal/v1/config")

        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS))
        stack.push_async_callback(browser.close)
        context = await browser.new_context(viewport={"width": 1280, "height": 1000}, locale="en-GB")
        context.set_default_timeout(_PATIENCE)
        await context.route("**/*", _only_here)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        played = Playground(await context.new_page(), http, url, folder / "pictures")
        await played.page.goto(url)
        await played.page.get_by_role("textbox").first.wait_for()
        yield played


def _quiet(folder: Path) -> dict[str, str]:
    """The Playground's environment: its people, no browser of its own, and nothing beyond this machine."""
    shutil.copy(HERE / "people.yml", folder / ".m365agentsplayground.yml")
    opener = folder / "bin" / "xdg-open"  # a missing one ends it
    opener.parent.mkdir()
    opener.write_text("#!/bin/sh\n")
    opener.chmod(0o755)
    env = environment(NODE_OPTIONS=f"--require {HERE / 'quiet.cjs'}")
    return {**env, "PATH": f"{opener.parent}{os.pathsep}{env['PATH']}"}


async def _only_here(route: Route) -> None:
    """The page fetches fonts from elsewhere and works without them."""
    if re.match(r"(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|data:|blob:", route.request.url):
        await route.continue_()
    else:
        await route.abort()
