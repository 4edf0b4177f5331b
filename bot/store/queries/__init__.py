"""Named SQL queries, each with a line that says what it is for; a database administrator can read them."""

import re
from functools import cache
from importlib.resources import files

_NAMED = re.compile(r"^-- name: (\w+)\n((?:-- .*\n)*)", re.MULTILINE)


@cache
def queries(dialect: str) -> dict[str, str]:
    """All queries of `dialect` ("sqlite"), by name."""
    text = files(__package__).joinpath(f"{dialect}.sql").read_text(encoding="utf-8")
    parts = _NAMED.split(text)[1:]
    return {name: sql.strip() for name, sql in zip(parts[::3], parts[2::3], strict=True)}
