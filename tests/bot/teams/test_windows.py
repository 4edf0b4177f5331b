"""Sliding windows: never more requests than they allow, and places that lead to them."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.teams.pace import TEAMS
from bot.teams.windows import Stream, Window, Windows, shared

SMALL = (Window(3, 1), Window(5, 4))


def most(times: Iterable[float], seconds: float) -> int:
    """The most of `times` in any window of this length, its beginning left out and its end counted."""
    times = sorted(times)
    return max((sum(end - seconds < each <= end for each in times) for end in times), default=0)


def kept(times: list[float], windows: Windows) -> bool:
    """Whether no window holds more than it may."""
    return all(most(times, each.seconds) <= each.limit for each in windows)


def one(stream: Stream, now: float) -> None:
    """A request that takes no time."""
    stream.start(now)
    stream.end(now)


def full(windows: Windows, now: float) -> Stream:
    """A stream that has no room now."""
    stream = Stream()
    while stream.free_at(windows, now) <= now:
        one(stream, now)
    return stream


@given(st.lists(st.tuples(st.floats(0, 1.5), st.floats(0, 3), st.floats(0, 1)), min_size=1, max_size=60))
def test_whenever_the_network_delivers_them_no_window_is_broken(
    steps: list[tuple[float, float, float]],
) -> None:
    """Each request may take long, overtake others, and be counted anywhere between start and answer."""
    stream, now = Stream(), 0.0
    answers: list[float] = []
    counted: list[float] = []
    for pause, takes, part in steps:
        now += pause
        for answer in sorted(each for each in answers if each <= now):
            stream.end(answer)
            answers.remove(answer)
        stream.tidy(now, 4)
        if stream.free_at(SMALL, now) <= now:
            stream.start(now)
            answers.append(now + takes)
            counted.append(now + takes * part)

    assert kept(counted, SMALL)


@pytest.mark.parametrize("windows", [SMALL, TEAMS.send])
def test_who_waits_gets_places_as_close_as_the_windows_allow(windows: Windows) -> None:
    """Two hundred at once: everybody comes back once, finds room, and no window is left half empty."""
    now = 1_000.0
    stream = full(windows, now)
    places = [stream.place(windows, now) for _ in range(200)]
    assert places == sorted(places)
    for at in places:
        assert stream.free_at(windows, at) <= at
        one(stream, at)

    assert kept(places, windows)
    slowest = max(each.seconds / each.limit for each in windows if each.limit < 200)
    assert places[-1] - now <= 205 * slowest * 1.02
    assert not stream.somebody_waits()


def test_who_is_delayed_stays_in_front() -> None:
    """Somebody who comes in time and finds no room after all goes next, not behind everybody."""
    stream = Stream()
    for _ in range(3):
        stream.start(0.0)
    first, *others = [stream.place(SMALL, 0.0) for _ in range(50)]
    for _ in range(3):  # they took longer than was expected
        stream.end(first)
    assert stream.free_at(SMALL, first) > first

    assert stream.place(SMALL, first) < others[3] < others[-1]


def test_a_place_that_nobody_comes_for_expires() -> None:
    """Somebody's message was given up meanwhile: those after it do not wait for ever."""
    stream = full(SMALL, 0.0)
    last = [stream.place(SMALL, 0.0) for _ in range(20)][-1]

    stream.tidy(last + 9, 4)
    assert stream.somebody_waits()
    stream.tidy(last + 11, 4)

    assert not stream.somebody_waits()
    assert stream.idle()


@given(st.integers(1, 100))
def test_replicas_together_never_have_more_than_the_window(replicas: int) -> None:
    """Shares are rounded down; when there is less than one for each, the window gets longer."""
    for window, share in zip(TEAMS.send + TEAMS.app, shared(TEAMS.send + TEAMS.app, replicas), strict=True):
        assert share.limit >= 1
        assert share.limit * replicas / share.seconds <= window.limit / window.seconds * (1 + 1e-9)
        if replicas <= window.limit:
            assert share.seconds == window.seconds


def test_room_is_what_may_start_at_once() -> None:
    """What is under way counts, and what has ended does for a whole window; no windows, no limit."""
    windows, stream = (Window(5, 1), Window(7, 10)), Stream()
    for _ in range(3):
        stream.start(0.0)
    assert stream.room(windows, 0.0) == 2

    stream.end(0.5)

    assert stream.room(windows, 1.0) == 2
    assert stream.room(windows, 1.6) == 3
    assert stream.room((), 1.6) is None
