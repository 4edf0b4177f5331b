from bot.store.postgres_clock import DatabaseClock
from tests.support.keeping import NOW, Clock


def looked(ahead: float) -> tuple[DatabaseClock, Clock, Clock]:
    """A replica that saw the database to be ahead by so many seconds; its clock, and the monotonic one."""
    own, monotonic = Clock(NOW), Clock(1000.0)
    clock = DatabaseClock(own, monotonic)
    clock.look(clock.started(), NOW + ahead)
    return clock, own, monotonic


def test_clocks_that_agree_are_left_alone() -> None:
    """What a network costs is no difference: times pass through to the last digit."""
    clock, _, _ = looked(1.9)

    assert clock.to_database(NOW + 0.1) == NOW + 0.1
    assert clock.to_caller(NOW + 0.1) == NOW + 0.1


def test_a_difference_is_corrected_both_ways() -> None:
    """On the way in and on the way out."""
    clock, _, _ = looked(3600.0)

    assert clock.to_database(NOW) == NOW + 3600
    assert clock.to_caller(NOW + 3600) == NOW


def test_at_once_stays_at_once() -> None:
    """0 is no time of day."""
    clock, _, _ = looked(3600.0)

    assert clock.to_database(0.0) == 0.0
    assert clock.to_caller(0.0) == 0.0


def test_a_clock_that_jumps_is_noticed_without_another_look() -> None:
    """Somebody sets this machine's clock an hour on, or back: the database's time goes on as it did."""
    clock, own, monotonic = looked(0.0)
    monotonic.now += 10

    for jump in (3600.0, -3600.0):
        own.now = NOW + 10 + jump
        assert clock.to_database(own.now) == NOW + 10


def test_a_slow_answer_says_little() -> None:
    """Nobody knows when in those seconds the database looked at its clock: what was known is kept."""
    clock, _, monotonic = looked(100.0)
    started = clock.started()
    monotonic.now += 5

    clock.look(started, NOW + 500)

    assert clock.ahead() == 105.0  # five seconds passed that the test's own clock did not see


def test_it_looks_every_half_minute() -> None:
    """And before anything else."""
    monotonic = Clock(0.0)
    clock = DatabaseClock(Clock(), monotonic)

    assert clock.due()
    clock.look(clock.started(), NOW)
    assert not clock.due()
    monotonic.now += 30
    assert clock.due()
