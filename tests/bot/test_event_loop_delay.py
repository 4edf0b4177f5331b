"""A handler that holds the event loop is seen in the metrics, whenever somebody looks at them."""

import asyncio
import time

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.metrics import Metrics, measure_http

HELD = 0.2  # seconds


async def looked_at(metrics: Metrics) -> dict[float, float]:
    """How often the loop was late by at most so many seconds, after a few more looks at it."""
    await asyncio.sleep(0.1)
    (family,) = metrics.loop_delay.collect()
    return {
        float(sample.labels["le"]): sample.value
        for sample in family.samples
        if sample.name.endswith("_bucket")
    }


async def test_a_loop_that_was_held_is_seen_afterwards() -> None:
    """The peak is over when the metrics are read, and so is the gauge's; the histogram still has it."""

    async def held(_request: web.Request) -> web.Response:
        time.sleep(HELD)  # noqa: ASYNC251  the very mistake
        return web.Response()

    metrics = Metrics()
    app = web.Application()
    app.router.add_get("/held", held)
    measure_http(app, metrics)
    async with TestClient(TestServer(app)) as client:
        before = await looked_at(metrics)
        assert (await client.get("/held")).status == 200
        after = await looked_at(metrics)

    def later_than(seconds: float) -> float:
        return (after[float("inf")] - after[seconds]) - (before[float("inf")] - before[seconds])

    assert later_than(0.1) >= 3  # the looks that were missed count as well: 0.18, 0.16, 0.14 seconds late
    assert later_than(0.01) > later_than(0.1)
