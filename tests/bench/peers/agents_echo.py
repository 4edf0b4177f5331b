"""The echo of the Microsoft 365 Agents SDK 1.9, as its quickstart is written: AgentApplication on aiohttp."""

import os
import sys
import traceback

from aiohttp import web
from microsoft_agents.activity import load_configuration_from_env
from microsoft_agents.authentication.msal import MsalConnectionManager
from microsoft_agents.hosting.aiohttp import CloudAdapter, jwt_authorization_middleware, start_agent_process
from microsoft_agents.hosting.core import (
    AgentApplication,
    Authorization,
    MemoryStorage,
    TurnContext,
    TurnState,
)
from microsoft_agents.hosting.core.authorization._entra_issuers import BOTFRAMEWORK_JWKS_URIS

CLOUD = os.environ["CLOUD"]
# The SDK has no setting for where the channel's keys are.
BOTFRAMEWORK_JWKS_URIS["https://api.botframework.com"] = f"{CLOUD}/v1/.well-known/keys"

_CONNECTION = "CONNECTIONS__SERVICE_CONNECTION__SETTINGS__"
SETTINGS = load_configuration_from_env(
    {
        f"{_CONNECTION}CLIENTID": os.environ["APP_ID"],
        f"{_CONNECTION}CLIENTSECRET": os.environ["APP_SECRET"],
        f"{_CONNECTION}TENANTID": os.environ["TENANT"],
        # MSAL asks the public cloud about a host it does not know, unless the path says that it is an ADFS.
        f"{_CONNECTION}AUTHORITY": f"{CLOUD}/adfs",
    }
)

STORAGE = MemoryStorage()
CONNECTIONS = MsalConnectionManager(**SETTINGS)
ADAPTER = CloudAdapter(connection_manager=CONNECTIONS)
AGENT = AgentApplication[TurnState](
    storage=STORAGE,
    adapter=ADAPTER,
    authorization=Authorization(STORAGE, CONNECTIONS, **SETTINGS),
    **SETTINGS,
)


@AGENT.activity("message")
async def on_message(context: TurnContext, _state: TurnState) -> None:
    """Say what was heard."""
    await context.send_activity(f"echo: {context.activity.text}")


@AGENT.error
async def on_error(context: TurnContext, error: Exception) -> None:
    """Tell the operator and the person, as the quickstart does."""
    print(f"[on_turn_error] unhandled error: {error}", file=sys.stderr)
    traceback.print_exc()
    await context.send_activity("The bot encountered an error or bug.")


async def messages(request: web.Request) -> web.StreamResponse | None:
    """The SDK's way from a request to a turn."""
    return await start_agent_process(request, AGENT, ADAPTER)


if __name__ == "__main__":
    app = web.Application(middlewares=[jwt_authorization_middleware])
    app.router.add_post("/api/messages", messages)
    app["agent_configuration"] = CONNECTIONS.get_default_connection_configuration()
    app["agent_app"] = AGENT
    app["adapter"] = ADAPTER
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]))
