"""A ticket system on trial (`handrail doctor --trial`): its promises hold, or it is said which does not."""

from collections.abc import AsyncIterator

import pytest

from bot.secret import Secret
from bot.tickets.api import Ticket, Update
from bot.tickets.smtp import MailTickets
from bot.tickets.trial import trial_number, tried_out
from tests.contracts.test_ticket_systems_elsewhere import SYSTEMS
from tests.support.helpdesks import github, zendesk
from tests.support.helpdesks.other_side import OtherSide
from tests.support.helpdesks.smtp import MAILBOX, PASSWORD, USER, Mailbox


@pytest.fixture(params=[*SYSTEMS.values()], ids=[*SYSTEMS])
async def there(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OtherSide]:
    """Each system in turn, with nothing in it."""
    async with request.param(tmp_path_factory.mktemp("system")) as other:
        yield other


@pytest.fixture
async def one(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OtherSide]:
    """A system of which everything is known."""
    async with zendesk.opened(tmp_path_factory.mktemp("system")) as other:
        yield other


class Waits:
    """Nobody waits in a test; how often somebody would have."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self, _seconds: float) -> None:
        """Once more."""
        self.times += 1


async def test_it_passes_in_a_system_that_is_well(there: OtherSide) -> None:
    """There is one ticket, with one note and one file, and it is closed."""
    number = trial_number()

    (finding,) = await tried_out(there.system, number=number, pause=Waits())

    assert finding.state == "ok", finding
    assert number in finding.found
    assert await there.count(number) == 1
    texts = [each.text for each in await there.written(number)]
    assert sum("helpdesk only" in text for text in texts) == 1
    assert len(await there.files(number)) == 1
    assert await there.closed(number)


def test_its_number_is_no_case_s() -> None:
    """Cases have four letters, or seven; a ticket on trial has more."""
    from bot.tickets.marks import case_in
    from bot.turn import new_number

    longest = max(len(new_number(attempt)) for attempt in range(8))
    assert len(trial_number()) > longest
    assert case_in(f"{trial_number()} · test") is not None


async def test_without_rights_it_says_what_it_was_about_to_do(one: OtherSide) -> None:
    """Nothing was filed, so nothing is to be closed."""
    one.served.refuses("you may not create tickets")

    (finding,) = await tried_out(one.system, pause=Waits())

    assert finding.state == "failed"
    assert finding.found.startswith("filing a ticket: ")
    assert "you may not create tickets" in finding.found
    assert "close it by hand" not in finding.remedy
    assert not any(secret in finding.found for secret in one.secrets)


async def test_what_breaks_off_in_the_middle_names_the_ticket_that_stays(one: OtherSide) -> None:
    """Somebody has to close it."""
    number = trial_number()
    filed = one.system.create

    async def filed_and_then_refused(ticket: Ticket) -> str:
        reference = await filed(ticket)
        one.served.refuses("comments are closed")
        return reference

    one.system.create = filed_and_then_refused  # type: ignore[method-assign]

    (finding,) = await tried_out(one.system, number=number, pause=Waits())

    assert finding.state == "failed"
    assert finding.found.startswith("writing a note: ")
    assert number in finding.remedy
    assert "close it by hand" in finding.remedy


async def test_a_ticket_that_is_found_late_is_a_warning(one: OtherSide) -> None:
    """An index that is behind: a retry within that time may file a second one."""
    look, waits = one.system.find, Waits()

    async def later(key: str) -> str | None:
        return await look(key) if waits.times >= 2 else None

    one.system.find = later  # type: ignore[method-assign]

    late, passed = await tried_out(one.system, pause=waits)

    assert (late.state, passed.state) == ("warning", "ok")
    assert "10 seconds" in late.found


async def test_a_ticket_that_is_never_found_fails(one: OtherSide) -> None:
    """Without finding it again, every lost answer would be a second ticket."""

    async def nothing(_key: str) -> str | None:
        return None

    one.system.find = nothing  # type: ignore[method-assign,assignment]
    waits = Waits()

    (finding,) = await tried_out(one.system, pause=waits)

    assert finding.state == "failed"
    assert "is not found" in finding.found
    assert waits.times == 5


async def test_who_works_as_handrail_is_told(one: OtherSide) -> None:
    """What another does with the same user's rights in the meantime is news; on a test ticket nobody does."""
    number = trial_number()
    write = one.system.update

    async def written_and_answered(reference: str, update: Update) -> None:
        await write(reference, update)
        if update.status == "resolved":
            await one.says(number, "Looking into it!", public=True)

    one.system.update = written_and_answered  # type: ignore[method-assign]

    (finding,) = await tried_out(one.system, number=number, pause=Waits())

    assert finding.state == "failed"
    assert "comment" in finding.found


async def test_who_sends_news_is_not_asked_for_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    """GitHub tells of its own accord: there is nothing to ask."""
    async with github.opened(tmp_path_factory.mktemp("system")) as other:
        (finding,) = await tried_out(other.system, pause=Waits())

    assert finding.state == "ok"


async def test_a_mailbox_gets_mails_and_is_asked_nothing() -> None:
    """What was sent cannot be looked up: that it was taken is all there is to see."""
    async with Mailbox() as mailbox:
        system = MailTickets(mailbox.url, USER, Secret(PASSWORD), MAILBOX)

        (finding,) = await tried_out(system, pause=Waits())

    assert finding.state == "ok"
    assert "found again" not in finding.found
    assert len(mailbox.mails) >= 4
