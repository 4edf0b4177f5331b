"""One system's REST API: its address, who we are there, JSON in and out, and every answer judged.

An address is a template whose parts are quoted, so that nothing that came from outside leads elsewhere. What
is only looked up is never refused for good, and an answer that makes no sense is none.

Must not know: any one ticket system, tickets.
"""

import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

import aiohttp
import msgspec
import structlog
from yarl import URL

from bot.errors import DeliveryFailed, DeliveryForbidden, DeliveryRefused
from bot.secret import Secret
from bot.tickets.http import Answer, ask, trouble

_log = structlog.get_logger(__name__)

T = TypeVar("T")

_WITHOUT: Final = (
    "all else was written; see that the ticket system has these fields with these values for such tickets,"
    " and that Handrail's user may set them"
)
_LARGEST: Final = 4 * 1024 * 1024  # bytes of an answer; a ticket with all its comments


def basic(user: str, password: Secret) -> Secret:
    """The value of an Authorization header for a user and a password."""
    return Secret("Basic " + base64.b64encode(f"{user}:{password.reveal()}".encode()).decode())


async def leniently(write: Callable[[Mapping[str, Any]], Awaitable[T]], more: Mapping[str, Any]) -> T:
    """Write something with `more` fields, and without them if they are refused: it counts for more than they.

    Some systems refuse a field with a 403, which is a DeliveryForbidden and not final: so that counts too. If
    it is refused without them as well, they were not the reason.

    Raises:
        DeliveryFailed, DeliveryPostponed, DeliveryRefused: By `write`, without more fields.
    """
    if not more:
        return await write(more)
    try:
        return await write(more)
    except (DeliveryRefused, DeliveryForbidden) as error:
        why = str(error)
    written = await write({})
    _log.warning("ticket_fields_refused", fields=dict(more), why=why, what_to_do=_WITHOUT)
    return written


class Rest:
    """Speaks to one system."""

    def __init__(
        self,
        client: aiohttp.ClientSession,
        url: str,
        *,
        authorization: Secret,
        headers: Mapping[str, str] | None = None,
        hide: tuple[Secret, ...] = (),
    ) -> None:
        """Take what a request needs.

        Args:
            client: As `bot.tickets.http.open_client` makes it; it is used, never closed.
            url: The system's address, without the parts that all its installations share.
            authorization: The value of the Authorization header.
            headers: What else every request carries.
            hide: Secrets that no message may repeat, besides the header's value.
        """
        self._client = client
        self.url = url.rstrip("/")
        self._authorization = authorization
        self._headers = dict(headers or {})
        self._hide = (*hide, authorization, Secret(authorization.reveal().rpartition(" ")[2]))

    async def get(
        self,
        path: str,
        *parts: str,
        kind: type[T],
        query: Mapping[str, object] | None = None,
    ) -> T:
        """Look something up.

        Raises:
            DeliveryFailed, DeliveryPostponed: There is no answer, or none that makes sense.
        """
        answer = await self.ask("GET", path, *parts, query=query)
        if not answer.ok:
            raise self.trouble(answer, final=False)
        return self.read(answer, kind)

    async def send(
        self,
        method: str,
        path: str,
        *parts: str,
        body: Any,
        kind: type[T],
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Have something done. `body` is sent as JSON, or as it is when it is bytes.

        Raises:
            DeliveryFailed, DeliveryPostponed, DeliveryRefused: It was not done, or nobody knows.
        """
        answer = await self.ask(method, path, *parts, body=body, query=query, headers=headers)
        if not answer.ok:
            raise self.trouble(answer)
        return self.read(answer, kind, done=True)

    async def make(
        self,
        method: str,
        path: str,
        *parts: str,
        body: Mapping[str, Any],
        more: Mapping[str, Any],
        kind: type[T],
    ) -> T:
        """Have something done, with `more` fields if the system takes them; see `leniently`.

        Raises:
            DeliveryFailed, DeliveryPostponed, DeliveryRefused: As `send`.
        """

        async def write(more: Mapping[str, Any]) -> T:
            return await self.send(method, path, *parts, body={**body, **more}, kind=kind)

        return await leniently(write, more)

    async def ask(
        self,
        method: str,
        path: str,
        *parts: str,
        body: Any = None,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make a request, whatever the answer's status.

        Raises:
            DeliveryFailed: There is no answer.
            DeliveryRefused: A part would lead elsewhere.
        """
        if any(part in {"", ".", ".."} for part in parts):
            raise DeliveryRefused("the ticket's reference is none of this system's")
        address = f"{self.url}/{path.format(*(quote(part, safe='') for part in parts))}"
        if query:
            address += "?" + urlencode(query, quote_via=quote)
        head = {"Authorization": self._authorization.reveal(), **self._headers}
        content = b""
        if isinstance(body, bytes):
            content = body
        elif body is not None:
            content = msgspec.json.encode(body)
            head["Content-Type"] = "application/json"
        url = URL(address, encoded=True)
        return await ask(
            self._client, method, url, headers={**head, **(headers or {})}, body=content, most=_LARGEST
        )

    def trouble(self, answer: Answer, *, final: bool = True) -> Exception:
        """What an answer that is no success means; see `bot.tickets.http.trouble`."""
        return trouble(answer, hide=[each.reveal() for each in self._hide if each], final=final)

    def read(self, answer: Answer, kind: type[T], *, done: bool = False) -> T:
        """The answer's JSON. `done`: something was done, so an answer without sense has to be looked up.

        Raises:
            DeliveryFailed: It is too long, or is not what the system's documents say.
        """
        if kind is type(None):
            return None
        if not answer.whole:
            raise DeliveryFailed("the ticket system's answer is longer than 4 MiB", unknown=done)
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            where = str(error) if isinstance(error, msgspec.ValidationError) else "it is no JSON"
            raise DeliveryFailed(
                f"the ticket system's answer {answer.status} is none of its documents: {where}", unknown=done
            ) from None
