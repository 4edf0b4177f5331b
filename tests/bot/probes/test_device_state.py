"""The device of that sign-in: the one that the log names, and only what the directory says of it."""

from typing import Any

import pytest

from bot.probes.api import Finding
from tests.bot.probes.conftest import Ask
from tests.support.graph import LAPTOP, PlayedGraph
from tests.support.stage import Clock

OTHER = "07e40000-0000-4000-8000-000000000004"


def on_the_laptop(graph: PlayedGraph, **seen: Any) -> dict[str, Any]:
    """A failed sign-in that names the laptop."""
    return graph.sign_in(error=53000, deviceDetail={"deviceId": LAPTOP, "isCompliant": None, **seen})


async def test_a_compliant_device(ask: Ask, graph: PlayedGraph) -> None:
    """The helpdesk gets its name, how it is joined, when it was last seen, and its id."""
    on_the_laptop(graph)
    graph.device()
    assert await ask("device-state") == Finding(
        "compliant",
        "LAPTOP-7 · AzureAd · managed · last seen 2026-09-21 13:13:20 UTC"
        f" · {LAPTOP} · sign-in of 2026-09-21 14:03:20 UTC",
    )


@pytest.mark.parametrize(
    ("fields", "outcome", "word"),
    [
        ({"isCompliant": False}, "not-compliant", "LAPTOP-7"),
        ({"isCompliant": False, "accountEnabled": False}, "not-compliant", "switched off"),
        # Nobody manages it, so nobody says whether it is compliant.
        ({"isCompliant": None, "isManaged": None, "trustType": "Workplace"}, "unknown", "not managed"),
        # Compliant on paper, but it may not prove itself any more.
        ({"accountEnabled": False}, "unknown", "switched off in the directory"),
    ],
)
async def test_a_device_that_is_not_fine(
    ask: Ask, graph: PlayedGraph, fields: dict[str, Any], outcome: str, word: str
) -> None:
    """Not compliant, or nobody can say; never compliant by default."""
    on_the_laptop(graph)
    graph.device(**fields)
    found = await ask("device-state")
    assert found.outcome == outcome
    assert word in found.detail


async def test_the_logs_device_id_is_not_the_objects_id(ask: Ask, graph: PlayedGraph) -> None:
    """It is found by filter on `deviceId`; `/devices/{id}` would be another device, or none."""
    on_the_laptop(graph)
    graph.device()
    await ask("device-state")
    [sent] = graph.devices.received
    assert sent.path.startswith(f"/v1.0/devices?$filter=deviceId%20eq%20%27{LAPTOP}%27&")


async def test_a_device_that_the_directory_does_not_know(ask: Ask, graph: PlayedGraph) -> None:
    """It names an id that is not registered here, or was deleted."""
    on_the_laptop(graph)
    found = await ask("device-state")
    assert found.outcome == "not-registered"
    assert LAPTOP in found.detail


async def test_a_sign_in_without_a_device_is_not_proof_of_anything(ask: Ask, graph: PlayedGraph) -> None:
    """A browser may not identify a device that is registered all the same."""
    graph.sign_in(error=53000)
    found = await ask("device-state")
    assert found.outcome == "unknown"
    assert "names no device" in found.detail
    assert graph.devices.received == []


async def test_page_and_log_together_say_not_registered(ask: Ask, graph: PlayedGraph) -> None:
    """Microsoft's error page said so, and the log names no device."""
    graph.sign_in(error=53000)
    assert (await ask("device-state", device_state="Unregistered")).outcome == "not-registered"


async def test_what_a_person_pastes_never_makes_a_device_compliant(ask: Ask, graph: PlayedGraph) -> None:
    """Only the directory can."""
    graph.sign_in(error=53000)
    assert (await ask("device-state", device_state="compliant")).outcome == "unknown"


async def test_without_the_permission_the_logs_word_is_kept(ask: Ask, graph: PlayedGraph) -> None:
    """It is unknown, and the ticket says what the sign-in saw."""
    on_the_laptop(graph, isCompliant=True)
    graph.device()
    graph.granted.discard("Device.Read.All")
    found = await ask("device-state")
    assert found.outcome == "unknown"
    assert "needs Device.Read.All; the sign-in log says compliant" in found.detail


async def test_another_device_than_asked_for_is_no_answer(ask: Ask, graph: PlayedGraph) -> None:
    """A server that does not filter is noticed."""
    on_the_laptop(graph)
    graph.devices.always(200, {"value": [{"deviceId": OTHER, "isCompliant": True}]})
    assert await ask("device-state") == Finding("unknown", "Microsoft Graph answered about another device")


async def test_a_device_id_that_is_none_is_not_looked_up(ask: Ask, graph: PlayedGraph) -> None:
    """The log is somebody else's text, too."""
    graph.sign_in(error=53000, deviceDetail={"deviceId": "x' or deviceId ne '"})
    assert (await ask("device-state")).outcome == "unknown"
    assert graph.devices.received == []


async def test_checks_that_follow_each_other_share_one_search(
    ask: Ask, graph: PlayedGraph, clock: Clock
) -> None:
    """The log allows few questions: the device's check uses what the check before it found."""
    on_the_laptop(graph)
    graph.device()
    await ask("sign-in-log")
    await ask("device-state")
    assert len(graph.log.received) == 1
    clock.forward(20)
    await ask("device-state")
    assert len(graph.log.received) == 2
