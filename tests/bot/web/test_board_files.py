"""Files of a case on the board: shown or saved, never run, and only to who may see the case."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot import files
from bot.store.api import CaseChange, CaseRecord, Decide, Kept, Store
from bot.store.files import NewFile
from dialogs.conversation import Conversation
from tests.support.desk import a_desk
from tests.support.pages import PASTED, Pages, Visitor, serving

PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * 2000
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    """Served pages."""
    async with serving(tmp_path) as served:
        yield served


@pytest.fixture
async def agent(pages: Pages) -> AsyncIterator[Visitor]:
    """Somebody of the helpdesk."""
    async with Visitor(pages) as someone:
        yield someone


@pytest.fixture
async def case(pages: Pages) -> AsyncIterator[CaseRecord]:
    """A case that somebody has handed over."""
    async with Visitor(pages) as person:
        await person.say(PASTED)
        await person.command("person")
        await person.choose((await person.look()).live, "handover-yes")
        await person.choose((await person.look()).live, "skip")
        [found] = await pages.store.cases()
        yield found


def taking(number: str, *ids: str) -> Decide:
    """A turn in which the case gets files."""
    change = CaseChange(number=number, at=1, what="sent", note="files", files=ids)
    return lambda stored, _: Kept(conversation=stored or Conversation(), changes=(change,))


async def gets(store: Store, case: CaseRecord, name: str, content: bytes) -> str:
    """The case gets a file; its address."""
    file_id = files.file_id(case.number, name)
    new = NewFile(id=file_id, conversation=case.conversation, name=name, at=case.opened_at)
    await store.add_file(new, files.media_type(content), content)
    await store.turn(case.conversation, f"gets {name}", taking(case.number, file_id))
    return f"/helpdesk/cases/{case.number}/files/{file_id}"


async def test_a_picture_is_shown_and_nothing_in_a_file_can_run(
    pages: Pages, agent: Visitor, case: CaseRecord
) -> None:
    """Pictures stand on the page, all else is to be saved; the browser must not guess what it is."""
    picture = await gets(pages.store, case, "screen.png", PICTURE)
    page = await gets(pages.store, case, "page.svg", SVG)

    async with agent.http.get(f"/helpdesk/cases/{case.number}") as response:
        text = await response.text()
    assert f'<img src="{picture}"' in text
    assert f'<a href="{page}" download>' in text
    found = {}
    for url, content in ((picture, PICTURE), (page, SVG)):
        async with agent.http.get(url) as response:
            assert (response.status, await response.read()) == (200, content)
            found[url] = response.headers
    assert found[picture]["Content-Type"] == "image/png"
    assert found[picture]["Content-Disposition"].startswith('inline; filename="screen.png"')
    assert found[page]["Content-Type"] == "application/octet-stream"
    assert found[page]["Content-Disposition"].startswith('attachment; filename="page.svg"')
    for headers in found.values():
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert headers["Cache-Control"] == "private, no-store"


async def test_a_file_is_only_where_its_case_is(pages: Pages, agent: Visitor, case: CaseRecord) -> None:
    """Not below another number, not what is of no case, and no id that is none."""
    mine = (await gets(pages.store, case, "screen.png", PICTURE)).rpartition("/")[2]
    loose = NewFile(id="a" * 32, conversation=case.conversation, name="x.png", at=1)
    await pages.store.add_file(loose, "image/png", PICTURE)

    for path in (
        f"/helpdesk/cases/HR-2222/files/{mine}",
        f"/helpdesk/cases/{case.number}/files/{'a' * 32}",
        f"/helpdesk/cases/{case.number}/files/{'b' * 32}",
        f"/helpdesk/cases/{case.number}/files/x",
    ):
        async with agent.http.get(path) as response:
            assert response.status == 404


async def test_a_name_stays_within_its_header_and_its_place(
    pages: Pages, agent: Visitor, case: CaseRecord
) -> None:
    """Whatever it is called."""
    url = await gets(pages.store, case, 'ü"; x=<b>.png', PICTURE)

    async with agent.http.get(url) as response:
        told = response.headers["Content-Disposition"]
    assert told == "inline; filename=\"__; x=<b>.png\"; filename*=UTF-8''%C3%BC%22%3B%20x%3D%3Cb%3E.png"
    async with agent.http.get(f"/helpdesk/cases/{case.number}") as response:
        assert "<b>.png" not in await response.text()


async def test_a_database_that_is_away_is_said(pages: Pages, agent: Visitor, case: CaseRecord) -> None:
    """Nothing is shown that is not known."""
    url = await gets(pages.store, case, "screen.png", PICTURE)
    pages.store.away = True
    async with agent.http.get(url) as response:
        assert response.status == 503
    pages.store.away = False


async def test_who_is_not_signed_in_sees_no_file(tmp_path: Path) -> None:
    """The picture is behind the same door as the case."""
    async with a_desk(tmp_path) as desk, aiohttp.ClientSession() as stranger:
        record = await desk.a_case()
        url = await gets(desk.parts.store, record, "screen.png", PICTURE)

        async with stranger.get(f"{desk.url}{url}", allow_redirects=False) as response:
            assert response.status in {302, 303, 401, 403}
            assert PICTURE not in await response.read()
