"""SIGTERM under load: what was taken is answered and kept, what hangs is handed back, nothing comes twice."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.faults.stops import rounds
from tests.support.cloud import PlayedCloud
from tests.support.disk import disk_or_skip
from tests.support.served import asked, served
from tests.support.waiting import until
from tests.support.whole import Whole


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Whole]:
    """The cloud and the person; the bot is started by the test."""
    async with PlayedCloud() as cloud:
        yield Whole(cloud, "", tmp_path)


async def test_stops_while_people_talk(tmp_path: Path) -> None:
    """At random moments, once while a delivery hangs; `python -m tests.faults.stops` does it longer."""
    figures, _ = await rounds(tmp_path, f"sqlite:///{tmp_path}/handrail.db", 8, seed=5, hang_every=8)

    assert figures["answered"] == figures["shown"] > 100
    assert figures["hung"] == 1
    assert figures["waiting"] > 0


@pytest.mark.postgres
async def test_stops_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    """The same with the other store, where nobody frees a lease at the next start."""
    figures, _ = await rounds(tmp_path, postgres_url, 3, seed=6, hang_every=3)

    assert figures["answered"] == figures["shown"] > 20
    assert figures["hung"] == 1


async def refused(bot: Whole) -> bool:
    """Whether nobody new gets in."""
    try:
        await asked(bot, "/healthz")
    except aiohttp.ClientConnectorError:
        return True
    return False


async def test_a_request_that_waits_for_the_disk_is_answered(tmp_path: Path, bot: Whole) -> None:
    """SIGTERM meanwhile: it gets its 200, and is told that this connection is over; new ones are refused."""
    disk = disk_or_skip(tmp_path)
    where = {**disk.environment(), "HANDRAIL_DATABASE_URL": f"sqlite:///{disk.folder}/handrail.db"}
    async with served(bot, **where) as process, aiohttp.ClientSession() as http:
        disk.slow(60)
        calls = disk.seen
        headers = {"Authorization": f"Bearer {bot.cloud.token()}"}
        activity = bot.cloud.activity("hello")
        waiting = asyncio.ensure_future(http.post(bot.url, json=activity, headers=headers))
        await until(lambda: disk.seen > calls)
        process.signal(signal.SIGTERM)
        await until(lambda: refused(bot))
        disk.slow(0)
        async with await waiting as answer:
            assert answer.status == 200
            assert answer.headers["Connection"] == "close"
        assert await process.ended() == 0
