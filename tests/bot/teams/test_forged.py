"""Forged requests: none gets in, none is answered with a 5xx, and none gets an answer sent anywhere."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.teams.adapter import TeamsAdapter
from bot.teams.auth import ChannelGate
from tests.support.cloud import APP_ID, DROP, TENANT, PlayedCloud, rsa_key
from tests.support.stage import Clock, Stage

Forgery = Callable[[PlayedCloud], Mapping[str, Any]]
DAY = 86_400
FOREIGN = "99999999-9999-4999-8999-999999999999"


def b64(value: Any) -> str:
    """Base64url of bytes, or of a value's JSON."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**changes: Any) -> Forgery:
    """A token signed with the right key, but saying something else."""
    return lambda cloud: {"token": cloud.token(**changes)}


def header(**changes: Any) -> Forgery:
    """A token signed with the right key, with another header."""
    return lambda cloud: {"token": cloud.token(header=changes)}


def activity(**changes: Any) -> Forgery:
    """A good token with an activity it was not made for."""
    return lambda cloud: {"activity": cloud.activity(**changes)}


def raw(text: str) -> Forgery:
    """An Authorization header that is no token."""
    return lambda _cloud: {"token": None, "headers": {"Authorization": text}}


class Parts(NamedTuple):
    """A cloud, and the header, payload and signature of a good token of it."""

    c: PlayedCloud
    h: str
    p: str
    s: str


def assembled(make: Callable[[Parts], str]) -> Forgery:
    """A token put together by hand from the parts of a good one."""
    return lambda cloud: {"token": make(Parts(cloud, *cloud.token().split(".")))}


def hs256(cloud: PlayedCloud, *, kid: str = "key-1") -> str:
    """The classic: signed with HMAC, the public key as the secret."""
    signed = f"{b64({'alg': 'HS256', 'typ': 'JWT', 'kid': kid})}.{b64(cloud.claims())}"
    return f"{signed}.{b64(hmac.new(cloud.pem(), signed.encode(), hashlib.sha256).digest())}"


def signed_by_stranger(**head: Any) -> Forgery:
    """A token signed by a key that the channel does not publish."""
    return lambda cloud: {"token": cloud.token(key="stranger", header={"kid": "key-1", **head})}


def ecdsa(cloud: PlayedCloud) -> Mapping[str, Any]:
    """Signed with another kind of key."""
    key = ec.generate_private_key(ec.SECP256R1())
    return {"token": jwt.encode(cloud.claims(), key, algorithm="ES256", headers={"kid": "key-1"})}


def other_hash(algorithm: str) -> Forgery:
    """Signed by the right key with an algorithm that the channel does not use."""
    return lambda cloud: {"token": cloud.token(algorithm=algorithm)}


def handmade_header(text: str) -> Forgery:
    """The right claims under a header written by hand, signed by the right key."""

    def forge(cloud: PlayedCloud) -> Mapping[str, Any]:
        signed = f"{b64(text.encode())}.{b64(cloud.claims())}".encode()
        algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
        return {"token": f"{signed.decode()}.{b64(algorithm.sign(signed, rsa_key('key-1')))}"}

    return forge


def handmade_claims(text: str) -> Forgery:
    """Claims written by hand, signed by the right key."""

    def forge(cloud: PlayedCloud) -> Mapping[str, Any]:
        head = b64({"alg": "RS256", "kid": "key-1", "typ": "JWT"})
        both = f'"iss":"{cloud.issuer}","aud":"{cloud.app_id}","serviceurl":"{cloud.service_url}"'
        signed = f"{head}.{b64(text.replace('ALL_ELSE', both).encode())}".encode()
        algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
        return {"token": f"{signed.decode()}.{b64(algorithm.sign(signed, rsa_key('key-1')))}"}

    return forge


def two_headers(cloud: PlayedCloud) -> Mapping[str, Any]:
    """Two Authorization headers, both good."""
    return {"authorizations": [f"Bearer {cloud.token()}", f"Bearer {cloud.token()}"]}


def unendorsed(endorsements: Any) -> Forgery:
    """A key that may not sign for Teams."""

    def forge(cloud: PlayedCloud) -> Mapping[str, Any]:
        cloud.published = [cloud.jwk("key-1", endorsements=endorsements)]
        return {}

    return forge


def elsewhere(url: str) -> Forgery:
    """Token and activity agree on a service URL that is not on the list."""
    return lambda cloud: {"token": cloud.token(serviceurl=url), "activity": cloud.activity(serviceUrl=url)}


EMULATOR = [
    "https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/",
    "https://login.microsoftonline.com/d6d49420-f39b-4df7-a1dc-d59a935871db/v2.0",
    "https://sts.windows.net/f8cdef31-a31e-4b4a-93e4-5f571e91255a/",
    "https://login.microsoftonline.com/f8cdef31-a31e-4b4a-93e4-5f571e91255a/v2.0",
    "https://sts.windows.net/cab8a31a-1906-4287-a0d8-4eef66b95f6e/",
    "https://login.microsoftonline.us/cab8a31a-1906-4287-a0d8-4eef66b95f6e/v2.0",
    "https://login.microsoftonline.us/f8cdef31-a31e-4b4a-93e4-5f571e91255a/",
    "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
    "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
    f"https://sts.windows.net/{TENANT}/",
]

FORGERIES: dict[str, Forgery] = {
    # no token, or no bearer token
    "no header": lambda _cloud: {"token": None},
    "empty header": raw(""),
    "only the scheme": raw("Bearer"),
    "scheme and space": raw("Bearer "),
    "basic": raw("Basic dXNlcjpwYXNz"),
    "scheme missing": lambda cloud: {"token": None, "headers": {"Authorization": cloud.token()}},
    "two tokens in one": lambda cloud: {"token": f"{cloud.token()}, Bearer {cloud.token()}"},
    "two headers": two_headers,
    "good then empty": lambda cloud: {"authorizations": [f"Bearer {cloud.token()}", ""]},
    "garbage": raw("Bearer abc"),
    "dots": raw("Bearer .."),
    "two parts": raw("Bearer e30.e30"),
    "five parts": raw("Bearer e30.e30.e30.e30.e30"),
    "not ASCII": raw("Bearer e\u00ff0.e30.e30"),
    "not base64": raw("Bearer !!!.???.###"),
    "not JSON": raw(f"Bearer {b64(b'x')}.{b64(b'y')}.{b64(b'z')}"),
    "deep JSON": raw(f"Bearer {b64(b'[' * 3000)}.e30.AAAA"),
    "oversize": raw("Bearer " + "A" * 8100),
    "way oversize": raw("Bearer " + "A" * 20_000),
    # signatures
    "alg none": assembled(lambda t: f"{b64({'alg': 'none', 'kid': 'key-1'})}.{t.p}."),
    "alg None with signature": assembled(lambda t: f"{b64({'alg': 'None', 'kid': 'key-1'})}.{t.p}.{t.s}"),
    "alg missing": assembled(lambda t: f"{b64({'kid': 'key-1'})}.{t.p}.{t.s}"),
    "alg a list": assembled(lambda t: f"{b64({'alg': ['RS256'], 'kid': 'key-1'})}.{t.p}.{t.s}"),
    "HS256 with the public key": lambda cloud: {"token": hs256(cloud)},
    "HS256 with a path as key id": lambda cloud: {"token": hs256(cloud, kid="../../dev/null")},
    "ES256": ecdsa,
    "PS256": other_hash("PS256"),
    "RS384": other_hash("RS384"),
    "RS512": other_hash("RS512"),
    "empty signature": assembled(lambda t: f"{t.h}.{t.p}."),
    "signature of another token": assembled(lambda t: f"{t.h}.{t.p}.{t.c.token(exp=1).split('.')[2]}"),
    "signature cut": assembled(lambda t: f"{t.h}.{t.p}.{t.s[:-8]}"),
    "changed claims": assembled(lambda t: f"{t.h}.{b64(t.c.claims(extra=1))}.{t.s}"),
    "changed header": assembled(
        lambda t: f"{b64({'alg': 'RS256', 'kid': 'key-1', 'typ': 'jwt'})}.{t.p}.{t.s}"
    ),
    "stranger under our key id": signed_by_stranger(),
    "stranger under its own key id": lambda cloud: {"token": cloud.token(key="stranger")},
    "stranger brings jwk": lambda cloud: {
        "token": cloud.token(key="stranger", header={"kid": "key-1", "jwk": cloud.jwk("stranger")})
    },
    "stranger brings jku": signed_by_stranger(jku="https://evil.example/keys"),
    "stranger brings x5u": signed_by_stranger(x5u="https://evil.example/cert"),
    "stranger brings x5c": signed_by_stranger(x5c=["AAAA"]),
    # headers of tokens signed by the right key
    "jku": header(jku="https://evil.example/keys"),
    "x5u": header(x5u="https://evil.example/cert"),
    "jwk": lambda cloud: {"token": cloud.token(header={"jwk": cloud.jwk("key-1")})},
    "crit": header(crit=["exp"], exp=1),
    "b64 false": handmade_header('{"alg":"RS256","kid":"key-1","b64":false,"crit":["b64"]}'),
    "no key id": header(kid=DROP),
    "empty key id": handmade_header('{"alg":"RS256","kid":""}'),
    "key id a number": handmade_header('{"alg":"RS256","kid":1}'),
    "key id a path": handmade_header('{"alg":"RS256","kid":"../key-1"}'),
    "key id endless": handmade_header('{"alg":"RS256","kid":"' + "k" * 3000 + '"}'),
    "two algs": handmade_header('{"alg":"none","alg":"RS256","kid":"key-1"}'),
    "two key ids": handmade_header('{"alg":"RS256","kid":"other","kid":"key-1"}'),
    "header a list": handmade_header('["RS256"]'),
    # claims
    "no issuer": claims(iss=DROP),
    "empty issuer": claims(iss=""),
    "issuer with slash": claims(iss="https://api.botframework.com/"),
    "issuer of the government cloud": claims(iss="https://api.botframework.us"),
    "issuer a list": claims(iss=["https://api.botframework.com"]),
    "issuer in capitals": claims(iss="https://API.botframework.com"),
    **{f"emulator {issuer}": claims(iss=issuer, appid=APP_ID, ver="1.0") for issuer in EMULATOR},
    "our own outbound token": claims(
        iss=f"https://sts.windows.net/{TENANT}/", aud="https://api.botframework.com", appid=APP_ID
    ),
    "our own outbound token, old tenant": claims(
        iss=EMULATOR[0], aud="https://api.botframework.com", appid=APP_ID, serviceurl=DROP
    ),
    "skill token": claims(
        iss="https://login.microsoftonline.com/d6d49420-f39b-4df7-a1dc-d59a935871db/v2.0",
        ver="2.0", aud=APP_ID, azp=FOREIGN,
    ),
    "no audience": claims(aud=DROP),
    "another bot's audience": claims(aud=FOREIGN),
    "audience a list": claims(aud=[APP_ID]),
    "audience empty": claims(aud=""),
    "audience in capitals": claims(aud=f"{{{APP_ID}}}"),
    "no expiry": claims(exp=DROP),
    "expiry null": claims(exp=None),
    "expiry true": handmade_claims('{ALL_ELSE,"exp":true}'),
    "expiry text": handmade_claims('{ALL_ELSE,"exp":"9999999999"}'),
    "expiry infinite": handmade_claims('{ALL_ELSE,"exp":1e999}'),
    "expiry NaN": handmade_claims('{ALL_ELSE,"exp":NaN}'),
    "expired yesterday": lambda cloud: {"token": cloud.token(exp=int(cloud.clock()) - DAY)},
    "expired 301 s ago": lambda cloud: {"token": cloud.token(exp=int(cloud.clock()) - 301)},
    "valid in 301 s": lambda cloud: {"token": cloud.token(nbf=int(cloud.clock()) + 301)},
    "valid from garbage": handmade_claims('{ALL_ELSE,"exp":9e9,"nbf":"x"}'),
    "no service URL in the token": claims(serviceurl=DROP),
    "empty service URL in the token": lambda cloud: {
        "token": cloud.token(serviceurl=""), "activity": cloud.activity(serviceUrl="")
    },
    "service URL of the token a list": lambda cloud: {"token": cloud.token(serviceurl=[cloud.service_url])},
    "service URL of the token misspelt": lambda cloud: {
        "token": cloud.token(serviceurl=DROP, serviceUrl=cloud.service_url)
    },
    # activities that the token was not made for
    "no service URL": activity(serviceUrl=DROP),
    "empty service URL": activity(serviceUrl=""),
    "null service URL": activity(serviceUrl=None),
    "other service URL": activity(serviceUrl="https://smba.trafficmanager.net/"),
    "evil service URL": activity(serviceUrl="https://evil.example/"),
    "service URL without slash": lambda c: {"activity": c.activity(serviceUrl=c.service_url.rstrip("/"))},
    "service URL in capitals": lambda c: {"activity": c.activity(serviceUrl=c.service_url.upper())},
    "service URL with zero width": lambda c: {"activity": c.activity(serviceUrl=c.service_url + "\u200b")},
    "service URL a list": lambda c: {"activity": c.activity(serviceUrl=[c.service_url])},
    "agreed evil service URL": elsewhere("https://evil.example/"),
    "agreed evil port": elsewhere("http://127.0.0.1:1/teams/"),
    "agreed look-alike": elsewhere("https://smba.trafficmanager.net@evil.example/"),
    "agreed plain http": elsewhere("http://smba.trafficmanager.net/"),
    "agreed other path": lambda c: elsewhere(c.url + "/teamsevil/")(c),
    "no channel": activity(channelId=DROP),
    "empty channel": activity(channelId=""),
    "channel emulator": activity(channelId="emulator"),
    "channel not endorsed": activity(channelId="telegram"),
    "channel a list": activity(channelId=["msteams"]),
    "channel in capitals": activity(channelId="MSTEAMS"),
    "key without endorsements": unendorsed(DROP),
    "key with no endorsement": unendorsed([]),
    "key endorsed for others": unendorsed(["telegram"]),
    "key endorsed as text": unendorsed("msteams"),
    # other tenants
    "foreign tenant": activity(
        channelData={"tenant": {"id": FOREIGN}}, conversation={"id": "a:x", "tenantId": FOREIGN}
    ),
    "foreign in channel data": activity(channelData={"tenant": {"id": FOREIGN}}),
    "foreign in conversation": activity(conversation={"id": "a:x", "tenantId": FOREIGN}),
    "no tenant at all": activity(channelData=DROP, conversation={"id": "a:x"}),
    "tenant a number": activity(channelData={"tenant": {"id": 7}}),
    "tenant a list": activity(conversation={"id": "a:x", "tenantId": [TENANT]}),
    "tenant empty": activity(channelData={"tenant": {"id": ""}}, conversation={"id": "a:x", "tenantId": ""}),
}  # fmt: skip


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
async def test_a_forged_request_is_refused(
    stage: Stage, client: aiohttp.ClientSession, forge: Forgery
) -> None:
    """Refused with 401 or 403 (a header too long for HTTP itself with 400); the bot never hears of it."""
    forged = dict(forge(stage.cloud))
    # A bad token is 401; a good one with the wrong activity, or signed by a key not meant for it, is 403.
    expected = {401, 403} if {"token", "activity"} <= forged.keys() else {401}
    if not forged.keys() - {"activity"}:
        expected = {403}
    body = forged.pop("activity", None) or stage.cloud.activity()
    if "authorizations" in forged:
        headers = [("Authorization", value) for value in forged["authorizations"]]
        async with client.post(stage.url, json=body, headers=headers) as response:
            status = response.status
    else:
        status = await stage.post(body, **forged)
    assert status in ({400} if "A" * 20_000 in str(forged) else expected)
    assert stage.bot.seen == []
    assert stage.cloud.sent == []


@pytest.mark.parametrize("tenants", [{TENANT, FOREIGN}, None], ids=["both allowed", "any allowed"])
async def test_two_tenants_in_one_activity_contradict_each_other(
    stage: Stage, clock: Clock, tenants: set[str] | None
) -> None:
    """Even where each of them is welcome, an activity that names both is not to be believed."""
    stage.gate = ChannelGate(
        stage.keys,
        app_id=APP_ID,
        service_urls=stage.allowed,
        tenants=None if tenants is None else frozenset(tenants),
        clock=clock,
    )
    stage.adapter = TeamsAdapter(stage.gate, stage.connector, app_id=APP_ID)
    assert await stage.post(stage.cloud.activity(channelData={"tenant": {"id": FOREIGN}})) == 403
    assert await stage.post(stage.cloud.activity()) == 200
    shouted = {"tenant": {"id": TENANT.upper()}}
    assert await stage.post(stage.cloud.activity(channelData=shouted)) == 200


@pytest.mark.parametrize("tenants", [frozenset(), frozenset({""}), frozenset({" ", TENANT})], ids=repr)
def test_a_gate_for_nobody_is_a_mistake(stage: Stage, tenants: frozenset[str]) -> None:
    """An empty list of tenants is refused at start, and never read as "everybody"."""
    with pytest.raises(ValueError, match="tenant"):
        ChannelGate(stage.keys, app_id=APP_ID, service_urls=stage.allowed, tenants=tenants)


@pytest.mark.parametrize(("app_id", "issuer"), [("", "x"), (" ", "x"), (APP_ID, "")])
def test_a_gate_without_an_app_id_is_a_mistake(stage: Stage, app_id: str, issuer: str) -> None:
    """An empty app id turns nothing off; it does not start."""
    with pytest.raises(ValueError, match="app id"):
        ChannelGate(stage.keys, app_id=app_id, issuer=issuer, service_urls=stage.allowed, tenants=None)


def test_there_are_at_least_sixty_kinds() -> None:
    """The table may grow, never shrink."""
    assert len(FORGERIES) >= 60


async def test_the_same_request_unforged_is_accepted(stage: Stage) -> None:
    """What the table changes is what decides: unchanged it gets in, also with a lower-case scheme."""
    assert await stage.post(stage.cloud.activity()) == 200
    headers = {"Authorization": f"bearer {stage.cloud.token()}"}
    assert await stage.post(stage.cloud.activity(), token=None, headers=headers) == 200
    for by_hand in (
        handmade_claims('{ALL_ELSE,"exp":9e9}'),
        handmade_header('{"alg":"RS256","kid":"key-1"}'),
    ):
        assert await stage.post(stage.cloud.activity(), **by_hand(stage.cloud)) == 200


@pytest.mark.parametrize(
    ("shift", "status"), [(-299, 200), (-301, 401)], ids=["within the leeway", "beyond the leeway"]
)
async def test_five_minutes_of_clock_difference_are_tolerated(stage: Stage, shift: int, status: int) -> None:
    """Expiry and start both have five minutes of leeway, and not a second more."""
    now = int(stage.clock())
    assert await stage.post(stage.cloud.activity(), token=stage.cloud.token(exp=now + shift)) == status
    assert await stage.post(stage.cloud.activity(), token=stage.cloud.token(nbf=now - shift)) == status


async def test_a_token_without_nbf_is_accepted(stage: Stage) -> None:
    """The start of validity is honoured when it is there, and not demanded."""
    assert await stage.post(stage.cloud.activity(), token=stage.cloud.token(nbf=DROP)) == 200


async def test_a_remembered_token_expires_all_the_same(stage: Stage, clock: Clock) -> None:
    """Remembering a verified token saves arithmetic, not the check of its time."""
    token = stage.cloud.token()
    assert await stage.post(stage.cloud.activity(), token=token) == 200
    clock.forward(3600 + 299)
    assert await stage.post(stage.cloud.activity(), token=token) == 200
    clock.forward(2)
    assert await stage.post(stage.cloud.activity(), token=token) == 401


async def test_a_remembered_token_dies_with_its_key(stage: Stage, clock: Clock) -> None:
    """A key that is withdrawn takes its tokens along, also those seen before."""
    token = stage.cloud.token(exp=int(clock()) + 3 * DAY)
    assert await stage.post(stage.cloud.activity(), token=token) == 200
    stage.cloud.rotate_keys(keep_old=False)
    clock.forward(DAY)
    assert await stage.post(stage.cloud.activity(), token=token) == 401


async def test_a_remembered_token_still_needs_its_activity(stage: Stage) -> None:
    """A verified token does not vouch for another service URL or tenant the second time."""
    token = stage.cloud.token()
    assert await stage.post(stage.cloud.activity(), token=token) == 200
    foreign = stage.cloud.activity(channelData={"tenant": {"id": FOREIGN}})
    assert await stage.post(foreign, token=token) == 403
    assert await stage.post(stage.cloud.activity(serviceUrl="https://x.example/"), token=token) == 403


async def test_a_rotated_key_is_accepted(stage: Stage, clock: Clock) -> None:
    """The channel may change its key at any time."""
    assert await stage.cloud.say("one", stage.url) == 200
    clock.forward(61)
    stage.cloud.rotate_keys()
    assert await stage.cloud.say("two", stage.url) == 200


@pytest.mark.parametrize("trouble", ["hang", "500", "garbage", "huge"])
async def test_without_keys_the_answer_is_come_back_later(stage: Stage, trouble: str) -> None:
    """When nobody can tell whether a token is good, it is 503 with Retry-After, not a refusal."""
    match trouble:
        case "hang":
            stage.cloud.jwks.always_with(stage.cloud.hang)
        case "500":
            stage.cloud.jwks.always(500)
        case "garbage":
            stage.cloud.jwks.always(200, "<html>")
        case "huge":
            stage.cloud.jwks.always(200, b" " * 5_000_000)
    assert await stage.post(stage.cloud.activity()) == 503
    assert stage.bot.seen == []


async def test_no_token_ever_reaches_a_foreign_server(stage: Stage, evil: PlayedCloud) -> None:
    """Token and activity may agree on an evil address; it gets no request at all, let alone a token."""
    stage.bot.on_message = lambda context: context.send_activity("secret")
    url = evil.service_url
    activity_there = stage.cloud.activity(serviceUrl=url)
    assert await stage.post(activity_there, token=stage.cloud.token(serviceurl=url)) == 403
    stage.cloud.connector.always(307, headers={"Location": url + "v3/conversations/x/activities"})
    assert await stage.cloud.say("hi", stage.url) == 503  # the trivial bot lets its failed send fail the turn
    assert evil.sent == []


async def test_refusals_are_logged_without_the_token(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    """The log says why, in a fixed word, and repeats nothing that was sent."""
    token = stage.cloud.token(aud="canary-audience")
    assert await stage.post(stage.cloud.activity("canary-text"), token=token) == 401
    logged = "".join(capfd.readouterr())
    assert "audience" in logged
    assert "canary" not in logged
    assert not any(part in logged for part in token.split("."))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_no_changed_token_gets_in(stage: Stage, data: st.DataObject) -> None:
    """Whatever is replaced, inserted or cut in a good token, it is refused, and never with a 5xx."""
    token = stage.cloud.token()
    start = data.draw(st.integers(0, len(token) - 1))
    length = data.draw(st.integers(0, 20))
    noise = data.draw(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20))
    changed = token[:start] + noise + token[start + length :]
    status = await stage.post(stage.cloud.activity(), token=changed or "x")
    same = _meaning(changed) == _meaning(token)
    assert status in ({200, 401} if same else {401})


def _meaning(token: str) -> list[bytes] | None:
    """A token's decoded parts: base64 can spell the same bytes in two ways."""
    try:
        head, payload, signature = token.split(".")
        padded = signature + "=" * (-len(signature) % 4)
        return [head.encode(), payload.encode(), base64.urlsafe_b64decode(padded)]
    except ValueError:
        return None
