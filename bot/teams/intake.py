"""From an HTTP request to a JSON object of bounded size, depth and time.

Nothing about the content is judged here but its shape. What JSON can say and nothing else can hold (lone
surrogates, NUL, infinite and endless numbers) is made harmless here once, so that nobody later has to think
of it.

Must not know: activities, authentication, the Bot Framework SDK.
"""

import asyncio
import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

import aiohttp
import msgspec
from aiohttp import web

LARGEST_BODY: Final = 256 * 1024
READ_TIMEOUT: Final = 10.0
_DEEPEST = 64
_MOST_VALUES = 20_000
_LONG_NUMBER: Final = re.compile(rb"\d{19}")  # longer than a whole number may be


class BadRequest(Exception):  # noqa: N818  an answer, not a mistake
    """A request that cannot be read.

    Attributes:
        status: The HTTP status to answer with: 400, 405, 408, 413 or 415.
        hint: What is wrong and what to do, for whoever sent it.
    """

    def __init__(self, status: int, hint: str) -> None:
        super().__init__(hint)
        self.status = status
        self.hint = hint


def check_head(request: web.Request) -> None:
    """Refuse what can be refused before the body is read.

    Raises:
        BadRequest: 405, 413 or 415.
    """
    if request.method != "POST":
        raise BadRequest(405, "Activities are sent with POST.")
    if request.content_type != "application/json":
        raise BadRequest(415, "Send application/json.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BadRequest(415, "Send the body without compression.")
    if (request.content_length or 0) > LARGEST_BODY:
        raise BadRequest(413, f"An activity has at most {LARGEST_BODY} bytes.")


async def read_object(request: web.Request, *, timeout: float) -> dict[str, Any]:  # noqa: ASYNC109  the limit is on bytes, not on the caller
    """Read the body as one JSON object.

    Args:
        request: A request whose head was checked.
        timeout: Seconds for the whole body.

    Raises:
        BadRequest: 400, 408 or 413.
    """
    body = bytearray()
    content = request.content
    try:
        if content.is_eof():  # it came with the head, as most do: there is nothing to wait for
            body += content.read_nowait()
        else:
            async with asyncio.timeout(timeout):
                async for chunk in content.iter_any():
                    body += chunk
                    if len(body) > LARGEST_BODY:
                        break
    except TimeoutError:
        raise BadRequest(408, f"The body did not arrive within {timeout:g} seconds.") from None
    except (aiohttp.ClientError, aiohttp.http.HttpProcessingError, web.RequestPayloadError, OSError):
        raise BadRequest(400, "The body broke off.") from None
    if len(body) > LARGEST_BODY:
        raise BadRequest(413, f"An activity has at most {LARGEST_BODY} bytes.")
    return parse_object(bytes(body))


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse and clean one JSON object.

    Lone surrogates and NUL become U+FFFD, numbers beyond a float become null.

    Raises:
        BadRequest: 400 when it is no JSON object, too deep or of too many parts.
    """
    plain = _plain_object(body)
    if plain is not None:
        return plain
    try:
        parsed = json.loads(
            body.decode("utf-8-sig"), parse_int=_integer, parse_float=_number, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise BadRequest(400, "The body is not JSON in UTF-8.") from None
    if not isinstance(parsed, dict):
        raise BadRequest(400, "The body is not a JSON object.")
    counted = iter(range(_MOST_VALUES))
    cleaned: dict[str, Any] = _clean(parsed, _DEEPEST, counted)
    return cleaned


def _plain_object(body: bytes) -> dict[str, Any] | None:
    """The object, if a look from outside says that nothing in it has to be cleaned or refused; else None."""
    opened = body.count(b"{") + body.count(b"[")
    if opened >= _DEEPEST or opened + body.count(b",") + body.count(b":") > _MOST_VALUES:
        return None
    if b"\\u" in body or _LONG_NUMBER.search(body):
        return None
    try:
        parsed = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # the slow way says what is wrong
    return parsed if isinstance(parsed, dict) else None


def _clean(value: Any, depth: int, counted: Iterator[int]) -> Any:
    if next(counted, None) is None:
        raise BadRequest(400, f"The body has more than {_MOST_VALUES} values.")
    if depth == 0:
        raise BadRequest(400, f"The body is nested deeper than {_DEEPEST} levels.")
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {_text(key): _clean(item, depth - 1, counted) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item, depth - 1, counted) for item in value]
    return value


def _text(value: str) -> str:
    if value.isascii() and "\0" not in value:
        return value
    value = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _integer(digits: str) -> int | float | None:
    return int(digits) if len(digits) <= 18 else _number(digits)


def _number(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
