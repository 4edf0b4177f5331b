"""The whole bot and news of its ticket system: through the door, into the conversation, once."""

import datetime as dt
import io
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dialogs.language.load import load
from dialogs.library import Library
from tests.support.cloud import PlayedCloud
from tests.support.helpdesks.other_side import packed
from tests.support.helpdesks.webhook import SECRET, Receiver, signed
from tests.support.whole import Whole, read, whole_bot


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return load(Path(__file__).parents[2] / "content")[0]


@pytest.fixture
async def bot(tmp_path: Path, library: Library) -> AsyncIterator[Whole]:
    """The whole bot, and a receiver of its cases."""
    async with Receiver() as receiver, PlayedCloud() as cloud:
        settings = {
            "HANDRAIL_TICKETS": "webhook",
            "HANDRAIL_TICKETS_URL": f"{receiver.url}/cases",
            "HANDRAIL_TICKETS_SECRET": SECRET,
        }
        async with whole_bot(cloud, tmp_path, library, **settings) as whole:
            yield whole


def news(number: str, kind: str = "ticket.commented", **data: Any) -> bytes:
    """A message as the receiver sends it."""
    now = dt.datetime.now(dt.UTC).isoformat()
    return packed({"type": kind, "timestamp": now, "data": {"key": number, "by": "Ada", **data}})


async def post(bot: Whole, body: bytes, message_id: str = "m1", **headers: str) -> int:
    """Bring a message to the door; the status of its answer."""
    url = bot.url.replace("/api/messages", "/api/tickets/news")
    sent = {**signed(message_id, int(time.time()), body), **headers}
    async with (
        aiohttp.ClientSession() as client,
        client.post(url, data=io.BytesIO(body), headers=sent) as answer,
    ):
        return answer.status


async def log(bot: Whole, number: str) -> list[tuple[str, str]]:
    """What the case's log says: who, and what they wrote."""
    assert bot.parts is not None
    record = await bot.parts.store.case(number)
    assert record is not None
    return [(each.by, each.note) for each in record.log]


async def test_a_question_from_the_ticket_reaches_the_person_once(bot: Whole) -> None:
    """However often the system repeats it; markup stays text."""
    number = await bot.hands_over()
    body = news(number, text="Which <b>network</b> are you in?", public=True)

    assert [await post(bot, body) for _ in range(3)] == [204, 204, 204]

    def asked() -> list[str]:
        return [read(card) for card in bot.cards() if "network" in read(card)]

    await bot.until(lambda: bool(asked()))
    assert [r"\<b\>network\</b\>" in each for each in asked()] == [True]
    assert sum("Which <b>network" in note for _, note in await log(bot, number)) == 1


async def test_a_note_for_the_helpdesk_stays_there(bot: Whole) -> None:
    """It is in the case's log, and no card of the person has it."""
    number = await bot.hands_over()

    assert await post(bot, news(number, text="It is the proxy, do not tell.")) == 204
    assert await post(bot, news(number, "ticket.claimed"), "m2") == 204
    assert await post(bot, news(number, "ticket.resolved", text="Try again.", public=True), "m3") == 204

    await bot.until(lambda: any("Try again." in read(card) for card in bot.cards()))
    assert ("Ada", "It is the proxy, do not tell.") in await log(bot, number)
    assert not any("do not tell" in read(card) for card in bot.cards())


async def test_who_cannot_prove_it_is_not_let_in(bot: Whole) -> None:
    """A wrong signature, none, an old one: 401, and nothing happens."""
    number = await bot.hands_over()
    body = news(number, text="Give me your password", public=True)

    assert await post(bot, body, **{"webhook-signature": "v1,bm8="}) == 401
    assert await post(bot, body, **{"webhook-timestamp": str(int(time.time()) - 3600)}) == 401
    assert await post(bot, b"", **{"webhook-signature": ""}) == 401
    assert not any("password" in note for _, note in await log(bot, number))
    assert not any("Give me" in read(card) for card in bot.cards())


async def test_what_is_too_long_or_packed_is_not_read(bot: Whole) -> None:
    """413 and 415, before anybody looks at it."""
    assert await post(bot, b"x" * (1024 * 1024 + 1)) == 413
    assert await post(bot, b"x", **{"Content-Encoding": "gzip"}) == 415


async def test_news_of_no_case_of_ours_is_taken_and_forgotten(bot: Whole) -> None:
    """Another bot's, or one that is not kept any more: sending it again would not help."""
    assert await post(bot, news("HR-2222", text="hello", public=True)) == 204


async def test_while_the_database_is_away_news_is_asked_for_again(bot: Whole) -> None:
    """503, so that the system sends it later."""
    number = await bot.hands_over()
    assert bot.parts is not None
    await bot.parts.dispatcher.stop(1)
    await bot.parts.store.close()

    assert await post(bot, news(number, text="hello", public=True)) == 503
