"""Who may come in from Teams, and what we show when we go out: gate, keys and tokens, kept fresh; and files.

Must not know: activities, what is sent.
"""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AsyncExitStack

import aiohttp
import msgspec

from bot.config import Settings
from bot.identity import token_fetch
from bot.teams.auth import ChannelGate, Gate
from bot.teams.file_uploads import FileUploads
from bot.teams.files import FileFetcher, open_file_client
from bot.teams.keys import SigningKeys
from bot.teams.local import LocalGate
from bot.teams.service_urls import ServiceUrls
from bot.teams.tokens import Anonymous, SharedToken, TokenSource, TokenUnavailable

_KEYS_EVERY = 60.0  # seconds between two looks at the age of the signing keys


class Doors(msgspec.Struct, kw_only=True):
    """The gate for what comes in, the tokens for what goes out, and whether the gate has its keys."""

    gate: Gate
    tokens: TokenSource
    files: FileFetcher
    uploads: FileUploads
    ready: Callable[[], bool] = lambda: True


def open_doors(
    settings: Settings, client: aiohttp.ClientSession, stack: AsyncExitStack, service_urls: ServiceUrls
) -> Doors:
    """Set up the doors; `stack` closes them. In local mode everybody on this machine may come in."""
    if settings.local:
        anonymous = Anonymous()
        files, uploads = _files(stack, anonymous, service_urls)
        return Doors(gate=LocalGate(), tokens=anonymous, files=files, uploads=uploads)
    keys = SigningKeys(client, settings.openid_metadata_url)
    stack.push_async_callback(keys.close)
    tokens = SharedToken(token_fetch(settings, client))
    stack.push_async_callback(tokens.close)
    gate = ChannelGate(
        keys,
        app_id=settings.app_id,
        service_urls=service_urls,
        tenants=frozenset({settings.tenant_id}),
        issuer=settings.token_issuer,
    )
    fresh = asyncio.create_task(_keep_fresh(keys, tokens), name="keys and token")
    stack.push_async_callback(_ended, fresh)
    files, uploads = _files(stack, tokens, service_urls)
    return Doors(gate=gate, tokens=tokens, files=files, uploads=uploads, ready=lambda: keys.loaded)


def _files(
    stack: AsyncExitStack, tokens: TokenSource, service_urls: ServiceUrls
) -> tuple[FileFetcher, FileUploads]:
    """Who lets the bot speak to a connector on this machine lets files come from and go there as well."""
    loopback = service_urls.has_loopback
    client = open_file_client(loopback=loopback)
    stack.push_async_callback(client.close)
    fetcher = FileFetcher(client, tokens, service_urls, loopback=loopback)
    return fetcher, FileUploads(client, loopback=loopback)


async def _keep_fresh(keys: SigningKeys, tokens: TokenSource) -> None:
    """Fetch keys and token ahead of the first message, and the keys again as they age.

    Without this a bot that starts while the host of the keys is down would never get ready: nobody is sent
    to a bot that is not ready, and nothing else asks for keys.
    """
    with contextlib.suppress(TokenUnavailable):
        await tokens.bearer()
    while True:
        await keys.keep_fresh()
        await asyncio.sleep(_KEYS_EVERY)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
