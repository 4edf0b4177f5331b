"""How fast Teams may be spoken to: may this request leave now, and if not, when to come back.

Teams answers 429 to a bot that is faster than its limits. They are published as estimates, per bot and
thread and for the whole app, and may change; so a 429 is obeyed first and the limits are kept second:
https://learn.microsoft.com/en-us/microsoftteams/platform/bots/how-to/rate-limit
"A conversation is 1:1 between bot and user, a group chat, or a channel in a team": the threads of one channel
share its limits. There are separate rows for sending and for creating; a new thread is a message in its
channel all the same, so both are counted together here, and changes and deletions with them.

Nothing here waits. What has to is told for how many seconds, and in its thread a place is kept for it
(`windows.py`). For the app's limit there is no queue in here: who has much to send asks for the `room` and
begins the most urgent. Everything of one process goes through one `Pace`; replicas share the limits by their
number.

Must not know: HTTP, the outbox, what is sent.
"""

import random
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

import msgspec

from bot.teams.windows import CLOSE, Stream, Window, Windows, shared

Kind: TypeAlias = Literal["send", "read"]
Why: TypeAlias = Literal["thread", "app", "throttled"]

_ALL: Final = 1_000_000  # requests, when nothing limits them
_LONGEST_PAUSE: Final = 60.0  # seconds, when Teams asks to slow down and does not say for how long
_MOST_JITTER: Final = 2.0  # seconds on top of a Retry-After
_ONE_AHEAD: Final = 1.0  # seconds; after a 429 one request goes ahead of the others
_REMEMBERED: Final = 20_000  # threads; beyond that the one that was quiet for longest is forgotten


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The windows for one thread's messages, for reads about one thread, and for everything together."""

    send: Windows = ()
    read: Windows = ()
    app: Windows = ()


TEAMS: Final = Limits(
    send=(Window(7, 1), Window(8, 2), Window(60, 30), Window(1800, 3600)),
    read=(Window(14, 1), Window(16, 2), Window(120, 30), Window(3600, 3600)),
    app=(Window(50, 1),),  # older versions of the page: 30
)
UNLIMITED: Final = Limits()
"""For clients on this machine, which limit nobody. A 429 is obeyed all the same."""


class Wait(msgspec.Struct, frozen=True):
    """Not now.

    Attributes:
        seconds: When to ask again, from now.
        why: thread and app, that limit is used up; throttled, Teams has asked for a pause.
    """

    seconds: float
    why: Why


class _Thread(Stream):
    """One thread's requests of one kind, and what Teams has said to them."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self.closed_until = float("-inf")
        self.strikes = 0  # 429s in a row

    def may_go_at(self, windows: Windows, now: float) -> float:
        """The first time at which a request may start."""
        alone = now + _ONE_AHEAD if self.strikes and self.under_way else now
        return max(self.free_at(windows, now), self.closed_until, alone)

    def matters(self, now: float) -> bool:
        """Whether forgetting it could lead to a request that Teams does not want."""
        return self.closed_until > now or bool(self.under_way)


class Go(msgspec.Struct, frozen=True):
    """Now. Whoever got it must say when the request has ended."""

    thread: _Thread
    since: float


class Pace:
    """Keeps the limits for one process."""

    def __init__(
        self,
        limits: Limits = TEAMS,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
        replicas: Callable[[], int] = lambda: 1,
    ) -> None:
        """Start with nothing sent.

        Args:
            limits: To be kept by all replicas together.
            clock: Seconds, never set back.
            chance: A number from 0 up to 1, for the jitter.
            replicas: How many processes send as this bot now.
        """
        self._limits = limits
        self._clock = clock
        self._chance = chance
        self._replicas = replicas
        self._number = 0
        self._ours = limits
        self._app = Stream()
        self._threads: OrderedDict[tuple[Kind, str], _Thread] = OrderedDict()  # the quietest first
        self._takes = 0.0  # seconds that a request takes, on average

    def ask(self, kind: Kind, thread: str, *, nice: bool = False) -> Go | Wait:
        """May a request of this thread start?

        Args:
            kind: Whether it reads; anything else sends.
            thread: A chat's or channel's id.
            nice: It is nice to have, and gets no place: if there is no room it should be dropped.
        """
        now = self._clock()
        self._share_out()
        found = self._thread(kind, thread, now)
        windows = self._windows(kind)
        free_at = found.may_go_at(windows, now)
        app_free_at = self._app_free_at(now)
        if nice and (found.somebody_waits() or max(free_at, app_free_at) > now + CLOSE):
            return Wait(max(free_at, app_free_at) - now, "thread")
        if free_at > now + CLOSE:
            at = self._place(found, now)
            why: Why = "throttled" if found.strikes else "thread"
        elif app_free_at > now + CLOSE:
            at, why = app_free_at, "app"  # no place: what waits for this is better not begun, see `room`
        else:
            found.start(now)
            self._app.start(now)
            return Go(found, now)
        return Wait(at - now, why)

    def room(self) -> tuple[int, float]:
        """How many requests the app's limit lets start now; if none, in how many seconds there is room again.

        Whoever has much to send takes up no more than that, so that what is most urgent then goes first.
        """
        if not self._limits.app:
            return _ALL, 0.0
        now = self._clock()
        self._share_out()
        free_at = self._app_free_at(now)
        room = self._app.room(self._ours.app, now)
        return (_ALL if room is None else room), max(free_at - now, 0.0)

    def _app_free_at(self, now: float) -> float:
        self._app.tidy(now, _longest(self._ours.app))
        return self._app.free_at(self._ours.app, now)

    def ended(self, go: Go, *, welcome: bool = False) -> None:
        """The request has ended. `welcome`: Teams has answered, and not with 429."""
        now = self._clock()
        go.thread.end(now)
        self._app.end(now)
        self._takes += (min(now - go.since, 2.0) - self._takes) / 8
        if welcome:
            go.thread.strikes = 0

    def throttled(self, go: Go, retry_after: float | None) -> float:
        """Teams has answered 429; to be told after `ended`.

        Args:
            go: The request.
            retry_after: Seconds that Teams asks for. Nothing is sent to the thread before they are over; a
                little is added by chance. Without a number the pause is ours, doubled with each 429.

        Returns:
            Seconds until the same message may be tried again.
        """
        now = self._clock()
        thread = go.thread
        if now >= thread.closed_until:  # else it is one more of those that were under way together
            thread.strikes += 1
            thread.clear_places()
        if retry_after is not None and retry_after > 0:
            pause = retry_after + self._chance() * min(retry_after / 10, _MOST_JITTER)
        else:
            pause = self._chance() * min(2.0 ** min(thread.strikes, 10), _LONGEST_PAUSE)
        thread.closed_until = max(thread.closed_until, now + pause)
        return self._place(thread, now) - now

    def _place(self, thread: _Thread, now: float) -> float:
        earliest = thread.closed_until
        if thread.strikes and (thread.somebody_waits() or thread.under_way):
            earliest = max(now, earliest) + _ONE_AHEAD
        return thread.place(self._windows(thread.kind), now, takes=self._takes, earliest=earliest)

    def _windows(self, kind: Kind) -> Windows:
        return self._ours.read if kind == "read" else self._ours.send

    def _share_out(self) -> None:
        number = max(self._replicas(), 1)
        if number == self._number:
            return
        self._number = number
        limits = self._limits
        self._ours = Limits(
            send=shared(limits.send, number), read=shared(limits.read, number), app=shared(limits.app, number)
        )

    def _thread(self, kind: Kind, name: str, now: float) -> _Thread:
        found = self._threads.pop((kind, name), None) or _Thread(kind)
        self._threads[kind, name] = found
        self._forget(found, now)
        found.tidy(now, _longest(self._windows(kind)))
        return found

    def _forget(self, latest: _Thread, now: float) -> None:
        """Let go of threads that are quiet; a few at each call, so that no call takes long."""
        for _ in range(4):
            key, thread = next(iter(self._threads.items()))
            if thread is latest:
                return
            if thread.matters(now):
                self._threads.move_to_end(key)
                continue
            thread.tidy(now, _longest(self._windows(thread.kind)))
            if not thread.idle() and len(self._threads) <= _REMEMBERED:
                return
            del self._threads[key]
        if len(self._threads) > _REMEMBERED:  # Teams has closed all of those: one more 429 is the worst
            self._threads.popitem(last=False)


def _longest(windows: Windows) -> float:
    return max((each.seconds for each in windows), default=0.0)
