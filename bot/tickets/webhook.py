"""Cases as webhooks: one signed POST for each, to whatever the operator has that keeps tickets.

The id of the message is the case's number, for ever, so a receiver knows a repeat; and before every POST the
receiver is asked whether it has the case, so one that does not know repeats still gets it once. What a
receiver must do stands in deployment/README.md, "Tickets".

Must not know: the outbox, Teams, cards, settings.
"""

import datetime as dt
import secrets
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from bot.errors import DeliveryFailed
from bot.secret import Secret
from bot.tickets.api import Ticket
from bot.tickets.http import Answer, ask, trouble
from bot.tickets.signature import PREFIX, signed, signing_key

_LONGEST_REFERENCE: Final = 100  # characters; it is shown on cards
_CANNOT_LOOK_UP: Final = frozenset({405, 501})


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Whose case it is. `object_id` is Microsoft Entra's; when nobody vouches, `contact` says who it is."""

    name: str
    object_id: str
    verified: bool
    contact: str  # in the person's own words, "" when Teams vouches for them


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case as the receiver gets it. `body` is plain text with line breaks, for people who read tickets."""

    key: str
    title: str
    body: str
    queue: str
    codes: tuple[str, ...]
    language: str  # the person's, as a tag
    opened_at: dt.datetime
    person: Person


class CaseOpened(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="case.opened"):
    """The whole message. `timestamp` is when it happened, not when it was sent."""

    timestamp: dt.datetime
    data: Case


class _Filed(msgspec.Struct):
    reference: str | int = ""


class WebhookTickets:
    """Files tickets with a receiver of webhooks."""

    name = "webhook"

    def __init__(
        self,
        client: aiohttp.ClientSession,
        url: str,
        secret: Secret,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take what a message needs.

        Args:
            client: As `bot.tickets.http.open_client` makes it; it is used, never closed.
            url: What takes the POST; a case is looked up one segment below.
            secret: The receiver's, `whsec_…`.
            clock: Seconds since 1970.

        Raises:
            ValueError: The secret is none of Standard Webhooks.
        """
        self._client = client
        self._url = url
        self._key = signing_key(secret.reveal())
        self._hide = (secret.reveal().removeprefix(PREFIX).rstrip("="),)
        self._clock = clock

    async def find(self, key: str) -> str | None:
        """The receiver's reference of a case; None when it has none, or cannot look cases up.

        It is asked before the first attempt too: a database that was restored, or that lost its last commits
        in a changeover, does not remember earlier ones.
        """
        answer = await self.look_up(key)
        if answer.status == 404 or answer.status in _CANNOT_LOOK_UP:
            return None
        if not answer.ok:
            raise trouble(answer, hide=self._hide, final=False)
        reference = _reference(answer)
        if not reference:
            raise DeliveryFailed(
                f"the ticket system answered {answer.status} without a reference, so nobody knows whether it "
                "has the case; one that it does not have must be a 404"
            )
        return reference

    async def create(self, ticket: Ticket) -> str:
        """Send the case; the receiver's reference, or the case's own number when it names none."""
        body = msgspec.json.encode(_opened(ticket))
        answer = await self._ask("POST", URL(self._url, encoded=True), f"case_{ticket.key}", body)
        if not answer.ok:
            raise trouble(answer, hide=self._hide)
        return _reference(answer) or ticket.key

    async def look_up(self, key: str) -> Answer:
        """Ask for a case, whatever the answer's status.

        Raises:
            DeliveryFailed: There is no answer.
        """
        # An id of its own each time: a receiver that keeps ids must not take a question for the message.
        message_id = f"find_{key}_{secrets.token_hex(4)}"
        url = URL(f"{self._url.rstrip('/')}/{quote(key, safe='')}", encoded=True)
        return await self._ask("GET", url, message_id, b"")

    async def _ask(self, method: str, url: URL, message_id: str, body: bytes) -> Answer:
        headers = signed(self._key, message_id, int(self._clock()), body)
        if body:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": message_id}
        return await ask(self._client, method, url, headers=headers, body=body)


def _opened(ticket: Ticket) -> CaseOpened:
    file, person = ticket.record.file, ticket.record.person
    opened_at = dt.datetime.fromtimestamp(ticket.record.opened_at, dt.UTC)
    case = Case(
        key=ticket.key,
        title=ticket.title,
        body=ticket.body,
        queue=file.queue,
        codes=tuple(f"AADSTS{code}" for code in file.codes),
        language=file.language,
        opened_at=opened_at,
        person=Person(
            name=person.name, object_id=person.object_id, verified=person.verified, contact=file.contact
        ),
    )
    return CaseOpened(timestamp=opened_at, data=case)


def _reference(answer: Answer) -> str:
    """What the answer calls the ticket; "" when it has no name that could be shown."""
    try:
        reference = str(msgspec.json.decode(answer.body, type=_Filed).reference).strip()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return reference if reference.isprintable() and len(reference) <= _LONGEST_REFERENCE else ""
