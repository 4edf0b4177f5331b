"""The helpdesk's channel and group chats through the real endpoint: who may press what, and what follows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.store.api import Store
from dialogs.language.load import load
from dialogs.library import Library
from tests.support.cloud import DROP, PlayedCloud
from tests.support.waiting import until
from tests.support.whole import CHANNEL, Whole, body_card, body_words, read, whole_bot

THREAD = f"{CHANNEL};messageid=first-1"
ADA = {"id": "29:ada", "name": "Ada Lovelace", "aadObjectId": "aaaaaaaa-0000-4000-8000-000000000001"}
GRACE = {"id": "29:grace", "name": "Grace Hopper", "aadObjectId": "aaaaaaaa-0000-4000-8000-000000000002"}
FIRST = "Did the app open after you pressed Continue?"


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return load(Path(__file__).parents[2] / "content")[0]


@pytest.fixture
async def bot(tmp_path: Path, library: Library) -> AsyncIterator[Whole]:
    """The whole bot, whose helpdesk has a channel."""
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, library) as whole:
        channel_answers(cloud, 201)
        yield whole


def channel_answers(cloud: PlayedCloud, status: int) -> None:
    """Let the helpdesk's channel take threads (201) or refuse them (403); all else works as usual."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if not request.path.endswith("/v3/conversations"):
            return await cloud._connector(request)
        body = {"id": THREAD, "activityId": "first-1"} if status == 201 else {"error": {"code": "Forbidden"}}
        return web.json_response(body, status=status)

    cloud.connector.always_with(answer)


def place(bot: Whole, conversation: str, kind: str) -> dict[str, Any]:
    """A conversation as activities name it."""
    return {"id": conversation, "conversationType": kind, "tenantId": bot.cloud.tenant, "isGroup": True}


async def handed_over(bot: Whole) -> str:
    """A case that the helpdesk's channel has; its number."""
    number = await bot.hands_over()
    await bot.until(lambda: len(bot.announced()) == 1)
    store = bot.parts.store if bot.parts else None
    assert store is not None
    await until(lambda: _known(store))
    return number


async def _known(store: Store) -> bool:
    """Whether what is said in the thread would be about the case."""
    return await store.thread(THREAD) is not None


async def presses(bot: Whole, who: dict[str, str], title: str, **changes: Any) -> Any:
    """Somebody presses a button of the first card in the helpdesk's channel."""
    where = {"conversation": place(bot, THREAD, "channel"), "replyToId": "first-1"}
    return await bot.presses(title, on=bot.announced()[0], **{"from": who, **where, **changes})


async def test_a_case_is_announced_claimed_and_resolved(bot: Whole) -> None:
    """The card in the channel has the person's number; each press changes it, and the person hears of it."""
    number = await handed_over(bot)
    assert number in read(bot.announced()[0])
    assert "Erika Mustermann" in read(bot.announced()[0])

    claimed = body_card(await presses(bot, ADA, "Claim"))
    assert "Ada Lovelace is on it" in read(claimed)
    await bot.sees(f"Ada Lovelace of the helpdesk is now working on {number}")
    await bot.until(lambda: claimed in bot.updates("first-1"))

    note = {f"note-{number}": "It was the device rule. password: hunter2hunter2"}
    resolved = body_card(await presses(bot, ADA, "Resolve", inputs=note))
    assert "closed by Ada Lovelace" in read(resolved)
    assert "Claim" not in read(resolved)
    await bot.sees("It was the device rule.")
    await bot.until(lambda: resolved in bot.updates("first-1"))
    assert "hunter2" not in str([each.body for each in bot.cloud.sent])


async def test_of_two_who_claim_the_first_has_it(bot: Whole) -> None:
    """The second one is told who is on it, and the person hears of one name."""
    number = await handed_over(bot)
    await presses(bot, ADA, "Claim")
    assert body_words(await presses(bot, GRACE, "Claim")) == f"Ada Lovelace has {number} already."
    await bot.sees("Ada Lovelace of the helpdesk is now working on")
    await bot.says("status")
    await bot.sees(f"{number}: Ada Lovelace of the helpdesk is working on it.")
    assert not any("Grace" in read(card) for card in bot.cards())


@pytest.mark.parametrize(
    "conversation", ["19:elsewhere@thread.tacv2;messageid=1", "a:chat", "19:group@thread.v2"]
)
async def test_a_case_is_claimed_in_the_helpdesks_channel_only(bot: Whole, conversation: str) -> None:
    """Whoever makes up a button of a case elsewhere is refused, and the case stays as it is."""
    number = await handed_over(bot)
    where = place(bot, conversation, "channel")
    words = body_words(await presses(bot, ADA, "Claim", conversation=where))
    assert words.startswith("This screen is for somebody else")
    assert bot.parts is not None
    case = await bot.parts.store.case(number)
    assert case is not None
    assert case.status == "open"


async def test_a_case_nobody_knows_is_an_earlier_one(bot: Whole) -> None:
    """A made-up number does no harm."""
    data = {"handrail": {"case": "HR-NONE", "does": "claim"}}
    where = {"conversation": place(bot, THREAD, "channel"), "from": ADA, "locale": "en-GB", "entities": DROP}
    status, body = await bot.cloud.click(data, bot.url, **where)
    assert status == 200
    assert body_words(body) == "An earlier screen"


async def test_a_channel_that_refuses_gets_the_case_when_it_is_mended(bot: Whole) -> None:
    """Nobody hands a case to a locked door: it is knocked again until somebody lets the app in."""
    await bot.says("AADSTS1000002")
    await bot.sees(FIRST)
    await bot.presses("A person, please")
    await bot.sees("Anything to add?")
    channel_answers(bot.cloud, 403)
    await bot.presses("Hand it over")
    await bot.until(lambda: bool(bot.announced()))
    channel_answers(bot.cloud, 201)
    refused = len(bot.announced())
    await bot.until(lambda: len(bot.announced()) > refused)


async def test_people_in_a_group_have_a_conversation_each(bot: Whole) -> None:
    """Two people in one group do not disturb each other, and neither can answer for the other."""
    group = place(bot, "19:group@thread.v2", "groupChat")
    recipient = {"id": f"28:{bot.cloud.app_id}", "name": "Handrail"}
    await bot.says("<at>Handrail</at> AADSTS1000002", conversation=group, recipient=recipient)
    adas = await bot.sees(FIRST, group["id"])
    await bot.says("<at>Handrail</at> AADSTS50126", conversation=group, **{"from": GRACE})
    await bot.until(lambda: len(bot.cards(group["id"])) == 2)
    graces = bot.cards(group["id"])[-1]
    assert FIRST not in read(graces)

    refused = await bot.presses("There was nothing to press", on=adas, conversation=group, **{"from": GRACE})
    assert body_words(refused).startswith("This screen is for somebody else")
    answered = await bot.presses("There was nothing to press", on=adas, conversation=group)
    assert "✓ There was nothing to press" in read(body_card(answered))
    await bot.sees("Then open it again and sign in once more.", group["id"])
    assert len(bot.cards(group["id"])) == 3


async def test_a_mention_without_words_is_a_greeting(bot: Whole) -> None:
    """Who only names the bot is asked what the screen says."""
    group = place(bot, "19:group@thread.v2", "groupChat")
    await bot.says("<at>Handrail</at> ", conversation=group)
    card = await bot.sees("What does the message say?", group["id"])
    assert "There was nothing in that message" not in read(card)


async def test_two_presses_at_once_are_one_case(bot: Whole) -> None:
    """An impatient double click on "Hand it over" makes one case and one announcement."""
    await bot.says("AADSTS1000002")
    await bot.sees(FIRST)
    await bot.presses("A person, please")
    await bot.sees("Anything to add?")
    await asyncio.gather(*(bot.presses("Hand it over") for _ in range(3)))
    await bot.sees("Done: HR-")
    await bot.says("status")
    await bot.sees("is with the helpdesk")
    await bot.until(lambda: bool(bot.announced()))
    assert len(bot.announced()) == 1
    assert bot.parts is not None
    assert len(await bot.parts.store.cases()) == 1
