"""A bot behind the real endpoint, and the played cloud it belongs to."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bot.teams.connector import open_client
from tests.support.cloud import PlayedCloud
from tests.support.stage import Clock, Stage


@pytest.fixture
def clock() -> Clock:
    """A clock that moves when told."""
    return Clock()


@pytest.fixture
async def cloud(clock: Clock) -> AsyncIterator[PlayedCloud]:
    """The cloud that Teams is in."""
    async with PlayedCloud(clock=clock) as played:
        yield played


@pytest.fixture
async def evil(clock: Clock) -> AsyncIterator[PlayedCloud]:
    """Somebody else's server, on another port."""
    async with PlayedCloud(clock=clock) as played:
        yield played


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """The pooled client, as the bot opens it."""
    async with open_client() as session:
        yield session


@pytest.fixture
async def stage(cloud: PlayedCloud, clock: Clock, client: aiohttp.ClientSession) -> AsyncIterator[Stage]:
    """A running bot that accepts the played cloud's tokens."""
    staged = Stage(cloud, clock, client)
    app = web.Application()
    app.router.add_route("*", "/api/messages", staged.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    staged.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
    yield staged
    await staged.keys.close()
    await staged.tokens.close()
    await runner.cleanup()
