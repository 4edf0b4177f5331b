"""How a check words what it found: one line for the helpdesk, made of what other people's systems say.

Names of apps, policies and devices are chosen by strangers. They become short, single-line and free of
secrets and invisible characters here; cards escape them again where they are shown.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from bot.probes.times import utc
from bot.redact import clean, redact

LONGEST: Final = 400  # characters of a whole line
_LONGEST_NAME = 80


def name(text: str | None) -> str:
    """A name out of Graph, fit for a ticket; "" when there is none."""
    return clean(" ".join(redact(text or "").text.split()), _LONGEST_NAME)


def when(moment: datetime) -> str:
    """A point in time as portals show it, for example "2026-11-22 09:41:07 UTC"."""
    return utc(moment).strftime("%Y-%m-%d %H:%M:%S UTC")


def line(parts: Iterable[str]) -> str:
    """What is known, in one line; empty parts are left out."""
    return clean(" · ".join(part for part in parts if part), LONGEST)
