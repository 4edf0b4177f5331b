"""Times as Graph writes and wants them, and as people paste them."""

from datetime import UTC, datetime
from typing import Annotated, TypeAlias

import msgspec

# Without a zone a time is an odd answer, not a guess.
Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


def utc(moment: datetime) -> datetime:
    """The same moment in UTC; at the two ends of time, where there is none, the same digits."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


def odata(moment: datetime) -> str:
    """A literal for a filter: unquoted, UTC, whole seconds."""
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def at(seconds: float) -> datetime:
    """Seconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def pasted(text: str | None) -> datetime | None:
    """A time out of an error page, ISO 8601; None when it is none or names no zone."""
    try:
        moment = datetime.fromisoformat((text or "").strip())
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
