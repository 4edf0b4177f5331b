"""What an operator's monitoring may read: one registry, and every instrument by name.

It must not know who measures: instruments are handed to whoever has something to count. Labels never hold
a person, a conversation or anything typed.
"""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from aiohttp import hdrs, web
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from bot.store.api import MessageState

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_WAITING: Final[tuple[MessageState, ...]] = ("ready", "leased", "parked", "dead")
_TURN_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LAG_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_LAG_EVERY: Final = (
    0.02  # seconds between two looks at the event loop: what holds it for longer is always seen
)
_LAG_LOOKS: Final = 1000  # missed looks that are counted after one; a machine that slept is not busy


class Metrics:
    """The instruments, on a registry of their own, so that two bots in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self.turn_seconds = Histogram(
            "handrail_turn_seconds",
            "How long an event took from its arrival to its commit, by the face it came through.",
            ["face"],
            buckets=_TURN_SECONDS,
            registry=self.registry,
        )
        self.requests = Counter(
            "handrail_http_requests",
            "Answers given over HTTP, by route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.connector_requests = Counter(
            "handrail_connector_requests",
            "Requests to Teams, by what was tried and the HTTP status or what came in its place.",
            ["operation", "status"],
            registry=self.registry,
        )
        self.connector_postponed = Counter(
            "handrail_connector_postponed",
            "Requests to Teams put off by us: a limit left no room, or Teams had asked for a pause.",
            ["why"],
            registry=self.registry,
        )
        self.replicas = Gauge(
            "handrail_replicas",
            "Processes that share the database and Teams' limits with this one, itself included.",
            registry=self.registry,
        )
        self.queue = Gauge(
            "handrail_queue_messages",
            "Messages in the outbox that are not done, by state.",
            ["state"],
            registry=self.registry,
        )
        self.oldest_due = Gauge(
            "handrail_queue_oldest_due_seconds",
            "For how long the message that waits longest could have left; 0 when none is due.",
            registry=self.registry,
        )
        self.store_up = Gauge(
            "handrail_store_up",
            "Whether the store answered when this was read: 1 or 0. At 0 the queue's numbers are old.",
            registry=self.registry,
        )
        self.loop_lag = Gauge(
            "handrail_event_loop_lag_seconds",
            "By how much the event loop was late when it was last looked at.",
            registry=self.registry,
        )
        self.loop_delay = Histogram(
            "handrail_event_loop_delay_seconds",
            "What a request that arrives at any moment waits for the event loop.",
            buckets=_LAG_SECONDS,
            registry=self.registry,
        )
        self.streams = Gauge(
            "handrail_chat_streams",
            "Chat pages that are connected now.",
            registry=self.registry,
        )

    def queue_is(self, depth: Mapping[MessageState, int], *, oldest_due: float) -> None:
        """Note how much waits. `oldest_due` is in seconds."""
        for state in _WAITING:
            self.queue.labels(state).set(depth.get(state, 0))
        self.oldest_due.set(oldest_due)

    def text(self) -> bytes:
        """Everything, in the Prometheus text format."""
        return generate_latest(self.registry)


async def watch_loop(metrics: Metrics) -> None:
    """Measure for ever how late the event loop runs; ends by cancellation."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(_LAG_EVERY)
        late = max(0.0, time.perf_counter() - before - _LAG_EVERY)
        metrics.loop_lag.set(late)
        metrics.loop_delay.observe(late)
        # The looks that were due meanwhile were late as well, each by less: without them a loop that stood
        # still for a second would count no more than one that was late for a moment.
        for missed in range(1, min(int(late / _LAG_EVERY), _LAG_LOOKS) + 1):
            metrics.loop_delay.observe(late - missed * _LAG_EVERY)


def measure_http(app: web.Application, metrics: Metrics) -> None:
    """Count every answer of `app`, and watch its event loop while it runs."""
    # Routes and statuses are few, and finding a counter takes long.
    counter = functools.cache(metrics.requests.labels)

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        status = 500
        try:
            answer = await handler(request)
            status = answer.status
        except web.HTTPException as answer:
            status = answer.status
            raise
        else:
            return answer
        finally:
            method = request.method if request.method in hdrs.METH_ALL else "other"
            counter(method, _route(request), str(status)).inc()

    async def lag(_: web.Application) -> AsyncIterator[None]:
        watching = asyncio.create_task(watch_loop(metrics), name="event-loop-lag")
        yield
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    app.middlewares.append(count)
    app.cleanup_ctx.append(lag)


def _route(request: web.Request) -> str:
    """The route's pattern and never the path: a path may hold a case number, and anybody can invent one."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"
