"""Real processes and their databases: one for each SQLite file, and a PostgreSQL that dies and comes back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.cloud import PlayedCloud
from tests.support.postgres import restartable_server
from tests.support.processes import HANDRAIL, environment, running
from tests.support.served import asked, served
from tests.support.waiting import until
from tests.support.whole import Whole
from tests.support.whole import environment as settings

GREETING = "What does the message say?"
FIRST = "Did the app open after you pressed Continue?"


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Whole]:
    """The cloud and the person; the bot is started by the test."""
    async with PlayedCloud() as cloud:
        yield Whole(cloud, "", tmp_path)


async def test_a_second_process_on_the_file_is_refused_and_the_first_goes_on(bot: Whole) -> None:
    """Exit code 2 and one sentence that says which process has the file; nobody notices."""
    async with served(bot) as first:
        env = environment(**settings(bot.cloud, bot.folder / "handrail.db"), HANDRAIL_PORT="0")
        async with running(HANDRAIL, "serve", folder=bot.folder, log="second.log", env=env) as second:
            assert await second.ended() == 2
        assert f"handrail.db is in use by process {first.id}; stop that one first" in second.said()
        assert "Traceback" not in second.said()
        assert await bot.says("hello") == 200
        await bot.sees(GREETING)


@pytest.mark.postgres
async def test_a_server_that_dies_and_comes_back(bot: Whole) -> None:
    """503 and not ready, with the reason, and alive; then all goes on, and what was acknowledged is there."""
    with restartable_server() as server:
        async with served(bot, HANDRAIL_DATABASE_URL=server.url) as process:
            assert await bot.says("hello", id="before") == 200
            await bot.sees(GREETING)
            await asyncio.to_thread(server.crash)
            assert await bot.says("AADSTS1000002", id="in-the-dark") == 503
            status, said = await asked(bot, "/readyz")
            assert (status, said["ready"]) == (503, False)
            assert said["checks"]["store"] not in {"", "ok"}
            assert (await asked(bot, "/healthz"))[0] == 200
            await asyncio.to_thread(server.start)

            async def ready() -> bool:
                return (await asked(bot, "/readyz"))[0] == 200

            await until(ready)
            assert await bot.says("hello", id="before") == 200  # a repeat
            assert await bot.says("AADSTS1000002", id="in-the-dark") == 200
            await bot.sees(FIRST)
            assert len(bot.cards()) == 2
            assert await process.stop() == 0
        assert process.said().count('"serving"') == 1
