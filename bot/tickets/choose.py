"""The ticket system that the settings name, ready for work; no other one is even read from the disk.

Must not know: how any of them works.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from bot.secret import Secret
from bot.store.api import Store
from bot.tickets.api import TicketSystem

if TYPE_CHECKING:
    import aiohttp


class Told(Protocol):
    """The settings of ticket systems, as `bot.config.Settings` has them; "" where nothing is set."""

    @property
    def tickets(self) -> str: ...  # noqa: D102
    @property
    def tickets_url(self) -> str: ...  # noqa: D102
    @property
    def tickets_user(self) -> str: ...  # noqa: D102
    @property
    def tickets_token(self) -> Secret: ...  # noqa: D102
    @property
    def tickets_project(self) -> str: ...  # noqa: D102
    @property
    def tickets_secret(self) -> Secret: ...  # noqa: D102


@asynccontextmanager
async def opened(told: Told, store: Store) -> AsyncIterator[TicketSystem]:
    """The ticket system that the settings name; what it needs is closed at the end."""
    if told.tickets == "builtin":
        from bot.tickets.builtin import BuiltinTickets

        yield BuiltinTickets(store)
        return
    from bot.tickets.http import open_client

    async with open_client() as client:
        yield elsewhere(told, client)


def elsewhere(told: Told, client: "aiohttp.ClientSession") -> TicketSystem:
    """The system outside of Handrail that the settings name.

    Args:
        told: Valid settings; `tickets` is not "builtin".
        client: As `bot.tickets.http.open_client` makes it; it is used, never closed.

    Raises:
        LookupError: There is no such system.
    """
    match told.tickets:
        case "webhook":
            from bot.tickets.webhook import WebhookTickets

            return WebhookTickets(client, told.tickets_url, told.tickets_secret)
        case "django-helpdesk":
            from bot.tickets.django_helpdesk import DjangoHelpdeskTickets

            return DjangoHelpdeskTickets(
                client, told.tickets_url, told.tickets_user, told.tickets_token, told.tickets_project
            )
        case "freshservice":
            from bot.tickets.freshservice import FreshserviceTickets

            return FreshserviceTickets(
                client, told.tickets_url, told.tickets_user, told.tickets_token, told.tickets_project
            )
        case "github":
            from bot.tickets.github import GitHubTickets

            return GitHubTickets(
                client,
                told.tickets_url,
                told.tickets_user,
                told.tickets_token,
                told.tickets_project,
                secret=told.tickets_secret,
            )
        case "jira":
            from bot.tickets.jira import JiraTickets

            return JiraTickets(
                client, told.tickets_url, told.tickets_user, told.tickets_token, told.tickets_project
            )
        case "roundup":
            from bot.tickets.roundup import RoundupTickets

            return RoundupTickets(client, told.tickets_url, told.tickets_user, told.tickets_token)
        case "rt":
            from bot.tickets.rt import RequestTrackerTickets

            return RequestTrackerTickets(
                client, told.tickets_url, told.tickets_user, told.tickets_token, told.tickets_project
            )
        case "servicenow":
            from bot.tickets.servicenow import ServiceNowTickets

            return ServiceNowTickets(
                client, told.tickets_url, told.tickets_user, told.tickets_token, told.tickets_project
            )
        case "smtp":
            from bot.tickets.smtp import MailTickets

            return MailTickets(told.tickets_url, told.tickets_user, told.tickets_token, told.tickets_project)
        case "zammad":
            from bot.tickets.zammad import ZammadTickets

            return ZammadTickets(
                client,
                told.tickets_url,
                told.tickets_token,
                told.tickets_project,
                secret=told.tickets_secret,
            )
        case "zendesk":
            from bot.tickets.zendesk import ZendeskTickets

            return ZendeskTickets(client, told.tickets_url, told.tickets_user, told.tickets_token)
    raise LookupError(f"there is no ticket system called {told.tickets!r}")
