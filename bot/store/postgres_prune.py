"""What PostgreSQL forgets because of its age, a portion at a time. It must not know when."""

import structlog

from bot.store.postgres_queries import Database, run
from bot.store.retention import GIVEN_UP, PORTION, Retention

_log = structlog.get_logger(__name__)


async def prune(db: Database, retention: Retention) -> int:
    """Forget one portion of each, without waiting for another replica that prunes; how many rows."""
    pruned = 0
    for name, age in retention.ages():
        rows = await run(db, name, age=age, limit=PORTION)
        if name == "bury_parked" and rows:
            _log.warning("parked_given_up", messages=len(rows), what_to_do=GIVEN_UP)
        pruned += len(rows)
    return pruned
