"""Which of the content's languages somebody gets who asks for a language by its tag.

It must not know who asks, nor any words.
"""

from bot.errors import ConfigError
from dialogs.library import Library


def closest(library: Library, tag: str) -> str:
    """The content's language for a tag such as "de-AT" or "de_AT", or "" where there is none."""
    wanted = tag.replace("_", "-").lower()
    by_tag = {language.lower(): language for language in library.languages}
    return by_tag.get(wanted) or by_tag.get(wanted.partition("-")[0]) or ""


def spoken(library: Library, setting: str, tag: str) -> str:
    """The content's language that a setting names.

    Raises:
        ConfigError: The content is not there in that language.
    """
    found = closest(library, tag)
    if not found:
        there = ", ".join(library.languages)
        raise ConfigError(
            f"{setting} is {tag!r}: the content is not there in that language, only in: {there}."
        )
    return found
