"""Reads error codes, ids, time, app and device out of anything a person pastes.

One pass over the text finds labels, GUIDs and times in order; a value belongs to the label before it. It
must not know guides, what a code means, or who asks: any text in, `Evidence` out, in linear time.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple
from urllib.parse import unquote_plus

from dialogs import extract_labels as labels
from dialogs.conversation import Evidence

LIMIT = 1_000_000  # characters; what comes after is not read
_VALUE_LIMIT = 100  # characters of an app name, a platform, a device state
_SHORTEST = 5  # characters: a code
_VALUE_SIGN = re.compile(r"[0-9:=|%&\\\t\r\n-]")  # no value is without one, plain or escaped
_ROW_LIMIT = 12  # labels in a row that wait for their values
_TABLE_LIMIT = 1000  # cells

# Same length in and out, so that places in the folded text are places in the plain text.
_FOLD = str.maketrans(
    "àáâãäåçèéêëìíîïñòóôõöùúûüýÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝ",
    "aaaaaaceeeeiiiinooooouuuuyAAAAAACEEEEIIIINOOOOOUUUUY",
)
_INVISIBLE = (0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF)
_PLAIN: dict[int, str | None] = {
    **dict.fromkeys(_INVISIBLE),
    **dict.fromkeys((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F), " "),
    **dict.fromkeys((0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " "),
    **dict.fromkeys((0x2028, 0x2029, 0x85), "\n"),
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212), "-"),
    **dict.fromkeys(map(ord, "‘’‚‛′`´"), "'"),  # noqa: RUF001 - the curly ones are the point
    **dict.fromkeys(map(ord, "“”„‟«»″"), '"'),
    **{0xFF01 + n: chr(0x21 + n) for n in range(94)},  # full-width forms
    **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"),
}
_ENTITY = {"&quot;": '"', "&#34;": '"', "&#39;": "'", "&#x27;": "'", "&amp;": "&", "&nbsp;": " ", "&lt;": "<"}

_GUID = r"[0-9a-f]{8}-\s{0,2}[0-9a-f]{4}-\s{0,2}[0-9a-f]{4}-\s{0,2}[0-9a-f]{4}-\s{0,2}[0-9a-f]{12}"


def _any_of(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(each).replace(r"\ ", r"[ _+.\-]{0,2}") for each in sorted(words, key=len)[::-1])


_TOKEN = re.compile(
    rf"(?<![0-9a-f])(?P<guid>{_GUID}|[0-9a-f]{{32}})(?![0-9a-f])"
    r"|(?<![0-9])(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}[T +_]{1,2}[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?"
    r"(?:\s?(?:Z|UTC|GMT)(?![a-z])|\s?[+\-][0-9]{2}:?[0-9]{2}(?![0-9]))?)"
    r"|(?<![0-9])(?P<american>[0-9]{1,2}/[0-9]{1,2}/[0-9]{4},?\s[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
    r"(?:\.[0-9]{1,9})?\s?[AP]M(?:\sUTC)?)"
    r"|(?<![^\W_])(?:"
    + "|".join(
        f"(?P<{kind}>{_any_of(words)})"
        for kind, words in (
            ("correlation_id", labels.CORRELATION),  # before "request id": client-request-id is this one
            ("request_id", labels.REQUEST),
            ("trace_id", labels.TRACE),
            ("timestamp", labels.TIMESTAMP),
            ("app_name", labels.APP_NAME[:-1]),
            ("app_id", (*labels.APP_ID, "application with identifier", "application with id")),
            ("device_state", labels.DEVICE_STATE),
            ("platform", labels.PLATFORM),
            ("other_id", labels.OTHER_ID),
            ("application", ("application",)),
            ("stop", labels.STOP),
        )
    )
    + r")(?![^\W_])",
    re.IGNORECASE,
)
_GAP_LIMIT = 60  # characters between a label and its value, or between two labels
_GAP_WORDS = 4  # "the correlation id from the page is"
_SEPARATOR = re.compile(
    r"[ \t\"'*]{0,6}(?:\[utc\])?[ \t]{0,6}(?:[:=|\t][ \t\"'*|\\]{0,8}(?:\n[ \t]{0,8})?|\n[ \t]{0,8}(?=[^\n]))"
)

_NUMBER = r"[0-9]{5,7}(?![0-9])"
_NUMBERS = rf"{_NUMBER}(?:\s{{0,2}}(?:,|/|&|\b(?:and|und|et|y|e|en)\b)\s{{0,2}}{_NUMBER}){{0,9}}"
_CODE = re.compile(
    r"(?:aad[\s\-]?sts|\b(?:adsts|aadst|aadts|aasdts|addsts))[\s:_#.\-]{0,3}(?P<sts>[0-9]{5,7})(?![0-9])"
    r"|error_?codes?\\?[\"']?\s{0,3}[:=]\s{0,3}\[(?P<list>[^\]]{1,200})\]"
    r"|error\?code=(?P<link>[0-9]{5,7})(?![0-9])"
    rf"|(?:s?error|\b(?:{_any_of(labels.ERROR_WORDS)}))"
    r"(?:[\s\-_]?(?:code|nr|no|number|nummer|num|numero|id|message)\b)?"
    r"(?:-|[\s:=#.\"'(\[*|>\\]{0,8}(?:\b(?:is|was|ist|war|lautet|est|es|says|sagt)\b\s{1,3})?(?:-\s{1,2})?[\"']?)"
    rf"(?P<word>{_NUMBERS})"
    r"|(?<![0-9.,:/\-])(?P<before>[0-9]{5,7})[\s\-]{1,2}(?:error|fehler|erreur|errore|erro|fout)(?![^\W_])"
    r"|(?<!zip )(?<!area )(?<!postal )(?<!my )(?<!qr )(?<!sms )"
    rf"\bcode[\s:=#\"']{{1,4}}(?P<bare>{_NUMBER})",
    re.IGNORECASE,
)
# fmt: off
_SIX_DIGITS = frozenset({
    "100", "120", "130", "135", "140", "160", "165", "220", "221", "230", "240", "399", "500", "501", "530",
    "650", "700", "750", "900", "901",
})
# fmt: on

_APP_IN_MESSAGE = (
    # application '<guid>' (Contoso) ... with ID '<guid>' named 'Contoso'
    re.compile(
        rf"['\"(]{_GUID}['\")]\s?(?:\(|named\s{{1,2}}['\"])([^()'\"\n]{{1,100}})['\")]", re.IGNORECASE
    ),
    # the application Contoso ('<guid>')
    re.compile(rf"\bapplication\s([^()'\"\n]{{1,100}}?)\s?\(['\"]?{_GUID}", re.IGNORECASE),
)
_JOINED = re.compile(
    r"\b(AzureAdJoined|EnterpriseJoined|DomainJoined|WorkplaceJoined|AzureAdPrt)"
    r"[ \t]{0,20}:[ \t]{0,20}(YES|NO)\b",
    re.IGNORECASE,
)
_NOTHING = frozenset({"", "null", "none", "nil", "-", "n/a", "{", "[", "undefined", "not available"})


class _Token(NamedTuple):
    kind: str
    start: int
    end: int


def looks_like_error(digits: str) -> bool:
    """Whether a bare number could be a sign-in error code: 5 or 7 digits, or 6 from a family in use.

    The families are the leading three digits of the six-digit codes that Microsoft's list has or that
    public reports show; a one-time code falls among them about once in fifty.
    """
    return len(digits) in (5, 7) or (len(digits) == 6 and digits[:3] in _SIX_DIGITS)


def extract(text: str) -> Evidence:
    """Everything a helpdesk looks up a sign-in by, as far as `text` has it.

    Codes stand in order of appearance, each once; ids are lower-case GUIDs; the time is ISO 8601 in UTC,
    with milliseconds where the text had them. Where two values claim one place the first one has it.
    """
    if len(text) < _SHORTEST or (text.isascii() and _VALUE_SIGN.search(text) is None):
        return Evidence()
    plain = _readable(text[:LIMIT])
    plain += _tables(plain)
    folded = plain.translate(_FOLD)
    tokens = [_Token(m.lastgroup or "", m.start(), m.end()) for m in _TOKEN.finditer(folded)]
    found = _ids(folded, tokens)
    for name, value in _texts(plain, tokens):
        found.setdefault(name, value)
    for pattern in _APP_IN_MESSAGE:
        if "app_name" not in found and (named := pattern.search(plain)) and (name := _value(named[1])):
            found["app_name"] = name
    if joined := dict.fromkeys(f"{key}: {value.upper()}" for key, value in _JOINED.findall(plain)):
        found.setdefault("device_state", ", ".join(joined)[:_VALUE_LIMIT])
        found.setdefault("platform", "Windows")
    return Evidence(
        codes=_codes(folded),
        correlation_id=found.get("correlation_id"),
        request_id=found.get("request_id"),
        trace_id=found.get("trace_id"),
        timestamp=found.get("timestamp"),
        app_id=found.get("app_id"),
        app_name=found.get("app_name"),
        device_state=found.get("device_state"),
        platform=found.get("platform"),
    )


def _readable(text: str) -> str:
    """Undo what links, JSON and web pages do to text: escapes, entities, odd spaces, quotes and dashes."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for _ in range(2):  # a link within a link is escaped twice
        if "%" in text or "error_description=" in text:
            text = re.sub(r"\S+", _unquoted, text)
    if "&" in text:
        for entity, meant in _ENTITY.items():
            text = text.replace(entity, meant)
    if "\\" in text:
        text = re.sub(r"\\+[rn](?:\\+n)?", "\n", text)
        text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)
    text = re.sub(r"</?[a-zA-Z]{1,10} ?/?>", " ", text).replace('\\"', '"').replace("\\t", "\t")
    return text.translate(_PLAIN)


def _unquoted(match: re.Match[str]) -> str:
    word = match[0]
    if "%" in word and re.search(r"%[0-9a-fA-F]{2}", word):
        return unquote_plus(word)
    return word.replace("+", " ") if "error_description=" in word else word


def _tables(plain: str) -> str:
    """Rows under a heading, as `heading: cell` lines: what a copied log table means."""
    said: list[str] = []
    heading: list[str] = []
    for line in plain.split("\n"):
        mark = "\t" if "\t" in line else "|"
        if mark not in line:
            continue
        cells = [cell.strip()[:_VALUE_LIMIT] for cell in line.strip(" |").split(mark)]
        if len(cells) == len(heading) and not set(line) <= set("|-: \t"):
            said += [f"\n{name}: {cell}" for name, cell in zip(heading, cells, strict=True)]
        elif 2 < len(cells) < _ROW_LIMIT * 5 and sum(map(_is_label, cells)) > 1:
            heading = cells
        if len(said) > _TABLE_LIMIT:
            break
    return "".join(said)


def _is_label(cell: str) -> bool:
    token = _TOKEN.fullmatch(cell.translate(_FOLD).removesuffix("[UTC]").rstrip())
    return token is not None and token.lastgroup not in ("guid", "time", "american")


def _ids(folded: str, tokens: list[_Token]) -> dict[str, str]:
    """GUIDs and the time, each by the label before it; labels in a row wait for values in a row."""
    found: dict[str, str] = {}
    waiting: list[str] = []
    lone: list[str] = []
    loose_time = ""
    end, after_value = 0, False
    for kind, start, stop in tokens:
        between = folded[end:start]
        if not _joined(between):
            waiting.clear()
        value = folded[start:stop]
        if kind == "guid":
            guid = _guid(value)
            label = _take(waiting, "_id")
            if label:
                found.setdefault(label, guid)
            elif "-" in value and folded[start - 1 : start] != "/":
                lone.append(guid)
            after_value = True
        elif kind in ("time", "american"):
            label = _take(waiting, "timestamp")
            moment = _moment(value, sure=bool(label), utc="utc" in between.lower())
            if label and moment:
                found.setdefault("timestamp", moment)
            loose_time = loose_time or moment
            after_value = True
        else:
            if after_value and lone and between.strip() == "(" and kind.endswith("_id"):
                found.setdefault(kind, lone.pop())  # "3f2a... (correlation ID)"
            if after_value or not ("\n" in between or "\t" in between):
                waiting.clear()
            if len(waiting) < _ROW_LIMIT:
                waiting.append("app_id" if kind == "application" else kind)
            after_value = False
        end = stop
    if loose_time:
        found.setdefault("timestamp", loose_time)
    # The service's own request ids mostly end in 00 or 01: a weak hint, used only when nothing else speaks.
    if "request_id" not in found and "trace_id" not in found:
        hint = next((each for each in lone if _like_request(each, found)), None)
        if hint is not None:
            found["request_id"] = hint
    return found


def _joined(between: str) -> bool:
    """Whether what stands between a label and a value lets them belong together."""
    if len(between) > _GAP_LIMIT:
        return False
    words = [word for word in re.findall(r"[^\W_]+", between) if word.lower() != "utc"]
    if not words:
        return True
    return len(words) <= _GAP_WORDS and "".join(words).isalpha() and not re.search(r"\n|[.;!?] ", between)


def _take(waiting: list[str], ending: str) -> str:
    for place, kind in enumerate(waiting):
        if kind.endswith(ending):
            del waiting[: place + 1]
            return kind
    return ""


def _guid(value: str) -> str:
    bare = re.sub(r"[\s\-]", "", value).lower()
    return f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"


def _like_request(guid: str, found: dict[str, str]) -> bool:
    well_known = "-0000-0000-c000-" in guid or not guid.strip("0-")
    return guid.endswith(("00", "01")) and not well_known and guid not in found.values()


def _moment(value: str, *, sure: bool, utc: bool) -> str:
    """ISO 8601 in UTC, or "" when it is no time, or nothing says which zone it is in."""
    value = value.upper().replace(",", "." if "-" in value[:5] else " ")
    zone = re.search(r"(?:(UTC|GMT|Z)|([+\-])([0-9]{2}):?([0-9]{2}))$", value)
    body = value[: zone.start()].strip() if zone else value.strip()
    fraction = re.search(r"\.([0-9]+)", body)
    body = re.sub(r"\.[0-9]+", "", body)
    shift = timedelta()
    if zone and zone[2]:
        shift = timedelta(hours=int(zone[3]), minutes=int(zone[4])) * (-1 if zone[2] == "-" else 1)
    american = "/" in body
    if not (zone or utc or (sure and not american)):
        return ""
    layout = "%m/%d/%Y %I:%M:%S %p" if american else "%Y-%m-%d %H:%M:%S"
    body = re.sub(r"([AP]M)$", r" \1", body) if american else re.sub(r"[T+_]", " ", body)
    try:
        moment = (
            datetime.strptime(" ".join(body.split()), layout).replace(tzinfo=timezone(shift)).astimezone(UTC)
        )
    except (ValueError, OverflowError):
        return ""
    return f"{moment.isoformat()[:19]}{'.' + fraction[1][:3].ljust(3, '0') if fraction else ''}Z"


def _texts(plain: str, tokens: list[_Token]) -> list[tuple[str, str]]:
    """App name, device state and platform: what stands behind their labels, up to the next label."""
    said: list[tuple[str, str]] = []
    for place, (kind, start, stop) in enumerate(tokens):
        if kind not in ("app_name", "application", "device_state", "platform"):
            continue
        separator = _SEPARATOR.match(plain, stop)
        if separator is None or (kind == "application" and not _heading(plain, start, separator[0])):
            continue
        until = next((each.start for each in tokens[place + 1 : place + 2]), len(plain))
        if value := _value(plain[separator.end() : min(until, separator.end() + _VALUE_LIMIT)]):
            said.append(("app_name" if kind == "application" else kind, value))
    return said


def _heading(plain: str, start: int, separator: str) -> bool:
    """Whether the everyday word "application" is a label there: it starts a line or a list item."""
    before = plain[max(0, start - 3) : start].rstrip(" \t\"'")
    return "\n" not in separator and (not before or before[-1] in "\n,;|{")


def _value(raw: str) -> str:
    value = re.split(r"[\n\t\"|<>]|', |,\s{0,2}['\"]", raw, maxsplit=1)[0].strip(" '\"*,;(\\")
    return "" if value.lower() in _NOTHING or re.match(_GUID, value, re.IGNORECASE) else value


def _codes(folded: str) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for match in _CODE.finditer(folded):
        digits = match[0] if match.lastgroup == "list" else match[match.lastgroup or 0]
        for each in re.findall(r"(?<![0-9])[0-9]{5,7}(?![0-9])", digits):
            if match.lastgroup != "bare" or looks_like_error(each):
                found[int(each)] = None
    return tuple(found)
