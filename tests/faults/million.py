"""A bot that starts on a long history: a million messages sent, a million events taken, a million lines said.

    python -m tests.faults.million [--rows N]

For SQLite and PostgreSQL: how long from the command to the first answer and to "ready", and how long a claim
takes beside the history. The suite asserts plans instead of seconds: `tests/bot/store/test_queries.py` and
`test_postgres_queries.py`.
"""

import argparse
import asyncio
import contextlib
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

import aiohttp
import asyncpg

from bot.delivery import AT_ONCE
from bot.store.migrate import migrate
from bot.store.open import open_store
from bot.store.postgres_setup import migrate as migrate_postgres
from tests.support.cloud import PlayedCloud
from tests.support.keeping import send, to_send
from tests.support.postgres import restartable_server
from tests.support.processes import HANDRAIL, environment, free_port, running
from tests.support.whole import environment as settings

ALLOWED = 5.0  # seconds from the command to "ready"
CLAIMS = 50
_BODY = "x" * 400  # bytes; a screen has about as many
# {numbers} is a table of one column n; the times are spread over the last thirty days.
_HISTORY = """
INSERT INTO conversations (key, state, address, turns, lines)
SELECT 'c' || n, {blob}, NULL, 100, 100 FROM {numbers} WHERE n <= {rows} / 100;

INSERT INTO taken (conversation, event, at, reply)
SELECT 'c' || (1 + n % ({rows} / 100)), 'activity/' || n, {now} - n % 2592000, {blob} FROM {numbers};

INSERT INTO lines (conversation, seq, session, who, at, body)
SELECT 'c' || (1 + n % ({rows} / 100)), 1 + n / ({rows} / 100), 1, 'bot', 1, {blob} FROM {numbers};

INSERT INTO outbox
    (id, key, lane, kind, conversation, body, state, attempt, created_at, settled_at, error, receipt)
SELECT n - {rows}, 'show/' || n, 'c' || (1 + n % ({rows} / 100)), 'show', 'c1', {blob}, 'done', 1,
    {now} - n % 2592000, {now} - n % 2592000, '', 'r' FROM {numbers};
"""


def fill_sqlite(path: Path, rows: int) -> str:
    """A new database with a history; its URL."""
    counted = f"SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows}"
    numbers, blob = f"(WITH RECURSIVE s(n) AS ({counted}) SELECT n FROM s)", f"CAST('{_BODY}' AS BLOB)"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db)
        db.execute("PRAGMA synchronous=OFF")
        db.executescript(_HISTORY.format(numbers=numbers, rows=rows, now=time.time(), blob=blob))
    return f"sqlite:///{path}"


async def fill_postgres(url: str, rows: int) -> None:
    """The same in an empty database."""
    numbers, blob = f"generate_series(1, {rows}) AS n", f"'{_BODY}'::bytea"
    db = await asyncpg.connect(url)
    try:
        await migrate_postgres(db)
        await db.execute("ALTER TABLE outbox DISABLE TRIGGER USER")
        await db.execute(_HISTORY.format(numbers=numbers, rows=rows, now=time.time(), blob=blob))
        await db.execute("ALTER TABLE outbox ENABLE TRIGGER USER")
    finally:
        await db.close()


async def started(folder: Path, url: str) -> tuple[float, float]:
    """Seconds from the command to the first answer, and to "ready"."""
    async with PlayedCloud() as cloud, aiohttp.ClientSession() as http:
        port = free_port()
        known = {
            **settings(cloud, folder / "unused"),
            "HANDRAIL_DATABASE_URL": url,
            "HANDRAIL_PORT": str(port),
        }
        began = time.monotonic()
        async with running(HANDRAIL, "serve", folder=folder, log="bot.log", env=environment(**known)):
            alive, ready = [
                await _seconds(http, f"http://127.0.0.1:{port}/{page}", began)
                for page in ("healthz", "readyz")
            ]
    return alive, ready


async def _seconds(http: aiohttp.ClientSession, url: str, began: float) -> float:
    async with asyncio.timeout(120):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return time.monotonic() - began
            await asyncio.sleep(0.01)


async def claims(url: str) -> list[float]:
    """Milliseconds that claims of one message each take; the first one prunes as well and is left out."""
    store = await open_store(url)
    try:
        taken = []
        for number in range(CLAIMS + 1):
            await send(store, to_send(f"m{number}", lane=f"lane{number}"), conversation="new")
            began = time.monotonic()
            found = await store.claim(now=time.time(), lease=60.0, limits=AT_ONCE)
            taken.append((time.monotonic() - began) * 1000)
            assert len(found.messages) == 1
        return taken[1:]
    finally:
        await store.close()


def report(name: str, folder: Path, url: str, filled: float) -> float:
    """Measure and print; the seconds to "ready"."""
    alive, ready = asyncio.run(started(folder, url))
    taken = asyncio.run(claims(url))
    print(
        f"{name}: filled in {filled:.0f} s; first answer after {alive:.2f} s, ready after {ready:.2f} s;"
        f" a claim takes {statistics.median(taken):.1f} ms, at most {max(taken):.1f} ms",
        flush=True,
    )
    return ready


def main() -> None:
    """Both databases, with figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows: int = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.monotonic()
        url = fill_sqlite(folder / "handrail.db", rows)
        slowest = report("SQLite", folder, url, time.monotonic() - began)
        with restartable_server() as server:
            began = time.monotonic()
            asyncio.run(fill_postgres(server.url, rows))
            slowest = max(slowest, report("PostgreSQL", folder, server.url, time.monotonic() - began))
    assert slowest < ALLOWED


if __name__ == "__main__":
    main()
