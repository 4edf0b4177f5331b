"""How many replicas there are, as this one knows it."""

from typing import cast

from bot.errors import StoreUnavailable
from bot.replicas import Replicas
from bot.store.api import Store


class Counting:
    """A store that others come to and go from."""

    def __init__(self, *numbers: int | None) -> None:
        self._numbers = list(numbers)

    async def replicas(self) -> int:
        """The next number; without one the store is away."""
        number = self._numbers.pop(0)
        if number is None:
            raise StoreUnavailable("away")
        return number


async def test_the_last_number_stands_while_the_store_is_away() -> None:
    """One at first; what changes is told, and a failure is no change."""
    told: list[int] = []
    replicas = Replicas(cast("Store", Counting(1, 3, None, 3, 2)), changed=told.append)
    seen = []
    for _ in range(5):
        await replicas.look()
        seen.append(replicas.number)

    assert seen == [1, 3, 3, 3, 2]
    assert told == [1, 3, 2]
