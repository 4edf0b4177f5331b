"""Who the stories about the engine are about."""

import pytest

from tests.support.player import Player
from tests.support.stories import CODE, began


@pytest.fixture
def person() -> Player:
    """Somebody who begins with AADSTS1000002."""
    return began(CODE)
