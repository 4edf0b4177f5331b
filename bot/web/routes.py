"""Which address leads where, and which of them exist at all.

The chat page knows nobody's name, so it is there in local mode only; the board is there where somebody says
who people are; what an operator's tools ask is there always. It must not know how anything is answered.
"""

from collections.abc import Callable

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.config import Settings
from bot.languages import closest
from bot.metrics import Metrics, measure_http
from bot.store.api import Store
from bot.web.agents import Agents
from bot.web.assets import Assets
from bot.web.board import Board
from bot.web.chat import Chat, Takes
from bot.web.entra import Entra
from bot.web.frame import Frame
from bot.web.guard import LocalDoor, local_only, protected
from bot.web.health import Health
from bot.web.hub import Hub
from bot.web.live import Live
from bot.web.sign_in import SignIn
from bot.web.stream import HEARTBEAT, Stream
from dialogs.library import SOURCE_LANGUAGE, Library


def add_routes(
    app: web.Application,
    *,
    turns: Takes,
    store: Store,
    library: Callable[[], Library],
    settings: Settings,
    hub: Hub,
    metrics: Metrics | None = None,
    heartbeat: float = HEARTBEAT,
    keys_ready: Callable[[], bool] = lambda: True,
    entra: Entra | None = None,
) -> None:
    """Put the pages into `app`.

    Args:
        app: An application that has not been started.
        turns: Takes the events that the pages send.
        store: Read for what the pages show.
        library: The content as it is now.
        settings: Local mode or not, the languages, and the helpdesk's time zone.
        hub: Told by `turns` about every change; closed when `app` shuts down.
        metrics: The instruments; made here when nobody else counts.
        heartbeat: Seconds between two signs of life of a quiet stream.
        keys_ready: Whether the channel's signing keys are there.
        entra: Says who people are who want to see the board; not needed in local mode.
    """
    metrics = metrics or Metrics()
    measure_http(app, metrics)
    health = Health(store=store, library=library, metrics=metrics, keys_ready=keys_ready)
    app.router.add_get("/healthz", health.alive)
    app.router.add_get("/readyz", health.ready)
    app.router.add_get("/metrics", health.metrics)
    if not settings.local and entra is None:
        return

    async def hang_up(_: web.Application) -> None:
        hub.close()

    app.on_shutdown.append(hang_up)
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.PackageLoader("bot.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    assets = Assets()
    files = local_only(assets.serve) if settings.local else assets.serve
    app.router.add_get("/static/{version}/{name}", files)
    frame = Frame(
        library=library,
        language=closest(library(), settings.helpdesk_language) or SOURCE_LANGUAGE,
        zone=settings.helpdesk_zone,
        assets=assets,
    )
    door: LocalDoor | SignIn = LocalDoor()
    if entra is not None:
        door = SignIn(entra=entra, sessions=Agents(store), frame=frame, settings=settings)
        app.router.add_get("/helpdesk/sign-in", protected(door.begin))
        app.router.add_get("/helpdesk/signed-in", protected(door.finish))
        app.router.add_post("/helpdesk/sign-out", door.guard(door.leave))
    live = Live(store=store, hub=hub, still_in=door.still_in, heartbeat=heartbeat)
    board = Board(turns=turns, store=store, frame=frame, live=live, metrics=metrics, origin=door.origin)
    get, post = app.router.add_get, app.router.add_post
    get("/helpdesk", door.guard(board.cases))
    get("/helpdesk/stream", door.guard(live.serve), allow_head=False)
    get("/helpdesk/cases/{number}", door.guard(board.case))
    post("/helpdesk/cases/{number}/{act}", door.guard(board.act))
    get("/helpdesk/cases/{number}/{act}", door.guard(board.back_to_case))
    if not settings.local:
        return
    chat = Chat(
        turns=turns,
        store=store,
        library=library,
        assets=assets,
        metrics=metrics,
        language=closest(library(), settings.language) or SOURCE_LANGUAGE,
    )
    stream = Stream(turns=turns, store=store, library=library, hub=hub, metrics=metrics, heartbeat=heartbeat)
    get("/", local_only(chat.page))
    get("/chat/stream", local_only(stream.serve), allow_head=False)
    post("/chat/events", local_only(chat.events))
