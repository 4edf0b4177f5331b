"""`handrail serve`: say where everything is, then serve until told to stop."""

import contextlib
import errno
import sys

from bot.config import Settings
from bot.errors import ConfigError


def serve(host: str | None, port: int | None) -> None:
    """Serve the bot.

    Raises:
        ConfigError: A setting is wrong, or the port is taken; the message says what to do.
    """
    from bot.logs import configure

    settings = Settings.read(host=host, port=port)
    configure(sys.stderr, settings.log_level)
    _greet(settings)
    try:
        _run(settings)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                f"port {settings.port} on {settings.host} is in use. Is Handrail running already? "
                f"Another port: handrail serve --port {settings.port + 1}"
            ) from None
        raise


def _run(settings: Settings) -> None:
    import asyncio

    from bot.app import serve as serve_bot

    runner = asyncio.run
    with contextlib.suppress(ImportError):  # there is no uvloop on Windows
        import uvloop

        runner = uvloop.run
    runner(serve_bot(settings))


def _greet(settings: Settings) -> None:
    at = f"http://{settings.host}:{settings.port}"
    lines = [f"Handrail is on {at}. Ctrl+C stops it."]
    if settings.local:
        lines += [
            f"  the chat page     {at}/",
            f"  the helpdesk      {at}/helpdesk",
            f"  for Teams' tools  {at}/api/messages  (the Agents Playground works without an account)",
            "  No app id is set: local mode, this machine only. `handrail doctor` lists all settings.",
        ]
    sys.stderr.write("\n".join([*lines, *(f"warning: {each}" for each in settings.warnings)]) + "\n")
