"""The echo of the Microsoft Teams SDK 2.1, as its documentation is written: App, FastAPI and uvicorn."""

import asyncio
import os

import uvicorn
from fastapi import FastAPI
from microsoft_teams.api import MessageActivity
from microsoft_teams.api.auth.cloud_environment import PUBLIC, with_overrides
from microsoft_teams.apps import ActivityContext, App, FastAPIAdapter

CLOUD = os.environ["CLOUD"]
PORT = int(os.environ["PORT"])


def server(app: FastAPI) -> uvicorn.Server:
    """The SDK's own server, on loopback instead of on every address."""
    return uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=PORT, log_level="info"))


bot = App(
    client_id=os.environ["APP_ID"],
    client_secret=os.environ["APP_SECRET"],
    tenant_id=os.environ["TENANT"],
    http_server_adapter=FastAPIAdapter(server_factory=server),
    cloud=with_overrides(
        PUBLIC,
        # MSAL asks the public cloud about a host it does not know, unless the path says that it is an ADFS.
        login_endpoint=f"{CLOUD}/adfs",
        openid_metadata_url=f"{CLOUD}/v1/.well-known/openidconfiguration",
        token_service_url=CLOUD,
    ),
)


@bot.on_message
async def on_message(context: ActivityContext[MessageActivity]) -> None:
    """Say what was heard."""
    await context.send(f"echo: {context.activity.text}")


if __name__ == "__main__":
    asyncio.run(bot.start(PORT))
