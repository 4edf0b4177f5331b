"""`handrail outbox` as it is called: beside the running bot, without it, on SQLite and on PostgreSQL."""

import asyncio
import contextlib
import json
import os
import signal
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from bot.control import listening, socket_of
from bot.outbox.upkeep import Upkeep
from bot.readiness import Readiness
from bot.statistics import Figures
from bot.store.open import open_store
from tests.support.cloud import PlayedCloud
from tests.support.keeping import claim, send, settle, to_send
from tests.support.processes import HANDRAIL, Running, environment, free_port, running
from tests.support.stories import shipped
from tests.support.whole import Whole, whole_bot
from tests.support.whole import environment as settings

WRITTEN = "my printer says AADSTS1000002 since Monday"
FIRST = "Did the app open after you pressed Continue?"


class Ended(msgspec.Struct):
    """A command that has ended."""

    code: int
    out: str
    trouble: str


class Office:
    """An operator at a machine with a database, where a bot may run in the played cloud."""

    def __init__(self, cloud: PlayedCloud, folder: Path, url: str) -> None:
        self.bot = Whole(cloud, "", folder)
        self.url = url
        self.env = settings(cloud, folder / "handrail.db") | {"HANDRAIL_DATABASE_URL": url}

    @property
    def database(self) -> Path:
        """The file, when it is one."""
        return self.bot.folder / "handrail.db"

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Running]:
        """The bot, for a while."""
        port = free_port()
        env = environment(**self.env, HANDRAIL_PORT=str(port))
        async with running(HANDRAIL, "serve", folder=self.bot.folder, log="bot.log", env=env) as process:
            await process.answers(f"http://127.0.0.1:{port}/readyz")
            self.bot.url = f"http://127.0.0.1:{port}/api/messages"
            yield process

    async def outbox(self, *words: str, stdin: int = asyncio.subprocess.DEVNULL) -> Ended:
        """`handrail outbox …` on a terminal of 80 columns."""
        process = await asyncio.create_subprocess_exec(
            HANDRAIL, "outbox", *words,
            cwd=self.bot.folder, env=environment(**self.env, COLUMNS="80"), stdin=stdin,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, trouble = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), trouble.decode())

    async def listed(self, *words: str) -> list[dict[str, Any]]:
        """What a list for programs holds."""
        found: list[dict[str, Any]] = json.loads((await self.outbox("list", "--format", "json", *words)).out)
        return found

    async def until_done(self, key: str) -> None:
        """Look until a message is delivered; a card is seen a moment before that is written down."""
        async with asyncio.timeout(30):
            while '"state":"done"' not in (await self.outbox("show", key, "--format", "json")).out:
                pass

    async def filled(self, *names: str) -> None:
        """Put messages that nobody can read into the outbox; each is dead."""
        store = await open_store(self.url)
        try:
            for name in names:
                await send(store, to_send(name, lane=name))
                (message,) = await claim(store, now=2e9)
                await settle(store, message, "dead", error="bad_request")
        finally:
            await store.close()


@pytest.fixture
async def sqlite_office(tmp_path: Path) -> AsyncIterator[Office]:
    """A database in a file."""
    async with PlayedCloud() as cloud:
        yield Office(cloud, tmp_path, f"sqlite:///{tmp_path}/handrail.db")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of either database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/handrail.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def office(url: str, tmp_path: Path) -> AsyncIterator[Office]:
    """Either database."""
    async with PlayedCloud() as cloud:
        yield Office(cloud, tmp_path, url)


# ---- the whole way


async def test_what_died_is_seen_mended_and_arrives(office: Office) -> None:
    """Teams refuses a card; the operator sees it, mends the cause, has it tried again while the bot runs."""
    office.bot.cloud.connector.always(400, {"error": {"code": "BadSyntax"}})
    async with office.serving() as bot:
        assert await office.bot.says(WRITTEN) == 200
        await office.bot.until(lambda: "message_dead" in bot.said())
        (dead,) = await office.listed()
        seen = await office.outbox("list", "--state", "dead")
        whole = await office.outbox("show", str(dead["id"]))
        office.bot.cloud.connector.received.clear()
        office.bot.cloud.connector.usual()

        retried = await office.outbox("retry", str(dead["id"]))

        await office.bot.sees(FIRST)
        await office.until_done(dead["key"])
        done = await office.outbox("show", dead["key"])
        said = bot.said()
    assert (seen.code, whole.code, retried.code, done.code) == (0, 0, 0, 0)
    assert "bad_request" in seen.out
    assert "state         dead: given up" in whole.out
    assert f"retried: {dead['id']} (show, " in retried.out
    assert "state         done" in done.out
    assert f"handrail outbox show {dead['id']}" in said  # the log names the command
    for text in (seen.out, whole.out, retried.out, done.out, said):
        assert "printer" not in text
        assert office.bot.cloud.secret not in text


async def test_what_died_arrives_after_the_next_start(office: Office) -> None:
    """The bot is stopped, the operator has everything dead tried again, and starts it."""
    office.bot.cloud.connector.always(400, {"error": {"code": "BadSyntax"}})
    async with office.serving() as bot:
        assert await office.bot.says(WRITTEN) == 200
        await office.bot.until(lambda: "message_dead" in bot.said())
    office.bot.cloud.connector.received.clear()
    office.bot.cloud.connector.usual()

    retried = await office.outbox("retry", "--all-dead")
    (waits,) = await office.listed()

    assert (retried.code, waits["state"], waits["tries"]) == (0, "ready", 0)
    assert office.bot.arrived() == []
    async with office.serving():
        await office.bot.sees(FIRST)


async def test_a_case_need_not_wait_for_its_next_try(sqlite_office: Office) -> None:
    """Teams asked for an hour of patience; the operator knows better, and the card appears at once."""
    bot, slow = sqlite_office.bot, True

    async def channel(request: web.Request) -> web.StreamResponse:
        if slow and request.path.endswith("/conversations"):
            return web.json_response({}, status=503, headers={"Retry-After": "3600"})
        return await bot.cloud._connector(request)

    bot.cloud.connector.always_with(channel)
    async with sqlite_office.serving() as process:
        for words in ("AADSTS1000002", "a person please", "hand it over"):
            assert await bot.says(words) == 200
        await bot.until(lambda: "delivery_failed" in process.said())
        (waits,) = await sqlite_office.listed("--kind", "handoff")
        slow = False
        bot.cloud.connector.received.clear()

        retried = await sqlite_office.outbox("retry", waits["key"])

        await bot.until(lambda: bool(bot.announced()))
    number = waits["facts"]["case"]
    assert (waits["state"], waits["wrong"]) == ("ready", "unavailable")
    assert waits["due"] > waits["written_at"] + 3000
    assert f"(handoff, {number})" in retried.out
    assert number in json.dumps(bot.announced())


# ---- dropping


async def test_a_dropped_message_is_kept_with_its_reason(office: Office) -> None:
    """It leaves the list, stays to be looked at, and its secret-looking reason is cut."""
    await office.filled("one", "two")

    dropped = await office.outbox("drop", "one", "--why", "sent by hand; password: hunter2-zz")
    shown = await office.outbox("show", "one")

    assert (dropped.code, shown.code) == (0, 0)
    assert [each["key"] for each in await office.listed()] == ["two"]
    assert "dropped by an operator on " in shown.out
    assert "sent by hand" in shown.out
    assert "bad_request" in " ".join(shown.out.split())
    assert "hunter2" not in shown.out + dropped.out


@pytest.mark.parametrize(("typed", "code", "left"), [("n", 1, ["one"]), ("y", 0, [])])
async def test_on_a_terminal_somebody_is_asked_first(
    sqlite_office: Office, typed: str, code: int, left: list[str]
) -> None:
    """They see what is to be dropped; meanwhile the database is nobody's, and a no leaves it as it was."""
    await sqlite_office.filled("one")
    ours, theirs = os.openpty()
    try:
        os.write(ours, f"{typed}\n".encode())
        ended = await sqlite_office.outbox("drop", "one", "--why", "x", stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)

    assert ended.code == code
    assert "bad_request" in ended.out
    assert "Drop this for good?" in ended.out + ended.trouble
    assert [each["key"] for each in await sqlite_office.listed()] == left


async def test_a_message_on_its_way_is_left_alone(sqlite_office: Office) -> None:
    """Its holder may be delivering it at this moment: neither retry nor drop touch it, and both say so."""

    async def nobody(_: object) -> None:
        return None

    async with contextlib.AsyncExitStack() as bot:
        store = await open_store(sqlite_office.url)
        bot.push_async_callback(store.close)
        doing = (Upkeep(store, nobody), Figures(store), Readiness(store, shipped))
        await bot.enter_async_context(listening(sqlite_office.database, *doing))
        await send(store, to_send("going"))
        assert len(await claim(store, now=time.time(), lease=600)) == 1

        for words in (("retry", "going"), ("drop", "going", "--why", "x")):
            ended = await sqlite_office.outbox(*words)
            assert (ended.code, ended.out) == (2, "")
            assert "is on its way at this moment" in " ".join(ended.trouble.split())
        (left,) = await sqlite_office.listed()
        assert (left["key"], left["state"]) == ("going", "leased")


# ---- what it says


async def test_the_exit_code_says_whether_something_was_found(sqlite_office: Office) -> None:
    """Scripts can ask: 1 for nothing there, 2 for what cannot be."""
    await sqlite_office.filled("one")
    over = await sqlite_office.outbox("drop", "one", "--why", "x")
    codes = {
        words: (await sqlite_office.outbox(*words.split())).code
        for words in (
            "list", "show none", "show 999", "show 99999999999999999999", "retry none", "retry --all-dead",
            "drop none --why x", "retry one", "retry", "list --state gone",
        )
    }  # fmt: skip

    assert over.code == 0
    assert codes == {
        "list": 1, "show none": 1, "show 999": 1, "show 99999999999999999999": 1, "retry none": 1,
        "retry --all-dead": 1, "drop none --why x": 1, "retry one": 2, "retry": 2, "list --state gone": 2,
    }  # fmt: skip


async def test_a_body_that_cannot_be_read_is_said_so(sqlite_office: Office) -> None:
    """By a message of another version, nobody is shown bytes."""
    await sqlite_office.filled("odd")

    shown = await sqlite_office.outbox("show", "odd")

    assert "body          cannot be read by this version" in shown.out


async def test_the_table_fits_a_terminal_of_80_columns(sqlite_office: Office) -> None:
    """Whatever a message is called; what is too long is folded or shortened, and brackets are no commands."""
    await sqlite_office.filled("a" * 300, "teams:[red]x[/red]:a:" + "b" * 90, ":a:[red]")

    said = [(await sqlite_office.outbox(*words.split())).out for words in ("list", "show 1", "show 2")]

    assert max(len(line) for out in said for line in out.splitlines()) <= 80
    assert "teams:[red]x[/red]:a:" in said[-1]
    assert "no message ':b:[red]'" in (await sqlite_office.outbox("show", ":b:[red]")).trouble


async def test_a_database_that_is_not_there_is_not_made(sqlite_office: Office) -> None:
    """A typing mistake in the setting is told, and leaves nothing behind."""
    listed = await sqlite_office.outbox("list")

    assert (listed.code, listed.out) == (2, "")
    assert f"HANDRAIL_DATABASE_URL: there is no {sqlite_office.database}" in listed.trouble
    assert list(sqlite_office.bot.folder.iterdir()) == []


# ---- the door of a running bot


async def test_the_door_is_for_the_owner_alone_and_goes_with_the_bot(sqlite_office: Office) -> None:
    """A socket of mode 0600 in a folder of mode 0700, made at the start and removed at the end."""
    socket = socket_of(sqlite_office.database)

    async with sqlite_office.serving() as bot:
        found = socket.stat()
        assert stat.S_ISSOCK(found.st_mode)
        modes = (stat.S_IMODE(found.st_mode), stat.S_IMODE(socket.parent.stat().st_mode))
        assert await bot.stop() == 0

    assert modes == (0o600, 0o700)
    assert not socket.parent.exists()


async def test_the_door_of_a_bot_that_was_killed_is_replaced(sqlite_office: Office) -> None:
    """It is stale, and the database's lock says that it is ours to replace."""
    async with sqlite_office.serving() as bot:
        bot.signal(signal.SIGKILL)
        await bot.ended()
    assert socket_of(sqlite_office.database).exists()

    async with sqlite_office.serving():
        assert (await sqlite_office.outbox("list")).code == 1


async def test_a_path_too_long_for_a_socket_is_no_reason_not_to_start(sqlite_office: Office) -> None:
    """The bot works; its log and the command say what to do."""
    folder = sqlite_office.bot.folder / ("d" * 100)
    folder.mkdir()
    sqlite_office.env["HANDRAIL_DATABASE_URL"] = f"sqlite:///{folder}/handrail.db"

    async with sqlite_office.serving() as bot:
        listed = await sqlite_office.outbox("list")
        said = bot.said()

    assert "control_socket_not_open" in said
    assert "give the database a shorter path" in said
    assert listed.code == 2
    assert "control_socket_not_open" in listed.trouble


async def test_a_folder_that_is_not_ours_gets_no_door(sqlite_office: Office) -> None:
    """A link in its place could lead anywhere: it is left alone."""
    elsewhere = sqlite_office.bot.folder / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (elsewhere / "s").touch()
    socket_of(sqlite_office.database).parent.symlink_to(elsewhere)

    async with sqlite_office.serving() as bot:
        assert "is not a folder of this user" in bot.said()

    assert [each.name for each in elsewhere.iterdir()] == ["s"]
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
async def test_a_folder_of_somebody_else_gets_no_door(sqlite_office: Office) -> None:
    """Its owner could put another socket in the place of ours."""
    folder = socket_of(sqlite_office.database).parent
    folder.mkdir()
    os.chown(folder, 65534, 65534)

    async with sqlite_office.serving() as bot:
        assert "is not a folder of this user" in bot.said()

    assert list(folder.iterdir()) == []


async def test_the_running_bot_is_woken(tmp_path: Path) -> None:
    """A retried message need not wait for the outbox's next look."""
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, shipped()) as bot:
        assert bot.parts is not None
        await send(bot.parts.store, to_send("m"))

        await bot.parts.upkeep.retry("m")

        assert bot.parts.dispatcher._woken.is_set()


async def test_nothing_of_it_is_reached_over_tcp(sqlite_office: Office) -> None:
    """The web server knows no such path."""
    async with sqlite_office.serving(), aiohttp.ClientSession() as client:
        at = sqlite_office.bot.url.removesuffix("/api/messages")
        for path in ("/outbox", "/outbox/message?name=1"):
            async with client.get(f"{at}{path}") as response:
                assert response.status == 404
        async with client.post(f"{at}/outbox/retry", json={"name": "1"}) as response:
            assert response.status == 404
