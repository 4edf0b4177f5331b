"""Files from the board to the person on the chat page: sent with the question, read by that person only."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.files import LARGEST, MOST
from bot.store.api import CaseRecord
from tests.bot.web.test_board import Page, form, get, hand_over
from tests.support.pages import Pages, Visitor, serving

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 2000
SHOT = ("shot.png", PNG)


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    """Served pages."""
    async with serving(tmp_path) as served:
        yield served


@pytest.fixture
async def person(pages: Pages) -> AsyncIterator[Visitor]:
    """Somebody who has opened the chat page."""
    async with Visitor(pages) as someone:
        await someone.look()
        yield someone


@pytest.fixture
async def agent(pages: Pages) -> AsyncIterator[Visitor]:
    """Somebody of the helpdesk, in another browser."""
    async with Visitor(pages) as someone:
        yield someone


async def asks(
    agent: Visitor, record: CaseRecord, *files: tuple[str, bytes], fields: dict[str, str] | None = None,
    act: str = "ask", **headers: str,
) -> Page:  # fmt: skip
    """Send the form as a browser does, and follow where it leads."""
    filled = fields or await form(agent, record, by="Kim", note="Like this?")
    data = aiohttp.FormData(default_to_multipart=True, quote_fields=False)
    for name, value in filled.items():
        data.add_field(name, value)
    for name, content in files or [("", b"")]:  # browsers send an empty one where none was chosen
        data.add_field("file", io.BytesIO(content), filename=name)
    sent = {"Origin": agent.pages.url, **headers}
    path = f"/helpdesk/cases/{record.number}/{act}"
    async with agent.http.post(path, data=data, headers=sent) as answer:
        return Page(answer.status, answer.url.path, await answer.text())


async def names(pages: Pages, record: CaseRecord) -> list[str]:
    """The names of the files of a case."""
    return [each.name for each in await pages.store.files(record.conversation, record.number)]


async def test_the_person_reads_the_question_and_has_the_file(
    pages: Pages, person: Visitor, agent: Visitor
) -> None:
    """On the board it stands with who sent it and in the log; on the page it is a link that works."""
    record = await hand_over(pages, person)
    page = await asks(agent, record, SHOT, ("../log", b"<script>"))
    assert page.status == 200
    assert "Kim asks Somebody without a name: “Like this?”, with shot.png, log" in page.words
    assert "from Kim" in page.words
    assert "looked at by nobody" not in page.words

    screen = (await person.look()).screen
    assert "With it: shot.png, log." in screen["say"].replace("\u2060", "")
    picture, log = screen["files"]
    assert (picture["picture"], log["picture"]) == (True, False)
    async with person.http.get(picture["url"]) as answer:
        assert (answer.status, await answer.read()) == (200, PNG)
        assert answer.headers["Content-Type"] == "image/png"
    async with person.http.get(log["url"]) as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_nobody_else_has_it(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """Not another visitor, and not somebody without a cookie."""
    record = await hand_over(pages, person)
    await asks(agent, record, SHOT)
    [file] = (await person.look()).screen["files"]
    async with Visitor(pages) as other:
        async with other.http.get(file["url"]) as answer:
            assert answer.status == 404
        other.http.cookie_jar.clear()
        async with other.http.get(file["url"]) as answer:
            assert answer.status == 404


async def test_sent_twice_it_is_there_once(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """A double submit is one question with one file."""
    record = await hand_over(pages, person)
    fields = await form(agent, record, by="Kim", note="Like this?")
    for _ in range(2):
        assert (await asks(agent, record, SHOT, fields=fields)).status == 200

    assert await names(pages, record) == ["shot.png"]
    case = await pages.store.case(record.number)
    assert case is not None
    assert [(each.what, each.names) for each in case.log[1:]] == [("asked", "shot.png")]


async def test_without_a_file_it_is_a_question(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """As it always was."""
    record = await hand_over(pages, person)
    page = await asks(agent, record)
    assert "Kim asks Somebody without a name: “Like this?”" in page.words
    assert (await person.look()).screen["files"] == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("big.bin", b"x" * (LARGEST + 1))], "A file may have 10 MB at most."),
        ([(f"{n}.txt", b"x") for n in range(11)], "Ten files at most"),
        ([("empty.txt", b"")], "There is nothing in one of the files."),
    ],
    ids=["large", "many", "empty"],
)
async def test_what_is_too_much_is_said_and_no_word_is_lost(
    pages: Pages, person: Visitor, agent: Visitor, files: list[tuple[str, bytes]], said: str
) -> None:
    """Nothing is sent; what was typed stands there, and that the files have to be chosen again."""
    record = await hand_over(pages, person)
    page = await asks(agent, record, *files)
    assert page.status == 400
    assert said in page.words
    assert "Like this?</textarea>" in page.text
    assert "Please choose the files again" in page.words
    assert await names(pages, record) == []


async def test_a_case_has_room_for_so_many(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """None of those that are too many is kept."""
    record = await hand_over(pages, person)
    for start in range(0, MOST, 10):
        some = [(f"{start + n}.txt", b"x") for n in range(10)]
        assert (await asks(agent, record, *some)).status == 200
    page = await asks(agent, record, SHOT)
    assert (page.status, "There is no room for more files" in page.words) == (400, True)
    assert len(await names(pages, record)) == MOST


async def test_another_sites_form_is_not_read(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """Nor one without our proof."""
    record = await hand_over(pages, person)
    foreign = await asks(agent, record, SHOT, Origin="https://evil.example.com")
    unproven = await asks(
        agent, record, SHOT, fields={"token": "0" * 32, "id": "x", "by": "Kim", "note": "Like this?"}
    )
    assert (foreign.status, unproven.status) == (403, 403)
    assert await names(pages, record) == []


async def test_a_form_that_asks_for_no_file_takes_none(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """Whatever somebody puts into it."""
    record = await hand_over(pages, person)
    page = await asks(agent, record, SHOT, act="note")
    assert page.status == 400
    assert await names(pages, record) == []
    assert (await get(agent, f"/helpdesk/cases/{record.number}")).status == 200
