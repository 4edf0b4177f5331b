"""Local mode: no app id, no tokens, and nobody but this machine."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from bot.teams.auth import Claims, NotAdmitted
from bot.teams.local import LocalGate
from tests.support.cloud import DROP, PlayedCloud
from tests.support.stage import Stage


@pytest.fixture
async def local(stage: Stage) -> AsyncIterator[Stage]:
    """A bot without an app id."""
    stage.without_app_id()
    yield stage
    await stage.tokens.close()


async def test_the_agents_playground_is_served(local: Stage, cloud: PlayedCloud) -> None:
    """No Authorization header in either direction, and a reply to the address that the activity names."""
    local.bot.on_message = lambda context: context.send_activity("hello back")
    headers = {"x-ms-agents-playground": "true"}
    activity = cloud.activity(serviceUrl=f"{cloud.url}/_connector", channelData=DROP)
    assert await local.post(activity, token=None, headers=headers) == 200
    [sent] = cloud.sent
    assert sent.parts[:4] == ["_connector", "v3", "conversations", "a:chat"]
    assert "Authorization" not in sent.headers


@pytest.mark.parametrize(
    "url",
    [
        "https://smba.trafficmanager.net/",
        "http://evil.example/",
        "http://localhost.evil.example/",
        "",
        None,
        7,
    ],
)
async def test_an_answer_never_leaves_this_machine(local: Stage, cloud: PlayedCloud, url: object) -> None:
    """An activity that names another address is refused."""
    assert await local.post(cloud.activity(serviceUrl=url), token=None) == 403
    assert local.bot.seen == []


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "10.0.0.1"},
        {"Forwarded": "for=10.0.0.1"},
        {"X-Real-IP": "10.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:3978"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
async def test_nobody_speaks_through_a_proxy_or_a_web_page(
    local: Stage, cloud: PlayedCloud, headers: dict[str, str]
) -> None:
    """The last hop is on this machine, but the sender is not: that is refused."""
    assert await local.post(cloud.activity(), token=None, headers=headers) in {400, 403}
    assert local.bot.seen == []


@pytest.mark.parametrize(
    "peer", ["10.0.0.1", "192.168.1.5", "::ffff:10.0.0.1", "fe80::1", "", None, "localhost.x"]
)
async def test_another_machine_is_refused(peer: str | None) -> None:
    """The address at the other end of the socket must be loopback."""
    headers = CIMultiDictProxy(CIMultiDict({"Host": "127.0.0.1:3978"}))
    with pytest.raises(NotAdmitted) as error:
        await LocalGate().verify(headers, peer)
    assert error.value.status == 403


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["127.0.0.1:3978", "localhost:3978", "[::1]:3978", "localhost"])
async def test_this_machine_is_admitted(peer: str, host: str) -> None:
    """Every way to name this machine is fine."""
    headers = CIMultiDictProxy(CIMultiDict({"Host": host}))
    assert await LocalGate().verify(headers, peer) == Claims("", frozenset())


async def test_a_middleware_cannot_change_who_is_asking(local: Stage, cloud: PlayedCloud) -> None:
    """The peer is read from the socket, not from what a middleware made of the request."""

    async def disguised(request: web.Request) -> web.StreamResponse:
        return await local.adapter.process(request.clone(remote="10.0.0.1"), local.bot)

    app = web.Application()
    app.router.add_post("/", disguised)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    status, _ = await cloud.post(f"http://127.0.0.1:{runner.addresses[0][1]}/", cloud.activity(), token=None)
    await runner.cleanup()
    assert status == 200
