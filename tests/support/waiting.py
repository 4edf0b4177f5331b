"""Waiting for what another process does, and tells nobody."""

import asyncio
from collections.abc import Awaitable, Callable

_PAUSE = 0.005  # seconds between two looks


async def until(true: Callable[[], bool | Awaitable[bool]], within: float = 30.0) -> None:
    """Look until something is true.

    Args:
        true: The question, with or without await.
        within: Seconds after which it counts as never.

    Raises:
        TimeoutError: It did not become true.
    """
    async with asyncio.timeout(within):
        while True:
            answer = true()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(_PAUSE)
