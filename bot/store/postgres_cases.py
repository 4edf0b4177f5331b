"""Cases in PostgreSQL: opened and changed, in a turn's transaction. It must not know what a turn decides."""

import asyncpg

from bot.errors import NumberTaken
from bot.store.api import CaseChange, CaseRecord
from bot.store.postgres_files import give_files
from bot.store.postgres_queries import Database, first, run
from bot.store.rows import case_values


async def open_case(db: Database, record: CaseRecord) -> None:
    """Keep a new case.

    Raises:
        NumberTaken: Its number is in use.
    """
    log = {
        "log_ats": [entry.at for entry in record.log],
        "log_statuses": [entry.status for entry in record.log],
        "log_agents": [entry.by for entry in record.log],
        "log_notes": [entry.note for entry in record.log],
        "log_whats": [entry.what for entry in record.log],
    }
    try:
        await run(db, "add_case", **case_values(record), **log)
    except asyncpg.UniqueViolationError:
        raise NumberTaken(record.number) from None
    await give_files(db, record.number, [each.id for each in record.file.files])


async def change_case(db: Database, change: CaseChange) -> None:
    """Keep news of a case.

    Raises:
        LookupError: There is no such case.
    """
    changed = await first(
        db,
        "change_case",
        number=change.number,
        at=change.at,
        status=change.status,
        severity=change.severity,
        agent=change.by,
        owner=change.owner,
        reference=change.reference,
        note=change.note,
        what=change.what,
        reason=change.reason,
        fix=change.fix,
        names=change.names,
    )
    if changed is None:
        raise LookupError(f"there is no case {change.number}")
    await give_files(db, change.number, change.files)
