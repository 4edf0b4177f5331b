"""The bot as a server: from its first request to the last one, and how it stops.

Must not know: what the bot is made of (`bot.app`), what a request means.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from bot.app import STOP_GRACE, running, web_app
from bot.config import Settings
from bot.content import Content
from bot.control import listening as door_open
from bot.outbox.dispatcher import LEASE
from bot.readiness import Readiness
from bot.statistics import Figures
from bot.store.open import database_file
from bot.teams.pace import TEAMS, Limits
from dialogs.library import Library

_log = structlog.get_logger(__name__)


async def serve(
    settings: Settings,
    listening: Callable[[str, int], None],
    *,
    library: Library | None = None,
    limits: Limits = TEAMS,
    lease: float = LEASE,
) -> None:
    """Serve until told to stop.

    Args:
        settings: What to serve, and where.
        listening: Called once with the host and the real port, when the server listens.
        library: See `running`.
        limits: See `running`.
        lease: See `running`.

    Raises:
        ConfigError, ContentError, StoreUnavailable, OSError: It cannot start.
    """
    database = database_file(settings.database_url.reveal())
    started = running(settings, library=library, limits=limits, lease=lease)
    async with (
        started as parts,
        door_open(
            database,
            parts.upkeep,
            Figures(parts.store),
            Readiness(parts.store, parts.content.now, parts.keys_ready),
        ),
        _reloading(parts.content, local=settings.local),
    ):
        app, stop = web_app(parts), _told_to_stop()

        async def last(_: web.Request, response: web.StreamResponse) -> None:
            if stop.is_set():  # nobody reads what the sender would write into this connection next
                response.headers["Connection"] = "close"

        app.on_response_prepare.append(last)
        # Compressed bodies are refused; the server must not begin to unpack them.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_GRACE, auto_decompress=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
            port = runner.addresses[0][1]
            _log.info("serving", host=settings.host, port=port, local=settings.local)
            listening(settings.host, port)
            await stop.wait()
        finally:
            # Side by side, so that a request and a delivery that hang have one grace and not two.
            await asyncio.gather(runner.cleanup(), parts.dispatcher.stop(STOP_GRACE))


@asynccontextmanager
async def _reloading(content: Content, *, local: bool) -> AsyncIterator[None]:
    """SIGHUP has the guides read again, as is the custom; told several times meanwhile, it does it once more.

    In local mode it says that the terminal was closed, and ends the process; there a saved guide is noticed.
    """
    if local:
        yield
        return
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, told.set)

    async def reload() -> None:
        while True:
            await told.wait()
            told.clear()
            await content.reload()

    task = asyncio.create_task(reload(), name="reload")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _told_to_stop() -> asyncio.Event:
    """Set by the first signal to stop; further ones change nothing."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    return stop
