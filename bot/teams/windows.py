"""How many requests fit into sliding windows: the arithmetic of one stream of requests, over times handed in.

It is exact whatever the network does. A request counts from its start until a whole window after its answer;
whoever counts it at the other end does so between the two, so no window there ever holds more than ours.

Who has to wait is given a place: the first time behind all other places at which the windows have room. So
many who wait for one stream come back one after another and not all at once. A place belongs to nobody: it
says when to come back, and whether there is room is decided then; who is delayed a little stays in front. A
place that nobody comes for expires.

Must not know: Teams, what a stream stands for, what time it is.
"""

from collections import deque
from typing import Final, TypeAlias

import msgspec

CLOSE: Final = 0.005  # seconds; who comes back this much too early comes back in time
_MARGIN: Final = 0.01  # seconds on top of every window, so that rounding never breaks one
_EXPIRES: Final = 10.0  # seconds after its time; the outbox looks for what is due at least every five


class Window(msgspec.Struct, frozen=True):
    """At most `limit` requests in any `seconds`."""

    limit: int
    seconds: float


Windows: TypeAlias = tuple[Window, ...]


def shared(windows: Windows, replicas: int) -> Windows:
    """What each of `replicas` may use, so that all of them together stay within `windows`.

    Rounded down. When there are more replicas than requests in a window, each gets one in a longer window:
    their average keeps the limit, and only all of them sending in the same moment would break it.
    """
    return tuple(
        Window(each.limit // replicas, each.seconds)
        if each.limit >= replicas
        else Window(1, each.seconds * replicas / each.limit)
        for each in windows
    )


class Stream:
    """The requests of one stream, as long as they matter, and the places of those who wait.

    Attributes:
        under_way: Requests that have started and not ended.
    """

    def __init__(self) -> None:
        self._ended: deque[float] = deque()  # when, rising
        self._places: deque[float] = deque()  # rising
        self.under_way = 0

    def start(self, now: float) -> None:
        """A request starts; it takes the first place whose time has come."""
        self.under_way += 1
        if self._places and self._places[0] <= now + CLOSE:
            self._places.popleft()

    def end(self, now: float) -> None:
        """A request has ended, however."""
        self.under_way -= 1
        self._ended.append(now)

    def room(self, windows: Windows, now: float) -> int | None:
        """How many requests may start at once, from `now` on; None if nothing limits them."""
        return min((max(each.limit - self._counted(each, now), 0) for each in windows), default=None)

    def free_at(self, windows: Windows, now: float) -> float:
        """The first time, from `now` on, at which a request may start."""
        return self._after(0, windows, now)

    def place(
        self, windows: Windows, now: float, *, takes: float = 0.0, earliest: float = 0.0, apart: float = 0.0
    ) -> float:
        """Give away the next place; or a place whose time has come without room, once more a little later.

        Args:
            windows: Those to keep.
            now: The time.
            takes: Seconds that a request is expected to take.
            earliest: The place is not before this time.
            apart: Seconds between two places, if they are not to come in bursts.

        Returns:
            When to come back.
        """
        position = len(self._places)
        if self._places and self._places[0] <= now + CLOSE:
            self._places.popleft()
            position = 0
        at = max(self._after(position, windows, now, takes, apart), earliest)
        while position < len(self._places) and self._places[position] < at + apart:
            position += 1
            at = max(self._after(position, windows, now, takes, apart), earliest)
        self._places.insert(position, at)
        return at

    def somebody_waits(self) -> bool:
        """Whether a place is given away."""
        return bool(self._places)

    def clear_places(self) -> None:
        """Nobody can keep their place; whoever comes gets another one."""
        self._places.clear()

    def tidy(self, now: float, longest: float) -> None:
        """Forget requests older than `longest` seconds and places that nobody came for."""
        while self._ended and self._ended[0] <= now - longest - _MARGIN:
            self._ended.popleft()
        while self._places and self._places[0] < now - _EXPIRES:
            self._places.popleft()

    def idle(self) -> bool:
        """Whether nothing in here matters any more, once it is tidy."""
        return not (self._ended or self._places or self.under_way)

    def _after(
        self, places: int, windows: Windows, now: float, takes: float = 0.0, apart: float = 0.0
    ) -> float:
        """The first time with room behind all requests and the first so many places."""
        last = self._places[places - 1] + apart if places else now
        return max([now, last, *(self._room(each, now, places, takes) for each in windows)])

    def _room(self, window: Window, now: float, places: int, takes: float) -> float:
        nth = window.limit  # counted from the latest; when that one has left the window there is room
        if nth <= places:
            return max(self._places[places - nth], now) + takes + window.seconds + _MARGIN
        nth -= places
        if nth <= self.under_way:
            return now + takes + window.seconds + _MARGIN
        nth -= self.under_way
        return self._ended[-nth] + window.seconds + _MARGIN if nth <= len(self._ended) else now

    def _counted(self, window: Window, now: float) -> int:
        over = now - window.seconds - _MARGIN
        return self.under_way + sum(at > over for at in reversed(self._ended))
