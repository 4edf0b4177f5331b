"""Does Microsoft report trouble: asked once for everybody, and never taken for fine when it is not clear."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from bot.probes.api import Finding
from tests.bot.probes.conftest import Ask
from tests.support.graph import PlayedGraph
from tests.support.stage import Clock


async def test_nothing_reported_is_fine(ask: Ask) -> None:
    """Trouble of another service (Exchange is down) says nothing about signing in."""
    assert await ask("service-health") == Finding("fine", "Microsoft Entra: serviceOperational")


async def test_trouble_names_what_is_going_on(ask: Ask, graph: PlayedGraph) -> None:
    """The helpdesk reads the open issues of this service, newest first, and none that is over."""
    graph.services[1]["status"] = "serviceDegradation"
    entra: dict[str, Any] = {"service": "Microsoft Entra", "isResolved": False}
    graph.open_issues += [
        {"id": "MO1", "title": "Portal slow", "startDateTime": "2026-09-01T00:00:00Z", **entra},
        {"id": "MO2", "title": "Sign-in fails", "startDateTime": "2026-09-21T13:00:00Z", **entra},
        {"id": "MO3", "title": "Long over", **entra, "isResolved": True},
        {"id": "EX4", "title": "Mail", "service": "Exchange Online", "isResolved": False},
    ]
    assert await ask("service-health") == Finding(
        "trouble",
        "Microsoft Entra: serviceDegradation"
        " · MO2 Sign-in fails (since 2026-09-21 13:00:00 UTC)"
        " · MO1 Portal slow (since 2026-09-01 00:00:00 UTC)",
    )


async def test_an_issue_that_is_over_is_not_listed_unasked(ask: Ask, graph: PlayedGraph) -> None:
    """Even when the list has it in spite of the filter."""
    graph.services[1]["status"] = "serviceDegradation"
    graph.issues.always(200, {"value": [{"id": "MO3", "title": "Long over", "isResolved": True}]})
    assert await ask("service-health") == Finding("trouble", "Microsoft Entra: serviceDegradation")


async def test_trouble_is_known_without_its_issues(ask: Ask, graph: PlayedGraph) -> None:
    """The overview is enough to tell the person."""
    graph.services[1]["status"] = "serviceInterruption"
    graph.issues.always(500)
    assert await ask("service-health") == Finding(
        "trouble", "Microsoft Entra: serviceInterruption · its issues could not be read"
    )


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("serviceOperational", "fine"),
        ("ServiceOperational", "fine"),  # Microsoft's own examples write it both ways
        ("serviceRestored", "fine"),
        ("falsePositive", "fine"),
        ("investigating", "trouble"),
        ("restoringService", "trouble"),
        ("extendedRecovery", "trouble"),
        ("investigationSuspended", "unknown"),
        ("unknownFutureValue", "unknown"),
        ("", "unknown"),
    ],
)
async def test_what_a_status_means(ask: Ask, graph: PlayedGraph, status: str, outcome: str) -> None:
    """A status that nobody has heard of is neither fine nor trouble."""
    graph.services[1]["status"] = status
    assert (await ask("service-health")).outcome == outcome


@pytest.mark.parametrize(
    "service",
    [
        {"id": "OrgLiveID", "service": "Identity Service"},
        {"id": "orgliveid", "service": "Microsoft Entra"},
        {"id": "Renamed", "service": "Microsoft Entra"},
        {"id": "OrgLiveID", "service": "Renamed again"},
    ],
)
async def test_the_service_is_known_by_its_id_or_its_name(
    ask: Ask, graph: PlayedGraph, service: dict[str, str]
) -> None:
    """Microsoft renamed it before."""
    graph.services = [{**service, "status": "serviceOperational"}]
    assert (await ask("service-health")).outcome == "fine"


async def test_a_list_without_the_service_is_unknown(ask: Ask, graph: PlayedGraph) -> None:
    """Only services that the tenant subscribes to are listed; silence is no good news."""
    graph.services = graph.services[:1]
    assert await ask("service-health") == Finding(
        "unknown", "Microsoft's list of services has no Microsoft Entra"
    )


async def test_everybody_shares_one_answer(ask: Ask, graph: PlayedGraph, clock: Clock) -> None:
    """In an outage all ask at once; Graph is asked once in five minutes."""
    found = await asyncio.gather(*(ask("service-health") for _ in range(30)))
    assert {each.outcome for each in found} == {"fine"}
    clock.forward(299)
    await ask("service-health")
    assert len(graph.overviews.received) == 1
    graph.services[1]["status"] = "serviceDegradation"
    clock.forward(1)
    assert (await ask("service-health")).outcome == "trouble"


async def test_no_answer_is_not_kept_for_long(ask: Ask, graph: PlayedGraph, clock: Clock) -> None:
    """A failure is shared for a minute, so that nobody storms a Graph in trouble."""
    graph.overviews.next(500)
    found = await asyncio.gather(*(ask("service-health") for _ in range(30)))
    assert {each.outcome for each in found} == {"unknown"}
    assert len(graph.overviews.received) == 1
    clock.forward(60)
    assert (await ask("service-health")).outcome == "fine"


async def test_a_clock_set_back_does_not_prolong_an_answer(
    ask: Ask, graph: PlayedGraph, clock: Clock
) -> None:
    """An answer out of the future is asked again."""
    await ask("service-health")
    clock.forward(-3600)
    await ask("service-health")
    assert len(graph.overviews.received) == 2


async def test_one_who_goes_away_does_not_spoil_it_for_the_others(ask: Ask, graph: PlayedGraph) -> None:
    """The one that asks is cancelled; those who wait for the answer still get one."""
    asking = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        asking.set()
        return await graph.hang(request)

    graph.overviews.next_with(silent)
    first = asyncio.create_task(ask("service-health"))
    async with asyncio.timeout(30):
        await asking.wait()
    second = asyncio.create_task(ask("service-health"))
    first.cancel()
    assert (await second).outcome == "fine"


async def test_what_microsoft_writes_stays_one_harmless_line(ask: Ask, graph: PlayedGraph) -> None:
    """Titles lose line breaks and invisible characters, and have an end."""
    graph.services[1]["status"] = "serviceDegradation"
    graph.open_issues.append(
        {
            "id": "MO9",
            "title": "Sign-in\n\n\u202efails " + "x" * 5000,
            "service": "Microsoft Entra",
            "isResolved": False,
        }
    )
    detail = (await ask("service-health")).detail
    assert "MO9 Sign-in fails xxx" in detail
    assert detail.isprintable()
    assert len(detail) < 200
