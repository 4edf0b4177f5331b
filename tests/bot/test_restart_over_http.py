"""`handrail serve` stopped in the middle and started again: what was accepted takes effect, once."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.support.cloud import PlayedCloud
from tests.support.served import served
from tests.support.whole import Whole, body_card, read

CODE = "AADSTS1000002"
FIRST = "Did the app open after you pressed Continue?"
SECOND = "Then open it again and sign in once more."


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Whole]:
    """The cloud and the person; the bot is started by the test."""
    async with PlayedCloud() as cloud:
        yield Whole(cloud, "", tmp_path)


async def test_a_conversation_goes_on_after_a_restart(bot: Whole) -> None:
    """A card of before is pressed after: its answer counts, and the next question comes."""
    async with served(bot) as process:
        assert await bot.says(CODE, id="one") == 200
        await bot.sees(FIRST)
        assert await process.stop() == 0
    async with served(bot):
        assert await bot.says(CODE, id="one") == 200  # Teams repeats it: no second card
        answered = body_card(await bot.presses("There was nothing to press"))
        assert "✓ There was nothing to press" in read(answered)
        await bot.sees(SECOND)
        await bot.until(lambda: bot.updates("activity-1") == [answered])
    assert len(bot.cards()) == 2


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_what_was_on_its_way_arrives_after_a_restart(bot: Whole, how: signal.Signals) -> None:
    """Teams has its 200 and the bot stops before the card is out: the next start sends it, in order."""
    bot.cloud.connector.always(503)
    async with served(bot) as process:
        assert await bot.says(CODE) == 200
        assert await bot.says("There was nothing to press") == 200
        await bot.until(lambda: bool(bot.arrived()))
        process.signal(how)
        await process.ended()
    bot.cloud.connector.received.clear()
    bot.cloud.connector.usual()
    async with served(bot):
        await bot.sees(SECOND)
        assert [FIRST in read(card) for card in bot.cards()] == [True, False]
        await bot.until(lambda: bool(bot.updates("activity-1")))


async def test_a_stop_waits_for_what_is_in_flight(bot: Whole) -> None:
    """SIGTERM while Teams is slow to take a card: it is waited for, and not sent a second time."""

    async def slowly(request: web.Request) -> web.StreamResponse:
        process.signal(signal.SIGTERM)
        return await bot.cloud._connector(request)

    async with served(bot) as process:
        bot.cloud.connector.next_with(slowly)
        assert await bot.says(CODE) == 200
        await bot.sees(FIRST)
        assert await process.ended() == 0
    async with served(bot):
        await bot.says("There was nothing to press")
        await bot.sees(SECOND)
    assert len(bot.cards()) == 2
