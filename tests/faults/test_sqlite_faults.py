"""What the store promises holds while processes are killed and disks fail."""

import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import StoreUnavailable
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.ending import Done
from bot.store.api import Message, Receipt
from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import SqliteFile
from tests.support.faulty import Faults, faulty
from tests.support.keeping import Clock, claim, counting, send, settle, to_send
from tests.support.post import POOLS

ROOT = Path(__file__).parents[2]
KILLS = 40


async def opened(path: Path, faults: Faults) -> SqliteStore:
    """A store whose disk obeys `faults`."""
    store = SqliteStore(SqliteFile(str(path), factory=faulty(faults)))
    await store.open()
    return store


def killed(database: Path, number: int, chance: random.Random) -> list[list[str]]:
    """Run a process that works on the database, kill it, and return what it acknowledged."""
    statement = chance.randrange(1, 600) if number % 2 else 0
    enough = chance.randrange(1, 150)
    command = [
        sys.executable,
        "-m",
        "tests.support.turning_child",
        str(database),
        f"r{number}",
        str(statement),
    ]
    said = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        for line in child.stdout:
            said.append(line.decode().split())
            if not statement and len(said) >= enough:
                child.kill()
    assert child.returncode == -9
    return said


def test_no_acknowledged_turn_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    """Forty times kill -9, at random moments and before random statements; then the books are compared.

    Every acknowledged turn is there once, with its message; what was acknowledged as sent is done; a turn,
    its message and its event id are there together or not at all; the file is whole.
    """
    chance = random.Random(1000002)
    database = tmp_path / "handrail.db"
    said = [words for number in range(KILLS) for words in killed(database, number, chance)]
    turns = {(words[1], words[2]) for words in said if words[0] == "turn"}
    done = {words[1] for words in said if words[0] == "done"}
    assert len(turns) > 5 * KILLS

    with closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        taken = db.execute("SELECT conversation, event FROM taken").fetchall()
        sent = dict(db.execute("SELECT key, state FROM outbox").fetchall())
        counted = dict(db.execute("SELECT key, turns FROM conversations").fetchall())

    assert turns <= set(taken)
    assert set(sent) == {f"{conversation}/{event}" for conversation, event in taken}
    assert {sent[key] for key in done} == {"done"}
    assert sum(counted.values()) == len(taken)
    assert all(counted[key] == sum(each[0] == key for each in taken) for key in counted)


@pytest.mark.parametrize("afterwards", [False, True], ids=["before", "after"])
async def test_any_statement_may_fail(tmp_path: Path, afterwards: bool) -> None:
    """The 1st, 2nd, 3rd ... statement of a story fails, until none is left; repeats bring it to its end.

    Also when it fails after it was executed: a commit whose success nobody heard of.
    """
    faults = Faults()
    for number in range(1, 1000):
        folder = tmp_path / str(number)
        store = await opened(folder / "handrail.db", faults)
        faults.at(number, afterwards=afterwards)
        sent: list[str] = []

        async def again(event: str, *keys: str, store: SqliteStore = store) -> Receipt:
            decide = counting(*(to_send(key) for key in keys), reply=event.encode())
            try:
                return await store.turn("c", event, decide)
            except StoreUnavailable:
                return await store.turn("c", event, decide)

        async def some(store: SqliteStore = store) -> list[Message]:
            try:
                return await claim(store)
            except StoreUnavailable:
                return await claim(store)  # at once: a lease nobody heard of holds nothing up

        assert (await again("e1", "m1", "m2")).reply == b"e1"
        assert (await again("e2", "m3")).reply == b"e2"
        for _ in range(3):
            for message in await some():
                sent.append(message.key)
                assert message.tries == 1, "a claim that nobody heard of counts as an attempt"
                try:
                    await settle(store, message)
                except StoreUnavailable:
                    await settle(store, message)

        fired = faults.fired
        faults.at(0, afterwards=afterwards)  # the story is over
        stored = await store.conversation("c")
        assert stored is not None
        assert stored[0].turn == 2
        assert sent == ["m1", "m2", "m3"]
        assert await store.depth() == {"ready": 0, "leased": 0, "parked": 0, "dead": 0}
        await store.close()
        shutil.rmtree(folder)
        if not fired:
            break

    assert number > 40


async def test_a_store_in_trouble_says_so_and_recovers_by_itself(tmp_path: Path) -> None:
    """While the disk fails every call is refused; afterwards everything works, without a restart."""
    faults = Faults()
    store = await opened(tmp_path / "handrail.db", faults)
    await store.turn("c", "e1", counting())

    faults.down = True
    for call in (store.turn("c", "e2", counting()), store.check(), claim(store), store.conversation("c")):
        with pytest.raises(StoreUnavailable, match="disk I/O error"):
            await call
    faults.down = False
    await store.check()

    assert not (await store.turn("c", "e2", counting())).repeat
    await store.close()


async def test_turns_that_wait_together_are_committed_together(tmp_path: Path) -> None:
    """One wait for the disk serves many: a hundred turns at once take a handful of commits."""
    faults = Faults()
    store = await opened(tmp_path / "handrail.db", faults)
    faults.commits = 0

    await asyncio.gather(*(store.turn(f"c{n}", "e", counting()) for n in range(100)))

    assert faults.commits < 10
    await store.close()


async def test_the_dispatcher_outlives_a_failing_store(tmp_path: Path) -> None:
    """What was delivered while the store was down is written down when it is back, and delivered once."""
    faults, clock = Faults(), Clock()
    store = await opened(tmp_path / "handrail.db", faults)
    await send(store, to_send("m1"), to_send("m2"))
    sent: list[str] = []
    all_sent = asyncio.Event()

    async def perform(message: Message) -> Done:
        faults.down = message.key == "m1"
        sent.append(message.key)
        if message.key == "m1":
            clock.now += 61  # its lease is over before the store is back
            asyncio.get_running_loop().call_later(0.3, setattr, faults, "down", False)
        else:
            all_sent.set()
        return Done(receipt="R")

    dispatcher = Dispatcher(store, perform, pools=POOLS, clock=clock, chance=lambda: 0.0)
    dispatcher.start()
    async with asyncio.timeout(10):
        await all_sent.wait()
    await dispatcher.stop(5)

    assert sent == ["m1", "m2"]
    assert dispatcher.delivered == 2
    await store.close()


def moved(source: Path, target: Path) -> Path:
    """The database's files, from one folder into another one."""
    target.mkdir(exist_ok=True)
    for file in source.glob("handrail.db*"):
        if not file.name.endswith(".lock"):
            file.rename(target / file.name)
    return target


async def test_a_file_that_vanishes_is_noticed(tmp_path: Path) -> None:
    """Turns are refused rather than written where nobody will find them; it comes back, and they go on."""
    path = tmp_path / "handrail.db"
    store = await opened(path, Faults())
    await store.turn("c", "e1", counting())
    away = moved(tmp_path, tmp_path / "away")

    with pytest.raises(StoreUnavailable, match=r"cannot be (opened|reached)"):
        await store.turn("c", "e2", counting())
    assert not path.exists()
    moved(away, tmp_path)

    assert (await store.turn("c", "e1", counting())).repeat
    assert not (await store.turn("c", "e2", counting())).repeat
    await store.close()


def troubled(kind: str, folder: Path, *before: str) -> str:
    """Run the store through trouble in a process of its own; what an operator reads."""
    command = [*before, sys.executable, "-m", "tests.support.trouble_child", kind, str(folder)]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert child.returncode == 0, child.stderr
    return child.stdout


def test_files_that_may_not_grow(tmp_path: Path) -> None:
    """A limit is reached: turns are refused, nothing acknowledged is lost, it goes on when there is room."""
    assert "the disk" in troubled("limit", tmp_path)


def test_a_read_only_file(tmp_path: Path) -> None:
    """Refused with the reason, until the rights are right again."""
    assert "read-only" in troubled("readonly", tmp_path)


def test_a_full_disk(tmp_path: Path) -> None:
    """A file system without a byte left: refused with the reason, until there is room."""
    probe = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", str(tmp_path)]
    if shutil.which("unshare") is None or subprocess.run(probe, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let us mount a small file system (unshare -rm)")
    script = f'mount -t tmpfs -o size=1m none "{tmp_path}" && exec "$@"'

    assert "disk is full" in troubled("full", tmp_path, "unshare", "-rm", "sh", "-c", script, "sh")
