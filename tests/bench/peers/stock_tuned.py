"""The echo of botbuilder-python 4.17, as fast as it gets without replacing a part of the SDK.

One credentials object and so one token instead of one for each turn, the certificates in a hashed folder
instead of a bundle that is parsed for each connection, and more threads for the connector's blocking calls.
"""

import asyncio
import hashlib
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from aiohttp import web
from botbuilder.integration.aiohttp import (
    ConfigurationBotFrameworkAuthentication,
    ConfigurationServiceClientCredentialFactory,
)
from stock_echo import EchoBot, Settings, serve

THREADS = 64


class CachedCredentials(ConfigurationServiceClientCredentialFactory):
    """Gives the same credentials again, and so MSAL's cache lives longer than a turn."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._made: dict[tuple[str, str], Any] = {}

    async def create_credentials(
        self, app_id: str, oauth_scope: str, login_endpoint: str, validate_authority: bool
    ) -> Any:
        """See ServiceClientCredentialsFactory."""
        key = (app_id, oauth_scope)
        if key not in self._made:
            self._made[key] = await super().create_credentials(
                app_id, oauth_scope, login_endpoint, validate_authority
            )
        return self._made[key]


def hashed(bundle: Path) -> Path:
    """The bundle's certificates as a folder in which OpenSSL looks up only what it needs."""
    content = bundle.read_bytes()
    folder = bundle.parent / f"hashed-{hashlib.sha256(content).hexdigest()[:16]}"
    if not folder.exists():
        making = bundle.parent / f"{folder.name}-{os.getpid()}"
        making.mkdir()
        blocks = re.findall(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", content, re.DOTALL)
        for number, block in enumerate(blocks):
            (making / f"{number}.pem").write_bytes(block + b"\n")
        openssl = shutil.which("openssl")
        assert openssl, "the openssl command names the files of a hashed folder"
        subprocess.run([openssl, "rehash", str(making)], check=True, stderr=subprocess.DEVNULL)
        making.rename(folder)
    return folder


async def more_threads(_app: web.Application) -> None:
    """The default is six threads on two processors."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))


if __name__ == "__main__":
    os.environ["REQUESTS_CA_BUNDLE"] = str(hashed(Path(os.environ["CA"])))
    settings = Settings()
    tuned = serve(
        EchoBot(),
        ConfigurationBotFrameworkAuthentication(settings, credentials_factory=CachedCredentials(settings)),
    )
    tuned.on_startup.append(more_threads)
    web.run_app(tuned, host="127.0.0.1", port=Settings.PORT)
