"""One run at one size, for each question of `tests.bench.growth`: a fresh bot, and what its turns cost.

Must not know: how often it is run, what is made of the figures.
"""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

import msgspec

from bot.redact import redact
from tests.bench.certificates import Certificates
from tests.bench.history import database
from tests.bench.own_bot import KEPT, ROOT, OwnBot, Sample, measured, own_bot, talk
from tests.bench.people import Player, Turn, TurnFailed, crowd
from tests.support.postgres import own_database

Figures: TypeAlias = Mapping[str, float]
PEOPLE: Final = 16
_REDACTED: Final = (
    "Sign-in failed for kim@example.org, code 50076, Bearer eyJhbGciOi.eyJzdWIiOi.c2ln, see below. "
)
_GUIDE: Final = """
guide: grown-{number}
title: Guide number {number}
codes: [AADSTS{code}]
words:
  - grown phrase number {number}
start: light
nodes:
  light:
    say: 'Is light {number} on?'
    ask:
      fine:
        label: It is on
        go: solved
      dark: It is dark
    go: handover
  solved:
    say: Good.
    end: solved
  handover:
    say: 'Light {number} is dark.'
    escalate: sign-in
"""
_GERMAN: Final = """
translates: grown-{number}
language: de
texts:
  title:
    en: Guide number {number}
    de: Anleitung Nummer {number}
  light:
    en: 'Is light {number} on?'
    de: 'Ist Licht {number} an?'
  light/fine:
    en: It is on
    de: Es ist an
  light/dark:
    en: It is dark
    de: Es ist dunkel
  solved:
    en: Good.
    de: Gut.
  handover:
    en: 'Light {number} is dark.'
    de: 'Licht {number} ist dunkel.'
"""


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What every run has: certificates, a folder for its files, a PostgreSQL if there is one, its seconds."""

    certificates: Certificates
    folder: Path
    postgres: str
    warm: float
    seconds: float


Run: TypeAlias = Callable[[Setup, int], Awaitable[Figures]]


async def stored(setup: Setup, conversations: int) -> Figures:
    """Turns beside so many conversations."""
    with TemporaryDirectory(dir=setup.folder) as name:
        url = database(KEPT, Path(name), conversations)
        async with own_bot(setup.certificates, Path(name), database=url) as bot:
            return {**_costs(await _playing(bot, setup, PEOPLE)), "ready": bot.ready}


async def length(setup: Setup, before: int) -> Figures:
    """Turns of people who have had so many turns already, back and forth and from the beginning."""
    with TemporaryDirectory(dir=setup.folder) as name:
        async with own_bot(setup.certificates, Path(name)) as bot:
            turns: list[Turn] = []
            people = [Wanderer(bot.cloud, bot.mail, bot.port, turns.append, "en-GB", n) for n in range(8)]
            failed: Counter[str] = Counter()
            await talk(people, 600, failed, turns=before)
            if any(failed.values()):
                raise TurnFailed(f"on the way: {dict(failed)}")
            few = max(10, int(50 * setup.seconds))  # turns; so that the length is still about the same
            turns.clear()
            cpu, began = bot.cpu(), time.perf_counter()
            await talk(people, 60, failed, turns=few if before > few else max(10, before))
            spent, took = bot.cpu() - cpu, time.perf_counter() - began
            for each in people:
                each.close()
            over = sorted(1000 * each.over for each in turns)
            return {
                "cpu": 1000 * spent / len(turns),
                "p50": over[len(over) // 2],
                "per_second": len(turns) / took,
            }


async def guides(setup: Setup, count: int) -> Figures:
    """Turns with so many guides, the shipped ones among them."""
    with TemporaryDirectory(dir=setup.folder) as name:
        content = Path(name) / "content"
        shutil.copytree(ROOT / "content", content)
        shipped = sum(1 for each in (content / "guides").glob("*.yaml") if each.name.count(".") == 1)
        for number in range(count - shipped):
            guide, german = (
                each.format(number=number, code=7_000_000 + number) for each in (_GUIDE, _GERMAN)
            )
            (content / "guides" / f"grown-{number}.yaml").write_text(guide.lstrip(), "utf-8")
            (content / "guides" / f"grown-{number}.de.yaml").write_text(german.lstrip(), "utf-8")
        extra = {"HANDRAIL_CONTENT": str(content)}
        async with own_bot(setup.certificates, Path(name), extra=extra) as bot:
            costs = _costs(await _playing(bot, setup, PEOPLE))
            return {**costs, "ready": bot.ready, "memory": bot.memory()}


async def pasted(setup: Setup, size: int) -> Figures:
    """Turns of people who paste so many bytes; what is too large is refused, and that is timed instead."""
    text = (_REDACTED * (1 + size // len(_REDACTED)))[:size]
    began = time.process_time()
    redact(text)
    redacting = 1000 * (time.process_time() - began)
    with TemporaryDirectory(dir=setup.folder) as name:
        async with own_bot(setup.certificates, Path(name)) as bot:
            turns: list[Turn] = []
            people = [Paster(bot, turns.append, text) for _ in range(2)]
            try:
                costs = _costs(await measured(bot, people, turns, warm=setup.warm, seconds=setup.seconds))
            except TurnFailed as refused:
                if "413" not in str(refused):
                    raise
                return {"redact": redacting, "refused": 413}
            finally:
                for each in people:
                    each.close()
            return {**costs, "redact": redacting}


async def replicas(setup: Setup, count: int) -> Figures:
    """Turns with so many replicas on one PostgreSQL."""
    with TemporaryDirectory(dir=setup.folder) as name, ExitStack() as stack:
        url = await asyncio.to_thread(stack.enter_context, own_database(setup.postgres))
        try:
            async with own_bot(setup.certificates, Path(name), database=url, replicas=count) as bot:
                return _costs(await _playing(bot, setup, 2 * PEOPLE))
        finally:
            await asyncio.to_thread(stack.close)


async def at_once(setup: Setup, people: int) -> Figures:
    """Turns while so many people talk, and the memory that it takes."""
    with TemporaryDirectory(dir=setup.folder) as name:
        async with own_bot(setup.certificates, Path(name)) as bot:
            costs = _costs(await _playing(bot, setup, people))
            return {**costs, "memory": bot.memory()}


async def idle(setup: Setup, sizes: tuple[int, ...]) -> Mapping[int, Figures]:
    """Memory after so many people have said something and said no more, in one process: by how many."""
    found: dict[int, Figures] = {}
    with TemporaryDirectory(dir=setup.folder) as name:
        async with own_bot(setup.certificates, Path(name)) as bot:
            failed: Counter[str] = Counter()
            warm = crowd(32, bot.cloud, bot.mail, bot.port, lambda _: None, echo=False)
            await talk(warm, 600, failed, turns=30)  # what is remembered once is there
            for each in warm:
                each.close()
            known = 0
            for size in sizes:
                while known < size:
                    some = crowd(
                        min(64, size - known), bot.cloud, bot.mail, bot.port, lambda _: None, echo=False
                    )
                    await talk(some, 60, failed, turns=1)
                    for each in some:
                        each.close()
                    known += len(some)
                found[size] = {"memory": bot.memory()}
            if any(failed.values()):
                raise TurnFailed(str(dict(failed)))
    return found


class Wanderer(Player):
    """Somebody who goes back and forth in the guide, and from time to time begins it again."""

    _taken = 0

    async def turn(self) -> None:  # type: ignore[explicit-override]  # typing's is of Python 3.12
        """Paste, choose, go back, choose, go back; at times start from the beginning; never hand over."""
        self._taken += 1
        self._turns, self._ended = 1, False  # nobody loses patience, nobody becomes somebody else
        card = self._card
        if card is None:
            await super().turn()
        else:
            leaving = any(str(each["handrail"].get("option")).startswith("handover") for each in card.presses)
            if self._taken % 25 == 0:
                arrived = await self._says("restart")
            elif "back" in card.commands and (leaving or self._taken % 2):
                arrived = await self._presses(card.commands["back"])
            else:
                arrived = await self._goes_on(card)
            self._card = type(card).read(arrived)
        if self._card is not None and not self._card.presses:
            self._card = None


class Paster(Player):
    """Somebody who pastes the same long text again and again."""

    def __init__(self, bot: OwnBot, heard: Callable[[Turn], None], text: str) -> None:
        super().__init__(bot.cloud, bot.mail, bot.port, heard, "en-GB", 0)
        self._text = text

    async def turn(self) -> None:  # type: ignore[explicit-override]  # typing's is of Python 3.12
        """Paste it."""
        await self._says(self._text)


def _costs(sample: Sample) -> dict[str, float]:
    if sum(sample.failed.values()) > sample.turns / 100:
        raise TurnFailed(f"too many turns failed: {sample.failed}")
    return {"cpu": sample.cpu, "p50": sample.p50, "p99": sample.p99, "per_second": sample.per_second}


async def _playing(bot: OwnBot, setup: Setup, people: int) -> Sample:
    turns: list[Turn] = []
    share = [people // len(bot.ports) + (n < people % len(bot.ports)) for n in range(len(bot.ports))]
    playing = [
        each
        for port, some in zip(bot.ports, share, strict=True)
        for each in crowd(some, bot.cloud, bot.mail, port, turns.append, echo=False)
    ]
    try:
        return await measured(bot, playing, turns, warm=setup.warm, seconds=setup.seconds)
    finally:
        for each in playing:
            each.close()
