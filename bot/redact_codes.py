"""Codes that only a sentence gives away: "le code est ...", "device code ABCD-EFGH", "I typed 83 into ...".

One-time codes, PINs, device codes, recovery codes, and the number that a sign-in page shows for the phone.
Numbers of errors and tickets stay. Words and languages are in `bot.redact_words`. It must not know
passwords (that is `bot.redact_phrases`) nor shapes of tokens.
"""

import re
from collections.abc import Iterator

from bot import redact_words as known
from bot.redact_spans import Span, kept, matches, places
from dialogs.extract import looks_like_error

_PIN = re.compile(rf"(?<![^\W_])(?:{known.PIN_WORDS})(?![^\W_])", re.IGNORECASE)
_DIGITS = (
    r"(?<![\w#.:/\-])(?P<cut>(?:[A-Z]-)?[0-9]{3}[ \-]?[0-9]{3}|[0-9]{2} [0-9]{2} [0-9]{2}|[0-9]{4,8})"
    r"(?![\w]|[.:/\-][0-9])"
)
_PIN_DIGITS = re.compile(rf"(?:[\s:=\"'(\[]|\b(?:{known.CODE_FILL})\b){{0,10}}{_DIGITS}", re.IGNORECASE)
_SURE = rf"(?:{known.SURE_CODE_WORDS})(?![^\W_])"
_SOME = rf"(?<![^\W_])(?:{known.CODE_WORDS})(?![^\W_])"
_SURE_PLACES, _SOME_PLACES = places(_SURE), places(_SOME)
_SURE_CODE = re.compile(
    rf"{_SURE}(?:[\s:=\"'(\[,\-]|\b(?:{known.CODE_FILL})\b){{0,14}}{_DIGITS}",
    re.IGNORECASE,
)
_CODE = re.compile(
    rf"{_SOME}"
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
# Behind a word for a code: groups ("ABCD-EFGH", "1234-5678-9012") or one word of letters and digits.
_MIXED = (
    r"(?<![\w#.:/\-])(?P<cut>[A-Z0-9]{3,8}(?:-[A-Z0-9]{3,8}){1,7}|[A-Z0-9]{6,12})(?![\w~]|[.:/\-][A-Z0-9])"
)
_FILL = rf"(?:[\s:=\"'(\[,\-]|\b(?:{known.CODE_FILL})\b){{1,14}}"
_SURE_MIXED = re.compile(rf"{_SURE}{_FILL}{_MIXED}", re.IGNORECASE)
_CODE_MIXED = re.compile(rf"{_SOME}{_FILL}{_MIXED}", re.IGNORECASE)
_TICKET_OR_ERROR = re.compile(
    r"AADSTS.*|CAA[0-9A-F]{5}|[8CD][0-9A-F]{7}|(?:INC|REQ|RITM|CHG|PRB|TASK|SR|KB|CVE|HTTP|ERROR)-?[0-9].*",
    re.IGNORECASE,
)
_DEVICE_PAGE = re.compile(r"devicelogin|/device\b|deviceauth", re.IGNORECASE)
# The number that a sign-in page shows and the phone asks for.
_NUMBER_SHOWN = re.compile(
    rf"(?<![^\W_])(?:{known.SHOWN_NUMBER})(?![^\W_])\s{{0,2}}"
    rf"(?::|=|(?:{known.IS})(?![^\W_])(?:\s?:)?)?\s{{0,2}}[\"'(]?(?P<cut>[0-9]{{2,3}})(?![\w%]|[.:,][0-9])",
    re.IGNORECASE,
)
_NUMBER_TYPED = re.compile(
    rf"(?<![\w.:/\-])(?P<cut>[0-9]{{2,3}})[\"')]?\s{{1,2}}(?:{known.INTO})\s{{1,2}}"
    r"(?:[^\W\d_]{1,10}\s{1,2}){0,2}authenticator",
    re.IGNORECASE,
)
_NUMBER_ENTERED = re.compile(
    rf"(?<![^\W_])(?:{known.ENTERED})\s{{1,2}}(?:(?:the|die|number|nummer|zahl)\s{{1,2}}){{0,2}}(?P<cut>[0-9]{{2}})"
    rf"\s{{1,2}}(?:{known.INTO})\s{{1,2}}(?:[^\W\d_]{{1,10}}\s{{1,2}}){{0,2}}(?:app|phone|prompt|handy|telefon)(?![^\W_])",
    re.IGNORECASE,
)
_DEVICE_CODE = (8, 9)  # characters; RFC 8628 recommends eight, Microsoft writes nine
_COUNTED = re.compile(rf"(?:{known.COUNTING})\s{{1,2}}$", re.IGNORECASE)


def codes(text: str, lower: str) -> list[Span]:
    """Every PIN, one-time code, device or recovery code that a sentence gives away; spans may overlap.

    Args:
        text: What was written.
        lower: The same, `folded`.
    """
    found = (_pins(text), _digits(text, lower), _mixed(text, lower), _numbers(text))
    return [Span(*where, "code") for each in found for where in each]


def _pins(text: str) -> Iterator[tuple[int, int]]:
    for match in _PIN.finditer(text):
        digits = _PIN_DIGITS.match(text, match.end())
        if digits:
            yield digits.span("cut")


def _digits(text: str, lower: str) -> Iterator[tuple[int, int]]:
    """Codes of digits alone, four to eight of them."""
    for match in matches(_SURE_CODE, text, _SURE_PLACES, lower):
        if not _year(match["cut"]):
            yield match.span("cut")
    for match in matches(_CODE, text, _SOME_PLACES, lower):
        before = text[max(0, match.start() - 30) : match.start()]
        if _NO_SECRET_CODE.search(before):
            continue
        digits_only = _bare(match["cut"])
        mine = known.BEFORE.search(before) is not None
        whole = len(digits_only) in (6, 8) and (mine or not looks_like_error(digits_only))
        short = mine and len(digits_only) == 4 and match["fill"].strip(" ") and not _year(digits_only)
        if whole or short:
            yield match.span("cut")
    for match in _CODE_LAST.finditer(text):
        if not looks_like_error(_bare(match["cut"])):
            yield match.span("cut")
    alone = _CODE_ALONE.fullmatch(text)
    if alone and not looks_like_error(_bare(alone["cut"])):  # nobody types six digits but a code
        yield alone.span("cut")


def _mixed(text: str, lower: str) -> Iterator[tuple[int, int]]:
    """Codes in groups or with letters: of devices, for recovery, out of an invitation."""
    for match in matches(_SURE_MIXED, text, _SURE_PLACES, lower):
        if _minted(match["cut"], sure=True):
            yield match.span("cut")
    for match in matches(_CODE_MIXED, text, _SOME_PLACES, lower):
        if _NO_SECRET_CODE.search(text[max(0, match.start() - 30) : match.start()]):
            continue
        around = text[max(0, match.start() - 120) : match.end() + 120]
        if _minted(match["cut"], sure=_DEVICE_PAGE.search(around) is not None):
            yield match.span("cut")


def _minted(value: str, *, sure: bool) -> bool:
    """Looks made by a machine. Letters alone do so only in capitals, and one word only where it is `sure`."""
    groups = value.split("-")
    if kept(value) or _TICKET_OR_ERROR.fullmatch(value) or any(map(known.ordinary, groups)):
        return False
    if known.PRODUCT.fullmatch(value) or known.MEASURE.fullmatch(value):
        return False
    letters, digits = any(map(str.isalpha, value)), any(map(str.isdigit, value))
    if len(groups) > 1:
        if not letters:
            return not all(map(looks_like_error, groups))
        return value.isupper() or (digits and all(any(map(str.isdigit, group)) for group in groups))
    if letters and digits:
        return True
    return sure and value.isupper() and value.isalpha() and len(value) in _DEVICE_CODE


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    """The two digits between a sign-in page and the Authenticator."""
    for pattern in (_NUMBER_SHOWN, _NUMBER_ENTERED):
        for match in pattern.finditer(text):
            yield match.span("cut")
    for match in _NUMBER_TYPED.finditer(text):
        if not _COUNTED.search(text[max(0, match.start() - 20) : match.start()]):
            yield match.span("cut")


def _bare(digits: str) -> str:
    return re.sub(r"\D", "", digits)


def _year(digits: str) -> bool:
    return re.fullmatch(r"(?:19|20)[0-9]{2}", digits) is not None
