"""The board behind its sign-in: who acts is who is signed in, and only their own pages can make them act."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from bot.store.api import CaseRecord
from bot.web.agents import COOKIE as SESSION
from tests.support.desk import Browser, Desk, a_desk
from tests.support.entra import KIM, ROBIN
from tests.support.waiting import until

PUBLIC = "https://bot.example.com"  # behind a proxy that speaks plain http to the bot, under another name


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A board behind a sign-in, and behind a proxy."""
    async with a_desk(tmp_path, public=PUBLIC) as standing:
        yield standing


@pytest.fixture
async def kim(desk: Desk) -> AsyncIterator[Browser]:
    """Kim, signed in."""
    async with Browser(desk) as browser:
        await browser.sign_in(KIM)
        yield browser


@pytest.fixture
async def robin(desk: Desk) -> AsyncIterator[Browser]:
    """Robin, signed in elsewhere."""
    async with Browser(desk) as browser:
        await browser.sign_in(ROBIN)
        yield browser


async def do(agent: Browser, record: CaseRecord, act: str, **fields: str) -> tuple[int, str]:
    """Send one of a case's forms; the status, and the words of the page it ends on."""
    filled = await agent.form(record.number, **fields)
    page = await agent.post(f"/helpdesk/cases/{record.number}/{act}", filled)
    if page.status == 303:
        assert page.to == f"/helpdesk/cases/{record.number}?did={act}"
        return page.status, (await agent.get(page.to)).words
    return page.status, page.words


async def heard(desk: Desk, record: CaseRecord) -> str:
    """Everything the person was told, as it is kept."""
    return str([line.body.decode() for line in await desk.parts.store.lines(record.conversation)])


async def test_a_case_from_hand_to_hand(desk: Desk, kim: Browser, robin: Browser) -> None:
    """Claimed, asked about, noted, given away, closed, opened again: each by who did it."""
    record = await desk.a_case()

    assert "It is yours now" in (await do(kim, record, "claim"))[1]
    assert "on its way" in (await do(kim, record, "ask", note="Which phone is it?"))[1]
    waiting = await desk.case(record.number)
    assert (waiting.status, waiting.by) == ("waiting", "Kim Özdemir")
    assert "The note is kept" in (await do(kim, record, "note", note="Looks like a device rule"))[1]
    assert "colleague" in (await do(kim, record, "give", to="Robin Weber"))[1]
    assert (await desk.case(record.number)).by == "Robin Weber"
    assert "You are working on this." in (await robin.get(f"/helpdesk/cases/{record.number}")).words
    assert (await do(robin, record, "close", note="Mended.", reason="changed"))[0] == 303
    closed = await desk.case(record.number)
    assert (closed.status, closed.by, closed.log[-1].reason) == ("resolved", "Robin Weber", "changed")
    assert "open again" in (await do(kim, record, "reopen", note="It was too early"))[1]

    after = await desk.case(record.number)
    assert after.status == "reopened"
    assert [entry.by for entry in after.log if entry.by] == ["Kim Özdemir"] * 4 + [
        "Robin Weber",
        "Kim Özdemir",
    ]
    told = await heard(desk, record)
    assert "Which phone is it?" in told
    assert "Mended." in told
    assert "device rule" not in told
    assert "too early" not in told


async def test_a_name_in_the_form_counts_for_nothing(desk: Desk, kim: Browser) -> None:
    """Nobody acts in somebody else's name; the page does not even ask."""
    record = await desk.a_case()
    assert 'name="by"' not in (await kim.get(f"/helpdesk/cases/{record.number}")).text
    await do(kim, record, "claim", by="Robin Weber")
    assert (await desk.case(record.number)).by == "Kim Özdemir"


async def test_who_comes_second_reads_who_was_faster_and_keeps_their_words(
    desk: Desk, kim: Browser, robin: Browser
) -> None:
    """A claim of a claimed case, a note to a closed one: nothing happens, and nothing typed is lost."""
    record = await desk.a_case()
    claim = await robin.form(record.number)
    close = await robin.form(record.number, note="typed with care")
    await do(kim, record, "claim")

    page = await robin.post(f"/helpdesk/cases/{record.number}/claim", claim)
    assert page.status == 409
    assert "somebody was faster" in page.words
    assert "Kim Özdemir" in page.words
    assert (await desk.case(record.number)).by == "Kim Özdemir"

    await do(kim, record, "close")
    page = await robin.post(f"/helpdesk/cases/{record.number}/close", close)
    assert page.status == 409
    assert "Kim Özdemir" in page.words
    assert "typed with care" not in await heard(desk, record)


async def test_of_two_who_claim_at_once_one_has_it(desk: Desk, kim: Browser, robin: Browser) -> None:
    """And the other one is told so."""
    record = await desk.a_case()
    path = f"/helpdesk/cases/{record.number}/claim"
    forms = [await kim.form(record.number), await robin.form(record.number)]
    pages = await asyncio.gather(kim.post(path, forms[0]), robin.post(path, forms[1]))
    assert sorted(page.status for page in pages) == [303, 409]


async def test_a_form_sent_twice_is_one_act(desk: Desk, kim: Browser) -> None:
    """Also the second answer says that it is done."""
    record = await desk.a_case()
    fields = await kim.form(record.number, note="once")
    pages = [await kim.post(f"/helpdesk/cases/{record.number}/note", fields) for _ in range(2)]
    assert [page.status for page in pages] == [303, 303]
    assert [entry.note for entry in (await desk.case(record.number)).log].count("once") == 1


@pytest.mark.parametrize(
    ("attack", "headers"),
    [
        ({"token": ""}, {}),
        ({"token": "0" * 32}, {}),
        ({}, {"Origin": "https://evil.example"}),
        ({}, {"Origin": "null"}),
        ({}, {"Origin": "http://bot.example.com"}),
        ({}, {"Origin": ""}),
        ({}, {"Sec_Fetch_Site": "cross-site"}),
        ({}, {"Sec_Fetch_Site": "same-site"}),
    ],
)
async def test_another_sites_form_does_nothing(
    desk: Desk, kim: Browser, attack: dict[str, str], headers: dict[str, str]
) -> None:
    """Without the session's own proof, or from another origin than the public one."""
    record = await desk.a_case()
    fields = {**await kim.form(record.number), **attack}
    page = await kim.post(f"/helpdesk/cases/{record.number}/claim", fields, **headers)
    assert page.status == 403
    assert (await desk.case(record.number)).status == "open"


async def test_the_public_address_may_be_written_in_any_way(tmp_path: Path) -> None:
    """Browsers name their origin in small letters and without the usual port."""
    async with a_desk(tmp_path, public="https://Bot.Example.com:443") as desk, Browser(desk) as browser:
        await browser.sign_in()
        record = await desk.a_case()
        path, fields = f"/helpdesk/cases/{record.number}/claim", await browser.form(record.number)
        assert (await browser.post(path, fields, Origin=PUBLIC)).status == 303


async def test_the_proof_of_one_session_is_none_in_another(desk: Desk, kim: Browser, robin: Browser) -> None:
    """A token that an attacker has from their own session does not fit the victim's."""
    record = await desk.a_case()
    page = await kim.post(f"/helpdesk/cases/{record.number}/claim", await robin.form(record.number))
    assert page.status == 403
    assert (await desk.case(record.number)).status == "open"


async def test_signed_out_while_typing_loses_nothing(desk: Desk, kim: Browser) -> None:
    """What was typed stands there again, and works after the next sign-in; nothing of the case is shown."""
    record = await desk.a_case()
    path = f"/helpdesk/cases/{record.number}/ask"
    fields = await kim.form(record.number, note="typed with care")
    away = kim.cookies.pop(SESSION)
    page = await kim.post(path, fields)
    assert page.status == 401
    assert "typed with care" in page.text
    assert "Erika" not in page.words
    assert (await desk.case(record.number)).status == "open"

    assert away
    await kim.sign_in(KIM)
    again = await kim.post(path, {**fields, "token": page.hidden("token"), "id": page.hidden("id")})
    assert again.status == 403  # the page was of another session
    assert "typed with care" in again.text
    last = {**fields, "token": again.hidden("token"), "id": again.hidden("id")}
    assert (await kim.post(path, last)).status == 303
    assert "typed with care" in await heard(desk, record)


@pytest.mark.parametrize(("act", "field"), [("ask", "note"), ("note", "note"), ("give", "to")])
async def test_what_an_act_needs_is_asked_for(desk: Desk, kim: Browser, act: str, field: str) -> None:
    """An empty question, note or name is no act."""
    record = await desk.a_case()
    status, words = await do(kim, record, act, **{field: "  "})
    assert status == 400
    assert "Please" in words
    assert not any(entry.by for entry in (await desk.case(record.number)).log)


async def test_an_act_that_does_not_exist_is_none(desk: Desk, kim: Browser) -> None:
    """Nor does one on a case that does not."""
    record = await desk.a_case()
    fields = await kim.form(record.number)
    assert (await kim.post(f"/helpdesk/cases/{record.number}/delete", fields)).status == 404
    assert (await kim.post("/helpdesk/cases/HR-0000/claim", fields)).status == 404


async def test_too_much_is_refused(desk: Desk, kim: Browser) -> None:
    """A note of a book's length, and a body of a library's."""
    record = await desk.a_case()
    assert (await do(kim, record, "note", note="x" * 4001))[0] == 400
    assert (await do(kim, record, "note", note="x" * 70_000))[0] == 400
    assert not any(entry.by for entry in (await desk.case(record.number)).log)


async def test_colleagues_who_are_signed_in_are_offered(desk: Desk, kim: Browser, robin: Browser) -> None:
    """Their names need not be typed."""
    record = await desk.a_case()
    page = await kim.get(f"/helpdesk/cases/{record.number}")
    assert '<option value="Robin Weber">' in page.text
    assert '<option value="Kim Özdemir">' not in page.text


async def test_mine_are_those_i_work_on(desk: Desk, kim: Browser, robin: Browser) -> None:
    """Whoever is signed in sees their own."""
    one, two = await desk.a_case("Erika"), await desk.a_case("Max")
    await do(kim, one, "claim")
    await do(robin, two, "claim")
    mine = (await kim.get("/helpdesk?show=mine")).words
    assert one.number in mine
    assert two.number not in mine


async def test_the_stream_ends_with_the_session(desk: Desk, kim: Browser) -> None:
    """A page that is left open is told, and shows nothing new."""
    page = await kim.get("/helpdesk")
    cookie = {"Cookie": f"{SESSION}={kim.cookies[SESSION]}"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{desk.url}/helpdesk/stream", headers=cookie) as stream,
    ):
        assert stream.status == 200
        assert await stream.content.readuntil(b"\n\n") == b"retry: 2000\n\n"
        assert (await stream.content.readuntil(b"\n\n")).startswith(b"event: version\n")
        await kim.post("/helpdesk/sign-out", {"token": page.hidden("token")})
        await desk.a_case()
        async with asyncio.timeout(10):
            assert await stream.content.readuntil(b"\n\n") == b"event: out\ndata: out\n\n"
            assert await stream.content.read() == b""


async def test_who_did_what_is_in_the_log_by_id(
    desk: Desk, kim: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names may be alike; the object id is not. What was written is not in it."""
    record = await desk.a_case()
    await do(kim, record, "note", note="the-note-canary")
    said = capsys.readouterr().out
    assert "agent_acted" in said
    assert KIM.oid in said
    assert "canary" not in said


async def test_the_card_in_the_channel_leads_to_the_case_on_the_board(desk: Desk) -> None:
    """Also outside local mode, when there is one."""
    record = await desk.a_case()
    link = f"{PUBLIC}/helpdesk/cases/{record.number}"
    await until(lambda: link in str([sent.body for sent in desk.teams.sent]))


async def test_two_agents_of_one_name_are_told_apart_by_their_sessions(desk: Desk, kim: Browser) -> None:
    """Their proofs differ, whatever they are called."""
    record = await desk.a_case()
    twin = msgspec.structs.replace(ROBIN, name=KIM.name)
    async with Browser(desk) as other:
        await other.sign_in(twin)
        fields = await other.form(record.number)
        assert fields["token"] != (await kim.form(record.number))["token"]
