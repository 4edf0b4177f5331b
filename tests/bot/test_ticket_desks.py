"""Several ticket desks: each case has one ticket, whatever fails and however the settings change."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.cards.prepared import Cards
from bot.cards.speech import Speaker
from bot.case_files import CaseFiles
from bot.delivery import Delivery, pools
from bot.desk_names import MAIN, unsorted
from bot.errors import DeliveryFailed
from bot.given_files import GivenFiles
from bot.handoff import Handoff, Helpdesk
from bot.outbox import strays
from bot.outbox.dispatcher import Dispatcher
from bot.store.api import CaseRecord, Kept, NewMessage, Store
from bot.store.open import open_store
from bot.ticket_desks import Desks
from bot.ticket_news import TicketNews
from bot.tickets.api import Change, Changes, Ticket, Update
from bot.tickets.watch import Watch
from bot.turn import Turns
from dialogs.conversation import Case, Conversation
from dialogs.effects import ChangeCase, Effect, OpenCase
from tests.support import small_guides
from tests.support.keeping import Clock, case
from tests.support.tickets import Silent

LIBRARY = small_guides.shipped()
TO_SECURITY = {"AADSTS53003": "security"}


class Played(Silent):
    """A ticket system in memory. `ails` says what it does wrong: see `Ail`."""

    polled = True

    def __init__(self, name: str) -> None:
        self.name = name
        self.ails = ""
        self.filed: list[str] = []
        self.updated: list[str] = []
        self.asked = 0
        self.hanging = 0

    async def find(self, key: str) -> str | None:
        """The reference of a ticket that is there."""
        self.asked += 1
        if self.ails == "down":
            raise DeliveryFailed("it does not answer")
        return f"{self.name}-{key}" if key in self.filed else None

    async def create(self, ticket: Ticket) -> str:
        """File it, unless told otherwise."""
        if self.ails == "hangs":
            self.hanging += 1
            await asyncio.Event().wait()
        if self.ails == "busy":
            raise DeliveryFailed("out of order")
        self.filed.append(ticket.key)
        if self.ails == "loses":
            raise DeliveryFailed("the answer got lost", unknown=True)
        return f"{self.name}-{ticket.key}"

    async def update(self, reference: str, update: Update) -> None:  # type: ignore[explicit-override]
        """Write it down."""
        assert reference == f"{self.name}-{update.number}"
        self.updated.append(update.key)

    async def changes(self, since: str) -> Changes:  # type: ignore[explicit-override]
        """How often it was asked."""
        return Changes(cursor=f"{since}x")


class Helpdesks:
    """One database, three ticket systems, and bots that come and go."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = Clock()
        self.systems = {name: Played(name) for name in (MAIN, "security", "germany")}

    def bot(self, places: Mapping[str, str], *, without: str = "") -> Dispatcher:
        """A bot with these places of cases; `without` one of the desks."""
        others = {name: each for name, each in self.systems.items() if name not in {MAIN, without}}
        turns = Turns(
            library=lambda: LIBRARY,
            store=self.store,
            changed=lambda _: None,
            clock=self.clock,
            several_desks=True,
        )
        desks = Desks(self.systems[MAIN], others, places)
        handoff = Handoff(
            store=self.store,
            turns=turns,
            library=lambda: LIBRARY,
            channel=None,
            tickets=desks,
            helpdesk=Helpdesk(),
        )
        delivery = Delivery(
            store=self.store,
            turns=turns,
            library=lambda: LIBRARY,
            cards=Cards(lambda: LIBRARY),
            channel=None,
            handoff=handoff,
            files=CaseFiles(
                store=self.store,
                turns=turns,
                fetcher=None,
                tickets=desks,
                speaker=lambda: Speaker(LIBRARY, "en"),
            ),
            given=GivenFiles(
                store=self.store, turns=turns, library=lambda: LIBRARY, channel=None, uploads=None
            ),
            probes={},
        )
        self.places = pools([*others])
        return Dispatcher(
            self.store,
            delivery.perform,
            pools=self.places,
            buried=delivery.buried,
            clock=self.clock,
            chance=lambda: 0.5,
        )

    async def opens(self, number: str, code: int = 53003) -> None:
        """Somebody hands over a case with this code."""
        record = case(number, conversation=number)
        file = msgspec.structs.replace(record.file, codes=(code,))
        record = msgspec.structs.replace(record, file=file)
        own = Case(number=number, status="open", opened_at=100, queue=file.queue)
        message = _message("ticket", f"ticket/{number}", number, OpenCase(file=file))
        kept = Kept(conversation=Conversation(case=own), cases=(record,), messages=(message,))
        await self.store.turn(number, "opens", lambda _, __: kept)

    async def adds(self, number: str) -> None:
        """The person says something more."""
        change = ChangeCase(number=number, what="added", note="it is worse now")
        message = _message("ticket-update", f"ticket-update/{number}/1", number, change)

        def decide(stored: Conversation | None, _: Any) -> Kept:
            return Kept(conversation=stored or Conversation(), messages=(message,))

        await self.store.turn(number, "adds", decide)

    async def later(self, bot: Dispatcher) -> None:
        """What is due is performed, tomorrow."""
        self.clock.now += 86_400
        await bot.drain()

    async def record(self, number: str) -> CaseRecord:
        """The case as it is kept."""
        found = await self.store.case(number)
        assert found is not None
        return found

    def filed(self) -> dict[str, list[str]]:
        """The numbers of the cases that each system has, where it has any."""
        return {name: each.filed for name, each in self.systems.items() if each.filed}


def _message(kind: str, key: str, number: str, effect: Effect) -> NewMessage:
    body = msgspec.json.encode(effect)
    return NewMessage(key=key, lane=f"ticket/{number}", kind=unsorted(kind), conversation=number, body=body)


@asynccontextmanager
async def helpdesks(url: str = "sqlite://:memory:") -> AsyncIterator[Helpdesks]:
    """All of it over an empty database."""
    store = await open_store(url)
    yield Helpdesks(store)
    await store.close()


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Helpdesks]:
    """All of it over a file."""
    async with helpdesks(f"sqlite:///{tmp_path}/handrail.db") as found:
        yield found


async def test_each_case_is_filed_at_its_desk(there: Helpdesks) -> None:
    """No other desk is even asked, and the case knows where its ticket is."""
    bot = there.bot(TO_SECURITY)
    await there.opens("HR-SECU")
    await there.opens("HR-MAIN", code=50126)
    await bot.drain()

    assert there.filed() == {"security": ["HR-SECU"], MAIN: ["HR-MAIN"]}
    assert there.systems["germany"].asked == 0
    filed = await there.record("HR-SECU")
    assert (filed.desk, filed.reference) == ("security", "security-HR-SECU")
    assert (await there.record("HR-MAIN")).desk == MAIN


async def test_a_desk_that_hangs_holds_up_no_other(there: Helpdesks) -> None:
    """It has as many as its own pool takes; what is for the others is filed meanwhile."""
    there.systems["security"].ails = "hangs"
    for n in range(20):
        await there.opens(f"HR-S{n}")
    await there.opens("HR-LAST", code=50126)
    await there.adds("HR-LAST")
    bot = there.bot(TO_SECURITY)
    bot.start()
    async with asyncio.timeout(20):
        while not there.systems[MAIN].updated:  # noqa: ASYNC110  the outbox works in the background
            await asyncio.sleep(0.005)
    await bot.stop(0.0)

    assert there.filed() == {MAIN: ["HR-LAST"]}
    assert there.systems["security"].hanging == 6


async def test_a_lost_answer_is_looked_up_where_it_was_asked(there: Helpdesks) -> None:
    """Though cases like this go elsewhere by now."""
    there.systems["security"].ails = "loses"
    await there.opens("HR-1")
    await there.bot(TO_SECURITY).drain()
    there.systems["security"].ails = ""
    await there.later(there.bot({"AADSTS53003": "germany"}))

    assert there.filed() == {"security": ["HR-1"]}
    assert (await there.record("HR-1")).reference == "security-HR-1"


@pytest.mark.parametrize("ails", ["down", "busy"])
async def test_what_is_not_filed_goes_where_cases_like_it_go_now(there: Helpdesks, ails: str) -> None:
    """Whoever has a desk that does not work sends its cases to another one; nothing is filed twice."""
    there.systems["security"].ails = ails
    await there.opens("HR-1")
    await there.bot(TO_SECURITY).drain()
    if ails == "busy":  # it was asked, so it is looked up there once more
        there.systems["security"].ails = ""
    await there.later(there.bot({"AADSTS53003": "germany"}))

    assert there.filed() == {"germany": ["HR-1"]}
    assert (await there.record("HR-1")).desk == "germany"


async def test_a_ticket_stays_where_it_was_filed(there: Helpdesks) -> None:
    """What happens to the case is told there, wherever new cases go."""
    await there.opens("HR-1")
    await there.bot(TO_SECURITY).drain()
    await there.adds("HR-1")
    await there.later(there.bot({}))

    assert there.systems["security"].updated == ["HR-1/1"]


async def test_news_for_a_desk_that_is_gone_waits_and_is_told(there: Helpdesks) -> None:
    """Nobody else gets it; when the desk is back it does."""
    await there.opens("HR-1")
    await there.bot(TO_SECURITY).drain()
    await there.adds("HR-1")
    with capture_logs() as logs:
        await there.later(there.bot({}, without="security"))

    [line] = [each for each in logs if each["event"] == "ticket_desk_missing"]
    assert (line["desk"], line["log_level"]) == ("security", "warning")
    assert "HANDRAIL_TICKETS_FILE" in line["what_to_do"]
    [waits] = await there.store.waiting(limit=9)
    assert (waits.state, waits.tries) == ("ready", 1)
    assert "no ticket desk security" in waits.error
    assert not any(each.updated for each in there.systems.values())

    await there.later(there.bot({}))
    assert there.systems["security"].updated == ["HR-1/1"]


async def test_what_was_sorted_for_a_desk_that_is_gone_is_not_forgotten(there: Helpdesks) -> None:
    """Its kind has no pool any more; it gets one, and the case goes where it belongs now."""
    there.systems["security"].ails = "down"
    await there.opens("HR-1")
    await there.bot(TO_SECURITY).drain()
    bot = there.bot({}, without="security")
    await there.later(bot)
    assert there.filed() == {}

    there.places.update(strays.missing(there.places, await there.store.kinds_waiting()))
    await there.later(bot)
    assert there.filed() == {MAIN: ["HR-1"]}


async def test_kinds_that_are_for_no_desk_are_left_to_whoever_knows_them() -> None:
    """Only what waits for a desk gets a pool, as large as that of what it is for."""
    waiting = frozenset({"ticket/gone", "ticket-update/gone", "hologram", "hologram/gone", "show"})
    assert strays.missing(pools([]), waiting) == {"ticket/gone": 6, "ticket-update/gone": 6}


async def test_a_ticket_of_before_there_were_desks_is_the_environments(there: Helpdesks) -> None:
    """Its record names none."""
    await there.opens("HR-1")
    await there.bot({}).drain()
    await there.store.ask_desk("HR-1", "")  # as the version before leaves it
    await there.adds("HR-1")
    await there.later(there.bot(TO_SECURITY))

    assert there.systems[MAIN].updated == ["HR-1/1"]


_PLACES = st.sampled_from([{}, TO_SECURITY, {"AADSTS53003": "germany"}])
_AILS = st.sampled_from(["", "down", "busy", "loses"])
_LIFE = st.tuples(_PLACES, st.fixed_dictionaries({MAIN: _AILS, "security": _AILS, "germany": _AILS}))


@settings(max_examples=60, deadline=None)
@given(lives=st.lists(_LIFE, min_size=1, max_size=6))
def test_however_settings_and_systems_change_a_case_is_one_ticket(
    lives: list[tuple[dict[str, str], dict[str, str]]],
) -> None:
    """And it is told of what happens, once."""

    async def live() -> None:
        async with helpdesks() as there:
            await there.opens("HR-1")
            await there.adds("HR-1")
            for places, ails in lives:
                for name, ail in ails.items():
                    there.systems[name].ails = ail
                await there.later(there.bot(places))
            for each in there.systems.values():
                each.ails = ""
            await there.later(there.bot(TO_SECURITY))

            [(desk, tickets)] = there.filed().items()
            assert tickets == ["HR-1"]
            assert (await there.record("HR-1")).desk == desk
            assert {name: each.updated for name, each in there.systems.items() if each.updated} == {
                desk: ["HR-1/1"]
            }

    asyncio.run(live())


# ---- news


async def test_a_desk_is_believed_about_its_own_cases_only(there: Helpdesks) -> None:
    """Whoever has another desk's secret changes nothing here; ids of two systems are two."""
    await there.opens("HR-1")
    await there.bot(TO_SECURITY).drain()
    turns = Turns(library=lambda: LIBRARY, store=there.store, changed=lambda _: None, clock=there.clock)
    change = Change(id="7", number="HR-1", kind="comment", by="Ada", text="the proxy", public=False, at=1)
    for desk in (MAIN, "germany"):
        await TicketNews(there.systems[desk], turns, there.store.case, desk=desk).tell(change)
    assert [each.what for each in (await there.record("HR-1")).log] == ["", "filed"]

    news = TicketNews(there.systems["security"], turns, there.store.case, desk="security")
    await news.tell(change)
    await news.tell(change)
    assert [each.note for each in (await there.record("HR-1")).log if each.what == "noted"] == ["the proxy"]


async def test_each_desk_has_a_cursor_of_its_own(there: Helpdesks) -> None:
    """The environment's keeps the name it always had."""

    async def tell(_: Change) -> None:
        raise AssertionError

    system = there.systems["security"]
    for desk in (MAIN, "security", "security"):
        await Watch(system, there.store, tell, desk=desk).look()

    names = ("tickets/security", "tickets/security/security")
    assert [await there.store.cursor(name, lease=1) for name in names] == ["x", "xx"]
