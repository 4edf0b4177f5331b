"""The command `handrail`: what can be asked of it, and nothing of how it is done.

Imports are late, so that `handrail extract` does not load a web server.
"""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.commands.doctor import doctor
from bot.commands.outbox import app as outbox
from bot.commands.package import package
from bot.errors import ConfigError, ContentError, StoreUnavailable

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Handrail: a troubleshooting guide as a conversation, in Teams, on a page, in a terminal.",
)
app.command()(doctor)
app.command()(package)
app.add_typer(outbox, name="outbox")


def main() -> None:
    """Run the command; what goes wrong is said in plain words and an exit code."""
    try:
        app()
    except (ConfigError, ContentError, StoreUnavailable) as error:
        sys.stderr.write(f"handrail: {error}\n")
        raise SystemExit(2) from None
    except (BrokenPipeError, KeyboardInterrupt):
        raise SystemExit(1) from None


@app.command()
def serve(
    host: Annotated[
        str | None, typer.Option(help="Where to listen; loopback only without an app id.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Which port to listen on.")] = None,
) -> None:
    """Serve the bot: Teams on /api/messages, the chat page on /, the board on /helpdesk."""
    from bot.commands.serve import serve as run

    run(host, port)


@app.command()
def chat(
    guide: Annotated[str | None, typer.Argument(help="The guide to begin with.")] = None,
    language: Annotated[str, typer.Option(help="The language to begin in, for example de.")] = "",
) -> None:
    """Have the conversation in this terminal. Nothing is kept when it ends."""
    import asyncio

    from bot.commands.chat import chat as run
    from bot.config import Settings

    asyncio.run(run(Settings.read(), guide, language))


@app.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders; nothing: all content.")
    ] = None,
    output: Annotated[
        Literal["text", "json"], typer.Option("--format", help="For people or editors.")
    ] = "text",
    drafts: Annotated[bool, typer.Option("--drafts", help="Let the draft mark pass.")] = False,
) -> None:
    """Check guides: every mistake with its line, every path to its end. Exit 1 with errors."""
    from bot.commands.content import check as run

    raise typer.Exit(run(paths or (), _content(), format_=output, drafts=drafts))


@app.command()
def graph(
    guide: Annotated[str, typer.Argument(help="The guide to draw.")],
    output: Annotated[Literal["mermaid", "svg"], typer.Option("--format")] = "mermaid",
    language: Annotated[str, typer.Option(help="The language of its labels.")] = "en",
) -> None:
    """Draw a guide."""
    from bot.commands.content import graph as run

    raise typer.Exit(run(guide, _content(), format_=output, language=language))


@app.command()
def paths(
    guide: Annotated[str, typer.Argument(help="The guide to follow.")],
    output: Annotated[Literal["text", "json"], typer.Option("--format")] = "text",
) -> None:
    """List every path of a guide, and count its conversations."""
    from bot.commands.content import paths as run

    raise typer.Exit(run(guide, _content(), format_=output))


@app.command()
def extract() -> None:
    """Read codes and ids out of anything pasted on stdin; print them as JSON."""
    from bot.commands.paste import run_extract

    run_extract(sys.stdin.buffer, sys.stdout.buffer)


@app.command()
def redact() -> None:
    """Copy stdin to stdout with its secrets cut out."""
    from bot.commands.paste import run_redact

    run_redact(sys.stdin.buffer, sys.stdout.buffer)


def _content() -> Path:
    from bot.config import Settings

    return Settings.read().content


if __name__ == "__main__":
    main()
