"""What ServiceNow's documents say and the other systems' do not; `bot/tickets/servicenow.py` names them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import DeliveryFailed
from bot.tickets.api import File
from tests.contracts.test_ticket_systems_elsewhere import NUMBER, file, ticket, update
from tests.support.helpdesks import servicenow
from tests.support.helpdesks.servicenow import ServiceNow


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[ServiceNow]:
    """One with nothing of ours in it."""
    async with servicenow.opened(tmp_path) as opened:
        yield opened


async def test_an_answer_that_ran_out_of_time_is_none(there: ServiceNow) -> None:
    """It comes with a 200 and some of the rows: whoever believed it would file the case again."""
    reference = await file(there, ticket())
    await there.news()
    await there.system.update(reference, update(1, "It is still the same."))
    there.served.cancels = True

    with pytest.raises(DeliveryFailed, match="limit of time"):
        await there.system.find(NUMBER)
    with pytest.raises(DeliveryFailed, match="limit of time"):
        await there.system.update(reference, update(1, "It is still the same."))
    with pytest.raises(DeliveryFailed, match="limit of time"):
        await there.system.changes("1")
    assert await there.count(NUMBER) == 1
    assert len(await there.written(NUMBER)) == 1


async def test_what_is_only_accepted_is_not_done(there: ServiceNow) -> None:
    """A 202 says that it might be acted upon, or not: nobody knows, so it is looked up and sent again."""
    reference = await file(there, ticket())
    there.served.queues = True
    handover = File(key=f"{NUMBER}/2", name="case.json", media_type="application/json", content=b"{}")

    with pytest.raises(DeliveryFailed) as caught:
        await there.system.update(reference, update(1, "It is still the same."))
    assert caught.value.unknown
    with pytest.raises(DeliveryFailed) as caught:
        await there.system.attach(reference, handover)
    assert caught.value.unknown
    there.served.queues = False
    await there.system.attach(reference, handover)
    assert len(await there.files(NUMBER)) == 1


async def test_news_of_many_incidents_is_read_to_its_end(there: ServiceNow) -> None:
    """Page by page: no address grows too long for a server, and no incident is left behind."""
    numbers = [f"HR-{nth:04}" for nth in range(230)]
    for number in numbers:
        await there.system.create(ticket(number))
    await there.news()
    for number in numbers:
        await there.says(number, f"About {number}.", public=True)

    told = await there.news()

    assert sorted(each.number for each in told) == numbers
    assert max(len(each.path) for each in there.served.asked) < 4000


@pytest.mark.parametrize("status", ["resolved", "withdrawn"])
async def test_a_code_of_resolution_is_one_of_those_that_there_are(there: ServiceNow, status: str) -> None:
    """The base system renamed them in its time; what is no choice shows as a blank in its form."""
    reference = await file(there, ticket())
    await there.system.update(reference, update(1, "", status=status))  # type: ignore[arg-type]

    row = there._row(NUMBER)
    assert row["close_code"] in servicenow.CLOSE_CODES
    assert row["close_notes"]


async def test_a_closed_incident_says_why_it_takes_nothing(there: ServiceNow) -> None:
    """Closed is for ever there, but for an administrator."""
    reference = await file(there, ticket())
    there._row(NUMBER)["state"] = "7"

    with pytest.raises(DeliveryFailed, match="ACL Exception"):
        await there.system.update(reference, update(1, "It is back."))


async def test_the_doctor_sees_what_would_go_wrong_in_silence(there: ServiceNow) -> None:
    """A journal without entries, a group that is none, a code that is no choice: all are taken."""
    there.served.hidden = frozenset({"sys_journal_field"})
    [finding] = await there.system.check()
    assert finding.state == "warning"
    assert "sys_journal_field" in finding.remedy

    there.served.hidden = frozenset({"sys_user_group"})
    [finding] = await there.system.check()
    assert finding.state == "failed"
    assert "Service Desk" in finding.found

    there.served.hidden = frozenset()
    there.served.tables["sys_choice"] = [{"name": "incident", "element": "close_code", "value": "Solved"}]
    [finding] = await there.system.check()
    assert finding.state == "warning"
    assert "Solution provided" in finding.found
