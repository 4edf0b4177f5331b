"""How fast Teams is spoken to: its limits, its 429s, and everybody's turn."""

import pytest

from bot.teams import pace as module
from bot.teams.pace import TEAMS, UNLIMITED, Go, Limits, Pace, Wait
from bot.teams.windows import Window
from tests.support.keeping import Clock

THREAD = Limits(send=(Window(2, 1),), read=(Window(2, 1),))


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock(1_000.0)


def over(clock: Clock, limits: Limits = TEAMS, *, replicas: int = 1, chance: float = 0.5) -> Pace:
    """A pace whose chance is always the same."""
    return Pace(limits, clock=clock, chance=lambda: chance, replicas=lambda: replicas)


def went(pace: Pace, thread: str = "a", *, welcome: bool = True) -> Go:
    """Ask, and end at once."""
    go = pace.ask("send", thread)
    assert isinstance(go, Go)
    pace.ended(go, welcome=welcome)
    return go


def wait(pace: Pace, thread: str = "a", *, nice: bool = False) -> Wait:
    """Ask, and be told to wait."""
    told = pace.ask("send", thread, nice=nice)
    assert isinstance(told, Wait)
    return told


def test_seven_in_a_second_and_no_eighth(clock: Clock) -> None:
    """The published limit; another thread does not notice."""
    pace = over(clock)
    for _ in range(7):
        went(pace)

    told = wait(pace)

    assert told.why == "thread"
    assert told.seconds == pytest.approx(1.01)
    went(pace, "b")
    clock.now += told.seconds
    went(pace)


PUBLISHED = [(7, 1), (8, 2), (60, 30), (1800, 3600)]  # messages, seconds: one chat or channel


def test_the_limits_are_those_that_are_published() -> None:
    """Microsoft's page, word for word; whoever changes one has read it again."""
    assert [(each.limit, each.seconds) for each in TEAMS.send] == PUBLISHED
    assert [(each.limit, each.seconds) for each in TEAMS.read] == [(14, 1), (16, 2), (120, 30), (3600, 3600)]
    assert [(each.limit, each.seconds) for each in TEAMS.app] == [(50, 1)]


def test_an_hour_at_full_speed_keeps_every_window(clock: Clock) -> None:
    """Whoever sends as soon as it may: counted over a second, two, thirty, and an hour."""
    pace, began, sent = over(clock), clock.now, []
    while clock.now < began + 4000:
        told = pace.ask("send", "a")
        if isinstance(told, Go):
            pace.ended(told, welcome=True)
            sent.append(clock.now)
        else:
            clock.now += told.seconds

    for limit, seconds in PUBLISHED:
        spans = [later - first for first, later in zip(sent, sent[limit:], strict=False)]
        assert min(spans) > seconds, f"more than {limit} in {seconds} s"
    assert len(sent) > 1800


def test_everything_together_has_a_limit_too(clock: Clock) -> None:
    """Fifty a second, whomever they are for; and reads count as well."""
    pace = over(clock)
    for n in range(49):
        went(pace, f"thread {n}")
    read = pace.ask("read", "thread 0")
    assert isinstance(read, Go)

    assert wait(pace, "new").why == "app"


def test_a_hundred_for_one_channel_come_back_one_after_another(clock: Clock) -> None:
    """Each is told its own time, and at that time there is room: nobody is sent back twice."""
    pace = over(clock)
    due = []
    for _ in range(100):
        told = pace.ask("send", "channel")
        if isinstance(told, Go):
            pace.ended(told, welcome=True)
        else:
            due.append(clock.now + told.seconds)

    assert len(due) == 93
    for at in due:
        clock.now = at
        went(pace, "channel")


def test_before_a_retry_after_is_over_nothing_is_sent_there(clock: Clock) -> None:
    """By nobody, and not to the second: a little chance is added, never taken away."""
    for chance in (0.0, 0.999):
        pace = over(clock, chance=chance)
        seconds = pace.throttled(went(pace, welcome=False), 30.0)
        assert 30 <= seconds <= 32
        start = clock.now
        clock.now = start + 29.98
        assert wait(pace).why == "throttled"
        went(pace, "b")
        clock.now = start + seconds
        went(pace)


def test_without_a_number_pauses_get_longer_up_to_a_minute(clock: Clock) -> None:
    """Doubled with each 429 in a row, by chance; an answer ends the row."""
    pace = over(clock, UNLIMITED, chance=1.0)
    pauses = []
    for _ in range(8):
        pauses.append(pace.throttled(went(pace, welcome=False), None))
        clock.now += pauses[-1]
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]

    went(pace)

    assert pace.throttled(went(pace, welcome=False), 0) == 2


def test_several_at_once_are_one_strike(clock: Clock) -> None:
    """Seven that were under way together and got 429 each do not make the pause seven times doubled."""
    pace = over(clock, chance=1.0)
    gone = [pace.ask("send", "a") for _ in range(7)]
    for go in gone:
        assert isinstance(go, Go)
        pace.ended(go)
        pace.throttled(go, None)

    clock.now += 2.5
    went(pace)


def test_after_a_pause_one_goes_ahead(clock: Clock) -> None:
    """Until Teams has answered it the others wait a second more: a storm is not met with a volley."""
    pace = over(clock)
    clock.now += pace.throttled(went(pace, welcome=False), 5.0)
    ahead = pace.ask("send", "a")
    assert isinstance(ahead, Go)

    assert wait(pace).seconds >= 1
    pace.ended(ahead, welcome=True)

    clock.now += 0.1
    went(pace)


def test_what_is_nice_to_have_never_waits_and_keeps_nobody_waiting(clock: Clock) -> None:
    """Typing takes what is left over; it gets no place, and none that somebody else waits for."""
    pace = over(clock, THREAD)
    first = pace.ask("send", "a", nice=True)
    assert isinstance(first, Go)
    pace.ended(first)
    went(pace)
    wait(pace, nice=True)
    clock.now += wait(pace).seconds

    wait(pace, nice=True)
    went(pace)


def test_the_room_for_everything_together(clock: Clock) -> None:
    """So many may start, and when none may, some may again after the window; replicas have a part each."""
    pace = over(clock)
    assert pace.room() == (50, 0.0)
    for n in range(50):
        went(pace, f"thread {n}")

    room, seconds = pace.room()

    assert room == 0
    assert seconds == pytest.approx(1.01)
    clock.now += seconds
    assert pace.room() == (50, 0.0)
    assert over(clock, replicas=3).room() == (16, 0.0)
    assert over(clock, UNLIMITED).room()[0] > 10_000


def test_replicas_share(clock: Clock) -> None:
    """Three of them have two a second for a thread, each."""
    pace = over(clock, replicas=3)
    went(pace)
    went(pace)

    wait(pace)


def test_another_number_of_replicas_counts_at_once(clock: Clock) -> None:
    """Nothing has to be restarted when one more comes."""
    number = 1
    pace = Pace(THREAD, clock=clock, replicas=lambda: number)
    went(pace)
    number = 2

    wait(pace)


def test_threads_are_forgotten_after_an_hour(clock: Clock) -> None:
    """Nothing that was said to somebody yesterday takes memory today; a pause is not forgotten."""
    pace = over(clock)
    for n in range(500):
        went(pace, f"{n}")
        clock.now += 0.1
    pace.throttled(went(pace, "closed", welcome=False), 80_000.0)
    clock.now += 4_000
    for n in range(200):
        went(pace, f"new {n}")
        clock.now += 0.1

    assert len(pace._threads) == 201
    assert wait(pace, "closed").why == "throttled"


def test_a_crowd_of_threads_does_not_grow_without_end(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The quietest is forgotten first, and also of those that Teams has closed there is an end."""
    monkeypatch.setattr(module, "_REMEMBERED", 100)
    pace = over(clock, UNLIMITED)
    for n in range(1_000):
        go = went(pace, f"{n}", welcome=False)
        if n % 2:
            pace.throttled(go, 3_000.0)
        clock.now += 0.01

    assert len(pace._threads) <= 101
