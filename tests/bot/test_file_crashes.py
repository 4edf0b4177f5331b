"""`handrail serve` dies while a file is on its way: the next one brings it to its end, once."""

import base64
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import web

from tests.support.cloud import PlayedCloud
from tests.support.served import served
from tests.support.tickets import PlayedTickets
from tests.support.waiting import until
from tests.support.whole import Whole, read

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 500


@pytest.fixture
async def tickets() -> AsyncIterator[PlayedTickets]:
    """The ticket system."""
    async with PlayedTickets() as played:
        yield played


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Whole]:
    """The cloud and the person; the bot is started by the test."""
    async with PlayedCloud() as cloud:
        yield Whole(cloud, "", tmp_path)


async def picture(bot: Whole, _: web.Request) -> web.Response:
    """The picture, once what was shown is done: else that might be shown again, which is allowed."""

    def shown() -> bool:
        with closing(sqlite3.connect(f"file:{bot.folder}/handrail.db?mode=ro", uri=True)) as db:
            kinds = "kind IN ('show', 'screen')"
            [left] = db.execute(f"SELECT count(*) FROM outbox WHERE {kinds} AND state <> 'done'").fetchone()
            return bool(left == 0)

    await until(shown)
    return web.Response(body=PNG, content_type="image/png")


@pytest.mark.parametrize("point", ["file.fetched", "file.attached"])
async def test_a_file_is_there_once_whenever_the_bot_dies(
    bot: Whole, tickets: PlayedTickets, point: str
) -> None:
    """Fetched and not kept it is fetched again; put to the ticket and not written down it is looked up."""
    settings = {
        "HANDRAIL_TICKETS": "webhook",
        "HANDRAIL_TICKETS_URL": tickets.url,
        "HANDRAIL_TICKETS_SECRET": tickets.secret,
    }
    bot.cloud.pictures.always_with(lambda request: picture(bot, request))
    async with served(bot, **settings, HANDRAIL_CRASH=f"{point}:1") as process:
        await bot.hands_over()
        await bot.sees("INC0000001")
        assert await bot.says("", attachments=[bot.cloud.pasted()]) == 200
        assert await process.ended() == -signal.SIGKILL
    async with served(bot, **settings):
        await bot.until(lambda: len(tickets.files) == 1)

    [put] = tickets.files
    assert base64.b64decode(put.body["data"]["content"]) == PNG
    assert sum("I pass image" in read(card) for card in bot.cards()) == 1
    assert len(bot.cloud.pictures.received) == (2 if point == "file.fetched" else 1)
