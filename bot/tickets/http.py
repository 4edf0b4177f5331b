"""HTTP towards a ticket system: one attempt, a bounded answer, and what a status means for the outbox.

Redirects are not followed, nothing waits longer than ten seconds, and nothing is tried again in here.

Must not know: any one ticket system, tickets, how often the outbox tries.
"""

import datetime as dt
import io
import time
from collections.abc import Iterable, Mapping
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from bot.errors import DeliveryFailed, DeliveryForbidden, DeliveryPostponed, DeliveryRefused
from bot.redact import redact
from bot.retry_after import seconds

# Connecting includes waiting for a free connection: whatever fails within it was never sent.
TIMEOUT: Final = aiohttp.ClientTimeout(total=10, connect=3)
_LARGEST_ANSWER = 64 * 1024
_LARGE = 512 * 1024  # bytes of a body that are handed to the network piece by piece
_LINE = 120  # characters of an answer that are worth a place in a log

_PASSING = frozenset({408, 409, 425})
_MAY_HAVE_WORKED = frozenset({408, 409})
# A 429 is about nothing else, with a time or without: ServiceNow gives none when its queue is full, Jira not
# always (https://jira.atlassian.com/browse/JRACLOUD-82801). GitHub says it with a 403 too, which names a time
# or says so in words; without a time it wants a minute.
_LIMITED = b"rate limit"
_A_MINUTE: Final = 60.0
# Nothing is wrong with the ticket, but with a setting or with the system. Whoever mends that within the days
# of the outbox's schedule gets every ticket that waited.
_MENDABLE = {
    401: "it does not accept who we are; run `handrail doctor`",
    403: "it does not let us do this; run `handrail doctor`",
    404: "there is nothing at this address, or not for us; run `handrail doctor`",
}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. `retry_after` is in seconds, None: nobody asked to wait. `whole`: nothing was cut."""

    status: int
    body: bytes = b""
    retry_after: float | None = None
    whole: bool = True

    @property
    def ok(self) -> bool:
        """A success by its status."""
        return 200 <= self.status < 300


def open_client(timeout: aiohttp.ClientTimeout = TIMEOUT) -> aiohttp.ClientSession:
    """Make a client for a ticket system, apart from the one to Microsoft: neither waits for the other."""
    client = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=10), cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout
    )
    # Else aiohttp sends a PUT whose answer was lost a second time, of its own accord: two comments. There is
    # no public switch; aiohttp's own test client does it like this, and the contract tests lose such answers.
    client._retry_connection = False  # noqa: SLF001
    return client


async def ask(
    client: aiohttp.ClientSession,
    method: str,
    url: URL,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    most: int = _LARGEST_ANSWER,
) -> Answer:
    """Make one request, whatever the answer's status; of its body `most` bytes are read.

    Raises:
        DeliveryFailed: There is no answer; `unknown` when a request that changes something was on its way.
    """
    # Without compression: a small answer cannot unpack to a large one.
    head = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
    try:
        async with client.request(
            method,
            url,
            data=_payload(body),
            headers=head,
            allow_redirects=False,
        ) as response:
            content = await _at_most(response, most + 1)
            return Answer(
                status=response.status,
                body=content[:most],
                retry_after=_wait(response.headers),
                whole=len(content) <= most,
            )
    except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
        raise DeliveryFailed(f"the ticket system cannot be reached ({type(error).__name__})") from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        late = isinstance(error, TimeoutError)
        what = "did not answer in time" if late else f"broke off its answer ({type(error).__name__})"
        raise DeliveryFailed(f"the ticket system {what}", unknown=method != "GET") from error


def _payload(body: bytes) -> io.BytesIO | bytes | None:
    return io.BytesIO(body) if len(body) > _LARGE else body or None


def trouble(answer: Answer, *, hide: Iterable[str] = (), final: bool = True) -> Exception:
    """The exception of `bot.errors` for an answer that is no success.

    Args:
        answer: What came back.
        hide: Secrets; if the answer repeats one it is left out.
        final: Whether a status that complains about the request refuses it for good; what was only looked up
            is better asked again.
    """
    status, wait = answer.status, answer.retry_after
    said = f"the ticket system answered {status}"
    if status == 410:
        return DeliveryRefused(f"{said}: it takes no more; switch that on there, or set another address")
    if 300 <= status < 400:
        return DeliveryFailed(f"{said}, a redirect, which is not followed: set the address it leads to")
    line = _first_line(answer.body, hide)
    if _busy(answer):  # it is well, and has no room: none of the ticket's tries
        return DeliveryPostponed(f"{said}: {line}" if line else said, _A_MINUTE if wait is None else wait)
    if status in _MENDABLE:
        said = f"{said}: {_MENDABLE[status]}"
        kind = DeliveryForbidden if status == 403 else DeliveryFailed
        return kind(f"{said} ({line})" if line else said, retry_after=wait)
    said = f"{said}: {line}" if line else said
    if status in _PASSING or status >= 500:
        unknown = status in _MAY_HAVE_WORKED or (status >= 500 and status != 503)
        return DeliveryFailed(said, retry_after=wait, unknown=unknown)
    return DeliveryRefused(said) if final else DeliveryFailed(said, retry_after=wait)


def _busy(answer: Answer) -> bool:
    if answer.status == 403:
        return answer.retry_after is not None or _LIMITED in answer.body.lower()
    return answer.status == 429


async def _at_most(response: aiohttp.ClientResponse, most: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_LARGEST_ANSWER):
        body += chunk
        if len(body) >= most:
            break
    return bytes(body[:most])


def _wait(headers: Mapping[str, str]) -> float | None:
    """Retry-After; else, of a limit that is used up, when it begins anew, as GitHub and Jira say it."""
    wait = seconds(headers.get("Retry-After"))
    if wait is None and headers.get("X-RateLimit-Remaining") == "0":
        reset = _moment(headers.get("X-RateLimit-Reset", ""))
        return None if reset is None else seconds(str(max(reset - time.time(), 1.0)))
    return wait


def _moment(text: str) -> float | None:
    """Seconds since 1970; GitHub writes them so, Jira as ISO 8601, for example 2026-11-27T05:00Z."""
    try:
        return float(text) if text.isdecimal() else dt.datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _first_line(body: bytes, hide: Iterable[str]) -> str:
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("{"):  # JSON, whose first line may be no more than that
        text = " ".join(text.split())
    line = " ".join(next(iter(text.splitlines()), "").split()).replace("\\/", "/")  # as some write JSON
    for secret in hide:
        line = line.replace(secret, "[removed]")
    line = redact(line).text
    return line if len(line) <= _LINE else f"{line[: _LINE - 1]}…"
