"""The bot on a disk that fails, is full, or hangs: never a 200 for what is not on it, and it mends itself."""

import asyncio
import errno
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.cloud import PlayedCloud
from tests.support.disk import Disk, disk_or_skip
from tests.support.served import asked, served
from tests.support.whole import Whole

ROOT = Path(__file__).parents[2]
KINDS = "eio-once,torn,full-down,read-down"  # `python -m tests.faults.disk` knows more, and takes every call
GREETING = "What does the message say?"
FIRST = "Did the app open after you pressed Continue?"


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """A disk that works so far."""
    return disk_or_skip(tmp_path)


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Whole]:
    """The cloud and the person; the bot is started by the test."""
    async with PlayedCloud() as cloud:
        yield Whole(cloud, "", tmp_path)


def on(disk: Disk, *, journal: bool = False) -> dict[str, str]:
    """The environment of a bot whose database is on this disk."""
    url = f"sqlite:///{disk.folder}/handrail.db"
    return {**disk.environment(journal=journal), "HANDRAIL_DATABASE_URL": url}


def test_a_conversation_whose_disk_fails_somewhere(disk: Disk) -> None:
    """At many points of a whole conversation, in four ways: all that was acknowledged is there, once."""
    command = [sys.executable, "-m", "tests.faults.disk", "--every", "61", "--kinds", KINDS]
    played = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert played.returncode == 0, played.stdout + played.stderr[-4000:]
    assert played.stdout.count(" rounds, ") == 4


async def test_a_full_disk_is_said_and_gets_over_by_itself(disk: Disk, bot: Whole) -> None:
    """Nothing can be written: 503 for all, alive but not ready, with the reason; then all goes on."""
    async with served(bot, **on(disk)) as process:
        assert await bot.says("hello", id="before") == 200
        await bot.sees(GREETING)
        disk.fail(errno.ENOSPC)
        refused = [bot.says("AADSTS1000002", id=f"full-{n}") for n in range(5)]
        assert await asyncio.gather(*refused) == [503] * 5
        async with asyncio.timeout(60):
            status, said = await asked(bot, "/readyz")
        assert (status, said["ready"]) == (503, False)
        assert re.match("the disk .*space", said["checks"]["store"])
        assert await asked(bot, "/healthz") == (200, {"alive": True})
        disk.heal()
        assert await bot.says("AADSTS1000002", id="full-0") == 200
        await bot.sees(FIRST)
        assert (await asked(bot, "/readyz"))[0] == 200
        assert await process.stop() == 0
    assert process.said().count('"serving"') == 1


async def test_nothing_is_acknowledged_before_it_is_on_the_disk(disk: Disk, bot: Whole) -> None:
    """Of each of 300 messages over 8 connections: written, synced, and only then answered."""
    async with served(bot, **on(disk, journal=True)) as process:
        numbers = iter(range(300))

        async def connection(own: int) -> None:
            chat = {"id": f"a:{own}", "conversationType": "personal", "tenantId": bot.cloud.tenant}
            for number in numbers:
                assert await bot.says("hello", id=f"order-{number}", conversation=chat) == 200

        await asyncio.gather(*(connection(own) for own in range(8)))
        assert await process.stop() == 0

    assert answered_in_order(disk.journal) == {f"order-{number}" for number in range(300)}


def answered_in_order(journal: Path) -> set[str]:
    """What was answered, after its write to a file and that file's sync."""
    asked_on: dict[str, str] = {}  # socket -> what was read from it and is not answered yet
    written: dict[str, set[str]] = {}  # file -> what was written to it since its last sync
    synced: set[str] = set()
    answered: set[str] = set()
    for line in journal.read_text().splitlines():
        match line.split():
            case ["read", socket, word]:
                asked_on[socket] = word
            case ["write", file, word]:
                written.setdefault(file, set()).add(word)
            case ["synced", file]:
                synced |= written.pop(file, set())
            case ["answer", socket] if socket in asked_on:
                word = asked_on.pop(socket)
                assert word in synced, f"{word} was answered before it was on the disk"
                answered.add(word)
    return answered


async def test_a_disk_that_hangs_holds_up_nobody_else(disk: Disk, bot: Whole) -> None:
    """While a message waits for the disk the bot answers others: nothing blocks the event loop."""
    async with served(bot, **on(disk)):
        disk.slow(60)
        waiting = asyncio.create_task(bot.says("hello"))
        for _ in range(20):
            assert (await asked(bot, "/healthz"))[0] == 200
        assert not waiting.done()
        disk.slow(0)
        assert await waiting == 200
        await bot.sees(GREETING)
