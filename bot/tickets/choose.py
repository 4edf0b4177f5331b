"""The ticket system that the settings name, ready for work.

Must not know: how any of them works.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import aiohttp

from bot.secret import Secret
from bot.store.api import Store
from bot.tickets.api import TicketSystem
from bot.tickets.builtin import BuiltinTickets
from bot.tickets.github import GitHubTickets
from bot.tickets.http import open_client
from bot.tickets.jira import JiraTickets
from bot.tickets.roundup import RoundupTickets
from bot.tickets.rt import RequestTrackerTickets
from bot.tickets.servicenow import ServiceNowTickets
from bot.tickets.webhook import WebhookTickets
from bot.tickets.zendesk import ZendeskTickets


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
        yield BuiltinTickets(store)
        return
    async with open_client() as client:
        yield elsewhere(told, client)


def elsewhere(told: Told, client: aiohttp.ClientSession) -> TicketSystem:
    """The system outside of Handrail that the settings name.

    Args:
        told: Valid settings; `tickets` is not "builtin".
        client: As `bot.tickets.http.open_client` makes it; it is used, never closed.

    Raises:
        LookupError: There is no such system.
    """
    match told.tickets:
        case "webhook":
            return WebhookTickets(client, told.tickets_url, told.tickets_secret)
        case "github":
            return GitHubTickets(
                client,
                told.tickets_url,
                told.tickets_user,
                told.tickets_token,
                told.tickets_project,
                secret=told.tickets_secret,
            )
        case "jira":
            return JiraTickets(
                client, told.tickets_url, told.tickets_user, told.tickets_token, told.tickets_project
            )
        case "roundup":
            return RoundupTickets(client, told.tickets_url, told.tickets_user, told.tickets_token)
        case "rt":
            return RequestTrackerTickets(
                client, told.tickets_url, told.tickets_user, told.tickets_token, told.tickets_project
            )
        case "servicenow":
            return ServiceNowTickets(
                client, told.tickets_url, told.tickets_user, told.tickets_token, told.tickets_project
            )
        case "zendesk":
            return ZendeskTickets(client, told.tickets_url, told.tickets_user, told.tickets_token)
    raise LookupError(f"there is no ticket system called {told.tickets!r}")
