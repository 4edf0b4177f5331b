"""Rounds: each contestant once, in a random order, each time as a fresh process; and one such run.

Must not know: what the figures are compared with, how they are shown.
"""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import pytest
import uvloop

from tests.bench.certificates import Certificates
from tests.bench.cloud import APP_ID, SECRET, TENANT, Cloud
from tests.bench.installed import PEERS
from tests.bench.own_bot import settings
from tests.bench.people import Someone, Turn, TurnFailed
from tests.bench.results import Measured, Run, percentile
from tests.bench.start import Bot, Contestant, Place, alive, first_turn, started
from tests.support.postgres import own_database, running_server

_TICKS: Final = os.sysconf("SC_CLK_TCK")
# A slow bot answers its crowd in waves, and a short measure of waves is a matter of luck: it gets more time.
_ENOUGH: Final = 10  # turns for each of the people
_STRETCHES: Final = 4  # times as long, at most
_PATIENCE: Final = 15.0  # seconds for the turns that are under way when the measuring is over
_SAID: Final = 80  # characters of a failure that are kept: enough to tell one kind from another
_PAUSE: Final = 0.02  # seconds that somebody waits after a failed turn


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How many people, and for how many seconds each part of a run lasts."""

    people: int = 32
    rest: float = 1.0
    warm: float = 2.0
    seconds: float = 5.0
    alone: float = 3.0


def contestants(whole: ExitStack, only: Sequence[str] | None) -> tuple[list[Contestant], dict[str, str]]:
    """Those that are asked for, ready to start; and those that cannot be started, and why."""
    found = [each for each in _handrails(whole) if only is None or each.name in only]
    missing = dict.fromkeys(only or (), "nobody is called that")
    for peer in PEERS:
        if only is None or peer.name in only:
            try:
                command = peer.argv()
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                print(f"{peer.name}: {error}", file=sys.stderr)
                missing[peer.name] = f"it cannot be installed ({type(error).__name__})"
                continue
            found.append(
                Contestant(name=peer.name, label=peer.label, echo=True, command=command, env=_addresses)
            )
    return found, {name: why for name, why in missing.items() if name not in {each.name for each in found}}


def _addresses(cloud: Cloud, certificates: Certificates, port: int, _database: str) -> Mapping[str, str]:
    """What a peer is told."""
    return {
        "PORT": str(port),
        "APP_ID": APP_ID,
        "APP_SECRET": SECRET,
        "TENANT": TENANT,
        "CLOUD": cloud.url,
        "CA": str(certificates.bundle),
        "NODE_EXTRA_CA_CERTS": str(certificates.authority),
        "SSL_CERT_FILE": str(certificates.bundle),
        "REQUESTS_CA_BUNDLE": str(certificates.bundle),
    }


def _handrails(whole: ExitStack) -> tuple[Contestant, ...]:
    """Ours, on both databases. PostgreSQL starts with the first bot that needs it and ends with `whole`."""
    servers: list[str] = []

    def postgres(stack: ExitStack, _folder: Path) -> str:
        try:
            if not servers:
                servers.append(whole.enter_context(running_server()))
            return stack.enter_context(own_database(servers[0]))
        except pytest.skip.Exception as none_here:
            raise TurnFailed(str(none_here)) from None

    command = (sys.executable, "-m", "tests.bench.bot_under_test")
    return (
        Contestant(
            name="sqlite", label="Handrail on SQLite", echo=False, command=command, env=_settings,
            database=lambda _stack, folder: f"sqlite:///{folder / 'handrail.db'}",
        ),
        Contestant(
            name="postgres", label="Handrail on PostgreSQL", echo=False, command=command, env=_settings,
            database=postgres,
        ),
    )  # fmt: skip


def _settings(cloud: Cloud, certificates: Certificates, port: int, database: str) -> Mapping[str, str]:
    return {**settings(cloud, certificates, database), "HANDRAIL_PORT": str(port)}


def rounds(
    contestants: Sequence[Contestant], place: Place, pace: Pace, count: int, seed: int
) -> Iterator[Run]:
    """Each contestant in each round; what breaks off a run is told at once, and in its row."""
    order = random.Random(seed)
    for number in range(1, count + 1):
        for contestant in order.sample(contestants, len(contestants)):
            with TemporaryDirectory(dir=place.folder) as folder, ExitStack() as stack:
                failed: Counter[str] = Counter()
                broke, measured = "", None
                try:
                    database = contestant.database(stack, Path(folder))
                    measured = uvloop.run(_run(contestant, place, pace, Path(folder), database, failed))
                except (TurnFailed, OSError) as error:
                    print(f"{contestant.name}: {error}", file=sys.stderr)
                    broke = (
                        str(error).partition("\n")[0]
                        if isinstance(error, TurnFailed)
                        else type(error).__name__
                    )
            yield Run(
                contestant=contestant.name, round=number, measured=measured, broke=broke, failed=dict(failed)
            )


async def _run(
    contestant: Contestant, place: Place, pace: Pace, folder: Path, database: str, failed: Counter[str]
) -> Measured:
    async with started(contestant, place, folder, database) as bot:
        first = await first_turn(bot)
        await asyncio.sleep(pace.rest)
        rest = bot.tree.memory()
        busy = await _crowd(bot, place, pace, failed)
        loaded = bot.tree.memory()
        alone: list[Turn] = []
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(pace.alone, over.set)
        await _talk(bot.people(1, alone.append), over, failed)
        if not alive(bot.process) or not busy.turns or not alone:
            raise TurnFailed(f"it ended, or took no turns: {dict(failed)}\n{bot.process.said()[-1500:]}")
        crowded, by_oneself = _milliseconds(busy.turns), _milliseconds(alone)
        return Measured(
            start=first.began + first.over - bot.began, rest=rest, loaded=loaded, turns=len(crowded),
            per_second=len(crowded) / busy.seconds, cpu=1000 * busy.cpu / len(crowded),
            p50=percentile(crowded, 0.5), p99=percentile(crowded, 0.99), alone_turns=len(alone),
            alone_p50=percentile(by_oneself, 0.5), alone_p99=percentile(by_oneself, 0.99),
            driver=busy.driver / busy.seconds, others=busy.others,
        )  # fmt: skip


class _Busy(msgspec.Struct, frozen=True):
    """What a crowd came to; CPU in seconds, `others` as a share."""

    turns: Sequence[Turn]
    seconds: float
    cpu: float
    driver: float
    others: float | None


async def _crowd(bot: Bot, place: Place, pace: Pace, failed: Counter[str]) -> _Busy:
    turns: list[Turn] = []
    over = asyncio.Event()
    talking = asyncio.create_task(_talk(bot.people(pace.people, turns.append), over, failed))
    await asyncio.sleep(pace.warm)
    first, before = len(turns), _clocks(bot, place)
    for _ in range(_STRETCHES):
        await asyncio.sleep(pace.seconds)
        if len(turns) - first >= _ENOUGH * pace.people or not alive(bot.process):
            break
    last, after = len(turns), _clocks(bot, place)
    over.set()
    await talking
    seconds, cpu, driver, core = (new - old for new, old in zip(after, before, strict=True))
    others = max(0.0, core - cpu) / seconds if place.cpus else None
    return _Busy(turns[first:last], seconds, cpu, driver, others)


def _clocks(bot: Bot, place: Place) -> tuple[float, float, float, float]:
    """Seconds: of the wall, the bot's CPU, ours, and how long the bot's core has been busy at all."""
    core = 0.0
    if place.cpus:
        lines = Path("/proc/stat").read_text().splitlines()
        (line,) = (each for each in lines if each.startswith(f"cpu{place.cpus[0]} "))
        user, nice, system, _idle, _waits, irq, softirq, steal = map(int, line.split()[1:9])
        core = (user + nice + system + irq + softirq + steal) / _TICKS
    return time.perf_counter(), bot.tree.cpu(), time.process_time(), core


async def _talk(people: Sequence[Someone], over: asyncio.Event, failed: Counter[str]) -> None:
    """Each takes turn after turn until it is over; a turn that goes on for long after that has failed."""

    async def go_on(someone: Someone) -> None:
        while not over.is_set():
            try:
                await someone.turn()
            except TurnFailed as error:
                failed[str(error).partition("\n")[0][:_SAID]] += 1
                await asyncio.sleep(_PAUSE)

    tasks = [asyncio.create_task(go_on(each)) for each in people]
    await over.wait()
    _, hanging = await asyncio.wait(tasks, timeout=_PATIENCE)
    if hanging:
        failed["no answer"] += len(hanging)
    for each in hanging:
        each.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result
    for person in people:
        person.close()


def _milliseconds(turns: Sequence[Turn]) -> list[float]:
    return sorted(1000 * each.over for each in turns)
