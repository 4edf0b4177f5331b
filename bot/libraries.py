"""Libraries that must not be older than the version that closed their known holes.

Must not know: what the libraries are used for.
"""

import re
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import msgspec

LOWER_BOUNDS: Final = {"aiohttp": "3.14.5", "PyJWT": "2.15.1", "urllib3": "2"}
"""The first version of each without known advisories; urllib3 1 would send a POST of the SDK twice."""


class Library(msgspec.Struct, frozen=True):
    """An installed library; `installed` is "" when it is missing."""

    name: str
    installed: str
    least: str

    @property
    def too_old(self) -> bool:
        """Missing, or older than it may be."""
        return not self.installed or _numbers(self.installed) < _numbers(self.least)


def libraries() -> list[Library]:
    """The libraries with a lower bound, as they are installed here."""
    return [Library(name, _installed(name), least) for name, least in LOWER_BOUNDS.items()]


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _numbers(text: str) -> tuple[int, ...]:
    """The release's numbers; what follows them (a1, rc2, +local) makes no security difference here."""
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
