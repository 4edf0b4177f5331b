"""The whole bot with a ticket system of others: a case is one ticket, and people hear of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from bot.store.api import CaseRecord
from dialogs.events import CaseAsked, CaseClaimed, CaseGraded, CaseNoted, CaseResolved, Event
from dialogs.language.load import load
from dialogs.library import Library
from tests.support.cloud import PlayedCloud
from tests.support.tickets import Entry, PlayedTickets
from tests.support.whole import Whole, read, whole_bot


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return load(Path(__file__).parents[2] / "content")[0]


@pytest.fixture
async def tickets(tmp_path: Path) -> AsyncIterator[PlayedTickets]:
    """The ticket system; its journal is in a file too."""
    async with PlayedTickets(journal_file=tmp_path / "journal.jsonl") as played:
        yield played


@pytest.fixture
async def bot(tmp_path: Path, library: Library, tickets: PlayedTickets) -> AsyncIterator[Whole]:
    """The whole bot, which files its cases there."""
    settings = {
        "HANDRAIL_TICKETS": "webhook",
        "HANDRAIL_TICKETS_URL": tickets.url,
        "HANDRAIL_TICKETS_SECRET": tickets.secret,
    }
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, library, **settings) as whole:
        yield whole


def helpdesk_card(bot: Whole) -> str:
    """What the case's card in the channel was changed to say."""
    changed = [
        each for each in bot.cloud.sent if each.method == "PUT" and each.parts[-1].startswith("first-")
    ]
    return read(changed[-1].body["attachments"][0]["content"]) if changed else ""


async def record(bot: Whole, number: str) -> CaseRecord:
    """The case as the helpdesk has it."""
    assert bot.parts is not None
    kept = await bot.parts.store.case(number)
    assert kept is not None
    return kept


async def test_a_conversation_ends_in_a_ticket(bot: Whole, tickets: PlayedTickets) -> None:
    """The system has the case in words, and person, card and case have the system's number."""
    number = await bot.hands_over()

    await bot.sees("The helpdesk's own number for it is INC0000001.")
    await bot.until(lambda: "INC0000001" in helpdesk_card(bot))
    assert (await record(bot, number)).reference == "INC0000001"
    [ticket] = tickets.tickets
    sent = ticket.body["data"]
    assert (ticket.id, sent["key"], sent["codes"]) == (f"case_{number}", number, ["AADSTS1000002"])
    assert sent["title"].startswith(f"{number} · AADSTS1000002")
    assert "Erika Mustermann" in sent["body"]
    assert sent["person"]["verified"]
    assert [entry.outcome for entry in tickets.journal] == ["none", "created"]
    lines = (bot.folder / "journal.jsonl").read_bytes().splitlines()
    assert [msgspec.json.decode(line, type=Entry) for line in lines] == tickets.journal


async def test_a_lost_answer_is_one_ticket(bot: Whole, tickets: PlayedTickets) -> None:
    """The system does not even know repeats: the next attempt looks, and the person gets the first number."""
    tickets.dedupes = False
    tickets.posts.next_with(tickets.take_and_drop)

    await bot.hands_over()

    await bot.sees("The helpdesk's own number for it is INC0000001.")
    assert len(tickets.tickets) == 1
    assert [entry.outcome for entry in tickets.journal] == ["none", "created, dropped", "found"]


async def test_a_ticket_system_that_is_down_holds_nobody_up(bot: Whole, tickets: PlayedTickets) -> None:
    """The person has a number, the helpdesk its card; the ticket follows when the system is back."""
    await tickets.down()
    number = await bot.hands_over()
    await bot.until(lambda: len(bot.announced()) == 1)
    assert number in read(bot.announced()[0])

    await tickets.up()
    await bot.sees("The helpdesk's own number for it is INC0000001.")
    assert len(tickets.made(number)) == 1


async def test_a_refused_ticket_is_on_the_helpdesks_card(bot: Whole, tickets: PlayedTickets) -> None:
    """Somebody has to look at it, so the card has the system's own reason; the case itself is safe."""
    tickets.posts.always(422, "there is no queue 'sign-in'")
    number = await bot.hands_over()

    reason = "the ticket system answered 422: there is no queue 'sign-in'"
    await bot.until(lambda: reason in helpdesk_card(bot))
    assert (await record(bot, number)).status == "open"


async def test_what_happens_to_a_case_stands_on_its_ticket(bot: Whole, tickets: PlayedTickets) -> None:
    """Public what person and helpdesk said to each other, internal all else; in order, each once."""
    number = await bot.hands_over()
    assert bot.parts is not None
    await bot.until(lambda: len(tickets.tickets) == 1)
    conversation = (await record(bot, number)).conversation
    now = bot.parts.turns.now()
    events: list[Event] = [
        CaseClaimed(at=now, number=number, by="Ada"),
        CaseAsked(at=now, number=number, by="Ada", text="Which phone is it?"),
        CaseNoted(at=now, number=number, by="Ben", text="looks like the proxy"),
    ]
    for n, event in enumerate(events):
        await bot.parts.turns.take(conversation, f"e{n}", event)
    await bot.sees("Which phone is it?")
    await bot.says("an old one")
    await bot.until(lambda: len(tickets.updates) == 4)
    closed = CaseResolved(at=now, number=number, by="Ada", note="", reason="changed", fix="private-window")
    await bot.parts.turns.take(conversation, "closed", closed)
    await bot.until(lambda: len(tickets.updates) == 5)

    told = [each.body["data"] for each in tickets.updates]
    assert [(each["public"], each["author"], each["body"]) for each in told] == [
        (False, "Ada", "Ada is on it."),
        (True, "Ada", "Ada asks Erika Mustermann: “Which phone is it?”"),
        (False, "Ben", "Note of Ben: “looks like the proxy”"),
        (True, "Erika Mustermann", "Erika Mustermann answers: “an old one”"),
        (True, "Ada", "Ada closed it. We changed something. Ended by: private window."),
    ]


async def test_how_pressing_a_case_is_stands_on_its_ticket(bot: Whole, tickets: PlayedTickets) -> None:
    """As it was opened, and what the helpdesk makes of it: for the helpdesk, not for the person."""
    number = await bot.hands_over()
    await bot.until(lambda: len(tickets.tickets) == 1)
    assert bot.parts is not None
    turns, conversation = bot.parts.turns, (await record(bot, number)).conversation
    event = CaseGraded(at=turns.now(), number=number, by="Ada", severity="urgent")
    await turns.take(conversation, "urgent", event)
    await bot.until(lambda: len(tickets.updates) == 1)

    assert tickets.tickets[0].body["data"]["severity"] == "normal"
    told = tickets.updates[0].body["data"]
    assert (told["severity"], told["public"], told["author"]) == ("urgent", False, "Ada")
    assert told["body"] == "Ada made it urgent."


async def test_what_came_from_the_ticket_system_does_not_go_back(bot: Whole, tickets: PlayedTickets) -> None:
    """Or two systems would talk for ever; the person's answer goes there."""
    number = await bot.hands_over()
    assert bot.parts is not None
    await bot.sees("INC0000001")
    conversation = (await record(bot, number)).conversation
    asked = CaseAsked(at=bot.parts.turns.now(), number=number, by="Ada", text="Which phone?", there=True)
    await bot.parts.turns.take(conversation, "ticket-news/webhook/1", asked)
    await bot.sees("Which phone?")
    await bot.says("an old one")
    await bot.until(lambda: len(tickets.updates) == 1)

    assert tickets.updates[0].body["data"]["body"] == "Erika Mustermann answers: “an old one”"


async def test_a_comment_whose_answer_got_lost_is_there_once(bot: Whole, tickets: PlayedTickets) -> None:
    """Even where the system does not know a repeat: it is looked up first."""
    tickets.dedupes = False
    number = await bot.hands_over()
    assert bot.parts is not None
    await bot.until(lambda: len(tickets.tickets) == 1)
    tickets.posts.next_with(tickets.take_and_drop)
    noted = CaseNoted(at=bot.parts.turns.now(), number=number, by="Ada", text="the proxy")
    await bot.parts.turns.take((await record(bot, number)).conversation, "e1", noted)
    await bot.parts.turns.take(
        (await record(bot, number)).conversation, "e2", msgspec.structs.replace(noted, text="no, the VPN")
    )
    await bot.until(lambda: len(tickets.updates) == 2)

    assert ["proxy" in each.body["data"]["body"] for each in tickets.updates] == [True, False]
