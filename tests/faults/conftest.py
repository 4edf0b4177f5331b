"""What the fault tests share."""

from collections.abc import Iterator

import msgspec
import pytest

from tests.support.postgres import own_database


class Bots(msgspec.Struct, frozen=True):
    """How many bots there are, and on which database: "" is SQLite."""

    replicas: int
    database: str


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def bots(request: pytest.FixtureRequest) -> Iterator[Bots]:
    """One bot on SQLite; three on a PostgreSQL database of this test's own."""
    if request.param == "sqlite":
        yield Bots(1, "")
        return
    with own_database(request.getfixturevalue("postgres_server")) as url:
        yield Bots(3, url)
