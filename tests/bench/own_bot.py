"""Our own bot in a played cloud, one process or several on one database; figures from /proc and /metrics.

The bot has the first CPU to itself and the people the second one; several replicas share both with them.
This runs on Linux. Must not know: what is measured, or what for.
"""

import asyncio
import base64
import os
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from tests.bench.certificates import Certificates
from tests.bench.cloud import APP_ID, ISSUER, SECRET, TENANT, Cloud
from tests.bench.people import Mail, Someone, Turn, TurnFailed
from tests.support.processes import Running, environment, free_port, running

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = ROOT / "var" / "bench"  # databases that take long to fill, and the results
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_DELAYS: Final = re.compile(r'^handrail_event_loop_delay_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)
_PATIENCE: Final = 20.0  # seconds for the turns that are under way when the measuring is over
_PAUSE: Final = 0.02  # seconds that somebody waits after a failed turn


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What one measuring came to. Milliseconds; `cpu` is the bot's for each turn."""

    turns: int
    per_second: float
    cpu: float
    p50: float
    p99: float
    answered_p50: float
    answered_p99: float
    failed: dict[str, int]


class OwnBot:
    """All replicas of a bot, and the cloud they live in."""

    def __init__(self, cloud: Cloud, mail: Mail, processes: Sequence[Running], ports: Sequence[int]) -> None:
        self.cloud = cloud
        self.mail = mail
        self.processes = processes
        self.ports = ports
        self.ready = 0.0  # seconds from the command to "ready"

    @property
    def port(self) -> int:
        """Of the first replica."""
        return self.ports[0]

    def cpu(self) -> float:
        """Seconds of CPU so far, of all replicas."""
        return sum(sum(map(int, self._stat(each)[11:13])) for each in self.processes) / _TICKS

    def memory(self) -> float:
        """Resident MB of all replicas."""
        return sum(int(self._stat(each)[21]) for each in self.processes) * _PAGE / 1e6

    async def delays(self) -> dict[float, float]:
        """How often the event loop was late by at most so many seconds, since the start."""
        address = f"http://127.0.0.1:{self.port}/metrics"
        async with aiohttp.ClientSession() as http, http.get(address) as answer:
            text = await answer.text()
        return {float(le): float(count) for le, count in _DELAYS.findall(text)}

    def _stat(self, process: Running) -> list[str]:
        return Path(f"/proc/{process.id}/stat").read_text().rpartition(")")[2].split()


@asynccontextmanager
async def own_bot(
    certificates: Certificates,
    folder: Path,
    *,
    database: str = "",
    replicas: int = 1,
    extra: Mapping[str, str] | None = None,
) -> AsyncIterator[OwnBot]:
    """A bot that is ready when the block begins and stopped at its end.

    Args:
        certificates: Of the cloud.
        folder: The processes' own.
        database: Its URL; a new SQLite file by default.
        replicas: How many processes.
        extra: More settings.
    """
    mail = Mail()
    async with Cloud(certificates, mail.arrived) as cloud, AsyncExitStack() as stack:
        ports = [free_port() for _ in range(replicas)]
        known = {
            **settings(cloud, certificates, database or f"sqlite:///{folder / 'handrail.db'}"),
            **(extra or {}),
        }
        began, processes = time.perf_counter(), []
        for number, port in enumerate(ports):
            env = environment(**known, HANDRAIL_PORT=str(port))
            command = (sys.executable, "-m", "tests.bench.bot_under_test")
            with on_the_bots_cpu(alone=replicas == 1):
                started = await stack.enter_async_context(
                    running(*command, folder=folder, log=f"bot-{number}.log", env=env)
                )
            processes.append(started)
        bot = OwnBot(cloud, mail, processes, ports)
        for process, port in zip(processes, ports, strict=True):
            await process.answers(f"http://127.0.0.1:{port}/readyz")
        bot.ready = time.perf_counter() - began
        yield bot


def settings(cloud: Cloud, certificates: Certificates, database: str) -> dict[str, str]:
    """The environment of a bot that lives in `cloud`, but for its port."""
    return {
        "MicrosoftAppId": APP_ID,
        "MicrosoftAppPassword": SECRET,
        "MicrosoftAppTenantId": TENANT,
        "HANDRAIL_DATABASE_URL": database,
        "HANDRAIL_HELPDESK_CHANNEL": "19:helpdesk@thread.tacv2",
        "HANDRAIL_HELPDESK_SERVICE_URL": cloud.service_url,
        "HANDRAIL_OPENID_METADATA_URL": cloud.metadata_url,
        "HANDRAIL_TOKEN_URL": cloud.token_url,
        "HANDRAIL_TOKEN_ISSUER": ISSUER,
        "HANDRAIL_SERVICE_URLS": cloud.service_url,
        "SSL_CERT_FILE": str(certificates.bundle),
        "REQUESTS_CA_BUNDLE": str(certificates.bundle),
        "PYTHONPATH": str(ROOT),
    }


def webhook(port: int) -> dict[str, str]:
    """The settings for a ticket system on a port of this machine."""
    secret = "whsec_" + base64.b64encode(b"played-webhook-secret-of-32-byte").decode()
    url = f"http://127.0.0.1:{port}/tickets"
    return {"HANDRAIL_TICKETS": "webhook", "HANDRAIL_TICKETS_URL": url, "HANDRAIL_TICKETS_SECRET": secret}


@contextmanager
def on_the_bots_cpu(*, alone: bool) -> Iterator[None]:
    """What is started in the block has the first CPU; a process inherits that from us."""
    cpus = sorted(os.sched_getaffinity(0))
    everything = set(range(os.cpu_count() or 1))
    if len(everything) < 2:
        yield
        return
    os.sched_setaffinity(0, {0} if alone else everything)
    try:
        yield
    finally:
        os.sched_setaffinity(0, {1} if alone else cpus)


async def talk(
    people: Sequence[Someone], seconds: float, failed: Counter[str], *, turns: int = 0, thinking: float = 0.0
) -> None:
    """Each takes turn after turn until the time is over, or `turns`; `thinking` seconds in between."""
    end = time.perf_counter() + seconds

    async def goes_on(someone: Someone) -> None:
        taken = 0
        while time.perf_counter() < end and not (turns and taken >= turns):
            try:
                await someone.turn()
                taken += 1
                if thinking:
                    await asyncio.sleep(thinking)
            except TurnFailed as error:
                failed[str(error)[:80]] += 1
                await asyncio.sleep(_PAUSE)

    tasks = [asyncio.create_task(goes_on(each)) for each in people]
    _, hanging = await asyncio.wait(tasks, timeout=seconds + _PATIENCE)
    failed["no answer"] += len(hanging)
    for task in hanging:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


async def measured(
    bot: OwnBot,
    people: Sequence[Someone],
    turns: list[Turn],
    *,
    warm: float,
    seconds: float,
    thinking: float = 0.0,
) -> Sample:
    """Let people talk, and measure when they have talked for a while. `turns` is where they are noted."""
    failed: Counter[str] = Counter()
    talking = asyncio.create_task(talk(people, warm + seconds, failed, thinking=thinking))
    await asyncio.sleep(warm)
    first, cpu, began = len(turns), bot.cpu(), time.perf_counter()
    await asyncio.sleep(seconds)
    last, spent, took = len(turns), bot.cpu() - cpu, time.perf_counter() - began
    await talking
    return sample(turns[first:last], spent, took, failed)


def sample(turns: Sequence[Turn], cpu: float, seconds: float, failed: Counter[str]) -> Sample:
    """Figures of some turns.

    Raises:
        TurnFailed: There are none.
    """
    if not turns:
        raise TurnFailed(f"no turn was taken: {dict(failed)}")
    over = sorted(1000 * each.over for each in turns)
    answered = sorted(1000 * each.answered for each in turns)
    return Sample(
        turns=len(turns), per_second=len(turns) / seconds, cpu=1000 * cpu / len(turns),
        p50=percentile(over, 0.5), p99=percentile(over, 0.99), answered_p50=percentile(answered, 0.5),
        answered_p99=percentile(answered, 0.99),
        failed={why: count for why, count in failed.items() if count},
    )  # fmt: skip


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def middle(samples: Sequence[Sample]) -> Sample:
    """The median of each figure."""
    failed: Counter[str] = Counter()
    for each in samples:
        failed.update(each.failed)
    figures = {
        name: statistics.median(getattr(each, name) for each in samples)
        for name in ("per_second", "cpu", "p50", "p99", "answered_p50", "answered_p99")
    }
    return Sample(turns=sum(each.turns for each in samples), failed=dict(failed), **figures)
