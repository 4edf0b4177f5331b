"""All that the content says people write for a command or a guide, laid out for looking up.

It must not know the sentence that is looked up, nor what becomes of it.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, get_args

from dialogs.events import Command
from dialogs.guide import GuideId
from dialogs.library import Library
from dialogs.once import once
from dialogs.spelling import SLIPS, Words, slip, words_of

INSIDE = frozenset({"person", "report"})  # commands that count inside a sentence, too ...
PHRASE_WORDS = 3  # ... by phrases this long


class Target(NamedTuple):
    """A command, and its value: the language for `language`."""

    command: Command
    value: str


class Book:
    """All commands as one language says them, each with its value."""

    def __init__(self, library: Library, spoken: Mapping[str, str]) -> None:
        self.whole: dict[Words, set[Target]] = {}
        # by how many words, then how many letters the first one has
        self._firsts: dict[tuple[int, int], dict[str, list[tuple[Target, Words]]]] = {}
        self.requests: list[tuple[Target, Words]] = []  # what counts inside a sentence, too
        for key, target in (
            *_COMMAND_KEYS,
            *((f"command/language/{each}", Target("language", each)) for each in library.languages),
        ):
            for phrase in map(words_of, spoken.get(key, "").split(";")):
                if phrase:
                    self.whole.setdefault(phrase, set()).add(target)
                    firsts = self._firsts.setdefault((len(phrase), len(phrase[0])), {})
                    firsts.setdefault(phrase[0], []).append((target, phrase))
                    if target.command in INSIDE and len(phrase) >= PHRASE_WORDS:
                        self.requests.append((target, phrase))
        self.request_words = frozenset(phrase[0] for _, phrase in self.requests)

    def like(self, said: Words) -> Iterator[tuple[Target, Words]]:
        """The phrases that `said` could be a slip of: as many words, and the first one close enough."""
        if not said:
            return
        length = len(said[0])
        for letters in range(length - SLIPS, length + SLIPS + 1):
            for first, phrases in self._firsts.get((len(said), letters), _NO_FIRSTS).items():
                if first == said[0] or slip(said[0], first):
                    yield from phrases


_NO_FIRSTS: Mapping[str, list[tuple[Target, Words]]] = {}
_COMMAND_KEYS: tuple[tuple[str, Target], ...] = (
    *((f"command/{each}", Target(each, "")) for each in get_args(Command)),
    ("command/language/ask", Target("language", "")),  # no language named: ask which
)


@once
def books(library: Library) -> Mapping[str, Book]:
    """The book of each language."""
    return {language: Book(library, library.texts[language]) for language in library.languages}


@once
def guide_words(library: Library) -> Mapping[str, list[tuple[int, str, GuideId]]]:
    """What people write for a guide, by its first word: how many words, the phrase, the guide."""
    found: dict[str, list[tuple[int, str, GuideId]]] = {}
    for guide in library.guides.values():
        for phrases in guide.words.values():
            for phrase in map(words_of, phrases):
                if phrase:
                    found.setdefault(phrase[0], []).append((len(phrase), f" {' '.join(phrase)} ", guide.id))
    return found
