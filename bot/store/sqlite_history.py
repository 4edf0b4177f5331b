"""What is over, in SQLite; see `bot.store.history`. It must not know what is made of it."""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from bot.store.history import (
    NEWEST,
    PastCase,
    Solved,
    outcome_of,
    outcome_values,
    past_case_of,
    solved_of,
)
from bot.store.rows import Row
from bot.store.sqlite_part import SqlitePart
from bot.store.sqlite_queries import every, run
from dialogs.outcome import Outcome


def add_outcome(db: sqlite3.Connection, outcome: Outcome) -> None:
    """Keep how a session ended, in the turn that ended it."""
    run(db, "add_outcome", **outcome_values(outcome))


class SqliteHistory(SqlitePart):
    """That part of the store."""

    async def solved(self, code: int, *, since: int) -> Solved:
        """See `History.solved`. An index has all of it."""
        return solved_of(code, await self._looked_up("solved", code=str(code), since=since, limit=NEWEST))

    async def past_cases(self, *, since: int, after: tuple[int, str], limit: int = 200) -> Sequence[PastCase]:
        """See `History.past_cases`."""
        opened_at, number = max(after, (since, ""))

        def work(db: sqlite3.Connection) -> list[PastCase]:
            rows = every(db, "past_cases", opened_at=opened_at, number=number, limit=limit)
            if not rows:
                return []
            steps: dict[str, list[Row]] = defaultdict(list)
            last = {"last_at": rows[-1][1], "last": rows[-1][0]}
            for each, *step in every(db, "past_steps", opened_at=opened_at, number=number, **last):
                steps[each].append(step)
            return [past_case_of(row, steps[row[0]]) for row in rows]

        return await self._writer.do(work)

    async def outcomes(self, *, since: int, after: int, limit: int = 1000) -> Sequence[tuple[int, Outcome]]:
        """See `History.outcomes`."""
        values = {"since": since, "after": after, "limit": limit}
        rows = await self._writer.do(lambda db: every(db, "outcomes", **values))
        return [outcome_of(row) for row in rows]
