"""PostgreSQL and the way to it go wrong: nothing is lost, nobody waits for ever, and it mends itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from bot.errors import StoreUnavailable
from bot.store.api import Receipt
from bot.store.postgres import PostgresStore
from tests.support.keeping import claim, counting, keys, send, settle, to_send
from tests.support.postgres import Proxy, Restartable, ask, own_database, restartable_server

pytestmark = pytest.mark.postgres

PATIENCE = 4.0  # seconds, where it is to run out


@pytest.fixture
async def proxy(postgres_url: str, tmp_path: Path) -> AsyncIterator[Proxy]:
    """A way to the server that can be cut."""
    async with Proxy.to(postgres_url) as standing:
        yield standing


@pytest.fixture
async def store(proxy: Proxy) -> AsyncIterator[PostgresStore]:
    """A store behind the proxy."""
    opened = PostgresStore(proxy.url, patience=60.0)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def impatient(proxy: Proxy) -> AsyncIterator[PostgresStore]:
    """One with little patience."""
    opened = PostgresStore(proxy.url, patience=PATIENCE)
    await opened.open()
    yield opened
    await opened.close()


async def test_an_answer_that_is_lost_is_found_again(proxy: Proxy, store: PostgresStore) -> None:
    """The turn was kept, its answer never came: the second try says so, and it took effect once."""
    await store.turn("c", "e0", counting())
    proxy.lose_answer_after = b"this reply"

    receipt = await store.turn("c", "e1", counting(to_send("m"), reply=b"this reply"))

    assert proxy.lost == 1
    assert receipt == Receipt(reply=b"this reply", repeat=True)
    stored = await store.conversation("c")
    assert stored is not None
    assert stored[0].turn == 2
    assert keys(await claim(store)) == ["m"]


async def test_connections_that_were_cut_are_not_noticed(proxy: Proxy, store: PostgresStore) -> None:
    """All of them are gone; the next turn gets a new one, without an error."""
    await store.turn("c", "e1", counting())
    proxy.cut()

    assert await store.turn("c", "e2", counting()) == Receipt(reply=b"", repeat=False)


async def test_a_server_that_hangs_is_given_up_and_taken_up_again(
    proxy: Proxy, impatient: PostgresStore
) -> None:
    """No answer within the patience: the sender is told to try again, soon; then it works by itself."""
    await impatient.turn("c", "e1", counting())
    proxy.hang = True

    began = time.monotonic()
    results = await asyncio.gather(
        impatient.turn("c", "e2", counting()), impatient.check(), impatient.next_due(), return_exceptions=True
    )

    assert time.monotonic() - began < 60
    assert {type(result) for result in results} == {StoreUnavailable}
    assert all("in time" in str(result) for result in results)
    proxy.hang = False
    proxy.cut()
    assert not (await impatient.turn("c", "e2", counting())).repeat
    await impatient.check()


async def test_a_hanging_replica_holds_up_no_other(
    proxy: Proxy, impatient: PostgresStore, postgres_url: str
) -> None:
    """It hangs in the middle of its turns; another replica takes turns of the same conversation meanwhile."""
    other = PostgresStore(postgres_url)
    await other.open()
    await impatient.turn("c", "e0", counting())
    proxy.hang_after = b"this reply"
    stuck = asyncio.ensure_future(impatient.turn("c", "e1", counting(reply=b"this reply")))
    await proxy.hanging.wait()

    assert not (await other.turn("c", "e2", counting())).repeat
    assert not stuck.done()

    with pytest.raises(StoreUnavailable):
        await stuck
    await other.close()
    proxy.hang = False
    proxy.cut()


async def test_a_lock_that_is_not_given_ends_the_wait(impatient: PostgresStore, postgres_url: str) -> None:
    """Somebody holds the conversation for long: the sender tries again later, nothing was kept."""
    await impatient.turn("c", "e1", counting())
    holder = await asyncpg.connect(postgres_url)
    async with holder.transaction():
        await holder.execute("SELECT 1 FROM conversations FOR UPDATE")
        with pytest.raises(StoreUnavailable, match="lock was not given"):
            await impatient.turn("c", "e2", counting())
    await holder.close()

    assert not (await impatient.turn("c", "e2", counting())).repeat


@pytest.fixture
def own_url(postgres_server: str) -> Iterator[str]:
    """A database of this test's own."""
    with own_database(postgres_server) as url:
        yield url


async def test_a_database_that_became_read_only_says_so(postgres_server: str, own_url: str) -> None:
    """As after a change of the primary: named as what it is, and used again when it takes writes."""
    store = PostgresStore(own_url, patience=PATIENCE)
    await store.open()
    name = own_url.partition(":@/")[2].partition("?")[0]
    await ask(postgres_server, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await _kill(own_url)

    with pytest.raises(StoreUnavailable, match="takes writes"):
        await store.check()
    with pytest.raises(StoreUnavailable, match="takes writes"):
        await store.turn("c", "e1", counting())

    await ask(postgres_server, f"ALTER DATABASE {name} RESET default_transaction_read_only")
    assert not (await store.turn("c", "e1", counting())).repeat
    await store.close()


async def test_a_table_that_vanished_is_an_operators_matter(store: PostgresStore, postgres_url: str) -> None:
    """The message says what to do; what comes from the server's details is not in it."""
    await ask(postgres_url, "ALTER TABLE pulse RENAME TO gone")

    with pytest.raises(StoreUnavailable, match=r"table is missing.*backup"):
        await store.check()

    await ask(postgres_url, "ALTER TABLE gone RENAME TO pulse")
    await store.check()


async def test_what_a_closing_store_has_in_hand_is_finished(store: PostgresStore, postgres_url: str) -> None:
    """Turns that were handed in are kept before the connections go."""
    turns = [asyncio.ensure_future(store.turn(f"c{n}", "e", counting())) for n in range(30)]
    await asyncio.sleep(0)

    await store.close()

    assert not any(receipt.repeat for receipt in await asyncio.gather(*turns))
    assert (await ask(postgres_url, "SELECT count(*) FROM conversations"))[0][0] == 30
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.check()


@pytest.fixture
def restartable() -> Iterator[Restartable]:
    """A server of this test's own."""
    with restartable_server() as server:
        yield server


async def test_a_crash_of_the_server_loses_nothing_that_was_answered(restartable: Restartable) -> None:
    """The server crashes under load and starts: what was answered is there, the rest came again, once."""
    store = PostgresStore(restartable.url)
    await store.open()
    answered: list[str] = []
    enough, crashed = asyncio.Event(), asyncio.Event()

    async def take(n: int) -> None:
        if n >= 300:
            await crashed.wait()
        while f"m{n}" not in answered:
            with suppress(StoreUnavailable):
                await store.turn(f"c{n % 4}", f"e{n}", counting(to_send(f"m{n}", lane=f"m{n}")))
                answered.append(f"m{n}")
                if len(answered) == 100:
                    enough.set()

    turns = [asyncio.ensure_future(take(n)) for n in range(400)]
    await enough.wait()
    await asyncio.to_thread(restartable.crash)
    crashed.set()
    before = set(answered)
    await asyncio.to_thread(restartable.start)
    kept = {row[0] for row in await ask(restartable.url, "SELECT key FROM outbox")}
    async with asyncio.timeout(60):
        await asyncio.gather(*turns)

    assert before <= kept
    assert len(before) < 400
    assert sorted(answered) == sorted(f"m{n}" for n in range(400))
    turns_kept = await ask(restartable.url, "SELECT turns FROM conversations")
    assert [row[0] for row in turns_kept] == [100] * 4
    assert (await ask(restartable.url, "SELECT count(*), count(DISTINCT key) FROM outbox"))[0] == (400, 400)
    await store.close()


async def test_a_late_settlement_after_an_outage_is_still_fenced(
    store: PostgresStore, proxy: Proxy, postgres_url: str
) -> None:
    """A replica was cut off past its lease: what it says afterwards counts for nothing."""
    other = PostgresStore(postgres_url)
    await other.open()
    await send(store, to_send("m"))
    now = time.time()
    (mine,) = await claim(store, now=now, lease=60)
    proxy.cut()
    (theirs,) = await claim(other, now=now + 61, lease=60)

    assert not await settle(store, mine, receipt="late")
    assert await settle(other, theirs, receipt="theirs")
    await other.close()


async def _kill(url: str) -> None:
    await ask(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'handrail'",
    )
