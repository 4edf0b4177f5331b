"""The whole bot beside Freshservice and Zammad: a case becomes a ticket, what agents do comes back, once."""

import io
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest

from bot.desk_names import MAIN
from bot.tickets.watch import Watch
from dialogs.language.load import load
from dialogs.library import Library
from tests.support.cloud import PlayedCloud
from tests.support.helpdesks import freshservice, zammad
from tests.support.helpdesks.freshservice import Freshservice
from tests.support.helpdesks.zammad import PlayedZammad, Zammad
from tests.support.whole import Whole, read, whole_bot

OPENED: Mapping[str, Callable[[Path], AbstractAsyncContextManager[Freshservice | Zammad]]] = {
    "freshservice": freshservice.opened,
    "zammad": zammad.opened,
}


class Both(NamedTuple):
    """The bot, and the system beside it."""

    bot: Whole
    there: Freshservice | Zammad

    async def look(self) -> int:
        """Look for news once, as the bot does every half minute."""
        assert self.bot.parts is not None
        parts = self.bot.parts
        return await Watch(self.there.system, parts.store, parts.ticket_news[MAIN].tell).look()

    async def files(self) -> str:
        """Hand a case over; its number, when the ticket is there."""
        await self.look()  # from now on
        number = await self.bot.hands_over()
        await self.bot.until(lambda: bool(self.there.served.tickets))
        return number

    def kept(self) -> str:
        """All that stands in tickets over there."""
        served = self.there.served
        return str(served.articles if isinstance(served, PlayedZammad) else served.talk)

    def told(self, words: str) -> int:
        """How many of the person's cards say so."""
        return sum(words in read(card) for card in self.bot.cards())


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return load(Path(__file__).parents[2] / "content")[0]


@pytest.fixture(params=[*OPENED])
async def both(request: pytest.FixtureRequest, tmp_path: Path, library: Library) -> AsyncIterator[Both]:
    """Each system in turn."""
    async with OPENED[request.param](tmp_path) as there, PlayedCloud() as cloud:
        settings = {"HANDRAIL_TICKETS": request.param, "HANDRAIL_TICKETS_URL": there.served.url}
        if request.param == "zammad":
            settings |= {"HANDRAIL_TICKETS_TOKEN": zammad.TOKEN, "HANDRAIL_TICKETS_PROJECT": "IT Helpdesk"}
            settings |= {"HANDRAIL_TICKETS_SECRET": zammad.SECRET}
        else:
            settings |= {"HANDRAIL_TICKETS_TOKEN": freshservice.KEY, "HANDRAIL_TICKETS_PROJECT": "3"}
            settings |= {"HANDRAIL_TICKETS_USER": freshservice.USER}
        async with whole_bot(cloud, tmp_path, library, **settings) as bot:
            yield Both(bot, there)


async def test_a_case_goes_there_and_back(both: Both) -> None:
    """An agent takes it, asks, is answered, and closes it; each side hears of the other once."""
    number = await both.files()
    assert await both.there.count(number) == 1

    await both.there.claims(number)
    await both.there.says(number, "Which <b>network</b> are you in?", public=True)
    await both.there.says(number, "Looks like the proxy.", public=False)
    for _ in range(2):
        await both.look()
    await both.bot.until(lambda: both.told("are you in?") == 1)

    await both.bot.says("The one in the canteen")

    await both.bot.until(lambda: "The one in the canteen" in both.kept())
    await both.there.resolves(number, "The proxy was it.")
    for _ in range(2):
        await both.look()
    await both.bot.until(lambda: both.told("The proxy was it.") >= 1)
    assert both.told("Looks like the proxy.") == 0
    [answer] = [each for each in await both.there.written(number) if "canteen" in each.text]
    assert answer.public
    assert await both.there.closed(number)


@pytest.mark.parametrize("both", ["zammad"], indirect=True)
async def test_what_zammads_webhook_brings_is_not_told_again(both: Both) -> None:
    """It comes through the door at once, and is passed over when it is asked for."""
    number = await both.files()
    assert isinstance(both.there, Zammad)
    await both.there.says(number, "Which network are you in?", public=True)
    url = both.bot.url.replace("/api/messages", "/api/tickets/news")
    headers, body = both.there.served.sent[-1]
    async with aiohttp.ClientSession() as client:
        for forged, status in ((b" ", 401), (b"", 204), (b"", 204)):
            async with client.post(url, data=io.BytesIO(body + forged), headers=headers) as answer:
                assert answer.status == status

    await both.bot.until(lambda: both.told("Which network") == 1)
    assert await both.look() == 1
    assert both.told("Which network") == 1
