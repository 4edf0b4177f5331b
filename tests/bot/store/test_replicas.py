"""Three replicas on one PostgreSQL: what each promises alone, all of them promise together."""

import asyncio
import functools
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest

from bot.address import Address
from bot.errors import NumberTaken, StoreUnavailable
from bot.store.api import CaseChange, Decide, Kept, NewLine, Receipt, Settled, Store
from bot.store.postgres import REPLICA_SILENT, PostgresStore
from bot.store.retention import Retention
from dialogs.conversation import Conversation
from tests.support.keeping import (
    case,
    changing,
    claim,
    counting,
    keys,
    opening,
    send,
    settle,
    to_send,
)
from tests.support.postgres import ask

pytestmark = pytest.mark.postgres

Replicas = tuple[PostgresStore, PostgresStore, PostgresStore]


@pytest.fixture
async def replicas(postgres_url: str) -> AsyncIterator[Replicas]:
    """Three stores with pools of their own, started together on an empty schema."""
    async with AsyncExitStack() as stack:
        patient = functools.partial(PostgresStore, postgres_url, patience=60.0)
        stores = (patient(), patient(), patient())
        for store in stores:
            stack.push_async_callback(store.close)
        await asyncio.gather(*(store.open() for store in stores))
        yield stores


def noting(event: str) -> Decide:
    """A turn that leaves a line with the number of turns before it."""

    def decide(stored: Conversation | None, _where: Address | None) -> Kept:
        before = stored or Conversation()
        line = NewLine(who="person", at=1, session=1, body=str(before.turn).encode())
        return Kept(
            conversation=Conversation(turn=before.turn + 1),
            lines=(line,),
            messages=(to_send(f"m/{event}", lane="hot"),),
        )

    return decide


# ---- turns


async def test_a_hundred_copies_over_three_replicas_take_effect_once(replicas: Replicas) -> None:
    """One event, delivered again and again to all replicas at once: one turn, and all replies alike."""
    receipts = await asyncio.gather(
        *(
            replicas[n % 3].turn("c", "same", counting(to_send(f"m{n}"), reply=f"by {n}".encode()))
            for n in range(100)
        )
    )

    assert sum(not receipt.repeat for receipt in receipts) == 1
    assert len({receipt.reply for receipt in receipts}) == 1
    assert len(await claim(replicas[0], limit=200)) == 1
    stored = await replicas[1].conversation("c")
    assert stored is not None
    assert stored[0].turn == 1


async def test_turns_of_one_conversation_have_one_order(replicas: Replicas, postgres_url: str) -> None:
    """Two hundred messages at once through three replicas: each turn saw all turns before it."""
    await asyncio.gather(*(replicas[n % 3].turn("hot", f"e{n}", noting(f"e{n}")) for n in range(200)))

    lines = await replicas[0].lines("hot", limit=500)
    assert [line.body for line in lines] == [str(n).encode() for n in range(200)]
    assert [line.seq for line in lines] == list(range(1, 201))
    ((version, taken),) = await ask(
        postgres_url, "SELECT turns, (SELECT count(*) FROM taken) FROM conversations"
    )
    assert (version, taken) == (200, 200)


async def test_messages_leave_in_the_order_of_their_turns(replicas: Replicas) -> None:
    """Whatever replica took a turn: the lane has its messages in the order in which the turns were kept."""
    await asyncio.gather(*(replicas[n % 3].turn("hot", f"e{n}", noting(f"e{n}")) for n in range(30)))
    written = [int(line.body) for line in await replicas[0].lines("hot")]

    sent: list[int] = []
    while claimed := await claim(replicas[len(sent) % 3]):
        (message,) = claimed
        sent.append(message.id)
        await settle(replicas[(len(sent) + 1) % 3], message)

    assert len(sent) == len(written) == 30
    assert sent == sorted(sent)


async def test_a_locked_conversation_holds_up_no_other(replicas: Replicas, postgres_url: str) -> None:
    """While somebody sits on one conversation, turns of others are kept; then it goes on itself."""
    await replicas[0].turn("stuck", "e0", counting())
    holder = await asyncpg.connect(postgres_url)
    async with holder.transaction():
        await holder.execute("SELECT 1 FROM conversations WHERE key = 'stuck' FOR UPDATE")
        waiting = asyncio.ensure_future(replicas[0].turn("stuck", "e1", counting()))
        others = await asyncio.gather(
            *(replicas[n % 3].turn(f"free{n}", "e1", counting()) for n in range(30))
        )
        assert not any(receipt.repeat for receipt in others)
        assert not waiting.done()
    await holder.close()

    assert await waiting == Receipt(reply=b"", repeat=False)


async def test_a_message_that_another_replica_is_taking_holds_up_no_other(
    replicas: Replicas, postgres_url: str
) -> None:
    """Its row is locked for a moment; whoever looks for work passes it over."""
    await send(replicas[0], to_send("m1", lane="one"), to_send("m2", lane="two"))
    other = await asyncpg.connect(postgres_url)
    async with other.transaction():
        await other.execute("SELECT FROM outbox WHERE key = 'm1' FOR UPDATE")
        async with asyncio.timeout(30):
            assert keys(await claim(replicas[1], now=time.time())) == ["m2"]
    await other.close()


async def test_a_number_is_given_once(replicas: Replicas) -> None:
    """Three replicas open a case with one number at once: one of them has it, two keep nothing."""
    results = await asyncio.gather(
        *(store.turn(f"c{n}", "e1", opening(case("HR-7K3F"))) for n, store in enumerate(replicas)),
        return_exceptions=True,
    )

    assert sum(isinstance(result, NumberTaken) for result in results) == 2
    assert [await replicas[0].conversation(f"c{n}") is not None for n in range(3)].count(True) == 1


async def test_news_of_a_case_from_all_sides_are_all_in_its_log(replicas: Replicas) -> None:
    """Its log has every entry, whatever conversations and replicas they came from."""
    await replicas[0].turn("c", "e1", opening(case("HR-1")))

    await asyncio.gather(
        *(
            replicas[n % 3].turn(f"agent{n}", "e1", changing(CaseChange(number="HR-1", at=n, note=f"n{n}")))
            for n in range(30)
        )
    )

    record = await replicas[1].case("HR-1")
    assert record is not None
    assert sorted(entry.note for entry in record.log[1:]) == sorted(f"n{n}" for n in range(30))


async def test_lanes_entered_crosswise_all_get_in(replicas: Replicas) -> None:
    """Turns that wait for each other's lanes are sorted out by the database; none is lost."""
    lanes = ("x", "y", "z")

    async def turn(n: int) -> Receipt:
        order = lanes[n % 3 :] + lanes[: n % 3]
        messages = [to_send(f"{n}/{lane}", lane=lane) for lane in order]
        return await replicas[n % 3].turn(f"c{n}", "e1", counting(*messages))

    receipts = await asyncio.gather(*(turn(n) for n in range(12)))

    assert not any(receipt.repeat for receipt in receipts)
    assert (await replicas[0].depth())["ready"] == 36
    assert len(await claim(replicas[0], limit=99)) == 3


# ---- the outbox


async def test_a_lane_is_held_by_one_replica_at_a_time(replicas: Replicas) -> None:
    """Turns write, dispatchers claim, all at once: no two messages of a lane are ever out, none is left."""
    total, lanes = 120, 5
    held: dict[str, str] = {}
    sent: defaultdict[str, list[int]] = defaultdict(list)

    async def write(n: int) -> None:
        message = to_send(f"m{n}", lane=f"lane{n % lanes}")
        await replicas[n % 3].turn(f"c{n % 7}", f"e{n}", counting(message))

    async def dispatch(store: Store) -> None:
        while sum(map(len, sent.values())) < total:
            for message in await claim(store, now=time.time(), limit=3):
                assert message.lane not in held, f"{message.key} beside {held[message.lane]}"
                held[message.lane] = message.key
                await asyncio.sleep(0)
                sent[message.lane].append(message.id)
                del held[message.lane]
                assert await settle(store, message)

    async with asyncio.timeout(120):
        await asyncio.gather(*(write(n) for n in range(total)), *map(dispatch, replicas))

    assert all(ids == sorted(ids) for ids in sent.values())
    assert await replicas[0].depth() == {"ready": 0, "leased": 0, "parked": 0, "dead": 0}


async def test_what_joins_a_lane_while_it_empties_is_not_forgotten(replicas: Replicas) -> None:
    """The last message ends on one replica while the next is written on another, again and again."""
    first, second, _ = replicas
    await send(first, to_send("m0"))
    for n in range(1, 40):
        (message,) = await claim(first, now=time.time())
        await asyncio.gather(settle(first, message), second.turn(f"c{n}", "e", counting(to_send(f"m{n}"))))
        assert await first.next_due() in {0.0, 1.0}  # it was new, or had to wait for its lane

    assert len(await claim(second, now=time.time())) == 1


async def test_a_zombie_of_another_replica_changes_nothing(replicas: Replicas) -> None:
    """It slept past its lease; whoever took the message over finishes it, once."""
    first, second, _ = replicas
    await send(first, to_send("m"))
    now = time.time()
    (zombie,) = await claim(first, now=now, lease=60)
    (holder,) = await claim(second, now=now + 61, lease=60)

    assert not await settle(first, zombie, "dead", error="late")
    late = Settled(id=zombie.id, attempt=zombie.attempt, state="done", receipt="late")
    await first.turn("c", "result", counting(), settles=late)
    assert await settle(second, holder, receipt="mine")

    message = await first.message("m")
    assert message is not None
    assert (message.state, message.receipt, message.attempt) == ("done", "mine", 2)


async def test_a_replica_that_starts_takes_nothing_from_the_others(
    replicas: Replicas, postgres_url: str
) -> None:
    """Leases hold until they end, also when another process comes up meanwhile."""
    await send(replicas[0], to_send("m"))
    now = time.time()
    await claim(replicas[0], now=now, lease=60)

    late = PostgresStore(postgres_url)
    await late.open()
    try:
        assert await claim(late, now=now + 59) == []
        assert keys(await claim(late, now=now + 60)) == ["m"]
    finally:
        await late.close()


@pytest.mark.parametrize("wrong_by", [3600.0, -3600.0, 86_400.0 * 365])
async def test_a_wrong_clock_takes_no_lease_and_misses_nothing(
    replicas: Replicas, postgres_url: str, wrong_by: float
) -> None:
    """The database's time counts: a replica whose clock is wrong sees the same leases as all others."""
    wrong = PostgresStore(postgres_url, clock=lambda: time.time() + wrong_by)
    await wrong.open()
    try:
        await send(replicas[0], to_send("leased"))
        await claim(replicas[0], now=time.time(), lease=60)
        assert await claim(wrong, now=time.time() + wrong_by) == []
        assert await wrong.next_due() == pytest.approx(time.time() + wrong_by + 60, abs=8.0)

        await send(wrong, to_send("own", lane="other"))
        (own,) = await claim(wrong, now=time.time() + wrong_by, lease=30)
        assert own.created_at == pytest.approx(time.time() + wrong_by, abs=8.0)
        assert await claim(replicas[1], now=time.time()) == []
        await settle(wrong, own, "ready", due_at=time.time() + wrong_by + 20)
        assert await replicas[1].next_due() == pytest.approx(time.time() + 20, abs=8.0)
    finally:
        await wrong.close()


async def test_replicas_give_up_the_parked_together(replicas: Replicas, postgres_url: str) -> None:
    """Whoever prunes buries each once, while others prune, write into those lanes and bring people back."""
    for n in range(60):
        await send(replicas[0], to_send(f"m{n}", lane=f"{n % 20}"), conversation=f"c{n % 20}")
    for message in await claim(replicas[0], limit=60):
        await settle(replicas[0], message, "parked", error="403")
    impatient = [PostgresStore(postgres_url, retention=Retention(parked=0.0)) for _ in range(2)]
    for store in impatient:
        await store.open()
    try:
        await asyncio.gather(
            *(store.prune() for store in impatient),
            *(replicas[n % 3].turn(f"c{n}", "e", counting(to_send(f"x{n}", lane=f"{n}"))) for n in range(20)),
        )
    finally:
        for store in impatient:
            await store.close()

    assert await replicas[0].depth() == {"ready": 60, "leased": 0, "parked": 0, "dead": 20}
    assert len(await claim(replicas[1], limit=60)) == 20
    dead = await replicas[0].message("m0")
    assert dead is not None
    assert (dead.state, dead.error) == ("dead", "given up, nobody came back: 403")


# ---- servers die


async def test_killed_connections_lose_nothing(replicas: Replicas, postgres_database: str) -> None:
    """All connections are killed again and again, in the middle of turns: each effect is there once."""
    turns, done = 400, 0
    killed = 0
    sent: list[str] = []

    async def take(n: int) -> None:
        nonlocal done
        store = replicas[n % 3]
        while True:
            try:
                await store.turn(f"c{n % 5}", f"e{n}", counting(to_send(f"m{n}", lane=f"lane{n % 5}")))
            except StoreUnavailable:
                continue
            done += 1
            return

    async def dispatch(store: Store) -> None:
        while len(sent) < turns:
            try:
                for message in await claim(store, now=time.time(), lease=0.5):
                    if await settle(store, message):
                        sent.append(message.key)  # noqa: PERF401  one at a time: the next may fail
            except StoreUnavailable:
                continue

    async def kill() -> None:
        nonlocal killed
        connection = await asyncpg.connect(postgres_database)
        while done < turns:
            killed += await connection.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'handrail'"
            )
            await asyncio.sleep(0.15)
        await connection.close()

    async def known(n: int) -> int:
        stored = await replicas[0].conversation(f"c{n}")
        return stored[0].turn if stored is not None else 0

    async with asyncio.timeout(120):
        await asyncio.gather(kill(), *(take(n) for n in range(turns)))
        await asyncio.gather(*map(dispatch, replicas[:1]))

    assert killed > 3
    assert [await known(n) for n in range(5)] == [turns / 5] * 5
    assert sorted(sent) == sorted(f"m{n}" for n in range(turns))


# ---- how many there are


async def test_replicas_know_how_many_they_are(replicas: Replicas, postgres_url: str) -> None:
    """Whoever says that it is alive is counted, by all; who stops cleanly is gone at once."""
    one, two, three = replicas
    assert [await one.replicas(), await two.replicas(), await three.replicas()] == [1, 2, 3]
    assert await one.replicas() == 3

    await three.close()

    assert await one.replicas() == 2
    assert await ask(postgres_url, "SELECT count(*) FROM replicas") == [(2,)]


async def test_a_replica_that_died_is_forgotten(replicas: Replicas, postgres_url: str) -> None:
    """Three times without a word, by the database's clock, and its share is everybody's again."""
    one, two, _ = replicas
    await one.replicas()
    await two.replicas()
    await ask(postgres_url, f"UPDATE replicas SET heard_at = heard_at - {REPLICA_SILENT - 5}")
    assert await one.replicas() == 2
    await ask(postgres_url, f"UPDATE replicas SET heard_at = heard_at - {REPLICA_SILENT - 5}")

    assert await one.replicas() == 1

    assert await ask(postgres_url, "SELECT count(*) FROM replicas") == [(1,)]


async def test_many_looks_at_once_hold_up_nobody(replicas: Replicas, postgres_url: str) -> None:
    """All of them forget the same dead ones without waiting for each other crosswise."""
    await replicas[0].replicas()
    await ask(postgres_url, "INSERT INTO replicas SELECT 'dead ' || n, 0 FROM generate_series(1, 500) AS n")

    numbers = await asyncio.gather(*(each.replicas() for each in replicas for _ in range(10)))

    assert set(numbers) <= {1, 2, 3}
    assert await replicas[0].replicas() == 3
