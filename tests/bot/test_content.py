"""Guides that change while the bot serves: at once for whoever writes them, for an operator when told."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from bot.config import Settings
from bot.content import Content, load_content
from bot.errors import ContentError
from tests.support.cloud import PlayedCloud
from tests.support.served import served
from tests.support.whole import Whole, read

SHIPPED = Path(__file__).parents[2] / "content"
CODE = "AADSTS1000002"
OLD, NEW = "Did the app open after you pressed Continue?", "Has the app opened now?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the guides, to be written in."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "content"))


@pytest.fixture
def content(folder: Path) -> Content:
    """What a bot has read of it."""
    settings = Settings.read({"HANDRAIL_CONTENT": str(folder)})
    return Content(load_content(settings), lambda: load_content(settings), folder)


def reword(folder: Path, old: str, new: str) -> None:
    """Write in the guide, and in its translation, which repeats what it translates."""
    for name in ("aadsts1000002.yaml", "aadsts1000002.de.yaml"):
        file = folder / "guides" / name
        words = file.read_text("utf-8")
        assert old in words
        file.write_text(words.replace(old, new), "utf-8")


def spoken(content: Content) -> bool:
    """Whether the new words are among those that are said."""
    return any(NEW in words for words in content.now().texts["en"].values())


def test_a_draft_is_for_who_writes_it(folder: Path) -> None:
    """It is played in local mode; a bot in Teams does not start with it, and says where to look."""
    guide = folder / "guides" / "aadsts1000002.yaml"
    guide.write_text(guide.read_text("utf-8").replace("start:", "draft: yes\nstart:", 1), "utf-8")
    local = Settings.read({"HANDRAIL_CONTENT": str(folder)})

    assert load_content(local).guides["aadsts1000002"].draft
    with pytest.raises(ContentError, match=r'is a draft\n  = read it through, then delete "draft"'):
        load_content(msgspec.structs.replace(local, app_id="7f1f6c0e-2f0e-4c6e-9a55-0d6f8b2e1c90"))


async def test_a_guide_that_is_read_again_is_said_from_then_on(content: Content, folder: Path) -> None:
    """All of it at once: nobody sees half of a version."""
    before = content.now()
    reword(folder, OLD, NEW)
    assert not spoken(content)

    with capture_logs() as logs:
        await content.reload()

    assert spoken(content)
    assert content.now().version != before.version
    assert [each["event"] for each in logs] == ["content_reloaded"]


async def test_with_a_mistake_in_it_the_guides_stay_as_they_were(content: Content, folder: Path) -> None:
    """The log names file and line, and what to do; once it is mended it is taken."""
    before = content.now()
    guide = folder / "guides" / "aadsts1000002.yaml"
    sound = guide.read_text("utf-8")
    guide.write_text(sound + "\nnodez: {}\n", "utf-8")

    with capture_logs() as logs:
        await content.reload()

    assert content.now() is before
    [refused] = logs
    assert (refused["event"], refused["log_level"]) == ("content_refused", "error")
    assert "guides/aadsts1000002.yaml:" in refused["why"]
    assert "nodez" in refused["why"]
    assert "mend it" in refused["what_to_do"]

    guide.write_text(sound, "utf-8")
    reword(folder, OLD, NEW)
    await content.reload()
    assert spoken(content)


async def test_a_folder_that_is_gone_takes_no_guide_away(content: Content, folder: Path) -> None:
    """A mount that comes back later, say."""
    before = content.now()
    shutil.rmtree(folder)
    await content.reload()
    assert content.now() is before


async def test_a_saved_guide_is_noticed(content: Content, folder: Path) -> None:
    """Whoever writes a guide goes on with the conversation and sees what they wrote."""
    reword(folder, OLD, NEW)
    watching = asyncio.create_task(content.watch(every=0.01))
    try:
        async with asyncio.timeout(30):
            while not spoken(content):  # noqa: ASYNC110  nobody tells when a guide is taken
                await asyncio.sleep(0.01)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Whole]:
    """The cloud and the person; the bot is started by the test."""
    async with PlayedCloud() as cloud:
        yield Whole(cloud, "", tmp_path)


async def test_an_operator_has_the_guides_read_again_without_a_restart(bot: Whole, folder: Path) -> None:
    """SIGHUP, as for other servers. A mistake changes nothing, and nobody is left without an answer."""
    async with served(bot, HANDRAIL_CONTENT=str(folder)) as process:
        await bot.says(CODE)
        await bot.sees(OLD)

        (folder / "fixes" / "half.yaml").write_text("id: half\n  oops", "utf-8")
        process.signal(signal.SIGHUP)
        await bot.until(lambda: "content_refused" in process.said())
        await bot.says("repeat that please")
        await bot.sees(OLD)

        (folder / "fixes" / "half.yaml").unlink()
        reword(folder, OLD, NEW)
        process.signal(signal.SIGHUP)
        await bot.until(lambda: "content_reloaded" in process.said())
        await bot.says("repeat that please")
        await bot.sees(NEW)
        assert NEW in read(bot.cards()[-1])
        assert await process.stop() == 0
