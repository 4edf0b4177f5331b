"""From the text of a setting to its value, by kind: one small function each.

A function returns the value or raises ValueError with two halves, "what is wrong; what to do instead". It
never repeats the text it was given, so that nothing secret can come back out of a message.

Must not know: the environment, the names of settings, what a value is for.
"""

import re
import uuid
import zoneinfo
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import babel

from bot import crash
from bot.office import Office
from bot.secret import Secret
from bot.teams.service_urls import ServiceUrls, is_loopback_host

_PLACEHOLDER = re.compile(
    r"<.*>|\[.*\]|\$\{.*\}|\$\(.*\)|\{\{.*\}\}|%.*%|\*+|\.{3,}|x{3,}|0[0-]*0"
    r"|change[-_ ]?me|to-?do|tbd|replace[-_ ]?me|none|null|undefined|your[-_ ].*"
    r"|@microsoft\.keyvault\(.*\)",
    re.IGNORECASE | re.DOTALL,
)
_CHANNEL = re.compile(r"19:[\w.-]+@thread\.(?:tacv2|skype)", re.ASCII)
_QUEUE = re.compile(r"[\w.-]+(?:/[\w-]+)?", re.ASCII)
IN_MEMORY: Final = "sqlite://:memory:"
"""The database of a conversation that nobody keeps; good enough for local mode."""
_HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*", re.IGNORECASE | re.ASCII)


def is_placeholder(text: str) -> bool:
    """Whether somebody forgot to fill this in, as in "<your-app-id>", zeros, or "${APP_ID}"."""
    return _PLACEHOLDER.fullmatch(text.strip()) is not None


def _no_padding(text: str) -> str:
    if text != text.strip():
        raise ValueError("it begins or ends with white space; remove that, often a line break from a file")
    return text


def guid(text: str) -> str:
    """An id as Azure writes it, in lower case."""
    _no_padding(text)
    try:
        parsed = str(uuid.UUID(text))
    except ValueError:
        parsed = ""
    if parsed != text.lower():
        raise ValueError("it is not an id; copy it from Azure, 8-4-4-4-12 hexadecimal digits")
    return parsed


def secret(text: str) -> Secret:
    """A secret of one line, without white space around it."""
    if not _no_padding(text).isprintable():
        raise ValueError("it contains control characters; copy it again, as one line")
    return Secret(text)


def line(text: str) -> str:
    """One line of text."""
    if not text.isprintable() or len(text) > 200:
        raise ValueError("it is not one line of text; write it without control characters, 200 at most")
    return text


def url(text: str) -> str:
    """An https URL, or http on this machine; without user, query and fragment."""
    if re.search(r"[\s\\]", text) or not text.isascii() or not text.isprintable():
        raise ValueError("it is not a URL; write https://host[:port][/path]")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("it is not a URL; write https://host[:port][/path]") from None
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        raise ValueError("it names a user; write the URL without user and password")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise ValueError("it has a query or a fragment; leave out everything from ? or # on")
    named = _HOST_NAME.fullmatch(host) or is_loopback_host(host)
    if parts.scheme not in {"http", "https"} or not named or port == 0:
        raise ValueError("it is not a URL; write https://host[:port][/path]")
    if parts.scheme == "http" and not is_loopback_host(host):
        raise ValueError("plain http would send it readable over the network; use https")
    return text


def tickets_url(text: str) -> str:
    """A URL as above; or smtp://host[:port], smtps://host[:port] for a mailbox."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in {"smtp", "smtps"}:
        return url(text)
    try:
        url(f"https://{rest}")
    except ValueError:
        rest = "/"
    if "/" in rest:
        raise ValueError("it is no mail server; write smtp://host[:port] or smtps://host[:port]")
    return text


def service_urls(text: str) -> str:
    """A comma-separated list of URL prefixes, as `bot.teams.service_urls` reads it."""
    try:
        ServiceUrls(text)
    except ValueError:
        raise ValueError(
            "it is not a list of URL prefixes; write https://host[:port][/path], separated by commas,"
            " and plain http only for this machine"
        ) from None
    return text


def database_url(text: str) -> Secret:
    """A database URL; secret, because it may hold a password."""
    if text == IN_MEMORY:
        return Secret(text)
    scheme, separator, rest = _no_padding(text).partition("://")
    if not separator or scheme not in {"sqlite", "postgresql"}:
        raise ValueError("it names no database; write sqlite:///path/to/file.db or postgresql://host/name")
    if scheme == "sqlite" and (not rest.startswith("/") or not rest.strip("/") or rest.endswith("/")):
        raise ValueError(
            "it names no file; write sqlite:///relative/file.db or, with four slashes, sqlite:////absolute/file.db"
        )
    if scheme == "sqlite" and ":memory:" in rest:
        raise ValueError("a database in memory forgets every conversation; name a file")
    return Secret(text)


def folder(text: str) -> Path:
    """A folder that exists."""
    try:
        path = Path(text).expanduser()
    except RuntimeError:  # "~" of somebody who has no home
        path = Path(text)
    if not path.is_dir():
        raise ValueError("there is no such folder; name the folder that holds guides, fixes and texts")
    return path


def channels(text: str) -> tuple[tuple[str, str], ...]:
    """Channels by what goes there: "security=19:…, de=19:…"; each name once."""
    found: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, where = part.partition("=")
        if not is_case_word(name.strip()) or not where.strip():
            raise ValueError(
                "a part of it is no queue with its channel; write security=19:…@thread.tacv2, de=19:…,"
                " with a code, a guide, a severity, a queue or a language before each ="
            )
        if name.strip() in found:
            raise ValueError("it names a queue twice; each has one channel")
        found[name.strip()] = channel(where.strip())
    return tuple(found.items())


def is_case_word(text: str) -> bool:
    """Whether it can say which cases are meant: a code, a guide, a severity, a queue, a language, or two."""
    return _QUEUE.fullmatch(text) is not None


def file(text: str) -> str:
    """A file that exists."""
    try:
        found = Path(text).is_file()
    except OSError:  # a name that is too long, or a folder that may not be looked into
        found = False
    if not found:
        raise ValueError("there is no such file; name one that this user can read")
    return text


def hours(text: str) -> str:
    """Opening hours as OpenStreetMap writes them."""
    Office(text, "UTC")
    return text


def country(text: str) -> str:
    """A country whose holidays are known, as two capital letters."""
    if not re.fullmatch(r"[A-Za-z]{2}", text, re.ASCII):
        raise ValueError("it is not a country; write two letters, as in DE")
    Office("PH off", "UTC", text.upper())
    return text.upper()


def minutes(text: str) -> int:
    """A number of minutes, at most a week."""
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or int(text) > 10_080:
        raise ValueError("it is not a number of minutes; write 30, or 0 for never")
    return int(text)


def channel(text: str) -> str:
    """A Teams channel's id, taken from a pasted channel link when need be."""
    found = unquote(text)
    if "://" in found:
        parts = urlsplit(text).path.split("/channel/")
        found = unquote(parts[1].split("/")[0]) if len(parts) == 2 else ""
        if not found:
            raise ValueError(
                "the link is not a channel's; in Teams use the channel's … menu, Get link to channel"
            )
    if _CHANNEL.fullmatch(found):
        return found
    if re.search(r"@(thread\.v2|unq\.gbl\.spaces)", found):
        raise ValueError("this is a chat; a channel's id ends with @thread.tacv2")
    raise ValueError(
        "it is not a channel; paste the channel's link from Teams, or its id 19:…@thread.tacv2"
        " (without ;messageid=)"
    )


def language(text: str) -> str:
    """A language tag such as de or pt-BR."""
    try:
        return str(babel.Locale.parse(text.replace("_", "-"), sep="-")).replace("_", "-")
    except (ValueError, babel.UnknownLocaleError):
        raise ValueError("it is not a language; write a tag such as en, de or pt-BR") from None


def zone(text: str) -> str:
    """An IANA time zone."""
    try:
        return zoneinfo.ZoneInfo(text).key
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ValueError("it is not a time zone; write an IANA name such as Europe/Berlin or UTC") from None


def app_role(text: str) -> str:
    """The value of an app role, as Microsoft Entra takes it: 1 to 120 characters, no white space."""
    if not re.fullmatch(r"[!-~]{1,120}", text):
        raise ValueError("it is not an app role's value; copy it from App registrations, App roles, Value")
    return text


def host(text: str) -> str:
    """A host to listen on: an address of this machine, or a name."""
    if text in {"::", "0.0.0.0"} or is_loopback_host(text) or _HOST_NAME.fullmatch(text):  # noqa: S104  compared, not bound
        return text
    if re.fullmatch(r"[0-9a-f:.]*:[0-9a-f:.]*", text, re.IGNORECASE) and "::" in text:
        return text
    raise ValueError("it is not a host to listen on; write 127.0.0.1, 0.0.0.0 or a name, without a port")


def port(text: str) -> int:
    """A TCP port; 0 lets the system choose."""
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or int(text) > 65535:
        raise ValueError("it is not a port; write a number from 0 to 65535")
    return int(text)


def one_of(*choices: str) -> Callable[[str], str]:
    """One of a few words, whatever their case."""

    def parse(text: str) -> str:
        for choice in choices:
            if text.lower() == choice.lower():
                return choice
        raise ValueError(f"it is none of the values there are; write {listed(choices)}")

    return parse


def listed(words: Sequence[str]) -> str:
    """Words as a choice: "a, b or c"."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def some_of(*choices: str) -> Callable[[str], frozenset[str]]:
    """Any of a few words, separated by commas."""

    def parse(text: str) -> frozenset[str]:
        words = {word.strip().lower() for word in text.split(",") if word.strip()}
        if words - set(choices):
            raise ValueError(f"it names something unknown; write {', '.join(choices)} or leave it empty")
        return frozenset(words)

    return parse


def without_password(database: str) -> str:
    """A database URL as it may be shown."""
    return re.sub(r"(?<=://).*@", "…@", re.sub(r"\?.*", "?…", database))


def crash_point(text: str) -> str:
    """Where the process kills itself, as `bot.crash` reads it."""
    crash.parse(text)
    return text
