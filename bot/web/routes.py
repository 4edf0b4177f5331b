"""Which address leads where, and which of them exist at all.

The chat page and the board know nobody's name, so they are there in local mode only; what an operator's tools
ask is there always. It must not know how anything is answered.
"""

from collections.abc import Callable

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.config import Settings
from bot.languages import closest
from bot.metrics import Metrics, measure_http
from bot.store.api import Store
from bot.web.assets import Assets
from bot.web.board import Board
from bot.web.chat import Chat, Takes
from bot.web.guard import local_only
from bot.web.health import Health
from bot.web.hub import Hub
from bot.web.stream import HEARTBEAT, Stream
from bot.web.ticket_news import HearsNews, TicketNewsDoor
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
    ticket_news: HearsNews | None = None,
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
        ticket_news: Hears what the ticket system tells; without, nobody does.
    """
    metrics = metrics or Metrics()
    measure_http(app, metrics)
    health = Health(store=store, library=library, metrics=metrics, keys_ready=keys_ready)
    app.router.add_get("/healthz", health.alive)
    app.router.add_get("/readyz", health.ready)
    app.router.add_get("/metrics", health.metrics)
    if ticket_news is not None:
        app.router.add_post("/api/tickets/news", TicketNewsDoor(ticket_news).post)
    if not settings.local:
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
    chat = Chat(
        turns=turns,
        store=store,
        library=library,
        assets=assets,
        metrics=metrics,
        language=closest(library(), settings.language) or SOURCE_LANGUAGE,
    )
    stream = Stream(turns=turns, store=store, library=library, hub=hub, metrics=metrics, heartbeat=heartbeat)
    board = Board(
        turns=turns,
        store=store,
        library=library,
        language=closest(library(), settings.helpdesk_language) or SOURCE_LANGUAGE,
        zone=settings.helpdesk_zone,
        assets=assets,
        metrics=metrics,
    )
    get, post = app.router.add_get, app.router.add_post
    get("/", local_only(chat.page))
    get("/chat/stream", local_only(stream.serve), allow_head=False)
    post("/chat/events", local_only(chat.events))
    get("/helpdesk", local_only(board.cases))
    get("/helpdesk/cases/{number}", local_only(board.case))
    for name, act in (("claim", board.claim), ("close", board.close)):
        post(f"/helpdesk/cases/{{number}}/{name}", local_only(act))
        get(f"/helpdesk/cases/{{number}}/{name}", local_only(board.back_to_case))
    get("/static/{version}/{name}", local_only(assets.serve))
