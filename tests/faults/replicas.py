"""Bots as processes that are killed again and again: brought forth by a nursery, watched from here."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from tests.support.processes import environment

ROOT = Path(__file__).parents[2]
_STARTS_WITHIN = 30.0  # seconds


class Replica:
    """One bot from its birth to its end.

    Attributes:
        name: Which of the replicas it is.
        pid: Its process.
        url: Where Teams posts to; empty until it listens.
        code: How it ended, None while it lives. Killed is -9.
        killed: Why it was killed from outside; "" while it was not.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.pid = 0
        self.url = ""
        self.code: int | None = None
        self.killed = ""
        self.listening = asyncio.Event()
        self.ended = asyncio.Event()

    def kill(self, why: str = "at random") -> None:
        """As a power cut does."""
        if not self.ended.is_set():
            self.killed = self.killed or why
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still lives."""
        if self.pid and not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Born(msgspec.Struct, frozen=True, kw_only=True):
    """What a bot is born with: its settings, where it is to die (`point:n` or ""), and its log."""

    env: Mapping[str, str]
    log: str
    crash: str = ""
    lease: float = 2.0


class Nursery:
    """Brings forth bots."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._living: dict[str, Replica] = {}
        self._listening = asyncio.create_task(self._listen(), name="nursery")

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, log: Path) -> AsyncIterator["Nursery"]:
        """Start it; at the end all that it brought forth is killed."""
        with log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.faults.nursery", cwd=ROOT, env=environment(),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=out,
            )  # fmt: skip
        nursery = cls(process)
        try:
            yield nursery
        finally:
            for replica in nursery._living.values():
                replica.kill()
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()
            await nursery._listening

    def bring(self, name: str, born: Born) -> Replica:
        """A bot with this name; the one before it must have ended."""
        replica = Replica(name)
        self._living[name] = replica
        told = {"name": name, **msgspec.to_builtins(born)}
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(told)}\n".encode())
        return replica

    async def up(self, name: str, born: Born) -> Replica:
        """A bot that listens.

        Raises:
            AssertionError: It ended instead; its log says why.
        """
        replica = self.bring(name, born)
        waiting = {
            asyncio.ensure_future(replica.listening.wait()),
            asyncio.ensure_future(replica.ended.wait()),
        }
        _, left = await asyncio.wait(waiting, timeout=_STARTS_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        if not replica.listening.is_set():
            raise AssertionError(f"{name} did not start (code {replica.code}); see {born.log}")
        return replica

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._hear(json.loads(line))

    def _hear(self, said: dict[str, Any]) -> None:
        replica = self._living.get(said["name"])
        if replica is None:
            return
        match said["is"]:
            case "born":
                replica.pid = said["pid"]
            case "listening":
                replica.pid = said["pid"]
                replica.url = f"http://127.0.0.1:{said['port']}/api/messages"
                replica.listening.set()
            case "ended" if said["pid"] == replica.pid:
                replica.code = said["code"]
                replica.ended.set()
