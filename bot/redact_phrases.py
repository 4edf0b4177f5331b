"""Passwords that only a sentence gives away: "my password is ...", "Kennwort: ...", "secret answer: ...".

A word for a password is found first, then the few words behind it decide. A value of mixed signs is cut;
everyday words are cut only where they can hardly be anything else, so that "my password is wrong" stays.
Words and languages are in `bot.redact_words`, codes in `bot.redact_codes`. It must not know shapes of tokens.
"""

import re
from collections.abc import Iterator

from bot import redact_words as known
from bot.redact_spans import GUID, MARK, Span, kept, matches, places
from dialogs.extract import looks_like_error

_WORDS = rf"(?:{known.LONG_WORDS}|(?<![^\W_])(?:{known.SHORT_WORDS}))(?:s|en|n|es)?(?![^\W_])"
_PASSWORD, _PASSWORD_PLACES = re.compile(_WORDS, re.IGNORECASE), places(_WORDS)
_COPULA = re.compile(
    rf"(?P<fill>(?:[ \t]{{1,3}}[^\s:=,;!?]{{1,25}}){{0,5}}?)[ \t*_\"')\]]{{0,4}}"
    rf"(?:(?P<mark>:=|=>|->|→|[:=])|(?P<dash>[ \t][-\u2013\u2014](?=[ \t]))"
    rf"|(?P<is>\s{{1,3}}(?:{known.IS})(?![^\W_])(?:\s{{0,2}}:)?))\s{{0,4}}",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"(?:[ \t]{1,3}[^\s:=,;!?]{1,25}){0,2}?"
    rf"[ \t]{{1,3}}(?:{known.FROM})[ \t]{{1,3}}(?P<old>\S{{1,200}})"
    rf"(?:[ \t]{{1,3}}(?:{known.TO})[ \t]{{1,3}}(?P<new>\S{{1,200}}))?",
    re.IGNORECASE,
)
_PAIR = re.compile(r"[ \t]{0,2}[:=][ \t]{0,2}[^\s/]{1,80}[ \t]{0,2}[/|][ \t]{0,2}(?P<cut>\S{1,200})")
_QUOTED = re.compile(r"[\"“„”'‘‚«`]{1,2}(?P<cut>[^\"“”'’»`\n]{1,100})[\"“”'’»`]")  # noqa: RUF001 - curly quotes
_BEARING = re.compile(
    rf"(?<!\S)(?P<cut>\S{{4,100}})[ \t]{{1,3}}(?:\(|(?:{known.IS}|{known.AS})[ \t]{{1,3}})"
    rf"(?:(?:{known.MINE}|{known.ARTICLES})[ \t]{{1,3}})?"
    rf"(?:[^\W\d_]{{1,15}}[ \t-]{{1,2}})?(?:{known.LONG_WORDS})",
    re.IGNORECASE,
)
_SECOND_HALF = re.compile(r" (?=\S{0,40}[0-9])(?=\S{0,40}[!@#$%&*?])\S{2,40}")
_WORD = re.compile(r"[ \t]{0,2}[\"'“„(]?(?P<bare>[^\W\d_]{2,25}|[0-9]{1,8})[\"'”’)]?(?P<stop>[.,;!?])?(?!\S)")  # noqa: RUF001 - curly quotes
_MOST_WORDS, _FEW_WORDS = 8, 2
_JOIN = re.compile(
    r"[ \t]{1,3}(?:and|but|then|so|und|aber|dann|et|mais|puis|y|pero|e|ma|poi|en|maar|mas)(?![^\W_])",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    rf"(?<![^\W_])(?:{known.ANSWER_WORDS})(?![^\W_])[ \t*_\"')]{{0,3}}"
    rf"(?::=|=>|->|→|[:=]|[ \t](?:{known.IS})(?![^\W_])(?:[ \t]?:)?)[ \t]{{0,3}}"
    rf"(?!{MARK})(?P<cut>[^\s.,;:?!()\[\]][^\n.,;?!()\[\]]{{0,60}})",
    re.IGNORECASE,
)
_APP_SECRET = re.compile(
    rf"(?<![^\W_])(?:{known.APP_WORDS})(?![^\W_])[ \t*_\"')]{{0,3}}"
    rf"(?:[:=]|[ \t](?:{known.IS})(?![^\W_])|(?=[ \t]))[ \t]{{0,3}}(?P<cut>\S{{4,200}})",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}[ \t]{0,2}[:/|][ \t]{0,2}(?P<cut>\S{6,100})")
_OPEN, _CLOSE = "\"'“”„‘’‚«»`([{<*_", ".,;:?)]}>\"'“”‘’«»`*"  # noqa: RUF001 - curly quotes

# a sign within letters, before or behind them; a lone "!" or "?" at the end ends a sentence
_SIGNS = re.compile(r"[^\W_][!@#$%^&*+=~|§€£?][^\W_]|^[!@#$%^&*+=~§€£][^\W_]|[^\W_][@#$%^&*+=~|§€£]")
_URL = re.compile(r"(?:https?://|www\.|[\w.+-]{1,64}@[\w-]{1,63}\.)\S{0,500}", re.IGNORECASE)


def phrases(text: str, lower: str) -> list[Span]:
    """Every password, secret answer and app's secret that a sentence gives away; spans may overlap.

    Args:
        text: What was written.
        lower: The same, `folded`.
    """
    return [*_passwords(text, lower), *_answers(text), *_keys(text)]


def _passwords(text: str, lower: str) -> Iterator[Span]:
    done = 0
    for match in matches(_PASSWORD, text, _PASSWORD_PLACES, lower):
        if match.start() < done:  # inside a value: "passwort=passwort=..."
            continue
        for span in _after(text, match):
            yield span
            done = max(done, span.end)
    for pattern in (_BEARING, _ACCOUNT):
        for match in pattern.finditer(text):
            yield from _strong_spans(text, *match.span("cut"), least=6)


def _after(text: str, match: re.Match[str]) -> Iterator[Span]:
    """What stands behind a word for a password, in the five ways people write one down."""
    end = match.end()
    before = text[max(0, match.start() - 45) : match.start()]
    pair = _PAIR.match(text, end) if before.endswith(("/", "|", "+", "&")) else None  # "user/password: a / b"
    if pair:
        yield from _strong_spans(text, *pair.span("cut"), least=4)
        return
    said = _COPULA.match(text, end)
    if said and not _about(said["fill"]):
        value = _value(text, said.end(), newline="\n" in said[0])
        mine = known.BEFORE.search(before) is not None
        words = _words(text, said, mine=mine) if value and _plain_allowed(said) else None
        if words:
            yield Span(*words, "password")
            return
        if value and _given(text, value, said):
            yield from _spans(text, value)
            return
    if changed := _CHANGED.match(text, end):
        for name in ("old", "new"):
            if changed[name]:
                yield from _strong_spans(text, *changed.span(name), least=6)
    beside = re.compile(r"[ \t]{1,3}").match(text, end)
    if beside:
        if quoted := _QUOTED.match(text, beside.end()):
            yield from _strong_spans(text, *quoted.span("cut"), least=4)
        elif value := _value(text, beside.end(), newline=False):
            yield from _strong_spans(text, *value, least=6)


def _about(fill: str) -> bool:
    """The sentence is about something of the password ("password reset ticket: ..."), not the password."""
    return not known.NOT_THE_PASSWORD.isdisjoint(re.findall(r"\w+", fill.lower()))


def _plain_allowed(said: re.Match[str]) -> bool:
    """Whether an everyday word may be the password here: "pw: sunshine", "the password is sunshine"."""
    return not (said["dash"] or said["fill"].strip() or "\n" in said[0])


def _words(text: str, said: re.Match[str], *, mine: bool) -> tuple[int, int] | None:
    """A password of several words: "Hund Katze Maus 12", "Sommer 2026", "horse battery staple".

    Every word must be one that nobody says about a password. With a number behind the first word that is
    enough; without one the sentence must end there, and the password be announced by a colon or "my".
    """
    found: list[re.Match[str]] = []
    at = said.end()
    while len(found) < _MOST_WORDS and (word := _WORD.match(text, at)):
        if known.ordinary(word["bare"]) or kept(word["bare"]) or (not found and word["bare"].isdigit()):
            break
        found.append(word)
        at = word.end()
        if word["stop"]:
            break
    ended = bool(found) and (bool(found[-1]["stop"]) or not text[at : at + 1].strip(" \t\r\n"))
    named = len(found) > 1 and known.PRODUCT.fullmatch(f"{found[0]['bare']} {found[1]['bare']}") is not None
    numbered = not named and any(word["bare"].isdigit() for word in found[1:])
    if len(found) < _FEW_WORDS or not (numbered or (ended and (said["mark"] or mine))):
        return None
    return found[0].start("bare"), found[-1].end("bare")


def _value(text: str, start: int, *, newline: bool) -> tuple[int, int] | None:
    quoted = _QUOTED.match(text, start)
    if quoted:
        return quoted.span("cut")
    token = re.compile(r"\S+").match(text, start)
    if token is None:
        return None
    begin, end = _core(text, *token.span())
    # on the next line only something that cannot be a word of the next sentence
    return None if newline and not _strong(text[begin:end], least=6) else (begin, end)


def _core(text: str, start: int, end: int) -> tuple[int, int]:
    """Without the quotes and full stops around it; an exclamation mark may belong to a password and stays."""
    while start < end and text[start] in _OPEN:
        start += 1
    while end > start and text[end - 1] in _CLOSE:
        end -= 1
    return start, end


def _given(text: str, value: tuple[int, int], said: re.Match[str]) -> bool:
    """Whether this one value is the password: by its looks, or an everyday word with nothing behind it."""
    given = text[slice(*value)]
    if _strong(given, least=4):
        return True
    word = given.strip("!?.,;").lower()
    if said["mark"] and said[0] == "=":  # "kennwort=geheim" is a form field, whatever the word
        return len(word) > 1 and not kept(given) and not given.startswith("removed")
    if said["dash"] or not re.fullmatch(r"[^\W\d_]{3,40}", word) or not _plain_allowed(said):
        return False
    if known.ordinary(word) and not (said["mark"] and word in known.BELOVED):
        return False
    if _SECOND_HALF.match(text, value[1]):
        return True
    rest = text[value[1] : value[1] + 12].lstrip("!?\"'”’»`*)")  # noqa: RUF001 - curly quotes
    return (
        not rest.strip()
        or rest[0] in ".,;\n"
        or rest.startswith((" \n", " (", " -", " /"))
        or _JOIN.match(rest) is not None
    )


def _strong(value: str, *, least: int) -> bool:
    """Looks chosen by somebody: letters mixed with digits or signs, or four digits and more."""
    if len(value) < least or kept(value) or _URL.match(value) or re.fullmatch(MARK, value):
        return False
    bare = value.strip("!?.,;:")
    if (
        known.ordinary(bare.lower())
        or known.PRODUCT.fullmatch(bare)
        or re.search(rf"AADSTS|{GUID}", value, re.IGNORECASE)
    ):
        return False
    letters, digits = any(map(str.isalpha, bare)), any(map(str.isdigit, bare))
    if letters and digits:
        return not known.MEASURE.fullmatch(bare)
    if letters:
        return _SIGNS.search(value) is not None or (
            re.search(r"[a-z][A-Z]", bare) is not None and known.CAMEL_NAME.match(bare) is None
        )
    return digits and re.fullmatch(r"[0-9]{4,}", bare) is not None and not looks_like_error(bare)


def _strong_spans(text: str, start: int, end: int, *, least: int) -> Iterator[Span]:
    start, end = _core(text, start, end)
    value = text[start:end]
    if _strong(value, least=least) and not value.strip("!?.").isdigit():
        yield Span(start, end, "password")


def _spans(text: str, value: tuple[int, int]) -> Iterator[Span]:
    yield Span(*value, "password")
    # "Summer 2026!": a second half right behind a word
    if text[slice(*value)].isalpha() and (more := _SECOND_HALF.match(text, value[1])):
        yield Span(more.start() + 1, more.end(), "password")


def _answers(text: str) -> Iterator[Span]:
    """Answers to security questions: they reset passwords, so they are passwords."""
    for match in _ANSWER.finditer(text):
        first = match["cut"].split()[0].strip("!?.,;:\"'").lower()
        if not known.ordinary(first) and not kept(match["cut"]):
            yield Span(*_core(text, *match.span("cut")), "password")


def _keys(text: str) -> Iterator[Span]:
    """An app's secret, told in a sentence."""
    for match in _APP_SECRET.finditer(text):
        start, end = _core(text, *match.span("cut"))
        if _strong(text[start:end], least=4):
            yield Span(start, end, "key")
