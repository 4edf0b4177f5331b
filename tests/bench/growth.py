"""What a turn costs as things grow: `python -m tests.bench.growth [--only NAME...] [--quick]`.

Against stored conversations, the length of a conversation, guides, pasted text, replicas, people who are
idle and people who talk. Each point is the median of repeats that take turns with those of the other sizes,
so that a machine that is slow for a while is so for all of them. Prints tables; writes growth.json and .svg.

Must not know: how a run is done (`tests.bench.growing`).
"""

import argparse
import os
import random
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import pytest
import uvloop

from tests.bench import growing
from tests.bench.certificates import made_in
from tests.bench.growing import Figures, Run, Setup
from tests.bench.history import NoRoom
from tests.bench.own_bot import KEPT
from tests.bench.people import TurnFailed
from tests.bench.plot import drawn
from tests.bench.series import Point, Series, growth, table
from tests.support.postgres import running_server

TARGET: Final = 1.2  # a turn beside the most stored conversations, by one beside the fewest, at most
_COSTS: Final = {"cpu": "CPU ms a turn", "p50": "p50 ms"}


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question: the sizes, those for a quick look, and how a size is run."""

    title: str
    axis: str
    sizes: tuple[int, ...]
    quick: tuple[int, ...]
    run: Run
    figures: Mapping[str, str]
    note: str = ""


_ASKED: Final[Mapping[str, _Asked]] = {
    "stored": _Asked(
        title="Stored conversations", axis="conversations", run=growing.stored,
        sizes=(1_000, 10_000, 100_000, 1_000_000, 10_000_000), quick=(1_000, 100_000),
        figures={**_COSTS, "ready": "s to ready"},
    ),
    "length": _Asked(
        title="Turns the conversation has had", axis="turns", run=growing.length,
        sizes=(1, 10, 100, 1_000), quick=(10, 100), figures=_COSTS,
    ),
    "guides": _Asked(
        title="Guides", axis="guides", run=growing.guides, sizes=(2, 10, 100, 1_000), quick=(2, 100),
        figures={**_COSTS, "ready": "s to ready", "memory": "MB"},
        note="Two guides are the shipped ones; one of them is played.",
    ),
    "pasted": _Asked(
        title="Pasted text", axis="bytes", run=growing.pasted,
        sizes=(10, 100, 1_000, 10_000, 100_000, 200_000, 300_000, 1_000_000), quick=(10, 10_000, 300_000),
        figures={**_COSTS, "redact": "redactor alone, ms", "refused": "refused"},
        note="Over 256 KB a request is refused with 413 and costs no turn; the redactor is timed anyway.",
    ),
    "replicas": _Asked(
        title="Replicas on PostgreSQL", axis="replicas", run=growing.replicas, sizes=(1, 2, 3), quick=(1, 2),
        figures={"per_second": "turns/s", **_COSTS},
        note=f"Bots, database and people share {os.cpu_count()} CPUs, and that bounds what a replica adds.",
    ),
    "people": _Asked(
        title="People who talk at once", axis="people", run=growing.at_once, sizes=(1, 8, 32, 128, 512),
        quick=(1, 32), figures={"memory": "MB", **_COSTS, "p99": "p99 ms", "per_second": "turns/s"},
        note="A closed loop: with more people than the bot has room for, p50 is the wait for one's turn.",
    ),
}  # fmt: skip
_IDLE: Final = "idle"
_IDLE_SIZES: Final = ((0, 1_000, 5_000, 20_000), (0, 200, 500))


def main() -> None:
    """Measure, print, draw."""
    names = [*_ASKED, _IDLE]
    parser = argparse.ArgumentParser(description="what a turn costs as things grow")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--quick", action="store_true", help="few sizes, once: whether it works")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=KEPT) as name, ExitStack() as stack:
        setup = Setup(
            certificates=made_in(Path(name) / "tls"), folder=Path(name),
            postgres=_postgres(stack) if "replicas" in asked.only else "",
            warm=0.5 if asked.quick else 2.0, seconds=1.0 if asked.quick else 4.0,
        )  # fmt: skip
        found = []
        for each in asked.only:
            found.append(_series(each, setup, 1 if asked.quick else asked.repeats, quick=asked.quick))
            print(table(found[-1]), flush=True)
    if not asked.quick:
        _kept(found)
    missed = [each for each in found if each.name == "stored" and growth(each.line("cpu")).ratio > TARGET]
    sys.exit(1 if missed else 0)


def _series(name: str, setup: Setup, repeats: int, *, quick: bool) -> Series:
    if name == _IDLE:
        return _idle(setup, repeats, _IDLE_SIZES[quick])
    asked = _ASKED[name]
    sizes = asked.quick if quick else asked.sizes
    order = random.Random(name)
    runs: dict[int, list[Figures]] = {size: [] for size in sizes}
    for _ in range(repeats):
        for size in order.sample(sizes, len(sizes)):
            try:
                runs[size].append(uvloop.run(_awaited(asked.run, setup, size)))
            except (TurnFailed, NoRoom, AssertionError, TimeoutError) as error:
                print(f"{name} at {size:,}: {error}", file=sys.stderr, flush=True)
    points = [Point(x=size, runs=done) for size, done in runs.items() if done]
    return Series(
        name=name, title=asked.title, axis=asked.axis, figures=asked.figures, points=points, note=asked.note
    )


async def _awaited(run: Run, setup: Setup, size: int) -> Figures:
    return await run(setup, size)


def _idle(setup: Setup, repeats: int, sizes: tuple[int, ...]) -> Series:
    runs: dict[int, list[Figures]] = {size: [] for size in sizes}
    for _ in range(repeats):
        for size, figures in uvloop.run(growing.idle(setup, sizes)).items():
            runs[size].append(figures)
    points = [Point(x=size, runs=done) for size, done in runs.items()]
    (first, low), (last, high) = [(each.x, each.median("memory") or 0.0) for each in points[-2:]]
    return Series(
        name=_IDLE, title="People who talked and are idle", axis="people", figures={"memory": "MB"},
        points=points,
        note=f"{first:,.0f} to {last:,.0f} people: {1e6 * (high - low) / (last - first):,.0f} bytes each.",
    )  # fmt: skip


def _postgres(stack: ExitStack) -> str:
    try:
        return stack.enter_context(running_server())
    except pytest.skip.Exception as none_here:
        raise SystemExit(str(none_here)) from None


def _kept(found: list[Series]) -> None:
    """Write the results, beside those of series that were not asked for this time."""
    path = KEPT / "growth.json"
    known: dict[str, Series] = {}
    if path.exists():
        known = {each.name: each for each in msgspec.json.decode(path.read_bytes(), type=list[Series])}
    known.update({each.name: each for each in found})
    order = [*_ASKED, _IDLE]
    together = sorted(known.values(), key=lambda each: order.index(each.name))
    path.write_bytes(msgspec.json.format(msgspec.json.encode(together)) + b"\n")
    (KEPT / "growth.svg").write_text(drawn(together), "utf-8")


if __name__ == "__main__":
    main()
