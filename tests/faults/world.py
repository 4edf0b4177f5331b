"""What surrounds the bots while they are killed: a played Teams whose journal outlives them all.

The world runs in the process of the test and never dies. Every request that reaches Teams is noted before it
is answered, in memory and as a line of a file that only grows.
"""

import asyncio
import contextlib
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO, Any

import msgspec
from aiohttp import web

from tests.support.cloud import PlayedCloud, Sent
from tests.support.fault_proxy import FaultProxy, Weather
from tests.support.whole import CHANNEL

_CASE = re.compile(r"HR-[0-9A-Z]{4,7}")
_SEEN = re.compile(r'"seen": (\d+)')


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that reached Teams. `prompt` or `case` says what it was about."""

    kind: str  # show, update, typing, announce, line or card
    conversation: str
    activity: str
    prompt: str = ""
    case: str = ""
    words: str = ""  # of a line in a case's thread
    seen: int = 0  # how much had happened to the case when its card was made


class World:
    """Teams as the bots meet it.

    Attributes:
        cloud: Keys, tokens and the Connector API.
        proxy: The way there; its weather may be changed.
        notes: The journal, oldest first.
        screens: Of each conversation the newest card.
        told: All words that were shown in a conversation, or below a case's card, oldest first.
        threads: Of each case that was announced the newest thread, and the newest card in it.
    """

    def __init__(self, cloud: PlayedCloud, proxy: FaultProxy, journal: IO[str]) -> None:
        self.cloud = cloud
        self.proxy = proxy
        self.notes: list[Note] = []
        self.screens: dict[str, dict[str, Any]] = {}
        self.told: defaultdict[str, list[str]] = defaultdict(list)
        self.threads: dict[str, tuple[str, dict[str, Any]]] = {}
        self._journal = journal
        self._arrived: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._ids = 0
        cloud.connector.always_with(self._connector)

    @property
    def service_url(self) -> str:
        """The address that activities name: the one behind the bad network."""
        return f"{self.proxy.url}/teams/"

    async def next_screen(self, conversation: str, than: str) -> tuple[str, dict[str, Any]]:
        """Wait for a card of another prompt than `than`; its prompt and itself."""
        while True:
            arrived = self._arrived[conversation]
            screen = self.screens.get(conversation)
            if screen is not None and (prompt := prompt_of(screen)) != than:
                return prompt, screen
            await arrived.wait()

    async def until(self, conversation: str, seen: Callable[[], bool]) -> None:
        """Wait for something to arrive in a conversation until `seen`."""
        while not seen():
            await self._arrived[conversation].wait()

    async def _connector(self, request: web.Request) -> web.StreamResponse:
        sent: Sent = self.cloud.connector.received.pop()
        self._ids += 1
        card = _card(sent.body)
        match request.method, sent.parts:
            case "POST", [*_, "v3", "conversations"]:
                thread = f"{CHANNEL};messageid=a{self._ids}"
                case = _first(_CASE, json.dumps(sent.body))
                self._note("announce", thread, f"a{self._ids}", case=case, seen=_seen(sent.body))
                self._in_thread(thread, case, _card(sent.body["activity"]))
                return web.json_response({"id": thread, "activityId": f"a{self._ids}"}, status=201)
            case "POST", [*_, thread, "activities"] if thread.startswith(CHANNEL):
                self._note("line", thread, f"a{self._ids}", words=str(sent.body.get("text")))
                self.told[thread].append(str(sent.body.get("text")))
                self._came(CHANNEL)
                return web.json_response({"id": f"a{self._ids}"}, status=201)
            case "PUT", [*_, thread, "activities", activity] if thread.startswith(CHANNEL):
                self._note("card", thread, activity, seen=_seen(sent.body))
                self._in_thread(thread, _first(_CASE, json.dumps(sent.body)), card)
                return web.json_response({"id": activity})
            case "POST", [*_, conversation, "activities"]:
                typing = sent.body.get("type") == "typing"
                prompt = prompt_of(card) if card else ""
                self._note("typing" if typing else "show", conversation, f"a{self._ids}", prompt=prompt)
                if card is not None:
                    self.screens[conversation] = card
                    self.told[conversation].append(str(card.get("fallbackText")))
                    self._came(conversation)
                return web.json_response({"id": f"a{self._ids}"}, status=201)
            case "PUT", [*_, conversation, "activities", activity]:
                self._note("update", conversation, activity)
                return web.json_response({"id": activity})
        return web.json_response({"error": {"code": "BadArgument"}}, status=400)

    def _in_thread(self, thread: str, case: str, card: dict[str, Any] | None) -> None:
        if card is not None:
            self.threads[case] = (thread, card)
            self._came(CHANNEL)

    def _came(self, where: str) -> None:
        self._arrived.pop(where, asyncio.Event()).set()

    def _note(self, kind: str, conversation: str, activity: str, **more: Any) -> None:
        note = Note(kind=kind, conversation=conversation, activity=activity, **more)
        self.notes.append(note)
        self._journal.write(f"{msgspec.json.encode(note).decode()}\n")
        self._journal.flush()


@contextlib.asynccontextmanager
async def world(journal: Path, weather: Weather, seed: int) -> AsyncIterator[World]:
    """A world with nobody in it."""
    with journal.open("a", encoding="utf-8") as file:
        async with PlayedCloud() as cloud, FaultProxy.to(cloud.url, weather, seed) as proxy:
            yield World(cloud, proxy, file)


def prompt_of(card: Any) -> str:
    """The id of the prompt that a card shows, as its buttons send it; "" when it has no button."""
    if isinstance(card, dict):
        ours = card.get("handrail")
        if isinstance(ours, dict) and "prompt" in ours:
            return str(ours["prompt"])
        return next(filter(None, map(prompt_of, card.values())), "")
    return next(filter(None, map(prompt_of, card)), "") if isinstance(card, list) else ""


def _card(body: Any) -> dict[str, Any] | None:
    attachments = body.get("attachments") if isinstance(body, dict) else None
    return attachments[0]["content"] if attachments else None


def _seen(body: Any) -> int:
    """How much had happened to a case when this card of it was made, as its buttons send it."""
    return max(map(int, _SEEN.findall(json.dumps(body))), default=0)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""
