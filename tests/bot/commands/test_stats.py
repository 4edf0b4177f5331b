"""`handrail stats` as it is called: beside the running bot, without it, on SQLite and on PostgreSQL."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from bot.control import Control, listening
from bot.errors import ConfigError
from bot.outbox.upkeep import Upkeep
from bot.readiness import Readiness
from bot.statistics import Figures
from bot.store.api import Store
from bot.store.open import open_store
from tests.support.past import DAY, a_past, a_past_case
from tests.support.processes import HANDRAIL, environment
from tests.support.stories import shipped


class Ended(msgspec.Struct):
    """A command that has ended."""

    code: int
    out: str
    trouble: str


class Office:
    """An operator at a machine with a database."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url

    async def stats(self, *words: str) -> Ended:
        """`handrail stats …` on a terminal of 80 columns."""
        process = await asyncio.create_subprocess_exec(
            HANDRAIL, "stats", *words,
            cwd=self.folder, env=environment(HANDRAIL_DATABASE_URL=self.url, COLUMNS="80"),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, trouble = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), trouble.decode())

    @contextlib.asynccontextmanager
    async def has_a_past(self) -> AsyncIterator[None]:
        """A database with a history, closed again, or held open by whoever has its file."""
        store = await open_store(self.url)
        try:
            await a_past(store, int(time.time()))
            yield
        finally:
            await store.close()


def ready(store: Store) -> Readiness:
    """What a bot says of itself that has this store."""
    return Readiness(store, shipped)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Office:
    """With either database."""
    sqlite = request.param == "sqlite"
    return Office(
        tmp_path,
        f"sqlite:///{tmp_path}/handrail.db" if sqlite else str(request.getfixturevalue("postgres_url")),
    )


@pytest.fixture
def sqlite(tmp_path: Path) -> Office:
    """With a file."""
    return Office(tmp_path, f"sqlite:///{tmp_path}/handrail.db")


async def test_it_says_what_was_counted(office: Office) -> None:
    """For people, in 80 columns, and for programs, with the same figures and nobody's words."""
    async with office.has_a_past():
        pass
    shown = await office.stats()
    told = await office.stats("--format", "json")
    found = json.loads(told.out)

    assert (shown.code, told.code, shown.trouble, told.trouble) == (0, 0, "", "")
    assert all(len(line.rstrip()) <= 80 for line in shown.out.splitlines())
    for words in ("private-window 3", "4 (40 %)", "4 (57 %)", "by the clock on the wall", "aadsts1000002"):
        assert words in " ".join(shown.out.split())
    assert found["total"]["ended_by"]["private-window"] == 3
    assert found["total"]["claim"] == {"number": 6, "median": 5.0, "ninetieth": 5.0}
    assert [each["name"] for each in found["codes"]] == ["53003"]
    assert not [each for each in ("Erika", "Ada", "HR-", "took a") if each in shown.out + told.out]


async def test_a_running_bot_is_asked(sqlite: Office) -> None:
    """It has its file to itself, and tells the same through its door."""
    store = await open_store(sqlite.url)

    async def nobody(_: object) -> None:
        return None

    try:
        await a_past(store, int(time.time()))
        async with listening(
            sqlite.folder / "handrail.db", Upkeep(store, nobody), Figures(store), ready(store)
        ):
            beside = await sqlite.stats("--format", "json")
    finally:
        await store.close()
    alone = await sqlite.stats("--format", "json")

    assert beside.code == alone.code == 0, beside.trouble
    assert {**json.loads(beside.out), "since": 0, "until": 0} == {
        **json.loads(alone.out), "since": 0, "until": 0
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "opened"),
    [
        (("--since", "30d"), 1),
        (("--since", "all"), 2),
        (("--since", "1000d"), 2),
        (("--since", "2000-01-01", "--guide", "aadsts1000002"), 2),
    ],
)
async def test_it_can_be_narrowed_down(sqlite: Office, words: tuple[str, ...], opened: int) -> None:
    """By days, by a date, by a guide."""
    store = await open_store(sqlite.url)
    for number, days in (("HR-1", 10), ("HR-2", 400)):
        await a_past_case(store, number, at=int(time.time()) - days * DAY)
    await store.close()
    ended = await sqlite.stats(*words, "--format", "json")

    assert json.loads(ended.out)["total"]["opened"] == opened


async def test_nothing_is_an_exit_code_of_its_own(sqlite: Office) -> None:
    """And said in words."""
    await (await open_store(sqlite.url)).close()
    ended = await sqlite.stats("--guide", "nobody-knows")

    assert (ended.code, ended.trouble) == (1, "")
    assert "There are none." in ended.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "yesterday"), "write 90d, 2026-09-01, or all"),
        (("--since", "2026-13-01"), "write 90d"),
        ((), "there is no"),
    ],
)
async def test_what_cannot_be_is_refused(sqlite: Office, words: tuple[str, ...], said: str) -> None:
    """With what to do instead."""
    ended = await sqlite.stats(*words)

    assert ended.code == 2
    assert said in " ".join(ended.trouble.split())
    assert ended.out == ""


async def test_a_bot_of_an_older_version_does_not_know_it(tmp_path: Path) -> None:
    """It says so instead of showing nothing."""
    app = web.Application()
    runner = web.AppRunner(app)
    await runner.setup()
    folder = tmp_path / "handrail.db.control"
    folder.mkdir()
    await web.UnixSite(runner, str(folder / "s")).start()
    try:
        async with Control.through(tmp_path / "handrail.db") as control:
            with pytest.raises(ConfigError, match="another version"):
                await control.statistics(since=0)
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("query", ["", "?since=x&guide=", "?since=1"])
async def test_the_door_refuses_what_it_does_not_know(sqlite: Office, query: str) -> None:
    """A request that makes no sense is a 400, not a trouble of the bot."""
    async with sqlite.has_a_past():
        pass
    store = await open_store(sqlite.url)

    async def nobody(_: Any) -> None:
        return None

    try:
        async with (
            listening(sqlite.folder / "handrail.db", Upkeep(store, nobody), Figures(store), ready(store)),
            aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(str(sqlite.folder / "handrail.db.control" / "s"))
            ) as http,
            http.get(f"http://handrail/statistics{query}") as answer,
        ):
            assert answer.status == 400
    finally:
        await store.close()
