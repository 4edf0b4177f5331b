"""A case that nobody takes: the helpdesk is reminded, ever more seldom, in its opening hours only."""

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.address import Address
from bot.clock import Clock
from bot.office import Office
from bot.store.api import Kept, Store
from bot.store.open import open_store
from bot.turn import Turns
from dialogs.conversation import FORMAT, Conversation
from dialogs.events import CaseClaimed, CaseGraded, CaseReopened, CaseResolved, Event, Said
from tests.support import small_guides

PERSON = "teams:t:a:chat"
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = 60


class Day:
    """A helpdesk, somebody who needs it, and a clock that the test turns."""

    def __init__(self, store: Store, start: str, hours: str) -> None:
        self.store = store
        self.now = dt.datetime.fromisoformat(start).replace(tzinfo=BERLIN).timestamp()
        self.office = Office(hours, "Europe/Berlin")
        library = small_guides.shipped()
        self.turns = Turns(
            library=lambda: library,
            store=store,
            changed=lambda _: None,
            clock=lambda: self.now,
            back=self.office.back,
        )
        self.clock = self.watched_by()
        self._events = 0

    def watched_by(self, minutes: int = 30) -> Clock:
        """Another replica's clock."""
        return Clock(
            store=self.store, turns=self.turns, office=self.office, minutes=minutes, now=lambda: self.now
        )

    async def takes(self, event: Event) -> None:
        """Something happens now."""
        self._events += 1
        await self.turns.take(PERSON, f"e{self._events}", event, Address(surface="teams"))

    async def hands_over(self) -> str:
        """The number of the person's case."""
        for said in ("AADSTS1000002", "a person please", "hand it over"):
            await self.takes(Said(at=int(self.now), text=said))
        return (await self.store.cases())[0].number

    async def reminders_within(self, minutes: int) -> list[int]:
        """After how many minutes there were reminders, with a look every minute."""
        found = []
        for minute in range(1, minutes + 1):
            self.now += MINUTE
            if await self.clock.look():
                found.append(minute)
        return found

    async def told(self) -> list[str]:
        """All that the person was told, as it is stored."""
        return [line.body.decode() for line in await self.store.lines(PERSON) if line.who == "bot"]


Begin = Callable[..., Awaitable[Day]]


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    """Begins a day."""
    async with AsyncExitStack() as stack:

        async def begun(start: str, hours: str = "") -> Day:
            store = await open_store(f"sqlite:///{tmp_path}/handrail.db")
            stack.push_async_callback(store.close)
            return Day(store, start, hours)

        yield begun


async def test_the_helpdesk_is_reminded_ever_more_seldom(begin: Begin) -> None:
    """After one, three, seven, fifteen and thirty-one times half an hour; then never again."""
    day = await begin("2026-11-26 09:00")
    number = await day.hands_over()

    assert await day.reminders_within(40 * 30) == [30, 90, 210, 450, 930]
    kept = await day.store.case(number)
    assert kept is not None
    assert [entry.note for entry in kept.log if entry.what == "reminded"] == ["30", "90", "210", "450", "930"]


async def test_an_urgent_case_waits_half_as_long(begin: Begin) -> None:
    """From when somebody says that it is urgent; a reminder that is overdue by then comes at once."""
    day = await begin("2026-11-26 09:00")
    number = await day.hands_over()
    await day.takes(CaseGraded(at=int(day.now), number=number, by="Ada", severity="urgent"))

    assert await day.reminders_within(120) == [15, 45, 105]

    await day.takes(CaseGraded(at=int(day.now), number=number, by="Ada", severity="normal"))
    assert await day.reminders_within(20 * 30) == [450 - 120]


async def test_the_person_is_told_once(begin: Begin) -> None:
    """The truth, and not every half hour."""
    day = await begin("2026-11-26 09:00")
    await day.hands_over()
    await day.reminders_within(100)

    assert len([said for said in await day.told() if "bot/reminded" in said]) == 1


async def test_a_night_does_not_count(begin: Begin) -> None:
    """Handed over ten minutes before they leave: twenty minutes after they are back."""
    day = await begin("2026-11-26 16:50", "Mo-Fr 08:00-17:00")
    await day.hands_over()

    assert await day.reminders_within(16 * 60) == [10 + 15 * 60 + 20]


async def test_what_is_taken_needs_no_reminder(begin: Begin) -> None:
    """Until it is opened again and nobody has it."""
    day = await begin("2026-11-26 09:00")
    number = await day.hands_over()
    await day.takes(CaseClaimed(at=int(day.now), number=number, by="Ada"))
    assert await day.reminders_within(60) == []
    await day.takes(CaseResolved(at=int(day.now), number=number, by="Ada", note="Done."))
    assert await day.reminders_within(60) == []
    await day.takes(CaseReopened(at=int(day.now), number=number, by="Ada"))

    assert await day.reminders_within(60) == [30]


async def test_two_replicas_remind_once(begin: Begin) -> None:
    """Each looks, one reminds."""
    day = await begin("2026-11-26 09:00")
    await day.hands_over()
    day.now += 31 * MINUTE

    assert [await day.clock.look(), await day.watched_by().look()] == [1, 0]


async def test_who_hands_over_at_night_hears_when_somebody_is_back(begin: Begin) -> None:
    """And "status" says it, too."""
    day = await begin("2026-11-27 18:00", "Mo-Fr 08:00-17:00")
    await day.hands_over()
    monday = int(dt.datetime(2026, 11, 30, 8, tzinfo=BERLIN).timestamp())
    assert "bot/done-closed" in (await day.told())[-1]
    assert str(monday) in (await day.told())[-1]
    await day.takes(Said(at=int(day.now), text="status"))

    assert "bot/closed-now" in (await day.told())[-1]


async def test_nobody_is_reminded_where_that_is_switched_off(begin: Begin) -> None:
    """Zero minutes mean never."""
    day = await begin("2026-11-26 09:00")
    await day.hands_over()
    day.now += 1000 * MINUTE

    assert await day.watched_by(minutes=0).look() == 0


async def test_a_conversation_that_cannot_be_read_keeps_no_other_case_waiting(begin: Begin) -> None:
    """A newer version wrote it; all others are reminded of."""
    day = await begin("2026-11-26 09:00")
    await day.hands_over()
    for said in ("AADSTS1000002", "a person please", "hand it over"):
        await day.turns.take("other", said, Said(at=int(day.now), text=said), Address(surface="teams"))
    newer = Kept(conversation=Conversation(v=FORMAT + 1))
    await day.store.turn("other", "from a newer version", lambda *_: newer)

    assert await day.reminders_within(31) == [30]
