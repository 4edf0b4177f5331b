"""What an operator reads about the way to Teams: beginnings and ends, not every message."""

import pytest
from structlog.testing import capture_logs

from bot.teams.news import News
from bot.teams.outcomes import Delivered, Outcome, Park, Refused, Throttled, TryAgain, Unknown
from tests.support.keeping import Clock

TROUBLES: list[tuple[Outcome, str]] = [
    (Refused("credentials", 401), "teams_refuses_credentials"),
    (Refused("bad_request", 400), "teams_refuses"),
    (Park("admin_disabled"), "teams_forbids"),
    (Throttled(3.0), "teams_throttles"),
    (TryAgain("not_connected"), "teams_unavailable"),
    (Unknown("status_502"), "teams_unavailable"),
]


@pytest.mark.parametrize(("outcome", "event"), TROUBLES, ids=str)
def test_a_trouble_is_told_once_with_what_to_do(outcome: Outcome, event: str) -> None:
    """A thousand messages that meet it are one line, and one more when it is over."""
    clock = Clock()
    news = News(clock=clock)

    with capture_logs() as logs:
        for _ in range(1_000):
            news.heard(outcome)
            news.heard(Delivered("1"))
            clock.now += 0.1
        clock.now += 600
        news.heard(Delivered("2"))

    assert [each["event"] for each in logs] == [event, f"{event}_no_longer"]
    assert logs[0]["what_to_do"]
    assert logs[0]["log_level"] == ("error" if "credentials" in event else "warning")


def test_a_delivery_ends_what_concerns_everybody() -> None:
    """Half a minute after the last failure the first delivery says that Teams is back."""
    clock = Clock()
    news = News(clock=clock)
    with capture_logs() as logs:
        news.heard(TryAgain("not_connected"))
        news.heard(Park("blocked"))
        clock.now += 31
        news.heard(Delivered("1"))

    assert [each["event"] for each in logs][2:] == ["teams_unavailable_no_longer"]


@pytest.mark.parametrize(
    "outcome",
    [Delivered("1"), Refused("gone", 404), Refused("conversation_gone", 404), Throttled(1.0, "thread")],
    ids=str,
)
def test_what_happens_every_day_is_not_told(outcome: Outcome) -> None:
    """People delete cards and chats, and our own pace is no trouble."""
    with capture_logs() as logs:
        News().heard(outcome)

    assert logs == []
