"""The words of a sentence as they compare, and slips of the pen.

It must not know what a word means.
"""

import unicodedata
from functools import lru_cache

from rapidfuzz.distance import OSA

TEXT_LIMIT = 2_000  # characters that are looked at
SLIPS = 2  # in one word, at most
_TYPO_LETTERS = 5  # words shorter than this must be spelt right
_LONG_WORD = 9  # from this length on two slips are forgiven, the first letter excepted

Words = tuple[str, ...]


@lru_cache(maxsize=2048)
def words_of(text: str) -> Words:
    """Lower-case words without accents and punctuation. Long texts are cut first: folding is not free."""
    folded = unicodedata.normalize("NFKD", text[:TEXT_LIMIT]).casefold()
    bare = tuple(folded.translate(_LETTERS).split())
    return bare or (("?",) if "?" in folded else ())  # a question mark alone asks for help


class _Letters(dict[int, str | None]):
    """A character -> itself, a space between words, or nothing; only the usual ones are remembered."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        if char in "'’‘`´" or unicodedata.category(char) in ("Mn", "Me", "Cf"):  # noqa: RUF001 - apostrophes
            return None
        return char if char.isalnum() else " "


_LETTERS = _Letters()
_LETTERS.update({code: _LETTERS[code] for code in range(0x370)})  # Latin, and the accents


def alike(said: Words, meant: Words) -> bool:
    """Whether the two differ by slips of the pen only: word by word, and only in words long enough."""
    if len(said) != len(meant) or not said:
        return False
    return all(one == other or slip(one, other) for one, other in zip(said, meant, strict=True))


def slip(said: str, meant: str) -> bool:
    """Whether one word is another one with a slip."""
    shorter = min(len(said), len(meant))
    if shorter < _TYPO_LETTERS - 1 or len(meant) < _TYPO_LETTERS or not (said.isalpha() and meant.isalpha()):
        return False
    allowed = SLIPS if shorter >= _LONG_WORD and said[0] == meant[0] else 1
    return OSA.distance(said, meant, score_cutoff=allowed) <= allowed
