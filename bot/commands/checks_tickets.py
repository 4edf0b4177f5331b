"""What the doctor asks the ticket system: is it there, does it know our secret, can it look a case up.

Nothing is filed: it is asked for a case that cannot exist.

Must not know: how findings are shown, what else is checked.
"""

import base64
import secrets

from bot.commands.findings import Check, State
from bot.config import Settings
from bot.errors import DeliveryFailed
from bot.secret import Secret
from bot.tickets.http import Answer, open_client
from bot.tickets.signature import PREFIX
from bot.tickets.webhook import WebhookTickets

_NAME = "Ticket system"
_NOBODYS = "HR-0000"  # zero is no letter of case numbers
_LOOK_UP = "For a case that it does not have it must answer 404, or 405 when it cannot look cases up."
_SIGNATURE = (
    "Is HANDRAIL_TICKETS_SECRET the receiver's, whole? Does one of the clocks differ by more than 5 minutes?"
)
_ADDRESS = "Is HANDRAIL_TICKETS_URL right, and may this machine reach it (firewall, proxy, certificate)?"


async def checks_tickets(settings: Settings, *, offline: bool) -> list[Check]:
    """Ask the ticket system, if it is another than the built-in one; never raises."""
    if settings.tickets == "builtin":
        return []
    if offline:
        return [Check(_NAME, "skipped", "--offline")]
    stranger = Secret(PREFIX + base64.b64encode(secrets.token_bytes(32)).decode())
    async with open_client() as client:
        ours = WebhookTickets(client, settings.tickets_url, settings.tickets_secret)
        theirs = WebhookTickets(client, settings.tickets_url, stranger)
        try:
            answer = await ours.look_up(_NOBODYS)
            if answer.status != 404:
                return [_judged(answer, settings.tickets_url)]
            unsigned = await theirs.look_up(_NOBODYS)
        except DeliveryFailed as error:
            return [Check(_NAME, "failed", f"{settings.tickets_url}: {error}", _ADDRESS)]
    if unsigned.status == 404:
        found = f"{settings.tickets_url} answers 404, but to a wrong signature too"
        remedy = "Is HANDRAIL_TICKETS_URL the whole address? If so, its receiver does not check signatures."
        return [Check(_NAME, "warning", found, remedy)]
    return [Check(_NAME, "ok", f"{settings.tickets_url} accepts our signature and can look cases up")]


def _judged(answer: Answer, url: str) -> Check:
    """Any answer but 404, the only one that is right whatever the receiver is."""
    found = f"{url} answers {answer.status}"
    state: State = "failed"
    match answer.status:
        case 405 | 501:
            known = "it cannot look cases up and must know a repeat by its webhook-id"
            return Check(_NAME, "ok", f"{found}: {known}")
        case 401 | 403:
            remedy = _SIGNATURE
        case 410:
            remedy = "It takes no more cases: switch that on there, or set HANDRAIL_TICKETS_URL to another."
        case status if 300 <= status < 400:
            remedy = "Set HANDRAIL_TICKETS_URL to the address that this leads to; redirects are not followed."
        case status if status in {408, 425, 429} or status >= 500:
            state, remedy = "warning", "Cases wait until it is well again; its own log says what is wrong."
        case status if status < 300:
            found += " for a case that cannot exist, so no case could be told from one that is filed"
            remedy = _LOOK_UP
        case _:
            remedy = _LOOK_UP
    return Check(_NAME, state, found, remedy)
