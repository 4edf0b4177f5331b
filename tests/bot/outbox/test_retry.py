import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.outbox.retry import ATTEMPTS, LONGEST, OLDEST, SCHEDULE, next_delay, put_off

HOUR = 3600.0
chances = st.floats(0, 1, exclude_max=True)


def test_the_first_tries_follow_within_seconds() -> None:
    """A person is waiting: four tries in the first half minute."""
    assert SCHEDULE[:4] == (1, 2, 4, 8)


def test_all_tries_together_last_about_three_days() -> None:
    """A system that is down from Friday evening to Monday morning still gets its tickets."""
    most = sum(next_delay(n, random=lambda: 0.999999) or 0 for n in range(1, ATTEMPTS))
    least = sum(next_delay(n, random=lambda: 0.0) or 0 for n in range(1, ATTEMPTS))

    assert 71 * HOUR < most < 73 * HOUR
    assert least > 52 * HOUR


def test_after_the_last_try_it_is_over() -> None:
    """The number of tries is bounded."""
    assert next_delay(ATTEMPTS - 1, random=random.random) is not None
    assert next_delay(ATTEMPTS, random=random.random) is None
    assert next_delay(10**9, random=random.random) is None


@given(attempt=st.integers(1, ATTEMPTS - 1), chance=chances)
def test_a_wait_keeps_to_the_schedule(attempt: int, chance: float) -> None:
    """Chance makes a wait shorter than planned and never longer."""
    delay = next_delay(attempt, random=lambda: chance)

    assert delay is not None
    assert 0 <= delay <= SCHEDULE[attempt - 1]


def test_a_crowd_is_spread_over_the_whole_of_a_quick_wait() -> None:
    """Full jitter: the first and the last of a crowd are a whole wait apart."""
    assert next_delay(5, random=lambda: 0.0) == 0
    assert next_delay(5, random=lambda: 0.5) == SCHEDULE[4] / 2


@given(attempt=st.integers(1, ATTEMPTS - 1), chance=chances, asked=st.floats(1e-3, LONGEST))
def test_what_the_other_side_asks_for_is_never_undercut(attempt: int, chance: float, asked: float) -> None:
    """Retry-After is the least we wait, and not much more unless the schedule says so."""
    delay = next_delay(attempt, retry_after=asked, random=lambda: chance)

    assert delay is not None
    assert asked <= delay <= max(SCHEDULE[attempt - 1], asked * 1.1)


def test_who_answers_all_alike_does_not_get_all_back_at_once() -> None:
    """The same Retry-After for everybody is spread a little."""
    delays = {next_delay(1, retry_after=30, random=random.random) for _ in range(50)}

    assert len(delays) > 25


@pytest.mark.parametrize("nonsense", [math.nan, -1.0, 0.0, -math.inf])
def test_a_senseless_wish_is_not_heard(nonsense: float) -> None:
    """What is no positive number changes nothing."""
    assert next_delay(3, retry_after=nonsense, random=lambda: 0.5) == 2


@pytest.mark.parametrize("long", [LONGEST + 1, 1e300, math.inf])
def test_who_wants_more_than_a_day_is_not_waited_for(long: float) -> None:
    """The helpdesk should rather know now than next week; and we do not come sooner than asked."""
    assert next_delay(1, retry_after=long, random=random.random) is None


@given(wait=st.floats(0.1, LONGEST), age=st.floats(-HOUR, OLDEST))
def test_what_is_put_off_comes_when_it_was_asked_for(wait: float, age: float) -> None:
    """Not earlier: the other side, or our own pace, said when; nor later: nothing was wrong."""
    assert put_off(wait, age=age) == wait


@pytest.mark.parametrize(
    ("wait", "seconds"), [(0.0, 0.1), (-5.0, 0.1), (math.nan, 0.1), (math.inf, LONGEST), (1e9, LONGEST)]
)
def test_a_senseless_wait_is_made_sensible(wait: float, seconds: float) -> None:
    """Never so short that it goes round in circles, never for ever."""
    assert put_off(wait, age=0) == seconds


def test_an_old_message_is_put_off_no_more() -> None:
    """It costs no tries, so this is what ends it."""
    assert put_off(1, age=72 * HOUR) == 1
    assert put_off(1, age=72 * HOUR + 1) is None
