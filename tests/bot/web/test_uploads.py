"""Files from the chat page: kept once, counted while they come, and only from our own page."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import msgspec
import pytest
from aiohttp import web

from bot.app import running, web_app
from bot.config import Settings
from bot.files import LARGEST, MOST, file_id
from dialogs.effects import FetchFiles
from tests.support.pages import Pages, Visitor, serving

PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * 2000


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


async def sends(
    who: Visitor, *files: tuple[str, bytes], event_id: str = "", **headers: str
) -> tuple[int, Any]:
    """Send files as the page does; status and body."""
    form = aiohttp.FormData(default_to_multipart=True, quote_fields=False)  # as browsers do
    form.add_field("id", event_id or str(uuid4()))
    form.add_field("zone", "Europe/Berlin")
    for name, content in files:
        form.add_field("file", io.BytesIO(content), filename=name, content_type="image/png")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"X-Handrail": "page", "Origin": who.pages.url, **named}
    sent = {name: value for name, value in sent.items() if value}
    async with who.http.post("/chat/files", data=form, headers=sent) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_a_picture_is_kept_and_said(pages: Pages, person: Visitor) -> None:
    """Its name stands in the conversation, what it is is what its bytes say, and the turn has heard of it."""
    status, body = await sends(person, ("../screen.png", PICTURE), ("page.png", b"<html>"))
    assert (status, body) == (200, {"taken": True, "repeat": False})

    heard = await person.look()
    assert "screen.png · page.png" in [each.replace("\u2060", "") for each in heard.said]
    kept = {each.name: (each.media_type, each.size) for each in await pages.store.files(person.key)}
    assert kept == {"screen.png": ("image/png", len(PICTURE)), "page.png": ("application/octet-stream", 6)}
    [message] = await pages.store.waiting(kind="file", limit=5)
    fetch = msgspec.json.decode(message.body, type=FetchFiles)
    assert {each.name for each in fetch.files} == set(kept)


async def test_sent_again_it_is_the_same(pages: Pages, person: Visitor) -> None:
    """The page tries again with the same id when it got no answer."""
    event_id = str(uuid4())
    for repeat in (False, True):
        status, body = await sends(person, ("screen.png", PICTURE), event_id=event_id)
        assert (status, body["repeat"]) == (200, repeat)

    [kept] = await pages.store.files(person.key)
    assert kept.id == file_id(person.key, f"web-{event_id}", "0")


async def test_only_our_own_page_may_send(person: Visitor) -> None:
    """Not another site's, and nobody without a cookie."""
    assert (await sends(person, ("a.png", PICTURE), Origin="https://evil.example"))[0] == 403
    assert (await sends(person, ("a.png", PICTURE), X_Handrail=""))[0] == 403
    person.http.cookie_jar.clear()
    assert (await sends(person, ("a.png", PICTURE)))[0] == 403


async def test_too_much_is_refused(pages: Pages, person: Visitor) -> None:
    """One that is too large, too many at once, and more than there is room for; nothing of it is kept."""
    status, body = await sends(person, ("big.bin", b"x" * (LARGEST + 1)))
    assert (status, body["error"]["code"]) == (413, "size")
    status, body = await sends(person, *[("a.png", PICTURE)] * 11)
    assert (status, body["error"]["code"]) == (413, "many")
    assert await pages.store.files(person.key) == []

    for _ in range(MOST // 10):
        assert (await sends(person, *[("a.png", PICTURE)] * 10))[0] == 200
    status, body = await sends(person, ("last.png", PICTURE))
    assert (status, body["error"]["code"]) == (413, "room")
    assert len(await pages.store.files(person.key)) == MOST


async def test_what_makes_no_sense_is_refused(person: Visitor) -> None:
    """No file, an empty one, no id, a field nobody knows, no form at all."""
    assert (await sends(person))[1]["error"]["code"] == "empty"
    assert (await sends(person, ("a.png", b"")))[1]["error"]["code"] == "empty"
    assert (await sends(person, ("a.png", PICTURE), event_id="7"))[1]["error"]["code"] == "malformed"
    headers = {"X-Handrail": "page", "Origin": person.pages.url}
    unknown = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--'
    nested = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--"
    for data in (b"nonsense", b"", unknown, nested):
        sent = {**headers, "Content-Type": "multipart/form-data; boundary=b"}
        async with person.http.post("/chat/files", data=data, headers=sent) as answer:
            assert answer.status == 400, data
    sent = {**headers, "Content-Type": "multipart/form-data"}
    async with person.http.post("/chat/files", data=b"", headers=sent) as answer:
        assert answer.status == 400
    async with person.http.post("/chat/files", json={}, headers=headers) as answer:
        assert answer.status == 415


async def test_a_database_that_is_away_is_said(pages: Pages, person: Visitor) -> None:
    """The page tries again with the same id, and then it is there."""
    event_id = str(uuid4())
    pages.store.away = True
    assert (await sends(person, ("a.png", PICTURE), event_id=event_id))[0] == 503
    pages.store.away = False
    assert (await sends(person, ("a.png", PICTURE), event_id=event_id))[0] == 200


async def test_with_the_whole_bot_it_is_on_the_case(tmp_path: Path) -> None:
    """In local mode, from the form to the case that the helpdesk gets."""
    settings = Settings.read({"HANDRAIL_DATABASE_URL": f"sqlite:///{tmp_path}/handrail.db"})
    async with running(settings) as parts:
        runner = web.AppRunner(web_app(parts), access_log=None, shutdown_timeout=0.1, auto_decompress=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()

        class There:
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"

        async with Visitor(There()) as person:  # type: ignore[arg-type]  # all it needs is an address
            await person.say("AADSTS1000002")
            await sends(person, ("screen.png", PICTURE))
            async with asyncio.timeout(10):
                while await parts.store.waiting(kind="file", limit=1):  # noqa: ASYNC110  it works by itself
                    await asyncio.sleep(0.005)
            await person.command("person")
            await person.choose((await person.look()).live, "handover-yes")
            await person.choose((await person.look()).live, "skip")
            [case] = await parts.store.cases()

            assert [each.name for each in case.file.files] == ["screen.png"]
            [kept] = await parts.store.files(case.conversation, case.number)
            async with person.http.get(f"/helpdesk/cases/{case.number}/files/{kept.id}") as response:
                assert await response.read() == PICTURE
        await runner.cleanup()
