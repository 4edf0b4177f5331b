"""The command `handrail`: what can be asked of it, and nothing of how it is done.

Imports are late, so that `handrail extract` does not load a web server.
"""

import sys
from pathlib import Path
from typing import Literal

import click

from bot.commands.doctor import doctor
from bot.commands.outbox import outbox
from bot.commands.package import package
from bot.commands.stats import stats
from bot.errors import ConfigError, ContentError, StoreUnavailable


@click.group(no_args_is_help=True)
def app() -> None:
    """Handrail: a troubleshooting guide as a conversation, in Teams, on a page, in a terminal."""


app.add_command(doctor)
app.add_command(package)
app.add_command(outbox)
app.add_command(stats)


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
@click.option("--host", help="Where to listen; loopback only without an app id.")
@click.option("--port", type=int, help="Which port to listen on.")
def serve(host: str | None, port: int | None) -> None:
    """Serve the bot. Teams is on /api/messages, the chat page on /, the board on /helpdesk."""
    from bot.commands.serve import serve as run

    run(host, port)


@app.command()
@click.argument("guide", required=False)
@click.option("--language", default="", help="The language to begin in, for example de.")
def chat(guide: str | None, language: str) -> None:
    """Have the conversation in this terminal. Nothing is kept when it ends.

    GUIDE is the guide to begin with.
    """
    import asyncio

    from bot.commands.chat import chat as run
    from bot.config import Settings

    asyncio.run(run(Settings.read(), guide, language))


@app.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="For people or editors.",
)  # fmt: skip
@click.option("--drafts", is_flag=True, help="Let the draft mark pass.")
def check(paths: tuple[Path, ...], output: Literal["text", "json"], *, drafts: bool) -> None:
    """Check guides: every mistake with its line, every path to its end. Exit 1 with errors.

    PATHS are files or folders; nothing means all content.
    """
    from bot.commands.content import check as run

    sys.exit(run(paths, _content(), format_=output, drafts=drafts))


@app.command()
@click.argument("guide")
@click.option(
    "--format", "output", type=click.Choice(["mermaid", "svg"]), default="mermaid", show_default=True,
    help="How it is drawn.",
)  # fmt: skip
@click.option("--language", default="en", show_default=True, help="The language of its labels.")
def graph(guide: str, output: Literal["mermaid", "svg"], language: str) -> None:
    """Draw a guide."""
    from bot.commands.content import graph as run

    sys.exit(run(guide, _content(), format_=output, language=language))


@app.command()
@click.argument("guide")
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="For people or programs.",
)  # fmt: skip
def paths(guide: str, output: Literal["text", "json"]) -> None:
    """List every path of a guide, and count its conversations."""
    from bot.commands.content import paths as run

    sys.exit(run(guide, _content(), format_=output))


@app.command()
@click.argument("guide")
@click.argument("language")
def translate(guide: str, language: str) -> None:
    """Print what of a guide is not in a language yet, as YAML to be filled in."""
    from bot.commands.translate import translate as run

    sys.exit(run(guide, language, _content()))


@app.command()
def extract() -> None:
    """Read codes and ids out of anything pasted. It takes stdin and prints JSON."""
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
