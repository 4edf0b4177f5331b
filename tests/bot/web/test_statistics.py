"""The page of figures over HTTP: behind the same sign-in, in the helpdesk's language, nobody's name in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from bot.address import Address
from dialogs.events import Said
from tests.support.desk import Browser, Desk, a_desk
from tests.support.past import DAY, a_past, a_past_case

CODE = 53003
TITLE = "Statistics"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A board behind a sign-in."""
    async with a_desk(tmp_path) as standing:
        yield standing


@pytest.fixture
async def kim(desk: Desk) -> AsyncIterator[Browser]:
    """Somebody of the helpdesk, signed in."""
    async with Browser(desk) as browser:
        await browser.sign_in()
        yield browser


async def test_nobody_sees_it_who_is_not_signed_in(desk: Desk) -> None:
    """As every page of the board."""
    async with Browser(desk) as stranger:
        page = await stranger.get("/helpdesk/statistics?days=30")
    assert page.status in {302, 303}
    assert "/helpdesk/sign-in" in page.to
    assert TITLE not in page.words


async def test_who_wants_to_see_it_gets_there_by_signing_in(desk: Desk) -> None:
    """Back where they wanted to go."""
    async with Browser(desk) as kim:
        assert (await kim.sign_in(to="/helpdesk/statistics?days=30")).to == "/helpdesk/statistics?days=30"


async def test_it_says_what_was_counted(desk: Desk, kim: Browser) -> None:
    """Every share with its number, every definition, and what people wrote, as words and not as HTML."""
    await a_past(desk.parts.store, desk.parts.turns.now())
    page = await kim.get("/helpdesk/statistics")

    assert page.status == 200
    for words in (
        "private window: 3 · other browser: 1 · Not said: 1 · Something else: 1",
        "We changed something: 3",
        "4 of 7 (57%)",
        "4 of 10 (40%)",
        "By the clock on the wall",
        "It took a <b>day</b>, but then it worked.",
    ):
        assert words in page.words
    assert "<b>day</b>" not in page.text
    assert not [name for name in ("Erika", "Ada", "0b5e") if name in page.text]


@pytest.mark.parametrize(
    ("query", "opened"),
    [("days=30", 1), ("days=365", 2), ("days=0", 2), ("days=-1", 1), ("days=x&guide=<script>", 1),
     ("guide=aadsts1000002", 1), ("guide=sign-in-error&days=0", 0)],
)  # fmt: skip
async def test_it_can_be_narrowed_down(desk: Desk, kim: Browser, query: str, opened: int) -> None:
    """By time and guide; what makes no sense is left out."""
    now = desk.parts.turns.now()
    await a_past_case(desk.parts.store, "HR-1", at=now - DAY)
    await a_past_case(desk.parts.store, "HR-2", at=now - 200 * DAY)
    page = await kim.get(f"/helpdesk/statistics?{query}")

    assert page.status == 200
    assert "<script>" not in page.text.partition("<main")[2]
    if opened:
        assert f"Guide or message Opened Still open Closed Withdrawn Opened again All {opened} " in page.words
    else:
        assert "Nothing was opened, and nothing ended, in this time." in page.words


async def test_a_case_is_closed_with_what_ended_it_and_the_next_one_is_told(desk: Desk, kim: Browser) -> None:
    """Picked on the board, shown on it, told with the next case of the same code; forged it is dropped."""
    for n in range(3):
        record = await desk.a_case(f"Erika {n}")
        page = await kim.get(f"/helpdesk/cases/{record.number}")
        assert "What ended it" in page.words
        assert "Of " not in page.words.partition("Solved before")[2][:5]
        form = await kim.form(record.number, note="Mended.", fix="private-window", reason="changed")
        assert (await kim.post(f"/helpdesk/cases/{record.number}/close", form)).status == 303
        assert "Ended by private window" in (await kim.get(f"/helpdesk/cases/{record.number}")).words
    record = await desk.a_case("Erika 4")
    told = "Of 3 solved cases with AADSTS1000002 in the last 180 days, 3 ended by: private window."
    assert told in (await kim.get(f"/helpdesk/cases/{record.number}")).words
    forged = await kim.form(record.number, note="Mended.", fix="<script>alert(1)</script>")
    await kim.post(f"/helpdesk/cases/{record.number}/close", forged)
    closed = await desk.case(record.number)
    assert (closed.status, closed.log[-1].what, closed.log[-1].fix) == ("resolved", "resolved", "")


async def test_how_a_session_ended_is_kept_with_the_turn_that_ended_it(desk: Desk) -> None:
    """Handed over, and solved alone; no other turn leaves anything, and nothing leads back to anybody."""
    turns, store = desk.parts.turns, desk.parts.store
    await desk.a_case()
    address = Address(surface="teams", service_url=desk.teams.service_url, conversation_id="a:max")
    for n, words in enumerate(("AADSTS1000002", "no", "it works now", "thank you")):
        await turns.take("teams:t:Max", f"m{n}", Said(at=turns.now(), text=words), address)
    handed, alone = [each for _, each in await store.outcomes(since=0, after=0)]

    assert (handed.ended, handed.fix) == ("escalated", "")
    assert (alone.ended, alone.fix, alone.codes) == ("solved", "finish-and-reopen", (1000002,))
    kept = msgspec.json.encode([handed, alone]).decode()
    assert not [each for each in ("Erika", "Max", "teams:", "0f0f0f0f", "HR-") if each in kept]


async def test_the_helpdesk_reads_its_own_language(tmp_path: Path) -> None:
    """Words and figures."""
    async with a_desk(tmp_path, HANDRAIL_HELPDESK_LANGUAGE="de") as desk, Browser(desk) as kim:
        await kim.sign_in()
        await a_past(desk.parts.store, desk.parts.turns.now())
        page = await kim.get("/helpdesk/statistics")

    assert "4 von 7 (57 %)" in page.words.replace("\N{NO-BREAK SPACE}", " ")
    assert "2,67" in page.words
    assert "privates Fenster: 3" in page.words
