"""Numbered migrations, in order: `0001_initial.sqlite.sql`. What was released is never edited.

With PostgreSQL the version before still runs while a new one starts: a step leaves in place what it needs. It
says so in its first line, `-- works with: 1`: the oldest schema whose version can work with the result. The
database remembers that, and older versions start on it; on a step without this line they refuse to.
"""

import re
from functools import cache
from importlib.resources import files

_WORKS_WITH = re.compile(r"-- works with: (\d+)\n")
_NAME = re.compile(r"(\d{4})_\w+\.(\w+)\.sql")


@cache
def migrations(dialect: str) -> tuple[tuple[int, str], ...]:
    """Number and text of every migration of `dialect` ("sqlite", "postgres"), in order."""
    found = []
    for file in files(__package__).iterdir():
        name = _NAME.fullmatch(file.name)
        if name and name[2] == dialect:
            found.append((int(name[1]), file.read_text(encoding="utf-8")))
    return tuple(sorted(found))


def oldest(number: int, script: str) -> int:
    """The oldest schema whose version can work with what the step leaves; if none older can, its own."""
    said = _WORKS_WITH.match(script)
    return int(said[1]) if said else number
