"""Room for messages whose ticket desk nobody has in their settings any more.

Each desk has pools of its own, and what has no pool is never taken out. What waits for a desk that is gone is
taken out all the same: it goes where it belongs now, or fails and says what to do. It must not know which
desks there are.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from bot.desk_names import KINDS, base
from bot.errors import StoreUnavailable

EVERY: Final = 60.0  # seconds; a replica with other settings may still leave some behind


async def watch(
    pools: dict[str, int], waiting: Callable[[], Awaitable[frozenset[str]]], *, every: float = EVERY
) -> None:
    """Give a pool to each kind of messages to a desk that waits and has none, until cancelled.

    Args:
        pools: Those of the dispatcher, which sees what is added.
        waiting: The kinds that wait, as `Store.kinds_waiting` gives them.
        every: Seconds between two looks.
    """
    while True:
        with contextlib.suppress(StoreUnavailable):  # whoever writes next says so
            pools.update(missing(pools, await waiting()))
        await asyncio.sleep(every)


def missing(pools: Mapping[str, int], waiting: frozenset[str]) -> dict[str, int]:
    """Pools for those kinds that have none; as large as the one of what they are for."""
    return {kind: pools[base(kind)] for kind in waiting - pools.keys() if base(kind) in KINDS}
