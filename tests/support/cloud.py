"""A played Bot Framework cloud: a real HTTP server on loopback with real RSA keys.

It publishes OpenID metadata and signing keys, hands out the bot's tokens, keeps a journal of everything that
is sent to its Connector API, and speaks to a bot the way Teams does. Every endpoint can be told to answer
differently, once or from now on.

    async with PlayedCloud() as cloud:
        await cloud.say("hello", bot_url)              # a signed activity
        cloud.connector.next(429, headers={"Retry-After": "7"})
        cloud.rotate_keys()
        assert cloud.sent[0].body["text"] == "hi"
"""

import asyncio
import functools
import json
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self
from urllib.parse import quote, unquote

import aiohttp
import jwt
import msgspec
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

APP_ID = "11111111-2222-4333-8444-555555555555"
TENANT = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SECRET = "played-secret-canary-7Q"
ISSUER = "https://api.botframework.com"
DROP: Any = object()
"""As a changed claim, header or field: leave it out."""

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@functools.cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """A private key; the same for the same name, because making one takes a tenth of a second."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Sent(msgspec.Struct):
    """One request that the cloud received."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any

    @property
    def parts(self) -> list[str]:
        """The path's segments, decoded."""
        return [unquote(part) for part in self.path.split("/") if part]


class Endpoint:
    """One endpoint of the cloud: what it received, and what it answers next."""

    def __init__(self, usual: Answer) -> None:
        self.received: list[Sent] = []
        self._usual = usual
        self._always: Answer | None = None
        self._next: deque[Answer] = deque()

    def next(self, status: int = 200, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        """Answer one more request this way, then as before; a str or bytes body is sent as it is."""
        self._next.append(answer(status, body, headers))

    def next_with(self, handler: Answer) -> None:
        """Let a handler answer one more request."""
        self._next.append(handler)

    def always(self, status: int = 200, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        """Answer this way from now on."""
        self._always = answer(status, body, headers)

    def always_with(self, handler: Answer) -> None:
        """Let a handler answer from now on."""
        self._always = handler

    def always_to(self, method: str, status: int, body: Any = None) -> None:
        """Answer requests with one method this way from now on, and others as usual."""
        scripted = answer(status, body)

        async def chosen(request: web.Request) -> web.StreamResponse:
            return await (scripted if request.method == method else self._usual)(request)

        self._always = chosen

    def usual(self) -> None:
        """Forget what was scripted."""
        self._always = None
        self._next.clear()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note the request and answer it."""
        raw = await request.read()
        try:
            body: Any = json.loads(raw) if raw else None
        except ValueError:
            body = raw.decode("utf-8", "replace")
        self.received.append(Sent(request.method, request.raw_path, dict(request.headers), body))
        chosen = self._next.popleft() if self._next else self._always or self._usual
        return await chosen(request)


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer that is always the same."""
    raw = body.encode() if isinstance(body, str) else body
    content = raw if isinstance(raw, bytes) else b"" if raw is None else json.dumps(raw).encode()

    async def respond(_request: web.Request) -> web.StreamResponse:
        return web.Response(
            status=status, body=content, headers={"Content-Type": "application/json", **(headers or {})}
        )

    return respond


async def drop(request: web.Request) -> web.StreamResponse:
    """Take the request and hang up without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


class PlayedCloud:
    """The cloud. All its endpoints are one server; the login has a name of its own, ``cloud.login``.

    So a Connector that hangs keeps no connection from whoever asks for keys, as in the real one.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.app_id, self.tenant, self.secret, self.issuer = APP_ID, TENANT, SECRET, ISSUER
        self.url = self.login = ""
        self.kid = "key-1"
        self.published: list[dict[str, Any]] = [self.jwk("key-1")]
        self.metadata = Endpoint(self._metadata)
        self.jwks = Endpoint(self._jwks)
        self.tokens = Endpoint(self._token)
        self.connector = Endpoint(self._connector)
        self.onedrive = Endpoint(answer(404, None))
        self.pictures = Endpoint(answer(404, None))
        self.enforce_bearer = False
        self.token_lifetime = 3600
        self.issued: list[str] = []
        self.members: dict[str, dict[str, Any]] = {}
        self._ids = 0
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_get("/v1/.well-known/openidconfiguration", self.metadata.handle)
        app.router.add_get("/v1/.well-known/keys", self.jwks.handle)
        app.router.add_post("/token", self.tokens.handle)
        app.router.add_route("*", "/onedrive/{rest:.*}", self.onedrive.handle)
        app.router.add_get("/teams/v3/attachments/{rest:.*}", self.pictures.handle)
        app.router.add_route("*", "/{rest:.*}", self.connector.handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url, self.login = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        self._client = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        assert self._client is not None
        assert self._runner is not None
        await self._client.close()
        await self._runner.cleanup()

    # ---- where things are

    @property
    def metadata_url(self) -> str:
        """The setting HANDRAIL_OPENID_METADATA_URL."""
        return f"{self.login}/v1/.well-known/openidconfiguration"

    @property
    def token_url(self) -> str:
        """The setting HANDRAIL_TOKEN_URL."""
        return f"{self.login}/token"

    @property
    def service_url(self) -> str:
        """The address that activities name."""
        return f"{self.url}/teams/"

    @property
    def sent(self) -> list[Sent]:
        """What the Connector API received, oldest first."""
        return self.connector.received

    def in_onedrive(self, name: str) -> dict[str, Any]:
        """A file that a person sent, as an activity's attachment; `onedrive` answers for it."""
        link = f"{self.url}/onedrive/{quote(name)}?tempauth=played-link-canary"
        return {
            "contentType": "application/vnd.microsoft.teams.file.download.info",
            "contentUrl": f"https://contoso-my.sharepoint.com/personal/erika/Documents/{quote(name)}",
            "name": name,
            "content": {
                "downloadUrl": link,
                "uniqueId": "1150D938-8870",
                "fileType": name.rpartition(".")[2],
            },
        }

    def pasted(self) -> dict[str, Any]:
        """A picture that a person pasted, as an activity's attachment; `pictures` answers for it."""
        self._ids += 1
        return {
            "contentType": "image/*",
            "contentUrl": f"{self.service_url}v3/attachments/0-eus-{self._ids}/views/original",
        }

    # ---- keys

    def jwk(self, name: str, **changes: Any) -> dict[str, Any]:
        """The public half of a key as the cloud publishes it."""
        jwk = {
            **jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(name).public_key(), as_dict=True),
            "kid": name,
            "use": "sig",
            "endorsements": ["msteams", "webchat"],
        }
        jwk.pop("key_ops", None)
        return _changed(jwk, changes)

    def rotate_keys(self, *, keep_old: bool = True) -> str:
        """Publish a new key and sign with it from now on; returns its id."""
        self.kid = f"key-{int(self.kid.removeprefix('key-')) + 1}"
        self.published = [*(self.published if keep_old else []), self.jwk(self.kid)]
        return self.kid

    async def hang(self, _request: web.Request) -> web.StreamResponse:
        """An answer that does not come before the cloud closes."""
        await self._closing.wait()
        return web.Response(status=503)

    # ---- speaking to a bot

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a token of the Bot Connector service."""
        now = int(self.clock())
        claims = {
            "iss": self.issuer,
            "aud": self.app_id,
            "nbf": now - 5,
            "exp": now + 3600,
            "serviceurl": self.service_url,
        }
        return _changed(claims, changes)

    def token(
        self,
        *,
        key: str | None = None,
        algorithm: str = "RS256",
        header: Mapping[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """A signed token; any claim or header can be changed, or left out with DROP."""
        headers = _changed({"kid": key or self.kid, "x5t": key or self.kid}, header or {})
        payload = json.dumps(self.claims(**claims)).encode()  # jwt.encode refuses the more interesting claims
        return jwt.PyJWS().encode(payload, rsa_key(key or self.kid), algorithm=algorithm, headers=headers)

    def pem(self, name: str | None = None) -> bytes:
        """A public key as PEM, the classic secret of an HS256 forgery."""
        return (
            rsa_key(name or self.kid)
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )

    def activity(self, text: str = "hello", **changes: Any) -> dict[str, Any]:
        """A message as Teams sends it from a personal chat; fields can be changed, or left out with DROP."""
        activity = {
            "type": "message",
            "id": str(uuid.uuid4()),
            "timestamp": "2026-11-22T09:41:07.1234567Z",
            "localTimestamp": "2026-11-22T10:41:07.1234567+01:00",
            "serviceUrl": self.service_url,
            "channelId": "msteams",
            "from": {
                "id": "29:person",
                "name": "Erika Mustermann",
                "aadObjectId": "0f0f0f0f-1111-4222-8333-444444444444",
            },
            "conversation": {"id": "a:chat", "conversationType": "personal", "tenantId": self.tenant},
            "recipient": {"id": f"28:{self.app_id}", "name": "Handrail"},
            "textFormat": "plain",
            "text": text,
            "entities": [{"type": "clientInfo", "locale": "de-DE", "country": "DE", "platform": "Windows"}],
            "channelData": {"tenant": {"id": self.tenant}},
            "locale": "de-DE",
        }
        return _changed(activity, changes)

    async def post(
        self,
        url: str,
        activity: Any,
        *,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Post to a bot; returns status and body (parsed, or text, or None).

        Args:
            url: The bot's endpoint.
            activity: Sent as JSON; bytes are sent as they are.
            token: A good one unless given; None sends no Authorization header.
            headers: More headers, or others.
        """
        assert self._client is not None
        head = {"Content-Type": "application/json"}
        if token is not None:
            head["Authorization"] = f"Bearer {token or self.token()}"
        data = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        async with self._client.post(url, data=data, headers={**head, **(headers or {})}) as response:
            raw = await response.read()
        try:
            return response.status, json.loads(raw) if raw else None
        except ValueError:
            return response.status, raw.decode("utf-8", "replace")

    async def say(self, text: str, url: str, **changes: Any) -> int:
        """Post a good message; returns the status."""
        status, _ = await self.post(url, self.activity(text, **changes))
        return status

    async def click(self, data: Mapping[str, Any], url: str, **changes: Any) -> tuple[int, Any]:
        """Press a card's Action.Execute button; returns status and body."""
        value = {"action": {"type": "Action.Execute", "verb": "go", "data": data}, "trigger": "manual"}
        fields = {"type": "invoke", "name": "adaptiveCard/action", "value": value, "text": DROP, **changes}
        return await self.post(url, self.activity(**fields))

    # ---- what the endpoints usually do

    async def _metadata(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {
                "issuer": self.issuer,
                "jwks_uri": f"{self.login}/v1/.well-known/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def _jwks(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"keys": self.published})

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if (form.get("client_id"), form.get("client_secret")) != (self.app_id, self.secret):
            return web.json_response({"error": "invalid_client"}, status=401)
        self.issued.append(f"bot-token-{len(self.issued) + 1}")
        return web.json_response(
            {
                "token_type": "Bearer",
                "expires_in": self.token_lifetime,
                "access_token": self.issued[-1],
            }
        )

    async def _connector(self, request: web.Request) -> web.StreamResponse:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.enforce_bearer and bearer not in self.issued[-1:]:
            return web.json_response({"error": {"code": "Unauthorized"}}, status=401)
        match request.method, self.connector.received[-1].parts:
            case "POST", [*_, "v3", "conversations"]:
                self._ids += 1
                return web.json_response(
                    {"id": f"a:new-{self._ids}", "activityId": f"first-{self._ids}"}, status=201
                )
            case "GET", [*_, "members", member]:
                found = self.members.get(member, {"id": member, "name": "Somebody"})
                return web.json_response(found)
            case "GET", [*_, page] if page.startswith("pagedmembers"):
                people = list(self.members.values())
                start = int(request.query.get("continuationToken", "0"))
                more = {"continuationToken": str(start + 1)} if start + 1 < len(people) else {}
                return web.json_response({"members": people[start : start + 1], **more})
            case "DELETE", _:
                return web.Response(status=200)
            case "PUT", [*_, activity_id]:
                return web.json_response({"id": activity_id})
            case _:
                self._ids += 1
                return web.json_response({"id": f"activity-{self._ids}"}, status=201)


def _changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**base, **changes}.items() if value is not DROP}
