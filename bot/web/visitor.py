"""Who is in front of the page: a random id in a cookie, and what their browser says about itself.

The cookie proves, the conversation's key only names: the key is made from the cookie and cannot be turned
back, because keys stand in the store, in logs and on tickets. It must not know conversations or stores.
"""

import hashlib
import re
import secrets
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.address import Address, Person

COOKIE: Final = "handrail_visitor"
_ID: Final = re.compile(r"[0-9a-f]{32}")
_KEPT_FOR: Final = 180 * 24 * 3600
_ZONE: Final = re.compile(r"[A-Za-z0-9_+\-]{1,32}(/[A-Za-z0-9_+\-]{1,32}){0,2}")


def visitor(request: web.Request) -> str | None:
    """The visitor's id, None when they have none yet or theirs was not made here."""
    found = request.cookies.get(COOKIE, "")
    return found if _ID.fullmatch(found) else None


def new_visitor() -> str:
    """An id nobody can guess: 128 random bits."""
    return secrets.token_hex(16)


def remember(request: web.Request, response: web.Response, visitor_id: str) -> None:
    """Put the id into the browser, out of reach of scripts and of other sites."""
    set_cookie(request, response, COOKIE, visitor_id, max_age=_KEPT_FOR, path="/")


def set_cookie(
    request: web.Request, response: web.Response, name: str, value: str, *, max_age: int, path: str
) -> None:
    """Set a cookie that scripts cannot read and other sites cannot send."""
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        path=path,
        httponly=True,
        samesite="Strict",
        secure=request.scheme == "https",
    )


def conversation_key(visitor_id: str) -> str:
    """The key of the visitor's conversation."""
    return "web:" + hashlib.sha256(b"handrail visitor " + visitor_id.encode()).hexdigest()[:32]


def address(request: web.Request, zone: str) -> Address:
    """Where this person is met. Nobody vouches for them, and no name is taken from the page."""
    wanted = wanted_languages(request)
    return Address(
        surface="web",
        person=Person(verified=False),
        locale=wanted[0] if wanted else "",
        zone=known_zone(zone),
    )


def known_zone(zone: str) -> str:
    """The IANA zone if there is one of that name, else ""."""
    if not _ZONE.fullmatch(zone):
        return ""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or the name of a folder
        return ""
    return zone


def wanted_languages(request: web.Request) -> list[str]:
    """The languages the browser asks for, the dearest first, for example ["de-AT", "en"]."""
    weighed: list[tuple[float, int, str]] = []
    for place, part in enumerate(request.headers.get("Accept-Language", "")[:512].split(",")):
        tag, _, weight = part.strip().partition(";")
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag):
            continue
        quality = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", weight)
        weighed.append((-float(quality[1]) if quality else -1.0, place, tag))
    return [tag for weight, _, tag in sorted(weighed) if weight < 0]


def page_language(request: web.Request, languages: tuple[str, ...], otherwise: str) -> str:
    """Of `languages` the one the browser likes best; `otherwise` when it likes none."""
    for tag in wanted_languages(request):
        short = tag.lower().partition("-")[0]
        if short in languages:
            return short
    return otherwise
