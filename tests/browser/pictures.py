"""Makes the README's pictures from the running pages: `make pictures`. Needs Chromium."""

import asyncio
import io
import tempfile
from pathlib import Path

from aiohttp import web
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from bot.app import running, web_app
from bot.config import Settings
from tests.support.browser import ARGUMENTS, CHROMIUM

PICTURES = Path(__file__).parent.parent.parent / "deployment" / "pictures"
PHONE = {"width": 390, "height": 844}
PASTE = """Request Id: 8d1c6f1e-52b7-4b57-9c1c-3f0b7a5d2a00
Correlation Id: 3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90
Timestamp: 2026-11-22T09:41:07Z
App name: SAP"""


async def main() -> None:
    """Play one conversation to a case and photograph it on the way."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.read({"HANDRAIL_DATABASE_URL": f"sqlite:///{folder}/pictures.db"})
        async with running(settings) as parts, async_playwright() as playwright:
            runner = web.AppRunner(web_app(parts), access_log=None)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            address = f"http://127.0.0.1:{runner.addresses[0][1]}"
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
            try:
                await _photograph(browser, address)
            finally:
                await browser.close()
                await runner.cleanup()


async def _photograph(browser: Browser, address: str) -> None:
    first = await _chat(browser, address, "light")
    begun = await first.screenshot()
    await _press(first, "There was nothing to press")
    await _press(first, "Same message again")
    await first.get_by_label("Another organisation's name").check()
    await first.get_by_label("Something about my device or browser").check()
    ticking = await first.screenshot()
    await _press(first, "Send", nth=0)
    await _press(first, "Same message again")
    await _say(first, PASTE)
    await _press(first, "A person, please")
    await _press(first, "Hand it over")
    await _say(first, "Erika Mustermann, extension 4711")
    handed = await first.screenshot()
    dark = await _chat(browser, address, "dark")
    _side_by_side("chat.png", begun, ticking, handed, await dark.screenshot())

    board = await browser.new_page(viewport={"width": 1100, "height": 900}, device_scale_factor=1.5)
    await board.goto(f"{address}/helpdesk")
    await board.get_by_role("link", name="HR-").first.click()
    await board.screenshot(path=PICTURES / "board.png")


async def _chat(browser: Browser, address: str, scheme: str) -> Page:
    context = await browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]  # its TypedDict is private
        device_scale_factor=1.5,
        color_scheme=scheme,  # type: ignore[arg-type]  # "light" or "dark"
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )
    page = await context.new_page()
    await page.goto(address)
    await _say(page, "got AADSTS1000002 after login")
    await page.get_by_role("button", name="There was nothing to press").wait_for()
    return page


async def _say(page: Page, words: str) -> None:
    await page.get_by_role("textbox").last.fill(words)
    await page.keyboard.press("Enter")
    await page.wait_for_timeout(700)


async def _press(page: Page, name: str, nth: int = -1) -> None:
    buttons = page.get_by_role("button", name=name)
    await (buttons.first if nth == 0 else buttons.last).click()
    await page.wait_for_timeout(700)


def _side_by_side(name: str, *shots: bytes) -> None:
    images = [Image.open(io.BytesIO(shot)).convert("RGB") for shot in shots]
    gap = 24
    width = sum(each.width for each in images) + gap * (len(images) - 1)
    together = Image.new("RGB", (width, max(each.height for each in images)), "white")
    x = 0
    for each in images:
        together.paste(each, (x, 0))
        x += each.width + gap
    PICTURES.mkdir(exist_ok=True)
    together.quantize(128).save(PICTURES / name, optimize=True)


if __name__ == "__main__":
    asyncio.run(main())
