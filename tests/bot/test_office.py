"""When the helpdesk is there, over nights, weekends, holidays and the change of the clocks."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from bot.office import Office
from bot.setting_values import country, hours, minutes

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    """A moment in Berlin."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp())


@pytest.fixture
def office() -> Office:
    """A helpdesk in Germany."""
    return Office("Mo-Fr 08:00-17:00; PH off", "Europe/Berlin", "DE")


@pytest.mark.parametrize(
    ("now", "back"),
    [
        ("2026-11-26 09:00", None),
        ("2026-11-26 07:59", "2026-11-26 08:00"),
        ("2026-11-26 17:00", "2026-11-27 08:00"),
        ("2026-11-27 18:00", "2026-11-30 08:00"),
        ("2026-12-24 18:00", "2026-12-28 08:00"),
    ],
)
def test_when_they_are_back(office: Office, now: str, back: str | None) -> None:
    """At once, in the morning, after the weekend, after Christmas."""
    assert office.back(at(now)) == (at(back) if back else 0)


@pytest.mark.parametrize(
    ("since", "until", "worked"),
    [
        ("2026-11-26 09:00", "2026-11-26 09:30", 0.5),
        ("2026-11-26 16:30", "2026-11-27 08:15", 0.75),
        ("2026-11-27 16:00", "2026-11-30 09:00", 2.0),
        ("2026-11-26 20:00", "2026-11-27 06:00", 0.0),
        ("2026-12-24 16:00", "2026-12-28 09:00", 2.0),
        ("2027-03-26 16:00", "2027-03-30 09:00", 1.0),
        ("2026-11-26 10:00", "2026-11-26 09:00", 0.0),
    ],
)
def test_only_opening_hours_count(office: Office, since: str, until: str, worked: float) -> None:
    """Christmas, Easter and the night in which the clocks change among them."""
    assert office.passed(at(since), at(until)) == worked * 3600


def test_without_hours_it_is_always_open() -> None:
    """Every minute counts."""
    always = Office("", "UTC")
    assert always.back(at("2026-12-25 03:00")) == 0
    assert always.passed(100.0, 160.5) == 60.5


def test_who_never_opens_is_never_back() -> None:
    """Nothing is promised that never comes."""
    assert Office("off", "UTC").back(0) == 0


@pytest.mark.parametrize(
    ("text", "said"), [("Mo-Fr 8-17", "from character 7 on"), ("whenever", "from character 1 on")]
)
def test_hours_that_cannot_be_read_say_where(text: str, said: str) -> None:
    """And how they are written."""
    with pytest.raises(ValueError, match=said):
        hours(text)


@pytest.mark.parametrize("text", ["XX", "Germany", "D"])
def test_a_country_without_holidays_is_a_mistake(text: str) -> None:
    """Or every holiday would be a working day, and nobody would know."""
    with pytest.raises(ValueError, match="two letters"):
        country(text)


@pytest.mark.parametrize("text", ["-1", "half an hour", "1.5", "99999"])
def test_minutes_are_a_whole_number(text: str) -> None:
    """Up to a week."""
    with pytest.raises(ValueError, match="minutes"):
        minutes(text)
