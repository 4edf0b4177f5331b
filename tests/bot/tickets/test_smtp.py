"""Cases by mail, to a played mailbox: one thread a case, and what a server's answer means."""

from collections.abc import AsyncIterator

import pytest

from bot.errors import DeliveryFailed, DeliveryRefused, Forged
from bot.secret import Secret
from bot.tickets.api import File, Ticket, Update
from bot.tickets.smtp import MailTickets
from tests.support.helpdesks.smtp import MAILBOX, PASSWORD, USER, Mailbox
from tests.support.keeping import case

NUMBER = "HR-7K3F"
HOSTILE = "<b>x</b>\r\nBcc: all@example.com\r\n.\r\nQUIT\r\n\x00\u202e אב " + "long " * 20_000


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """An empty one."""
    async with Mailbox() as served:
        yield served


@pytest.fixture
def system(mailbox: Mailbox) -> MailTickets:
    """Ours, towards it."""
    return MailTickets(mailbox.url, USER, Secret(PASSWORD), MAILBOX)


def ticket(title: str = f"{NUMBER} · SAP", body: str = "Codes: AADSTS1000002") -> Ticket:
    """A case."""
    return Ticket(key=NUMBER, title=title, body=body, record=case(NUMBER))


def update(nth: int, body: str, author: str = "Erika") -> Update:
    """Something that happened to it."""
    return Update(key=f"{NUMBER}/{nth}", number=NUMBER, public=True, author=author, body=body, at=1)


async def test_a_case_is_a_thread(system: MailTickets, mailbox: Mailbox) -> None:
    """Every further mail answers the first one; no absence answers any of them."""
    assert await system.find(NUMBER) is None
    reference = await system.create(ticket())
    await system.update(reference, update(1, "It is still the same."))
    sent = File(
        key=f"{NUMBER}/2", name="../case.json", media_type="application/json", content=bytes(range(256))
    )
    await system.attach(reference, sent)

    opened, answer, attached = mailbox.mails
    assert (opened["Subject"], opened["To"], opened["From"]) == (f"{NUMBER} · SAP", MAILBOX, USER)
    assert opened["Message-ID"] == f"<{NUMBER}@example.com>"
    for each in (answer, attached):
        assert each["In-Reply-To"] == each["References"] == opened["Message-ID"]
    assert {each["Auto-Submitted"] for each in mailbox.mails} == {"auto-generated"}
    assert "It is still the same." in answer.get_content()
    [file] = attached.iter_attachments()
    assert file.get_content() == bytes(range(256))
    assert file.get_filename() == f"{NUMBER}-2 _case.json"


async def test_a_lost_answer_is_a_repeat_with_the_same_id(system: MailTickets, mailbox: Mailbox) -> None:
    """It is in doubt, sent again, and one mail to everybody who knows repeats."""
    for attempt in (lambda: system.create(ticket()), lambda: system.update(NUMBER, update(1, "hello"))):
        mailbox.loses = True
        with pytest.raises(DeliveryFailed) as caught:
            await attempt()
        assert caught.value.unknown
        await attempt()

    assert len(mailbox.mails) == 4
    assert len(mailbox.once()) == 2


async def test_text_is_data(system: MailTickets, mailbox: Mailbox) -> None:
    """No line of it is a header or a command, and all of it arrives."""
    await system.create(ticket(title=f"{NUMBER} · {HOSTILE}", body=HOSTILE))
    await system.update(NUMBER, update(1, HOSTILE, author=HOSTILE))

    opened, answer = mailbox.mails
    for each in (opened, answer):
        assert each["Bcc"] is None
        assert "<b>x</b>\nBcc: all@example.com\n.\nQUIT\n" in each.get_content().replace("\r\n", "\n")
        assert each.get_content().count("long") >= 20_000
    assert "\n" not in opened["Subject"]


@pytest.mark.parametrize("where", ["MAIL", "RCPT", "DATA", "."])
async def test_what_a_server_says_is_heard(system: MailTickets, mailbox: Mailbox, where: str) -> None:
    """4xx passes, 5xx is for good; nothing was taken, so nothing is in doubt; and no secret is repeated."""
    mailbox.answers = {where: f"451 4.3.0 try later, {PASSWORD}"}
    with pytest.raises(DeliveryFailed, match=r"answered 451: .*try later") as passing:
        await system.create(ticket())
    assert not passing.value.unknown
    mailbox.answers = {where: f"550 5.1.1 no such mailbox, {PASSWORD}"}
    with pytest.raises(DeliveryRefused, match=r"answered 550: .*no such mailbox") as refused:
        await system.create(ticket())
    assert PASSWORD not in str(passing.value) + str(refused.value) + repr(vars(system))
    assert mailbox.mails == []


async def test_a_changed_password_waits_to_be_mended(system: MailTickets, mailbox: Mailbox) -> None:
    """No case is given up for a setting."""
    mailbox.password = "another"
    with pytest.raises(DeliveryFailed, match="handrail doctor") as caught:
        await system.create(ticket())
    assert not caught.value.unknown


async def test_a_server_that_is_down_gets_it_later(system: MailTickets, mailbox: Mailbox) -> None:
    """Nothing was sent."""
    await mailbox.down()
    with pytest.raises(DeliveryFailed, match="cannot be reached") as caught:
        await system.create(ticket())
    assert not caught.value.unknown


async def test_the_doctor_sends_nothing(system: MailTickets, mailbox: Mailbox) -> None:
    """It comes as far as the mailbox's name; what is wrong is said with what to do."""
    [well] = await system.check()
    assert (well.state, mailbox.mails) == ("ok", [])
    mailbox.answers = {"RCPT": "550 no such mailbox"}
    [wrong] = await system.check()
    assert wrong.state == "failed"
    assert "HANDRAIL_TICKETS_PROJECT" in wrong.remedy
    await mailbox.down()
    assert [each.state for each in await system.check()] == ["failed"]


async def test_nothing_goes_over_a_network_in_the_open(mailbox: Mailbox) -> None:
    """A server that is not this machine and offers no TLS gets neither password nor mail."""
    system = MailTickets(mailbox.url, USER, Secret(PASSWORD), MAILBOX)
    system._open = False  # as any other host

    with pytest.raises(DeliveryFailed):
        await system.create(ticket())
    assert mailbox.mails == []


async def test_a_mailbox_tells_nothing(system: MailTickets) -> None:
    """Whoever claims to speak for it is not believed."""
    with pytest.raises(Forged):
        system.heard({}, b"{}")
    assert (await system.changes("")).found == ()
