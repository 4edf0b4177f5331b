"""A storm of 429s goes by: nothing is lost, nothing comes twice, and Teams is never pressed."""

import pytest

from tests.faults.storm import CHANNEL, Storm


@pytest.mark.parametrize("replicas", [1, 3])
async def test_a_storm_of_429s_loses_nothing(replicas: int) -> None:
    """Our own requests break no limit, whatever Teams answers, and each conversation keeps its order."""
    storm = Storm(conversations=50, minutes=2, rate=20, cases=60, replicas=replicas)

    figures = await storm.run()

    assert figures.refused > 500
    assert figures.broken == 0
    assert (figures.lost, figures.doubled, figures.disordered, figures.waiting) == (0, 0, 0, 0)
    assert figures.calm_delay <= 2
    if replicas == 1:
        assert figures.early == 0
        assert figures.at_best / figures.drained_in >= 0.8
    # What Teams says to one replica the others hear when they ask themselves: of a channel, which many cases
    # share, and never of a chat, whose next message only follows the one that waits.
    assert storm.teams.early.total() == storm.teams.early[CHANNEL]
