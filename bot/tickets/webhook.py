"""Cases as webhooks: one signed POST for each, to whatever the operator has that keeps tickets, and back.

The id of a message is the same for ever, so a receiver knows a repeat; and before every POST the receiver is
asked whether it has this already, so one that does not know repeats still gets it once. News comes back the
same way, signed with the same secret. What a receiver must do stands in deployment/README.md, "Tickets".

Must not know: the outbox, Teams, cards, settings.
"""

import base64
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from bot.errors import DeliveryFailed, Forged
from bot.secret import Secret
from bot.tickets.api import Change, Changes, File, Finding, Ticket, Update
from bot.tickets.http import Answer, ask, trouble
from bot.tickets.marks import NOBODYS, key_of
from bot.tickets.signature import PREFIX, signed, signing_key, verify
from bot.tickets.webhook_messages import NEWS, attached, opened, updated

_LONGEST_REFERENCE: Final = 100  # characters; it is shown on cards
_CANNOT_LOOK_UP: Final = frozenset({405, 501})
_LOOK_UP: Final = "For a case that it does not have it must answer 404, or 405 when it cannot look cases up."
_SIGNATURE: Final = (
    "Is HANDRAIL_TICKETS_SECRET the receiver's, whole? Does one of the clocks differ by more than 5 minutes?"
)
_UPDATE: Final = re.compile(r"HR-[0-9A-Z]+/[\w-]+", re.ASCII)
_ADDRESS: Final = (
    "Is HANDRAIL_TICKETS_URL right, and may this machine reach it (firewall, proxy, certificate)?"
)


class _Filed(msgspec.Struct):
    reference: str | int = ""


class WebhookTickets:
    """Files tickets with a receiver of webhooks."""

    name = "webhook"
    polled = False

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
        self._hide = Secret(secret.reveal().removeprefix(PREFIX).rstrip("="))
        self._clock = clock

    async def find(self, key: str) -> str | None:
        """The receiver's reference of a case; None when it has none, or cannot look cases up.

        It is asked before the first attempt too: a database that was restored, or that lost its last commits
        in a changeover, does not remember earlier ones.
        """
        answer = await self.look_up(key)
        if not self._has(answer):
            return None
        reference = _reference(answer)
        if not reference:
            raise DeliveryFailed(
                f"the ticket system answered {answer.status} without a reference, so nobody knows whether it "
                "has the case; one that it does not have must be a 404"
            )
        return reference

    async def create(self, ticket: Ticket) -> str:
        """Send the case; the receiver's reference, or the case's own number when it names none."""
        answer = await self._post(f"case_{ticket.key}", opened(ticket))
        return _reference(answer) or ticket.key

    async def update(self, reference: str, update: Update) -> None:
        """Send what happened, unless the receiver says that it has it."""
        if not self._has(await self.look_up(update.key)):
            await self._post(f"update_{update.key}", updated(reference, update))

    async def attach(self, reference: str, file: File) -> None:
        """Send a file, unless the receiver says that it has it."""
        if not self._has(await self.look_up(file.key)):
            await self._post(f"file_{file.key}", attached(reference, file))

    async def changes(self, since: str) -> Changes:
        """None: the receiver sends its news."""
        return Changes(cursor=since)

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:
        """News of a ticket; its `webhook-id` makes a repeat a repeat.

        Raises:
            Forged: See `bot.tickets.signature.verify`; or it is none of the messages in the manual.
        """
        message_id = verify(self._key, headers, body, now=self._clock())
        try:
            news = NEWS.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Forged("it is signed, but none of the messages that Handrail knows") from None
        data = news.data
        if data.update or key_of(data.text) is not None:
            return ()
        return (
            Change(
                id=message_id,
                number=data.key,
                kind=news.kind,
                by=data.by,
                text=data.text,
                public=data.public,
                at=int(news.timestamp.timestamp()),
            ),
        )

    async def check(self) -> Sequence[Finding]:
        """Ask for a case that cannot exist, rightly signed and then wrongly."""
        stranger = Secret(PREFIX + base64.b64encode(secrets.token_bytes(32)).decode())
        theirs = WebhookTickets(self._client, self._url, stranger, clock=self._clock)
        try:
            answer = await self.look_up(NOBODYS)
            if answer.status != 404:
                return (_judged(answer, self._url),)
            unsigned = await theirs.look_up(NOBODYS)
        except DeliveryFailed as error:
            return (Finding("failed", f"{self._url}: {error}", _ADDRESS),)
        if unsigned.status == 404:
            found = f"{self._url} answers 404, but to a wrong signature too"
            remedy = (
                "Is HANDRAIL_TICKETS_URL the whole address? If so, its receiver does not check signatures."
            )
            return (Finding("warning", found, remedy),)
        return (Finding("ok", f"{self._url} accepts our signature and can look cases up"),)

    async def look_up(self, key: str) -> Answer:
        """Ask for a case, an update or a file, whatever the answer's status.

        Raises:
            DeliveryFailed: There is no answer.
        """
        # An id of its own each time: a receiver that keeps ids must not take a question for the message.
        message_id = f"find_{key}_{secrets.token_hex(4)}"
        # The two parts of an update's key are two segments: many proxies take no %2F.
        below = key if _UPDATE.fullmatch(key) else quote(key, safe="")
        url = URL(f"{self._url.rstrip('/')}/{below}", encoded=True)
        return await self._ask("GET", url, message_id, b"")

    def _has(self, answer: Answer) -> bool:
        """Whether what was looked up is there; False also where nothing can be looked up."""
        if answer.status == 404 or answer.status in _CANNOT_LOOK_UP:
            return False
        if not answer.ok:
            raise trouble(answer, hide=[self._hide.reveal()], final=False)
        return True

    async def _post(self, message_id: str, message: msgspec.Struct) -> Answer:
        body = msgspec.json.encode(message)
        answer = await self._ask("POST", URL(self._url, encoded=True), message_id, body)
        if not answer.ok:
            raise trouble(answer, hide=[self._hide.reveal()])
        return answer

    async def _ask(self, method: str, url: URL, message_id: str, body: bytes) -> Answer:
        headers = signed(self._key, message_id, int(self._clock()), body)
        if body:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": message_id}
        return await ask(self._client, method, url, headers=headers, body=body)


def _judged(answer: Answer, url: str) -> Finding:
    """Any answer but 404, the only one that is right whatever the receiver is."""
    found = f"{url} answers {answer.status}"
    match answer.status:
        case 405 | 501:
            known = "it cannot look cases up and must know a repeat by its webhook-id"
            return Finding("ok", f"{found}: {known}")
        case 401 | 403:
            return Finding("failed", found, _SIGNATURE)
        case 410:
            remedy = "It takes no more cases: switch that on there, or set HANDRAIL_TICKETS_URL to another."
            return Finding("failed", found, remedy)
        case status if 300 <= status < 400:
            remedy = "Set HANDRAIL_TICKETS_URL to the address that this leads to; redirects are not followed."
            return Finding("failed", found, remedy)
        case status if status in {408, 425, 429} or status >= 500:
            remedy = "Cases wait until it is well again; its own log says what is wrong."
            return Finding("warning", found, remedy)
        case status if status < 300:
            found += " for a case that cannot exist, so no case could be told from one that is filed"
    return Finding("failed", found, _LOOK_UP)


def _reference(answer: Answer) -> str:
    """What the answer calls the ticket; "" when it has no name that could be shown."""
    try:
        reference = str(msgspec.json.decode(answer.body, type=_Filed).reference).strip()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return reference if reference.isprintable() and len(reference) <= _LONGEST_REFERENCE else ""
