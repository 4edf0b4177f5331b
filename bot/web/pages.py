"""The chat page, the board and their files: where each address leads.

They know nobody's name, so they are there in local mode only: `bot.web.routes` sees to that. It must not
know how anything is answered.
"""

from collections.abc import Callable

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.config import Settings
from bot.languages import closest
from bot.metrics import Metrics
from bot.store.api import Store
from bot.web.assets import Assets
from bot.web.board import Board
from bot.web.chat import Chat, Takes
from bot.web.guard import local_only
from bot.web.hub import Hub
from bot.web.stream import Stream
from dialogs.library import SOURCE_LANGUAGE, Library


def add_pages(
    app: web.Application,
    *,
    turns: Takes,
    store: Store,
    library: Callable[[], Library],
    settings: Settings,
    hub: Hub,
    metrics: Metrics,
    heartbeat: float,
) -> None:
    """Put the pages into `app`; the arguments are those of `add_routes`."""

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
