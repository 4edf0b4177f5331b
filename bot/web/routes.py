"""Which address leads where, and which of them exist at all.

The chat page knows nobody's name, so it is there in local mode only; the board is there as well where
somebody says who people are; what an operator's tools ask is there always. It must not know how anything is
answered.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from bot.config import Settings
from bot.metrics import Metrics, measure_http
from bot.readiness import Readiness
from bot.store.api import Store
from bot.web.health import Health
from bot.web.hub import HEARTBEAT, Hub
from bot.web.ticket_news import HearsNews, TicketNewsDoor
from dialogs.library import Library

if TYPE_CHECKING:
    from bot.web.chat import Takes
    from bot.web.entra import Entra


def add_routes(
    app: web.Application,
    *,
    turns: "Takes",
    store: Store,
    library: Callable[[], Library],
    settings: Settings,
    hub: Hub,
    metrics: Metrics | None = None,
    heartbeat: float = HEARTBEAT,
    keys_ready: Callable[[], bool] = lambda: True,
    entra: "Entra | None" = None,
    ticket_news: Mapping[str, HearsNews] | None = None,
) -> None:
    """Put the pages into `app`.

    Args:
        app: An application that has not been started.
        turns: "Takes" the events that the pages send.
        store: Read for what the pages show.
        library: The content as it is now.
        settings: Local mode or not, the languages, and the helpdesk's time zone.
        hub: Told by `turns` about every change; closed when `app` shuts down.
        metrics: The instruments; made here when nobody else counts.
        heartbeat: Seconds between two signs of life of a quiet stream.
        keys_ready: Whether the channel's signing keys are there.
        entra: Says who people are who want to see the board; not needed in local mode.
        ticket_news: Hears what the ticket systems tell, by their desks' names; without, nobody does.
    """
    metrics = metrics or Metrics()
    measure_http(app, metrics)
    health = Health(store=store, readiness=Readiness(store, library, keys_ready), metrics=metrics)
    app.router.add_get("/healthz", health.alive)
    app.router.add_get("/readyz", health.ready)
    app.router.add_get("/metrics", health.metrics)
    if ticket_news is not None:
        TicketNewsDoor(ticket_news).add_to(app)
    if not settings.local and entra is None:
        return

    # without pages nothing is loaded that draws them
    from bot.web.pages import add_pages

    add_pages(
        app,
        turns=turns,
        store=store,
        library=library,
        settings=settings,
        hub=hub,
        metrics=metrics,
        heartbeat=heartbeat,
        entra=entra,
    )
