"""Reads Microsoft Graph: one GET, and a short reason for everything that can go wrong.

The address is fixed by a setting; what varies is quoted. No redirect and no link to a next page is followed,
nothing is tried again (but for a token that has just been refused), and when Graph asks to wait, nobody asks
it before that time is over.

Must not know: which check asks, whose data it is, what an answer means.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
import structlog
from yarl import URL

from bot.retry_after import seconds
from bot.teams.service_urls import is_loopback_host
from bot.teams.tokens import TokenSource, TokenUnavailable

_log = structlog.get_logger(__name__)

LARGEST: Final = 4 * 1024 * 1024  # bytes; fifty sign-ins with every policy of a large tenant fit
_TIMEOUT = aiohttp.ClientTimeout(total=6, connect=3)
_WAIT_UNTOLD = 30.0  # seconds, when Graph asks to wait and does not say how long
_SHORTEST_WAIT = 1.0
_LONGEST_WAIT = 300.0
# What Graph calls a tenant without Microsoft Entra ID P1; it comes with 403.
_NO_LICENCE = "authentication_requestfromnonpremiumtenantorb2ctenant"

T = TypeVar("T")


class NoAnswer(Exception):  # noqa: N818  a state of the world, not a mistake
    """A check cannot tell. The message is for the helpdesk: short, and without anybody's data.

    Attributes:
        missing: There is no such thing (404), as opposed to everything else.
    """

    def __init__(self, reason: str, *, missing: bool = False) -> None:
        super().__init__(reason)
        self.missing = missing


class _Error(msgspec.Struct):
    code: str = ""


class _ErrorBody(msgspec.Struct):
    error: _Error


class GraphReader:
    """GET requests to Microsoft Graph with the bot's own (application) permissions."""

    def __init__(
        self,
        client: aiohttp.ClientSession,
        tokens: TokenSource,
        base_url: str,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take what a request needs.

        Args:
            client: The pooled client; it is used, never closed.
            tokens: The source of tokens for Microsoft Graph (not those for the Bot Connector).
            base_url: With the version, for example ``https://graph.microsoft.com/v1.0``.
            clock: Seconds since 1970.

        Raises:
            ValueError: The URL is neither https nor on loopback: the token would be readable on its way.
        """
        url = URL(base_url)
        if url.scheme != "https" and not (url.scheme == "http" and is_loopback_host(url.host)):
            raise ValueError(f"{base_url!r} is not a usable address of Microsoft Graph: use https")
        self._client = client
        self._tokens = tokens
        self._base = base_url.rstrip("/")
        self._clock = clock
        self._not_before: dict[str, float] = {}  # by area, the first part of a path: limits are per service

    async def get(
        self, path: tuple[str, ...], type_: type[T], *, needs: str, query: Mapping[str, str] | None = None
    ) -> T:
        """Ask once.

        Args:
            path: Segments below the base URL; each is quoted.
            type_: What the answer is decoded to; fields that it does not name are skipped.
            needs: The permission without which Graph answers 403, for the reason.
            query: OData options, for example ``{"$top": "1"}``; values are quoted.

        Raises:
            NoAnswer: With the reason, whatever happened.
        """
        area = path[0]
        if self._clock() < self._not_before.get(area, 0):
            raise NoAnswer("Microsoft Graph asked to wait before the next question")
        try:
            status, body = await self._asked(area, self._address(path, query))
        except TokenUnavailable as error:
            raise _noted(area, f"no token for Microsoft Graph ({error.code})") from None
        except TimeoutError:
            raise _noted(area, "Microsoft Graph did not answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _noted(area, f"Microsoft Graph cannot be reached ({type(error).__name__})") from None
        if status == 200:
            try:
                return msgspec.json.decode(body, type=type_)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                raise _noted(area, "Microsoft Graph gave an answer of an unknown form") from None
        if status == 404:
            raise NoAnswer("Microsoft Graph knows no such thing", missing=True)
        raise _noted(area, _reason(status, _code(body), needs))

    def _address(self, path: tuple[str, ...], query: Mapping[str, str] | None) -> URL:
        address = "/".join([self._base, *(quote(part, safe="") for part in path)])
        if query:
            address += "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        return URL(address, encoded=True)

    async def _asked(self, area: str, url: URL) -> tuple[int, bytes]:
        token = await self._tokens.bearer()
        status, body = await self._attempt(area, url, token)
        if status == 401 and token is not None:
            token = await self._tokens.bearer(rejected=token)
            status, body = await self._attempt(area, url, token)
        return status, body

    async def _attempt(self, area: str, url: URL, token: str | None) -> tuple[int, bytes]:
        # Without compression: a small answer cannot unpack to a large one.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        async with self._client.get(url, headers=headers, allow_redirects=False, timeout=_TIMEOUT) as answer:
            if answer.status == 429 or (answer.status == 503 and "Retry-After" in answer.headers):
                wait = seconds(answer.headers.get("Retry-After"), self._clock)
                wait = _WAIT_UNTOLD if wait is None else min(max(wait, _SHORTEST_WAIT), _LONGEST_WAIT)
                self._not_before[area] = self._clock() + wait
            body = bytearray()
            async for chunk in answer.content.iter_chunked(65536):
                body += chunk
                if len(body) > LARGEST:
                    raise _noted(area, "Microsoft Graph gave too long an answer")
            return answer.status, bytes(body)


def _noted(area: str, reason: str) -> NoAnswer:
    """The exception, and a line for the operator: why checks come to nothing is theirs to mend."""
    _log.warning("graph_gave_no_answer", area=area, reason=reason)
    return NoAnswer(reason)


def _reason(status: int, code: str, needs: str) -> str:
    if code.lower() == _NO_LICENCE:
        return "not available: the tenant has no Microsoft Entra ID P1 licence"
    match status:
        case 401:
            return "Microsoft Graph does not accept the bot's token"
        case 403:
            return f"not permitted: the bot's app needs {needs}"
        case 429:
            return "Microsoft Graph asks to wait"
        case _:
            return f"Microsoft Graph answered {status}"


def _code(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_ErrorBody).error.code
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
