"""One bot behind the real endpoint, served over HTTP on loopback, for tests of the way between them."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web
from botbuilder.core import TurnContext
from botbuilder.core.teams import TeamsActivityHandler
from botbuilder.schema import Activity

from bot.teams.adapter import TeamsAdapter
from bot.teams.auth import ChannelGate, Gate
from bot.teams.connector import Connector
from bot.teams.keys import SigningKeys
from bot.teams.local import LocalGate
from bot.teams.pace import UNLIMITED, Pace
from bot.teams.service_urls import ServiceUrls
from bot.teams.tokens import Anonymous, SharedToken, TokenSource, from_token_url
from tests.support.cloud import PlayedCloud


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class TrivialBot(TeamsActivityHandler):  # type: ignore[misc]  # the SDK has no types
    """Notes every activity that was let in, and does with a message or a click what the test asks."""

    def __init__(self) -> None:
        self.seen: list[Activity] = []
        self.on_message: Callable[[TurnContext], Awaitable[Any]] | None = None
        self.on_click: Callable[[TurnContext, Any], Awaitable[Any]] | None = None

    async def on_turn(self, turn_context: TurnContext) -> None:
        """Note the activity."""
        self.seen.append(turn_context.activity)
        await super().on_turn(turn_context)

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """Do what the test asks."""
        if self.on_message is not None:
            await self.on_message(turn_context)

    async def on_adaptive_card_invoke(self, turn_context: TurnContext, invoke_value: Any) -> Any:
        """Answer what the test asks, or what the SDK does by itself."""
        if self.on_click is None:
            return await super().on_adaptive_card_invoke(turn_context, invoke_value)
        return await self.on_click(turn_context, invoke_value)


class Stage:
    """One bot, served over HTTP on loopback."""

    def __init__(self, cloud: PlayedCloud, clock: Clock, client: aiohttp.ClientSession) -> None:
        self.cloud = cloud
        self.clock = clock
        self.bot = TrivialBot()
        self.url = ""
        self.keys = SigningKeys(client, cloud.metadata_url, clock=clock, timeout=30.0)
        self.allowed = ServiceUrls(cloud.service_url)
        self.tokens: TokenSource = SharedToken(
            from_token_url(client, cloud.token_url, cloud.app_id, cloud.secret), clock=clock
        )
        self.gate: Gate = ChannelGate(
            self.keys,
            app_id=cloud.app_id,
            service_urls=self.allowed,
            tenants=frozenset({cloud.tenant}),
            clock=clock,
        )
        self.pace = Pace(UNLIMITED, clock=clock, chance=lambda: 0.5)
        self.connector = Connector(client, self.tokens, self.allowed, self.pace)
        self.adapter = TeamsAdapter(self.gate, self.connector, app_id=cloud.app_id, read_timeout=30.0)
        self._client = client

    def without_app_id(self) -> None:
        """Turn this bot into one in local mode."""
        self.gate, self.tokens = LocalGate(), Anonymous()
        self.connector = Connector(self._client, self.tokens, ServiceUrls.loopback_only(), self.pace)
        self.adapter = TeamsAdapter(self.gate, self.connector)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The endpoint."""
        return await self.adapter.process(request, self.bot)

    async def post(self, activity: Any, **options: Any) -> int:
        """Post an activity to this bot; returns the status."""
        status, _ = await self.cloud.post(self.url, activity, **options)
        return status
