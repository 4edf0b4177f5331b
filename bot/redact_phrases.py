"""Secrets that only a sentence gives away: "my password is ...", "Kennwort: ...", "le code est ...".

A word for a password or a code is found first, then the few words behind it decide. A value of mixed signs
is cut; an everyday word is cut only where it can hardly be anything else, so that "my password is wrong"
stays. Words and languages are in `bot.redact_words`. It must not know shapes of tokens or keys.
"""

import re
from collections.abc import Iterator

from bot import redact_words as known
from bot.redact_spans import GUID, MARK, Kind, Span, kept
from dialogs.extract import looks_like_error

_PASSWORD = re.compile(
    rf"(?:{known.LONG_WORDS}|(?<![^\W_])(?:{known.SHORT_WORDS}))(?:s|en|n|es)?(?![^\W_])",
    re.IGNORECASE,
)
_PIN = re.compile(rf"(?<![^\W_])(?:{known.PIN_WORDS})(?![^\W_])", re.IGNORECASE)
_BEFORE = re.compile(
    rf"(?<![^\W_])(?:{known.MINE})\W{{1,3}}(?:[^\W\d_]{{1,15}}\W{{1,2}}){{0,2}}$", re.IGNORECASE
)
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
_ACCOUNT = re.compile(r"@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}[ \t]{0,2}[:/|][ \t]{0,2}(?P<cut>\S{6,100})")
_OPEN, _CLOSE = "\"'“”„‘’‚«»`([{<*_", ".,;:?)]}>\"'“”‘’«»`*"  # noqa: RUF001 - curly quotes

_DIGITS = (
    r"(?<![\w#.:/\-])(?P<cut>(?:[A-Z]-)?[0-9]{3}[ \-]?[0-9]{3}|[0-9]{2} [0-9]{2} [0-9]{2}|[0-9]{4,8})"
    r"(?![\w]|[.:/\-][0-9])"
)
_SURE_CODE = re.compile(
    rf"(?:{known.SURE_CODE_WORDS})(?![^\W_])(?:[\s:=\"'(\[,\-]|\b(?:{known.CODE_FILL})\b){{0,14}}{_DIGITS}",
    re.IGNORECASE,
)
_CODE = re.compile(
    rf"(?<![^\W_])(?:{known.CODE_WORDS})(?![^\W_])"
    rf"(?P<fill>(?:[\s:=\"'(\[,\-]|\b(?:{known.CODE_FILL})\b){{0,14}}){_DIGITS}",
    re.IGNORECASE,
)
_NO_SECRET_CODE = re.compile(rf"(?:{known.OTHER_CODES})\W{{0,3}}$", re.IGNORECASE)
_CODE_LAST = re.compile(
    r"(?<![\w#.:/\-])(?P<cut>[0-9]{3}[ \-]?[0-9]{3}|[0-9]{8})[ \t]{1,3}"
    rf"(?:{known.IS})[ \t]{{1,3}}(?:(?:{known.MINE}|{known.ARTICLES})[ \t]{{1,3}})?"
    rf"(?:{known.SURE_CODE_WORDS}|{known.CODE_WORDS})",
    re.IGNORECASE,
)
_CODE_ALONE = re.compile(r"\s{0,20}(?P<cut>[0-9]{3}[ \-]?[0-9]{3})[.!]?\s{0,20}")
# a sign within letters, before or behind them; a lone "!" or "?" at the end ends a sentence
_SIGNS = re.compile(r"[^\W_][!@#$%^&*+=~|§€£?][^\W_]|^[!@#$%^&*+=~§€£][^\W_]|[^\W_][@#$%^&*+=~|§€£]")
_URL = re.compile(r"(?:https?://|www\.|[\w.+-]{1,64}@[\w-]{1,63}\.)\S{0,500}", re.IGNORECASE)


def phrases(text: str) -> list[Span]:
    """Every password, PIN and one-time code that a sentence in `text` gives away; spans may overlap."""
    return [*_passwords(text), *_codes(text)]


def _passwords(text: str) -> Iterator[Span]:
    for match in _PASSWORD.finditer(text):
        yield from _after(text, match)
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
        if value and _given(text, value, plain=_plain_allowed(said, before)):
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


def _plain_allowed(said: re.Match[str], before: str) -> bool:
    """Whether an everyday word may be the password here: "pw: sunshine", "my password is sunshine"."""
    if said["dash"]:
        return False
    if said["mark"]:
        return not said["fill"].strip()
    return _BEFORE.search(before) is not None and "\n" not in said[0]


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


def _given(text: str, value: tuple[int, int], *, plain: bool) -> bool:
    said = text[slice(*value)]
    if _strong(said, least=4):
        return True
    word = said.strip("!?.,;").lower()
    if not plain or not re.fullmatch(r"[^\W\d_]{3,40}", word) or _ordinary(word):
        return False
    if _SECOND_HALF.match(text, value[1]):
        return True
    rest = text[value[1] : value[1] + 12].lstrip("!?\"'”’»`*)")  # noqa: RUF001 - curly quotes
    return not rest.strip() or rest[0] in ".,;\n" or rest.startswith((" \n", " (", " -", " /"))


def _ordinary(word: str) -> bool:
    return word in known.ORDINARY or word.endswith(known.ORDINARY_ENDINGS)


def _strong(value: str, *, least: int) -> bool:
    """Looks chosen by somebody: letters mixed with digits or signs, or four digits and more."""
    if len(value) < least or kept(value) or _URL.match(value) or re.fullmatch(MARK, value):
        return False
    bare = value.strip("!?.,;:")
    if (
        _ordinary(bare.lower())
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


def _codes(text: str) -> Iterator[Span]:
    kind: Kind = "code"
    for match in _PIN.finditer(text):
        digits = re.compile(
            rf"(?:[\s:=\"'(\[]|\b(?:{known.CODE_FILL})\b){{0,10}}{_DIGITS}", re.IGNORECASE
        ).match(text, match.end())
        if digits:
            yield Span(*digits.span("cut"), kind)
    for match in _SURE_CODE.finditer(text):
        if not _year(match["cut"]):
            yield Span(*match.span("cut"), kind)
    for match in _CODE.finditer(text):
        before = text[max(0, match.start() - 30) : match.start()]
        if _NO_SECRET_CODE.search(before):
            continue
        digits_only = _bare(match["cut"])
        mine = _BEFORE.search(before) is not None
        whole = len(digits_only) in (6, 8) and (mine or not looks_like_error(digits_only))
        short = mine and len(digits_only) == 4 and match["fill"].strip(" ") and not _year(digits_only)
        if whole or short:
            yield Span(*match.span("cut"), kind)
    for match in _CODE_LAST.finditer(text):
        if not looks_like_error(_bare(match["cut"])):
            yield Span(*match.span("cut"), kind)
    alone = _CODE_ALONE.fullmatch(text)
    if alone and not looks_like_error(
        _bare(alone["cut"])
    ):  # nobody types six digits to a helpdesk but a code
        yield Span(*alone.span("cut"), kind)


def _bare(digits: str) -> str:
    return re.sub(r"\D", "", digits)


def _year(digits: str) -> bool:
    return re.fullmatch(r"(?:19|20)[0-9]{2}", digits) is not None
