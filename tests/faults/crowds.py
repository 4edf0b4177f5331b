"""Everybody at once: copies of one event, and floods of one conversation, over several bots as processes.

    python -m tests.faults.crowds --copies 1000 --floods 100 [--postgres] [--replicas 3]

Copies: one event is posted a hundred times at once, spread over the bots; it takes effect once and every
copy is answered alike, byte for byte. Floods: two hundred messages at once to one conversation; what is
stored then is what the engine makes of them one after the other, in the order of the transcript.
"""

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from bot.config import Settings
from bot.content import load_content
from dialogs.conversation import Conversation
from dialogs.effects import Hear
from dialogs.engine import step
from dialogs.events import Said
from dialogs.library import Library
from tests.faults.agents import actions
from tests.faults.replicas import Born, Nursery, Replica
from tests.faults.settings import asking, settings
from tests.faults.world import World, world
from tests.support.cloud import DROP
from tests.support.fault_proxy import Weather
from tests.support.postgres import own_database, running_server
from tests.support.processes import free_port

COPIES = 100
FLOOD = 200
# What moves a conversation, back and forth, whatever comes in between; nothing that hands it over or starts a
# check, whose result would be a turn that is no line of the transcript.
_WORDS = ("AADSTS1000002", "no", "back", "status", "AADSTS50105", "help", "xyzzy", "repeat")


class Crowd:
    """Everybody, in front of the same bots."""

    def __init__(self, around: World, bots: Sequence[Replica], http: aiohttp.ClientSession) -> None:
        self.around = around
        self._bots = bots
        self._http = http
        self._head = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {around.cloud.token(serviceurl=around.service_url)}",
        }

    def activity(self, conversation: str, **fields: Any) -> dict[str, Any]:
        """A message into a personal chat."""
        tenant = self.around.cloud.tenant
        chat = {"id": conversation, "conversationType": "personal", "tenantId": tenant}
        common = {"entities": DROP, "locale": "en-GB", "serviceUrl": self.around.service_url}
        return self.around.cloud.activity(**{**common, "conversation": chat, **fields})

    async def post(self, activity: Mapping[str, Any], bot: int) -> tuple[int, bytes]:
        """Post to one of the bots, whichever the number means; again after a 503, as Teams does."""
        url = self._bots[bot % len(self._bots)].url
        body = msgspec.json.encode(activity)
        while True:
            async with self._http.post(url, data=body, headers=self._head) as answer:
                said = answer.status, await answer.read()
            if said[0] != 503:
                return said

    async def copies(self, number: int) -> list[str]:
        """One message and one press, a hundred copies each, the presses with ids of their own; what broke."""
        conversation = f"a:copies-{number}"
        said = self.activity(conversation, text="AADSTS1000002")
        answers = await asyncio.gather(*(self.post(said, n) for n in range(COPIES)))
        _, card = await self.around.next_screen(conversation, "")
        data = next(each["data"] for each in actions(card) if each["data"]["handrail"]["does"] == "chose")
        value = {"action": {"type": "Action.Execute", "verb": "go", "data": data}, "trigger": "manual"}
        invoke = {"type": "invoke", "name": "adaptiveCard/action", "value": value, "text": DROP}
        presses = (self.post(self.activity(conversation, **invoke), n) for n in range(COPIES))
        pressed = await asyncio.gather(*presses)
        return [
            f"{conversation}: {len(set(each))} different answers, for example {sorted(set(each))[:2]!r}"
            for each in (answers, pressed)
            if len(set(each)) != 1 or each[0][0] != 200
        ]

    async def flood(self, number: int) -> str:
        """Two hundred messages at once; the conversation."""
        conversation = f"a:flood-{number}"
        said = [
            self.activity(conversation, text=f"{_WORDS[n % len(_WORDS)]}{'' if n % 5 else f' {n}'}")
            for n in range(FLOOD)
        ]
        answers = await asyncio.gather(*(self.post(each, n) for n, each in enumerate(said)))
        assert {status for status, _ in answers} == {200}, set(answers)
        return conversation


def serial(library: Library, lines: Sequence[tuple[int, bytes]], language: str) -> Conversation:
    """What the engine makes of these words one after the other: lines of the transcript, with their times."""
    conversation = Conversation(language=language)
    for at, body in lines:
        words = msgspec.json.decode(body, type=Hear).words
        assert len(words) == 1
        assert isinstance(words[0], str)
        conversation = step(library, conversation, Said(at=at, text=words[0])).conversation
    return conversation


@contextlib.asynccontextmanager
async def crowd(folder: Path, database: str, replicas: int) -> AsyncIterator[Crowd]:
    """Bots that live, and nobody who kills them."""
    async with (
        world(folder / "journal.jsonl", Weather(), 1) as around,
        Nursery.open(folder / "nursery.log") as nursery,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http,
    ):
        env = settings(around, folder, database)
        envs = ({**env, "HANDRAIL_PORT": str(free_port())} for _ in range(replicas))
        born = [Born(env=each, log=str(folder / "bots.log"), lease=30.0) for each in envs]
        bots = await asyncio.gather(*(nursery.up(f"bot-{n}", each) for n, each in enumerate(born)))
        yield Crowd(around, bots, http)


async def run(folder: Path, database: str, replicas: int, copies: int, floods: int) -> list[str]:
    """Everything that broke a promise."""
    library = load_content(Settings.read({}))
    ask = asking(folder, database)
    broken: list[str] = []
    async with crowd(folder, database, replicas) as all_of_them:
        for number in range(copies):
            broken += await all_of_them.copies(number)
        flooded = [await all_of_them.flood(number) for number in range(floods)]
    turns = await ask("SELECT key, turns FROM conversations WHERE key LIKE '%copies%'")
    broken += [f"{key} has {kept} turns of 2 events" for key, kept in turns if kept != 2]
    if len(turns) != copies:
        broken.append(f"{len(turns)} conversations of {copies}")
    for conversation in flooded:
        where = f"conversation LIKE '%:{conversation}'"
        said = await ask(f"SELECT at, body FROM lines WHERE who = 'person' AND {where} ORDER BY seq")
        ((state,),) = await ask(f"SELECT state FROM conversations WHERE key LIKE '%:{conversation}'")
        kept = msgspec.json.decode(state, type=Conversation)
        if len(said) != FLOOD or kept.turn != FLOOD:
            broken.append(f"{conversation}: {len(said)} messages and {kept.turn} turns of {FLOOD}")
        if serial(library, [(at, body) for at, body in said], kept.language) != kept:
            broken.append(f"{conversation}: what is stored is no serial order of what was said")
    return broken


def main() -> int:
    """Run as asked for and print the figures; 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--copies", type=int, default=20)
    parser.add_argument("--floods", type=int, default=5)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="handrail-crowds-")))
        database = ""
        if given.postgres:
            database = stack.enter_context(own_database(stack.enter_context(running_server())))
        broken = asyncio.run(run(folder, database, given.replicas, given.copies, given.floods))
    where = "PostgreSQL" if database else "SQLite"
    sys.stdout.write(
        f"{given.copies} x 2 events x {COPIES} copies, {given.floods} floods of {FLOOD}, {given.replicas}"
        f" bots on {where}, {time.monotonic() - started:.0f} s: {len(broken)} promises broken\n"
    )
    sys.stdout.writelines(f"  {each}\n" for each in broken[:20])
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
