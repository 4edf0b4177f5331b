"""The checks, and the played Graph that they ask."""

from collections.abc import AsyncIterator
from typing import Protocol

import aiohttp
import pytest

from bot.address import Person
from bot.probes.api import Finding
from bot.probes.graph import graph_probes
from bot.teams.connector import open_client
from bot.teams.tokens import SharedToken, Token
from tests.support.graph import PERSON, PlayedGraph
from tests.support.stage import Clock

ERIKA = Person(name="Erika Mustermann", object_id=PERSON, verified=True)


class Ask(Protocol):
    """Runs one check."""

    async def __call__(self, check: str, /, *, person: Person = ERIKA, **facts: str) -> Finding:
        """What the check comes to, for a verified person unless told otherwise."""


@pytest.fixture
def clock() -> Clock:
    """A clock that moves when told."""
    return Clock()


@pytest.fixture
async def graph(clock: Clock) -> AsyncIterator[PlayedGraph]:
    """The tenant's Graph."""
    async with PlayedGraph(clock=clock) as played:
        yield played


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """The pooled client, as the bot opens it."""
    async with open_client() as session:
        yield session


@pytest.fixture
async def tokens(clock: Clock) -> AsyncIterator[SharedToken]:
    """The bot's tokens for Graph: graph-token-1, and so on."""
    issued: list[str] = []

    async def fetch() -> Token:
        issued.append(f"graph-token-{len(issued) + 1}")
        return Token(issued[-1], 3600)

    source = SharedToken(fetch, clock=clock)
    yield source
    await source.close()


@pytest.fixture
def ask(graph: PlayedGraph, client: aiohttp.ClientSession, tokens: SharedToken, clock: Clock) -> Ask:
    """Every check, put together as the bot does it."""
    probes = graph_probes(client, tokens, graph.url, clock=clock)

    async def run(check: str, /, *, person: Person = ERIKA, **facts: str) -> Finding:
        return await probes[check].run(person, facts)

    return run
