"""The running bot keeps Teams' limits without being told to, and shares them with the replicas there are."""

from pathlib import Path

import pytest

from bot.store.open import open_store
from dialogs.language.load import load
from dialogs.library import Library
from tests.support.cloud import PlayedCloud
from tests.support.whole import Whole, whole_bot_as_it_is

HELD_BACK = 'handrail_connector_postponed_total{why="thread"}'


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return load(Path(__file__).parents[2] / "content")[0]


def held_back(bot: Whole) -> bool:
    """Whether something was not sent for its chat's limit."""
    assert bot.parts is not None
    lines = bot.parts.metrics.text().decode().splitlines()
    return any(line.startswith(HELD_BACK) and not line.endswith(" 0.0") for line in lines)


async def test_seven_messages_a_second_to_one_chat(tmp_path: Path, library: Library) -> None:
    """Twelve are asked for at once: the eighth waits, and all of them arrive."""
    async with PlayedCloud() as cloud, whole_bot_as_it_is(cloud, tmp_path, library) as bot:
        for n in range(12):
            assert await bot.says("hello", id=f"a{n}") == 200
        await bot.until(lambda: held_back(bot))
        assert len(bot.arrived()) <= 7
        await bot.until(lambda: len(bot.arrived()) == 12)


@pytest.mark.postgres
async def test_two_replicas_have_half_of_it_each(tmp_path: Path, postgres_url: str, library: Library) -> None:
    """Another one is alive: of six messages at once to one chat the fourth waits."""
    other = await open_store(postgres_url)
    assert await other.replicas() == 1
    where = {"HANDRAIL_DATABASE_URL": postgres_url}
    async with PlayedCloud() as cloud, whole_bot_as_it_is(cloud, tmp_path, library, **where) as bot:
        for n in range(6):
            assert await bot.says("hello", id=f"a{n}") == 200
        await bot.until(lambda: held_back(bot))
        assert len(bot.arrived()) <= 3
        await bot.until(lambda: len(bot.arrived()) == 6)
    await other.close()
