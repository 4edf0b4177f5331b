"""What a start does not do: load what nobody will use, and leave work for later."""

import gc
import re
import sys
from pathlib import Path

from bot.tickets.needs import SYSTEMS as NAMES
from dialogs.language.load import load
from tests.support.processes import environment, free_port, running

ROOT = Path(__file__).parents[2]
APP = "5f2c8d10-7a44-4c1b-9a55-0d6f8b2e1c90"
REGISTERED = {
    "MicrosoftAppId": APP,
    "MicrosoftAppPassword": "x",
    "MicrosoftAppTenantId": APP,
    "HANDRAIL_HELPDESK_CHANNEL": "19:abc@thread.tacv2",
    # nobody answers there: the bot serves all the same, and is not ready
    "HANDRAIL_OPENID_METADATA_URL": "http://127.0.0.1:9/",
    "HANDRAIL_TOKEN_URL": "http://127.0.0.1:9/",
}
PAGES = {"jinja2", "aiohttp_jinja2", "bot.web.board", "bot.web.chat"}
SYSTEMS = {"bot.tickets." + name.replace("-", "_") for name in NAMES if name != "builtin"}
SYSTEMS |= {"tomllib", "bot.desk_file"}
DESK = """
[security]
cases = ["security"]
system = "roundup"
url = "http://127.0.0.1:9"
user = "u"
token = "t"
"""
OTHERS = {"rich.console", "pygments", "pydantic", "jsonschema", "asyncpg", "bot.commands.chat"}


async def loaded(tmp_path: Path, **settings: str) -> set[str]:
    """The modules that `handrail serve` has loaded when it answers."""
    port = free_port()
    env = environment(
        HANDRAIL_PORT=str(port),
        HANDRAIL_DATABASE_URL=f"sqlite:///{tmp_path / 'handrail.db'}",
        PYTHONPATH=str(ROOT),
        PYTHONPROFILEIMPORTTIME="1",
        **settings,
    )
    command = (sys.executable, "-m", "bot.cli", "serve")
    async with running(*command, folder=tmp_path, log="bot.log", env=env) as process:
        await process.answers(f"http://127.0.0.1:{port}/healthz")
        return set(re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", process.said(), re.MULTILINE))


async def test_a_bot_in_teams_loads_neither_pages_nor_what_other_commands_need(tmp_path: Path) -> None:
    """Memory is paid for by the replica: what is never used there is not there."""
    modules = await loaded(tmp_path, **REGISTERED)

    assert {"bot.app", "structlog", "botbuilder.core"} <= modules
    assert modules & (PAGES | OTHERS | SYSTEMS) == set()


async def test_of_ticket_systems_those_are_loaded_that_the_settings_name(tmp_path: Path) -> None:
    """The environment's, and those of the file."""
    file = tmp_path / "desks.toml"
    file.write_text(DESK)
    modules = await loaded(tmp_path, **REGISTERED, HANDRAIL_TICKETS_FILE=str(file))

    found = {"tomllib", "bot.desk_file", "bot.tickets.roundup"}
    assert modules & SYSTEMS == found


async def test_in_local_mode_the_pages_are_loaded_before_anybody_asks(tmp_path: Path) -> None:
    """The first visitor does not wait for the templates' library."""
    modules = await loaded(tmp_path)

    assert modules >= PAGES
    assert modules & OTHERS == set()


WATCHED = """
import gc
from bot.commands import serve
from bot.config import Settings
greet = serve._greet
def greeted(*where):
    greet(*where)
    print("searching" if gc.isenabled() else "not searching", gc.get_freeze_count() > 50_000, flush=True)
serve._greet = greeted
serve.run(Settings.read())
"""


async def test_garbage_is_searched_for_once_it_listens(tmp_path: Path) -> None:
    """And not in what was loaded before."""
    port = free_port()
    env = environment(
        HANDRAIL_PORT=str(port),
        HANDRAIL_DATABASE_URL=f"sqlite:///{tmp_path / 'handrail.db'}",
        PYTHONPATH=str(ROOT),
    )
    async with running(sys.executable, "-c", WATCHED, folder=tmp_path, log="bot.log", env=env) as process:
        await process.answers(f"http://127.0.0.1:{port}/healthz")

        assert "\nsearching True\n" in process.said()


def test_reading_the_guides_leaves_nothing_that_only_a_search_could_free() -> None:
    """The server searches for no garbage while it starts: circles would stay in memory for good."""
    gc.collect()
    gc.disable()
    try:
        library, _ = load(ROOT / "content")

        assert gc.collect() == 0
        assert library.guides
    finally:
        gc.enable()
