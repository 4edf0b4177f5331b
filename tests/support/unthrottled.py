"""The program of `served_unthrottled`: `handrail serve` without Teams' limits. It must not know the tests."""

import sys

import uvloop

from bot.config import Settings
from bot.logs import configure
from bot.server import serve
from bot.teams.pace import UNLIMITED


def main() -> None:
    """Serve until told to stop."""
    settings = Settings.read()
    configure(sys.stderr, settings.log_level)
    uvloop.run(serve(settings, lambda _host, _port: None, limits=UNLIMITED))


if __name__ == "__main__":
    main()
