"""A file from an agent at the board to the person at the chat page, in a real browser."""

import base64
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, expect

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
from tests.support.pages import PASTED, serving

PICTURE = base64.b64decode(  # two pixels
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4zwAE/wEHAAH/4iOeWQAAAABJRU5ErkJggg=="
)
FILES: list[FilePayload] = [
    {"name": "where to press.png", "mimeType": "image/png", "buffer": PICTURE},
    {"name": "settings-for-the-new-company-laptop-of-2026.reg", "mimeType": "text/plain", "buffer": b"line"},
]

pytestmark = [pytest.mark.browser, needs_chromium, one_loop]


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser, tmp_path: Path) -> AsyncIterator[Watched]:
    """A browser on served pages."""
    async with serving(tmp_path) as pages, watching(chromium, pages) as watched:
        yield watched


async def handed_over(browser: Watched, **options: object) -> tuple[Page, str]:
    """The chat page of somebody whose case is with the helpdesk, and its number."""
    page = await browser.open("/", **options)
    await page.fill("#field", PASTED)
    await page.keyboard.press("Enter")
    await page.locator(".screen.live .progress").wait_for()  # the first screen offers a person too
    await page.get_by_role("button", name="A person, please").click()
    await page.click("button[data-option=handover-yes]")
    await page.click("button[data-option=skip]")
    await expect(page.locator("#log")).to_contain_text("Done: HR-")
    return page, (await browser.pages.store.cases())[0].number


async def look(page: Page, name: str) -> None:
    """Keep a picture of the page for whoever wants to see it."""
    folder = os.environ.get("HANDRAIL_SHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 380)])
async def test_from_the_board_to_the_person(browser: Watched, scheme: str, width: int) -> None:
    """The agent needs no script and no mouse; the person sees the picture and saves the rest."""
    shown = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    chat, number = await handed_over(browser, **shown)
    board = await (await browser.person(java_script_enabled=False, **shown)).new_page()
    await board.goto(f"/helpdesk/cases/{number}")
    await board.focus("#do-ask summary")
    await board.keyboard.press("Enter")
    await board.fill("#ask-by", "Kim")
    await board.fill("#ask-note", "Please press where the arrow is.")
    chooser = board.get_by_label("Files to go with it")
    await expect(chooser).to_have_accessible_description("Ten at most, 10 MB each.")
    await chooser.set_input_files(FILES)
    await look(board, f"board-form-{scheme}-{width}")
    await board.focus("#do-ask button")
    await board.keyboard.press("Enter")
    await expect(board.locator("#did")).to_be_visible()
    await expect(board.locator("#files-section li")).to_have_count(2)
    await expect(board.locator("#files-section")).to_contain_text("from Kim")
    await expect(board.locator("#log-section")).to_contain_text("with where to press.png, settings-")
    await look(board, f"board-sent-{scheme}-{width}")

    await expect(chat.locator(".screen.live")).to_contain_text("Please press where the arrow is.")
    links = chat.locator(".screen.live .files a")
    await expect(links).to_have_count(2)
    picture = links.first.locator("img")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("(each) => each.decode().then(() => each.naturalWidth)") == 2
    async with chat.expect_download() as saving:
        await links.nth(1).press("Enter")
    assert (await saving.value).suggested_filename == FILES[1]["name"]
    await look(chat, f"chat-{scheme}-{width}")
    assert await overflow(chat) == []
    assert await small_targets(chat) == []
    assert await violations(chat, axe_source()) == []


async def test_the_open_form_is_fit_for_everybody(browser: Watched) -> None:
    """On a phone, in the dark, with a file chosen: nothing sticks out, and axe has nothing to say."""
    _, number = await handed_over(browser)
    board = await browser.open(
        f"/helpdesk/cases/{number}", color_scheme="dark", viewport={"width": 380, "height": 800}
    )
    await board.click("#do-ask summary")
    await board.set_input_files("#ask-files", FILES)
    assert await overflow(board) == []
    assert await violations(board, axe_source()) == []
