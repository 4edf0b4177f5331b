"""A contestant as a process, from its command to its first turn; and its start, measured by itself.

The server has one CPU to itself; the people and the played cloud have another. What a process costs is read
from /proc: this runs on Linux.

Must not know: which contestants there are, what a crowd does to them.
"""

import asyncio
import os
import random
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import uvloop

from tests.bench.certificates import Certificates
from tests.bench.cloud import Cloud
from tests.bench.people import Mail, Someone, Turn, TurnFailed, crowd
from tests.bench.results import Start
from tests.bench.wire import Asking
from tests.support.processes import Running, environment, running

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_MB: Final = 1e6
_POLLED: Final = 0.005  # seconds between two attempts to connect
_LISTENS_WITHIN: Final = 60.0  # seconds
_TOLD: Final = 1500  # characters of its log, when something is wrong
_RESTS: Final = 1.0  # seconds after the first turn until memory is read
_PORTS: Final = (
    20_000,
    30_000,
)  # below those that Linux gives to clients, or polling could connect to itself
_IMPORT: Final = re.compile(r"^import time: +(\d+) \|", re.MULTILINE)  # what PYTHONPROFILEIMPORTTIME writes


class Contestant(msgspec.Struct, frozen=True, kw_only=True):
    """A bot that can be started.

    Attributes:
        name: What it is called on the command line.
        label: What people read.
        echo: Whether it echoes; else it is a Handrail.
        command: The program and its arguments.
        env: Its settings, from where the cloud is, its port, and its database.
        database: Makes a new database that lasts as long as the stack, and gives its URL.
    """

    name: str
    label: str
    echo: bool
    command: Sequence[str]
    env: Callable[[Cloud, Certificates, int, str], Mapping[str, str]]
    database: Callable[[ExitStack, Path], str] = lambda _stack, _folder: ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The certificates, a folder on a real disk, and two CPUs, the server's first; None: there is one."""

    certificates: Certificates
    folder: Path
    cpus: tuple[int, int] | None


class Tree:
    """A process and all that it started, as /proc shows them: the members of its session."""

    def __init__(self, leader: int) -> None:
        self._leader = str(leader)

    def cpu(self) -> float:
        """Seconds of CPU so far, with those of children that have ended."""
        return sum(sum(map(int, fields[11:15])) for fields in self._members()) / _TICKS

    def memory(self) -> float:
        """Resident MB."""
        return sum(int(fields[21]) for fields in self._members()) * _PAGE / _MB

    def _members(self) -> Iterator[list[str]]:
        for folder in Path("/proc").iterdir():
            with suppress(OSError):  # it has just ended
                if folder.name.isdigit():
                    fields = (folder / "stat").read_text().rpartition(")")[2].split()
                    if fields[3] == self._leader:
                        yield fields


class Bot(msgspec.Struct, frozen=True):
    """A contestant that runs, the people who can talk to it, and when its command was given."""

    process: Running
    tree: Tree
    began: float
    listening: float
    people: Callable[[int, Callable[[Turn], None]], list[Someone]]


@asynccontextmanager
async def started(
    contestant: Contestant, place: Place, folder: Path, database: str, extra: Mapping[str, str] | None = None
) -> AsyncIterator[Bot]:
    """A fresh process in a fresh cloud; it takes connections when the block begins.

    Args:
        contestant: Which.
        place: Where.
        folder: The process's own.
        database: The contestant's.
        extra: More environment variables.

    Raises:
        TurnFailed: It has ended, or takes no connections.
    """
    mail = Mail()
    async with Cloud(place.certificates, mail.arrived) as cloud:
        port = _free_port()
        env = environment(**contestant.env(cloud, place.certificates, port, database), **(extra or {}))
        began = time.perf_counter()
        async with AsyncExitStack() as stack:
            with _on_the_servers_cpu(place):
                process = await stack.enter_async_context(
                    running(*contestant.command, folder=folder, log="bot.log", env=env)
                )
            await _listens(process, port, began)
            yield Bot(
                process, Tree(process.id), began, time.perf_counter() - began,
                lambda people, heard: crowd(people, cloud, mail, port, heard, echo=contestant.echo),
            )  # fmt: skip


@contextmanager
def _on_the_servers_cpu(place: Place) -> Iterator[None]:
    """What is started in the block stays on the server's CPU: a process inherits that from us."""
    if place.cpus is None:
        yield
        return
    os.sched_setaffinity(0, {place.cpus[0]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, {place.cpus[1]})


def alive(process: Running) -> bool:
    """Whether it has not ended."""
    return Path(f"/proc/{process.id}").exists()


def _free_port() -> int:
    while True:
        port = random.randrange(*_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


async def _listens(process: Running, port: int, began: float) -> None:
    while time.perf_counter() - began < _LISTENS_WITHIN:
        with suppress(OSError):
            (await Asking.connected(port)).close()
            return
        if not alive(process):
            break
        await asyncio.sleep(_POLLED)
    raise TurnFailed(f"it takes no connections\n{process.said()[-_TOLD:]}")


async def first_turn(bot: Bot) -> Turn:
    """One person, one turn."""
    turns: list[Turn] = []
    (person,) = bot.people(1, turns.append)
    try:
        await person.turn()
    except TurnFailed as error:
        raise TurnFailed(f"{error}\n{bot.process.said()[-_TOLD:]}") from None
    finally:
        person.close()
    return turns[0]


def starts(contestants: Sequence[Contestant], place: Place, times: int, seed: int) -> Iterator[Start]:
    """Start each so many times, in a random order each time, after one start that is not counted.

    Raises:
        TurnFailed: One of them does not start.
    """
    order = random.Random(seed)
    for number in range(times + 1 if times else 0):
        for contestant in order.sample(contestants, len(contestants)):
            found = _start(contestant, place, number)
            if number:  # the first one found cold files, and wrote Python's caches
                yield found


def _start(contestant: Contestant, place: Place, number: int) -> Start:
    with TemporaryDirectory(dir=place.folder) as plain, TemporaryDirectory(dir=place.folder) as told:
        with ExitStack() as stack:
            database = contestant.database(stack, Path(plain))
            found = uvloop.run(_timed(contestant, place, Path(plain), database, number))
        with ExitStack() as stack:
            database = contestant.database(stack, Path(told))
            imports = uvloop.run(_imports(contestant, place, Path(told), database))
    return msgspec.structs.replace(found, imports=imports)


async def _timed(contestant: Contestant, place: Place, folder: Path, database: str, number: int) -> Start:
    async with started(contestant, place, folder, database) as bot:
        turn = await first_turn(bot)
        await asyncio.sleep(_RESTS)
        return Start(
            contestant=contestant.name, round=number, listening=bot.listening,
            answered=turn.began + turn.answered - bot.began, over=turn.began + turn.over - bot.began,
            rest=bot.tree.memory(), imports=0,
        )  # fmt: skip


async def _imports(contestant: Contestant, place: Place, folder: Path, database: str) -> float:
    told = {"PYTHONPROFILEIMPORTTIME": "1"}
    async with started(contestant, place, folder, database, told) as bot:
        await first_turn(bot)
        return sum(int(each) for each in _IMPORT.findall(bot.process.said())) / 1e6
