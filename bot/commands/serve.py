"""`handrail serve`: serve until told to stop, and say where everything is once it can be reached."""

import contextlib
import errno
import gc
import sys
from typing import TYPE_CHECKING

from bot import crash, lean  # noqa: F401  lean, before anything imports structlog
from bot.config import Settings
from bot.errors import ConfigError

if TYPE_CHECKING:  # imported late, so that a mistake in the settings is told at once
    from bot.teams.pace import Limits

_LAST_PORT = 65535


def serve(host: str | None, port: int | None) -> None:
    """Serve the bot.

    Raises:
        ConfigError: A setting is wrong, or the port is taken; the message says what to do.
    """
    from bot.logs import configure

    settings = Settings.read(host=host, port=port)
    configure(sys.stderr, settings.log_level)
    crash.arm(settings.crash)
    _say("Handrail is starting.", *(f"warning: {each}" for each in settings.warnings))
    try:
        run(settings)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = settings.port + 1 if settings.port < _LAST_PORT else 0
            raise ConfigError(
                f"port {settings.port} on {settings.host} is in use. Is Handrail running already? "
                f"Another port: handrail serve --port {other}"
            ) from None
        raise


def run(settings: Settings, *, limits: "Limits | None" = None) -> None:
    """Serve until told to stop, on the fastest event loop there is.

    Args:
        settings: What to serve, and where.
        limits: How fast Teams may be spoken to; Teams' own limits, unless given.

    Raises:
        ConfigError, ContentError, StoreUnavailable, OSError: It cannot start.
    """
    import asyncio

    from bot.content import load_content

    gc.disable()  # until it listens: almost all that is made before then stays
    library = load_content(settings)  # first: a mistake is told at once, and what reading took is used again
    from bot.server import serve as serve_bot
    from bot.teams.pace import TEAMS

    runner = asyncio.run
    with contextlib.suppress(ImportError):  # there is no uvloop on Windows
        import uvloop

        runner = uvloop.run

    def listening(host: str, port: int) -> None:
        _keep_what_is_loaded()
        _greet(settings, host, port)

    runner(serve_bot(settings, listening, library=library, limits=limits or TEAMS))


def _keep_what_is_loaded() -> None:
    """Leave code and content to themselves: what lives as long as the process is no garbage to be looked for.

    Searching all of it takes tens of milliseconds, in which nobody is answered. The little that is garbage
    already is kept as well: two thousand objects of ninety thousand.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def _greet(settings: Settings, host: str, port: int) -> None:
    at = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    lines = [f"Handrail is on {at}. Ctrl+C stops it."]
    if settings.local:
        lines += [
            f"  the chat page     {at}/",
            f"  the helpdesk      {at}/helpdesk",
            f"  for Teams' tools  {at}/api/messages  (the Agents Playground works without an account)",
            "  No app id is set: local mode, this machine only. `handrail doctor` lists all settings.",
        ]
    elif settings.board_url:
        lines.append(f"  the helpdesk      {settings.board_url}")
    _say(*lines)


def _say(*lines: str) -> None:
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()
