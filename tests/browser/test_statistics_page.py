"""The page of figures in a real browser: any width, light and dark, the keyboard, paper, without a script."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser import (
    Watched,
    axe_source,
    needs_chromium,
    one_loop,
    small_targets,
    violations,
    watching,
)
from tests.support.desk import a_desk
from tests.support.past import a_past

pytestmark = [pytest.mark.browser, needs_chromium, one_loop]


async def looked_at(browser: Watched, **options: object) -> Page:
    """The page, without a script, as somebody gets to it from the list."""
    context = await browser.person(
        **{"base_url": browser.pages.public, "java_script_enabled": True, **options}
    )
    page = await context.new_page()
    await page.goto("/helpdesk")
    await page.get_by_role("link", name="Stati").click()
    await expect(page.get_by_role("table").first).to_be_visible()
    return page


@pytest.mark.node
@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "de")])
async def test_it_is_for_everybody(chromium: Browser, tmp_path: Path, scheme: str, language: str) -> None:
    """Axe finds nothing; on a phone only a table that is too wide moves sideways, by keys too."""
    source = axe_source()
    async with (
        a_desk(tmp_path, HANDRAIL_HELPDESK_LANGUAGE=language) as desk,
        watching(chromium, desk, desk.public, desk.entra.url) as browser,
    ):
        await a_past(desk.parts.store, desk.parts.turns.now())
        page = await looked_at(browser, color_scheme=scheme)
        assert await violations(page, source) == []
        for width in (320, 380, 768):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
            assert await small_targets(page) == []
        assert await violations(page, source) == []
        await page.set_viewport_size({"width": 320, "height": 800})
        table = page.get_by_role("region").first
        await table.focus()
        await page.keyboard.press("ArrowRight")
        await page.wait_for_function("() => document.querySelector('.wide').scrollLeft > 0")
        await page.emulate_media(media="print")
        await expect(page.locator(".top")).to_be_hidden()
        assert (
            await page.evaluate("() => getComputedStyle(document.querySelector('.wide')).overflowX")
            == "visible"
        )


async def test_it_is_narrowed_down_without_a_script(chromium: Browser, tmp_path: Path) -> None:
    """A form and a press; what was chosen stands there afterwards."""
    async with (
        a_desk(tmp_path) as desk,
        watching(chromium, desk, desk.public, desk.entra.url) as browser,
    ):
        await a_past(desk.parts.store, desk.parts.turns.now())
        page = await looked_at(browser, java_script_enabled=False)
        await expect(page.get_by_role("table", name="Cases", exact=True)).to_contain_text("All 7")
        await page.get_by_label("Since").select_option("30 days ago")
        await page.get_by_label("Guide").select_option(index=1)
        await page.get_by_role("button", name="Show").click()
        await expect(page.get_by_label("Since")).to_have_value("30")
        await expect(page.get_by_role("main")).to_contain_text("Fixes that people tried")
