"""What surrounds the bots while they are killed: a played Teams whose journal outlives them all.

The world runs in the process of the test and never dies. Every request that reaches Teams is noted before it
is answered, in memory and as a line of a file that only grows. It knows which bot sent what, because each has
a token of its own, and whether the answer can have been heard.
"""

import asyncio
import contextlib
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any

import msgspec
from aiohttp import web

from tests.faults.drive import Drive
from tests.support.cloud import PlayedCloud, Sent
from tests.support.fault_proxy import FaultProxy, Weather
from tests.support.whole import CHANNEL, read

_CASE = re.compile(r"HR-[0-9A-Z]{4,7}")
_ANYWHERE = ""
_JOINER = "\u2060"  # stands in names so that no client takes them for links
_SEEN = re.compile(r'"seen": (\d+)')


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that reached Teams, or a death. `prompt` or `case` says what it was about."""

    kind: str  # show, update, typing, announce, line, card or death
    life: str  # of the bot that sent it, or that died
    conversation: str = ""
    activity: str = ""
    prompt: str = ""
    case: str = ""
    words: str = ""  # of a screen, or of a line in a case's thread
    seen: int = 0  # how much had happened to the case when its card was made
    request: int = 0  # the how manieth
    connection: int = 0  # the one it came over


class Journal(msgspec.Struct, kw_only=True):
    """What reached Teams, oldest first.

    Attributes:
        notes: See `Note`.
        cards: Of each thread of the helpdesk's channel the words of its card as it is now.
        in_doubt: The requests of which their sender got no answer.
    """

    notes: list[Note]
    cards: dict[str, str]
    in_doubt: frozenset[int]


class World:
    """Teams as the bots meet it.

    Attributes:
        cloud: Keys, tokens and the Connector API.
        proxy: The way there; its weather may be changed.
        drive: Where the files of people lie.
        screens: Of each conversation the newest card that asks something; news has no button.
        told: All words that were shown in a conversation, or below a case's card, oldest first.
        cards: Of each thread of the helpdesk's channel the words of its card.
        threads: Of each case that was announced the newest thread, and the newest card in it.
    """

    def __init__(self, cloud: PlayedCloud, proxy: FaultProxy, journal: IO[str], seed: int) -> None:
        self.cloud = cloud
        self.proxy = proxy
        self.drive = Drive(cloud, proxy.url, seed)
        self.screens: dict[str, dict[str, Any]] = {}
        self.told: defaultdict[str, list[str]] = defaultdict(list)
        self.cards: dict[str, str] = {}
        self.threads: dict[str, tuple[str, dict[str, Any]]] = {}
        self._notes: list[Note] = []
        self._file = journal
        self._arrived: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._ids = 0
        cloud.connector.always_with(self.connector)

    @property
    def service_url(self) -> str:
        """The address that activities name: the one behind the bad network."""
        return f"{self.proxy.url}/teams/"

    @property
    def arrivals(self) -> int:
        """How much has arrived until now."""
        return len(self._notes)

    def token_url(self, life: str) -> str:
        """Where the bot of this name gets its token, by which its requests are known."""
        return f"{self.cloud.url}/token/{life}"

    def died(self, life: str) -> None:
        """A bot is dead: whatever it had sent and not written down may come again."""
        self._note("death", life=life)

    def journal(self) -> Journal:
        """What has arrived until now."""
        last_over = {note.connection: note.request for note in self._notes if note.connection}
        in_doubt = frozenset(last_over[each] for each in self.proxy.unanswered if each in last_over)
        return Journal(notes=[*self._notes], cards=dict(self.cards), in_doubt=in_doubt)

    async def next_screen(self, conversation: str, than: str) -> tuple[str, dict[str, Any]]:
        """Wait for a card of another prompt than `than`; its prompt and itself."""
        while True:
            arrived = self._arrived[conversation]
            screen = self.screens.get(conversation)
            if screen is not None and (prompt := prompt_of(screen)) != than:
                return prompt, screen
            await arrived.wait()

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait for something to arrive, wherever it is, until `seen`."""
        while not seen():
            await self._arrived[_ANYWHERE].wait()

    async def connector(self, request: web.Request) -> web.StreamResponse:
        """How Teams answers what a bot sends."""
        sent: Sent = self.cloud.connector.received.pop()
        if sent.parts[:1] == ["token"]:
            return self._token(await request.post(), sent.parts[-1])
        self._ids += 1
        activity, card = f"a{self._ids}", _card(sent.body)
        assert request.transport is not None
        connection = self.proxy.connection(request.transport.get_extra_info("peername")[1])
        life = sent.headers["Authorization"].removeprefix("Bearer ")
        note = partial(self._note, life=life, request=self._ids, connection=connection)
        match request.method, sent.parts:
            case "POST", [*_, "v3", "conversations"]:
                thread = f"{CHANNEL};messageid={activity}"
                case, card = _first(_CASE, json.dumps(sent.body)), _card(sent.body["activity"])
                note("announce", conversation=thread, activity=activity, case=case, seen=_seen(card))
                self._in_thread(thread, case, card)
                return web.json_response({"id": thread, "activityId": activity}, status=201)
            case "POST", [*_, thread, "activities"] if thread.startswith(CHANNEL):
                words = str(sent.body.get("text")).replace(_JOINER, "")
                note("line", conversation=thread, activity=activity, words=words)
                self.told[thread].append(words)
                self._came(CHANNEL)
                return web.json_response({"id": activity}, status=201)
            case "PUT", [*_, thread, "activities", changed] if thread.startswith(CHANNEL):
                note("card", conversation=thread, activity=changed, seen=_seen(card))
                self._in_thread(thread, _first(_CASE, json.dumps(sent.body)), card)
                return web.json_response({"id": changed})
            case "POST", [*_, conversation, "activities"] if sent.body.get("type") == "typing":
                note("typing", conversation=conversation, activity=activity)
                return web.json_response({"id": activity}, status=201)
            case "POST", [*_, conversation, "activities"]:
                words = str(card.get("fallbackText")).replace(_JOINER, "") if card else ""
                prompt = prompt_of(card)
                note("show", conversation=conversation, activity=activity, prompt=prompt, words=words)
                if prompt and card is not None:
                    self.screens[conversation] = card
                if card is not None:
                    self.told[conversation].append(words)
                    self._came(conversation)
                return web.json_response({"id": activity}, status=201)
            case "PUT", [*_, conversation, "activities", changed]:
                note("update", conversation=conversation, activity=changed)
                return web.json_response({"id": changed})
        return web.json_response({"error": {"code": "BadArgument"}}, status=400)

    def _token(self, form: Mapping[str, Any], life: str) -> web.StreamResponse:
        if (form["client_id"], form["client_secret"]) != (self.cloud.app_id, self.cloud.secret):
            return web.json_response({"error": "invalid_client"}, status=401)
        return web.json_response({"token_type": "Bearer", "expires_in": 3600, "access_token": life})

    def _in_thread(self, thread: str, case: str, card: dict[str, Any] | None) -> None:
        if card is not None:
            self.threads[case] = (thread, card)
            self.cards[thread] = read(card).replace(_JOINER, "")
            self._came(CHANNEL)

    def _came(self, where: str) -> None:
        for each in (where, _ANYWHERE):
            self._arrived.pop(each, asyncio.Event()).set()

    def _note(self, kind: str, **what: Any) -> None:
        note = Note(kind=kind, **what)
        self._notes.append(note)
        self._file.write(f"{msgspec.json.encode(note).decode()}\n")
        self._file.flush()


@contextlib.asynccontextmanager
async def world(journal: Path, weather: Weather, seed: int) -> AsyncIterator[World]:
    """A world with nobody in it."""
    with journal.open("a", encoding="utf-8") as file:
        async with PlayedCloud() as cloud, FaultProxy.to(cloud.url, weather, seed) as proxy:
            yield World(cloud, proxy, file, seed)


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
