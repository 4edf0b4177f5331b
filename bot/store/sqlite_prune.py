"""What SQLite forgets for its age, a portion a transaction. It must not know when, nor on which thread."""

import sqlite3

import structlog

from bot.store.retention import GIVEN_UP, PORTION, Retention
from bot.store.sqlite_queries import every, run
from bot.store.sqlite_room import let_next_go

_log = structlog.get_logger(__name__)


def prune(db: sqlite3.Connection, retention: Retention, now: float) -> int:
    """Forget one portion of each; how many rows."""
    pruned = 0
    for name, age in retention.ages():
        if name == "bury_parked":
            lanes = every(db, name, now=now, before=now - age, limit=PORTION)
            for (lane,) in lanes:
                let_next_go(db, lane)
            if lanes:
                _log.warning("parked_given_up", messages=len(lanes), what_to_do=GIVEN_UP)
            pruned += len(lanes)
        else:
            pruned += run(db, name, before=now - age, limit=PORTION).rowcount
    return pruned
