"""`handrail stats`: what ended cases, what people solved alone, which fixes help, in figures.

Exit codes: 0 here they are, 1 nothing is in them, 2 it cannot be.

Must not know: how figures are added up, how a table is drawn.
"""

import asyncio
import datetime as dt
import re
import sys
import time
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

import click

if TYPE_CHECKING:
    from bot.figures import Statistics

Output: TypeAlias = Literal["text", "json"]

_DAYS: Final = re.compile(r"(\d{1,5})d", re.ASCII)
_DAY: Final = 86_400  # seconds


def _moment(_: click.Context, param: click.Parameter, value: str) -> int:
    """Days ago ("90d"), a date in UTC ("2026-09-01"), or "all"; as seconds since 1970."""
    if value == "all":
        return 0
    if days := _DAYS.fullmatch(value):
        return max(0, int(time.time()) - int(days[1]) * _DAY)
    try:
        day = dt.datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=dt.UTC)
    except ValueError:
        why = f"{value!r} is no time: write 90d, 2026-09-01, or all"
        raise click.BadParameter(why, param=param) from None
    return max(0, int(day.timestamp()))


@click.command()
@click.option(
    "--since",
    callback=_moment,
    default="90d",
    show_default=True,
    metavar="90d|DATE|all",
    help="What was opened, or ended, since then.",
)
@click.option("--guide", default="", help="Only this guide.")
@click.option(
    "--format", "output", type=click.Choice(get_args(Output)), default="text", show_default=True,
    help="For people or programs.",
)  # fmt: skip
def stats(*, since: int, guide: str, output: Output) -> None:
    """Count what ended cases, and which fixes help; also while the bot runs. Exit code 1 with nothing."""
    import msgspec

    found = _read(since, guide)
    if output == "json":
        click.echo(msgspec.json.encode(found))
    else:
        from bot.commands.stats_shown import shown

        shown(found)
    sys.exit(0 if found.total.opened or found.total.sessions.ended else 1)


def _read(since: int, guide: str) -> "Statistics":
    from bot.commands.at_hand import at_hand
    from bot.config import Settings
    from bot.logs import configure
    from bot.statistics import Figures

    configure(sys.stderr, "ERROR")  # standard output is the answer and nothing else
    settings = Settings.read()

    async def on_loop() -> "Statistics":
        async with at_hand(settings, Figures) as figures:
            return await figures.statistics(since=since, guide=guide)

    return asyncio.run(on_loop())
