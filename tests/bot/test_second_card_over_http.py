"""A case that was announced twice, because Teams' first answer got lost: one of two cards is a copy."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dialogs.library import Library
from tests.bot.test_helpdesk_over_http import ADA, GRACE, THREAD, place
from tests.support import small_guides
from tests.support.cloud import PlayedCloud, drop
from tests.support.whole import CHANNEL, Whole, body_card, body_words, read, whole_bot

LOST = f"{CHANNEL};messageid=lost-1"


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return small_guides.shipped()


@pytest.fixture
async def bot(tmp_path: Path, library: Library) -> AsyncIterator[Whole]:
    """The whole bot, with a case whose card "lost-1" only Teams knows of, and a second one, "first-1"."""
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, library) as whole:

        async def answer(request: web.Request) -> web.StreamResponse:
            if not request.path.endswith("/v3/conversations"):
                return await cloud._connector(request)
            if len(whole.announced()) == 1:
                return await drop(request)
            return web.json_response({"id": THREAD, "activityId": "first-1"}, status=201)

        cloud.connector.always_with(answer)
        await whole.hands_over()
        await whole.until(lambda: len(whole.announced()) == 2)
        yield whole


def newest(bot: Whole) -> dict[str, Any]:
    """The card that is kept up to date, as it is now."""
    return [bot.announced()[0], *bot.updates("first-1")][-1]


async def presses(
    bot: Whole, who: dict[str, str], title: str, *, thread: str, card: str, on: dict[str, Any] | None = None
) -> Any:
    """Somebody presses a button of one of the two, as it was sent or as it is now."""
    where = {"conversation": place(bot, thread, "channel"), "replyToId": card}
    return await bot.presses(title, on=on or bot.announced()[0], **{"from": who, **where})


async def test_the_copy_that_is_pressed_shows_the_case_as_it_is(bot: Whole) -> None:
    """Whoever pressed it sees that at once, all others after a moment, and so does the other card."""
    claimed = body_card(await presses(bot, ADA, "Claim", thread=LOST, card="lost-1"))

    assert "Ada Lovelace is on it" in read(claimed)
    await bot.until(lambda: bot.updates("lost-1") == [claimed])
    await bot.until(lambda: claimed in bot.updates("first-1"))


async def test_a_copy_that_is_pressed_too_late_is_brought_up_to_date(bot: Whole) -> None:
    """Whoever pressed it reads who has the case, and the card says so from then on."""
    await presses(bot, ADA, "Claim", thread=THREAD, card="first-1")
    said = body_words(await presses(bot, GRACE, "Claim", thread=LOST, card="lost-1"))

    assert said.startswith("Ada Lovelace has ")
    await bot.until(lambda: bool(bot.updates("lost-1")))
    assert "Ada Lovelace is on it" in read(bot.updates("lost-1")[-1])


async def test_the_card_that_is_kept_up_to_date_needs_no_mending(bot: Whole) -> None:
    """A press on it is one update, as always, and the copy is left alone."""
    seen = []
    for title in ("Claim", "Resolve", "Open again"):
        pressed = await presses(bot, ADA, title, thread=THREAD, card="first-1", on=newest(bot))
        seen.append(body_card(pressed))
        await bot.until(lambda: seen[-1] in bot.updates("first-1"))

    assert bot.updates("first-1").count(seen[1]) == 1  # at the first its id may not be known yet
    assert bot.updates("lost-1") == []
