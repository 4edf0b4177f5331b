"""What other people notice of trouble: `python -m tests.bench.trouble [--quick]`.

A few people talk at leisure while somebody floods the bot, a ticket system hangs, or signing keys do not
come, or while guides are changed and read again. Then an open loop, at half of what the bot takes at most:
activities are sent by the clock, and how long each acknowledgement takes counts from when it was due; with
everything quiet, and with login, Connector and ticket system hanging, when nothing but the acknowledgement
can be given. Prints a table; writes trouble.json.

Must not know: how a bot is started (`tests.bench.own_bot`).
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

import msgspec
import uvloop

from tests.bench.certificates import Certificates, made_in
from tests.bench.nuisance import copied, flooding, hanging, rewriting, ringing
from tests.bench.open_loop import acknowledged
from tests.bench.own_bot import KEPT, OwnBot, Sample, measured, middle, own_bot, webhook
from tests.bench.people import Turn, TurnFailed, crowd

TARGET: Final = 250.0  # ms, the 99th percentile of acknowledgements while everything hangs
_PEOPLE: Final = 8
_THINKING: Final = 0.05  # seconds between two turns of a person
_MOST: Final = 32  # people who talk without a pause, to find the highest rate

Found: TypeAlias = tuple[Sample, Mapping[float, float]]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A phase: the medians of its repeats, and the event loop's delays in ms (upper bounds, of buckets)."""

    name: str
    sample: Sample
    delay_p99: float
    delay_worst: float
    acknowledged_only: bool = False


class _Length(msgspec.Struct, frozen=True, kw_only=True):
    warm: float
    seconds: float
    repeats: int


class _Phases:
    """Every phase, each with a fresh bot."""

    def __init__(self, certificates: Certificates, folder: Path, length: _Length) -> None:
        self._certificates = certificates
        self._folder = folder
        self._length = length

    async def leisurely(self, trouble: str) -> Found:
        """People who talk with pauses, beside some trouble: "" for none."""
        guides = trouble == "guides"
        async with self._bot(tickets=trouble == "tickets", guides=guides) as bot, AsyncExitStack() as stack:
            turns: list[Turn] = []
            people = crowd(_PEOPLE, bot.cloud, bot.mail, bot.port, turns.append, echo=False)
            for each in people:
                await each.turn()  # everything is known that is fetched once
            if trouble == "flood":
                await stack.enter_async_context(flooding(bot))
            elif trouble == "keys":
                bot.cloud.keys_hang = True
                await stack.enter_async_context(ringing(bot))
            elif guides:
                await stack.enter_async_context(rewriting(bot))
            before = await bot.delays()
            found = await measured(
                bot, people, turns, warm=self._length.warm, seconds=self._length.seconds, thinking=_THINKING
            )
            delays = _between(before, await bot.delays())
            for each in people:
                each.close()
            return found, delays

    async def most(self) -> float:
        """The highest rate: turns a second of people without pauses."""
        async with self._bot() as bot:
            turns: list[Turn] = []
            people = crowd(_MOST, bot.cloud, bot.mail, bot.port, turns.append, echo=False)
            found = await measured(bot, people, turns, warm=self._length.warm, seconds=self._length.seconds)
            for each in people:
                each.close()
            return found.per_second

    async def open_loop(self, rate: float, *, known: bool, hangs: bool) -> Found:
        """Activities by the clock. `known`: the bot has its token already."""
        async with self._bot(tickets=hangs) as bot:
            if known:
                (person,) = crowd(1, bot.cloud, bot.mail, bot.port, lambda _: None, echo=False)
                await person.turn()
                person.close()
            bot.cloud.connector_hangs = hangs
            bot.cloud.login_hangs = hangs
            before = await bot.delays()
            found = await acknowledged(bot, rate, self._length.warm, self._length.seconds)
            return found, _between(before, await bot.delays())

    @asynccontextmanager
    async def _bot(self, *, tickets: bool = False, guides: bool = False) -> AsyncIterator[OwnBot]:
        """A bot.

        Args:
            tickets: Its ticket system takes connections and never answers.
            guides: It has a copy of the guides for itself.
        """
        with TemporaryDirectory(dir=self._folder) as name:
            async with hanging() as port:
                extra = webhook(port) if tickets else {}
                if guides:
                    extra["HANDRAIL_CONTENT"] = copied(Path(name) / "content")
                async with own_bot(self._certificates, Path(name), extra=extra) as bot:
                    yield bot


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="what other people notice of trouble")
    parser.add_argument("--quick", action="store_true", help="short and once: whether it works")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    length = _Length(
        warm=0.5 if asked.quick else 2.0, seconds=1.5 if asked.quick else 8.0,
        repeats=1 if asked.quick else asked.repeats,
    )  # fmt: skip
    KEPT.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=KEPT) as name:
        rows, rate = _measured(_Phases(made_in(Path(name) / "tls"), Path(name), length), length)
    print(_table(rows))
    hung = [each for each in rows if each.acknowledged_only and "hang" in each.name]
    worst = max(each.sample.answered_p99 for each in hung)
    met = "met" if worst <= TARGET else "missed"
    print(f"open loop: {rate:.0f} activities a second; p99 while all hangs {worst:.0f} ms, target {met}")
    if not asked.quick:
        (KEPT / "trouble.json").write_bytes(msgspec.json.format(msgspec.json.encode(rows)) + b"\n")
    sys.exit(0 if worst <= TARGET else 1)


def _measured(phases: _Phases, length: _Length) -> tuple[list[Row], float]:
    rate = sorted(uvloop.run(phases.most()) for _ in range(length.repeats))[length.repeats // 2] / 2
    runs: dict[str, Callable[[], Awaitable[Found]]] = {
        "quiet": lambda: phases.leisurely(""),
        "one person floods": lambda: phases.leisurely("flood"),
        "ticket system hangs": lambda: phases.leisurely("tickets"),
        "signing keys hang": lambda: phases.leisurely("keys"),
        "guides are read again": lambda: phases.leisurely("guides"),
        "half load, quiet": lambda: phases.open_loop(rate, known=True, hangs=False),
        "half load, Connector and tickets hang": lambda: phases.open_loop(rate, known=True, hangs=True),
        "half load, login hangs as well": lambda: phases.open_loop(rate, known=False, hangs=True),
    }
    found: dict[str, list[Found]] = {name: [] for name in runs}
    order = random.Random(1)
    for _ in range(length.repeats):
        for name in order.sample(list(runs), len(runs)):
            try:
                found[name].append(uvloop.run(_awaited(runs[name])))
            except (TurnFailed, AssertionError, TimeoutError) as error:
                print(f"{name}: {error}", file=sys.stderr, flush=True)
    return [_row(name, done) for name, done in found.items() if done], rate


async def _awaited(run: Callable[[], Awaitable[Found]]) -> Found:
    return await run()


def _row(name: str, done: list[Found]) -> Row:
    together: Counter[float] = Counter()
    for _, delays in done:
        together.update(delays)
    return Row(
        name=name, sample=middle([each for each, _ in done]), delay_p99=_bound(together, 0.99),
        delay_worst=_bound(together, 1.0), acknowledged_only=name.startswith("half load"),
    )  # fmt: skip


def _between(before: Mapping[float, float], after: Mapping[float, float]) -> dict[float, float]:
    return {bound: count - before.get(bound, 0.0) for bound, count in after.items()}


def _bound(cumulative: Mapping[float, float], share: float) -> float:
    """The smallest bound in ms below which a share of the delays lies."""
    total = max(cumulative.values(), default=0.0)
    return 1000 * min((bound for bound, count in cumulative.items() if count >= share * total), default=0.0)


def _table(rows: list[Row]) -> str:
    head = [
        "",
        "turns",
        "turn p50",
        "p99",
        "acknowledged p50",
        "p99",
        "loop late p99 <=",
        "worst <=",
        "failed",
    ]
    lines = [head]
    for row in rows:
        each = row.sample
        over = ["", ""] if row.acknowledged_only else [f"{each.p50:.1f}", f"{each.p99:.1f}"]
        lines.append(
            [
                row.name, str(each.turns), *over, f"{each.answered_p50:.1f}", f"{each.answered_p99:.1f}",
                f"{row.delay_p99:g}", f"{row.delay_worst:g}", str(sum(each.failed.values())),
            ]
        )  # fmt: skip
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if not place else text.rjust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


if __name__ == "__main__":
    main()
