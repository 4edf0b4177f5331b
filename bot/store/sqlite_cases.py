"""Cases in SQLite: opened, changed, looked up, looked for. It must not know when, nor on which thread."""

import sqlite3
from collections.abc import Sequence

from bot.errors import NumberTaken
from bot.store.api import CaseChange, CaseRecord, CaseSearch, LogEntry
from bot.store.rows import Row, case_of, case_values, facet_values, search_values
from bot.store.sqlite_files import give_files
from bot.store.sqlite_queries import every, first, run
from dialogs.conversation import CaseStatus


def one_case(db: sqlite3.Connection, number: str) -> CaseRecord | None:
    """The case with this number."""
    row = first(db, "case", number=number)
    return _with_log(db, row) if row else None


def newest_cases(db: sqlite3.Connection, statuses: Sequence[CaseStatus], limit: int) -> list[CaseRecord]:
    """The newest of some statuses, or of all: each status by its index, then the newest of all."""
    if not statuses:
        rows = every(db, "cases", limit=limit)
    else:
        rows = [
            row for each in set(statuses) for row in every(db, "cases_by_status", status=each, limit=limit)
        ]
        rows.sort(key=_age, reverse=True)
    return [_with_log(db, row) for row in rows[:limit]]


def found_cases(db: sqlite3.Connection, search: CaseSearch) -> list[CaseRecord]:
    """Those that fit, by the index of each status."""
    name = "find_oldest" if search.oldest_first else "find_newest"
    values = search_values(search)
    rows = [row for status in set(search.statuses) for row in every(db, name, status=status, **values)]
    rows.sort(key=_age, reverse=not search.oldest_first)
    return [_with_log(db, row) for row in rows[: search.limit]]


def open_case(db: sqlite3.Connection, record: CaseRecord) -> None:
    """Keep a new case.

    Raises:
        NumberTaken: Its number is in use.
    """
    if not run(db, "add_case", **case_values(record), **facet_values(record)).rowcount:
        raise NumberTaken(record.number)
    for entry in record.log:
        _log_case(db, record.number, entry, status=entry.status)
    give_files(db, record.number, [each.id for each in record.file.files])


def change_case(db: sqlite3.Connection, change: CaseChange) -> None:
    """Keep news of a case.

    Raises:
        LookupError: There is no such case.
    """
    number = change.number
    kept = {"status": change.status, "severity": change.severity}  # None: as it was
    values = {**kept, "at": change.at, "owner": change.owner, "reference": change.reference}
    ended = {"reason": change.reason, "fix": change.fix}
    if not run(db, "change_case", number=number, **values, **ended).rowcount:
        raise LookupError(f"there is no case {number}")
    _log_case(db, number, change, status=change.status)
    give_files(db, number, change.files)


def _log_case(
    db: sqlite3.Connection, number: str, entry: LogEntry | CaseChange, *, status: CaseStatus | None
) -> None:
    said = {"agent": entry.by, "note": entry.note, "what": entry.what, "names": entry.names}
    ended = {"reason": entry.reason, "fix": entry.fix}
    run(db, "log_case", number=number, at=entry.at, status=status, **said, **ended)


def _age(row: Row) -> tuple[int, str]:
    return row[3], row[0]


def _with_log(db: sqlite3.Connection, row: Row) -> CaseRecord:
    return case_of(row, every(db, "case_log", number=row[0]))
