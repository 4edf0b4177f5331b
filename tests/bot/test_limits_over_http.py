"""The running bot keeps Teams' limits without being told to, and shares them with the replicas there are."""

from pathlib import Path

import pytest

from bot.store.open import open_store
from bot.teams.pace import Limits
from bot.teams.windows import Window
from dialogs.language.load import load
from dialogs.library import Library
from tests.support.cloud import PlayedCloud
from tests.support.waiting import until
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


async def test_what_the_apps_limit_has_no_room_for_is_not_begun(tmp_path: Path, library: Library) -> None:
    """One request an hour: the second screen waits in the outbox, and nobody has tried it."""
    one = Limits(app=(Window(1, 3600),))
    async with PlayedCloud() as cloud, whole_bot_as_it_is(cloud, tmp_path, library, limits=one) as bot:
        assert bot.parts is not None
        store = bot.parts.store

        async def all_done() -> bool:
            return not any((await store.depth()).values())

        assert await bot.says("hello", id="a1") == 200
        await bot.until(lambda: len(bot.arrived()) == 1)
        await until(all_done)
        assert await bot.says("hello", id="a2") == 200
        (waiting,) = await store.waiting(limit=9)

        assert (waiting.state, waiting.attempt, waiting.behind) == ("ready", 0, False)
        assert len(bot.arrived()) == 1


@pytest.mark.postgres
async def test_two_replicas_have_half_of_it_each(tmp_path: Path, postgres_url: str, library: Library) -> None:
    """Another one is alive: of six messages at once to one chat the fourth waits."""
    other = await open_store(postgres_url)
    assert await other.replicas() == 1
    async with (
        PlayedCloud() as cloud,
        whole_bot_as_it_is(cloud, tmp_path, library, HANDRAIL_DATABASE_URL=postgres_url) as bot,
    ):
        for n in range(6):
            assert await bot.says("hello", id=f"a{n}") == 200
        await bot.until(lambda: held_back(bot))
        assert len(bot.arrived()) <= 3
        await bot.until(lambda: len(bot.arrived()) == 6)
    await other.close()
