"""Named SQL queries, each with a line that says what it is for; a database administrator can read them."""

import re
from functools import cache
from importlib.resources import files

_NAMED = re.compile(r"^-- name: (\w+)\n((?:-- .*\n)*)", re.MULTILINE)
_VALUE = re.compile(r"(?<![:\w]):([a-z_]+)")


@cache
def queries(dialect: str) -> dict[str, str]:
    """All queries of `dialect` ("sqlite", "postgres"), by name."""
    return named(files(__package__).joinpath(f"{dialect}.sql").read_text(encoding="utf-8"))


def named(text: str) -> dict[str, str]:
    """The queries of a text, by the names above them."""
    parts = _NAMED.split(text)[1:]
    return {name: sql.strip() for name, sql in zip(parts[::3], parts[2::3], strict=True)}


def positional(sql: str) -> tuple[str, tuple[str, ...]]:
    """The query with `$1`, `$2` for its `:name`s, as PostgreSQL wants it, and the names in that order."""
    names = tuple(dict.fromkeys(_VALUE.findall(sql)))
    numbers = {name: f"${number}" for number, name in enumerate(names, 1)}
    return _VALUE.sub(lambda found: numbers[found[1]], sql), names
