"""How urgent a case is, in every system whose tickets have a priority: it is set, and costs no ticket.

Roundup, django-helpdesk and Request Tracker are the real ones; what bars a field stands in front of them.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from bot.secret import Secret
from bot.tickets.api import Ticket, Update
from bot.tickets.smtp import MailTickets
from dialogs.conversation import CaseStatus
from dialogs.guide import Severity
from tests.contracts.test_ticket_systems_elsewhere import NUMBER, file, ticket, until_it_works, update
from tests.support.helpdesks import (
    django_helpdesk,
    freshservice,
    github,
    jira,
    roundup,
    rt,
    servicenow,
    smtp,
    webhook,
    zammad,
    zendesk,
)
from tests.support.helpdesks.other_side import Graded

SYSTEMS = {
    "django-helpdesk": django_helpdesk.opened,
    "freshservice": freshservice.opened,
    "github": github.opened,
    "jira": jira.opened,
    "roundup": roundup.opened,
    "rt": rt.opened,
    "servicenow": servicenow.opened,
    "zammad": zammad.opened,
    "zendesk": zendesk.opened,
}


@pytest.fixture(params=[*SYSTEMS.values()], ids=[*SYSTEMS])
async def there(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Graded]:
    """Each system in turn, with nothing in it."""
    async with request.param(tmp_path_factory.mktemp("system")) as other:
        yield other


def of(severity: Severity, number: str = NUMBER) -> Ticket:
    """A ticket of a case that presses so much."""
    usual = ticket(number)
    return msgspec.structs.replace(usual, record=msgspec.structs.replace(usual.record, severity=severity))


def said(severity: Severity, nth: int = 1, status: CaseStatus | None = None) -> Update:
    """The helpdesk said so."""
    news = update(nth, "Ada made it so.", public=False, status=status)
    return msgspec.structs.replace(news, severity=severity)


async def test_an_urgent_case_is_urgent_there(there: Graded) -> None:
    """What the system calls it; a repeat changes nothing, and no warning is written."""
    with capture_logs() as logs:
        assert len({await file(there, of("urgent")) for _ in range(2)}) == 1

    assert await there.priority(NUMBER) == there.priorities[0]
    assert not logs


async def test_a_normal_case_has_what_the_helpdesk_gives_its_tickets(there: Graded) -> None:
    """No word of it."""
    await file(there, of("normal"))
    assert await there.priority(NUMBER) == there.priorities[1]


async def test_a_priority_that_is_refused_costs_no_ticket(there: Graded) -> None:
    """It is filed without, once, and the log says what to do."""
    there.takes_no_priority()
    with capture_logs() as logs:
        references = {await file(there, of("urgent")) for _ in range(2)}

    assert await there.count(NUMBER) == len(references) == 1
    assert await there.priority(NUMBER) == there.priorities[1]
    assert "AADSTS1000002" in await there.body(NUMBER)
    assert [(each["log_level"], bool(each["what_to_do"])) for each in logs] == [("warning", True)]


@pytest.mark.parametrize("barred", [False, True])
async def test_whatever_answer_gets_lost_an_urgent_case_is_one_ticket(there: Graded, *, barred: bool) -> None:
    """That of what it is given first, that of the refusal, or that of what is filed without."""
    if barred:
        there.takes_no_priority()
    for nth in (1, 2, 3):
        number = f"HR-7K3{nth}"
        there.served.loses(nth)
        await until_it_works(lambda: file(there, of("urgent", number)))  # noqa: B023
        there.served.is_well_again()
        await file(there, of("urgent", number))

        assert await there.count(number) == 1
        assert await there.priority(number) == there.priorities[barred]


async def test_a_severity_that_changes_changes_the_priority(there: Graded) -> None:
    """With a status or without; other news leave it, and so does an old change that is told again."""
    reference = await file(there, of("normal"))
    urgent, _, normal = there.priorities

    await there.system.update(reference, said("urgent", status="claimed"))
    assert await there.priority(NUMBER) == urgent
    await there.system.update(reference, update(2, "It still is."))
    assert await there.priority(NUMBER) == urgent
    await there.system.update(reference, said("normal", 3))
    assert await there.priority(NUMBER) == normal
    await there.system.update(reference, said("urgent", status="claimed"))
    assert await there.priority(NUMBER) == normal
    assert len(await there.written(NUMBER)) == 3


async def test_a_priority_that_we_change_is_no_news(there: Graded) -> None:
    """What stands right beside it is."""
    reference = await file(there, of("normal"))
    await there.news()

    await there.system.update(reference, said("urgent"))
    await there.says(NUMBER, "Which network are you in?", public=True)
    await there.system.update(reference, said("normal", 2, status="claimed"))

    assert [each.text for each in await there.news()] == ["Which network are you in?"]


@pytest.mark.parametrize("severity", ["urgent", "normal"])
async def test_a_change_that_is_refused_costs_no_update(there: Graded, severity: Severity) -> None:
    """What was said arrives, once, whatever answer gets lost, and so does the status."""
    reference = await file(there, of("urgent"))
    there.takes_no_priority()
    with capture_logs() as logs:
        await there.system.update(reference, said(severity, status="claimed"))
    for nth in (1, 2, 3):
        there.served.loses(nth)
        resolved = said(severity, nth + 1, status="resolved")
        await until_it_works(lambda: there.system.update(reference, resolved))  # noqa: B023
        there.served.is_well_again()
        await there.system.update(reference, resolved)

    assert await there.priority(NUMBER) == there.priorities[0]
    assert await there.closed(NUMBER)
    assert len(await there.written(NUMBER)) == 4
    assert [(each["log_level"], bool(each["what_to_do"])) for each in logs] == [("warning", True)]


# ---- without a priority of their own


@pytest.mark.parametrize(("severity", "importance"), [("urgent", "high"), ("normal", None)])
async def test_a_mail_is_marked_as_mail_programs_mark_it(severity: Severity, importance: str | None) -> None:
    """Importance, which they show."""
    async with smtp.Mailbox() as there:
        await MailTickets(there.url, smtp.USER, Secret(smtp.PASSWORD), smtp.MAILBOX).create(of(severity))
        [mail] = there.once()
        assert mail["Importance"] == importance


async def test_a_webhook_is_told_both_times(tmp_path: Path) -> None:
    """With the case, and with what becomes of it; other news leave it as it was."""
    async with webhook.opened(tmp_path) as there:
        reference = await file(there, of("urgent"))
        await there.system.update(reference, said("normal"))
        await there.system.update(reference, update(2, "It still is."))

        assert [each["severity"] for each in there._data(NUMBER, "case.opened")] == ["urgent"]
        assert [each["severity"] for each in there._data(NUMBER, "case.updated")] == ["normal", None]
