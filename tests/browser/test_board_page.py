"""The board as an agent uses it: fresh by itself, gentle to what is being typed, complete on paper."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.files import file_id, media_type
from bot.store.api import CaseChange, Kept
from bot.store.files import NewFile
from dialogs.conversation import Conversation
from tests.support.browser import (
    Watched,
    axe_source,
    needs_chromium,
    one_loop,
    overflow,
    violations,
    watching,
)
from tests.support.pages import PASTED, Pages, Visitor, serving

PICTURE = base64.b64decode(  # two pixels
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4zwAE/wEHAAH/4iOeWQAAAABJRU5ErkJggg=="
)

pytestmark = [pytest.mark.browser, needs_chromium, one_loop]


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser, tmp_path: Path) -> AsyncIterator[Watched]:
    """A browser on served pages."""
    async with serving(tmp_path) as pages, watching(chromium, pages) as watched:
        yield watched


async def a_case(pages: Pages) -> str:
    """Somebody hands a case over; its number."""
    async with Visitor(pages) as person:
        await person.look()
        await person.say(PASTED)
        await person.command("person")
        heard = await person.look()
        await person.choose(heard.live, "handover-yes")
        await person.choose((await person.look()).live, "skip")
    return str((await pages.store.cases())[0].number)


async def test_a_new_case_appears_by_itself(browser: Watched) -> None:
    """Nobody has to reload; the focus stays where it was."""
    first = await a_case(browser.pages)
    page = await browser.open("/helpdesk")
    await page.locator(f"#case-{first}").focus()
    second = await a_case(browser.pages)
    await expect(page.locator(f"#case-{second}")).to_be_visible()
    await expect(page.locator(f"#case-{first}")).to_be_focused()


async def test_what_is_being_typed_stays(browser: Watched) -> None:
    """A colleague claims the case meanwhile: the page shows it and the half-written note is untouched."""
    number = await a_case(browser.pages)
    mine = await browser.open(f"/helpdesk/cases/{number}")
    await mine.click("#do-ask summary")
    await mine.fill("#ask-note", "half a note")
    theirs = await browser.open(f"/helpdesk/cases/{number}")
    await theirs.fill("#claim-by", "Robin")
    await theirs.click("form[action$=claim] button")
    await expect(mine.locator("#head")).to_contain_text("Robin")
    await expect(mine.locator("#ask-note")).to_have_value("half a note")


async def test_a_case_from_hand_to_hand_without_a_script(browser: Watched) -> None:
    """Claiming and closing are plain forms; the person reads the note."""
    number = await a_case(browser.pages)
    context = await browser.person(java_script_enabled=False)
    page = await context.new_page()
    await page.goto("/helpdesk")
    await page.click(f"#case-{number}")
    await page.fill("#claim-by", "Kim")
    await page.click("form[action$=claim] button")
    await expect(page.locator("#act")).to_contain_text("You are working on this.")
    await expect(page.locator("#close-by")).to_have_value("Kim")
    await page.click("#do-close summary")
    await page.fill("#close-note", "It is mended.")
    await page.click("form[action$=close] button")
    await expect(page.locator(".mark.resolved")).to_be_visible()
    await expect(page.locator("#log-section")).to_contain_text("It is mended.")


async def test_a_case_made_urgent_stands_first(browser: Watched) -> None:
    """By keyboard, without a script: the older of two cases goes before the newer one, and back again."""
    await a_case(browser.pages)
    await a_case(browser.pages)
    newer, older = [each.number for each in await browser.pages.store.cases()]
    context = await browser.person(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"/helpdesk/cases/{older}")
    await page.focus("#do-urgent summary")
    await page.keyboard.press("Enter")
    await page.fill("#urgent-by", "Kim")
    await page.keyboard.press("Enter")
    await expect(page.locator("#did")).to_have_text("The case is urgent now.")
    await expect(page.locator("#head .mark.urgent")).to_have_text("Urgent")
    await expect(page.locator("#log-section")).to_contain_text("Kim made it urgent.")
    await page.goto("/helpdesk")
    await expect(page.locator("tbody th")).to_have_text([older, newer])
    await page.select_option("#severity", "urgent")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("tbody th")).to_have_text([older])

    await page.click(f"#case-{older}")
    await page.click("#do-normal summary")
    await page.click("form[action$=normal] button")
    await expect(page.locator("#head .mark.urgent")).to_have_count(0)


async def test_on_paper_there_are_facts_and_no_buttons(browser: Watched) -> None:
    """A printed case has the warning and the whole conversation, black on white."""
    number = await a_case(browser.pages)
    page = await browser.open(f"/helpdesk/cases/{number}", color_scheme="dark")
    await page.emulate_media(media="print")
    await page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    await expect(page.locator("#act")).to_be_hidden()
    await expect(page.locator(".stop")).to_be_visible()
    await expect(page.locator(".lines")).to_be_visible()
    await page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    await page.emulate_media(media="screen")
    await expect(page.locator(".lines")).to_be_hidden()


async def test_no_short_word_of_the_list_is_broken(browser: Watched) -> None:
    """A long name of an app leaves the status, the code and the headings whole."""
    async with Visitor(browser.pages) as person:
        await person.look()
        await person.say(f"AADSTS1000002 App name: {'Finance-and-Operations-' * 4}")
        await person.command("person")
        heard = await person.look()
        await person.choose(heard.live, "handover-yes")
        await person.choose((await person.look()).live, "skip")
    page = await browser.open("/helpdesk", viewport={"width": 1100, "height": 700})
    broken = await page.evaluate(
        """() => [...document.querySelectorAll(".cases thead th, .cases td:not(:has(bdi)), .cases .mark")]
            .flatMap((each) => [...each.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE))
            .flatMap((node) => [...node.data.matchAll(/[^\\s-]+/g)].filter((word) => {
                const range = new Range();
                range.setStart(node, word.index);
                range.setEnd(node, word.index + word[0].length);
                return range.getClientRects().length > 1;
            })).map((word) => word[0])"""
    )
    assert broken == []
    assert await overflow(page) == []


@pytest.mark.parametrize("width", [320, 1280])
async def test_the_board_fits_a_phone_and_a_desk(browser: Watched, width: int) -> None:
    """Nothing sticks out of the list or of a case."""
    number = await a_case(browser.pages)
    page = await browser.open("/helpdesk", viewport={"width": width, "height": 700})
    assert await overflow(page) == []
    await page.goto(f"/helpdesk/cases/{number}")
    await page.click(".transcript summary")
    assert await overflow(page) == []


@pytest.mark.node
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_the_board(browser: Watched, scheme: str) -> None:
    """The usual accessibility mistakes are not there."""
    source = axe_source()
    number = await a_case(browser.pages)
    page = await browser.open("/helpdesk", color_scheme=scheme)
    assert await violations(page, source) == []
    await page.goto(f"/helpdesk/cases/{number}")
    await page.click(".transcript summary")
    for each in await page.locator("#act summary").all():
        await each.click()
    assert await violations(page, source) == []


async def test_a_picture_of_the_person_stands_on_the_case(browser: Watched) -> None:
    """It is drawn, the file beside it is saved, and nothing of it is too wide for a phone."""
    number = await a_case(browser.pages)
    case = await browser.pages.store.case(number)
    names = ("screen.png", f"{'protocol' * 12}.log")
    for name, content in zip(names, (PICTURE, b"a line"), strict=True):
        new = NewFile(id=file_id(name), conversation=case.conversation, name=name, at=case.opened_at)
        await browser.pages.store.add_file(new, media_type(content), content)
    files = tuple(map(file_id, names))
    change = CaseChange(number=number, at=case.opened_at, what="sent", note="files", files=files)

    def gets(stored: Conversation | None, _: object) -> Kept:
        return Kept(conversation=stored or Conversation(), changes=(change,))

    await browser.pages.store.turn(case.conversation, "files", gets)
    page = await browser.open(f"/helpdesk/cases/{number}", viewport={"width": 320, "height": 700})
    picture = page.locator(".files img")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("each => each.decode().then(() => each.naturalWidth)") == 2
    assert await overflow(page) == []
    assert await violations(page, axe_source()) == []
    async with page.expect_download() as saved:
        await page.click(".files a[download]")
    assert (await saved.value).suggested_filename.endswith("protocol.log")
