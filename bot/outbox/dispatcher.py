"""Takes messages out of the outbox: claims, performs, settles; one per lane at a time, lanes side by side.

Each kind of messages is a pool of its own, with so many performed side by side: a ticket system that hangs
fills its own pool and no other, so people get their answers. A kind without a pool is left alone: a newer
version, beside this one or before it, wrote it and will perform it.

It never dies: a store that fails is asked again, a performer that raises is noted on the message. What has
become of a message is written down before more work is taken. It must not know what a kind is for.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec
import structlog

from bot import crash
from bot.errors import (
    DeliveryFailed,
    DeliveryMoved,
    DeliveryParked,
    DeliveryPostponed,
    DeliveryRefused,
    StoreUnavailable,
)
from bot.outbox.ending import Done, Follow, excused, moved
from bot.outbox.places import Places
from bot.outbox.retry import OLDEST, next_delay, put_off
from bot.store.api import Message, Settled, Spare, Store

_log = structlog.get_logger(__name__)

AS_MUCH_AS_YOU_LIKE: Final = (1_000_000, 0.0)
"""The room of a kind whose way out nothing limits."""

# Seconds. For so long a message waits when the replica that had it dies; and no delivery may take longer.
LEASE: Final = 30.0
_PATIENCE: Final = 2 / 3  # of a lease; a delivery that takes longer is broken off while the lease still holds
_LONGEST_SLEEP: Final = 5.0  # seconds; only a safety net, commits wake it
_LONGEST_REST: Final = 5.0  # seconds between two questions to a store that fails
# Attempts in a row that ended without a word. They are many and ever further apart, the last ones a minute or
# two (see `bot.store.api.Message`): what is performed beside a message that takes the process down must not
# be buried for it.
_VANISHED: Final = 16

_REPORT: Final = "please report this as a defect."  # the outbox goes on, and tries again


def _look(message: Message) -> str:
    return f"see it: handrail outbox show {message.id}"


async def _nobody(_message: Message) -> Follow | None:
    return None


class Dispatcher:
    """Runs in the background from `start` to `stop`.

    Attributes:
        delivered: Messages that are done.
        failed: Attempts that did not work and will be repeated.
        postponed: Attempts that were put off on purpose.
        parked: Messages that wait for their person.
        dead: Messages that were given up.
    """

    def __init__(
        self,
        store: Store,
        perform: Callable[[Message], Awaitable[Done]],
        *,
        pools: Mapping[str, int],
        room: Callable[[str], tuple[int, float]] = lambda _: AS_MUCH_AS_YOU_LIKE,
        buried: Callable[[Message], Awaitable[Follow | None]] = _nobody,
        changed: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        lease: float = LEASE,
    ) -> None:
        """Put the parts together.

        Args:
            store: Where the outbox is.
            perform: Delivers one message; raises the exceptions of `bot.errors`.
            pools: How many messages of each kind are performed side by side; other kinds are left alone.
            room: Of a kind: how many may leave now whatever its pool holds, and if none, in how many seconds
                again. What has no room is not claimed, so that the most urgent goes when there is some.
            buried: Asked when a message dies (its `error` says why), so that its conversation hears of it.
            changed: Told which conversation a follow-up turn has changed.
            clock: Seconds since 1970.
            chance: A number from 0 up to 1, for the jitter.
            lease: Seconds that nobody else may have a claimed message; a delivery may take two thirds of it.
        """
        self._store = store
        self._perform = perform
        self._pools = pools
        self._room = room
        self._buried = buried
        self._changed = changed
        self._clock = clock
        self._chance = chance
        self._lease = lease
        self._patience = lease * _PATIENCE
        self._woken = asyncio.Event()
        self._tasks: dict[asyncio.Task[None], str] = {}  # with the kind of what it performs
        self._busy: Counter[str] = Counter()  # how many of each kind are performed
        self._lent: Counter[str] = Counter()  # places for what is being committed, by kind
        self._crowded = True  # whether more may be due than there was room for when it was last looked
        self._unwritten = 0  # results that the store would not take yet
        self._loop: asyncio.Task[None] | None = None
        self._stopping = self._stopped = False
        self.delivered = 0
        self.failed = 0
        self.postponed = 0
        self.parked = 0
        self.dead = 0

    def start(self) -> None:
        """Begin to take messages out, on the running loop."""
        self._loop = asyncio.create_task(self._run(), name="outbox")

    def wake(self) -> None:
        """There may be something new."""
        self._woken.set()

    @contextlib.contextmanager
    def spare(self, *kinds: str) -> Iterator[Places]:
        """Places for what a commit makes due, one of each kind that has room, for as long as the block lasts.

        What is leased in that commit and handed to `Places.begin` needs no claim.
        """
        closed = self._stopping or self._unwritten
        lent = frozenset(kind for kind in kinds if not closed and self._places(kind) > 0)
        for kind in lent:
            self._lent[kind] += 1
        try:
            yield Places(Spare(kinds=lent, until=self._clock() + self._lease), self._begin, self.wake)
        finally:
            for kind in lent:
                self._lent[kind] -= 1

    def _places(self, kind: str) -> int:
        """How many messages of a kind may begin now, besides those that are under way or promised a place."""
        lent = self._lent[kind]
        here = self._pools.get(kind, 0) - self._busy[kind] - lent
        return min(here, self._room(kind)[0] - lent) if here > 0 else 0

    async def stop(self, grace: float) -> None:
        """Claim nothing more, let what is in flight finish for `grace` seconds, hand the rest back."""
        self._stopping = True
        self.wake()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                while running := self._running():  # what it is claiming just now comes on top
                    await asyncio.wait(running)
        left = self._running()
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self._stopped = True

    def _running(self) -> set[asyncio.Task[None]]:
        loop = {self._loop} if self._loop is not None and not self._loop.done() else set()
        return self._tasks.keys() | loop

    async def drain(self) -> None:
        """Perform all that is due and all that follows from it, then return: without a background, in step.

        Raises:
            StoreUnavailable: The outbox cannot be read.
        """
        while True:
            await self._claim()
            if not self._tasks:
                return
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def _run(self) -> None:
        failures = 0
        while not self._stopping:
            self._woken.clear()
            try:
                pause = await self._claim()
                failures = 0
            except Exception as error:  # noqa: BLE001 - the outbox goes on whatever happens
                failures += 1
                self._say_waiting(error, first=failures == 1)
                await asyncio.sleep(self._rest(failures))
                continue
            try:
                async with asyncio.timeout(pause):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _claim(self) -> float:
        """Take out what there is room for; the seconds until there may be more.

        Of a pool that is full nothing is asked, not even when more is due: whoever finishes wakes us.
        """
        self._crowded = True
        free, again = {}, _LONGEST_SLEEP
        for kind in self._pools:
            room, seconds = self._room(kind)
            places = self._places(kind)
            if room <= 0:
                again = min(again, seconds)
            elif places > 0:
                free[kind] = places
        if not free or self._unwritten:
            return again
        claimed = await self._store.claim(now=self._clock(), lease=self._lease, limits=free)
        self._begin(claimed.messages)
        taken = Counter(message.kind for message in claimed.messages)
        self._crowded = len(free) < len(self._pools) or any(taken[kind] == free[kind] for kind in free)
        due = claimed.next_due
        return again if due is None else min(max(due - self._clock(), 0.0), again)

    def _begin(self, messages: Iterable[Message]) -> None:
        for message in messages:
            crash.at("outbox.claimed")
            work = self._hand_back if self._stopped else self._take  # a commit that ended after the stop
            task = asyncio.create_task(work(message), name="outbox")
            self._tasks[task] = message.kind
            self._busy[message.kind] += 1
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._busy[self._tasks.pop(task)] -= 1
        if self._crowded:
            self.wake()  # another one of its pool may go now
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("outbox_broken", exc_info=error, what_to_do=_REPORT)  # the lease runs out by itself

    def _rest(self, failures: int) -> float:
        """Seconds to leave a failing store alone."""
        return min(0.1 * 2.0 ** min(failures, 10), _LONGEST_REST) * (0.5 + self._chance() / 2)

    def _say_waiting(self, error: Exception, *, first: bool) -> None:
        if not isinstance(error, StoreUnavailable):
            _log.error("outbox_broken", exc_info=error, what_to_do=_REPORT)
        elif first:
            _log.warning("outbox_waits", why=str(error), what_to_do="see that the database can be written")

    async def _take(self, message: Message) -> None:
        if message.lapsed >= _VANISHED:
            why = f"{message.lapsed} attempts in a row ended without a word: the process died in each"
            await self._bury(message, why)
            return
        try:
            async with asyncio.timeout(self._patience):
                done = await self._perform(message)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                await self._hand_back(message)
                raise
            await self._again(message, "broken off inside")
        except DeliveryRefused as error:
            await self._bury(message, str(error) or "refused")
        except DeliveryParked as error:
            await self._park(message, str(error) or "nobody is there")
        except DeliveryMoved as error:
            await self._write(moved(message, error, now=self._clock()))
        except DeliveryPostponed as error:
            await self._put_off(message, str(error) or "put off", error.wait)
        except DeliveryFailed as error:
            doubt = " (it may have arrived)" if error.unknown else ""
            await self._again(message, f"{error}{doubt}", error.retry_after)
        except TimeoutError:
            await self._again(message, f"no result within {self._patience:.0f} seconds (it may have arrived)")
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs on the message
            _log.error(
                "delivery_broken", key=message.key, exc_info=error, what_to_do=f"{_REPORT} {_look(message)}"
            )
            await self._again(message, f"broken: {type(error).__name__}")
        else:
            await self._done(message, done)

    async def _done(self, message: Message, done: Done) -> None:
        crash.at("outbox.performed")
        settled = Settled(id=message.id, attempt=message.attempt, state="done", receipt=done.receipt)
        try:
            await self._write(settled, done.follow)
        except Exception as error:  # noqa: BLE001 - the follow-up turn broke; nothing of it was kept
            _log.error(
                "follow_up_broken", key=message.key, exc_info=error, what_to_do=f"{_REPORT} {_look(message)}"
            )
            await self._again(message, f"its follow-up broke: {type(error).__name__}")
            return
        crash.at("outbox.settled")
        self.delivered += 1

    async def _again(self, message: Message, why: str, retry_after: float | None = None) -> None:
        delay = next_delay(message.tries, retry_after=retry_after, random=self._chance)
        if delay is None:
            await self._bury(message, f"gave up after {message.tries} attempts: {why}")
            return
        self.failed += 1
        _log.info(
            "delivery_failed", key=message.key, attempt=message.tries, why=why, again_in=round(delay, 1)
        )
        due_at = self._clock() + delay
        settled = Settled(id=message.id, attempt=message.attempt, state="ready", error=why, due_at=due_at)
        await self._write(settled)

    async def _put_off(self, message: Message, why: str, wait: float) -> None:
        now = self._clock()
        delay = put_off(wait, age=now - message.created_at)
        if delay is None:
            await self._bury(message, f"put off for more than {OLDEST / 3600:.0f} hours: {why}")
            return
        self.postponed += 1
        _log.debug("delivery_postponed", key=message.key, why=why, again_in=round(delay, 1))
        await self._write(excused(message, "ready", why, due_at=now + delay))

    async def _park(self, message: Message, why: str) -> None:
        self.parked += 1
        _log.info(
            "message_parked",
            key=message.key,
            kind=message.kind,
            why=why,
            what_to_do=f"once its reader can be reached: handrail outbox retry {message.id}",
        )
        await self._write(excused(message, "parked", why))

    async def _bury(self, message: Message, why: str) -> None:
        self.dead += 1
        _log.error(
            "message_dead",
            key=message.key,
            kind=message.kind,
            why=why,
            what_to_do=f"{_look(message)}; mend the cause, then: handrail outbox retry {message.id}",
        )
        settled = Settled(id=message.id, attempt=message.attempt, state="dead", error=why)
        try:
            follow = await self._buried(msgspec.structs.replace(message, state="dead", error=why))
            await self._write(settled, follow)
        except Exception as error:  # noqa: BLE001 - a message that cannot even be mourned still has to die
            _log.error(
                "nobody_heard_of_it",
                key=message.key,
                exc_info=error,
                what_to_do=f"tell the person and the helpdesk yourself; {_REPORT} {_look(message)}",
            )
            await self._write(settled)

    async def _hand_back(self, message: Message) -> None:
        """The process stops: let the next one try at once."""
        why = "stopped while it was on its way (it may have arrived)"
        try:
            await self._store.settle(excused(message, "ready", why, due_at=self._clock()))
        except StoreUnavailable as error:
            _log.warning(
                "lease_not_handed_back",
                key=message.key,
                why=str(error),
                what_to_do=f"see that the database can be written; the lease ends in {self._lease:.0f} s",
            )

    async def _write(self, settled: Settled, follow: Follow | None = None) -> None:
        """Write the result down, however long the store takes to recover."""
        failures = 0
        try:
            while True:
                try:
                    await self._commit(settled, follow)
                except StoreUnavailable as error:
                    self._unwritten += failures == 0
                    failures += 1
                    self._say_waiting(error, first=failures == 1)
                    await asyncio.sleep(self._rest(failures))
                else:
                    return
        finally:
            self._unwritten -= failures > 0

    async def _commit(self, settled: Settled, follow: Follow | None) -> None:
        with self.spare(*self._pools) as places:
            if follow is None:
                ended = await self._store.settle(settled, spare=places.spare)
                places.begin(ended.leased, more=ended.due or settled.state == "ready")
                return
            receipt = await self._store.turn(
                follow.conversation, follow.event_id, follow.decide, settles=settled, spare=places.spare
            )
            places.begin(receipt.leased, more=receipt.due)
        if not receipt.repeat:
            try:
                self._changed(follow.conversation)
            except Exception as error:  # noqa: BLE001 - the turn is kept; a listener cannot undo it
                _log.error("listener_broken", exc_info=error, what_to_do=_REPORT)
