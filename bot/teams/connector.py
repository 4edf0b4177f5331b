"""The Bot Connector's REST API: send, change and delete what people see in Teams.

One call makes one attempt and says what became of it; whether and when to repeat is the outbox's business.
Every request goes by way of the pace, so no caller can forget Teams' limits: what has to wait is not sent.
The address is checked before a token is even asked for, redirects are not followed, and nothing here waits
longer than ten seconds.

Must not know: the Bot Framework SDK, conversations of ours, how often to try again.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import aiohttp
import msgspec
from multidict import CIMultiDictProxy
from yarl import URL

from bot import crash
from bot.teams.outcomes import (
    Delivered,
    Failure,
    Operation,
    Outcome,
    Park,
    Refused,
    Throttled,
    TryAgain,
    classify,
    unclear,
)
from bot.teams.pace import Kind, Pace, Wait
from bot.teams.service_urls import ServiceUrls
from bot.teams.tokens import TokenSource, TokenUnavailable

# Connecting includes waiting for a free connection: whatever fails within it was never sent.
_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=3)
_AT_ONCE_PER_HOST: Final = 10  # more parallel calls than this have been answered with blocks
_LARGEST_ANSWER = 1024 * 1024
_PAGE = 200

Listener: TypeAlias = Callable[[Operation, str, Outcome], None]


def open_client() -> aiohttp.ClientSession:
    """Make the one HTTP client for everything that goes to Microsoft; close it when the bot stops."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=160, limit_per_host=_AT_ONCE_PER_HOST),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=_TIMEOUT,
    )


class Connector:
    """Calls to the Bot Connector, one attempt each."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        tokens: TokenSource,
        service_urls: ServiceUrls,
        pace: Pace | None = None,
        *,
        heard: Listener = lambda *_: None,
    ) -> None:
        """Take what a call needs.

        Args:
            session: The pooled client; it is used, never closed.
            tokens: The source of the bot's token.
            service_urls: The addresses that may receive it.
            pace: Says whether a request may leave now; one for the whole process. Without one, Teams' limits
                are kept for this connector alone.
            heard: Told how each request ended: what was tried, the HTTP status or a word in its place
                (not_connected, timeout, broken_off, no_token, held_back), and the outcome.
        """
        self._session = session
        self._tokens = tokens
        self._service_urls = service_urls
        self._pace = pace or Pace()
        self._heard = heard

    async def send(self, service_url: str, conversation_id: str, activity: Mapping[str, Any]) -> Outcome:
        """Send an activity to a conversation; Delivered.id is the new activity's id.

        Args:
            service_url: The conversation's service URL.
            conversation_id: Whole, with a thread's ``;messageid=``.
            activity: The activity as JSON, in the names of the wire.
        """
        return await self._call("send", "POST", service_url, (conversation_id, "activities"), activity)

    async def reply(
        self, service_url: str, conversation_id: str, activity_id: str, activity: Mapping[str, Any]
    ) -> Outcome:
        """Send an activity as the answer to another one; Delivered.id is the new activity's id."""
        return await self._call(
            "reply", "POST", service_url, (conversation_id, "activities", activity_id), activity
        )

    async def update(
        self, service_url: str, conversation_id: str, activity_id: str, activity: Mapping[str, Any]
    ) -> Outcome:
        """Replace an activity that the bot has sent."""
        return await self._call(
            "update", "PUT", service_url, (conversation_id, "activities", activity_id), activity
        )

    async def delete(self, service_url: str, conversation_id: str, activity_id: str) -> Outcome:
        """Take back an activity that the bot has sent."""
        return await self._call(
            "delete", "DELETE", service_url, (conversation_id, "activities", activity_id), None
        )

    async def create_conversation(self, service_url: str, parameters: Mapping[str, Any]) -> Outcome:
        """Begin a conversation with a person, or a thread in a channel.

        Args:
            service_url: Where the tenant's conversations live.
            parameters: ConversationParameters as JSON (members or channelData, tenantId, activity).

        Returns:
            Delivered with the answer as body: ``id`` is the conversation, ``activityId`` its first message.
        """
        outcome = await self._call("create", "POST", service_url, (), parameters)
        if isinstance(outcome, Delivered) and not outcome.id:
            return Refused("unexpected", 200)
        return outcome

    async def member(self, service_url: str, conversation_id: str, member_id: str) -> Outcome:
        """Look up one person of a conversation; Delivered.body is their account as JSON."""
        return await self._call("read", "GET", service_url, (conversation_id, "members", member_id), None)

    async def members(
        self, service_url: str, conversation_id: str, *, continuation: str | None = None
    ) -> Outcome:
        """Read one page of a conversation's people.

        Returns:
            Delivered.body is ``{"members": [...], "continuationToken": ...}``; no token means the last page.
        """
        query = {"pageSize": str(_PAGE)} | ({"continuationToken": continuation} if continuation else {})
        return await self._call(
            "read", "GET", service_url, (conversation_id, "pagedmembers"), None, query=query
        )

    async def _call(
        self,
        operation: Operation,
        method: str,
        service_url: str,
        path: tuple[str, ...],
        body: Mapping[str, Any] | None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> Outcome:
        if not self._service_urls.allows(service_url):
            return Refused("not_allowed_url")
        if not all(part.strip(".") for part in path):  # "", "." and ".." would name something else
            return Refused("bad_id")
        try:
            url = _address(service_url, path, query)
            payload = None if body is None else msgspec.json.encode(body)
        except (ValueError, TypeError, OverflowError, RecursionError, msgspec.MsgspecError):
            # For example a lone surrogate or a number that JSON cannot say.
            return Refused("bad_request")
        request = _Request(operation, method, url, payload, _thread(path, body), _is_typing(body))
        try:
            token = await self._tokens.bearer()
            outcome = await self._in_time(request, token)
            if outcome == Refused("credentials", 401) and token is not None:
                # 401 means that nothing was done, so a second attempt with another token repeats nothing.
                token = await self._tokens.bearer(rejected=token)
                outcome = await self._in_time(request, token)
        except TokenUnavailable as error:
            outcome = Refused("credentials", 401) if error.credentials else TryAgain("no_token")
            self._heard(operation, "no_token", outcome)
        return outcome

    async def _in_time(self, request: "_Request", token: str | None) -> Outcome:
        """One attempt, if the pace has room for it."""
        kind: Kind = "read" if request.operation == "read" else "send"
        may = self._pace.ask(kind, request.thread, nice=request.nice)
        if isinstance(may, Wait):
            held = Throttled(may.seconds, held_back=may.why)
            self._heard(request.operation, "held_back", held)
            return held
        outcome: Outcome = TryAgain("broken_off")
        try:
            crash.at("connector.sending")
            said, outcome = await self._attempt(request, token)
            crash.at("connector.sent")
        finally:
            self._pace.ended(may, welcome=isinstance(outcome, Delivered | Refused | Park))
        self._heard(request.operation, said, outcome)
        if isinstance(outcome, Throttled):
            return Throttled(self._pace.throttled(may, outcome.retry_after))
        return outcome

    async def _attempt(self, request: "_Request", token: str | None) -> tuple[str, Outcome]:
        """The request itself: its HTTP status, or the word for what came in its place, and its outcome."""
        headers = {"Accept": "application/json"}
        if request.payload is not None:
            headers["Content-Type"] = "application/json"
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        operation = request.operation
        try:
            async with self._session.request(
                request.method,
                request.url,
                data=request.payload,
                headers=headers,
                allow_redirects=False,
                timeout=_TIMEOUT,
            ) as response:
                status = response.status
                if 200 <= status < 300 and operation != "read":
                    # The status says it: an answer that breaks off afterwards does not undo the delivery.
                    return str(status), _delivered(await _whatever_comes(response))
                body = await _at_most(response)
                return str(status), _judge(operation, status, body, response.headers)
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError):
            return "not_connected", TryAgain("not_connected")
        except TimeoutError as error:
            return "timeout", unclear(type(error).__name__, operation)
        except (aiohttp.ClientError, OSError) as error:
            return "broken_off", unclear(type(error).__name__, operation)


class _Request(msgspec.Struct, frozen=True):
    """One request, ready to be sent.

    Attributes:
        thread: Whose limits it counts to.
        nice: It is nice to have: without room it is dropped.
    """

    operation: Operation
    method: str
    url: URL
    payload: bytes | None
    thread: str
    nice: bool


def _thread(path: tuple[str, ...], body: Mapping[str, Any] | None) -> str:
    """The chat or channel that a request counts to: all threads of a channel are one to Teams' limits."""
    if path:
        return path[0].partition(";messageid=")[0]
    match body:
        case {"channelData": {"channel": {"id": str(channel)}}}:
            return channel
        case {"members": [{"id": str(person)}, *_]}:
            return person
    return ""


def _is_typing(body: Mapping[str, Any] | None) -> bool:
    return body is not None and body.get("type") == "typing"


def _address(service_url: str, path: tuple[str, ...], query: Mapping[str, str] | None) -> URL:
    segments = "/".join(quote(part, safe="") for part in path)
    address = f"{service_url.rstrip('/')}/v3/conversations" + (f"/{segments}" if segments else "")
    if query:
        address += "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    # Already quoted: ids contain ; : @ and must arrive as they are.
    return URL(address, encoded=True)


async def _at_most(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(65536):
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            break
    return bytes(body[:_LARGEST_ANSWER])


async def _whatever_comes(response: aiohttp.ClientResponse) -> bytes:
    try:
        return await _at_most(response)
    except (aiohttp.ClientError, OSError, TimeoutError):
        return b""


def _delivered(body: bytes) -> Delivered:
    content = _json(body)
    found = content.get("id") if isinstance(content, dict) else None
    return Delivered(found if isinstance(found, str) else "", content)


def _judge(
    operation: Operation, status: int, body: bytes, headers: CIMultiDictProxy[str]
) -> Delivered | Failure:
    if 200 <= status < 300:
        content = _json(body)
        return Delivered(body=content) if isinstance(content, dict) else Refused("unexpected", status)
    return classify(status, body.decode("utf-8", "replace"), headers.get("Retry-After"), operation)


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
