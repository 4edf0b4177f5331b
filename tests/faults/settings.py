"""How the bots of the fault tests are set up, and how their database is read from outside."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.faults.verdict import Ask
from tests.faults.world import World
from tests.support.postgres import ask as ask_postgres
from tests.support.whole import environment


def settings(around: World, folder: Path, database: str) -> dict[str, str]:
    """A bot's settings.

    Args:
        around: The world it lives in.
        folder: Where its database is.
        database: The URL of a PostgreSQL database, "" for SQLite in `folder`.
    """
    return {
        **environment(around.cloud, folder / "handrail.db"),
        **({"HANDRAIL_DATABASE_URL": database} if database else {}),
        "HANDRAIL_HELPDESK_SERVICE_URL": around.service_url,
        "HANDRAIL_SERVICE_URLS": around.service_url,
    }


def asking(folder: Path, database: str) -> Ask:
    """Reads the database that `settings` names."""

    async def ask(sql: str) -> Sequence[Sequence[Any]]:
        if database:
            return await ask_postgres(database, sql)
        with closing(sqlite3.connect(f"file:{folder}/handrail.db?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchall()

    return ask
