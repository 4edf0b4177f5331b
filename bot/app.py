"""The composition root: the one file that names concrete classes and puts them together.

Nobody imports it but the command line and tests that want the whole bot. It must decide nothing: who may
come in, what is said and where things go is decided by the parts.
"""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
import structlog
from aiohttp import web

from bot import crash
from bot.answered import answered_card
from bot.cards.prepared import Cards
from bot.cards.speech import Speaker
from bot.case_files import CaseFiles
from bot.clock import Clock
from bot.config import Settings
from bot.content import Content, load_content
from bot.delivery import TO_TEAMS, Delivery, pools
from bot.given_files import GivenFiles
from bot.handoff import Handoff, Helpdesk, announcement
from bot.identity import board_sign_in, token_fetch
from bot.languages import closest, spoken
from bot.metrics import Metrics
from bot.office import Office
from bot.outbox import strays
from bot.outbox.dispatcher import AS_MUCH_AS_YOU_LIKE, LEASE, Dispatcher
from bot.outbox.upkeep import Upkeep
from bot.probes.api import Probe
from bot.queues import Queues
from bot.replicas import Replicas
from bot.store.api import CaseRecord, Store
from bot.store.open import open_store
from bot.teams.adapter import TeamsAdapter
from bot.teams.auth import Gate
from bot.teams.bot import HandrailBot
from bot.teams.channel import TeamsChannel
from bot.teams.connector import Connector, Listener, open_client
from bot.teams.desk import Desk
from bot.teams.doors import open_doors
from bot.teams.duty import Duty
from bot.teams.news import News
from bot.teams.outcomes import Operation, Outcome, Throttled
from bot.teams.pace import TEAMS, UNLIMITED, Limits, Pace
from bot.teams.service_urls import ServiceUrls
from bot.teams.team import Team
from bot.teams.tokens import SharedToken
from bot.ticket_desks import Desks
from bot.ticket_news import TicketNews
from bot.tickets.builtin import BuiltinTickets
from bot.tickets.choose import opened as open_tickets
from bot.tickets.watch import watch
from bot.turn import Turns
from bot.web.hub import Hub
from bot.web.routes import add_routes
from dialogs.library import Library

if TYPE_CHECKING:
    from bot.web.entra import Entra

_log = structlog.get_logger(__name__)

STOP_GRACE = 8.0  # seconds for what is in flight; with handing back and closing a stop takes less than ten


class Parts(msgspec.Struct, kw_only=True):
    """The bot put together, before it has a web server."""

    settings: Settings
    content: Content
    store: Store
    hub: Hub
    turns: Turns
    cards: Cards
    connector: Connector
    dispatcher: Dispatcher
    upkeep: Upkeep
    metrics: Metrics
    gate: Gate
    keys_ready: Callable[[], bool]
    entra: "Entra | None"
    ticket_news: Mapping[str, TicketNews]


@asynccontextmanager
async def running(
    settings: Settings, *, library: Library | None = None, limits: Limits = TEAMS, lease: float = LEASE
) -> AsyncIterator[Parts]:
    """Everything but the web server, started; stopped in order at the end.

    Args:
        settings: What to run, and with whom.
        library: The content, when it has been read already.
        limits: How fast Teams may be spoken to. In local mode nothing is limited.
        lease: Seconds until a message is given to another replica when the one that had it says nothing.

    Raises:
        ConfigError, ContentError, StoreUnavailable: It cannot start; the message says what to do.
    """
    content = Content(library or _usable(settings), lambda: _usable(settings), settings.content)
    office = Office(settings.helpdesk_hours, settings.helpdesk_zone, settings.helpdesk_country)
    language = spoken(content.now(), "HANDRAIL_LANGUAGE", settings.language)
    async with AsyncExitStack() as stack:
        store = await open_store(settings.database_url.reveal())
        stack.push_async_callback(store.close)
        crash.at("start.opened")
        client = await stack.enter_async_context(open_client())
        service_urls = _service_urls(settings)
        doors = open_doors(settings, client, stack, service_urls)
        hub, metrics = Hub(), Metrics()
        replicas = Replicas(store, changed=metrics.replicas.set)
        await replicas.look()  # before anything is sent
        _in_background(stack, replicas.watch(), "replicas")
        pace = Pace(UNLIMITED if settings.local else limits, replicas=lambda: replicas.number)
        connector = Connector(
            client,
            doors.tokens,
            service_urls,
            pace,
            heard=_hearing(metrics, News()),
        )

        dispatcher: Dispatcher

        turns = Turns(
            library=content.now,
            store=store,
            changed=hub.changed,
            places=lambda *kinds: dispatcher.spare(*kinds),  # noqa: PLW0108  it is made further down
            language=language,
            back=office.back,
            several_desks=bool(settings.ticket_desks),
        )
        desks = await _desks(settings, store, stack)
        news = {
            name: TicketNews(system, turns, store.case, desk=name) for name, system in desks.systems.items()
        }
        for name, system in desks.systems.items():
            _in_background(stack, watch(system, store, news[name].tell, desk=name), f"ticket news {name}")
        cards, channel = Cards(content.now), TeamsChannel(connector)
        handoff = Handoff(
            store=store,
            turns=turns,
            library=content.now,
            channel=channel,
            tickets=desks,
            helpdesk=_helpdesk(settings, content.now()),
        )
        delivery = Delivery(
            store=store,
            turns=turns,
            library=content.now,
            cards=cards,
            channel=channel,
            handoff=handoff,
            files=CaseFiles(
                store=store,
                turns=turns,
                fetcher=doors.files,
                tickets=desks,
                speaker=lambda: _speaker(settings, content.now()),
            ),
            given=GivenFiles(
                store=store,
                turns=turns,
                library=content.now,
                channel=channel,
                uploads=doors.uploads,
            ),
            probes=_probes(settings, client, stack),
        )
        places = pools([desk.name for desk in settings.ticket_desks])
        dispatcher = Dispatcher(
            store,
            delivery.perform,
            pools=places,
            room=lambda kind: pace.room() if kind in TO_TEAMS else AS_MUCH_AS_YOU_LIKE,
            buried=delivery.buried,
            changed=hub.changed,
            lease=lease,
        )
        clock = Clock(
            store=store,
            turns=turns,
            office=office,
            minutes=settings.helpdesk_remind,
            second=bool(settings.helpdesk_second),
            now=time.time,
        )
        _in_background(stack, clock.watch(), "clock")
        if settings.local:  # whoever writes a guide tries it here
            _in_background(stack, content.watch(), "content")
        _in_background(stack, strays.watch(places, store.kinds_waiting), "strays")
        dispatcher.start()
        stack.push_async_callback(dispatcher.stop, STOP_GRACE)
        yield Parts(
            settings=settings,
            content=content,
            store=store,
            hub=hub,
            turns=turns,
            cards=cards,
            connector=connector,
            dispatcher=dispatcher,
            upkeep=Upkeep(store, delivery.buried, wake=dispatcher.wake, changed=hub.changed),
            metrics=metrics,
            gate=doors.gate,
            keys_ready=doors.ready,
            entra=await stack.enter_async_context(board_sign_in(settings, client)),
            ticket_news=news,
        )


def upkeep_over(settings: Settings, store: Store) -> Upkeep:
    """The operator's work on an outbox without a bot: nothing is delivered.

    The guides are read only when somebody must hear of a message's end.
    """
    library = functools.cache(lambda: load_content(settings))
    turns = Turns(library=library, store=store, changed=lambda _: None, language=settings.language)
    tickets = Desks(BuiltinTickets(store))
    handoff = Handoff(
        store=store, turns=turns, library=library, channel=None, tickets=tickets, helpdesk=Helpdesk()
    )
    files = CaseFiles(
        store=store, turns=turns, fetcher=None, tickets=tickets, speaker=lambda: _speaker(settings, library())
    )
    delivery = Delivery(
        store=store,
        turns=turns,
        library=library,
        cards=Cards(library),
        channel=None,
        handoff=handoff,
        files=files,
        given=GivenFiles(store=store, turns=turns, library=library, channel=None, uploads=None),
        probes={},
    )
    return Upkeep(store, delivery.buried)


def web_app(parts: Parts) -> web.Application:
    """The web server's routes over the running parts."""
    app = web.Application(client_max_size=256 * 1024)
    settings = parts.settings
    adapter = TeamsAdapter(parts.gate, parts.connector, app_id=settings.app_id)
    library = parts.content.now
    helpdesk = _helpdesk(settings, library())

    async def case_card(record: CaseRecord) -> dict[str, Any]:
        return (await announcement(record, library(), helpdesk, parts.store, parts.turns.now()))[0]

    bot = HandrailBot(
        turns=parts.turns,
        store=parts.store,
        answered_card=lambda heard, reply: answered_card(
            parts.store, parts.cards, heard.conversation, heard.address.zone, reply
        ),
        case_card=case_card,
        words=lambda text, locale: library().say(
            text, closest(library(), locale) or closest(library(), settings.language)
        ),
        desk=Desk(
            turns=parts.turns,
            store=parts.store,
            queues=_queues(settings),
            colleague=Team(parts.connector).name_of,
        ),
        duty=Duty(
            turns=parts.turns,
            roster=parts.store,
            queues=_queues(settings),
            library=library,
        ),
        signed=not settings.local,
    )

    taken = parts.metrics.turn_seconds.labels("teams")

    async def messages(request: web.Request) -> web.Response:
        with taken.time():
            return await adapter.process(request, bot)

    app.router.add_route("*", "/api/messages", messages)
    add_routes(
        app,
        turns=parts.turns,
        store=parts.store,
        library=library,
        settings=settings,
        hub=parts.hub,
        metrics=parts.metrics,
        keys_ready=parts.keys_ready,
        entra=parts.entra,
        ticket_news=parts.ticket_news,
    )
    return app


def _hearing(metrics: Metrics, news: News) -> Listener:
    """Counts what becomes of requests to Teams, and tells what an operator should know."""
    # They are few, and finding one takes long.
    counter = functools.cache(metrics.connector_requests.labels)

    def heard(operation: Operation, status: str, outcome: Outcome) -> None:
        if isinstance(outcome, Throttled) and outcome.held_back:
            metrics.connector_postponed.labels(outcome.held_back).inc()
            return
        counter(operation, status).inc()
        news.heard(outcome)

    return heard


def _in_background(stack: AsyncExitStack, work: Coroutine[Any, Any, None], name: str) -> None:
    """Let `work` run until the stack unwinds."""
    stack.push_async_callback(_ended, asyncio.create_task(work, name=name))


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _service_urls(settings: Settings) -> ServiceUrls:
    return ServiceUrls.loopback_only() if settings.local else ServiceUrls(settings.service_urls)


def _usable(settings: Settings) -> Library:
    """The content from its folder, in the languages that the settings name.

    Raises:
        ContentError, ConfigError: It cannot be used.
    """
    library = load_content(settings)
    spoken(library, "HANDRAIL_LANGUAGE", settings.language)
    spoken(library, "HANDRAIL_HELPDESK_LANGUAGE", settings.helpdesk_language)
    return library


def _speaker(settings: Settings, library: Library) -> Speaker:
    language = spoken(library, "HANDRAIL_HELPDESK_LANGUAGE", settings.helpdesk_language)
    return Speaker(library, language, settings.helpdesk_zone)


def _probes(settings: Settings, client: aiohttp.ClientSession, stack: AsyncExitStack) -> Mapping[str, Probe]:
    """The automatic checks. Without an identity there is nobody to ask for: all of them say "unknown"."""
    if settings.local or "graph" not in settings.probes:
        return {}
    from bot.probes.graph import graph_probes, graph_resource  # only who uses them has them in memory

    tokens = SharedToken(token_fetch(settings, client, resource=graph_resource(settings.graph_url)))
    stack.push_async_callback(tokens.close)
    return graph_probes(client, tokens, settings.graph_url)


async def _desks(settings: Settings, store: Store, stack: AsyncExitStack) -> Desks:
    """The ticket desks, each with a client of its own: none waits for another one's connections."""
    main = await stack.enter_async_context(open_tickets(settings, store))
    others = {
        desk.name: await stack.enter_async_context(open_tickets(desk, store))
        for desk in settings.ticket_desks
    }
    return Desks(main, others, {word: desk.name for desk in settings.ticket_desks for word in desk.cases})


def _queues(settings: Settings) -> Queues:
    channels = dict(settings.helpdesk_channels)
    return Queues(settings.helpdesk_channel, channels, settings.helpdesk_second)


def _helpdesk(settings: Settings, library: Library) -> Helpdesk:
    return Helpdesk(
        queues=_queues(settings),
        service_url=settings.helpdesk_service_url,
        language=spoken(library, "HANDRAIL_HELPDESK_LANGUAGE", settings.helpdesk_language),
        zone=settings.helpdesk_zone,
        board_url=settings.board_url,
        picker=not settings.local,
    )
