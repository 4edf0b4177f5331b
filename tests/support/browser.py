"""A real Chromium on the served pages. It notes everything that a good page never does."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tests.support.desk import Desk
from tests.support.pages import Pages

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: install one, or set CHROMIUM to its path"
)
_PATIENCE = 30_000.0  # milliseconds; a machine that has much to do is no defect of a page
expect.set_options(timeout=_PATIENCE)
one_loop = pytest.mark.asyncio(loop_scope="session")  # Chromium is started once, and lives on its loop
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def axe_source() -> str:
    """The script of axe-core, or the test is skipped with a reason."""
    beside = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
    path = Path(os.environ.get("HANDRAIL_AXE", beside))
    if not path.is_file():
        pytest.skip("axe-core is not here: npm install --no-save axe-core, or set HANDRAIL_AXE to axe.min.js")
    return path.read_text(encoding="utf-8")


class Watched:
    """A browser on the pages of one test."""

    def __init__(self, browser: Browser, pages: Any, *elsewhere: str) -> None:
        self._browser = browser
        self.pages = pages
        self._expected = (pages.url, *elsewhere, "data:")
        self.complaints: list[str] = []
        self.may_fail = False  # while a test takes the server away

    async def person(self, **options: Any) -> BrowserContext:
        """A browser of somebody's own, with no cookie yet."""
        options = {"locale": "en-GB", "base_url": self.pages.url, **options}
        context = await self._browser.new_context(**options)
        context.set_default_timeout(_PATIENCE)
        context.on("request", self._requested)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        return context

    async def open(self, path: str = "/", **options: Any) -> Page:
        """One page of somebody new, ready to be used."""
        page = await (await self.person(**options)).new_page()
        await page.goto(path)
        if path == "/":
            await page.locator(".screen.live").wait_for()
        return page

    def _requested(self, request: Request) -> None:
        if not request.url.startswith(self._expected):
            self.complaints.append(f"went elsewhere: {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        lost = self.may_fail and "Failed to load resource" in message.text
        if message.type in {"error", "warning"} and not lost:
            self.complaints.append(f"console: {message.text}")


@contextlib.asynccontextmanager
async def watching(browser: Browser, pages: Pages | Desk, *elsewhere: str) -> AsyncIterator[Watched]:
    """A browser until the block ends; then nothing may have been complained about.

    Args:
        browser: Chromium, which others use as well, one after the other.
        pages: What is visited.
        elsewhere: Where else these pages lead on purpose.
    """
    watched = Watched(browser, pages, *elsewhere)
    try:
        yield watched
    finally:
        for context in browser.contexts:
            await context.close()
    assert not watched.complaints, "\n".join(watched.complaints)


async def overflow(page: Page) -> list[str]:
    """What sticks out of the window sideways."""
    found: list[str] = await page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter((each) => !each.closest(".unseen, .skip, #status"))
            .filter((each) => { const box = each.getBoundingClientRect();
                return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1); })
            .map((each) => each.outerHTML.slice(0, 120))"""
    )
    return found


async def small_targets(page: Page) -> list[str]:
    """What can be pressed and is too small for a thumb (44 pixels high, 24 for a line that folds)."""
    found: list[str] = await page.evaluate(
        """() => [...document.querySelectorAll("button, select, label.option, textarea, summary, th a")]
            .filter((each) => each.checkVisibility() && !each.closest(".skip"))
            .filter((each) => each.getBoundingClientRect().height < (each.matches("summary, a") ? 24 : 43.5))
            .map((each) => each.outerHTML.slice(0, 120))"""
    )
    return found


async def violations(page: Page, source: str) -> list[str]:
    """What axe-core finds on the page as it is."""
    await page.evaluate(source)
    found: list[str] = await page.evaluate(
        """async () => (await axe.run()).violations.flatMap((each) =>
            each.nodes.map((node) => `${each.id}: ${node.html.slice(0, 150)}`))"""
    )
    return found
