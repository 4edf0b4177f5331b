"""An operator's command and the database it is about: the database itself, or the running bot that has it.

Must not know: what is asked for.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from bot.errors import ConfigError, DatabaseInUse

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.control import Control
    from bot.store.api import Store

T = TypeVar("T")


@asynccontextmanager
async def at_hand(settings: "Settings", over: "Callable[[Store], T]") -> "AsyncIterator[T | Control]":
    """What `over` makes of the store, or the running bot, which can be asked the same.

    Raises:
        ConfigError, StoreUnavailable: Neither can be had; the message says what to do.
    """
    from bot.store.open import database_file, open_store

    url = settings.database_url.reveal()
    file = database_file(url)
    if file is not None and not file.exists():
        raise ConfigError(f"HANDRAIL_DATABASE_URL: there is no {file}; set it as for `handrail serve`")
    async with AsyncExitStack() as stack:
        try:
            store = await open_store(url)
        except DatabaseInUse:
            if file is None:
                raise
            from bot.control import Control

            yield await stack.enter_async_context(Control.through(file))
        else:
            stack.push_async_callback(store.close)
            yield over(store)
