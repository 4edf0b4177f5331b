"""What is over, in PostgreSQL; see `bot.store.history`. It must not know what is made of it."""

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
from bot.store.postgres_part import PostgresPart
from bot.store.postgres_queries import Database, run
from dialogs.outcome import Outcome


async def add_outcome(db: Database, outcome: Outcome) -> None:
    """Keep how a session ended, in the turn that ended it."""
    await run(db, "add_outcome", **outcome_values(outcome))


class PostgresHistory(PostgresPart):
    """That part of the store."""

    async def solved(self, code: int, *, since: int) -> Solved:
        """See `History.solved`. An index has all of it."""
        return solved_of(code, await self._rows("solved", code=str(code), since=since, limit=NEWEST))

    async def past_cases(self, *, since: int, after: tuple[int, str], limit: int = 200) -> Sequence[PastCase]:
        """See `History.past_cases`."""
        opened_at, number = max(after, (since, ""))
        rows = await self._rows("past_cases", opened_at=opened_at, number=number, limit=limit)
        return [past_case_of(row[:7], row[7]) for row in rows]

    async def outcomes(self, *, since: int, after: int, limit: int = 1000) -> Sequence[tuple[int, Outcome]]:
        """See `History.outcomes`."""
        rows = await self._rows("outcomes", since=since, after=after, limit=limit)
        return [outcome_of(row) for row in rows]
