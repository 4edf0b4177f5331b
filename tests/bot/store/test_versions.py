"""Versions side by side on one database, and one after the other: nobody loses what another one keeps.

The statements of the version before are kept in `schema1.*.sql`, as they were. They are run as it ran them,
on a database that this version has brought up to date.
"""

import asyncio
import sqlite3
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from bot.address import Address, Person
from bot.errors import ConfigError
from bot.store.api import NewMessage, Store
from bot.store.migrations import migrations
from bot.store.open import open_store
from bot.store.postgres_queries import turn_values
from bot.store.postgres_setup import migrate
from bot.store.queries import named, positional
from bot.store.rows import case_of, conversation_of
from bot.written import Screen
from dialogs.case import CaseFile
from dialogs.conversation import Conversation
from dialogs.effects import (
    AttachFile,
    ChangeCase,
    CloseOffer,
    FetchFiles,
    GiveFile,
    OfferFile,
    OpenCase,
    Retire,
    Show,
    StartProbe,
)
from tests.support.keeping import NOW, case, claim, counting, keys, send, settle, to_send
from tests.support.postgres import ask

HERE = Path(__file__).parent
SQLITE = named(HERE.joinpath("schema1.sqlite.sql").read_text("utf-8"))
POSTGRES = named(HERE.joinpath("schema1.postgres.sql").read_text("utf-8"))
KINDS = ("show", "ticket", "hologram")


class Older:
    """A replica with schema 1: it claims whatever is due, and knows nothing of what came later."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.db = connection

    async def run(self, query: str, /, **values: Any) -> list[Any]:
        """One of its statements."""
        sql, names = positional(POSTGRES[query])
        return list(await self.db.fetch(sql, *(values[name] for name in names)))

    async def turn(self, conversation: str, event: str, *messages: NewMessage, ends: Any = None) -> bool:
        """Take an event; False if another replica was faster."""
        found = await self.run("load", conversation=conversation, event=event)
        kept = counting(*messages)(Conversation(), None)
        lines, turns = (found[0]["lines"], found[0]["turns"]) if found else (0, 0)
        end = {
            "ended": ends["id"] if ends else None,
            "attempt": ends["attempt"] if ends else 0,
            "state_of_ended": "done",
            "receipt": "",
            "error": "",
            "due_at": 0.0,
        }
        return bool(
            await self.run("keep", **turn_values(conversation, event, kept, lines=lines, turns=turns), **end)
        )

    async def claim(self, *, limit: int = 10, lease: float = 60.0) -> list[Any]:
        """Whatever kind it is."""
        now = time.time()
        return await self.run("claim", now=now, until=now + lease, limit=limit)

    async def settle(self, row: Any, state: str = "done", *, error: str = "", due_at: float = 0.0) -> bool:
        """As its own, or not at all."""
        end = {"state_of_ended": state, "error": error, "receipt": "", "due_at": due_at}
        return bool(await self.run("settle", ended=row["id"], attempt=row["attempt"], **end))


@pytest.fixture
async def newer(postgres_url: str) -> AsyncIterator[Store]:
    """A replica of this version, which has brought the database up to date."""
    store = await open_store(postgres_url)
    yield store
    await store.close()


@pytest.fixture
async def older(newer: Store, postgres_url: str) -> AsyncIterator[Older]:
    """A replica of the version before, beside it."""
    connection = await asyncpg.connect(postgres_url)
    yield Older(connection)
    await connection.close()


# ---- side by side


@pytest.mark.postgres
async def test_each_performs_what_the_other_wrote(older: Older, newer: Store) -> None:
    """Messages go from the older to the newer one and back; a lane goes on whoever finishes."""
    assert await older.turn("c", "e1", to_send("m1"), to_send("m2"))
    await newer.turn("c", "e2", counting(to_send("m3")))
    (first,) = await claim(newer, now=time.time())
    assert await older.claim() == []
    await settle(newer, first)
    (second,) = await older.claim()
    assert await claim(newer, now=time.time()) == []
    assert await older.turn("c", "e3", ends=second)
    (third,) = await claim(newer, now=time.time())

    assert [first.key, second["key"], third.key] == ["m1", "m2", "m3"]
    assert [row["key"] for row in await older.run("message", key="m3")] == ["m3"]


@pytest.mark.postgres
async def test_what_the_older_one_says_of_a_message_is_understood(older: Older, newer: Store) -> None:
    """Its failures count as tries; they are said, so they are no attempts without a word."""
    await newer.turn("c", "e1", counting(to_send("m")))
    for _ in range(3):
        (row,) = await older.claim()
        assert await older.settle(row, "ready", error="503", due_at=time.time())
    (message,) = await claim(newer, now=time.time())
    assert (message.attempt, message.tries, message.lapsed, message.error) == (4, 4, 0, "503")

    await settle(newer, message, "ready", due_at=time.time(), counted=False)
    (row,) = await older.claim(lease=-1)
    (message,) = await claim(newer, now=time.time())
    assert (message.attempt, message.tries, message.lapsed) == (6, 5, 1)
    assert not await older.settle(row)


@pytest.mark.postgres
async def test_parked_by_one_given_back_by_the_other(older: Older, newer: Store) -> None:
    """Who comes back to any replica gets what waits."""
    await newer.turn("c", "e1", counting(to_send("m"), to_send("n", lane="other")))
    first, second = await claim(newer, now=time.time())
    await settle(newer, first, "parked")
    assert await older.run("unpark", conversation="c", now=time.time())
    (row,) = await older.claim()
    await older.settle(row, "parked")
    await settle(newer, second, "parked")

    assert await newer.unpark("c", now=time.time()) == 2
    assert sorted(row["key"] for row in await older.claim()) == ["m", "n"]


@pytest.mark.postgres
async def test_both_under_load_keep_every_promise(older: Older, newer: Store, postgres_url: str) -> None:
    """Both take turns and empty the outbox: each message once, each lane in order, one of it at a time."""
    total, lanes = 120, 6
    held: set[str] = set()
    sent: defaultdict[str, list[int]] = defaultdict(list)
    writer = Older(await asyncpg.connect(postgres_url))

    def message(n: int) -> NewMessage:
        return to_send(f"m{n}", lane=f"lane{n % lanes}", kind=("show", "ticket")[n % 2])

    async def write_older() -> None:
        for n in range(0, total, 2):
            while not await writer.turn(f"c{n % 5}", f"e{n}", message(n)):
                pass

    async def write_newer() -> None:
        for n in range(1, total, 2):
            await newer.turn(f"c{n % 5}", f"e{n}", counting(message(n)))

    async def perform(lane: str, number: int) -> None:
        assert lane not in held
        held.add(lane)
        await asyncio.sleep(0)
        held.discard(lane)
        sent[lane].append(number)

    async def empty_older() -> None:
        while sum(map(len, sent.values())) < total:
            for row in await older.claim(limit=2):
                await perform(row["lane"], row["id"])
                assert await older.settle(row)

    async def empty_newer() -> None:
        while sum(map(len, sent.values())) < total:
            for each in await claim(newer, now=time.time(), limit=2, kinds=KINDS):
                await perform(each.lane, each.id)
                assert await settle(newer, each)

    async with asyncio.timeout(30):
        await asyncio.gather(write_older(), write_newer(), empty_older(), empty_newer())
    await writer.db.close()

    assert all(ids == sorted(ids) for ids in sent.values())
    assert await newer.depth() == {"ready": 0, "leased": 0, "parked": 0, "dead": 0}
    ((turns, taken),) = await ask(
        postgres_url, "SELECT sum(turns)::int, (SELECT count(*) FROM taken)::int FROM conversations"
    )
    assert (turns, taken) == (total, total)


@pytest.mark.postgres
async def test_the_older_one_still_finds_its_work_by_an_index(older: Older, newer: Store) -> None:
    """The index it used is gone, but with the new one it reads what waits and not the history."""
    await older.db.execute("ALTER TABLE outbox DISABLE TRIGGER USER")
    await older.db.execute(
        "INSERT INTO outbox"
        " (id, key, lane, kind, conversation, body, state, attempt, created_at, error, receipt)"
        " SELECT n, n, n, 'show', 'c', '', 'done', 1, 0, '', 'r' FROM generate_series(1, 20000) AS n"
    )
    await older.db.execute("ALTER TABLE outbox ENABLE TRIGGER USER")
    await older.db.execute("ANALYZE outbox")
    for name, values in (("claim", (1.0, 10, 61.0)), ("next_due", ())):
        sql, _ = positional(POSTGRES[name])
        async with older.db.transaction():
            rows = await older.db.fetch(f"EXPLAIN {sql}", *values)
        plan = "\n".join(row[0] for row in rows)
        assert "outbox_due_by_kind" in plan, plan
        assert "Seq Scan on outbox" not in plan, plan


# ---- one after the other


@pytest.mark.postgres
async def test_what_waits_in_an_older_postgres_database_goes_out(postgres_url: str) -> None:
    """Brought up to date in the middle of its work, it loses neither order nor leases nor counts."""
    connection = await asyncpg.connect(postgres_url)
    await connection.execute(migrations("postgres")[0][1])
    await connection.execute("CREATE TABLE migrations (number int PRIMARY KEY, applied_at float8 NOT NULL)")
    await connection.execute("INSERT INTO migrations VALUES (1, 0)")
    older = Older(connection)
    await older.turn("c", "e1", to_send("m1"), to_send("m2"), to_send("t1", lane="t", kind="ticket"))
    for row in await older.claim():
        if row["kind"] == "show":
            await older.settle(row, "ready", error="503", due_at=time.time())

    store = await open_store(postgres_url)
    (message,) = await claim(store, now=time.time(), kinds=KINDS)
    assert (message.key, message.tries, message.error) == ("m1", 2, "503")
    await settle(store, message)
    assert keys(await claim(store, now=time.time() + 61, kinds=KINDS)) == ["m2", "t1"]
    await store.close()
    await connection.close()


async def test_what_waits_in_an_older_sqlite_file_goes_out(tmp_path: Path) -> None:
    """The process was killed while it had a lease; the new version starts on the file and goes on."""
    with closing(older_file(tmp_path / "handrail.db", record=True)) as db:
        message = {"lane": "l", "kind": "show", "conversation": "c", "body": b"x", "now": NOW}
        for key in ("m1", "m2"):
            db.execute(SQLITE["add_message"], {"key": key, **message})
        ((number,),) = db.execute(SQLITE["due"], {"now": NOW, "limit": 9}).fetchall()
        db.execute(SQLITE["lease"], {"id": number, "until": NOW + 60}).fetchall()

    store = await open_store(f"sqlite:///{tmp_path}/handrail.db")
    (first,) = await claim(store)
    assert (first.key, first.attempt, first.lapsed) == ("m1", 2, 1)
    await settle(store, first)
    assert keys(await claim(store)) == ["m2"]
    await store.close()


async def test_the_version_before_works_on_a_newer_sqlite_file(tmp_path: Path) -> None:
    """Who goes back has all that is there: the statements fit, and find their rows by an index."""
    store = await open_store(f"sqlite:///{tmp_path}/handrail.db")
    await send(store, to_send("m1"), to_send("m2"))
    await claim(store)
    await store.close()

    with closing(older_file(tmp_path / "handrail.db")) as db:
        db.execute(SQLITE["release_leases"])
        ((number,),) = db.execute(SQLITE["due"], {"now": NOW, "limit": 9}).fetchall()
        ((*_, attempt, _at, _due, _error, _receipt),) = db.execute(
            SQLITE["lease"], {"id": number, "until": NOW + 60}
        ).fetchall()
        end = {"state": "done", "receipt": "", "error": "", "due_at": None, "settled_at": NOW}
        assert db.execute(SQLITE["settle"], {"id": number, "attempt": attempt, **end}).fetchall() == [
            ("lane",)
        ]
        db.execute(SQLITE["next_in_lane"], {"lane": "lane"})
        assert db.execute(SQLITE["next_due"]).fetchone() == (0.0,)
        for name, sql in SQLITE.items():
            values = dict.fromkeys(positional(sql)[1], 1)
            plan = " | ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values))
            assert "SCAN outbox" not in plan.replace("SCAN outbox USING", ""), (name, plan)

    store = await open_store(f"sqlite:///{tmp_path}/handrail.db")
    assert keys(await claim(store)) == ["m2"]
    await store.close()


def older_file(path: Path, *, record: bool = False) -> sqlite3.Connection:
    """A file as the version with schema 1 opens it, and makes it if told to."""
    db = sqlite3.connect(path, isolation_level=None)
    if record:
        db.executescript(migrations("sqlite")[0][1])
        db.execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, applied_at REAL NOT NULL)")
        db.execute("INSERT INTO migrations VALUES (1, 0)")
    return db


@pytest.mark.postgres
async def test_this_version_starts_on_a_newer_database_that_allows_it(postgres_url: str) -> None:
    """A replica that dies in the middle of a rollout comes back, unless a step needs the newer version."""
    here = migrations("postgres")[-1][0]
    connection = await asyncpg.connect(postgres_url)
    allowed = (here + 1, f"-- works with: {here}\nALTER TABLE outbox ADD COLUMN trace text;\n")
    await migrate(connection, (*migrations("postgres"), allowed))

    store = await open_store(postgres_url)
    await send(store, to_send("m"))
    assert keys(await claim(store)) == ["m"]
    await store.close()

    await migrate(
        connection, (*migrations("postgres"), allowed, (here + 2, "ALTER TABLE lines RENAME TO said;"))
    )
    await connection.close()
    with pytest.raises(ConfigError, match=f"schema {here + 2}, this version of Handrail knows {here}"):
        await open_store(postgres_url)


# ---- what is stored as JSON


@pytest.mark.parametrize(
    "stored",
    [
        Conversation,
        Address,
        Person,
        CaseFile,
        Show,
        Retire,
        Screen,
        StartProbe,
        OpenCase,
        ChangeCase,
        FetchFiles,
        AttachFile,
        OfferFile,
        GiveFile,
        CloseOffer,
    ],
)
def test_fields_of_a_newer_version_are_passed_over(stored: type) -> None:
    """In whatever is stored, however deep: a newer replica may have written more than this one knows."""
    closed = [
        each.cls.__name__ for each in structs(msgspec.inspect.type_info(stored)) if each.forbid_unknown_fields
    ]

    assert closed == []


def structs(info: Any, seen: set[type] | None = None) -> Iterator[msgspec.inspect.StructType]:
    """All structs in a type."""
    seen = set() if seen is None else seen
    if isinstance(info, msgspec.inspect.StructType):
        if info.cls in seen:
            return
        seen.add(info.cls)
        yield info
    for name in ("fields", "types", "item_types"):
        for each in getattr(info, name, ()):
            yield from structs(each.type if name == "fields" else each, seen)
    for name in ("item_type", "key_type", "value_type", "type"):
        if (each := getattr(info, name, None)) is not None:
            yield from structs(each, seen)


def test_a_conversation_and_a_case_of_a_newer_version_are_read() -> None:
    """With its extra fields on the outside and inside; what this version knows is all there."""
    address = Address(surface="teams", person=Person(name="Erika", object_id="1"), tenant="t")
    record = case("HR-7K3F")

    state = msgspec.json.encode(
        {**msgspec.to_builtins(Conversation(turn=3, language="de")), "newer": {"x": [1]}}
    )
    where = msgspec.to_builtins(address)
    where = {**where, "newer": 1, "person": {**where["person"], "newer": None}}
    assert conversation_of((state, msgspec.json.encode(where))) == (
        Conversation(turn=3, language="de"),
        address,
    )

    file = msgspec.to_builtins(record.file)
    file = {**file, "newer": 1, "title": {**file["title"], "newer": "x"}}
    person = {**msgspec.to_builtins(record.person), "newer": []}
    row = ("HR-7K3F", "c", "open", 1, 1, "", "", "", *map(msgspec.json.encode, (person, file)), "", "normal")
    read = case_of(row, [])
    assert (read.file, read.person) == (record.file, record.person)
