"""A text that is still a key: it becomes words only when somebody reads it."""

from typing import TypeAlias, Union

import msgspec

Argument: TypeAlias = Union[str, "Text", tuple[Union[str, "Text"], ...]]


class Text(msgspec.Struct, frozen=True, omit_defaults=True):
    """A key of a text and what fills its `{places}`.

    A string argument is data and never markup. A `Text` argument is resolved in the same language. A tuple
    becomes a list as the language writes it ("a, b and c"). An argument named `at` or ending in `_at` holds
    seconds since 1970 as a string, shown as a time in the reader's language and zone.
    """

    key: str
    args: dict[str, Argument] = {}
