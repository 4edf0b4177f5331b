"""`handrail doctor`: every setting, every check, and what to do; exit code 0 when the bot can work.

Must not know: how anything is checked.
"""

import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from bot import config
from bot.commands.findings import Check
from bot.config import Settings
from bot.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

_SIGNS = {
    "ok": "[green]✓[/]",
    "failed": "[red]✗[/]",
    "warning": "[yellow]![/]",
    "skipped": "[dim]\N{EN DASH}[/]",
}


class Shown(msgspec.Struct, frozen=True):
    """A setting as it may be shown to anybody."""

    name: str
    value: str
    source: str
    meaning: str


class Report(msgspec.Struct, frozen=True):
    """What the doctor found. `ok` is False when something failed."""

    ok: bool
    version: str
    mode: str
    settings: list[Shown]
    checks: list[Check]


async def examine(
    environ: Mapping[str, str] | None = None, *, offline: bool = False, trial: bool = False
) -> Report:
    """Look at everything; never raises for what it finds.

    Args:
        environ: Names and values; None means the process's environment.
        offline: Ask nobody beyond this machine.
        trial: File a ticket with the ticket system, too, and resolve it.
    """
    rows = [
        Shown(setting.name, value, source, setting.meaning)
        for setting, value, source in config.shown(*config.examine(environ)[:2])
    ]
    try:
        settings = Settings.read(environ)
    except ConfigError as error:
        checks = [Check("Settings", "failed", line.strip()) for line in str(error).splitlines()[1:]]
        return Report(False, version("handrail"), "not started", rows, checks)
    from bot.commands.checks_board import checks_board
    from bot.commands.checks_here import checks_here
    from bot.commands.checks_there import checks_there, skipped
    from bot.commands.checks_tickets import checks_tickets

    checks = [Check("Settings", "ok", "fit together")]
    checks += [Check("Settings", "warning", warning) for warning in settings.warnings]
    checks += await checks_here(settings)
    if settings.local:
        checks += skipped("local mode has no identity")
    elif offline:
        checks += skipped("--offline")
    else:
        checks += await checks_there(settings)
    checks += await checks_board(settings, offline=offline)
    checks += await checks_tickets(settings, offline=offline, trial=trial)
    ok = not any(check.state == "failed" for check in checks)
    return Report(ok, version("handrail"), "local mode" if settings.local else "registered bot", rows, checks)


@click.command()
@click.option("--offline", is_flag=True, help="Ask nobody beyond this machine.")
@click.option(
    "--trial", is_flag=True,
    help="File a test ticket with the ticket system, too, and resolve it; it stays there.",
)  # fmt: skip
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="How to print it.",
)  # fmt: skip
def doctor(*, offline: bool, trial: bool, output: Literal["text", "json"]) -> None:
    """Show every setting, check what the bot needs, and say what to do."""
    import asyncio

    from bot.logs import configure

    configure(sys.stderr, "ERROR")  # standard output is the report and nothing else
    report = asyncio.run(examine(offline=offline, trial=trial))
    if output == "json":
        click.echo(msgspec.json.encode(report))
    else:
        from rich.console import Console

        show(report, Console(soft_wrap=True, highlight=False))
    sys.exit(0 if report.ok else 1)


def show(report: Report, console: "Console") -> None:
    """Print a report for people."""
    from rich.markup import escape

    console.print(f"Handrail {report.version}, {report.mode}\n")
    widest = max(len(row.name) for row in report.settings)
    for row in report.settings:
        value = escape(row.value)
        console.print(
            f"{row.name:<{widest}}  {value if row.source == 'set' else f'[dim]{value} (default)[/]'}"
        )
    console.print()
    for check in report.checks:
        console.print(f"{_SIGNS[check.state]} {check.name}: {escape(check.found)}")
        if check.remedy:
            console.print(f"  → {escape(check.remedy)}")
    failed = sum(check.state == "failed" for check in report.checks)
    console.print("\nReady." if not failed else f"\nNot ready: {failed} to mend.")
