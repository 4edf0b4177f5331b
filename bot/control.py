"""An operator's door to a running bot whose database is a file: a socket beside it, for its owner alone.

A SQLite file belongs to one process, so whoever wants to mend its outbox asks that process. The door is a
Unix domain socket (mode 0600 in a folder of mode 0700), never TCP: who may read the database may use it.
Behind it are `bot.outbox.upkeep.Upkeep`, `bot.statistics.Figures` and `bot.readiness.Readiness` as JSON over
HTTP; `Control` is the same from the other side.

Must not know: what an operator's commands look like, what a message is for.
"""

import os
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar, get_args

import aiohttp
import msgspec
import structlog
from aiohttp import web

from bot.errors import ConfigError, StoreUnavailable
from bot.figures import Statistics
from bot.outbox.entry import Entry
from bot.outbox.upkeep import Outcome, Upkeep
from bot.readiness import Readiness
from bot.statistics import Figures
from bot.store.api import MessageState

_log = structlog.get_logger(__name__)

T = TypeVar("T")
_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LONGEST: Final = 107  # bytes of a socket's path, unix(7); a little less on some systems
_PATIENCE: Final = 30.0  # seconds for one answer
_LARGEST: Final = 64 * 1024  # bytes of a request
_JSON: Final = "application/json"


def socket_of(database: Path) -> Path:
    """Where the door of a database file is; short, because the path of a socket must be."""
    return database.with_name(f"{database.name}.control") / "s"


# ---- the bot's side


@asynccontextmanager
async def listening(
    database: Path | None, upkeep: Upkeep, figures: Figures, readiness: Readiness
) -> AsyncIterator[None]:
    """Keep the door open. A bot without one works all the same, and says why it has none.

    Args:
        database: The database file, whose lock this process holds; None when it is none.
        upkeep: What can be asked for.
        figures: And what else.
        readiness: And whether the bot can work.
    """
    if database is None or sys.platform == "win32":
        yield
        return
    socket = socket_of(database)
    runner = web.AppRunner(_app(upkeep, figures, readiness), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    opened = False
    try:
        try:
            await _open(runner, socket)
        except OSError as error:
            _log.warning(
                "control_socket_not_open",
                socket=str(socket),
                why=error.strerror or str(error),
                what_to_do="mend this and restart, or stop the bot to use `handrail outbox`",
            )
        else:
            opened = True
        yield
    finally:
        await runner.cleanup()
        if opened:  # or it would be somebody else's
            with suppress(OSError):
                socket.unlink(missing_ok=True)
                socket.parent.rmdir()


async def _open(runner: web.AppRunner, socket: Path) -> None:
    """Make folder and socket. One that is there is stale: we hold the lock of the database."""
    if len(os.fsencode(socket)) > _LONGEST:
        raise OSError(f"the path of a socket may have {_LONGEST} bytes: give the database a shorter path")
    folder = socket.parent
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise OSError(f"{folder} is not a folder of this user: remove it")
    folder.chmod(0o700)
    # asyncio removes a socket that is there, and nothing else
    await web.UnixSite(runner, str(socket)).start()
    socket.chmod(0o600)  # noqa: ASYNC240  one call, at the start


def _app(upkeep: Upkeep, figures: Figures, readiness: Readiness) -> web.Application:
    app = web.Application(client_max_size=_LARGEST, middlewares=[_troubles])

    async def waiting(request: web.Request) -> web.Response:
        asked = request.query
        state = asked.get("state") or None
        if state is not None and state not in get_args(MessageState):
            raise web.HTTPBadRequest(text="no such state")
        found = await upkeep.waiting(
            state=state,  # type: ignore[arg-type]  # looked at just now
            kind=asked.get("kind", ""),
            limit=int(asked.get("limit", "50")),
        )
        return _answer(found)

    async def entry(request: web.Request) -> web.Response:
        found = await upkeep.entry(request.query["name"])
        return _answer([found] if found is not None else [])

    async def retry(request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read(), type=dict[str, str])
        return _answer(await upkeep.retry(asked["name"]))

    async def drop(request: web.Request) -> web.Response:
        asked = msgspec.json.decode(await request.read(), type=dict[str, str])
        return _answer(await upkeep.drop(asked["name"], asked["why"]))

    async def statistics(request: web.Request) -> web.Response:
        asked = request.query
        return _answer(await figures.statistics(since=int(asked["since"]), guide=asked["guide"]))

    async def ready(_: web.Request) -> web.Response:
        return _answer(await readiness.look())

    app.router.add_get("/ready", ready)
    app.router.add_get("/statistics", statistics)
    app.router.add_get("/outbox", waiting)
    app.router.add_get("/outbox/message", entry)
    app.router.add_post("/outbox/retry", retry)
    app.router.add_post("/outbox/drop", drop)
    return app


@web.middleware
async def _troubles(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except StoreUnavailable as error:
        raise web.HTTPServiceUnavailable(text=str(error)) from None
    except (KeyError, ValueError, msgspec.MsgspecError):
        raise web.HTTPBadRequest(text="this is no request that we know") from None


def _answer(found: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(found), content_type=_JSON)


# ---- the operator's side


class Control:
    """A running bot, through its door; the methods are those of `Upkeep`, `Figures` and `Readiness`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    @classmethod
    @asynccontextmanager
    async def through(cls, database: Path) -> AsyncIterator["Control"]:
        """Knock at the door of the bot that has this database.

        Raises:
            ConfigError: There is no door; the message says what to do.
        """
        socket = socket_of(database)
        if sys.platform == "win32":
            raise ConfigError("the bot has its database to itself on Windows: stop the bot first")
        if not socket.exists():
            raise ConfigError(
                f"{database} is in use, and its process keeps no control socket ({socket}): a bot that just"
                " starts has one in a moment; otherwise its log says why (control_socket_not_open): mend that"
                " and restart it, or stop it first"
            )
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        async with aiohttp.ClientSession(
            "http://handrail", connector=aiohttp.UnixConnector(str(socket)), timeout=timeout
        ) as session:
            yield cls(session)

    async def waiting(
        self, *, state: MessageState | None = None, kind: str = "", limit: int = 50
    ) -> list[Entry]:
        """See `Upkeep.waiting`."""
        asked = {"state": state or "", "kind": kind, "limit": str(limit)}
        return await self._ask(list[Entry], "GET", "/outbox", params=asked)

    async def entry(self, name: str) -> Entry | None:
        """See `Upkeep.entry`."""
        found = await self._ask(list[Entry], "GET", "/outbox/message", params={"name": name})
        return found[0] if found else None

    async def retry(self, name: str) -> Outcome:
        """See `Upkeep.retry`."""
        return await self._ask(Outcome, "POST", "/outbox/retry", json={"name": name})

    async def drop(self, name: str, why: str) -> Outcome:
        """See `Upkeep.drop`."""
        return await self._ask(Outcome, "POST", "/outbox/drop", json={"name": name, "why": why})

    async def statistics(self, *, since: int, guide: str = "") -> Statistics:
        """See `Figures.statistics`."""
        asked = {"since": str(since), "guide": guide}
        return await self._ask(Statistics, "GET", "/statistics", params=asked)

    async def look(self) -> dict[str, str]:
        """See `Readiness.look`."""
        return await self._ask(dict[str, str], "GET", "/ready")

    async def _ask(self, type_: type[T], method: str, path: str, **more: Any) -> T:
        try:
            async with self._session.request(method, path, **more) as response:
                body = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise StoreUnavailable(
                f"the running bot does not answer at its control socket ({type(error).__name__}): it may"
                " be stopping; try again, and look into its log"
            ) from None
        if response.status == 503:
            raise StoreUnavailable(body.decode("utf-8", "replace"))
        try:
            if response.status != 200:
                raise ValueError(response.status)  # noqa: TRY301  told like an answer that cannot be read
            return msgspec.json.decode(body, type=type_)
        except (ValueError, msgspec.MsgspecError):
            raise ConfigError(
                f"the running bot does not know this request (status {response.status}): it is another"
                " version; use the handrail command that it was started with"
            ) from None
