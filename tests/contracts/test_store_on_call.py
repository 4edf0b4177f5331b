"""The promises of `bot.store.on_call.Roster`, over every store there is."""

import asyncio

from bot.store.api import Store
from bot.store.on_call import OnCall
from tests.support.keeping import OpenStore

CHANNEL, OTHER = "19:desk@thread.tacv2", "19:others@thread.tacv2"


def said(name: str, since: float, channel: str = CHANNEL) -> OnCall:
    """Somebody is on call, or nobody for an empty name."""
    return OnCall(channel=channel, user_id=f"29:{name}" if name else "", name=name, since=since)


async def test_whoever_said_it_last_is_on_call_for_that_channel(open_again: OpenStore) -> None:
    """Also after a restart; each channel has its own, and at first nobody is."""
    first = await open_again()
    assert await first.on_call(CHANNEL) is None
    await first.set_on_call(said("Anna <Ops> 🚀", 10.5))
    await first.set_on_call(said("Ben", 11.25))
    await first.set_on_call(said("Cem", 9.0, OTHER))
    await first.close()

    second = await open_again()
    assert await second.on_call(CHANNEL) == said("Ben", 11.25)
    assert await second.on_call(OTHER) == said("Cem", 9.0, OTHER)
    await second.close()


async def test_an_older_word_that_comes_again_changes_nothing(store: Store) -> None:
    """Teams repeats messages: neither an old "on call" nor an old "off call" undoes what was said since."""
    await store.set_on_call(said("Anna", 10.0))
    await store.set_on_call(said("", 20.0))
    await store.set_on_call(said("Anna", 10.0))
    assert await store.on_call(CHANNEL) is None

    await store.set_on_call(said("Ben", 30.0))
    await store.set_on_call(said("", 20.0))
    assert await store.on_call(CHANNEL) == said("Ben", 30.0)


async def test_of_many_who_say_it_at_once_the_latest_word_stays(store: Store) -> None:
    """In whatever order they are kept."""
    words = [said(f"Agent {n}", 100.0 + n) for n in range(12)]

    await asyncio.gather(*(store.set_on_call(each) for each in (*words[6:], *words[:6])))

    assert await store.on_call(CHANNEL) == words[-1]
