"""Takes messages out of the outbox: claims, performs, settles; one per lane at a time, lanes side by side.

It never dies: a store that fails is asked again, a performer that raises is noted on the message. What has
become of a message is written down before more work is taken. It must not know what a message is for.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog

from bot.errors import DeliveryFailed, DeliveryParked, DeliveryRefused, StoreUnavailable
from bot.outbox.retry import next_delay
from bot.store.api import Decide, Message, Settled, Store

_log = structlog.get_logger(__name__)

LEASE: Final = 60.0  # seconds
_PATIENCE: Final = LEASE * 2 / 3  # a delivery that takes longer is broken off while the lease still holds
_AT_ONCE: Final = 32  # messages performed side by side
_LONGEST_SLEEP: Final = 5.0  # seconds; only a safety net, commits wake it
_LONGEST_REST: Final = 5.0  # seconds between two questions to a store that fails
_VANISHED: Final = 3  # attempts that ended without a word; one more might take the process down again


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that a delivery leads to, taken in the same commit that settles the message."""

    conversation: str
    event_id: str
    decide: Decide


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """It was delivered. `receipt` is what the other side calls it."""

    receipt: str = ""
    follow: Follow | None = None


async def _nobody(_message: Message) -> Follow | None:
    return None


class Dispatcher:
    """Runs in the background from `start` to `stop`.

    Attributes:
        delivered: Messages that are done.
        failed: Attempts that did not work and will be repeated.
        parked: Messages that wait for their person.
        dead: Messages that were given up.
    """

    def __init__(
        self,
        store: Store,
        perform: Callable[[Message], Awaitable[Done]],
        *,
        buried: Callable[[Message], Awaitable[Follow | None]] = _nobody,
        changed: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        at_once: int = _AT_ONCE,
        patience: float = _PATIENCE,
    ) -> None:
        """Put the parts together.

        Args:
            store: Where the outbox is.
            perform: Delivers one message; raises the exceptions of `bot.errors`.
            buried: Asked when a message dies (its `error` says why), so that its conversation hears of it.
            changed: Told which conversation a follow-up turn has changed.
            clock: Seconds since 1970.
            chance: A number from 0 up to 1, for the jitter.
            at_once: How many messages are performed side by side.
            patience: Seconds a delivery may take; less than a lease.
        """
        self._store = store
        self._perform = perform
        self._buried = buried
        self._changed = changed
        self._clock = clock
        self._chance = chance
        self._at_once = at_once
        self._patience = patience
        self._woken = asyncio.Event()
        self._busy: set[asyncio.Task[None]] = set()
        self._unwritten = 0  # results that the store would not take yet
        self._loop: asyncio.Task[None] | None = None
        self._stopping = False
        self.delivered = 0
        self.failed = 0
        self.parked = 0
        self.dead = 0

    def start(self) -> None:
        """Begin to take messages out, on the running loop."""
        self._loop = asyncio.create_task(self._run(), name="outbox")

    def wake(self) -> None:
        """There may be something new."""
        self._woken.set()

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

    def _running(self) -> set[asyncio.Task[None]]:
        loop = {self._loop} if self._loop is not None and not self._loop.done() else set()
        return self._busy | loop

    async def drain(self) -> None:
        """Perform all that is due and all that follows from it, then return: without a background, in step.

        Raises:
            StoreUnavailable: The outbox cannot be read.
        """
        while True:
            await self._claim()
            if not self._busy:
                return
            await asyncio.wait(self._busy, return_when=asyncio.FIRST_COMPLETED)

    # ---- the loop

    async def _run(self) -> None:
        failures = 0
        while not self._stopping:
            self._woken.clear()
            try:
                await self._claim()
                pause = await self._until_due()
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

    async def _claim(self) -> None:
        free = self._at_once - len(self._busy)
        if free <= 0 or self._unwritten:
            return
        for message in await self._store.claim(now=self._clock(), lease=LEASE, limit=free):
            task = asyncio.create_task(self._take(message), name=f"outbox-{message.id}")
            self._busy.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._busy.discard(task)
        self.wake()  # the next message of its lane may go now
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("outbox_broken", exc_info=error)  # the lease runs out by itself

    async def _until_due(self) -> float:
        if len(self._busy) >= self._at_once or self._unwritten:
            return _LONGEST_SLEEP  # whoever finishes wakes us
        due = await self._store.next_due()
        return _LONGEST_SLEEP if due is None else min(max(due - self._clock(), 0.0), _LONGEST_SLEEP)

    def _rest(self, failures: int) -> float:
        """Seconds to leave a failing store alone."""
        return min(0.1 * 2.0 ** min(failures, 10), _LONGEST_REST) * (0.5 + self._chance() / 2)

    def _say_waiting(self, error: Exception, *, first: bool) -> None:
        if not isinstance(error, StoreUnavailable):
            _log.error("outbox_broken", exc_info=error)
        elif first:
            _log.warning("outbox_waits", why=str(error), what_to_do="see that the database can be written")

    # ---- one message

    async def _take(self, message: Message) -> None:
        if message.attempt > _VANISHED and not message.error:
            lost = message.attempt - 1
            await self._bury(message, f"{lost} attempts ended without a word: the process died in each")
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
        except DeliveryFailed as error:
            doubt = " (it may have arrived)" if error.unknown else ""
            await self._again(message, f"{error}{doubt}", error.retry_after)
        except TimeoutError:
            await self._again(message, f"no result within {self._patience:.0f} seconds (it may have arrived)")
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs on the message
            _log.error("delivery_broken", key=message.key, exc_info=error)
            await self._again(message, f"broken: {type(error).__name__}")
        else:
            await self._done(message, done)

    async def _done(self, message: Message, done: Done) -> None:
        settled = Settled(id=message.id, attempt=message.attempt, state="done", receipt=done.receipt)
        try:
            await self._write(settled, done.follow)
        except Exception as error:  # noqa: BLE001 - the follow-up turn broke; nothing of it was kept
            _log.error("follow_up_broken", key=message.key, exc_info=error)
            await self._again(message, f"its follow-up broke: {type(error).__name__}")
            return
        self.delivered += 1

    async def _again(self, message: Message, why: str, retry_after: float | None = None) -> None:
        delay = next_delay(message.attempt, retry_after=retry_after, random=self._chance)
        if delay is None:
            await self._bury(message, f"gave up after {message.attempt} attempts: {why}")
            return
        self.failed += 1
        _log.info(
            "delivery_failed", key=message.key, attempt=message.attempt, why=why, again_in=round(delay, 1)
        )
        due_at = self._clock() + delay
        await self._write(
            Settled(id=message.id, attempt=message.attempt, state="ready", error=why, due_at=due_at)
        )

    async def _park(self, message: Message, why: str) -> None:
        self.parked += 1
        _log.info("message_parked", key=message.key, why=why)
        await self._write(Settled(id=message.id, attempt=message.attempt, state="parked", error=why))

    async def _bury(self, message: Message, why: str) -> None:
        self.dead += 1
        _log.error(
            "message_dead",
            key=message.key,
            kind=message.kind,
            why=why,
            what_to_do="mend the cause; the message stays in the outbox, state 'dead'",
        )
        settled = Settled(id=message.id, attempt=message.attempt, state="dead", error=why)
        try:
            follow = await self._buried(msgspec.structs.replace(message, state="dead", error=why))
            await self._write(settled, follow)
        except Exception as error:  # noqa: BLE001 - a message that cannot even be mourned still has to die
            _log.error("nobody_heard_of_it", key=message.key, exc_info=error)
            await self._write(settled)

    async def _hand_back(self, message: Message) -> None:
        """The process stops: let the next one try at once."""
        why = "stopped while it was on its way (it may have arrived)"
        settled = Settled(
            id=message.id, attempt=message.attempt, state="ready", error=why, due_at=self._clock()
        )
        try:
            await self._store.settle(settled)
        except StoreUnavailable as error:
            _log.warning("lease_not_handed_back", key=message.key, why=str(error))  # it runs out by itself

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
        if follow is None:
            await self._store.settle(settled)
            return
        receipt = await self._store.turn(follow.conversation, follow.event_id, follow.decide, settles=settled)
        if not receipt.repeat:
            try:
                self._changed(follow.conversation)
            except Exception as error:  # noqa: BLE001 - the turn is kept; a listener cannot undo it
                _log.error("listener_broken", exc_info=error)
