"""`handrail serve` itself, as a process in the played cloud; the person outlives its stops and starts."""

import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.processes import HANDRAIL, Running, environment, free_port, running
from tests.support.whole import Whole
from tests.support.whole import environment as settings

_UNTHROTTLED = str(Path(__file__).with_name("unthrottled.py"))


def served(bot: Whole, **changes: str) -> AbstractAsyncContextManager[Running]:
    """The program, on the same database each time; it is ready when the block begins.

    Args:
        bot: Whose cloud and folder it lives in; it is told where the program listens.
        changes: Other environment variables.
    """
    return _served(bot, (HANDRAIL, "serve"), changes)


def served_unthrottled(bot: Whole, **changes: str) -> AbstractAsyncContextManager[Running]:
    """The same without Teams' limits, for crowds that write faster than Teams lets a bot answer."""
    return _served(bot, (sys.executable, _UNTHROTTLED), changes)


@contextlib.asynccontextmanager
async def _served(bot: Whole, command: tuple[str, ...], changes: Mapping[str, str]) -> AsyncIterator[Running]:
    port = free_port()
    known = {**settings(bot.cloud, bot.folder / "handrail.db"), "HANDRAIL_PORT": str(port), **changes}
    env = environment(**known)
    async with running(*command, folder=bot.folder, log="bot.log", env=env) as process:
        bot.url = f"http://127.0.0.1:{port}/api/messages"
        await process.answers(page(bot, "/readyz"))
        yield process


def page(bot: Whole, path: str) -> str:
    """The address of another page of the bot."""
    return bot.url.removesuffix("/api/messages") + path


async def asked(bot: Whole, path: str) -> tuple[int, Any]:
    """GET a page for machines: status, and the JSON it answers with."""
    async with aiohttp.ClientSession() as http, http.get(page(bot, path)) as answer:
        return answer.status, await answer.json()
