"""Forged requests: none gets in, none is answered with a 5xx, and none gets an answer sent anywhere."""

import base64

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.teams.adapter import TeamsAdapter
from bot.teams.auth import ChannelGate
from tests.support.cloud import APP_ID, DROP, TENANT, PlayedCloud
from tests.support.forgeries import DAY, FOREIGN, FORGERIES, Forgery, handmade_claims, handmade_header
from tests.support.stage import Clock, Stage


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


@pytest.mark.parametrize(
    "tenants", [frozenset(), frozenset({""}), frozenset({" ", TENANT})], ids=["none", "empty", "blank"]
)
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
            stage.keys._timeout = 1.0
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


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
