"""The command `handrail`: what can be asked of it, and nothing of how it is done.

Imports are late, so that `handrail extract` does not load a web server.
"""

import asyncio
import os
import sys
from typing import Annotated

import typer

from bot.errors import ConfigError, ContentError, StoreUnavailable

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Handrail: a troubleshooting guide as a conversation, in Teams, on a page, in a terminal.",
)


def main() -> None:
    """Run the command; what goes wrong is said in one line and an exit code."""
    try:
        app()
    except (ConfigError, ContentError, StoreUnavailable) as error:
        sys.stderr.write(f"handrail: {error}\n")
        raise SystemExit(2) from None
    except BrokenPipeError:
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
    language: Annotated[str, typer.Option(help="The language to begin in.")] = "",
) -> None:
    """Have the conversation in this terminal. Nothing is kept when it ends."""
    from bot.commands.chat import chat as run
    from bot.config import Settings

    environ = {**os.environ, "HANDRAIL_DATABASE_URL": "sqlite://:memory:"}
    asyncio.run(run(Settings.read(environ), guide, language))


if __name__ == "__main__":
    main()
