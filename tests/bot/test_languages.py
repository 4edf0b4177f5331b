"""Which language somebody gets whose own the content does not have."""

from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.address import Address
from bot.app import running, web_app
from bot.config import Settings
from bot.errors import ConfigError
from dialogs.events import Opened


def _settings(tmp_path: Path, **environ: str) -> Settings:
    return Settings.read({"HANDRAIL_DATABASE_URL": f"sqlite:///{tmp_path}/handrail.db", **environ})


@pytest.mark.parametrize(
    ("locale", "spoken"), [("fi-FI", "de"), ("", "de"), ("en-GB", "en"), ("de_AT", "de")]
)
async def test_an_untranslated_language_is_answered_in_the_houses(
    tmp_path: Path, locale: str, spoken: str
) -> None:
    """Who speaks Finnish is answered in HANDRAIL_LANGUAGE; who speaks English in English."""
    async with running(_settings(tmp_path, HANDRAIL_LANGUAGE="de-AT")) as parts:
        here = Address(surface="teams", locale=locale)
        await parts.turns.take("one", "1", Opened(at=parts.turns.now()), here)
        kept = await parts.store.conversation("one")

    assert kept is not None
    assert kept[0].language == spoken


async def test_the_page_speaks_the_houses_language_too(tmp_path: Path) -> None:
    """Before there is a conversation a Finnish browser gets the page in HANDRAIL_LANGUAGE."""
    async with running(_settings(tmp_path, HANDRAIL_LANGUAGE="de")) as parts:
        runner = web.AppRunner(web_app(parts), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        finnish = {"Accept-Language": "fi"}
        async with aiohttp.ClientSession() as client, client.get(url, headers=finnish) as response:
            page = await response.text()
        await runner.cleanup()

    assert '<html lang="de"' in page


@pytest.mark.parametrize("name", ["HANDRAIL_LANGUAGE", "HANDRAIL_HELPDESK_LANGUAGE"])
async def test_a_language_that_nobody_wrote_keeps_the_bot_from_starting(tmp_path: Path, name: str) -> None:
    """The message names the setting and the languages there are."""
    with pytest.raises(ConfigError, match=rf"{name} is 'fi'.*en, de"):
        async with running(_settings(tmp_path, **{name: "fi"})):
            pass
