"""The chat page as people use it: by keyboard, on a phone, in the dark, with a bad connection."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FileChooser, FilePayload, Page, expect

from bot.web.visitor import conversation_key
from tests.support.browser import (
    Watched,
    axe_source,
    needs_chromium,
    one_loop,
    overflow,
    small_targets,
    watching,
)
from tests.support.pages import PASTED, serving

pytestmark = [pytest.mark.browser, needs_chromium, one_loop]
PHONE: dict[str, Any] = {"viewport": {"width": 320, "height": 568}, "has_touch": True, "is_mobile": True}


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Browser, tmp_path: Path) -> AsyncIterator[Watched]:
    """A browser on served pages."""
    async with serving(tmp_path) as pages, watching(chromium, pages) as watched:
        yield watched


async def say(page: Page, text: str) -> None:
    """Type and send."""
    await page.fill("#field", text)
    await page.press("#field", "Enter")


async def step(page: Page, number: int) -> None:
    """Wait until the live screen is step `number`."""
    await expect(page.locator(".screen.live .progress")).to_contain_text(f"Step {number} of")
    await expect(page.locator("#small")).not_to_have_attribute("aria-disabled", "true")


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on `selector`; twenty times is too often."""
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await page.evaluate("(each) => document.activeElement.matches(each)", selector):
            return
    pytest.fail(f"Tab does not lead to {selector}")


async def to_the_list(page: Page) -> None:
    """Go as far as the list to tick."""
    await say(page, PASTED)
    await step(page, 1)
    await page.click("[data-option=came-back]")
    await step(page, 2)
    await page.click("[data-option=same]")
    await page.locator(".live input[type=checkbox]").first.wait_for()


async def test_a_whole_conversation_by_keyboard_alone(browser: Watched) -> None:
    """Number keys, Space, Tab and Enter lead from the first word to a case number."""
    page = await browser.open()
    keys = page.keyboard
    await keys.press("Tab")
    await keys.press("Enter")  # the link that leads to the text box
    await expect(page.locator("#field")).to_be_focused()
    await keys.type("AADSTS1000002")
    await keys.press("Enter")
    await step(page, 1)
    await expect(page.locator("#field")).to_be_focused()
    await keys.press("Shift+Tab")
    await keys.press("2")
    await step(page, 2)
    await expect(page.locator(".screen.live")).to_be_focused()
    await keys.press("2")
    await step(page, 3)
    await keys.press("4")
    await expect(page.locator(".live input").nth(3)).to_be_checked()
    await keys.press("Tab")
    await keys.press("Space")
    await expect(page.locator(".live input").nth(4)).to_be_checked()
    await tab_to(page, ".live form button")
    await keys.press("Enter")
    await step(page, 4)
    await tab_to(page, "#small button:last-child")
    await keys.press("Enter")
    await page.locator("[data-option=handover-yes]").wait_for()
    await keys.press("1")
    await page.locator("[data-option=skip]").wait_for()
    await say(page, "Erika Mustermann, extension 4711")
    await expect(page.locator(".screen.live")).to_contain_text("HR-")


async def test_a_phone_of_320_pixels_shows_everything(browser: Watched) -> None:
    """Nothing sticks out, everything is large enough for a thumb, in both directions of writing."""
    page = await browser.open(**PHONE)
    await to_the_list(page)
    for direction in ("ltr", "rtl"):
        await page.evaluate("(each) => { document.documentElement.dir = each; }", direction)
        assert await overflow(page) == []
        assert await small_targets(page) == []
    await page.evaluate("() => { document.documentElement.dir = 'ltr'; }")
    await say(page, "a person please")
    await page.locator("[data-option=handover-yes]").wait_for()
    assert await overflow(page) == []
    assert await small_targets(page) == []


async def test_while_something_is_checked_the_page_says_so(browser: Watched) -> None:
    """No screen is live meanwhile; afterwards everything stands there once."""
    page = await browser.open()
    await to_the_list(page)
    browser.pages.checks.clear()
    await page.locator(".live label.option").first.click()
    await page.click(".live form button")
    await expect(page.locator("#working")).to_be_visible()
    browser.pages.checks.set()
    await step(page, 4)
    await expect(page.locator("#working")).to_be_hidden()
    await expect(page.locator("#log .person", has_text="A request to approve")).to_have_count(1)


async def test_at_twice_the_size_nothing_is_covered(browser: Watched) -> None:
    """At 200 % on a laptop nothing sticks out, and the text box leaves room to read."""
    page = await browser.open(viewport={"width": 640, "height": 400}, device_scale_factor=2)
    await to_the_list(page)
    assert await overflow(page) == []
    await page.set_viewport_size({"width": 320, "height": 256})  # 400 %
    assert await overflow(page) == []
    sticky = await page.locator(".foot").evaluate("(foot) => getComputedStyle(foot).position")
    assert sticky == "static"


async def test_dark_is_dark(browser: Watched) -> None:
    """The system's choice is followed without a switch."""
    page = await browser.open(color_scheme="dark")
    colour = "(each) => getComputedStyle(each).%s.match(/[0-9]+/g).slice(0, 3).map(Number)"
    assert max(await page.locator("html").evaluate(colour % "backgroundColor")) < 60
    assert min(await page.locator(".screen").first.evaluate(colour % "color")) > 180


async def test_nothing_moves_for_those_who_asked_for_that(browser: Watched) -> None:
    """With reduced motion there is no animation at all."""
    page = await browser.open(reduced_motion="reduce")
    await say(page, PASTED)
    await step(page, 1)
    assert await page.evaluate("() => document.getAnimations().length") == 0


async def test_only_the_newest_screen_can_be_pressed(browser: Watched) -> None:
    """An answered screen keeps its words and shows what was picked; its buttons are gone."""
    page = await browser.open()
    await say(page, PASTED)
    await step(page, 1)
    await page.click("[data-option=came-back]")
    await step(page, 2)
    assert await page.locator(".screen:not(.live) .ask").count() == 0
    assert await page.locator(".screen .ask").count() == 1
    await expect(page.locator(".bubble.person").last).to_contain_text("came back")


async def test_a_double_click_is_one_answer(browser: Watched) -> None:
    """Two clicks in a row answer one screen, not two."""
    page = await browser.open()
    await say(page, PASTED)
    await step(page, 1)
    await page.locator("[data-option=came-back]").evaluate("(each) => { each.click(); each.click(); }")
    await step(page, 2)
    assert await page.locator(".bubble.person").count() == 2


async def test_while_something_is_under_way_its_screen_is_visibly_out_of_reach(browser: Watched) -> None:
    """A button that would do nothing says so, to the eye and to a screen reader; the language is free."""
    page = await browser.open()
    browser.may_fail = True
    browser.pages.store.away = True
    small = page.locator("#small")
    await expect(small).not_to_have_attribute("aria-disabled", "true")
    await say(page, PASTED)
    await expect(small).to_have_attribute("aria-disabled", "true")
    await expect(small).to_have_css("pointer-events", "none")
    await page.locator(".screen.live .ask[aria-disabled=true]").wait_for()
    await page.select_option("#language", "de")
    await expect(page.locator("#unsent li")).to_have_count(2)
    browser.pages.store.away = False
    await expect(page.locator(".screen.live .progress")).to_contain_text("Schritt 1 von")
    await expect(small).to_have_attribute("aria-disabled", "false")
    await page.get_by_role("button", name="Einen Menschen, bitte").click()
    await page.locator(".screen.live [data-option=handover-yes]").wait_for()


async def test_a_line_that_cannot_stand_with_others_unticks_them(browser: Watched) -> None:
    """The line for none of them and the others take turns; an empty list says what is missing."""
    page = await browser.open()
    await to_the_list(page)
    await page.click(".live form button")
    await expect(page.locator(".live .problem")).not_to_be_empty()
    await page.check("input[value=device]")
    await expect(page.locator(".live .problem")).to_be_empty()
    await page.check("input[value=none]")
    await expect(page.locator("input[value=device]")).not_to_be_checked()
    await page.check("input[value=device]")
    await expect(page.locator("input[value=none]")).not_to_be_checked()


async def test_a_restart_in_the_middle_is_survived(browser: Watched) -> None:
    """The server goes, the page says so and keeps the answer; the server comes, and the talk goes on."""
    page = await browser.open()
    await say(page, PASTED)
    await step(page, 1)
    browser.may_fail = True
    await browser.pages.stop()
    await page.click("[data-option=came-back]")
    await expect(page.locator("#unsent")).to_contain_text("Not sent yet")
    await expect(page.locator("#status")).to_contain_text("connection is gone")
    await browser.pages.start()
    await step(page, 2)
    await expect(page.locator("#status")).to_be_empty()
    await expect(page.locator("#unsent li")).to_have_count(0)
    assert await page.locator(".bubble.person").count() == 2


async def test_an_answer_outlives_a_reload(browser: Watched) -> None:
    """What the server could not take is still there after a reload, and is taken once."""
    page = await browser.open()
    browser.may_fail = True
    browser.pages.store.away = True
    await say(page, "AADSTS1000002")
    await expect(page.locator("#unsent")).to_contain_text("Not sent yet")
    await page.reload()
    await expect(page.locator("#unsent")).to_contain_text("AADSTS1000002")
    browser.pages.store.away = False
    await step(page, 1)
    await expect(page.locator(".bubble.person")).to_have_count(1)


async def test_two_tabs_stay_in_step(browser: Watched) -> None:
    """An answer in one tab moves the other, and does not take the focus from who types there."""
    context = await browser.person()
    one, two = await context.new_page(), await context.new_page()
    for page in (one, two):
        await page.goto("/")
        await page.locator(".screen.live").wait_for()
    await two.locator("#field").press_sequentially("half a sen")
    await say(one, PASTED)
    for page in (one, two):
        await step(page, 1)
    await one.click("[data-option=came-back]")
    for page in (one, two):
        await step(page, 2)
    await expect(two.locator("#field")).to_be_focused()
    await two.locator("#field").press_sequentially("tence")
    await expect(two.locator("#field")).to_have_value("half a sentence")
    assert await one.locator("#log").inner_text() == await two.locator("#log").inner_text()


async def test_the_language_changes_as_a_whole(browser: Watched) -> None:
    """One switch, and every word of the page and of the talk so far is the other language's."""
    page = await browser.open()
    await say(page, PASTED)
    await step(page, 1)
    await page.fill("#field", "ein Entwurf")
    await page.select_option("#language", "de")
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(page.locator("#composer button")).to_have_text("Senden")
    await expect(page.locator(".screen.live .progress")).to_contain_text("Schritt 1")
    await expect(page.locator("#field")).to_have_value("ein Entwurf")
    await page.reload()
    await expect(page.locator("h1")).to_have_text("Hilfe bei der Anmeldung")


async def test_a_long_paste_and_hostile_words_are_shown_as_words(browser: Watched) -> None:
    """Twelve thousand characters with HTML in them are a message, and nothing else."""
    page = await browser.open(**PHONE)
    await say(page, "<img src=x onerror=alert(1)>" + "Wörter-ohne-Ende" * 750)
    await expect(page.locator("#unsent li")).to_have_count(0)
    await expect(page.locator(".bubble.person").last).to_contain_text("<img src=x")
    assert await page.locator("#log img").count() == 0
    assert await overflow(page) == []


async def test_only_microsofts_own_addresses_are_links(browser: Watched) -> None:
    """An address that somebody typed leads nowhere; the guide's own lead to a new tab."""
    page = await browser.open()
    await say(page, "AADSTS1000002 see https://learn.microsoft.com.evil.example/x and https://evil.example")
    await step(page, 1)
    await page.click(".live summary")
    links = await page.locator("#log a").evaluate_all(
        "(all) => all.map((each) => [each.hostname, each.target])"
    )
    assert links
    assert {(host.endswith("microsoft.com"), target) for host, target in links} == {(True, "_blank")}
    assert await page.locator(".bubble a").count() == 0


async def test_enter_sends_and_shift_enter_does_not(browser: Watched) -> None:
    """A pasted page of several lines can be put together before it is sent."""
    page = await browser.open()
    await page.locator("#field").press_sequentially("first line")
    await page.press("#field", "Shift+Enter")
    await page.locator("#field").press_sequentially("second line")
    await expect(page.locator(".bubble")).to_have_count(0)
    await page.press("#field", "Enter")
    await expect(page.locator(".bubble")).to_have_count(1)


async def test_the_page_does_not_jump(browser: Watched) -> None:
    """While it connects and while it has lost the connection nothing is pushed about."""
    page = await browser.open()
    await page.evaluate(
        """() => { window.moved = 0; new PerformanceObserver((list) => {
            for (const each of list.getEntries()) if (!each.hadRecentInput) window.moved += each.value;
        }).observe({ type: "layout-shift", buffered: true }); }"""
    )
    browser.may_fail = True
    await browser.pages.stop()
    await expect(page.locator("#status")).to_contain_text("connection is gone")
    await browser.pages.start()
    await expect(page.locator("#status")).to_be_empty()
    assert await page.evaluate("() => window.moved") < 0.02


@pytest.mark.node
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(browser: Watched, scheme: str) -> None:
    """The usual accessibility mistakes are not there, on any kind of screen, in light and dark."""
    source = axe_source()
    page = await browser.open(color_scheme=scheme, **PHONE)
    await to_the_list(page)
    await page.click(".live form button")
    await expect(page.locator(".live .problem")).not_to_be_empty()
    assert await violations(page, source) == []
    await say(page, "a person please")
    await page.locator("[data-option=handover-yes]").wait_for()
    assert await violations(page, source) == []


async def violations(page: Page, source: str) -> list[str]:
    """What axe-core finds on the page as it is, of WCAG 2.2 A and AA and of good practice."""
    await page.evaluate(source)
    found: list[str] = await page.evaluate(
        """async () => (await axe.run()).violations.flatMap((each) =>
            each.nodes.map((node) => `${each.id}: ${node.html.slice(0, 150)}`))"""
    )
    return found


# ---- files

_GIVE = """([kind, name, type]) => {
    const carried = new DataTransfer();
    carried.items.add(new File([new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10, 1])], name, { type }));
    const bubbling = { bubbles: true, cancelable: true };
    const event = kind === "paste"
        ? new ClipboardEvent(kind, { ...bubbling, clipboardData: carried })
        : new DragEvent(kind, { ...bubbling, dataTransfer: carried });
    document.activeElement.dispatchEvent(event);
}"""


def a_picture(name: str) -> FilePayload:
    """What begins like one."""
    return {"name": name, "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\nx"}


async def test_files_are_chosen_pasted_or_dropped(browser: Watched) -> None:
    """Each stands in the conversation, the bot says that it keeps it, and the text that was begun stays."""
    page = await browser.open()
    await page.fill("#field", "half a sentence")
    await page.set_input_files("#files", [a_picture("chosen.png")])
    await expect(page.locator("#log .bubble.person")).to_have_count(1)
    for number, (kind, name) in enumerate((("paste", "pasted.png"), ("drop", "dropped.png")), 2):
        await page.evaluate(_GIVE, [kind, name, "image/png"])
        await expect(page.locator("#log .bubble.person")).to_have_count(number)
        await expect(page.locator(".screen.live")).to_contain_text(name.partition(".")[0])

    await expect(page.locator("#field")).to_have_value("half a sentence")
    [visitor] = [each for each in await page.context.cookies() if each["name"] == "handrail_visitor"]
    kept = await browser.pages.store.files(conversation_key(visitor["value"]))
    assert sorted(each.name for each in kept) == ["chosen.png", "dropped.png", "pasted.png"]


async def test_a_file_is_sent_with_the_keyboard_and_has_a_name_for_who_cannot_see(browser: Watched) -> None:
    """It is a field of its own between text box and button."""
    page = await browser.open()
    # From the start: until Chromium has heard that somebody waits for it, it opens a window of its own.
    choosing: asyncio.Future[FileChooser] = asyncio.get_running_loop().create_future()
    page.once("filechooser", lambda chooser: choosing.set_result(chooser))  # noqa: PLW0108  no other callable
    await page.focus("#field")
    await page.keyboard.press("Tab")

    await expect(page.locator("#files")).to_be_focused()
    await expect(page.get_by_label("Send a picture or a file")).to_have_count(1)
    await page.keyboard.press("Enter")
    assert (await asyncio.wait_for(choosing, 30)).is_multiple()


async def test_what_is_too_large_is_said_at_once_and_what_does_not_get_through_is_tried_again(
    browser: Watched,
) -> None:
    """Nothing is sent in vain, and nothing is lost while the server is away."""
    page = await browser.open()
    await page.evaluate(
        """() => {
            const carried = new DataTransfer();
            carried.items.add(new File([new Uint8Array(10 * 1024 * 1024 + 1)], "film.mp4"));
            const field = document.querySelector("#files");
            field.files = carried.files;
            field.dispatchEvent(new Event("change"));
        }"""
    )
    await expect(page.locator("#problem")).to_contain_text("10 MB at most")

    browser.may_fail = True
    browser.pages.store.away = True
    await page.set_input_files("#files", [a_picture("a.png")])
    await expect(page.locator("#unsent")).to_contain_text("Not sent yet")
    browser.pages.store.away = False
    await expect(page.locator("#log .bubble.person")).to_contain_text("a.png")
    await expect(page.locator("#unsent li")).to_have_count(0)
