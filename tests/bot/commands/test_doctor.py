"""`handrail doctor` beside a bot that has the database file to itself and serves where nobody would look."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.control import socket_of
from bot.store.open import open_store
from tests.support.cloud import PlayedCloud
from tests.support.processes import HANDRAIL, Running, environment, free_port, running
from tests.support.whole import environment as registered

Settings = dict[str, str]


@pytest.fixture
def local(tmp_path: Path) -> Settings:
    """A bot in local mode, whose port the operator was never told."""
    return {"HANDRAIL_DATABASE_URL": f"sqlite:///{tmp_path}/h.db", "HANDRAIL_PORT": str(free_port())}


@contextlib.asynccontextmanager
async def serving(settings: Settings, folder: Path) -> AsyncIterator[Running]:
    """The bot, for a while, at a port that the command line named."""
    port = free_port()
    async with running(
        HANDRAIL, "serve", "--port", str(port), folder=folder, log="bot.log", env=environment(**settings)
    ) as bot:
        await bot.answers(f"http://127.0.0.1:{port}/healthz")
        yield bot


async def asked(settings: Settings) -> tuple[int | None, dict[str, Any]]:
    """What the doctor finds about the database, and the exit code."""
    doctor = await asyncio.create_subprocess_exec(
        HANDRAIL, "doctor", "--offline", "--format", "json",
        env=environment(**settings), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, _ = await doctor.communicate()
    [database] = [each for each in json.loads(told)["checks"] if each["name"] == "Database"]
    return doctor.returncode, database


async def test_a_bot_that_has_the_file_is_good_news(local: Settings, tmp_path: Path) -> None:
    """It is asked through its door, says that it is ready, and nothing is to mend."""
    async with serving(local, tmp_path) as bot:
        code, database = await asked(local)

    assert (code, database["state"], database["remedy"]) == (0, "ok", "")
    assert database["found"] == (
        f"in use by a running Handrail (process {bot.id}), which answers and is ready"
    )


async def test_a_bot_that_cannot_work_says_why(tmp_path: Path) -> None:
    """Teams' signing keys are out of reach: the bot runs, and takes nothing."""
    async with PlayedCloud() as cloud:
        cloud.metadata.always(500)
        settings = {**registered(cloud, tmp_path / "h.db"), "HANDRAIL_PORT": str(free_port())}
        async with serving(settings, tmp_path):
            code, database = await asked(settings)

    assert (code, database["state"]) == (1, "failed")
    assert "which answers, but is not ready (keys: the signing keys could not be fetched" in database["found"]
    assert "log" in database["remedy"]


@pytest.mark.parametrize("door", [False, True])
async def test_whoever_has_the_file_and_tells_nothing_is_named(
    local: Settings, tmp_path: Path, *, door: bool
) -> None:
    """A process without a door, or with one that nobody opens: its number, and what to do."""
    if door:
        closed_door(tmp_path / "h.db")
    store = await open_store(local["HANDRAIL_DATABASE_URL"])
    try:
        code, database = await asked(local)
    finally:
        await store.close()

    assert (code, database["state"]) == (1, "failed")
    assert database["found"] == f"in use by process {os.getpid()}, which tells nothing"
    assert "look into its log" in database["remedy"] if door else "stop it first" in database["remedy"]


def closed_door(database: Path) -> None:
    """A socket as a bot leaves it that was killed."""
    door = socket_of(database)
    door.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(door))
