"""The stream: every open page of a person comes to the same state, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.web.hub import Hub
from tests.support.pages import PASTED, Pages, Visitor, serving


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    """Served pages."""
    async with serving(tmp_path) as served:
        yield served


@pytest.fixture
async def person(pages: Pages) -> AsyncIterator[Visitor]:
    """Somebody who has opened the page."""
    async with Visitor(pages) as someone:
        yield someone


async def test_the_first_visit_is_welcomed_once(person: Visitor) -> None:
    """Opening the page begins the conversation; opening it again does not."""
    first = await person.look()
    assert len(first.lines) == 1
    assert first.screen["say"]
    assert (await person.look()).lines == first.lines


async def test_tabs_that_open_together_welcome_once(person: Visitor) -> None:
    """Five tabs at the same time are one first visit."""
    looks = await asyncio.gather(*(person.look() for _ in range(5)))
    assert {len(look.lines) for look in looks} == {1}


async def test_tabs_stay_in_step(person: Visitor) -> None:
    """What is done in one tab is on the other at once, with the same live screen."""
    async with person.stream() as one, person.stream() as two:
        await one.state()
        await two.state()
        await person.say(PASTED)
        assert await one.state() == await two.state()
        assert one.lines == two.lines
        assert one.said[-2] == PASTED


async def test_only_one_screen_is_live(person: Visitor) -> None:
    """After an answer the state names the next screen."""
    async with person.stream() as heard:
        before = await heard.state()
        await person.say(PASTED)
        asked = await heard.state()
        assert asked != before
        await person.choose(asked, heard.screen["ask"]["options"][0]["id"])
        assert await heard.state() != asked


async def test_a_page_that_comes_back_gets_what_it_lacks(person: Visitor) -> None:
    """With the last id, only what came after it is sent, and nothing twice."""
    async with person.stream() as heard:
        await heard.state()
        last = heard.last
    await person.say(PASTED)
    async with person.stream(last) as heard:
        await heard.state()
        assert heard.hellos[0]["after"] == 1
        assert [line["seq"] for line in heard.lines] == [2, 3]


async def test_another_language_says_everything_anew(person: Visitor) -> None:
    """The whole conversation is said in the new language, and the page gets its own words in it."""
    async with person.stream() as heard:
        await heard.state()
        english = list(heard.said)
        await person.command("language", "de")
        await heard.state()
        assert heard.hellos[-1]["language"] == "de"
        assert heard.hellos[-1]["after"] == 0
        assert heard.hellos[-1]["words"]["send"] == "Senden"
        assert heard.said[0] != english[0]


async def test_a_page_left_in_another_language_is_told_everything_anew(person: Visitor) -> None:
    """A tab that slept through the change does not mix two languages."""
    async with person.stream() as heard:
        await heard.state()
        last = heard.last
    await person.command("language", "de")
    async with person.stream(last) as heard:
        await heard.state()
        assert heard.hellos[0]["after"] == 0


@pytest.mark.parametrize("last", ["999-en", "x", "-1-en", "1", "1-en\n2", "9" * 400 + "-en", "0-en"])
async def test_an_id_nobody_gave_out_starts_from_the_beginning(person: Visitor, last: str) -> None:
    """An id of an older store, or a made-up one, gets everything."""
    await person.look()
    async with person.http.get("/chat/stream", params={"after": last}) as answer:
        assert answer.status == 200
        start = await answer.content.readuntil(b"event: state")
    assert b'"after":0' in start
    assert start.count(b"event: line") == 1


async def test_a_quiet_stream_shows_that_it_lives(person: Visitor) -> None:
    """A heartbeat comes while nothing happens."""
    async with person.stream() as heard:
        await heard.state()
        await heard.beat()


async def test_what_another_process_wrote_arrives_with_the_heartbeat(
    pages: Pages, person: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody tells this process, and the page still gets it."""
    async with person.stream() as heard:
        await heard.state()
        monkeypatch.setattr(pages.hub, "changed", lambda _: None)  # as if it happened elsewhere
        await person.say(PASTED)
        await heard.state()
        assert heard.said[-2] == PASTED


async def test_a_restart_in_the_middle_loses_nothing(pages: Pages, person: Visitor) -> None:
    """The server hangs up at once, and afterwards the page goes on from its last line."""
    async with person.stream() as heard:
        await heard.state()
        await person.say(PASTED)
        asked = await heard.state()
        option = heard.screen["ask"]["options"][0]["id"]
        last = heard.last
        async with asyncio.timeout(30):
            stopping = asyncio.create_task(pages.stop())
            await heard.end()
            await stopping
    await pages.start()
    async with person.stream(last) as heard:
        assert await heard.state() == asked
        assert heard.lines == []
        assert (await person.choose(asked, option))[0] == 200
        assert await heard.state() != asked


async def test_a_stream_without_a_visitor_is_refused(pages: Pages) -> None:
    """Without a cookie there is nobody to stream to, and no conversation is begun."""
    person = Visitor(pages)
    async with person.http.get("/chat/stream") as answer:
        assert answer.status == 403
    async with person.http.get("/chat/stream", headers={"Sec-Fetch-Site": "cross-site"}) as answer:
        assert answer.status == 403
    await person.http.close()


async def test_a_stream_that_loses_its_store_ends_and_can_be_followed_again(
    pages: Pages, person: Visitor
) -> None:
    """The page is let go, so that it comes back by itself."""
    async with person.stream() as heard:
        await heard.state()
        pages.store.away = True
        await heard.end()
    pages.store.away = False
    assert (await person.look()).lines


async def test_a_person_who_is_gone_is_forgotten(pages: Pages, person: Visitor) -> None:
    """A closed page leaves nobody who listens."""
    async with person.stream() as heard:
        await heard.state()
        assert pages.hub.listening == 1
    async with asyncio.timeout(30), person.stream() as heard:
        await heard.state()
        while pages.hub.listening > 1:
            await heard.beat()


async def test_a_change_between_two_waits_is_not_missed() -> None:
    """A listener that was busy is told at its next wait, once."""
    hub = Hub()
    with hub.listen("a") as listener:
        hub.changed("a")
        hub.changed("a")
        hub.changed("b")
        assert await listener.changed(within=1)
        assert not await listener.changed(within=0.01)
    assert hub.listening == 0
