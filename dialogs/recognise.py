"""What a typed sentence means at the current prompt: a command, a choice, a guide, or nothing.

The steps are tried in the order of `_STEPS` and the first that fits is the answer; codes and ids are read
whatever else fits. Nothing is ever guessed: what could mean two things means nothing. It must not know
where in a guide the person is, nor what becomes of the answer.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import msgspec

from dialogs import recognise_words as known
from dialogs.conversation import Evidence
from dialogs.events import Command
from dialogs.extract import extract, looks_like_error
from dialogs.guide import GuideId
from dialogs.library import Library
from dialogs.phrases import Book, Target, books, guide_words
from dialogs.spelling import Words, alike, words_of

_SENTENCE_LIMIT = 400  # characters; longer than any command, label or list of labels a person types
_REQUEST_WORDS = 15  # a command phrase also counts inside a sentence of at most this many words ...
_DENIED_WITHIN = 3  # ... unless a "not" stands this close before it
_SHORTEST_BEGINNING = 4  # letters
_NONE: frozenset[Target] = frozenset()


class Recognition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a sentence meant. `value` is the language code of the command `language`, "" when none was named.

    `options` are ids of the prompt, in the prompt's order. `guide` is one named by its words, never by a
    code: codes are in `evidence`, and an error code beats a field on purpose.
    """

    command: Command | None = None
    value: str = ""
    options: tuple[str, ...] = ()
    evidence: Evidence = Evidence()
    guide: GuideId | None = None
    text: str = ""


class _Heard(msgspec.Struct, frozen=True, kw_only=True):
    """The sentence, taken apart once for all steps."""

    library: Library
    language: str
    text: str
    words: Words  # as said
    asked: Words  # without please and thank you
    options: list[tuple[str, str]]
    labels: list[tuple[str, Words]]  # the same, their labels taken apart
    shown: int  # how many of them stand on the screen, and have a number
    several: bool


class _Meaning(msgspec.Struct, frozen=True, kw_only=True):
    command: Command | None = None
    value: str = ""
    options: tuple[str, ...] = ()
    guide: GuideId | None = None


def recognise(
    library: Library,
    language: str,
    text: str,
    options: Sequence[tuple[str, str]] = (),
    several: bool = False,
    spoken: Sequence[tuple[str, str]] = (),
) -> Recognition:
    """What `text` means to a prompt that shows `options`, each an id and its label as shown.

    `spoken` are other words for the same ids; they have no number.

    Never raises, whatever the text. `several` says that more than one option may be picked at once.
    """
    text = text.strip()
    words = words_of(text) if len(text) <= _SENTENCE_LIMIT else ()
    listed = [*options, *spoken]
    heard = _Heard(
        library=library,
        language=language,
        text=text,
        words=words,
        asked=_without_courtesy(words),
        options=listed,
        labels=[(each, words_of(label)) for each, label in listed],
        shown=len(options),
        several=several,
    )
    meaning = next((found for step in _STEPS if (found := step(heard)) is not None), _Meaning())
    return Recognition(
        command=meaning.command,
        value=meaning.value,
        options=meaning.options,
        guide=meaning.guide,
        evidence=_evidence(heard),
        text=text,
    )


def _command(heard: _Heard) -> _Meaning | None:
    """A command word as the whole sentence: in the current language, then in the others."""
    here, *others = _books(heard)
    for tried in ((here,), others):
        meant: set[Target] = set()
        for book in tried:
            meant |= book.whole.get(heard.words, _NONE)
            meant |= book.whole.get(heard.asked, _NONE)
        if len(meant) == 1:
            return _as_command(meant.pop())
    return None


def _request(heard: _Heard) -> _Meaning | None:
    """A longer phrase ("talk to a human", "did not start it") inside a short sentence without a denial."""
    if len(heard.words) > _REQUEST_WORDS:
        return None
    said = set(heard.words)
    for book in _books(heard):
        if said.isdisjoint(book.request_words):
            continue
        for target, phrase in book.requests:
            if phrase[0] in said and _holds(heard.words, phrase):
                return _as_command(target)
    return None


def _command_misspelt(heard: _Heard) -> _Meaning | None:
    said = heard.asked
    for book in _books(heard):
        meant = {target for target, phrase in book.like(said) if alike(said, phrase)}
        if meant:
            return _as_command(meant.pop()) if len(meant) == 1 else None
    return None


def _choice(heard: _Heard) -> _Meaning | None:
    """A label, or the number of one; where several may be picked, a list of them."""
    one = _one_option(heard, heard.text, heard.asked)
    if one is not None:
        return _Meaning(options=(one,))
    return _picked(heard, close=False)


def _choice_misspelt(heard: _Heard) -> _Meaning | None:
    one = _only(each for each, label in heard.labels if alike(heard.asked, label))
    if one is not None:
        return _Meaning(options=(one,))
    return _picked(heard, close=True)


def _yes_or_no(heard: _Heard) -> _Meaning | None:
    """A plain yes or no, when exactly one label begins with one."""
    side = known.SIDES.get(" ".join(heard.asked))
    if side is None:
        return None
    one = _only(each for each, label in heard.options if _side_of(label) == side)
    return None if one is None else _Meaning(options=(one,))


def _beginning(heard: _Heard) -> _Meaning | None:
    """The first words of exactly one label, unless the rest turns them round ("es geht nicht")."""
    said = heard.asked
    if len("".join(said)) < _SHORTEST_BEGINNING:
        return None
    fitting = [(each, label[len(said) :]) for each, label in heard.labels if label[: len(said)] == said]
    if len(fitting) != 1 or known.DENIALS.intersection(fitting[0][1]):
        return None
    return _Meaning(options=(fitting[0][0],))


def _guide(heard: _Heard) -> _Meaning | None:
    """A guide's own words, in any language; the longest phrase wins."""
    words = words_of(heard.text)
    said = f" {' '.join(words)} "
    best, named = 0, set[GuideId]()
    begun = guide_words(heard.library)
    for word in set(words):
        for length, phrase, guide in begun.get(word, ()):
            if length >= best and phrase in said:
                named = {guide} if length > best else named | {guide}
                best = length
    return _Meaning(guide=named.pop()) if len(named) == 1 else None


_STEPS: tuple[Callable[[_Heard], _Meaning | None], ...] = (
    _command,
    _request,
    _choice,
    _command_misspelt,  # after the exact labels: a slip of the pen must not take a button's own words away
    _choice_misspelt,
    _yes_or_no,
    _beginning,
    _guide,
)


def _evidence(heard: _Heard) -> Evidence:
    """Codes and ids; a number alone is a code only when the content lists it."""
    evidence = extract(heard.text)
    if not evidence.codes and re.fullmatch(r"[0-9]{5,7}", heard.text) and looks_like_error(heard.text):
        code = int(heard.text)
        if code in heard.library.codes or any(code in each.codes for each in heard.library.guides.values()):
            return msgspec.structs.replace(evidence, codes=(code,))
    return evidence


# Commands.


def _books(heard: _Heard) -> list[Book]:
    """The book of each language, the current one first."""
    by_language = books(heard.library)
    here = by_language.get(heard.language) or Book(heard.library, {})
    return [here, *(book for language, book in by_language.items() if language != heard.language)]


def _as_command(target: Target) -> _Meaning:
    return _Meaning(command=target.command, value=target.value)


def _holds(words: Words, phrase: Words) -> bool:
    return any(
        words[n : n + len(phrase)] == phrase
        and not known.DENIALS.intersection(words[max(0, n - _DENIED_WITHIN) : n])
        for n in range(len(words) - len(phrase) + 1)
    )


# Options.


def _one_option(heard: _Heard, said: str, words: Words) -> str | None:
    """The option whose label or number `said` is, to the letter."""
    plain = words_of(said)
    if plain:
        meant = [each for each, label in heard.labels if label in (plain, words)]
        one = _only(meant)
        if one is not None or (meant and any(label == plain for _, label in heard.labels)):
            return one
    number = known.NUMBER.fullmatch(" ".join(words))
    place = int(number[1]) if number else _ordinal(words, heard.shown)
    return heard.options[place - 1][0] if 1 <= place <= heard.shown else None


def _ordinal(words: Words, count: int) -> int:
    left = tuple(word for word in words if word not in known.ARTICLES)
    if len(left) > 1 and left[-1] in known.COUNTED:
        left = left[:-1]
    if len(left) != 1:
        return 0
    return count if left[0] in known.LAST else known.ORDINALS.get(left[0], 0)


def _picked(heard: _Heard, *, close: bool) -> _Meaning | None:
    """A list of options, every part of it understood, or nothing."""
    if not heard.several or not heard.words:
        return None
    for pattern in known.LISTS:
        parts = [part for part in pattern.split(heard.text) if words_of(part)]
        picked = {_part(heard, part, close=close) for part in parts}
        if len(parts) > 1 and None not in picked:
            return _Meaning(options=tuple(each for each, _ in heard.options if each in picked))
    return None


def _part(heard: _Heard, part: str, *, close: bool) -> str | None:
    words = _without_courtesy(words_of(part))
    one = _one_option(heard, part, words)
    if one is None and close:
        one = _only(each for each, label in heard.labels if alike(words, label))
    return one


@lru_cache(maxsize=2048)
def _side_of(label: str) -> str | None:
    """Whether a label begins with a yes or a no of its own ("No, the message came back")."""
    first = words_of(re.split(r"[,.;:!–—-]", label, maxsplit=1)[0])  # noqa: RUF001 - dashes of any length
    if side := known.SIDES.get(" ".join(first)):
        return side
    words = words_of(label)
    for count in (3, 2, 1):
        begun = " ".join(words[:count])
        rest = known.DENIALS.union(known.HEDGES).intersection(words[count:])
        if len(words) > count and begun in known.SIDES and begun not in known.DETERMINERS and not rest:
            return known.SIDES[begun]
    return None


def _only(found: Iterable[str]) -> str | None:
    distinct = set(found)
    return distinct.pop() if len(distinct) == 1 else None


# Words.


def _without_courtesy(words: Words) -> Words:
    start, end = 0, len(words)
    while start < end and words[start] in known.COURTESY:
        start += 1
    while end > start and words[end - 1] in known.COURTESY:
        end -= 1
    return words[start:end] or words
