"""Real processes of a test: started in a group of their own, and stopped with all that they started."""

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp

HANDRAIL = str(Path(sys.executable).with_name("handrail"))
_STARTS_WITHIN = 60.0  # seconds
_STOPS_WITHIN = 60.0  # seconds
# Below the range that systems take ports from by themselves (Linux from 32768), a part of it for each worker:
# nobody gets one by chance between the question and its use.
_FIRST_PORT = 18_000 + 1_000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 14)
_PORTS = (_FIRST_PORT + n % 1_000 for n in itertools.count(os.getpid()))


def environment(**settings: str) -> dict[str, str]:
    """The settings, and the little of this process's environment that every program needs."""
    kept = ("PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR")
    return {**{key: os.environ[key] for key in kept if key in os.environ}, **settings}


def free_port() -> int:
    """A port of this machine that nobody uses at the moment, and that nobody else is told."""
    for port in _PORTS:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("there is always another one")


class Running:
    """A process. What it writes is kept in a file."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, log: Path) -> None:
        self.folder = folder  # its working directory
        self._process = process
        self._log = log

    @property
    def id(self) -> int:
        """Its process id."""
        return self._process.pid

    def said(self) -> str:
        """Everything it has written."""
        return self._log.read_text("utf-8", errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def stop(self) -> int:
        """Ask it to stop, and insist after a while; its exit code."""
        if self._process.returncode is None:
            self.signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        """Wait until it has ended by itself, and insist after a while; its exit code."""
        try:
            return await asyncio.wait_for(self._process.wait(), _STOPS_WITHIN)
        except TimeoutError:
            self.signal(signal.SIGKILL)
            return await self._process.wait()

    async def answers(self, url: str) -> None:
        """Wait until it answers a GET of `url` with 200."""
        last = "nothing"
        try:
            async with asyncio.timeout(_STARTS_WITHIN), aiohttp.ClientSession() as http:
                while True:
                    if self._process.returncode is not None:
                        ended = f"it ended with {self._process.returncode}"
                        raise AssertionError(f"{ended}:\n{self.said()[-3000:]}")
                    with contextlib.suppress(aiohttp.ClientError):
                        async with http.get(url) as response:
                            if response.status == 200:
                                return
                            last = f"{response.status} {await response.text()}"
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{url} answered {last}, and it said:\n{self.said()[-3000:]}") from None


@contextlib.asynccontextmanager
async def running(*command: str, folder: Path, log: str, env: Mapping[str, str]) -> AsyncIterator[Running]:
    """Start a program; it is stopped at the end of the block.

    Args:
        command: The program and its arguments.
        folder: Its working directory.
        log: The file in `folder` that takes what it writes.
        env: Its whole environment.
    """
    written = folder / log
    with written.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=dict(env), stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    started = Running(process, folder, written)
    try:
        yield started
    finally:
        await started.stop()
