"""A day as people write it -> the day as it is kept: 2026-11-22.

It must not know a clock or a zone: "today" is the day, in UTC, of the moment that comes with the event.
"""

import datetime as dt
import re

from dialogs.library import Library

_SHAPES = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})"),
)
_DAYS_AGO = {"today": 0, "yesterday": 1}


def read_date(library: Library, language: str, text: str, at: int) -> str | None:
    """The date in `text`, ISO 8601; None when there is none that can be read for certain.

    Args:
        library: Where the words for today and yesterday are, in every language.
        language: What the person speaks; their words go first.
        text: What was written. 11/12 could be two days, so that is none.
        at: The moment it was written, seconds since 1970, UTC.
    """
    said = text.strip().strip(".!").casefold()
    for shape in _SHAPES:
        found = shape.fullmatch(said)
        if found:
            try:
                return dt.date(int(found["year"]), int(found["month"]), int(found["day"])).isoformat()
            except ValueError:
                return None
    for spoken in (language, *library.languages):
        for name, days in _DAYS_AGO.items():
            words = library.words(f"said/{name}", spoken) if library.has(f"said/{name}") else ""
            if said in (each.strip().casefold() for each in words.split(";")):
                today = dt.datetime.fromtimestamp(at, dt.UTC).date()
                return (today - dt.timedelta(days=days)).isoformat()
    return None
