"""Somebody of the helpdesk and a person talk through the bot, over a network that loses what it can."""

from pathlib import Path

from tests.faults.books import compare
from tests.faults.people import People
from tests.faults.person import Habits
from tests.faults.replicas import Born, Nursery
from tests.faults.settings import asking, settings
from tests.faults.world import world
from tests.support.fault_proxy import Weather
from tests.support.processes import free_port
from tests.support.waiting import until

STORM = Weather(delay=0.3, reset=0.05, lose_answer=0.05)


async def test_fifty_messages_go_both_ways_in_order_through_a_storm(tmp_path: Path) -> None:
    """Twenty-five questions, as many answers: the same ones in the same order on both sides, none lost."""
    async with (
        world(tmp_path / "journal.jsonl", STORM, seed=4711) as around,
        Nursery.open(tmp_path / "log") as nursery,
    ):
        env = settings(around, tmp_path, "") | {"HANDRAIL_PORT": str(free_port())}
        bot = await nursery.up("bot", Born(env=env, log=str(tmp_path / "bots.log"), lease=30.0))
        people = People(around, lambda: [bot], 7, Habits(helpdesk_only=True, helped=1.0, questions=(25, 25)))
        await people.talk(1, lambda: bool(people.finished))
        ask = asking(tmp_path, "")

        async def empty() -> bool:
            waiting = await ask("SELECT count(*) FROM outbox WHERE state IN ('ready', 'leased')")
            return bool(waiting[0][0] == 0)

        await until(empty)
        verdict = await compare(people.deeds, around.journal(), None, ask)

    assert verdict.failures() == {}
    (conversation,) = people.finished
    questions = [each for each in around.told[conversation] if "question" in each]
    (thread, _) = next(iter(around.threads.values()))
    answers = [each.split("“")[1] for each in around.told[thread] if "answers" in each]
    assert len(dict.fromkeys(questions)) == len(dict.fromkeys(answers)) == 25
    assert around.proxy.lost + around.proxy.reset > 5
