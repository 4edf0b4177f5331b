"""What comes out of the outbox: checks that hang, tickets that exist already, cards that somebody deleted."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from aiohttp import web

from bot.address import Address, Person
from bot.cards.prepared import Cards
from bot.cards.speech import Speaker
from bot.case_files import CaseFiles
from bot.delivery import AT_ONCE, TO_TEAMS, Delivery
from bot.errors import DeliveryFailed, DeliveryRefused
from bot.given_files import GivenFiles
from bot.handoff import Handoff, Helpdesk
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.upkeep import Upkeep
from bot.probes.api import Finding
from bot.queues import Queues
from bot.store.api import Store
from bot.store.open import open_store
from bot.teams.channel import TeamsChannel
from bot.teams.connector import Connector, open_client
from bot.teams.pace import UNLIMITED, Pace
from bot.teams.service_urls import ServiceUrls
from bot.teams.tokens import Anonymous
from bot.ticket_desks import Desks
from bot.tickets.api import Ticket
from bot.turn import Turns
from bot.written import show_key
from dialogs.events import Chose, Commanded, Event, Said
from dialogs.language.load import load
from dialogs.library import Library
from tests.support.cloud import PlayedCloud
from tests.support.keeping import claim, counting, to_send
from tests.support.tickets import Silent
from tests.support.whole import Whole, read

KEY = "teams:t:a:chat"
WAITING_FOR_HEALTH = (
    Said(at=1, text="AADSTS1000002"),
    Said(at=2, text="There was nothing to press"),
    Said(at=3, text="Same message again"),
    Said(at=4, text="None of these"),
)


class Check:
    """An automatic check that does what a test says."""

    def __init__(self) -> None:
        self.finding = Finding("trouble", "reported at 9:40")
        self.error: Exception | None = None
        self.hangs = False

    async def run(self, person: Person, facts: Mapping[str, str]) -> Finding:
        """Find, fail, or never come back."""
        assert person.verified
        assert facts["code"] == "1000002"
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return self.finding


class Tickets(Silent):
    """A ticket system in memory. `loses` answers get lost after the ticket was made."""

    name = "memory"

    def __init__(self) -> None:
        self.filed: dict[str, Ticket] = {}
        self.created = 0
        self.loses = 0
        self.refuses = False
        self.fails = False

    async def find(self, key: str) -> str | None:
        """The reference of a ticket that is there."""
        return f"INC-{key}" if key in self.filed else None

    async def create(self, ticket: Ticket) -> str:
        """Make the ticket."""
        if self.fails:
            raise DeliveryFailed("out of order")
        if self.refuses:
            raise DeliveryRefused("the form has changed")
        self.created += 1
        self.filed[ticket.key] = ticket
        if self.loses:
            self.loses -= 1
            raise DeliveryFailed("the answer got lost", unknown=True)
        return f"INC-{ticket.key}"


def files_of(store: Store, turns: Turns, tickets: Tickets, library: Library) -> CaseFiles:
    """Who would fetch files; nobody sends any here."""
    return CaseFiles(
        store=store, turns=turns, fetcher=None, tickets=Desks(tickets), speaker=lambda: Speaker(library, "en")
    )


def given_of(store: Store, turns: Turns, library: Library) -> GivenFiles:
    """Who would bring files; nobody gets any here."""
    return GivenFiles(store=store, turns=turns, library=lambda: library, channel=None, uploads=None)


class Room:
    """A person, a store in a file, a played Teams, and the dispatcher run step by step."""

    def __init__(self, store: Store, cloud: PlayedCloud, channel: TeamsChannel, library: Library) -> None:
        self.store = store
        self.channel = channel
        self.teams = Whole(cloud, "", Path())
        self.check = Check()
        self.tickets = Tickets()
        self.now = 1_795_254_000.0
        self.turns = Turns(library=lambda: library, store=store, changed=lambda _: None, clock=self._clock)
        self.delivery = Delivery(
            store=store,
            turns=self.turns,
            library=lambda: library,
            cards=Cards(lambda: library),
            channel=channel,
            handoff=Handoff(
                store=store,
                turns=self.turns,
                library=lambda: library,
                channel=channel,
                tickets=Desks(self.tickets),
                helpdesk=Helpdesk(),
            ),
            files=files_of(store, self.turns, self.tickets, library),
            given=given_of(store, self.turns, library),
            probes={"service-health": self.check},
            probe_limit=2.0,
            typing_after=0.05,
        )
        self.outbox = Dispatcher(
            store,
            self.delivery.perform,
            pools=AT_ONCE,
            buried=self.delivery.buried,
            clock=self._clock,
            chance=lambda: 0.5,
        )
        self._address = Address(
            surface="teams",
            person=Person(name="Erika", object_id="0f0f", verified=True),
            locale="en",
            service_url=cloud.service_url,
            conversation_id="a:chat",
            tenant="t",
            execute=True,
        )
        self._events = 0

    def _clock(self) -> float:
        return self.now

    async def takes(self, *events: Event) -> None:
        """Take events, and deliver all that follows from each."""
        for event in events:
            self._events += 1
            await self.turns.take(KEY, f"event-{self._events}", event, self._address)
            await self.outbox.drain()

    def newest(self) -> str:
        """What the newest card says."""
        return read(self.teams.cards()[-1])


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return load(Path(__file__).parents[2] / "content")[0]


@pytest.fixture
async def room(tmp_path: Path, library: Library) -> AsyncIterator[Room]:
    """Everything from the turn to Teams, without a web server."""
    async with PlayedCloud() as cloud, open_client() as client:
        store = await open_store(f"sqlite:///{tmp_path / 'handrail.db'}")
        connector = Connector(client, Anonymous(), ServiceUrls.loopback_only(), Pace(UNLIMITED))
        yield Room(store, cloud, TeamsChannel(connector), library)
        await store.close()


async def handed_over(room: Room) -> str:
    """Ask for people right away; the number of the case."""
    await room.takes(Said(at=1, text="AADSTS1000002"), Said(at=2, text="a person please"))
    await room.takes(Said(at=3, text="Hand it over"))
    [case] = await room.store.cases()
    return case.number


async def test_a_check_leads_on(room: Room) -> None:
    """What a check found decides the next screen, and stands on the case."""
    await room.takes(*WAITING_FOR_HEALTH)
    assert "Microsoft reports a problem with signing in" in room.newest()


async def test_a_check_that_hangs_is_not_waited_for(room: Room) -> None:
    """The person is shown that something happens, then the guide goes on without the check."""
    room.check.hangs = True
    await room.takes(*WAITING_FOR_HEALTH)
    assert "Was anything new shortly before?" in room.newest()
    assert [each.body["type"] for each in room.teams.arrived()].count("typing") == 1


@pytest.mark.parametrize(
    "error", [DeliveryFailed("no rights"), DeliveryRefused("no"), TimeoutError(), KeyError("bug")], ids=repr
)
async def test_a_check_that_fails_could_not_tell(room: Room, error: Exception) -> None:
    """Whatever goes wrong in a check, nobody is left waiting for it, and it never counts as fine."""
    room.check.error = error
    await room.takes(*WAITING_FOR_HEALTH)
    assert "Was anything new shortly before?" in room.newest()


async def test_a_check_that_nobody_set_up_could_not_tell(room: Room) -> None:
    """The sign-in log is not asked here; the guide goes on."""
    room.check.finding = Finding("fine")
    await room.takes(*WAITING_FOR_HEALTH, Said(at=5, text="Nothing I know of"))
    assert "What fits right now?" in room.newest()


async def test_a_ticket_whose_answer_got_lost_is_found(room: Room) -> None:
    """It is looked up before it is made: two tries, one ticket, and the person reads its number."""
    room.tickets.loses = 1
    number = await handed_over(room)
    assert list(room.tickets.filed) == [number]
    room.now += 60
    await room.outbox.drain()
    assert room.tickets.created == 1
    assert f"The helpdesk's own number for it is INC-{number}." in room.newest()
    assert "AADSTS1000002" in room.tickets.filed[number].body


async def test_a_refused_ticket_is_said_and_the_case_stays(room: Room) -> None:
    """The ticket system will not have it: the case is kept, and "status" does not pretend."""
    room.tickets.refuses = True
    number = await handed_over(room)
    await room.takes(Said(at=4, text="status"))
    assert f"{number} is safe with us" in room.newest()


async def test_a_refused_ticket_that_is_tried_again_is_filed(room: Room) -> None:
    """The form was mended, an operator asks once more: the case gets its number, and trouble ends."""
    room.tickets.refuses = True
    number = await handed_over(room)
    room.tickets.refuses = False
    dead = await room.store.message(f"ticket/{number}")
    assert dead is not None
    assert dead.state == "dead"

    assert await room.store.retry(dead.id)
    await room.outbox.drain()

    kept = await room.store.conversation(KEY)
    assert kept is not None
    assert kept[0].case is not None
    assert (kept[0].case.reference, kept[0].case.trouble) == (f"INC-{number}", False)


async def test_whoever_waits_for_a_dropped_ticket_hears_of_it(room: Room) -> None:
    """It waits for its next try and an operator gives it up: the case says so, and no ticket comes later."""
    room.tickets.fails = True
    number = await handed_over(room)
    desk = Upkeep(room.store, room.delivery.buried)

    done = await desk.drop(f"ticket/{number}", "no such form")
    room.now += 9999
    await room.outbox.drain()
    await room.takes(Said(at=4, text="status"))

    assert done.result == "dropped"
    assert room.tickets.created == 0
    assert f"{number} is safe with us" in room.newest()
    case = await room.store.case(number)
    assert case is not None
    assert "no such form" in case.log[-1].note


async def test_whoever_waits_for_a_dropped_check_goes_on(room: Room) -> None:
    """Nobody looks any more: it comes to "could not tell", and the next question is asked."""
    await room.takes(*WAITING_FOR_HEALTH[:-1])
    await room.turns.take(KEY, "the last", WAITING_FOR_HEALTH[-1])
    (waits,) = await room.store.waiting(kind="probe", limit=2)
    desk = Upkeep(room.store, room.delivery.buried)

    assert (await desk.drop(str(waits.id), "Graph is gone")).result == "dropped"
    await room.outbox.drain()

    assert "Was anything new shortly before?" in room.newest()


async def test_a_deleted_card_stops_nothing(room: Room) -> None:
    """A card that is gone cannot show what was picked; the next question comes all the same."""
    await room.takes(Said(at=1, text="AADSTS1000002"))
    room.teams.cloud.connector.always_to("PUT", 404, {"error": {"code": "ActivityNotFoundInConversation"}})
    await room.takes(Chose(at=2, prompt="1", options=("no-button",)))
    assert "Then open it again and sign in once more." in room.newest()
    assert await room.store.next_due() is None


async def test_an_answered_card_that_cannot_be_changed_now_is_changed_later(room: Room) -> None:
    """The new screen is there and does not come a second time; only the change is repeated."""
    await room.takes(Said(at=1, text="AADSTS1000002"))
    room.teams.cloud.connector.always_to("PUT", 502)
    await room.takes(Chose(at=2, prompt="1", options=("no-button",)))
    shown = len(room.teams.cards())

    left = await room.store.message(show_key(KEY, "2"))
    assert left is not None
    assert (left.kind, left.state, left.receipt) == ("screen-rest", "ready", "activity-2")

    room.teams.cloud.connector.usual()
    room.now += 60
    await room.outbox.drain()
    assert "There was nothing to press" in read(room.teams.updates("activity-1")[-1])
    assert len(room.teams.cards()) == shown
    # And it is a card like any other: once answered, it is changed as well.
    await room.takes(Chose(at=3, prompt="2", options=("same",)))
    assert len(room.teams.updates("activity-2")) == 1


async def test_a_screen_that_does_not_get_through_comes_later(room: Room) -> None:
    """However it went with the answered card: to change that twice shows nobody anything twice."""
    await room.takes(Said(at=1, text="AADSTS1000002"))
    room.teams.cloud.connector.always_to("POST", 502)
    await room.takes(Chose(at=2, prompt="1", options=("no-button",)))
    waits = await room.store.message(show_key(KEY, "2"))
    assert waits is not None
    assert (waits.kind, waits.state, waits.tries) == ("screen", "ready", 1)

    room.teams.cloud.connector.usual()
    room.now += 60
    await room.outbox.drain()
    arrived = await room.store.message(show_key(KEY, "2"))
    assert arrived is not None
    assert (arrived.state, arrived.receipt) == ("done", "activity-2")


async def test_news_of_a_case_is_not_parked_for_its_person(room: Room, library: Library) -> None:
    """The app was taken out of the helpdesk's team for a while: the card is changed when it is back."""
    helpdesk = Helpdesk(queues=Queues("19:helpdesk@thread.tacv2"), service_url=room.teams.cloud.service_url)
    handoff = Handoff(
        store=room.store,
        turns=room.turns,
        library=lambda: library,
        channel=room.channel,
        tickets=Desks(room.tickets),
        helpdesk=helpdesk,
    )
    room.delivery = Delivery(
        store=room.store,
        turns=room.turns,
        library=lambda: library,
        cards=Cards(lambda: library),
        channel=room.channel,
        handoff=handoff,
        files=files_of(room.store, room.turns, room.tickets, library),
        given=given_of(room.store, room.turns, library),
        probes={},
    )
    room.outbox = Dispatcher(room.store, room.delivery.perform, pools=AT_ONCE, clock=lambda: room.now)
    await room.takes(Said(at=1, text="AADSTS1000002"), Said(at=2, text="a person please"))

    async def out_of_the_team(request: web.Request) -> web.StreamResponse:
        forbidden = request.method == "PUT" and "helpdesk" in request.path
        made = {"id": "19:helpdesk@thread.tacv2;messageid=7", "activityId": "7"}
        return web.json_response(made, status=403 if forbidden else 201)

    room.teams.cloud.connector.always_with(out_of_the_team)
    await room.takes(Said(at=3, text="Hand it over"))

    depth = await room.store.depth()
    assert (depth["parked"], depth["ready"]) == (0, 1)


async def test_a_language_asked_for_is_the_language_of_the_old_card(room: Room) -> None:
    """Texts are keys until they leave: the closed screen and the new one are both German."""
    await room.takes(Said(at=1, text="AADSTS1000002"))
    await room.takes(Commanded(at=2, command="language", value="de"))
    [closed] = room.teams.updates("activity-1")
    assert closed["lang"] == "de"
    assert room.teams.cards()[-1]["lang"] == "de"


async def test_what_is_taken_out_is_what_can_be_performed(room: Room) -> None:
    """Each kind has a pool with room, and a performer, or it would wait for ever or fail for days."""
    assert AT_ONCE.keys() == room.delivery._performers.keys()
    assert min(AT_ONCE.values()) > 0
    # A screen is two requests, the others are one.
    shared = (AT_ONCE[kind] for kind in (*TO_TEAMS, "probe", "screen"))
    assert sum(shared) < 160  # connections of the HTTP client to Microsoft


async def test_a_message_of_a_newer_version_is_left_to_it(room: Room) -> None:
    """During a rollout: a kind that this version does not know waits untouched for one that does."""
    await room.store.turn(
        KEY, "e", counting(to_send("k", kind="hologram", lane="l"), to_send("k2", lane="l"))
    )

    await room.outbox.drain()

    left = await room.store.message("k")
    assert left is not None
    assert (left.state, left.attempt, left.error) == ("ready", 0, "")
    assert [each.key for each in await claim(room.store, kinds=["hologram"])] == ["k"]
