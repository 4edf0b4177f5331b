"""The program that the benchmark measures: `handrail serve` without Teams' limits.

Teams takes 50 requests a second from an app; who measures a bot must not measure that. Nothing else differs.
"""

import sys

from bot.commands.serve import run
from bot.config import Settings
from bot.logs import configure
from bot.teams.pace import UNLIMITED


def main() -> None:
    """Serve until told to stop."""
    settings = Settings.read()
    configure(sys.stderr, settings.log_level)
    run(settings, limits=UNLIMITED)


if __name__ == "__main__":
    main()
