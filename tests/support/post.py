"""A post office for tests of the dispatcher: it delivers by writing down, and fails when told to."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.outbox.dispatcher import Dispatcher
from bot.outbox.ending import Done
from bot.store.api import Message
from bot.store.sqlite import SqliteStore
from tests.support.keeping import Clock

POOLS = {"show": 32, "ticket": 8}
Perform = Callable[[Message], Awaitable[Done]]


class Post:
    """Delivers by writing down; raises what it was told to, in turn."""

    def __init__(self, *troubles: Exception | None) -> None:
        self.sent: list[str] = []
        self.tried: list[str] = []
        self._troubles = list(troubles)

    async def __call__(self, message: Message) -> Done:
        """Deliver one message."""
        self.tried.append(message.key)
        await asyncio.sleep(0)
        trouble = self._troubles.pop(0) if self._troubles else None
        if trouble is not None:
            raise trouble
        self.sent.append(message.key)
        return Done(receipt=f"R-{message.key}")


def over(store: SqliteStore, clock: Clock, perform: Perform, **more: object) -> Dispatcher:
    """A dispatcher without chance."""
    options = {"pools": POOLS, "clock": clock, "chance": lambda: 0.5, **more}
    return Dispatcher(store, perform, **options)  # type: ignore[arg-type]  # passed through


async def state_of(store: SqliteStore, key: str) -> tuple[str, str]:
    """State and error of a message."""
    message = await store.message(key)
    assert message is not None
    return message.state, message.error


async def turns_of(store: SqliteStore, conversation: str) -> int:
    """How many turns a conversation has taken."""
    stored = await store.conversation(conversation)
    return stored[0].turn if stored else 0
