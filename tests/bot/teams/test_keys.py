"""Signing keys: always at hand, renewed in time, and no lever against the key host."""

import asyncio
import json
import statistics
import time

import aiohttp
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from yarl import URL

from bot.teams.keys import KeysUnavailable, SigningKeys
from tests.support.cloud import PlayedCloud, drop
from tests.support.stage import Clock, Stage

HOUR = 3600.0


@pytest.fixture
def keys(stage: Stage) -> SigningKeys:
    """The keys of the played cloud."""
    return stage.keys


async def test_keys_are_fetched_once_and_kept(keys: SigningKeys, cloud: PlayedCloud) -> None:
    """Many questions, one fetch; the endorsements come along."""
    found = await asyncio.gather(*(keys.key("key-1") for _ in range(50)))
    assert {key.endorsements for key in found if key} == {frozenset({"msteams", "webchat"})}
    assert len(cloud.jwks.received) == 1


async def test_a_new_key_is_accepted_at_once(keys: SigningKeys, cloud: PlayedCloud, clock: Clock) -> None:
    """An unknown key id fetches the keys again, once for all who wait."""
    await keys.key("key-1")
    clock.forward(61)
    kid = cloud.rotate_keys()
    found = await asyncio.gather(*(keys.key(kid) for _ in range(20)))
    assert all(found)
    assert len(cloud.jwks.received) == 2


async def test_made_up_key_ids_cause_one_fetch_a_minute(
    keys: SigningKeys, cloud: PlayedCloud, clock: Clock
) -> None:
    """Ten thousand unknown ids are no load on the key host."""
    for n in range(1000):
        clock.forward(0.1)
        assert await keys.key(f"made-up-{n}") is None
    assert len(cloud.jwks.received) == 2


async def test_failing_fetches_are_throttled_too(keys: SigningKeys, cloud: PlayedCloud, clock: Clock) -> None:
    """A host that is down is asked once a minute, not by every request."""
    cloud.metadata.always(500)
    for _ in range(30):
        clock.forward(4)
        with pytest.raises(KeysUnavailable) as error:
            await keys.key("key-1")
        assert 1 <= error.value.retry_after <= 60
    assert len(cloud.metadata.received) == 2


async def test_old_keys_are_renewed_in_the_background(
    keys: SigningKeys, cloud: PlayedCloud, clock: Clock
) -> None:
    """After half a day the question is answered at once, while the fetch runs beside it."""
    await keys.key("key-1")
    clock.forward(13 * HOUR)
    asked = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        asked.set()
        return await cloud.hang(request)

    cloud.jwks.always_with(hang)
    async with asyncio.timeout(30):  # the host never answers
        assert await keys.key("key-1")
        await asked.wait()
        assert await keys.key("key-1")


async def test_a_withdrawn_key_is_refused_within_a_day(
    keys: SigningKeys, cloud: PlayedCloud, clock: Clock
) -> None:
    """Even when nobody asked for a day, a key that is no longer published is not used once more."""
    await keys.key("key-1")
    cloud.rotate_keys(keep_old=False)
    clock.forward(24 * HOUR)
    assert await keys.key("key-1") is None


async def test_keys_outlive_a_day_without_the_host(
    keys: SigningKeys, cloud: PlayedCloud, clock: Clock
) -> None:
    """The host may be down for a day and nobody notices; after two days nothing is believed any more."""
    await keys.key("key-1")
    cloud.metadata.always_with(drop)
    for _ in range(47):
        clock.forward(HOUR)
        assert await keys.key("key-1")
    clock.forward(HOUR + 1)
    assert not keys.loaded
    with pytest.raises(KeysUnavailable):
        await keys.key("key-1")


async def test_an_unknown_key_is_not_denied_while_the_host_is_down(
    keys: SigningKeys, cloud: PlayedCloud, clock: Clock
) -> None:
    """It could be a new key: the sender is asked to come back, not turned away for good."""
    await keys.key("key-1")
    clock.forward(61)
    cloud.jwks.always(502)
    with pytest.raises(KeysUnavailable):
        await keys.key("key-2")
    assert await keys.key("key-1")


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[]}', b'{"keys":[1,null,{"kty":"RSA"}]}',
     b'{"keys":' + b"[" * 50_000, b"\xff\xfe\x00", b'{"keys":[{"kty":"oct","kid":"key-1","k":"AAAA"}]}',
     b'{"keys":[{"kty":"RSA","kid":"key-1","n":"AQAB","e":"AQAB"}]}'],
    ids=lambda body: repr(body[:30]),
)  # fmt: skip
async def test_garbage_never_replaces_good_keys(
    keys: SigningKeys, cloud: PlayedCloud, clock: Clock, body: bytes
) -> None:
    """Whatever the host serves, keys that were good stay."""
    await keys.key("key-1")
    cloud.jwks.always(200, body)
    clock.forward(13 * HOUR)
    with pytest.raises(KeysUnavailable):
        await keys.key("unknown")
    assert await keys.key("key-1")


async def test_one_bad_key_does_not_spoil_the_others(keys: SigningKeys, cloud: PlayedCloud) -> None:
    """Keys without id, of another kind, for encryption or too short are skipped."""
    good = cloud.published[0]
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    weak = jwt.algorithms.RSAAlgorithm.to_jwk(short, as_dict=True)
    cloud.published = [
        {"kty": "RSA"},
        {**good, "kid": 7},
        {**good, "kid": "enc", "use": "enc"},
        {**good, "kid": "ps", "alg": "PS256"},
        {**good, "kid": "broken", "n": "!"},
        {**weak, "kid": "weak"},
        {**good, "kid": "unendorsed", "endorsements": "msteams"},
        good,
    ]
    assert await keys.key("key-1")
    assert await keys.key("enc") is None
    assert await keys.key("ps") is None
    assert await keys.key("broken") is None
    assert await keys.key("weak") is None
    unendorsed = await keys.key("unendorsed")
    assert unendorsed is not None
    assert unendorsed.endorsements == frozenset()


async def test_more_than_four_mebibytes_are_not_read(keys: SigningKeys, cloud: PlayedCloud) -> None:
    """The live document has one megabyte; five are an attack or an accident."""
    good = json.dumps(cloud.jwk("key-1")).encode()
    cloud.jwks.always(200, b'{"keys":[' + good + b" " * 4_200_000 + b"]}")
    with pytest.raises(KeysUnavailable):
        await keys.key("key-1")


async def test_redirects_are_not_followed(keys: SigningKeys, cloud: PlayedCloud, evil: PlayedCloud) -> None:
    """The key host's name is in the settings; an answer cannot change it."""
    cloud.metadata.always(302, headers={"Location": evil.metadata_url})
    with pytest.raises(KeysUnavailable):
        await keys.key("key-1")
    assert evil.metadata.received == []


@pytest.mark.parametrize(
    "jwks_uri",
    ["https://evil.example/keys", "http://10.0.0.1/keys", "file:///etc/passwd", "", 1, None,
     "https://login.botframework.com.evil.example/keys"],
    ids=repr,
)  # fmt: skip
async def test_keys_come_from_the_same_machine_only(
    keys: SigningKeys, cloud: PlayedCloud, jwks_uri: object
) -> None:
    """A played cloud's metadata may point to loopback, and to nothing else."""
    cloud.metadata.always(200, {"jwks_uri": jwks_uri})
    with pytest.raises(KeysUnavailable):
        await keys.key("key-1")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://login.botframework.com/v1/.well-known/keys", True),
        ("https://login.botframework.azure.us/keys", True),
        ("https://login.botframework.com.evil.example/keys", False),
        ("https://evil.example/login.botframework.com", False),
        ("https://login.botframework.com@evil.example/keys", False),
        ("https://user@login.botframework.com/keys", False),
        ("http://login.botframework.com/keys", False),
        ("http://127.0.0.1/keys", False),
        ("https://localhost/keys", False),
    ],
)
async def test_keys_come_from_the_metadatas_host_or_the_bot_frameworks(
    client: aiohttp.ClientSession, url: str, allowed: bool
) -> None:
    """The metadata names where the keys are, but it cannot name just anybody."""
    keys = SigningKeys(client, "https://login.botframework.azure.us/v1/.well-known/openidconfiguration")
    assert keys._may_fetch(URL(url)) is allowed


@pytest.mark.parametrize("url", ["http://login.botframework.com/x", "ftp://127.0.0.1/x", "nonsense", ""])
async def test_a_metadata_url_must_be_https_or_loopback(client: aiohttp.ClientSession, url: str) -> None:
    """Keys fetched in the clear could be anybody's."""
    with pytest.raises(ValueError, match="metadata URL"):
        SigningKeys(client, url)


async def test_the_loop_runs_on_while_the_host_hangs(stage: Stage) -> None:
    """A hanging key host delays its own answers, which are 503 in time, and nothing else."""
    stage.keys._timeout = 1.0
    stage.cloud.metadata.always_with(stage.cloud.hang)
    lags: list[float] = []

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            lags.append(time.perf_counter() - before - 0.005)

    watcher = asyncio.create_task(watch())
    statuses = await asyncio.gather(*(stage.post(stage.cloud.activity()) for _ in range(20)))
    watcher.cancel()
    assert set(statuses) == {503}
    assert len(lags) > 10
    assert statistics.median(lags) < 0.25


async def test_a_large_key_document_does_not_block_the_loop(stage: Stage) -> None:
    """Three megabytes of JSON are parsed beside the loop."""
    filler = [{**stage.cloud.jwk("key-1"), "kid": f"k{n}", "x5c": ["A" * 3000]} for n in range(900)]
    stage.cloud.published = [stage.cloud.jwk("key-1"), *filler]
    assert await stage.post(stage.cloud.activity()) == 200


async def test_keys_are_kept_fresh_without_a_question(
    keys: SigningKeys, cloud: PlayedCloud, clock: Clock
) -> None:
    """A bot that nobody writes to yet gets its keys when the host is back, and again as they age."""
    cloud.metadata.always(500)
    await keys.keep_fresh()
    loaded = [keys.loaded]

    cloud.metadata.usual()
    clock.forward(61)
    await keys.keep_fresh()
    loaded.append(keys.loaded)
    assert loaded == [False, True]

    clock.forward(61)
    await keys.keep_fresh()
    assert len(cloud.jwks.received) == 1

    clock.forward(13 * HOUR)
    await keys.keep_fresh()
    assert len(cloud.jwks.received) == 2
