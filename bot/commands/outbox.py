"""`handrail outbox`: what waits, what is wrong with it, have it tried again, or give it up.

Exit codes: 0 it was done, 1 nothing was found, 2 it cannot be.

Must not know: how a table is drawn, what is in a message, how a running bot is reached.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar, get_args

import click
import msgspec

if TYPE_CHECKING:
    from bot.control import Control
    from bot.outbox.entry import Entry
    from bot.outbox.upkeep import Outcome, Upkeep
    from bot.store.api import Store

    Outbox: TypeAlias = Upkeep | Control

T = TypeVar("T")

_ALL: Final = 10_000  # more dead messages than that are retried in a second call

Waits: TypeAlias = Literal["ready", "leased", "parked", "dead"]
Output: TypeAlias = Literal["text", "json"]
_output = click.option(
    "--format", "output", type=click.Choice(get_args(Output)), default="text", show_default=True,
    help="For people or programs.",
)  # fmt: skip


@click.group(no_args_is_help=True)
def outbox() -> None:
    """What is to leave and has not; also while the bot runs."""


@outbox.command("list")
@click.option("--state", type=click.Choice(get_args(Waits)), help="Only messages in this state.")
@click.option("--kind", default="", help="Only this kind, for example ticket.")
@click.option(
    "--limit", type=click.IntRange(1, _ALL), default=50, show_default=True, help="No more than so many."
)
@_output
def list_(*, state: Waits | None, kind: str, limit: int, output: Output) -> None:
    """List what is not delivered yet, oldest first. Exit code 1 when there is nothing."""
    from bot.commands import outbox_shown as shown

    found = _run(lambda box: box.waiting(state=state, kind=kind, limit=limit))
    if output == "json":
        click.echo(msgspec.json.encode(found))
    else:
        shown.table(found, cut=len(found) == limit)
    sys.exit(0 if found else 1)


@outbox.command()
@click.argument("name", metavar="KEY|ID")
@_output
def show(name: str, *, output: Output) -> None:
    """Show one message, done or not: everything but what people wrote.

    It is named by its id, as the list shows it, or its key.
    """
    from bot.commands import outbox_shown as shown

    found = _run(lambda box: box.entry(name))
    if found is None:
        shown.not_there(name)
        sys.exit(1)
    if output == "json":
        click.echo(msgspec.json.encode(found))
    else:
        shown.whole(found)


@outbox.command()
@click.argument("names", metavar="[KEY|ID]...", nargs=-1)
@click.option("--all-dead", is_flag=True, help="Every message that was given up.")
@_output
def retry(names: tuple[str, ...], *, all_dead: bool, output: Output) -> None:
    """Have messages tried again, at once and as often as new ones; mend the cause first."""
    if bool(names) == all_dead:
        raise click.UsageError("name messages, or say --all-dead")

    async def work(box: "Outbox") -> list["Outcome"]:
        wanted = names or [str(each.id) for each in await box.waiting(state="dead", limit=_ALL)]
        return [await box.retry(name) for name in wanted]

    _end(_run(work), output)


@outbox.command()
@click.argument("names", metavar="KEY|ID...", nargs=-1, required=True)
@click.option("--why", required=True, help="The reason, for the record; the helpdesk may read it.")
@click.option("--yes", is_flag=True, help="Do not ask whether you are sure.")
@_output
def drop(names: tuple[str, ...], *, why: str, yes: bool, output: Output) -> None:
    """Give messages up for good; who waits for what becomes of them is told that it failed."""
    if not why.strip():
        raise click.UsageError("--why needs a reason")
    if not yes and sys.stdin.isatty():
        from bot.commands import outbox_shown as shown

        # looked up and let go: nobody holds the database while a person thinks
        shown.table([each for name in names if (each := _entry(name)) is not None], cut=False)
        click.confirm(f"Drop {'this' if len(names) == 1 else 'these'} for good?", abort=True)

    async def work(box: "Outbox") -> list["Outcome"]:
        return [await box.drop(name, why.strip()) for name in names]

    _end(_run(work), output)


def _entry(name: str) -> "Entry | None":
    return _run(lambda box: box.entry(name))


def _end(outcomes: Sequence["Outcome"], output: str) -> None:
    """Say what became of each, and leave with the exit code of the worst."""
    from bot.commands import outbox_shown as shown

    if output == "json":
        click.echo(msgspec.json.encode(outcomes))
    else:
        shown.outcomes(outcomes)
    missing = not outcomes or any(each.result == "not found" for each in outcomes)
    refused = any(each.result in {"on its way", "done", "changed"} for each in outcomes)
    sys.exit(2 if refused else 1 if missing else 0)


# ---- whose outbox


def _run(work: Callable[["Outbox"], Awaitable[T]]) -> T:
    from bot.commands.at_hand import at_hand
    from bot.config import Settings
    from bot.logs import configure

    configure(sys.stderr, "ERROR")  # standard output is the answer and nothing else
    settings = Settings.read()

    def over(store: "Store") -> "Upkeep":
        from bot.app import upkeep_over  # half of the command's time; a running bot has it all loaded

        return upkeep_over(settings, store)

    async def on_loop() -> T:
        async with at_hand(settings, over) as box:
            return await work(box)

    return asyncio.run(on_loop())
