"""How pressing a case is, in Teams: what is urgent from the start, what follows, and who may change it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.store.api import CaseRecord
from dialogs.library import Library
from tests.bot.test_case_life_over_http import lines, presses, shows
from tests.bot.test_helpdesk_over_http import ADA, GRACE, THREAD, place
from tests.support import small_guides
from tests.support.cloud import PlayedCloud
from tests.support.whole import CHANNEL, Whole, body_card, body_words, read, whole_bot

URGENT = "19:urgent@thread.tacv2"


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return small_guides.shipped()


@pytest.fixture
async def bot(tmp_path: Path, library: Library) -> AsyncIterator[Whole]:
    """The whole bot; urgent cases have a channel of their own only where a test says so."""
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, library) as whole:
        thread_for_all(cloud)
        yield whole


def thread_for_all(cloud: PlayedCloud) -> None:
    """Every channel takes threads."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/v3/conversations"):
            channel = (await request.json())["channelData"]["channel"]["id"]
            return web.json_response(
                {"id": f"{channel};messageid=first-1", "activityId": "first-1"}, status=201
            )
        return await cloud._connector(request)

    cloud.connector.always_with(answer)


async def reports(bot: Whole) -> str:
    """Somebody is asked to approve a sign-in that is none of theirs; the number of their case."""
    await bot.says("AADSTS50126")
    await bot.sees("Did a second try help?")
    await bot.presses("I wasn't signing in anywhere")
    await bot.sees("Anything to add?")
    await bot.presses("Hand it over")
    await bot.until(lambda: len(bot.announced()) == 1)
    return (await record(bot)).number


async def record(bot: Whole) -> CaseRecord:
    """The newest case."""
    assert bot.parts is not None
    return (await bot.parts.store.cases())[0]


def summaries(bot: Whole) -> list[str]:
    """What notifications of new cards say."""
    return [each.body["activity"]["summary"] for each in bot.cloud.sent if each.parts[-1] == "conversations"]


async def test_an_account_that_looks_broken_into_is_urgent(bot: Whole) -> None:
    """The card, the notification and the ticket say so; the person does not have to."""
    number = await reports(bot)

    assert (await record(bot)).severity == "urgent"
    assert f"{number}  · Urgent" in read(bot.announced()[0])
    assert summaries(bot)[0].startswith(f"Urgent · {number} · new")
    assert not any("Urgent" in read(card) for card in bot.cards())


async def test_any_other_case_says_nothing_of_it(bot: Whole) -> None:
    """Where everything is marked, nothing is."""
    number = await bot.hands_over()
    await bot.until(lambda: len(bot.announced()) == 1)

    assert (await record(bot)).severity == "normal"
    assert summaries(bot)[0].startswith(f"{number} · new")
    assert "Urgent" not in read(bot.announced()[0])


async def test_the_helpdesk_makes_a_case_urgent_and_takes_it_back(bot: Whole) -> None:
    """The card changes, the thread says who it was, the log keeps it; the person hears nothing."""
    await bot.hands_over()
    await bot.until(lambda: len(bot.announced()) == 1)
    before = len(bot.arrived())
    pressed = body_card(await presses(bot, ADA, "Make urgent"))
    assert "Urgent" in read(pressed)
    await shows(bot, "Not urgent")
    calmed = body_card(await presses(bot, GRACE, "Not urgent"))
    assert "Make urgent" in read(calmed)
    await bot.until(lambda: len(lines(bot)) == 2)

    assert lines(bot) == ["Ada Lovelace made it urgent.", "Grace Hopper says that it is not urgent."]
    kept = await record(bot)
    assert [(entry.what, entry.by) for entry in kept.log[-2:]] == [
        ("urgent", "Ada Lovelace"),
        ("normal", "Grace Hopper"),
    ]
    assert len(bot.arrived()) == before


async def test_of_two_who_press_at_once_one_is_told_of(bot: Whole) -> None:
    """The second one presses on a card that is out of date, and gets the new one."""
    await bot.hands_over()
    await bot.until(lambda: len(bot.announced()) == 1)
    where = {"conversation": place(bot, THREAD, "channel"), "replyToId": "first-1"}
    for who in (ADA, GRACE):
        card = body_card(await bot.presses("Make urgent", on=bot.announced()[0], **{"from": who, **where}))
        assert "Not urgent" in read(card)

    assert [entry.by for entry in (await record(bot)).log if entry.what == "urgent"] == ["Ada Lovelace"]


async def test_only_the_channel_of_the_case_may(bot: Whole) -> None:
    """Whoever makes up the button elsewhere is refused."""
    await bot.hands_over()
    await bot.until(lambda: len(bot.announced()) == 1)
    elsewhere = {"conversation": place(bot, "19:elsewhere@thread.tacv2;messageid=1", "channel")}
    answer = await bot.presses("Make urgent", on=bot.announced()[0], **{"from": ADA, **elsewhere})

    assert body_words(answer).startswith("This screen is for somebody else")
    assert (await record(bot)).severity == "normal"


async def test_urgent_cases_may_have_a_channel_of_their_own(tmp_path: Path, library: Library) -> None:
    """A case stays in the channel it was announced in, whatever is made of it later."""
    more = {"HANDRAIL_HELPDESK_CHANNELS": f"urgent={URGENT}"}
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, library, **more) as bot:
        thread_for_all(cloud)
        await reports(bot)
        where = {"conversation": place(bot, f"{URGENT};messageid=first-1", "channel")}
        for title in ("Not urgent", "Make urgent"):
            newest = [*bot.announced(), *bot.updates("first-1")][-1]
            answer: Any = await bot.presses(title, on=newest, **{"from": ADA, **where})
            wanted = "Make urgent" if title == "Not urgent" else "Not urgent"
            await shows(bot, wanted)
            assert wanted in read(body_card(answer))

        channels = [
            each.body["channelData"]["channel"]["id"]
            for each in cloud.sent
            if each.parts[-1] == "conversations"
        ]
        assert channels == [URGENT]
        assert CHANNEL not in {each.parts[-2].partition(";")[0] for each in cloud.sent}
