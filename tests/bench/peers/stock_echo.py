"""The echo of botbuilder-python 4.17, as Microsoft's sample 02.echo-bot is written: CloudAdapter on aiohttp.

Nothing of it is tuned. The addresses of the cloud are the SDK's own settings for a private one.
"""

import os
import sys
import traceback
from typing import Any

from aiohttp import web
from botbuilder.core import ActivityHandler, MessageFactory, TurnContext
from botbuilder.core.integration import aiohttp_error_middleware
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication


class Settings:
    """What the SDK reads. One address set means all are: there are no defaults then."""

    PORT = int(os.environ["PORT"])
    APP_ID = os.environ["APP_ID"]
    APP_PASSWORD = os.environ["APP_SECRET"]
    APP_TYPE = "SingleTenant"
    APP_TENANTID = os.environ["TENANT"]
    # MSAL asks the public cloud about a host it does not know, unless the path says that it is an ADFS.
    TO_CHANNEL_FROM_BOT_LOGIN_URL = f"{os.environ['CLOUD']}/adfs"
    TO_CHANNEL_FROM_BOT_OAUTH_SCOPE = "https://api.botframework.com"
    TO_BOT_FROM_CHANNEL_TOKEN_ISSUER = "https://api.botframework.com"
    TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL = f"{os.environ['CLOUD']}/v1/.well-known/openidconfiguration"
    TO_BOT_FROM_EMULATOR_OPENID_METADATA_URL = f"{os.environ['CLOUD']}/v1/.well-known/openidconfiguration"
    OAUTH_URL = os.environ["CLOUD"]
    CALLER_ID = ""
    VALIDATE_AUTHORITY = True


class EchoBot(ActivityHandler):
    """Says what it hears."""

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        """See ActivityHandler."""
        await turn_context.send_activity(MessageFactory.text(f"echo: {turn_context.activity.text}"))


async def on_error(context: TurnContext, error: Exception) -> None:
    """Tell the operator and the person, as the sample does."""
    print(f"[on_turn_error] unhandled error: {error}", file=sys.stderr)
    traceback.print_exc()
    await context.send_activity("The bot encountered an error or bug.")


def serve(bot: Any, authentication: Any) -> web.Application:
    """The sample's application around a bot."""
    adapter = CloudAdapter(authentication)
    adapter.on_turn_error = on_error

    async def messages(request: web.Request) -> web.StreamResponse:
        return await adapter.process(request, bot)

    app = web.Application(middlewares=[aiohttp_error_middleware])
    app.router.add_post("/api/messages", messages)
    return app


if __name__ == "__main__":
    web.run_app(
        serve(EchoBot(), ConfigurationBotFrameworkAuthentication(Settings())),
        host="127.0.0.1",
        port=Settings.PORT,
    )
