"""People talk, bots are killed: at named points, at random moments, and while a ticket is on its way.

    python -m tests.faults.kills --kills 10000 [--postgres] [--replicas 3] [--seed 1]

After so many kills everything is let run to its end and the books are compared. The figures are printed.
"""

import argparse
import asyncio
import base64
import contextlib
import itertools
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
from aiohttp import web

from bot import crash
from tests.faults.books import compare
from tests.faults.case_books import Attached, Comment, Filed, Tickets
from tests.faults.drive import digest
from tests.faults.people import People
from tests.faults.person import Habits
from tests.faults.replicas import Born, Nursery, Replica
from tests.faults.settings import asking, settings
from tests.faults.verdict import Ask, Verdict
from tests.faults.world import World, world
from tests.support.fault_proxy import Weather
from tests.support.postgres import own_database, running_server
from tests.support.processes import free_port
from tests.support.tickets import PlayedTickets

WEATHER = Weather(delay=0.1, reset=0.02, lose_answer=0.02)
_FUSE = 1.0  # seconds after which an armed bot is killed, if it never came to its point
_LONGEST_LIFE = 0.8  # seconds of a bot that is killed at random
_MOST_PASSES = 8
_LEASE = 4.0  # seconds; a stall of the machine that is longer than two thirds of it makes true repetitions
_DRAINS_WITHIN = 600.0  # seconds; what was under way in many deaths in a row is waited for in minutes
_AT_A_POINT = 0.5  # of the bots
_AT_A_NEIGHBOUR = 0.5  # of those at a point: between a system outside and what is known of it here
_HABITS = Habits(helped=0.5, graded=0.3, files=0.3, gone=0.1)
_AT_A_POST = 0.1  # of the posts of a ticket end with the death of all who could have sent it
_NEIGHBOURS = tuple(each for each in crash.POINTS if each.startswith(("ticket.", "file.")))
_WAITING = "SELECT count(*) FROM outbox WHERE state IN ('ready', 'leased')"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A run: how many kills, of how many bots, on which database ("" means SQLite)."""

    kills: int
    replicas: int = 1
    database: str = ""
    seed: int = 1
    places: int = 12  # conversations side by side


class Result(msgspec.Struct, kw_only=True):
    """What came of it. `deaths` counts the kills by where they happened."""

    verdict: Verdict
    deaths: Counter[str]
    finished: int
    posts_again: int
    answers_lost: int
    seconds: float


class Killer:
    """Keeps so many bots alive, and none of them for long."""

    def __init__(self, plan: Plan, nursery: Nursery, around: World, env: dict[str, str], log: Path) -> None:
        self.deaths: Counter[str] = Counter()
        self._plan = plan
        self._nursery = nursery
        self._around = around
        self._env = env
        self._log = log
        self._chance = random.Random(plan.seed)
        self._replicas: dict[str, Replica] = {}
        self._lives = itertools.count(1)
        self._ports = {f"bot-{n}": free_port() for n in range(plan.replicas)}

    def alive(self) -> Sequence[Replica]:
        """The bots that listen."""
        return [
            each for each in self._replicas.values() if each.listening.is_set() and not each.ended.is_set()
        ]

    def over(self) -> bool:
        """Whether all kills are done."""
        return self.deaths.total() >= self._plan.kills

    async def run(self, people: People) -> None:
        """Kill as often as planned; then each bot is left alive."""
        async with asyncio.TaskGroup() as group:
            for name in self._ports:
                group.create_task(self._keep(name, people))

    async def _keep(self, name: str, people: People) -> None:
        while not self.over():
            point = self._point()
            life = f"{name}-{next(self._lives)}"
            replica = await self._born(name, life, people, point)
            died_at = await self._die(replica, point)
            self._around.died(life)
            self.deaths[died_at] += 1
        await self._born(name, f"{name}-last", people, "")

    def _point(self) -> str:
        """Where the next bot dies; "" for anywhere."""
        if self._chance.random() >= _AT_A_POINT:
            return ""
        at_a_neighbour = self._chance.random() < _AT_A_NEIGHBOUR
        name = self._chance.choice(_NEIGHBOURS if at_a_neighbour else crash.POINTS)
        passes = 1 if name in (*_NEIGHBOURS, "start.opened") else self._chance.randint(1, _MOST_PASSES)
        return f"{name}:{passes}"

    async def _born(self, name: str, life: str, people: People, point: str) -> Replica:
        env = {
            **self._env,
            "HANDRAIL_PORT": str(self._ports[name]),
            "HANDRAIL_TOKEN_URL": self._around.token_url(life),
        }
        born = Born(env=env, log=str(self._log), crash=point, lease=_LEASE)
        self._replicas[name] = replica = self._nursery.bring(name, born)
        listening = asyncio.ensure_future(replica.listening.wait())
        ended = asyncio.ensure_future(replica.ended.wait())
        async with asyncio.timeout(60):
            await asyncio.wait({listening, ended}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        ended.cancel()
        if replica.listening.is_set():
            people.somebody_is_up()
        elif replica.code != -9:
            raise AssertionError(f"{name} did not start (code {replica.code}); see {self._log}")
        return replica

    async def _die(self, replica: Replica, point: str) -> str:
        """Wait for its death, and help where it does not come; where it died."""
        life = _FUSE if point else self._chance.uniform(0, _LONGEST_LIFE)
        try:
            async with asyncio.timeout(life):
                await replica.ended.wait()
        except TimeoutError:
            replica.kill()
            await replica.ended.wait()
        assert replica.code == -9, f"{replica.name} ended with {replica.code} by itself; see {self._log}"
        return replica.killed or point.partition(":")[0]

    async def filing(self, tickets: PlayedTickets, request: web.Request) -> web.StreamResponse:
        """A ticket is posted: now and then everybody dies before it is made, or before it is answered."""
        if self.over() or self._chance.random() >= _AT_A_POST:
            return await tickets.usual(request)
        await request.read()
        if self._chance.random() < 0.5:
            await self._all_die("before a posted ticket was made")
            return await tickets.usual(request)
        answer = await tickets.usual(request)
        await self._all_die("before a ticket was answered")
        return answer

    async def _all_die(self, why: str) -> None:
        for replica in self.alive():
            replica.kill(why)
            await replica.ended.wait()

    async def stop(self) -> None:
        """Let all end in peace."""
        import signal

        for replica in self.alive():
            replica.signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            for replica in self._replicas.values():
                await replica.ended.wait()
        codes = {each.name: each.code for each in self._replicas.values()}
        assert set(codes.values()) == {0}, f"not every bot ended in peace: {codes}"


async def run(plan: Plan, folder: Path) -> Result:
    """Talk and kill as planned, let everything come to its end, and compare the books."""
    started = time.monotonic()
    ask = asking(folder, plan.database)
    async with (
        world(folder / "journal.jsonl", WEATHER, plan.seed) as around,
        PlayedTickets(dedupes=False, journal_file=folder / "tickets.jsonl") as tickets,
        Nursery.open(folder / "nursery.log") as nursery,
    ):
        env = settings(around, folder, plan.database) | {
            "HANDRAIL_TICKETS": "webhook",
            "HANDRAIL_TICKETS_URL": tickets.url,
            "HANDRAIL_TICKETS_SECRET": tickets.secret,
        }
        killer = Killer(plan, nursery, around, env, folder / "bots.log")
        tickets.posts.always_with(lambda request: killer.filing(tickets, request))
        people = People(around, killer.alive, plan.seed, _HABITS)

        def enough() -> bool:  # a slow machine has had fewer turns in as many lives; the last bots live on
            return killer.over() and len(people.finished) >= plan.kills // 3

        async def idle() -> bool:
            return killer.over() and not (await ask(_WAITING))[0][0]

        async with asyncio.TaskGroup() as group:
            group.create_task(killer.run(people))
            group.create_task(people.talk(plan.places, enough, idle))
        around.proxy.weather = Weather()
        await _drained(ask)
        await killer.stop()
        verdict = await compare(people.deeds, around.journal(), there(tickets), ask)

        return Result(
            verdict=verdict,
            deaths=killer.deaths,
            finished=len(people.finished),
            posts_again=people.again,
            answers_lost=around.proxy.lost,
            seconds=time.monotonic() - started,
        )


def there(tickets: PlayedTickets) -> Tickets:
    """What the ticket system has, as it was sent."""
    comments = [
        Comment(key=each.key, words=data["body"], status=data["status"], severity=data["severity"])
        for each in tickets.updates
        if (data := each.body["data"])
    ]
    files = [
        Attached(case=data["key"], name=data["name"], digest=digest(base64.b64decode(data["content"])))
        for each in tickets.files
        if (data := each.body["data"])
    ]
    filed = [Filed(case=each.key, severity=each.body["data"]["severity"]) for each in tickets.tickets]
    return Tickets(filed=filed, comments=comments, files=files)


async def _drained(ask: Ask) -> None:
    """Wait until the outbox is empty."""
    with contextlib.suppress(TimeoutError):  # the books say what is left
        async with asyncio.timeout(_DRAINS_WITHIN):
            while (await ask(_WAITING))[0][0]:  # noqa: ASYNC110 - other processes empty it, and tell nobody
                await asyncio.sleep(0.2)


def main() -> int:
    """Run as asked for and print the figures; 1 when the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="handrail-kills-")))
        database = (
            stack.enter_context(own_database(stack.enter_context(running_server()))) if given.postgres else ""
        )
        plan = Plan(kills=given.kills, replicas=given.replicas, database=database, seed=given.seed)
        result = asyncio.run(run(plan, folder))
    sys.stdout.write(told(plan, result))
    return 1 if result.verdict.failures() else 0


def told(plan: Plan, result: Result) -> str:
    """The figures, in lines."""
    verdict = result.verdict
    where = "PostgreSQL" if plan.database else "SQLite"
    lines = [
        f"{result.deaths.total()} kills of {plan.replicas} on {where} in {result.seconds:.0f} s",
        *(f"  {times:7} {point}" for point, times in result.deaths.most_common()),
        f"  conversations {result.finished}, " + ", ".join(f"{k} {v}" for k, v in verdict.counted.items()),
        f"  posts repeated {result.posts_again}, answers of Teams lost {result.answers_lost}",
        "  happened twice, as they may: " + ", ".join(f"{k} {v}" for k, v in verdict.twice.items()),
        *(f"  {len(found):7} {name}" for name, found in verdict.broken.items()),
        *(f"    {name}: {example}" for name, found in verdict.failures().items() for example in found),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
