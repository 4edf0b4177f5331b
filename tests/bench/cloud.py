"""A played Bot Framework cloud for speed: login, signing keys, Connector, over TLS, with real RS256 tokens.

It checks the bot's token and hands every activity that arrives to whoever listens for its conversation. It
speaks to every bot framework: the paths are those of Microsoft's cloud, and those that MSAL asks for when it
does not know a host (`/adfs`). The faults and the journal of `tests/support/cloud.py` are not here.

Must not know: what is measured.
"""

import asyncio
import json
import ssl
import time
import uuid
from collections.abc import Callable
from typing import Any, Final, Self
from urllib.parse import unquote

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.bench.certificates import Certificates
from tests.bench.wire import Head, Served, answer

APP_ID: Final = "11111111-2222-4333-8444-555555555555"
SECRET: Final = "played-secret"
TENANT: Final = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
ISSUER: Final = "https://api.botframework.com"
_KEY: Final = "key-1"


class Cloud:
    """The cloud. `hears` is told of each new activity: the conversation and the activity, as bytes."""

    def __init__(self, certificates: Certificates, hears: Callable[[str, bytes], None]) -> None:
        self._certificates = certificates
        self._hears = hears
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._tokens: set[bytes] = set()
        self._ids = 0
        self._server: asyncio.Server | None = None
        self._signed = ""
        self.url = ""
        self.login_hangs = False
        self.keys_hang = False
        self.connector_hangs = False
        self.activities = 0

    async def __aenter__(self) -> Self:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self._certificates.server)
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Served(self._answer), "127.0.0.1", 0, ssl=tls, backlog=1024
        )
        self.url = f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    @property
    def service_url(self) -> str:
        """The address that activities name."""
        return f"{self.url}/smba/"

    @property
    def metadata_url(self) -> str:
        """Where the signing keys of the channel are announced."""
        return f"{self.url}/v1/.well-known/openidconfiguration"

    @property
    def token_url(self) -> str:
        """Where a bot gets its token."""
        return f"{self.url}/{TENANT}/oauth2/v2.0/token"

    def token(self) -> str:
        """The channel's token: one for an hour, as the Connector does it."""
        if not self._signed:
            now = int(time.time())
            claims = {
                "iss": ISSUER,
                "aud": APP_ID,
                "nbf": now - 5,
                "exp": now + 7200,
                "serviceurl": self.service_url,
            }
            head = {"kid": _KEY, "x5t": _KEY}
            self._signed = jwt.encode(claims, self._key, algorithm="RS256", headers=head)
        return self._signed

    def _answer(self, head: Head, body: bytes) -> bytes | None:
        method, path, _ = head.line.split(b" ", 2)
        if path.startswith(b"/smba/"):
            return self._connector(method, path, head, body)
        if b"/.well-known/openidconfiguration" in path:
            return None if self.keys_hang else _json(self._metadata())
        if path == b"/v1/.well-known/keys":
            return None if self.keys_hang else _json({"keys": [self._jwk()]})
        if b"/.well-known/openid-configuration" in path:
            return None if self.login_hangs else _json(self._login(path))
        if b"/token" in path:
            return None if self.login_hangs else self._issued()
        return answer(404, b"{}")

    def _connector(self, method: bytes, path: bytes, head: Head, body: bytes) -> bytes | None:
        if self.connector_hangs:
            return None
        if head.value(b"authorization").removeprefix(b"Bearer ") not in self._tokens:
            return answer(401, b'{"error":{"code":"Unauthorized"}}')
        parts = path.split(b"?")[0].strip(b"/").split(b"/")  # smba v3 conversations ID activities [ID]
        self._ids += 1
        if method == b"POST":
            self.activities += 1
            if len(parts) == 3:
                return answer(201, b'{"id":"a:new-%d","activityId":"first-%d"}' % (self._ids, self._ids))
            self._hears(unquote(parts[3].decode()), body)
            return answer(201, b'{"id":"activity-%d"}' % self._ids)
        return answer(200, b'{"id":"activity-%d"}' % self._ids)

    def _issued(self) -> bytes:
        now = int(time.time())  # a real one: an SDK may look into its own token
        claims = {"iss": f"{self.url}/{TENANT}/v2.0", "aud": ISSUER, "appid": APP_ID, "tid": TENANT,
                  "nbf": now, "exp": now + 3600, "uti": str(uuid.uuid4())}  # fmt: skip
        token = jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": _KEY, "x5t": _KEY})
        self._tokens.add(token.encode())
        lives = {"expires_in": 3600, "ext_expires_in": 3600}
        return _json({"token_type": "Bearer", "access_token": token, **lives})

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": ISSUER,
            "jwks_uri": f"{self.url}/v1/.well-known/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _jwk(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        public.pop("key_ops", None)
        return {**public, "kid": _KEY, "x5t": _KEY, "use": "sig", "endorsements": ["msteams", "webchat"]}

    def _login(self, path: bytes) -> dict[str, Any]:
        tenant = path.strip(b"/").split(b"/")[0].decode()
        return {
            "issuer": f"{self.url}/{tenant}",
            "authorization_endpoint": f"{self.url}/{tenant}/oauth2/authorize",
            "token_endpoint": f"{self.url}/{tenant}/oauth2/token",
            "jwks_uri": f"{self.url}/v1/.well-known/keys",
        }


def _json(value: Any) -> bytes:
    return answer(200, json.dumps(value).encode())
