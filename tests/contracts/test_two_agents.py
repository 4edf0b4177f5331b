"""Two of the helpdesk at once, on one database: one of them has the case, and everybody says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from bot.address import Address
from bot.store.api import Store
from bot.store.postgres import PostgresStore
from bot.turn import Turns
from dialogs.events import CaseClaimed, CaseResolved, Event, Said
from tests.support import small_guides
from tests.support.keeping import OpenStore

TIMES = 1000


@pytest.fixture
async def offices(open_again: OpenStore, store: Store) -> AsyncIterator[tuple[Turns, Turns, Store]]:
    """Two agents' bots: two replicas where the store can be shared, one bot where it cannot."""
    library = small_guides.shipped()
    async with AsyncExitStack() as stack:
        other = store
        if isinstance(store, PostgresStore):
            other = await open_again()
            stack.push_async_callback(other.close)
        both = [Turns(library=lambda: library, store=each, changed=lambda _: None) for each in (store, other)]
        yield both[0], both[1], store


async def handed_over(turns: Turns, store: Store, person: str) -> str:
    """The number of a new case."""
    words = ("AADSTS1000002", "a person please", "hand it over")
    for n, said in enumerate(words):
        event = Said(at=n, text=said)
        await turns.take(person, f"said/{n}", event, Address(surface="teams"))
    kept = await store.conversation(person)
    assert kept is not None
    assert kept[0].case is not None
    return kept[0].case.number


async def test_of_two_who_claim_at_the_same_moment_one_has_it(
    offices: tuple[Turns, Turns, Store],
) -> None:
    """A thousand cases, two agents each: one claim in every log, by whom the case names."""
    here, there, store = offices
    claims = []
    for n in range(TIMES):
        person = f"person-{n}"
        number = await handed_over(here, store, person)
        await asyncio.gather(
            here.take(person, "claim/ada", CaseClaimed(at=5, number=number, by="Ada")),
            there.take(person, "claim/ben", CaseClaimed(at=5, number=number, by="Ben")),
        )
        kept = await store.case(number)
        assert kept is not None
        claims.append([(entry.by, kept.by) for entry in kept.log if entry.what == "claimed"])

    assert {len(each) for each in claims} == {1}
    assert all(by == owner for ((by, owner),) in claims)


async def test_who_closes_and_who_claims_at_the_same_moment(offices: tuple[Turns, Turns, Store]) -> None:
    """Whatever comes first: a closed case is not claimed afterwards, and is closed once."""
    here, there, store = offices
    for n in range(50):
        person = f"person-{n}"
        number = await handed_over(here, store, person)
        events: list[Event] = [
            CaseResolved(at=5, number=number, by="Ada", note="Done."),
            CaseClaimed(at=5, number=number, by="Ben"),
            CaseResolved(at=5, number=number, by="Ben", note="Done, too."),
        ]
        offices_of_each = zip((here, there, there), events, strict=True)
        await asyncio.gather(
            *(turns.take(person, f"{n}/{i}", event) for i, (turns, event) in enumerate(offices_of_each))
        )
        kept = await store.case(number)
        assert kept is not None
        steps = [entry.what for entry in kept.log][1:]
        assert steps.count("resolved") == 1
        assert steps in (["resolved"], ["claimed", "resolved"])
