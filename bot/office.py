"""When the helpdesk is there: its opening hours, in the notation of OpenStreetMap, holidays among them.

The notation is https://wiki.openstreetmap.org/wiki/Key:opening_hours, as in "Mo-Fr 08:00-17:00; PH off".
Must not know: cases, who waits.
"""

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

_PLACE: Final = re.compile(r"--> \d+:(\d+)")
_FAR: Final = 14 * 86_400  # seconds; nobody needs to know how much longer than two weeks something took


class Office:
    """Opening hours in a time zone; without any it is always open."""

    def __init__(self, hours: str, zone: str, country: str = "") -> None:
        """Read the hours.

        Args:
            hours: As OpenStreetMap writes them; "" means always.
            zone: An IANA name.
            country: Whose public holidays "PH" are, as two letters (ISO 3166-1); "" means nobody's.

        Raises:
            ValueError: They cannot be read; the message has two halves, "what is wrong; what to do instead".
        """
        self._zone = ZoneInfo(zone)
        self._hours = None
        # From when until when the last answer stands, and the answer: every turn asks.
        self._known = (0.0, 0.0, 0)
        if hours:
            # Thirteen megabytes of code, for those who have hours.
            from opening_hours import OpeningHours, ParserError, UnknownCountryError  # type: ignore[attr-defined]  # no stubs

            try:
                self._hours = OpeningHours(hours, timezone=self._zone, country=country or None)
            except UnknownCountryError:
                raise ValueError(
                    "its holidays are not known; write a country as two letters, as in DE"
                ) from None
            except ParserError as error:
                place = _PLACE.search(str(error))
                where = f"from character {place[1]} on" if place else "at all"
                raise ValueError(
                    f"it cannot be read {where}; write it like Mo-Fr 08:00-17:00; Sa 09:00-12:00; PH off"
                ) from None

    def back(self, at: float) -> int:
        """When somebody is there again, seconds since 1970; 0 when they are there, or never will be."""
        since, until, back = self._known
        if not since <= at < until:
            since, until, back = self._known = at, *self._looked_up(at)
        return back

    def _looked_up(self, at: float) -> tuple[float, int]:
        """Until when the answer stands, and the answer."""
        if self._hours is None:
            return float("inf"), 0
        moment = self._moment(at)
        change = self._hours.next_change(moment)
        if change is None:
            return float("inf"), 0
        return change.timestamp(), 0 if self._hours.is_open(moment) else int(change.timestamp())

    def passed(self, since: float, until: float) -> float:
        """Seconds of opening hours between two moments; of more than two weeks only the last two count."""
        since = max(since, until - _FAR)
        if until <= since:
            return 0.0
        if self._hours is None:
            return until - since
        from opening_hours import State

        stretches = self._hours.intervals(self._moment(since), self._moment(until))
        return sum(
            (min(end.timestamp(), until) - begin.timestamp())
            for begin, end, state, *_ in stretches
            if state == State.OPEN
        )

    def _moment(self, at: float) -> dt.datetime:
        return dt.datetime.fromtimestamp(at, self._zone)
