"""A played Microsoft Entra: a real HTTP server on loopback that signs people in, with real RSA keys.

It is strict where Entra is: codes work once, for one application, with its secret, its redirect address and
the verifier that belongs to the challenge. What it puts into the next tokens can be changed.

    async with PlayedEntra(redirect_uri) as entra:
        entra.people = [KIM]                # who is asked for; one person is signed in without a question
        entra.claims = {"aud": "another"}   # in every token from now on
"""

import base64
import hashlib
import hmac
import html
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlencode

import jwt
import msgspec
from aiohttp import web
from cryptography.hazmat.primitives import serialization

from tests.support.cloud import APP_ID, DROP, SECRET, TENANT, Endpoint, rsa_key


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in the tenant."""

    name: str
    oid: str
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


GROUP = "99999999-8888-4777-8666-555555555555"
KIM = Account(name="Kim Özdemir", oid="aaaaaaaa-0000-4000-8000-000000000001", roles=("Helpdesk",))
ROBIN = Account(name="Robin Weber", oid="aaaaaaaa-0000-4000-8000-000000000002", roles=("Helpdesk",))
GUEST = Account(name="Alex Guest", oid="aaaaaaaa-0000-4000-8000-000000000003", roles=("Other",))


class PlayedEntra:
    """One tenant with one application."""

    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri
        self.url = ""
        self.people = [KIM]
        self.claims: Mapping[str, Any] = {}
        self.header: Mapping[str, Any] = {}
        self.key = "entra-1"
        self.algorithm = "RS256"
        self.codes_work_again = False
        self.asked: list[dict[str, str]] = []  # the queries of sign-ins
        self.tokens = Endpoint(self._token)
        self.keys = Endpoint(self._keys)
        self.issued: list[str] = []
        self._codes: dict[str, tuple[Account, dict[str, str]]] = {}
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get(f"/{TENANT}/v2.0/.well-known/openid-configuration", self._metadata)
        app.router.add_get(f"/{TENANT}/discovery/v2.0/keys", self.keys.handle)
        app.router.add_get(f"/{TENANT}/oauth2/v2.0/authorize", self._authorize)
        app.router.add_post(f"/{TENANT}/oauth2/v2.0/token", self.tokens.handle)
        app.router.add_get(f"/{TENANT}/oauth2/v2.0/logout", self._logout)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _metadata(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(
            {
                "issuer": f"{self.url}/{TENANT}/v2.0",
                "jwks_uri": f"{self.url}/{TENANT}/discovery/v2.0/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def _keys(self, _: web.Request) -> web.StreamResponse:
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("entra-1").public_key(), as_dict=True)
        jwk.pop("key_ops", None)
        return web.json_response({"keys": [{**jwk, "kid": "entra-1", "use": "sig", "x5t": "entra-1"}]})

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        self.asked.append(query)
        chosen = query.pop("account", "")
        wrong = {
            "client_id": query.get("client_id") != APP_ID,
            "redirect_uri": query.get("redirect_uri") != self.redirect_uri,
            "response_type": query.get("response_type") != "code",
            "code_challenge_method": query.get("code_challenge_method") != "S256",
            "state": not query.get("state"),
            "nonce": not query.get("nonce"),
        }
        if any(wrong.values()):
            # Where somebody is to be sent back to is not believed either.
            codes = {"client_id": "AADSTS700016", "redirect_uri": "AADSTS50011"}
            first = next(name for name in wrong if wrong[name])
            return web.Response(status=400, text=f"{codes.get(first, 'AADSTS900144')}: {first}")
        found = [each for each in self.people if each.oid == chosen]
        if not found and (len(self.people) != 1 or query.get("prompt") == "select_account"):
            links = "".join(
                f'<p><a href="?{html.escape(urlencode({**query, "account": each.oid}))}">{each.name}</a></p>'
                for each in self.people
            )
            head = "<!doctype html><title>Pick an account</title><link rel=icon href=data:,>"
            return web.Response(text=head + links, content_type="text/html")
        code = uuid.uuid4().hex
        self._codes[code] = ((found or self.people)[0], query)
        answer = urlencode({"code": code, "state": query["state"], "session_state": "s"})
        return web.Response(status=302, headers={"Location": f"{self.redirect_uri}?{answer}"})

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if (form.get("client_id"), form.get("client_secret")) != (APP_ID, SECRET):
            return web.json_response({"error": "invalid_client", "error_description": "no"}, status=401)
        code = str(form.get("code"))
        account, query = self._codes.get(code, (None, {}))
        if not self.codes_work_again:
            self._codes.pop(code, None)
        verifier = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        fits = (
            form.get("grant_type") == "authorization_code" and form.get("redirect_uri") == self.redirect_uri
        )
        if account is None or challenge != query["code_challenge"] or not fits:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = self.token(account, query["nonce"])
        self.issued.append(token)
        return web.json_response({"token_type": "Bearer", "expires_in": 3600, "id_token": token})

    def token(self, account: Account, nonce: str) -> str:
        """An ID token, as good or as bad as was asked for."""
        now = int(time.time())
        usual = {
            "aud": APP_ID,
            "iss": f"{self.url}/{TENANT}/v2.0",
            "iat": now - 5,
            "nbf": now - 5,
            "exp": now + 3600,
            "name": account.name,
            "preferred_username": "kim@contoso.example",
            "oid": account.oid,
            "sub": "pairwise",
            "tid": TENANT,
            "ver": "2.0",
            "nonce": nonce,
            "roles": list(account.roles) or DROP,
            "groups": list(account.groups) or DROP,
        }
        claims = {name: value for name, value in {**usual, **self.claims}.items() if value is not DROP}
        header = {"kid": self.key, "typ": "JWT", **self.header}
        payload = json.dumps(claims).encode()
        if self.algorithm == "HS256":
            return _with_the_public_key(header, payload)
        secret = "" if self.algorithm == "none" else rsa_key(self.key)
        return jwt.PyJWS().encode(payload, secret, algorithm=self.algorithm, headers=header)

    async def _logout(self, _: web.Request) -> web.StreamResponse:
        return web.Response(text="You signed out of your account.")


def _with_the_public_key(header: Mapping[str, Any], payload: bytes) -> str:
    """The classic forgery: everybody has the public key, and it passes for the secret of an HMAC."""
    pem = (
        rsa_key("entra-1")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    head = json.dumps({**header, "alg": "HS256"}).encode()
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (head, payload))
    mac = hmac.new(pem, signed, "sha256").digest()
    return (signed + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()
