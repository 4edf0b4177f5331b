"""Everybody who talks to bots that die: what they say and press, they say again until it is taken.

As Teams does, whoever gets no 2xx sends the same activity again. What was acknowledged is written down
(`tests.faults.deeds`).
"""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import aiohttp
import msgspec

from tests.faults.deeds import Deeds, StuckError
from tests.faults.person import Habits, Person
from tests.faults.replicas import Replica
from tests.faults.world import World

_PATIENCE = 1800.0  # seconds until a screen that does not come is taken for lost; deaths in a row delay it
_ASKS = aiohttp.ClientTimeout(total=15)  # Teams' own
_LOOKS = 1.0  # seconds between two looks whether anything still comes


async def _never() -> bool:
    return False


class People:
    """Everybody who talks, one after the other in so many places at once.

    Attributes:
        world: Where they talk.
        habits: What they do.
        deeds: All that was acknowledged, in order.
        finished: Conversations that came to their end.
        again: Posts that had to be repeated.
        chance: What they do is drawn from it.
        numbers: By which what is said is told apart.
    """

    def __init__(
        self, world: World, alive: Callable[[], Sequence[Replica]], seed: int, habits: Habits
    ) -> None:
        """Nobody talks before `talk`.

        Args:
            world: Where they talk.
            alive: The bots that listen at the moment.
            seed: What they do is drawn from it.
            habits: And how often they do what.
        """
        self.world = world
        self.habits = habits
        self.deeds = Deeds()
        self.finished: list[str] = []
        self.again = 0
        self._alive = alive
        self.chance = random.Random(seed)
        self.numbers = itertools.count(1)
        self._chats = itertools.count(1)
        self._token = world.cloud.token(serviceurl=world.service_url)
        self._changed = asyncio.Event()
        self._posting = 0
        self._patience: set[asyncio.Timeout] = set()

    def somebody_is_up(self) -> None:
        """A bot listens: whoever waits for one may go on."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def talk(
        self, places: int, enough: Callable[[], bool], idle: Callable[[], Awaitable[bool]] = _never
    ) -> None:
        """Talk at so many places side by side, until it is enough; whoever has begun comes to their end.

        Args:
            places: How many.
            enough: Whether nobody begins any more.
            idle: Whether the bots have nothing left to do; whoever waits then waits in vain.
        """
        async with aiohttp.ClientSession(timeout=_ASKS) as http:

            async def place() -> None:
                while not enough():
                    try:
                        await Person(self, http, f"a:chat-{next(self._chats)}").talk()
                    except StuckError as error:
                        self.deeds.stuck.append(str(error))

            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._give_up(idle))
                async with asyncio.TaskGroup() as talking:
                    for _ in range(places):
                        talking.create_task(place())
                watch.cancel()

    @contextlib.asynccontextmanager
    async def patience(self, who: str) -> AsyncIterator[None]:
        """Wait for something, and not for ever.

        Raises:
            StuckError: It does not come; the message is `who`.
        """
        try:
            async with asyncio.timeout(_PATIENCE) as limit:
                self._patience.add(limit)
                try:
                    yield
                finally:
                    self._patience.discard(limit)
        except TimeoutError:
            raise StuckError(who) from None

    async def _give_up(self, idle: Callable[[], Awaitable[bool]]) -> None:
        """End every wait when nothing can come any more: nobody posts, nothing arrives, nothing is left."""
        before = -1
        while True:
            await asyncio.sleep(_LOOKS)
            now = len(self.deeds.claims) + self.world.arrivals
            if not self._posting and now == before and await idle():
                for limit in self._patience:
                    limit.reschedule(0)
            before = now

    async def deliver(self, http: aiohttp.ClientSession, activity: Mapping[str, Any]) -> None:
        """Post an activity until it is taken."""
        body = msgspec.json.encode(activity)
        head = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        self._posting += 1
        try:
            await self._post(http, body, head)
        finally:
            self._posting -= 1

    async def _post(self, http: aiohttp.ClientSession, body: bytes, head: Mapping[str, str]) -> None:
        for attempt in itertools.count():
            self.again += attempt > 0
            changed = self._changed
            living = self._alive()
            if not living:
                await changed.wait()
                continue
            url = self.chance.choice(living).url
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with http.post(url, data=body, headers=head) as answer:
                    await answer.read()
                    if 200 <= answer.status < 300:
                        return
                    assert answer.status == 503, f"a good activity was answered with {answer.status}"
            with contextlib.suppress(TimeoutError):  # the bot is in trouble or gone: until another one comes
                async with asyncio.timeout(0.05):
                    await changed.wait()
