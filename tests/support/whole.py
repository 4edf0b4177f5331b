"""The whole bot on a real loopback server, in the played cloud: all but Microsoft is the real thing."""

import asyncio
import contextlib
import json
import math
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.app import Parts, running, web_app
from bot.config import Settings
from bot.teams.auth import ChannelGate
from bot.teams.pace import TEAMS, UNLIMITED, Limits
from dialogs.conversation import Conversation
from dialogs.library import Library
from tests.support.cloud import DROP, PlayedCloud, Sent

CHANNEL = "19:helpdesk@thread.tacv2"
PERSON = "0f0f0f0f-1111-4222-8333-444444444444"


def environment(cloud: PlayedCloud, database: Path) -> dict[str, str]:
    """The settings of a bot that lives in the played cloud."""
    return {
        "MicrosoftAppId": cloud.app_id,
        "MicrosoftAppPassword": cloud.secret,
        "MicrosoftAppTenantId": cloud.tenant,
        "HANDRAIL_DATABASE_URL": f"sqlite:///{database}",
        "HANDRAIL_HELPDESK_CHANNEL": CHANNEL,
        "HANDRAIL_HELPDESK_SERVICE_URL": cloud.service_url,
        "HANDRAIL_OPENID_METADATA_URL": cloud.metadata_url,
        "HANDRAIL_TOKEN_URL": cloud.token_url,
        "HANDRAIL_TOKEN_ISSUER": cloud.issuer,
        "HANDRAIL_SERVICE_URLS": cloud.service_url,
    }


class Whole:
    """A bot, the cloud around it, and a person who writes English in a personal chat."""

    def __init__(self, cloud: PlayedCloud, url: str, folder: Path) -> None:
        self.cloud = cloud
        self.url = url
        self.folder = folder
        self.parts: Parts | None = None

    # ---- what people do

    async def says(self, text: str, **changes: Any) -> int:
        """Write a message; the status of the bot's answer."""
        return await self.cloud.say(text, self.url, **{"entities": DROP, "locale": "en-GB", **changes})

    async def hands_over(self) -> str:
        """Ask for people right away; the number of the case."""
        await self.says("AADSTS1000002")
        await self.sees("Did the app open after you pressed Continue?")
        await self.presses("A person, please")
        await self.sees("Anything to add?")
        await self.presses("Hand it over")
        await self.until(lambda: any("Done: HR-" in read(card) for card in self.cards()))
        [done] = [read(card) for card in self.cards() if "Done: HR-" in read(card)]
        return done.split("Done: ")[1].split(".")[0]

    async def presses(self, title: str, *, on: Mapping[str, Any] | None = None, **changes: Any) -> Any:
        """Press a button of the newest card (or of another one); the body of the answer.

        A field of the activity can be changed, and `inputs` are what stands in the card's fields.
        """
        status, body = await self.press(title, on=on, **changes)
        assert status == 200, (status, body)
        return body

    async def press(
        self, title: str, *, on: Mapping[str, Any] | None = None, inputs: Mapping[str, str] | None = None,
        **changes: Any,
    ) -> tuple[int, Any]:  # fmt: skip
        """The same, whatever the status is."""
        data = data_of(on if on is not None else self.cards()[-1], title)
        changes = {"entities": DROP, "locale": "en-GB", **changes}
        return await self.cloud.click({**data, **(inputs or {})}, self.url, **changes)

    # ---- what arrives

    def arrived(self, conversation: str = "a:chat") -> list[Sent]:
        """What was newly sent into a conversation, oldest first."""
        return [
            each
            for each in self.cloud.sent
            if each.method == "POST" and each.parts[-1] == "activities" and each.parts[-2] == conversation
        ]

    def cards(self, conversation: str = "a:chat") -> list[dict[str, Any]]:
        """The cards among them."""
        sent = (each.body for each in self.arrived(conversation))
        return [body["attachments"][0]["content"] for body in sent if body.get("attachments")]

    def updates(self, activity: str) -> list[dict[str, Any]]:
        """The cards that were put in the place of a sent one, oldest first."""
        return [
            each.body["attachments"][0]["content"]
            for each in self.cloud.sent
            if each.method == "PUT" and each.parts[-1] == activity
        ]

    def announced(self) -> list[dict[str, Any]]:
        """The cards that began a thread in the helpdesk's channel."""
        return [
            each.body["activity"]["attachments"][0]["content"]
            for each in self.cloud.sent
            if each.parts[-1] == "conversations"
        ]

    async def sees(self, words: str, conversation: str = "a:chat") -> dict[str, Any]:
        """Wait until the newest card of a conversation says this; the card."""
        await self.until(
            lambda: bool(self.cards(conversation)) and words in read(self.cards(conversation)[-1])
        )
        return self.cards(conversation)[-1]

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true."""
        try:
            async with asyncio.timeout(60):
                while not true():  # noqa: ASYNC110  the outbox works in the background and tells nobody
                    await asyncio.sleep(0.005)
        except TimeoutError:
            seen = [read(card) for card in self.cards()[-3:]]
            raise AssertionError(f"it never became true; the newest cards: {seen}") from None

    async def kept(self, key: str = "") -> Conversation:
        """The stored conversation of the person, or of `key`."""
        assert self.parts is not None
        found = await self.parts.store.conversation(key or f"teams:{self.cloud.tenant}:a:chat")
        assert found is not None
        return found[0]


def read(card: Any) -> str:
    """All words of a card that can be read or pressed, in order."""
    match card:
        case {"type": "AdaptiveCard"}:
            return "\n".join(filter(None, (read(each) for each in card["body"])))
        case dict():
            own = [card[key] for key in ("text", "title") if isinstance(card.get(key), str)]
            nested = (card.get(key) for key in ("inlines", "items", "columns", "actions", "choices"))
            return " ".join([*own, *(read(each) for each in nested if each)])
        case list():
            return " ".join(read(each) for each in card)
    return ""


def data_of(card: Mapping[str, Any], title: str) -> dict[str, Any]:
    """What the button with this title sends; the last one when there are several."""
    found = [each for each in _actions(card) if each.get("title") == title and "data" in each]
    assert found, f"no button {title!r} on: {read(card)}"
    data: dict[str, Any] = found[-1]["data"]
    return data


def _actions(part: Any) -> list[dict[str, Any]]:
    if isinstance(part, dict):
        own = [part] if str(part.get("type", "")).startswith("Action.") else []
        return own + [each for key, value in part.items() if key != "fallback" for each in _actions(value)]
    return [each for value in part for each in _actions(value)] if isinstance(part, list) else []


@contextlib.asynccontextmanager
async def whole_bot(cloud: PlayedCloud, folder: Path, library: Library, **more: str) -> AsyncIterator[Whole]:
    """Start the bot on a free port of this machine, with `more` settings; it is stopped at the end.

    Its people type faster than Teams allows a bot to answer, so Teams' limits are off.
    """
    settings = Settings.read({**environment(cloud, folder / "handrail.db"), **more})
    started = running(settings, library=library, limits=UNLIMITED)
    async with started as parts, _served(cloud, folder, parts) as whole:
        yield whole


@contextlib.asynccontextmanager
async def whole_bot_as_it_is(
    cloud: PlayedCloud, folder: Path, library: Library, *, limits: Limits = TEAMS, **more: str
) -> AsyncIterator[Whole]:
    """The same with Teams' limits, as everybody gets it; or with others."""
    settings = Settings.read({**environment(cloud, folder / "handrail.db"), **more})
    started = running(settings, library=library, limits=limits)
    async with started as parts, _served(cloud, folder, parts) as whole:
        yield whole


@contextlib.asynccontextmanager
async def _served(cloud: PlayedCloud, folder: Path, parts: Parts) -> AsyncIterator[Whole]:
    runner = web.AppRunner(web_app(parts), access_log=None, shutdown_timeout=0.1, auto_decompress=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        whole = Whole(cloud, f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages", folder)
        whole.parts = parts
        await _keys(parts)
        yield whole
    finally:
        await runner.cleanup()


async def _keys(parts: Parts) -> None:
    """See that the signing keys are there: the bot waits a minute after an attempt that was too slow."""
    if isinstance(parts.gate, ChannelGate):
        for _ in range(5):
            await parts.gate._keys.keep_fresh()
            if parts.gate._keys.loaded:
                return
            parts.gate._keys._attempted_at = -math.inf


def body_card(body: Any) -> dict[str, Any]:
    """The card in the answer to a pressed button."""
    assert body["type"] == "application/vnd.microsoft.card.adaptive", json.dumps(body)[:300]
    card: dict[str, Any] = body["value"]
    return card


def body_words(body: Any) -> str:
    """The words in the answer to a pressed button that changed nothing."""
    assert body["type"] == "application/vnd.microsoft.activity.message", json.dumps(body)[:300]
    return str(body["value"])
