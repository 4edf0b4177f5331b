"""What ServiceNow's documents say and the other systems' do not; `bot/tickets/servicenow.py` names them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.errors import DeliveryFailed
from bot.tickets.api import File
from tests.contracts.test_ticket_severity import of, said
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


@pytest.mark.parametrize("nth", [1, 2])
async def test_a_field_that_is_left_out_without_a_word_is_told_in_the_log(
    there: ServiceNow, nth: int
) -> None:
    """Fields that our user may not write are taken for none, with a 201; with a 200 when they change."""
    if nth == 1:
        there.served.closed_fields = frozenset({"urgency"})
    with capture_logs() as logs:
        reference = await file(there, of("urgent"))
        there.served.closed_fields = frozenset({"impact"})
        await there.system.update(reference, said("normal"))

    assert [each["event"] for each in logs] == ["ticket_fields_left_out"] * (3 - nth)
    assert all("handrail" in each["what_to_do"] for each in logs)
    assert len(await there.written(NUMBER)) == 1


async def test_what_people_say_of_urgency_and_impact_stays(there: ServiceNow) -> None:
    """Until somebody changes the severity of the case here."""
    reference = await file(there, of("urgent"))
    there._does(NUMBER, urgency="1", impact="1")
    await there.system.update(reference, update(1, "Nobody can work.", status="claimed"))
    assert await there.priority(NUMBER) == "1"


async def test_an_incident_is_for_the_group(there: ServiceNow) -> None:
    """By its id, which is looked up once; without one that we see, their rules decide."""
    for number in (NUMBER, "HR-7K3"):
        await file(there, ticket(number))
        assert there._row(number)["assignment_group"] == servicenow.GROUPS["Service Desk"]
    assert sum("sys_user_group" in each.path for each in there.served.asked) == 1


async def test_a_group_that_we_may_not_look_up_costs_no_ticket(there: ServiceNow) -> None:
    """Their rules give it to one; the doctor says so."""
    there.served.forbidden = frozenset({"sys_user_group"})
    await file(there, ticket())
    assert there._row(NUMBER)["assignment_group"] == ""
    assert {each.state for each in await there.system.check()} == {"failed"}
