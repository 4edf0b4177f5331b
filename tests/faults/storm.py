"""A storm of 429s in simulated time: a played Teams that enforces its real limits, and all of ours before it.

The outbox over SQLite, the dispatcher, the channel, the connector and its pace are the real ones; only the
HTTP client is played, so half an hour takes a minute. Nothing waits: the clock jumps to what comes next.

    python -m tests.faults.storm --conversations 1000 --minutes 30 --replicas 3

The storm has three thirds: 429 with Retry-After to seven of ten requests, the same without, and then 429 to
everything. One conversation is spared: it pauses in the last third, and must not notice.
"""

import argparse
import asyncio
import heapq
import json
import logging
import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Self, cast
from urllib.parse import unquote

import aiohttp
import msgspec
import structlog
from yarl import URL

from bot.address import Address
from bot.delivery import AT_ONCE
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.ending import Done
from bot.store.api import Message, NewMessage
from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import MEMORY, SqliteFile
from bot.teams.channel import TeamsChannel
from bot.teams.connector import Connector
from bot.teams.pace import Limits, Pace
from bot.teams.service_urls import ServiceUrls
from bot.teams.tokens import Anonymous
from bot.teams.windows import Window, Windows
from tests.support.keeping import NOW, Clock, counting

URL_OF_TEAMS = "http://127.0.0.1:1/teams/"
CHANNEL = "19:helpdesk@thread.tacv2"
CALM = "a:calm"
# A copy of what Microsoft publishes, so that Teams does not forget what the bot forgets.
TEAMS = Limits(send=(Window(7, 1), Window(8, 2), Window(60, 30), Window(1800, 3600)), app=(Window(50, 1),))
CALM_EVERY = 5.0  # seconds between two messages of the calm conversation


class Answer:
    """An answer of the played Teams, as the HTTP client would hand it over."""

    def __init__(self, status: int, body: Mapping[str, str], headers: Mapping[str, str]) -> None:
        self.status = status
        self.headers = headers
        self.content = self
        self._body = json.dumps(body).encode()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def iter_chunked(self, _size: int) -> Any:
        """The body."""
        yield self._body


class PlayedTeams:
    """Enforces the published limits, and storms when told to.

    Attributes:
        taken: Texts that were accepted by thread, with the time, in order.
        broken: Requests that a limit forbids.
        early: Requests before a Retry-After was over, by thread.
        requests: All of them.
        refused: Answered with 429.
    """

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self.taken: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self.broken = self.requests = self.refused = 0
        self.early: Counter[str] = Counter()
        self.weather = "fair"
        self._clock = clock
        self._chance = chance
        self._threads: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=1800))
        self._app: deque[float] = deque(maxlen=50)
        self._closed: dict[str, float] = {}

    def request(self, _method: str, url: URL, *, data: bytes, **_: Any) -> Answer:
        """Take or refuse a message."""
        now = self._clock()
        self.requests += 1
        body = json.loads(data)
        path = unquote(url.raw_path).split("/")
        thread = path[4] if len(path) > 4 else body["channelData"]["channel"]["id"]
        told_to_wait = now < self._closed.get(thread, 0.0)
        full = _is_full(self._threads[thread], TEAMS.send, now) or _is_full(self._app, TEAMS.app, now)
        self.early[thread] += told_to_wait
        self.broken += full
        self._threads[thread].append(now)
        self._app.append(now)
        if told_to_wait or full or self._storms(thread):
            self.refused += 1
            return Answer(429, {}, self._retry_after(thread, now))
        text = body.get("text") or body["activity"]["summary"]
        self.taken[thread].append((now, text))
        return Answer(201, {"id": f"{thread};messageid={self.requests}"}, {})

    def _storms(self, thread: str) -> bool:
        if self.weather in {"with", "without"}:
            return thread != CALM and self._chance.random() < 0.7
        return self.weather == "everything"

    def _retry_after(self, thread: str, now: float) -> dict[str, str]:
        if self.weather == "without" or (self.weather == "everything" and self._chance.random() < 0.5):
            return {}
        seconds = self._chance.randint(1, 30)
        self._closed[thread] = now + seconds
        return {"Retry-After": str(seconds)}


def _is_full(times: deque[float], windows: Windows, now: float) -> bool:
    return any(len(times) >= each.limit and times[-each.limit] > now - each.seconds for each in windows)


class Figures(msgspec.Struct, kw_only=True):
    """What came of it. Times are simulated seconds; `cpu` is not.

    Attributes:
        sent: Messages that were put into the outbox.
        lost, doubled, disordered: How many of them, over all conversations.
        waiting: How many were left at the end.
        backlog: How many waited when the storm was over.
        drained_in: How long nine tenths of it took; the rest also waits for the last pauses of the storm.
        at_best: How long the limits alone would have taken for those.
        emptied_in: How long all of it took.
        calm_delay: The longest that a message of the spared conversation took.
    """

    sent: int
    requests: int
    refused: int
    broken: int
    early: int
    lost: int
    doubled: int
    disordered: int
    waiting: int
    backlog: int
    drained_in: float
    at_best: float
    emptied_in: float
    calm_delay: float
    cpu: float = 0.0


class Storm:
    """One storm: so many conversations, so long, with so many replicas of the bot."""

    def __init__(
        self,
        *,
        conversations: int,
        minutes: float,
        rate: float,
        cases: int = 100,
        replicas: int = 1,
        seed: int = 1,
    ) -> None:
        """Set the stage.

        Args:
            conversations: How many are hit.
            minutes: How long it storms.
            rate: Messages a second, all conversations together.
            cases: New cases for the one channel, all at the same moment.
            replicas: How many bots share the outbox and the limits.
            seed: The same one, the same storm.
        """
        self.clock = Clock(NOW)
        self.chance = random.Random(seed)
        self.teams = PlayedTeams(self.clock, self.chance)
        self.seconds = minutes * 60
        self._conversations = conversations
        self._rate = rate
        self._cases = cases
        self._replicas = replicas
        self._written: dict[str, float] = {}  # when, by key
        self._count = 0
        self._paces: list[Pace] = []

    async def run(self) -> Figures:
        """Let it storm, then wait until everything is delivered."""
        began = time.process_time()
        store = SqliteStore(SqliteFile(MEMORY), clock=self.clock)
        await store.open()
        bots = [self._bot(store) for _ in range(self._replicas)]
        storm_ends = NOW + self.seconds
        arrivals = [(NOW, CALM), (NOW + self.seconds / 4, CHANNEL)]
        arrivals += [(NOW + self.chance.random() * self._gap, f"a:{n}") for n in range(self._conversations)]
        heapq.heapify(arrivals)
        while True:
            self.teams.weather = self._weather()
            await self._write_down(store, arrivals, until=storm_ends)
            self.chance.shuffle(bots)  # whoever wakes first takes what is due
            await asyncio.gather(*(bot.drain() for bot in bots))
            waiting = sum((await store.depth()).values())
            if self.clock() >= storm_ends and not waiting:
                break
            due = await store.next_due()
            if due is not None and due <= self.clock():  # it waits for the app's limit
                due = self.clock() + min(pace.room()[1] for pace in self._paces)
            turns = [NOW + self.seconds * part / 3 for part in (1, 2, 3)]  # of the weather
            following = [*turns, *([due] if due is not None else []), arrivals[0][0]]
            self.clock.now = min(each for each in following if each > self.clock())
        figures = self._figures(waiting, storm_ends)
        await store.close()
        figures.cpu = time.process_time() - began
        return figures

    @property
    def _gap(self) -> float:
        """Seconds between two messages of one conversation."""
        return self._conversations / self._rate

    def _weather(self) -> str:
        third = int((self.clock() - NOW) / (self.seconds / 3))
        return ("with", "without", "everything", "fair")[min(third, 3)]

    def _bot(self, store: SqliteStore) -> Dispatcher:
        pace = Pace(clock=self.clock, chance=self.chance.random, replicas=lambda: self._replicas)
        session = cast("aiohttp.ClientSession", self.teams)
        channel = TeamsChannel(Connector(session, Anonymous(), ServiceUrls.loopback_only(), pace))

        async def perform(message: Message) -> Done:
            if message.kind == "handoff":
                await channel.post_card(URL_OF_TEAMS, CHANNEL, {}, message.key)
            else:
                where = Address(surface="teams", service_url=URL_OF_TEAMS, conversation_id=message.lane)
                await channel.send_text(where, message.key)
            return Done()

        self._paces.append(pace)
        return Dispatcher(
            store,
            perform,
            pools=AT_ONCE,
            room=lambda _: pace.room(),
            clock=self.clock,
            chance=self.chance.random,
        )

    async def _write_down(self, store: SqliteStore, arrivals: list[tuple[float, str]], until: float) -> None:
        """Put into the outbox what people and cases bring until now."""
        while arrivals[0][0] <= self.clock():
            _, thread = heapq.heappop(arrivals)
            for _ in range(self._cases if thread == CHANNEL else 1):
                self._count += 1
                key = f"{thread}/{self._count}"
                kind, lane = ("handoff", key) if thread == CHANNEL else ("show", thread)
                message = NewMessage(key=key, lane=lane, kind=kind, conversation=thread, body=b"")
                await store.turn(thread, key, counting(message))
                self._written[key] = self.clock()
            following = self.clock() + self._gap * (0.5 + self.chance.random())
            if thread == CALM:
                again = self.clock() + CALM_EVERY
                spared = again + CALM_EVERY < NOW + self.seconds * 2 / 3  # then even that one is hit
                heapq.heappush(arrivals, (again if spared else max(again, until), CALM))
            elif thread != CHANNEL and following < until:
                heapq.heappush(arrivals, (following, thread))

    # ---- what came of it

    def _figures(self, waiting: int, storm_ends: float) -> Figures:
        taken = sorted((at, key) for each in self.teams.taken.values() for at, key in each)
        keys = {key for _, key in taken}
        backlog = [(at, key) for at, key in taken if self._written[key] <= storm_ends < at]
        most = backlog[: len(backlog) * 9 // 10]
        return Figures(
            sent=len(self._written),
            requests=self.teams.requests,
            refused=self.teams.refused,
            broken=self.teams.broken,
            early=self.teams.early.total(),
            lost=len(self._written.keys() - keys),
            doubled=len(taken) - len(keys),
            disordered=sum(_disordered(each) for name, each in self.teams.taken.items() if name != CHANNEL),
            waiting=waiting,
            backlog=len(backlog),
            drained_in=most[-1][0] - storm_ends if most else 0.0,
            at_best=_at_best([key for _, key in most]),
            emptied_in=backlog[-1][0] - storm_ends if backlog else 0.0,
            calm_delay=max(at - self._written[key] for at, key in self.teams.taken[CALM]),
        )


def _disordered(taken: list[tuple[float, str]]) -> int:
    numbers = [int(key.rpartition("/")[2]) for _, key in taken]
    return sum(one > other for one, other in pairwise(numbers))


def _at_best(keys: list[str]) -> float:
    """Seconds in which the limits alone would let these through, each thread as fast as it may."""
    threads = Counter(key.rpartition("/")[0] for key in keys)
    return max([_quickest(len(keys), TEAMS.app), *(_quickest(n, TEAMS.send) for n in threads.values())])


def _quickest(number: int, windows: Windows) -> float:
    times: list[float] = []
    for n in range(number):
        full = (each for each in windows if n >= each.limit)
        times.append(max([0.0, *(times[n - each.limit] + each.seconds for each in full)]))
    return times[-1] if times else 0.0


def main() -> None:
    """Let one storm rage, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=15, help="messages a second")
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    figures = asyncio.run(Storm(**vars(parser.parse_args())).run())
    for name, value in msgspec.structs.asdict(figures).items():
        print(f"{name:12} {value:,.1f}" if isinstance(value, float) else f"{name:12} {value:,}")


if __name__ == "__main__":
    main()
