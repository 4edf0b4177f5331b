"""The board as somebody of the helpdesk uses it who signs in with Microsoft Entra, in a real browser."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.web.agents import COOKIE
from tests.support.browser import (
    Watched,
    axe_source,
    needs_chromium,
    one_loop,
    overflow,
    small_targets,
    violations,
    watching,
)
from tests.support.desk import Desk, a_desk
from tests.support.entra import GUEST, KIM, ROBIN

pytestmark = [pytest.mark.browser, needs_chromium, one_loop]


@pytest_asyncio.fixture(loop_scope="session")
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A board behind a sign-in."""
    async with a_desk(tmp_path) as standing:
        yield standing


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser, desk: Desk) -> AsyncIterator[Watched]:
    """A browser on it, which may go to Entra and back."""
    async with watching(chromium, desk, desk.public, desk.entra.url) as watched:
        yield watched


async def signed_in(browser: Watched, path: str = "/helpdesk", **options: object) -> Page:
    """A page of somebody who has signed in on the way."""
    context = await browser.person(**{"base_url": browser.pages.public, **options})
    page = await context.new_page()
    await page.goto(path)
    await expect(page.locator("#sign-out")).to_be_visible()
    return page


async def test_sign_in_find_open_claim_and_close(desk: Desk, browser: Watched) -> None:
    """A day's work in one go: nothing but what is to be seen is used."""
    desk.entra.people = [KIM, ROBIN]
    record = await desk.a_case("Erika Mustermann", remark="My laptop is new")
    await desk.a_case("Max Muster")
    page = await (await browser.person(base_url=desk.public)).new_page()
    await page.goto("/helpdesk")
    await page.get_by_role("link", name="Kim Özdemir").click()

    await page.get_by_role("searchbox").fill("erika")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.locator("#cases tbody tr")).to_have_count(1)
    await page.get_by_role("link", name=record.number).click()
    await page.get_by_role("button", name="Claim").click()
    await expect(page.get_by_role("main")).to_contain_text("You are working on this.")
    await expect(page.locator("#did")).to_contain_text("It is yours now")
    await expect(page).not_to_have_url(re.compile("did="))
    await page.get_by_text("Close the case").first.click()
    await page.get_by_label("Why it is closed").select_option(label="We changed something")
    await page.get_by_label("Note to the person").fill("Mended.")
    await page.get_by_role("button", name="Close the case").click()
    await expect(page.locator("#head .mark")).to_contain_text("closed by Kim Özdemir")
    await page.get_by_role("link", name="All cases").click()
    await page.get_by_role("link", name="Closed", exact=True).click()
    await expect(page.get_by_role("link", name=record.number)).to_be_visible()


async def test_who_may_not_enter_can_take_another_account(desk: Desk, browser: Watched) -> None:
    """The page says so, and its button asks for the account."""
    browser.may_fail = True  # a 403 is an error to a browser's console
    desk.entra.people = [GUEST]
    page = await (await browser.person(base_url=desk.public)).new_page()
    await page.goto("/helpdesk")
    await expect(page.get_by_role("alert")).to_contain_text("may not enter")
    desk.entra.people = [GUEST, KIM]
    await page.get_by_role("link", name="Sign in").click()
    await page.get_by_role("link", name="Kim Özdemir").click()
    await expect(page.get_by_role("heading", name="Helpdesk")).to_be_visible()


async def test_signed_out_in_one_tab_is_signed_out_in_all(desk: Desk, browser: Watched) -> None:
    """The other tab says so by itself, keeps what is typed, and leads back."""
    browser.may_fail = True
    record = await desk.a_case()
    context = await browser.person(base_url=desk.public)
    case, other = await context.new_page(), await context.new_page()
    await case.goto(f"/helpdesk/cases/{record.number}")
    await case.get_by_text("Internal note").click()
    await case.fill("#note-note", "half a note")
    await other.goto("/helpdesk")
    await other.get_by_role("button", name="Sign out").click()
    await expect(other.get_by_role("status").first).to_contain_text("You are signed out")
    assert COOKIE not in {each["name"] for each in await context.cookies()}
    await desk.a_case("Max")
    await case.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    await expect(case.locator("#out")).to_contain_text("You are signed out")
    await expect(case.locator("#note-note")).to_have_value("half a note")
    await case.locator("#out a").click()
    await expect(case.get_by_role("heading", name=record.number)).to_be_visible()


async def test_the_list_and_a_case_are_fresh_by_themselves(desk: Desk, browser: Watched) -> None:
    """A new case, a colleague's claim: shown at once, said politely, and no letter that is typed is lost."""
    record = await desk.a_case()
    cases = await signed_in(browser)
    await cases.get_by_role("searchbox").fill("half a na")
    case = await signed_in(browser, f"/helpdesk/cases/{record.number}")
    await case.get_by_text("Ask or tell the person").click()
    await case.fill("#ask-note", "half a question")
    second = await desk.a_case("Max Muster")
    await expect(cases.get_by_role("link", name=second.number)).to_be_visible()
    await expect(cases.locator("#said")).to_have_text(f"New: {second.number}")
    await expect(cases.get_by_role("searchbox")).to_have_value("half a na")
    await expect(cases.get_by_role("searchbox")).to_be_focused()

    desk.entra.people = [ROBIN]
    theirs = await signed_in(browser, f"/helpdesk/cases/{record.number}")
    await theirs.get_by_role("button", name="Claim").click()
    await expect(case.locator("#head .mark")).to_contain_text("Robin Weber")
    await expect(case.locator("#said")).to_contain_text("Robin Weber")
    await expect(case.locator("#ask-note")).to_have_value("half a question")
    await expect(case.locator("#ask-note")).to_be_focused()


async def test_a_minute_that_goes_by_is_no_news(desk: Desk, browser: Watched) -> None:
    """The age on the page is brought up to date without a word."""
    record = await desk.a_case()
    page = await signed_in(browser, f"/helpdesk/cases/{record.number}")
    await page.evaluate("() => { document.querySelector('#head .age').textContent = 'long ago'; }")
    await page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.locator("#head .age")).not_to_have_text("long ago")
    await expect(page.locator("#said")).to_be_empty()


async def test_with_the_keyboard_alone(desk: Desk, browser: Watched) -> None:
    """From the first key to the closed case, in the order of the page."""
    record = await desk.a_case()
    page = await signed_in(browser)

    async def walk(to: str, *, most: int = 40) -> None:
        for _ in range(most):
            await page.keyboard.press("Tab")
            if await page.evaluate("(to) => document.activeElement.matches(to)", to):
                return
        raise AssertionError(to)

    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await walk(f"#case-{record.number}")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/cases/{record.number}")
    await walk("form[action$=claim] button")
    await page.keyboard.press("Enter")
    await expect(page.locator("#did")).to_be_visible()
    await walk("#do-close summary")
    await page.keyboard.press("Enter")
    await walk("#close-note")
    await page.keyboard.type("Mended.")
    await walk("form[action$=close] button.main")
    await page.keyboard.press("Space")
    await expect(page.locator(".mark.resolved")).to_be_visible()


async def test_ids_are_copied_with_one_press(desk: Desk, browser: Watched) -> None:
    """And it says that they were."""
    record = await desk.a_case()
    context = await browser.person(base_url=desk.public, permissions=["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    await page.goto(f"/helpdesk/cases/{record.number}")
    button = page.get_by_role("button", name="Copy: Correlation ID")
    await button.click()
    await expect(page.locator("#said")).to_have_text("Copied: 3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90")
    assert (
        await page.evaluate("() => navigator.clipboard.readText()") == "3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90"
    )


async def test_a_case_on_paper_is_whole(desk: Desk, browser: Watched) -> None:
    """Without a script too: the facts, the path and the conversation, and nothing to press."""
    record = await desk.a_case(remark="My laptop is new")
    page = await signed_in(
        browser, f"/helpdesk/cases/{record.number}", java_script_enabled=False, color_scheme="dark"
    )
    await page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("#act", "#sign-out", ".top", ".copy"):
        await expect(page.locator(hidden).first).to_be_hidden()
    for shown in ("#facts", "#transcript", ".lines"):
        await expect(page.locator(shown)).to_be_visible()
    assert (
        await page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
        == "rgb(255, 255, 255)"
    )


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
async def test_nothing_sticks_out_at_any_width(
    chromium: Browser, tmp_path: Path, language: str, width: int
) -> None:
    """The list, a case with everything folded out, and the door."""
    async with (
        a_desk(tmp_path, HANDRAIL_HELPDESK_LANGUAGE=language) as desk,
        watching(chromium, desk, desk.public, desk.entra.url) as browser,
    ):
        record = await desk.a_case(remark="ein " + "sehr" * 40 + "langes Wort")
        page = await signed_in(browser, viewport={"width": width, "height": 800})
        assert await overflow(page) == []
        assert await small_targets(page) == []
        await page.goto(f"/helpdesk/cases/{record.number}")
        for each in await page.locator("summary").all():
            await each.click()
        assert await overflow(page) == []
        await page.locator("#sign-out").click()
        await page.wait_for_url("**/helpdesk/sign-out")
        await page.wait_for_load_state()
        assert await overflow(page) == []


@pytest.mark.node
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(desk: Desk, browser: Watched, scheme: str) -> None:
    """The list with its filters, a case with all its forms, the page after the sign-out."""
    source = axe_source()
    record = await desk.a_case()
    page = await signed_in(browser, color_scheme=scheme)
    assert await violations(page, source) == []
    await page.goto(f"/helpdesk/cases/{record.number}")
    for each in await page.locator("summary").all():
        await each.click()
    assert await violations(page, source) == []
    await page.locator("#sign-out").click()
    await page.wait_for_url("**/helpdesk/sign-out")
    await page.wait_for_load_state()
    assert await violations(page, source) == []
