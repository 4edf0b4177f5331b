"""What Jira's documents say and the other systems' do not; `bot/tickets/jira.py` names them."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.errors import DeliveryFailed
from bot.tickets.jira_text import document
from tests.contracts.test_ticket_severity import of, said
from tests.contracts.test_ticket_systems_elsewhere import NUMBER, file, ticket, update
from tests.support.helpdesks import jira
from tests.support.helpdesks.jira import Jira


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Jira]:
    """A service project without requests."""
    async with jira.opened(tmp_path) as opened:
        yield opened


async def test_a_request_that_the_index_does_not_know_is_found(there: Jira) -> None:
    """The answer was lost, the index is late, others file too, a number is used up: still no second."""
    served = there.served
    for nth in range(3):
        served.open(f"Somebody's {nth}", document("?"), jira.AGENT)
    there.served.loses()
    with pytest.raises(DeliveryFailed):
        await file(there, ticket())
    served.numbers += 1
    served.open(f"{NUMBER} by somebody else", document("?"), jira.AGENT)
    served.late = frozenset({"HELP-4", "HELP-6"})

    assert await file(there, ticket()) == "HELP-4"
    assert await there.system.find("HR-2222") is None


async def test_a_request_that_the_index_left_out_is_found(there: Jira) -> None:
    """It is not in order either: what came later is known already."""
    for number in ("HR-AAA1", NUMBER, "HR-AAA3"):
        await there.system.create(ticket(number))
    there.served.late = frozenset({"HELP-2"})
    del there.served.issues["HELP-1"]

    assert await file(there, ticket()) == "HELP-2"


async def test_a_request_stays_ours_whoever_reports_it(there: Jira) -> None:
    """Agents put in the person who is helped: it is found all the same, and its news is heard."""
    reference = await file(there, ticket())
    await there.news()
    there.served.issues[reference]["reporter"] = jira.AGENT
    await there.says(NUMBER, "Which network are you in?", public=True)

    assert [each.text for each in await there.news()] == ["Which network are you in?"]
    assert await there.system.find(NUMBER) == reference


async def test_news_of_many_requests_is_read_to_its_end(there: Jira) -> None:
    """Page by page; those that nothing happened to are not even asked for."""
    numbers = [f"HR-AAA{nth}" for nth in range(7)]
    for number in numbers:
        await there.system.create(ticket(number))
    await there.news()
    there.served.issues["HELP-1"]["updated"] -= dt.timedelta(hours=1)
    for number in numbers[1:]:
        await there.says(number, f"About {number}.", public=True)

    assert sorted(each.number for each in await there.news()) == numbers[1:]


async def test_a_token_that_ran_out_loses_no_news(there: Jira) -> None:
    """The search shows nothing to nobody, with a 200; the cursor must not go past what happens meanwhile."""
    await file(there, ticket())
    cursor = (await there.system.changes("")).cursor
    await there.says(NUMBER, "Which network are you in?", public=True)
    there.served.stranger = True

    with pytest.raises(DeliveryFailed, match="handrail doctor"):
        await there.system.changes(cursor)
    there.served.stranger = False
    assert len((await there.system.changes(cursor)).found) == 1


async def test_a_resolution_says_what_became_of_it(there: Jira) -> None:
    """Not just the first that is offered."""
    reference = await file(there, ticket())
    await there.system.update(reference, update(1, "It works.", status="resolved"))
    assert there.served.issues[reference]["resolution"] == {"id": "10000"}

    await there.system.update(reference, update(2, "", status="reopened"))
    await there.system.update(reference, update(3, "", status="withdrawn"))
    assert there.served.issues[reference]["resolution"] == {"id": "10001"}


@pytest.mark.parametrize("in_the_way", ["field", "validator"])
async def test_a_way_that_is_barred_is_told_in_words(there: Jira, in_the_way: str) -> None:
    """A field that we cannot fill in, or a validator of theirs: the comment says what became of it."""
    cause: dict[str, Any] = {"required": True, "hasDefaultValue": False, "allowedValues": ["a", 1, {}]}
    if in_the_way == "field":
        there.served.asked_for = {each: {"customfield_10050": cause} for each in jira.STATUSES}
    else:
        there.served.valid = False
    reference = await file(there, ticket())

    await there.system.update(reference, update(1, "It works.", status="resolved"))

    [comment] = await there.written(NUMBER)
    assert "It works." in comment.text
    assert "(resolved)" in comment.text
    assert not await there.closed(NUMBER)


async def test_a_field_with_a_default_bars_no_way(there: Jira) -> None:
    """Nor does one that may be left empty."""
    default = {"required": True, "hasDefaultValue": True}
    there.served.asked_for = {"4": {"priority": {**default, "required": False}}}
    reference = await file(there, ticket())
    await there.system.update(reference, update(1, "It works.", status="resolved"))
    assert await there.closed(NUMBER)


@pytest.mark.parametrize("shown", ["request", "edit", ""])
async def test_a_form_without_the_priority_is_not_given_one(there: Jira, shown: str) -> None:
    """It would fail the whole request; the log says where to put the field."""
    there.served.forms.shown = frozenset({shown})
    with capture_logs() as logs:
        reference = await file(there, of("urgent"))
        assert await there.priority(NUMBER) == ("Highest" if shown == "request" else "Medium")
        await there.system.update(reference, said("urgent"))
        assert await there.priority(NUMBER) == ("Medium" if not shown else "Highest")

    assert {each.status for each in there.served.asked if each.method in {"POST", "PUT"}} <= {200, 201, 204}
    places = [place for place in ("form", "edit screen") if place in str(logs)]
    assert places == {"request": ["edit screen"], "edit": ["form"], "": ["form", "edit screen"]}[shown]


@pytest.mark.parametrize(
    ("names", "urgent"), [(("Low", "Critical"), "2"), (("Höchste", "Mittel"), "1"), (("P1", "P2"), "1")]
)
async def test_priorities_have_names_of_their_own(there: Jira, names: Sequence[str], urgent: str) -> None:
    """One of Jira's own names counts, else the first: so it lists them."""
    there.served.forms.priorities = {str(nth): name for nth, name in enumerate(names, 1)}
    await file(there, of("urgent"))
    assert there.served.issues["HELP-1"]["priority"] == {"id": urgent}


async def test_no_priority_is_guessed_for_a_case_that_is_normal_again(there: Jira) -> None:
    """Where nothing says which is usual, the helpdesk decides."""
    reference = await file(there, of("urgent"))
    there.served.forms.priorities = {"1": "Höchste", "2": "Mittel"}
    with capture_logs() as logs:
        await there.system.update(reference, said("normal"))

    assert there.served.issues[reference]["priority"] == {"id": "1"}
    assert [each["event"] for each in logs] == ["ticket_priority_unknown"]
    assert len(await there.written(NUMBER)) == 1
