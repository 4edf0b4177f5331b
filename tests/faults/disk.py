"""The disk fails at the 1st, 2nd, 3rd ... call of a whole conversation, until it fails at none of them.

    python -m tests.faults.disk [--every N] [--kinds eio-once,full,...]

Each round is a bot on a fresh database, in the played cloud: start, greeting, code, screens, hand-over, case
filed and announced, stop. The person repeats what was not answered with 2xx, as Teams does. Afterwards all
that was acknowledged is on the disk, once; and the bot mends itself without a restart.

The process starts itself anew with the library of `tests.support.disk`. `--every 7` takes every 7th call
only (of reads, which are few, every 2nd would be every 20th), each kind beginning elsewhere.
"""

import argparse
import asyncio
import contextlib
import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from bot.errors import StoreUnavailable
from dialogs.language.load import load
from dialogs.library import Library
from tests.support.cloud import PlayedCloud
from tests.support.disk import Disk
from tests.support.served import asked
from tests.support.waiting import until
from tests.support.whole import Whole, whole_bot

CONTENT = Path(__file__).parents[2] / "content"
CODE = "got AADSTS1000002 after login"


class Kind(NamedTuple):
    """A way to fail. `many` 0: until somebody has seen that the bot says so, then the disk is mended."""

    error: int
    many: int = 1
    torn: bool = False
    reads: bool = False


KINDS = {
    "eio-once": Kind(errno.EIO),
    "full-once": Kind(errno.ENOSPC),
    "torn": Kind(errno.ENOSPC, many=2, torn=True),
    "eio-some": Kind(errno.EIO, many=5),
    "eio-down": Kind(errno.EIO, many=0),
    "full-down": Kind(errno.ENOSPC, many=0),
    "read-once": Kind(errno.EIO, reads=True),
    "read-down": Kind(errno.EIO, many=0, reads=True),
}


class Round:
    """One conversation on a disk that fails at one point."""

    def __init__(self, disk: Disk, kind: Kind, bot: Whole) -> None:
        self.refused = 0  # answers other than 2xx
        self._disk = disk
        self._kind = kind
        self._bot = bot
        self._acknowledged: list[tuple[str, Callable[[], Awaitable[int]]]] = []

    # ---- the story

    async def talk(self) -> None:
        """Greeting, code, screens, hand-over; then everything once more, which changes nothing."""
        bot = self._bot
        await self._says("hello", id="hello")
        await bot.sees("What does the message say?")
        await self._says(CODE, id="code")
        await bot.sees("Did the app open after you pressed Continue?")
        await self._presses("There was nothing to press", id="nothing")
        await bot.sees("Then open it again and sign in once more.")
        await self._presses("A person, please", id="person")
        await bot.sees("Anything to add?")
        await self._presses("Hand it over", id="over")
        await bot.sees("Done: HR-")
        await bot.until(lambda: bool(bot.announced()))
        await self._quiet()
        cards = len(bot.cards())
        for name, repeat in self._acknowledged:
            await self._until_taken(name, repeat)
        await self._quiet()
        assert len(bot.cards()) == cards, "a repeat was answered anew"

    async def _says(self, text: str, **changes: Any) -> None:
        async def again() -> int:
            return await self._bot.says(text, **changes)

        await self._until_taken(changes["id"], again)
        self._acknowledged.append((changes["id"], again))

    async def _presses(self, title: str, **changes: Any) -> None:
        card = self._bot.cards()[-1]

        async def again() -> int:
            return (await self._bot.press(title, on=card, **changes))[0]

        await self._until_taken(changes["id"], again)
        self._acknowledged.append((changes["id"], again))

    async def _until_taken(self, name: str, send: Callable[[], Awaitable[int]]) -> None:
        """Send it until it is taken; nothing but 200 and 503 may be the answer."""
        async with asyncio.timeout(60):
            while (status := await send()) != 200:
                assert status == 503, f"{name} was answered with {status}"
                self.refused += 1
                await asyncio.sleep(0.02)

    async def _quiet(self) -> None:
        """Wait until nothing waits in the outbox."""
        await until(self._empty, within=60)

    async def _empty(self) -> bool:
        assert self._bot.parts is not None
        try:
            return not any((await self._bot.parts.store.depth()).values())
        except StoreUnavailable:
            return False

    # ---- what an operator sees

    async def watched(self) -> None:
        """While nothing can be written the bot is alive and not ready; then the disk is mended."""
        await until(lambda: self._disk.fired > 0, within=60)
        if not self._kind.reads:  # what is in memory need not be read
            await until(lambda: self._gets("/readyz", 503), within=60)
        assert await self._gets("/healthz", 200)
        self._disk.heal()

    async def ready(self) -> None:
        """The bot is ready again by itself."""
        await until(lambda: self._gets("/readyz", 200), within=60)

    async def _gets(self, path: str, status: int) -> bool:
        return (await asked(self._bot, path))[0] == status

    # ---- the books

    def compared(self) -> None:
        """What is on the disk is what was acknowledged, once; and so is what was sent."""
        acknowledged = {name for name, _ in self._acknowledged}
        with contextlib.closing(sqlite3.connect(self._bot.folder / "handrail.db")) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
            taken = {row[0] for row in db.execute("SELECT event FROM taken")}
            turns = db.execute("SELECT turns FROM conversations").fetchall()
            states = dict(db.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())
            cases = db.execute("SELECT count(*) FROM cases WHERE reference <> ''").fetchone()[0]
            heard = db.execute("SELECT count(*) FROM lines WHERE who = 'person'").fetchone()[0]
        theirs = {event for event in taken if not event.startswith("outbox/")}
        assert len(theirs) == len(acknowledged) == 5, (theirs, acknowledged)
        assert turns == [(len(taken),)], (turns, taken)
        assert states.keys() == {"done"}, states
        assert (cases, heard) == (1, 5)
        assert len(self._bot.announced()) == 1, "the helpdesk was told twice"
        shown = [str(card) for card in self._bot.cards()]
        assert len(shown) == len(set(shown)), "a card came twice"


async def play(disk: Disk, kind: Kind, number: int, library: Library) -> tuple[int, int, int]:
    """One round: how many calls failed, how many were refused, and how many starts."""
    folder = disk.folder / "round"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    many = {} if kind.many == 0 else {"many": kind.many}
    disk.fail(kind.error, at=number, torn=kind.torn, reads=kind.reads, **many)
    async with PlayedCloud() as cloud:
        async with started(disk, cloud, folder, library) as (bot, starts):
            story = Round(disk, kind, bot)
            lasting = kind.many == 0 and starts == 1  # at a start that was refused it was seen already
            watcher = asyncio.create_task(story.watched()) if lasting else None
            try:
                await story.talk()
                await story.ready()
                if watcher is not None and disk.fired:
                    await watcher
            finally:
                if watcher is not None:
                    watcher.cancel()
        disk.heal()
        story.compared()
    return disk.fired, story.refused, starts


@contextlib.asynccontextmanager
async def started(
    disk: Disk, cloud: PlayedCloud, folder: Path, library: Library
) -> AsyncIterator[tuple[Whole, int]]:
    """The bot; one that cannot start says so and is started again, as containers are."""
    starts = 0
    while True:
        starts += 1
        async with contextlib.AsyncExitStack() as stack:
            try:
                bot = await stack.enter_async_context(whole_bot(cloud, folder, library))
            except StoreUnavailable:
                assert disk.fired
                if starts > 1:
                    disk.heal()
                continue
            yield bot, starts
            return


async def loop(disk: Disk, kinds: list[str], every: int) -> None:
    """All rounds of all kinds, with figures."""
    library = load(CONTENT)[0]
    for index, name in enumerate(kinds):
        began, figures = time.monotonic(), Counter[str]()
        number = 1 + index % every
        while True:
            try:
                fired, refused, starts = await play(disk, KINDS[name], number, library)
            except BaseException as error:
                error.add_note(f"{name}, call {number}, {disk.fired} failed")
                raise
            if not fired:
                break
            figures.update(rounds=1, failed=fired, refused=refused, starts=starts > 1)
            number += every
        print(
            f"{name}: {number - 1} calls, {figures['rounds']} rounds, {figures['failed']} calls failed,"
            f" {figures['refused']} activities refused, {figures['starts']} starts refused,"
            f" {time.monotonic() - began:.0f} s",
            flush=True,
        )


def main() -> int:
    """Start anew on a disk of our own, or run on it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS))
    chosen = parser.parse_args()
    disk = Disk.under_us()
    if disk is None:
        with tempfile.TemporaryDirectory() as folder:
            env = {**os.environ, **Disk.made(Path(folder)).environment()}
            command = [sys.executable, "-m", "tests.faults.disk", *sys.argv[1:]]
            return subprocess.run(command, env=env, check=False).returncode
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))  # faults are no news here
    asyncio.run(loop(disk, chosen.kinds.split(","), chosen.every))
    return 0


if __name__ == "__main__":
    sys.exit(main())
