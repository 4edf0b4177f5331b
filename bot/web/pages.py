"""The chat page, the board and their files: where each address leads.

The chat page is there in local mode only, and the board has a door of its own. It must not know how anything
is answered.
"""

from collections.abc import Callable

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.config import Settings
from bot.languages import closest
from bot.metrics import Metrics
from bot.store.api import Store
from bot.web.agents import Agents
from bot.web.assets import Assets
from bot.web.board import Board
from bot.web.chat import Chat, Takes
from bot.web.entra import Entra
from bot.web.frame import Frame
from bot.web.given import Given
from bot.web.guard import LocalDoor, local_only, protected
from bot.web.hub import Hub
from bot.web.live import Live
from bot.web.sign_in import SignIn
from bot.web.statistics import StatisticsPage
from bot.web.stream import Stream
from bot.web.uploads import Uploads
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
    entra: Entra | None,
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
    get, post = app.router.add_get, app.router.add_post
    get("/static/{version}/{name}", local_only(assets.serve) if settings.local else assets.serve)
    frame = Frame(
        library=library,
        language=closest(library(), settings.helpdesk_language) or SOURCE_LANGUAGE,
        zone=settings.helpdesk_zone,
        assets=assets,
    )
    door: LocalDoor | SignIn = LocalDoor()
    if entra is not None:
        door = SignIn(entra=entra, sessions=Agents(store), frame=frame, settings=settings)
        get("/helpdesk/sign-in", protected(door.begin))
        get("/helpdesk/signed-in", protected(door.finish))
        post("/helpdesk/sign-out", door.guard(door.leave))
    live = Live(store=store, hub=hub, still_in=door.still_in, heartbeat=heartbeat)
    board = Board(turns=turns, store=store, frame=frame, live=live, metrics=metrics, origin=door.origin)
    get("/helpdesk", door.guard(board.cases))
    figures = StatisticsPage(history=store, frame=frame, now=turns.now)
    get("/helpdesk/statistics", door.guard(figures.show))
    get("/helpdesk/stream", door.guard(live.serve), allow_head=False)
    get("/helpdesk/cases/{number}", door.guard(board.case))
    get("/helpdesk/cases/{number}/files/{id:[0-9a-f]{32}}", door.guard(board.file))
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
    get("/chat/files/{id:[0-9a-f]{32}}", local_only(Given(store).serve))
    post("/chat/files", local_only(Uploads(turns=turns, store=store, metrics=metrics).take))
