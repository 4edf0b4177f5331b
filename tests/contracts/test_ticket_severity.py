"""An urgent case in systems that have a priority: it is set, and where it is refused nothing is lost."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.secret import Secret
from bot.tickets.api import Ticket, Update
from bot.tickets.smtp import MailTickets
from dialogs.guide import Severity
from tests.contracts.test_ticket_systems_elsewhere import NUMBER, file, ticket, update
from tests.support.helpdesks import django_helpdesk, roundup, rt, smtp, webhook, zendesk


def of(severity: Severity) -> Ticket:
    """A ticket of a case that presses so much."""
    usual = ticket()
    return msgspec.structs.replace(usual, record=msgspec.structs.replace(usual.record, severity=severity))


def said(severity: Severity, nth: int = 1) -> Update:
    """The helpdesk said so."""
    return msgspec.structs.replace(update(nth, "Ada made it so.", public=False), severity=severity)


@pytest.mark.parametrize(("severity", "priority"), [("urgent", "urgent"), ("normal", None)])
async def test_zendesk_has_the_same_word(tmp_path: Path, severity: Severity, priority: str | None) -> None:
    """A normal case has what the helpdesk gives its tickets; a change is a change of the field."""
    async with zendesk.opened(tmp_path) as there:
        reference = await file(there, of(severity))
        kept = there.served.tickets[int(reference)]
        assert kept["priority"] == priority
        await there.system.update(reference, said("urgent"))
        assert kept["priority"] == "urgent"
        await there.system.update(reference, said("normal", 2))
        assert kept["priority"] == "normal"
        assert [each.text.partition("\n")[0] != "" for each in await there.written(NUMBER)] == [True, True]


async def test_where_zendesk_refuses_the_field_ticket_and_news_arrive(tmp_path: Path) -> None:
    """The same case, once, without it."""
    async with zendesk.opened(tmp_path) as there:
        there.served.priorities = False
        references = {await file(there, of("urgent")) for _ in range(2)}
        await there.system.update(references.copy().pop(), said("normal"))

        assert await there.count(NUMBER) == len(references) == 1
        assert there.served.tickets[int(references.pop())]["priority"] is None
        [news] = await there.written(NUMBER)
        assert "Ada made it so." in news.text


@pytest.mark.parametrize(("severity", "priority"), [("urgent", "urgent"), ("normal", None)])
async def test_roundup_takes_the_priority_by_its_name(
    tmp_path: Path, severity: Severity, priority: str | None
) -> None:
    """That of its classic tracker."""
    async with roundup.opened(tmp_path) as there:
        await file(there, of(severity))
        found: Any = (await there._issue(NUMBER))["attributes"]["priority"]
        assert (found and found["name"]) == priority


async def test_a_roundup_without_that_priority_takes_the_issue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trackers have priorities of their own."""
    monkeypatch.setattr("bot.tickets.roundup._URGENT", "no-such-priority")
    async with roundup.opened(tmp_path) as there:
        references = {await file(there, of("urgent")) for _ in range(2)}

        assert await there.count(NUMBER) == len(references) == 1
        assert "Codes: AADSTS1000002" in await there.body(NUMBER)


@pytest.mark.parametrize(("severity", "priority"), [("urgent", 1), ("normal", 3)])
async def test_django_helpdesk_has_five_of_them(tmp_path: Path, severity: Severity, priority: int) -> None:
    """One is the highest, three is usual."""
    async with django_helpdesk.opened(tmp_path) as there:
        await file(there, of(severity))
        assert (await there._ticket(NUMBER))["priority"] == priority


@pytest.mark.parametrize(("severity", "high"), [("urgent", True), ("normal", False)])
async def test_request_tracker_calls_it_high(tmp_path: Path, severity: Severity, high: bool) -> None:
    """A number there, with words that each queue may choose."""
    async with rt.opened(tmp_path) as there:
        await file(there, of(severity))
        kept = await there._agent("GET", f"ticket/{await there._id(NUMBER)}")
        assert (str(kept["Priority"]) in {"100", "High"}) is high, kept["Priority"]


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
