"""A language tag -> the locale in which numbers and spans of time are written. It must not know pages."""

from babel import Locale, UnknownLocaleError


def locale_of(language: str) -> Locale:
    """The locale of a language; English for a tag that nobody knows."""
    try:
        return Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale.parse("en")
