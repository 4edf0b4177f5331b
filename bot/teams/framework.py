"""Our gate and our connector in the places where the SDK expects its own.

``TurnContext`` and ``CloudAdapterBase`` ask for an authentication object, which hands out connector clients.
These are those objects, as thin as they can be: every call goes to ``Connector``, and an outcome that is not
a delivery becomes ``DeliveryFailed``, because the SDK knows exceptions only.

Must not know: HTTP requests, what the bot does with a turn.
"""

from typing import Any

from botbuilder.schema import (
    Activity,
    ChannelAccount,
    ConversationParameters,
    ConversationResourceResponse,
    ResourceResponse,
)
from botbuilder.schema.teams import TeamsChannelAccount, TeamsPagedMembersResult
from botframework.connector.auth import (
    AuthenticateRequestResult,
    AuthenticationConstants,
    BotFrameworkAuthentication,
    ClaimsIdentity,
)
from botframework.connector.auth.connector_factory import ConnectorFactory
from multidict import CIMultiDict, CIMultiDictProxy

from bot.teams.auth import Claims, Gate, NotAdmitted
from bot.teams.connector import Connector
from bot.teams.outcomes import Delivered, Failure, Outcome, Refused
from bot.teams.wire import plain


class DeliveryFailed(Exception):  # noqa: N818  an outcome, not a mistake
    """A call to Teams made by way of the SDK did not succeed.

    Attributes:
        outcome: What became of it.
    """

    def __init__(self, outcome: Failure) -> None:
        super().__init__(f"Teams did not take it: {outcome}")
        self.outcome = outcome


class Conversations:
    """The part of the SDK's connector client that turn contexts and TeamsInfo use, for one service URL."""

    def __init__(self, connector: Connector, service_url: str) -> None:
        self._connector = connector
        self._url = service_url

    async def send_to_conversation(self, conversation_id: str, activity: Activity) -> ResourceResponse:
        """Send; returns the new activity's id."""
        return _resource(await self._connector.send(self._url, _id(conversation_id), plain(activity)))

    async def reply_to_activity(
        self, conversation_id: str, activity_id: str, activity: Activity
    ) -> ResourceResponse:
        """Answer an activity; returns the new activity's id."""
        return _resource(
            await self._connector.reply(self._url, _id(conversation_id), _id(activity_id), plain(activity))
        )

    async def update_activity(
        self, conversation_id: str, activity_id: str, activity: Activity
    ) -> ResourceResponse:
        """Replace an activity."""
        return _resource(
            await self._connector.update(self._url, _id(conversation_id), _id(activity_id), plain(activity))
        )

    async def delete_activity(self, conversation_id: str, activity_id: str) -> None:
        """Take an activity back."""
        _taken(await self._connector.delete(self._url, _id(conversation_id), _id(activity_id)))

    async def create_conversation(self, parameters: ConversationParameters) -> ConversationResourceResponse:
        """Begin a conversation; returns its id and that of its first activity."""
        created = _taken(await self._connector.create_conversation(self._url, plain(parameters)))
        return ConversationResourceResponse(
            id=created.id,
            activity_id=created.body.get("activityId"),
            service_url=created.body.get("serviceUrl"),
        )

    async def get_conversation_member(self, conversation_id: str, member_id: str) -> ChannelAccount:
        """Look up one person."""
        found = _taken(await self._connector.member(self._url, _id(conversation_id), _id(member_id)))
        return _account(found.body)

    async def get_conversation_members(self, conversation_id: str) -> list[ChannelAccount]:
        """Read all people of a conversation, page by page."""
        people: list[ChannelAccount] = []
        page = await self._page(conversation_id, None)
        people += map(_account, page["members"])
        while token := page.get("continuationToken"):
            page = await self._page(conversation_id, token)
            people += map(_account, page["members"])
        return people

    async def get_teams_conversation_paged_members(
        self, conversation_id: str, _page_size: int | None = None, continuation_token: str | None = None
    ) -> TeamsPagedMembersResult:
        """Read one page of people; the page's size is ours."""
        page = await self._page(conversation_id, continuation_token)
        return TeamsPagedMembersResult(
            continuation_token=page.get("continuationToken"),
            members=[TeamsChannelAccount().deserialize(member) for member in page["members"]],
        )

    async def _page(self, conversation_id: str, token: str | None) -> dict[str, Any]:
        page: dict[str, Any] = _taken(
            await self._connector.members(self._url, _id(conversation_id), continuation=token)
        ).body
        if not isinstance(page.get("members"), list):
            raise DeliveryFailed(Refused("unexpected", 200))
        return page


class ConnectorClient:
    """What stands in a turn's state as the connector client."""

    def __init__(self, connector: Connector, service_url: str) -> None:
        self.conversations = Conversations(connector, service_url)


class PooledConnectorFactory(ConnectorFactory):  # type: ignore[misc]  # the SDK has no types
    """Makes connector clients that all share one HTTP client."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def create(self, service_url: str, audience: str | None = None) -> ConnectorClient:  # noqa: ARG002  one audience only
        """Make the client of one service URL; the address is judged when something is sent."""
        return ConnectorClient(self._connector, service_url)


class HandrailAuthentication(BotFrameworkAuthentication):  # type: ignore[misc]  # the SDK has no types
    """The SDK's authentication object, answered by our gate and our connector."""

    def __init__(self, gate: Gate, connector: Connector, *, app_id: str = "") -> None:
        self._gate = gate
        self._app_id = app_id
        self._factory = PooledConnectorFactory(connector)

    def admitted(self, service_url: str) -> AuthenticateRequestResult:
        """The SDK's form of "this request was let in"."""
        result = AuthenticateRequestResult()
        result.audience = AuthenticationConstants.TO_CHANNEL_FROM_BOT_OAUTH_SCOPE
        result.claims_identity = ClaimsIdentity(
            {
                AuthenticationConstants.AUDIENCE_CLAIM: self._app_id,
                AuthenticationConstants.SERVICE_URL_CLAIM: service_url,
            },
            is_authenticated=bool(self._app_id),
        )
        result.connector_factory = self._factory
        return result

    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        """Judge a request the SDK's way, with the same two questions.

        Raises:
            NotAdmitted: As the gate says.
        """
        headers = CIMultiDictProxy(CIMultiDict({"Authorization": auth_header} if auth_header else {}))
        claims: Claims = await self._gate.verify(headers, None)
        self._gate.admit(claims, plain(activity))
        return self.admitted(activity.service_url)

    async def authenticate_streaming_request(
        self, _auth_header: str, _channel_id_header: str
    ) -> AuthenticateRequestResult:
        """Refuse: Teams does not use streaming connections.

        Raises:
            NotAdmitted: Always.
        """
        raise NotAdmitted(403, "streaming")

    def create_connector_factory(self, _claims_identity: ClaimsIdentity) -> PooledConnectorFactory:
        """The one factory."""
        return self._factory

    async def create_user_token_client(self, _claims_identity: ClaimsIdentity) -> None:
        """None: the bot signs nobody in, so there is no client for users' tokens."""
        return


def _id(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _taken(outcome: Outcome) -> Delivered:
    if isinstance(outcome, Delivered):
        return outcome
    raise DeliveryFailed(outcome)


def _resource(outcome: Outcome) -> ResourceResponse:
    return ResourceResponse(id=_taken(outcome).id)


def _account(member: Any) -> ChannelAccount:
    account = ChannelAccount().deserialize(member) if isinstance(member, dict) else ChannelAccount()
    # TeamsInfo merges these into the account; without them e-mail and user principal name are lost.
    account.additional_properties = account.additional_properties or {}
    return account
