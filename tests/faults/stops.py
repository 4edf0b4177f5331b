"""SIGTERM at random moments while people talk: what was taken is answered, what was promised is kept.

    python -m tests.faults.stops [--rounds N] [--seed S] [--postgres]

Each round is a `handrail serve` on the same database in the played cloud, and eight people who write without
a pause. Every third round the cloud does not take what the bot sends: the stop breaks it off and hands it
back. A message without an answer must have had no effect; everything else has to come out in the end, and
what the cloud has taken comes once.
"""

import argparse
import asyncio
import contextlib
import itertools
import random
import signal
import sqlite3
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.cloud import PlayedCloud, Sent
from tests.support.postgres import ask, own_database, restartable_server
from tests.support.served import served_unthrottled
from tests.support.waiting import until
from tests.support.whole import Whole

PEOPLE = 8
PROMISED = 10.0  # seconds from SIGTERM to the end


class Crowd:
    """People who write one message after the other, and note what became of each."""

    def __init__(self, bot: Whole) -> None:
        self.answered: set[str] = set()
        self.unanswered: set[str] = set()
        self._bot = bot
        self._numbers = itertools.count()
        self._own = uuid.uuid4().hex  # ids are new in each round

    async def talk(self) -> None:
        """All of them, each until nobody listens any more."""
        await asyncio.gather(*(self._talk(person) for person in range(PEOPLE)))

    async def _talk(self, person: int) -> None:
        chat = {"id": f"a:{person}", "conversationType": "personal", "tenantId": self._bot.cloud.tenant}
        while True:
            name = f"{self._own}-{next(self._numbers)}"
            self.unanswered.add(name)
            try:
                status = await self._bot.says("hello", id=name, conversation=chat)
            except aiohttp.ClientConnectorError:
                self.unanswered.discard(name)  # it was never taken: nobody listened
                return
            except aiohttp.ClientError:
                return
            assert status == 200, f"{name} was answered with {status}"
            self.unanswered.discard(name)
            self.answered.add(name)


class Books:
    """What is on the disk, in either database."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def rows(self, sql: str) -> list[Any]:
        """What a query finds."""
        if self.url.startswith("postgresql"):
            return await ask(self.url, sql)
        with contextlib.closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as db:
            return db.execute(sql).fetchall()

    async def taken(self) -> set[str]:
        """The ids of all messages that took effect."""
        return {row[0].removeprefix("activity/") for row in await self.rows("SELECT event FROM taken")}

    async def states(self) -> dict[str, int]:
        """How many outbox messages are in each state."""
        return {
            row[0]: row[1] for row in await self.rows("SELECT state, count(*) FROM outbox GROUP BY state")
        }


async def stopped(bot: Whole, books: Books, after: int, *, hangs: bool) -> tuple[Crowd, float]:
    """One round: the crowd, and how many seconds the stop took."""
    if hangs:
        bot.cloud.connector.always_with(bot.cloud.hang)
    async with served_unthrottled(bot, HANDRAIL_DATABASE_URL=books.url) as process:
        crowd = Crowd(bot)
        talking = asyncio.create_task(crowd.talk())
        await until(lambda: len(crowd.answered) >= after or talking.done())
        began = time.monotonic()
        process.signal(signal.SIGTERM)
        code = await process.ended()
        seconds = time.monotonic() - began
        assert code == 0, f"it ended with {code} after {seconds:.1f} s:\n{process.said()[-3000:]}"
        async with asyncio.timeout(30):
            await talking
    bot.cloud.connector.usual()
    return crowd, seconds


async def emptied(bot: Whole, books: Books) -> None:
    """A last start, which sends all that waits."""

    async def sent() -> bool:
        return not set(await books.states()) - {"done"}

    async with served_unthrottled(bot, HANDRAIL_DATABASE_URL=books.url):
        await until(sent, within=120)


async def rounds(
    folder: Path, url: str, number: int, seed: int, hang_every: int
) -> tuple[Counter[str], float]:
    """All rounds and the books at the end: what happened how often, and the longest stop in seconds."""
    chance, books, figures, longest = random.Random(seed), Books(url), Counter[str](), 0.0
    async with PlayedCloud() as cloud:
        bot = Whole(cloud, "", folder)
        hung = 0
        for one in range(1, number + 1):
            hangs = one % hang_every == 0
            before = len(posted(cloud))
            crowd, seconds = await stopped(bot, books, chance.randrange(1, 200), hangs=hangs)
            hung += (len(posted(cloud)) - before) if hangs else 0
            longest = max(longest, seconds)
            taken, states = await books.taken(), await books.states()
            assert crowd.answered <= taken, f"acknowledged and lost: {crowd.answered - taken}"
            assert not crowd.unanswered & taken, f"took effect without an answer: {crowd.unanswered & taken}"
            assert "leased" not in states, f"round {one}: a lease was not handed back: {states}"
            figures.update(
                rounds=1,
                hung=hangs,
                answered=len(crowd.answered),
                unanswered=len(crowd.unanswered),
                waiting=states.get("ready", 0),
            )
        await emptied(bot, books)
        ((shown,),) = await books.rows("SELECT count(*) FROM outbox WHERE key LIKE 'show/%'")
        figures["shown"] = shown
        arrived = len(posted(cloud)) - hung
        assert arrived == shown, f"{arrived} cards came for {shown}: one that had arrived came again"
    return figures, longest


def posted(cloud: PlayedCloud) -> list[Sent]:
    """What was newly sent to people."""
    return [each for each in cloud.sent if each.method == "POST" and each.parts[-1] == "activities"]


def main() -> None:
    """The long run, with figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1000002)
    parser.add_argument("--hang-every", type=int, default=10)
    parser.add_argument("--postgres", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        url = f"sqlite:///{folder}/handrail.db"
        if chosen.postgres:
            url = stack.enter_context(own_database(stack.enter_context(restartable_server()).url))
        work = rounds(Path(folder), url, chosen.rounds, chosen.seed, chosen.hang_every)
        figures, longest = asyncio.run(work)
    print(dict(figures), f"longest stop {longest:.1f} s")
    assert longest < PROMISED


if __name__ == "__main__":
    main()
