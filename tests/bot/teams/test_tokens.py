"""The bot's own token: fetched once, renewed early, replaced when refused, and shown to nobody."""

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from bot.teams.outcomes import Delivered, Refused, TryAgain
from bot.teams.tokens import (
    Anonymous,
    SharedToken,
    Token,
    TokenUnavailable,
    from_managed_identity,
    from_secret,
    from_token_url,
)
from tests.support.cloud import APP_ID, SECRET, TENANT, PlayedCloud, drop, rsa_key
from tests.support.stage import Clock, Stage


@pytest.fixture
def tokens(stage: Stage) -> SharedToken:
    """The stage's token source."""
    assert isinstance(stage.tokens, SharedToken)
    return stage.tokens


async def test_one_token_serves_everybody(tokens: SharedToken, cloud: PlayedCloud) -> None:
    """Fifty senders at once cause one request."""
    assert set(await asyncio.gather(*(tokens.bearer() for _ in range(50)))) == {"bot-token-1"}
    assert cloud.tokens.received[0].body == (
        f"grant_type=client_credentials&client_id={APP_ID}&client_secret={SECRET}"
        "&scope=https%3A%2F%2Fapi.botframework.com%2F.default"
    )
    assert len(cloud.tokens.received) == 1


async def test_it_is_renewed_before_it_expires_without_waiting(
    tokens: SharedToken, cloud: PlayedCloud, clock: Clock
) -> None:
    """Near its end the old token is still handed out at once, while the new one is on its way."""
    await tokens.bearer()
    clock.forward(3600 - 300)
    fetching, go = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.StreamResponse:
        fetching.set()
        await go.wait()
        return web.json_response({"access_token": "renewed", "expires_in": 3600})

    cloud.tokens.next_with(slow)
    assert await tokens.bearer() == "bot-token-1"
    async with asyncio.timeout(30):
        await fetching.wait()
    assert await tokens.bearer() == "bot-token-1"
    clock.forward(300)
    go.set()
    assert await tokens.bearer() == "renewed"
    assert len(cloud.tokens.received) == 2


async def test_a_failed_renewal_leaves_the_old_token(
    tokens: SharedToken, cloud: PlayedCloud, clock: Clock
) -> None:
    """As long as the token lives, a token service that is down is nobody's problem; attempts are spaced."""
    await tokens.bearer()
    cloud.tokens.always(500)
    clock.forward(3600 - 300)
    for _ in range(20):
        clock.forward(1)
        assert await tokens.bearer() == "bot-token-1"
    clock.forward(300)
    for _ in range(10):
        with pytest.raises(TokenUnavailable) as error:
            await tokens.bearer()
        assert error.value.code == "status_500"
        assert not error.value.credentials
    assert len(cloud.tokens.received) <= 6


async def test_a_refused_token_is_replaced_once_for_all(tokens: SharedToken, cloud: PlayedCloud) -> None:
    """Many senders told 401 for the same token cause one new one."""
    first = await tokens.bearer()
    assert set(await asyncio.gather(*(tokens.bearer(rejected=first) for _ in range(20)))) == {"bot-token-2"}
    assert await tokens.bearer(rejected=first) == "bot-token-2"
    assert len(cloud.tokens.received) == 2


@pytest.mark.parametrize(
    ("status", "body", "code", "credentials"),
    [
        (401, {"error": "invalid_client", "error_description": "canary"}, "invalid_client", True),
        (400, {"error": "unauthorized_client"}, "unauthorized_client", True),
        (400, {"error": "invalid_request"}, "invalid_request", False),
        (429, {"error": "invalid_client"}, "status_429", False),
        (503, "", "status_503", False),
        (200, "<html>", "not_json", False),
        (200, {}, "no_token_in_answer", False),
        (200, [], "no_token_in_answer", False),
        (200, {"access_token": "", "expires_in": 3600}, "no_token_in_answer", False),
        (200, {"access_token": "x"}, "no_token_in_answer", False),
        (200, {"access_token": "x", "expires_in": "soon"}, "bad_lifetime", False),
        (200, {"access_token": "x", "expires_in": -1}, "bad_token", False),
        (200, {"access_token": "x\r\nX-Evil: 1", "expires_in": 60}, "bad_token", False),
        (302, "", "not_json", False),
    ],
)
async def test_what_the_service_says_is_understood(
    tokens: SharedToken, cloud: PlayedCloud, status: int, body: Any, code: str, credentials: bool
) -> None:
    """An operator's problem (wrong credentials) is told apart from a passing one."""
    cloud.tokens.always(status, body)
    with pytest.raises(TokenUnavailable) as error:
        await tokens.bearer()
    assert (error.value.code, error.value.credentials) == (code, credentials)
    assert "canary" not in str(error.value)


async def test_a_token_service_that_hangs_up_is_a_passing_problem(
    tokens: SharedToken, cloud: PlayedCloud
) -> None:
    """A broken connection says nothing about the credentials."""
    cloud.tokens.always_with(drop)
    with pytest.raises(TokenUnavailable) as error:
        await tokens.bearer()
    assert not error.value.credentials


async def test_the_secret_and_the_token_show_in_no_repr(
    stage: Stage, client: aiohttp.ClientSession, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither objects, nor errors, nor the log give them away."""
    token = Token("canary-token", 60)
    fetch = from_token_url(client, stage.cloud.token_url, APP_ID, SECRET)
    stage.cloud.tokens.always(401, {"error": "invalid_client", "error_description": SECRET})
    with pytest.raises(TokenUnavailable) as error:
        await SharedToken(fetch).bearer()
    shown = [token, [token], fetch, stage.tokens, from_secret(APP_ID, SECRET, TENANT), error.value]
    everything = "".join(map(repr, shown)) + "".join(map(str, shown)) + "".join(capfd.readouterr())
    assert SECRET not in everything
    assert "canary-token" not in everything


async def test_local_mode_has_no_token() -> None:
    """Anonymous sends no Authorization header."""
    assert await Anonymous().bearer() is None


@pytest.mark.parametrize("url", ["http://login.example/token", "ftp://127.0.0.1/", ""])
async def test_the_secret_travels_encrypted(client: aiohttp.ClientSession, url: str) -> None:
    """A token URL in the clear is refused at start."""
    with pytest.raises(ValueError, match="token URL"):
        from_token_url(client, url, APP_ID, SECRET)


async def test_a_401_of_teams_is_answered_with_one_new_token(stage: Stage) -> None:
    """The connector asks for one other token and tries once more."""
    stage.cloud.enforce_bearer = True
    assert isinstance(await stage.connector.send(stage.cloud.service_url, "a:1", {}), Delivered)
    stage.cloud.issued.append("revoked-all-before")
    assert isinstance(await stage.connector.send(stage.cloud.service_url, "a:1", {}), Delivered)
    assert [sent.headers["Authorization"] for sent in stage.cloud.sent] == [
        "Bearer bot-token-1",
        "Bearer bot-token-1",
        "Bearer bot-token-3",
    ]


async def test_a_401_that_stays_is_a_matter_of_credentials(stage: Stage) -> None:
    """Two tokens refused are no accident; there is no third attempt."""
    stage.cloud.connector.always(401, {"error": {"code": "BotNotRegistered"}})
    assert await stage.connector.send(stage.cloud.service_url, "a:1", {}) == Refused("credentials", 401)
    assert len(stage.cloud.sent) == 2


async def test_without_a_token_nothing_is_sent(stage: Stage) -> None:
    """No token for now means try again; wrong credentials mean that an operator must act."""
    stage.cloud.tokens.next(503)
    assert await stage.connector.send(stage.cloud.service_url, "a:1", {}) == TryAgain("no_token")
    stage.clock.forward(6)
    stage.cloud.tokens.next(401, {"error": "invalid_client"})
    assert await stage.connector.send(stage.cloud.service_url, "a:1", {}) == Refused("credentials", 401)
    assert stage.cloud.sent == []


@pytest.fixture
async def sign_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, list[Any]]]:
    """A sign-in host with TLS, as MSAL insists on; yields its address and the forms it received."""
    key = rsa_key("tls")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cert_file))
    forms: list[Any] = []

    async def token(request: web.Request) -> web.Response:
        forms.append(dict(await request.post()))
        return web.json_response(
            {"token_type": "Bearer", "access_token": f"msal-{len(forms)}", "expires_in": 3599}
        )

    async def metadata(request: web.Request) -> web.Response:
        base = f"https://{request.host}/adfs"
        return web.json_response(
            {
                "issuer": base,
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
            }
        )

    app = web.Application()
    app.router.add_get("/adfs/.well-known/openid-configuration", metadata)
    app.router.add_post("/adfs/token", token)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert_file, key_file)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}", forms
    await runner.cleanup()


async def test_msal_fetches_with_the_secret(sign_in: tuple[str, list[Any]]) -> None:
    """The real MSAL, over TLS, off the loop; each fetch is a new token in spite of its cache."""
    host, forms = sign_in
    fetch = from_secret(APP_ID, SECRET, "adfs", authority_host=host)
    first, second = await fetch(), await fetch()
    assert (first.value, second.value) == ("msal-1", "msal-2")
    assert first.lifetime == 3599
    assert forms[0]["client_secret"] == SECRET
    assert forms[0]["scope"].split()[0] == "https://api.botframework.com/.default"


async def test_a_token_can_be_for_somebody_else(
    sign_in: tuple[str, list[Any]],
    cloud: PlayedCloud,
    client: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every way to a token takes the resource that it shall be for, as Microsoft Graph needs another one."""
    graph = "https://graph.example"
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{cloud.url}/msi")
    monkeypatch.setenv("IDENTITY_HEADER", "proof")
    expires = str(int(dt.datetime.now(dt.UTC).timestamp()) + 7200)
    cloud.connector.next(200, {"access_token": "msi", "expires_on": expires, "resource": "x"})
    host, forms = sign_in

    await from_secret(APP_ID, SECRET, "adfs", resource=graph, authority_host=host)()
    await from_managed_identity(APP_ID, resource=graph)()
    await from_token_url(client, cloud.token_url, APP_ID, SECRET, resource=graph)()

    assert forms[0]["scope"].split()[0] == "https://graph.example/.default"
    assert "resource=https%3A%2F%2Fgraph.example&" in f"{cloud.sent[0].path}&"
    assert cloud.tokens.received[0].body.endswith("&scope=https%3A%2F%2Fgraph.example%2F.default")


async def test_a_managed_identity_needs_no_secret(
    cloud: PlayedCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real MSAL asks the machine's identity endpoint for the bot's resource and client id."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{cloud.url}/msi")
    monkeypatch.setenv("IDENTITY_HEADER", "proof")
    expires = int(dt.datetime.now(dt.UTC).timestamp()) + 7200
    for n in (1, 2):
        cloud.connector.next(
            200,
            {"access_token": f"msi-{n}", "expires_on": str(expires), "resource": "x"},
        )
    fetch = from_managed_identity(APP_ID)
    first, second = await fetch(), await fetch()
    assert (first.value, second.value) == ("msi-1", "msi-2")
    assert 7000 < first.lifetime <= 7200
    assert f"client_id={APP_ID}" in cloud.sent[0].path
    assert "resource=https%3A%2F%2Fapi.botframework.com" in cloud.sent[0].path


async def test_an_identity_endpoint_that_fails_is_a_passing_problem(
    cloud: PlayedCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever MSAL makes of it, the sender hears TokenUnavailable."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{cloud.url}/msi")
    monkeypatch.setenv("IDENTITY_HEADER", "proof")
    cloud.connector.always(500, "<html>")
    with pytest.raises(TokenUnavailable):
        await SharedToken(from_managed_identity(APP_ID)).bearer()
