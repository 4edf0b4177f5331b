"""What a Retry-After header asks for."""

import email.utils

import pytest

from bot.retry_after import LONGEST, seconds

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("-3", None),
        ("1000000000000", LONGEST),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2099 07:28:00 GMT", LONGEST),
        ("Wed, 32 Oct 2099 07:28:00 GMT", None),
        ("soon", None),
        ("nan", None),
        ("inf", LONGEST),
        ("", None),
        (None, None),
    ],
)
def test_seconds_or_a_date(header: str | None, wait: float | None) -> None:
    """Never less than nothing, never more than a day; what makes no sense is not heard."""
    assert seconds(header, lambda: NOW) == wait


def test_a_date_is_so_many_seconds_away() -> None:
    """By the clock of whoever asks."""
    assert seconds(email.utils.formatdate(NOW + 3600, usegmt=True), lambda: NOW) == 3600
