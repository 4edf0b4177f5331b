"""A value that nobody may see: it can be asked for by name, and never shows itself.

Must not know: settings, where a secret comes from, what it opens.
"""

import hmac
from typing import Final, NoReturn

HIDDEN: Final = "(set, not shown)"


class Secret:
    """Text that stays out of logs, tracebacks, reprs and serialised objects; empty is false."""

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        return hash((Secret, self._value))

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        return f"Secret{HIDDEN if self._value else '(not set)'}"

    def __reduce__(self) -> NoReturn:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        raise TypeError("a secret is not pickled or copied")
