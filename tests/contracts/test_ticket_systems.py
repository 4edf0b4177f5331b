"""Every promise of `bot.tickets.api.TicketSystem`, one test each, over every ticket system there is.

A new system adds a line to `ELSEWHERE`: how it is played, and a few levers on what it does next.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import aiohttp
import pytest

from bot.errors import DeliveryFailed, DeliveryRefused
from bot.secret import Secret
from bot.store.api import Store
from bot.store.open import open_store
from bot.tickets.api import Ticket, TicketSystem
from bot.tickets.builtin import BuiltinTickets
from bot.tickets.http import open_client
from bot.tickets.signature import PREFIX
from bot.tickets.webhook import WebhookTickets
from tests.support.keeping import case, opening
from tests.support.tickets import PlayedTickets

PATIENT = aiohttp.ClientTimeout(total=60)  # a machine that has much to do is no silent system
HASTY = aiohttp.ClientTimeout(total=1.0)  # while an answer is not going to come


def ticket(number: str) -> Ticket:
    """A ticket as the outbox hands it over."""
    return Ticket(key=number, title=f"{number} · SAP", body="Codes: AADSTS1000002", record=case(number))


class Played(Protocol):
    """One ticket system as the bot knows it, and as it is seen from its own side."""

    system: TicketSystem

    async def kept(self, number: str) -> Ticket:
        """A case that the turn has kept, on its way into the system."""
        ...

    async def count(self, number: str) -> int:
        """How many tickets the system has of this case."""
        ...


class Elsewhere(Played, Protocol):
    """A system that another process keeps, with everything that can go wrong on the way to it."""

    secrets: tuple[str, ...]

    def loses_an_answer(self) -> None:
        """The next ticket is made, and nobody hears of it."""
        ...

    def answers_too_late(self) -> None:
        """The next ticket is made, and the answer does not come in time."""
        ...

    def refuses(self, why: str) -> None:
        """No ticket is taken from now on, for what is in it."""
        ...

    def is_in_trouble(self, why: str) -> None:
        """Neither tickets nor questions are served from now on, through no fault of ours."""
        ...

    def does_not_know_us(self) -> None:
        """It has another secret from now on."""
        ...

    def is_well_again(self) -> None:
        """All of that is over, but for the secret."""
        ...

    async def goes_down(self) -> None:
        """It listens no more."""
        ...

    async def comes_back(self) -> None:
        """It listens again."""
        ...


class Builtin:
    """The bot's own database."""

    def __init__(self, store: Store) -> None:
        self.system: TicketSystem = BuiltinTickets(store)
        self._store = store

    async def kept(self, number: str) -> Ticket:
        """The turn keeps the case, and with it the ticket."""
        await self._store.turn("c", f"open {number}", opening(case(number)))
        return ticket(number)

    async def count(self, number: str) -> int:
        """Cases with this number."""
        return sum(each.number == number for each in await self._store.cases())


class Webhook:
    """A receiver of webhooks."""

    def __init__(self, client: aiohttp.ClientSession, played: PlayedTickets) -> None:
        self.system: TicketSystem = WebhookTickets(client, played.url, Secret(played.secret))
        self._client = client
        self.secrets = (played.secret, played.secret.removeprefix(PREFIX))
        self._played = played

    async def kept(self, number: str) -> Ticket:
        """The receiver learns of it with the ticket."""
        return ticket(number)

    async def count(self, number: str) -> int:
        """Tickets with this number."""
        return len(self._played.made(number))

    def loses_an_answer(self) -> None:
        """It hangs up after its work."""
        self._played.posts.next_with(self._played.take_and_drop)

    def answers_too_late(self) -> None:
        """It works and does not answer."""
        self._client._timeout = HASTY
        self._played.posts.next_with(self._played.take_and_hang)

    def refuses(self, why: str) -> None:
        """It does not like the content."""
        self._played.posts.always(422, why)

    def is_in_trouble(self, why: str) -> None:
        """It is overloaded."""
        self._played.posts.always(503, why)
        self._played.lookups.always(503, why)

    def does_not_know_us(self) -> None:
        """Its secret was changed."""
        self._played.secret = PREFIX + "YW5vdGhlciBzZWNyZXQg" * 2

    def is_well_again(self) -> None:
        """It does as usual."""
        self._client._timeout = PATIENT
        self._played.posts.usual()
        self._played.lookups.usual()

    async def goes_down(self) -> None:
        """It is switched off."""
        await self._played.down()

    async def comes_back(self) -> None:
        """It is switched on, at the same address."""
        await self._played.up()


@asynccontextmanager
async def builtin(folder: Path) -> AsyncIterator[Builtin]:
    """A database with nothing in it."""
    store = await open_store(f"sqlite:///{folder}/handrail.db")
    try:
        yield Builtin(store)
    finally:
        await store.close()


def webhook(
    *, dedupes: bool = True, looks_up: bool = True, lag: int = 0
) -> Callable[[Path], AbstractAsyncContextManager[Webhook]]:
    """A receiver of one kind."""

    @asynccontextmanager
    async def opened(_folder: Path) -> AsyncIterator[Webhook]:
        played = PlayedTickets(dedupes=dedupes, looks_up=looks_up, lag=lag)
        async with played, open_client(PATIENT) as client:
            yield Webhook(client, played)

    return opened


ELSEWHERE = {
    "webhook": webhook(),
    "webhook that does not know repeats": webhook(dedupes=False),
    "webhook that cannot look up": webhook(looks_up=False),
    "webhook whose lookup lags": webhook(lag=5),
}
EVERY = {"builtin": builtin, **ELSEWHERE}


@pytest.fixture(params=[*EVERY.values()], ids=[*EVERY])
async def any_system(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Played]:
    """Each ticket system in turn, with nothing in it."""
    async with request.param(tmp_path) as played:
        yield played


@pytest.fixture(params=[*ELSEWHERE.values()], ids=[*ELSEWHERE])
async def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Elsewhere]:
    """Each ticket system that another process keeps."""
    async with request.param(tmp_path) as played:
        yield played


async def file(system: TicketSystem, case_: Ticket) -> str:
    """One attempt, as `bot.delivery` makes it: look the case up, create what is not there."""
    return await system.find(case_.key) or await system.create(case_)


async def test_a_case_is_filed_once_however_often_it_is_tried(any_system: Played) -> None:
    """Every attempt ends with the same reference, and the system has one ticket."""
    kept = await any_system.kept("HR-7K3F")

    references = {await file(any_system.system, kept) for _ in range(3)}

    assert len(references) == 1
    assert references != {""}
    assert await any_system.count("HR-7K3F") == 1


async def test_cases_do_not_get_each_others_reference(any_system: Played) -> None:
    """Two cases are two tickets, also when one number begins like the other."""
    numbers = ("HR-7K3F", "HR-7K3FXYZ", "HR-7K3")
    references = {await file(any_system.system, await any_system.kept(number)) for number in numbers}

    assert len(references) == 3
    assert [await any_system.count(number) for number in numbers] == [1, 1, 1]


async def test_a_case_that_nobody_filed_is_not_found(any_system: Played) -> None:
    """None, and no error: this is the ordinary way to a new ticket."""
    assert await any_system.system.find("HR-2222") is None


async def test_what_cannot_be_filed_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """The database cannot make up a case that it lost: somebody has to look."""
    async with builtin(tmp_path) as played:
        with pytest.raises(DeliveryRefused, match="HR-7K3F is not in the database; look at a backup"):
            await file(played.system, ticket("HR-7K3F"))


async def test_an_answer_that_got_lost_makes_no_second_ticket(elsewhere: Elsewhere) -> None:
    """The ticket was made, the connection broke: the fate is unknown, and the next attempt finds it."""
    elsewhere.loses_an_answer()
    with pytest.raises(DeliveryFailed) as caught:
        await file(elsewhere.system, ticket("HR-7K3F"))

    assert caught.value.unknown
    assert await elsewhere.count("HR-7K3F") == 1
    assert await file(elsewhere.system, ticket("HR-7K3F"))
    assert await elsewhere.count("HR-7K3F") == 1


async def test_an_answer_that_comes_too_late_makes_no_second_ticket(elsewhere: Elsewhere) -> None:
    """Slow is the same as lost: it may have worked, so it is looked up."""
    elsewhere.answers_too_late()
    with pytest.raises(DeliveryFailed, match="did not answer in time") as caught:
        await file(elsewhere.system, ticket("HR-7K3F"))

    assert caught.value.unknown
    assert await file(elsewhere.system, ticket("HR-7K3F"))
    assert await elsewhere.count("HR-7K3F") == 1


async def test_a_refused_ticket_is_refused_with_its_reason(elsewhere: Elsewhere) -> None:
    """Another try would not help; whoever reads the message learns what the system said."""
    elsewhere.refuses("the field 'queue' is unknown")

    with pytest.raises(DeliveryRefused, match=r"the ticket system answered .*the field 'queue' is unknown"):
        await file(elsewhere.system, ticket("HR-7K3F"))


async def test_a_system_in_trouble_is_tried_again(elsewhere: Elsewhere) -> None:
    """Never "not there" when nobody knows, and nothing is given up."""
    elsewhere.is_in_trouble("overloaded")
    with pytest.raises(DeliveryFailed, match="overloaded"):
        await file(elsewhere.system, ticket("HR-7K3F"))

    elsewhere.is_well_again()
    assert await file(elsewhere.system, ticket("HR-7K3F"))


async def test_a_system_that_is_down_gets_its_ticket_later(elsewhere: Elsewhere) -> None:
    """Nothing was sent, so nothing is in doubt."""
    await elsewhere.goes_down()
    with pytest.raises(DeliveryFailed, match="cannot be reached") as caught:
        await file(elsewhere.system, ticket("HR-7K3F"))
    assert not caught.value.unknown

    await elsewhere.comes_back()
    assert await file(elsewhere.system, ticket("HR-7K3F"))
    assert await elsewhere.count("HR-7K3F") == 1


async def test_a_changed_secret_loses_no_ticket(elsewhere: Elsewhere) -> None:
    """A setting can be mended within days: the ticket waits for that, and the message says where to look."""
    elsewhere.does_not_know_us()

    with pytest.raises(DeliveryFailed, match="handrail doctor") as caught:
        await file(elsewhere.system, ticket("HR-7K3F"))
    assert not caught.value.unknown


@pytest.mark.parametrize("lever", ["refuses", "is_in_trouble"])
async def test_no_message_holds_a_secret(elsewhere: Elsewhere, lever: str) -> None:
    """Not even when the system's own answer has it in its first line."""
    for secret in elsewhere.secrets:
        getattr(elsewhere, lever)(f"no match for {secret}, sent 'my password is hunter2hunter2'")
        with pytest.raises((DeliveryRefused, DeliveryFailed)) as caught:
            await file(elsewhere.system, ticket("HR-7K3F"))
        assert "no match for" in str(caught.value)
        assert not any(each in str(caught.value) for each in (*elsewhere.secrets, "hunter2"))
        elsewhere.is_well_again()
    assert not any(each in repr(vars(elsewhere.system)) for each in elsewhere.secrets[:1])


@pytest.mark.parametrize("kind", [each for each in ELSEWHERE if "does not know repeats" not in each])
async def test_two_at_once_are_one_ticket(kind: str, tmp_path: Path) -> None:
    """Whose lease ran out is still sending while the next one begins: one that knows repeats makes one."""
    async with ELSEWHERE[kind](tmp_path) as played:
        references = await asyncio.gather(*(played.system.create(ticket("HR-7K3F")) for _ in range(5)))

        assert len(set(references)) == 1
        assert await played.count("HR-7K3F") == 1
