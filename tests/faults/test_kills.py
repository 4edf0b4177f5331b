"""The promise, while bots are killed: short runs of what `make soak` does at length."""

from pathlib import Path

from tests.faults import kills
from tests.faults.conftest import Bots
from tests.faults.kills import Plan


async def test_whatever_dies_every_event_takes_effect_once(bots: Bots, tmp_path: Path) -> None:
    """Killed at named points and at random, behind a bad network: nothing lost, nothing twice."""
    plan = Plan(kills=80, replicas=bots.replicas, database=bots.database, seed=1000002)
    result = await kills.run(plan, tmp_path)

    assert result.verdict.failures() == {}
    assert result.deaths.total() >= plan.kills
    assert result.deaths.total() - result.deaths["at random"] > plan.kills / 16, result.deaths
    assert result.verdict.counted["cases"] > plan.kills / 8
    assert result.verdict.counted["files"] > plan.kills / 8
    assert result.verdict.counted["graded"] > 0
    assert result.posts_again > 0
