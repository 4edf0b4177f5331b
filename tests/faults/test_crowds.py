"""Everybody at once: short runs of what `make soak` does at length."""

from pathlib import Path

from tests.faults import crowds
from tests.faults.conftest import Bots


async def test_copies_and_floods(bots: Bots, tmp_path: Path) -> None:
    """A hundred copies of an event are one turn with one answer; a flood is taken one after the other."""
    assert await crowds.run(tmp_path, bots.database, bots.replicas, copies=5, floods=3) == []
