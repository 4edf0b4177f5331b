"""The board's door: who comes in, who does not, and what nobody can make of somebody else's sign-in."""

import functools
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.config import Settings
from bot.identity import board_sign_in
from bot.store.open import open_store
from bot.teams.connector import open_client
from bot.web.agents import COOKIE as SESSION
from bot.web.agents import LIFETIME, Agents
from bot.web.attempt import LIFETIME as PATIENCE
from bot.web.attempt import Attempt
from bot.web.entra import NotSignedIn
from bot.web.id_token import Vouched
from bot.web.pace import Pace
from bot.web.sign_in import COOKIE as ATTEMPT
from tests.support.cloud import DROP, TENANT, PlayedCloud, drop
from tests.support.desk import Browser, Desk, a_desk
from tests.support.entra import GROUP, GUEST, KIM, ROBIN, PlayedEntra
from tests.support.keeping import Clock
from tests.support.whole import environment

NOW = int(time.time())
OTHER = "12121212-3434-4565-8787-909090909090"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A board behind a sign-in."""
    async with a_desk(tmp_path) as standing:
        yield standing


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[Browser]:
    """Somebody's browser."""
    async with Browser(desk) as somebodys:
        yield somebodys


# ---- in


async def test_who_is_not_signed_in_is_sent_to_entra_and_back_to_their_page(
    desk: Desk, browser: Browser
) -> None:
    """The whole way, with code, PKCE, state and nonce; at its end is the page that was asked for."""
    record = await desk.a_case()
    wanted = f"/helpdesk/cases/{record.number}"

    back = await browser.sign_in(KIM, to=wanted)

    [asked] = desk.entra.asked
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["scope"] == "openid profile"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert (back.status, back.to) == (303, wanted)
    page = await browser.get(wanted)
    assert page.status == 200
    assert record.number in page.words
    assert "Kim Özdemir" in page.words
    assert "Sign out" in page.words


async def test_a_list_as_it_was_narrowed_down_is_come_back_to(browser: Browser) -> None:
    """Also what stands behind the question mark."""
    back = await browser.sign_in(KIM, to="/helpdesk?show=closed&q=M%C3%BCller&code=50076")
    assert back.to == "/helpdesk?show=closed&q=M%C3%BCller&code=50076"
    assert 'value="Müller"' in (await browser.get(back.to)).text


async def test_the_members_of_a_group_may_enter(tmp_path: Path) -> None:
    """Instead of a role; the group's id is compared whatever its capitals."""
    member = msgspec.structs.replace(KIM, roles=(), groups=(OTHER, GROUP.upper()))
    async with (
        a_desk(tmp_path, HANDRAIL_BOARD_ROLE="", HANDRAIL_BOARD_GROUP=GROUP) as desk,
        Browser(desk) as browser,
    ):
        assert (await browser.sign_in(member)).status == 303
        assert (await browser.get("/helpdesk")).status == 200


@pytest.mark.postgres
async def test_replicas_share_their_sessions(postgres_url: str, tmp_path: Path) -> None:
    """Signed in at one, known at the other; signed out at one, unknown at the other."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    shared = {"HANDRAIL_DATABASE_URL": postgres_url}
    async with (
        a_desk(one, **shared) as first,
        a_desk(two, **shared) as second,
        Browser(first) as here,
        Browser(second) as there,
    ):
        await here.sign_in()
        there.cookies = dict(here.cookies)
        page = await there.get("/helpdesk")
        assert page.status == 200
        await there.post("/helpdesk/sign-out", {"token": page.hidden("token")})
        assert (await here.get("/helpdesk")).status == 303


# ---- out


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (GUEST, "may not enter the helpdesk's board"),
        (msgspec.structs.replace(KIM, roles=()), "may not enter"),
        (msgspec.structs.replace(KIM, roles=("helpdesk",)), "may not enter"),
        (msgspec.structs.replace(KIM, roles=("Helpdesk.Reader",)), "may not enter"),
    ],
)
async def test_who_does_not_belong_to_the_helpdesk_stays_outside(
    desk: Desk, browser: Browser, account: Any, words: str
) -> None:
    """They are told so, get no session, and can sign in with another account."""
    page = await browser.sign_in(account)
    assert page.status == 403
    assert words in page.words
    assert SESSION not in browser.cookies
    assert (await browser.get("/helpdesk")).status == 303


@pytest.mark.parametrize("sign", [{"_claim_names": {"groups": "src1"}}, {"hasgroups": True}])
async def test_more_groups_than_fit_into_a_token_are_said_to_be_too_many(
    tmp_path: Path, sign: dict[str, Any]
) -> None:
    """Nobody can tell whether they belong to it, so they stay outside, and learn what to do."""
    member = msgspec.structs.replace(KIM, roles=(), groups=())
    async with (
        a_desk(tmp_path, HANDRAIL_BOARD_ROLE="", HANDRAIL_BOARD_GROUP=GROUP) as desk,
        Browser(desk) as browser,
    ):
        desk.entra.claims = sign
        page = await browser.sign_in(member)
        assert page.status == 403
        assert "more groups" in page.words
        assert SESSION not in browser.cookies


@pytest.mark.parametrize(
    "forgery",
    [
        {"key": "somebody-elses"},
        {"key": "somebody-elses", "header": {"kid": "entra-1"}},
        {"algorithm": "HS256"},
        {"algorithm": "none"},
        {"algorithm": "RS512"},
        {"header": {"jku": "http://127.0.0.1:1/keys"}},
        {"header": {"crit": ["x"], "x": 1}},
        {"claims": {"aud": OTHER}},
        {"claims": {"aud": ["11111111-2222-4333-8444-555555555555", OTHER]}},
        {"claims": {"aud": DROP}},
        {"claims": {"azp": OTHER}},
        {"claims": {"iss": f"https://login.microsoftonline.com/{TENANT}/v2.0"}},
        {"claims": {"iss": DROP}},
        {"claims": {"tid": OTHER}},
        {"claims": {"tid": DROP}},
        {"claims": {"ver": "1.0"}},
        {"claims": {"exp": NOW - 600}},
        {"claims": {"exp": DROP}},
        {"claims": {"exp": "soon"}},
        {"claims": {"iat": DROP}},
        {"claims": {"iat": NOW + 86_400}},
        {"claims": {"nbf": NOW + 86_400}},
        {"claims": {"nonce": "of-another-sign-in"}},
        {"claims": {"nonce": DROP}},
        {"claims": {"oid": DROP}},
        {"claims": {"oid": "kim"}},
        {"claims": {"name": DROP, "preferred_username": "  "}},
        {"claims": {"name": "x" * 40_000}},
    ],
    ids=lambda forgery: " ".join([*forgery, *forgery.get("claims", ()), *forgery.get("header", ())]),
)
async def test_a_token_that_is_not_as_it_must_be_opens_nothing(
    desk: Desk, browser: Browser, forgery: dict[str, Any]
) -> None:
    """Signature, key, algorithm, issuer, audience, tenant, times, nonce: each alone keeps the door shut."""
    for name, value in forgery.items():
        setattr(desk.entra, name, value)
    page = await browser.sign_in()
    assert page.status == 403
    assert "could not be verified" in page.words
    assert SESSION not in browser.cookies
    assert ATTEMPT not in browser.cookies


@pytest.mark.parametrize(
    ("status", "body", "shown"),
    [
        (401, {"error": "invalid_client", "error_description": "AADSTS7000215 secret-canary"}, 502),
        (400, {"error": "invalid_grant"}, 403),
        (500, {"error": "temporarily_unavailable"}, 503),
        (429, {}, 503),
        (200, {"access_token": "x"}, 403),
        (200, "not json", 403),
        (200, "[" * 100_000, 403),
        (200, "x" * 400_000, 403),
        (302, {"id_token": "x"}, 403),
    ],
)
async def test_whatever_the_token_endpoint_answers_nobody_is_signed_in_by_it(
    desk: Desk, browser: Browser, status: int, body: Any, shown: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page says whose turn it is; what Entra says in words goes into no page and no log."""
    desk.entra.tokens.always(status, body)
    page = await browser.sign_in()
    assert page.status == shown
    assert SESSION not in browser.cookies
    assert "canary" not in page.text + capsys.readouterr().out


async def test_an_entra_that_hangs_up_is_away(desk: Desk, browser: Browser) -> None:
    """Also when only its keys are out of reach."""
    desk.entra.tokens.next_with(drop)
    assert (await browser.sign_in()).status == 503
    desk.entra.keys.always(500)
    page = await browser.sign_in()
    assert page.status == 503
    assert "does not answer" in page.words


async def test_a_sign_in_that_was_cancelled_says_so(browser: Browser) -> None:
    """Entra sends back an error in place of a code."""
    back = await browser.begin()
    state = parse_qs(urlsplit(back).query)["state"][0]
    page = await browser.get(
        f"/helpdesk/signed-in?error=access_denied&error_description=AADSTS65004&state={state}"
    )
    assert page.status == 403
    assert "cancelled" in page.words
    assert "AADSTS" not in page.text


async def test_a_managed_identity_stands_for_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app that people sign in to trusts it: Entra gets the identity's token, which is for this alone."""
    async with PlayedCloud() as machine, PlayedEntra("https://bot.example.com/helpdesk/signed-in") as entra:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{machine.url}/msi")
        monkeypatch.setenv("IDENTITY_HEADER", "proof")
        token = {"access_token": "identity-token", "expires_on": str(NOW + 7200), "resource": "x"}
        machine.connector.next(200, token)
        settings = Settings.read(
            {
                **environment(machine, Path("unused.db")),
                "MicrosoftAppType": "UserAssignedMSI",
                "MicrosoftAppPassword": "",
                "HANDRAIL_TOKEN_URL": "",
                "HANDRAIL_PUBLIC_URL": "https://bot.example.com",
                "HANDRAIL_BOARD_ROLE": "Helpdesk",
                "HANDRAIL_BOARD_APP_ID": OTHER,
                "HANDRAIL_SIGN_IN_URL": entra.url,
            }
        )
        async with open_client() as client, board_sign_in(settings, client) as provider:
            assert provider is not None
            with pytest.raises(NotSignedIn, match="invalid_client"):  # the played one knows a secret only
                await provider.who("code", Attempt.begin(NOW, "/helpdesk"))

    assert "resource=api%3A%2F%2FAzureADTokenExchange" in machine.sent[0].path
    sent = parse_qs(entra.tokens.received[0].body)
    assert sent["client_id"] == [OTHER]
    assert sent["client_assertion"] == ["identity-token"]
    assert sent["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    assert "client_secret" not in sent


# ---- what nobody can make of it


async def test_an_answer_to_somebody_elses_sign_in_signs_nobody_in(desk: Desk, browser: Browser) -> None:
    """An attacker's own answer in a victim's browser (login CSRF), also while the victim signs in."""
    async with Browser(desk) as attacker:
        theirs = await attacker.begin()
    assert (await browser.get(theirs)).status == 400
    await browser.begin()
    page = await browser.get(theirs)
    assert page.status == 400
    assert "another tab" in page.words
    assert SESSION not in browser.cookies


async def test_a_stolen_code_is_worth_nothing_in_another_sign_in(desk: Desk, browser: Browser) -> None:
    """With the thief's own state: Entra wants the verifier, which only the victim's browser can make."""
    victims = parse_qs(urlsplit(await browser.begin()).query)["code"][0]
    async with Browser(desk) as thief:
        own = parse_qs(urlsplit(await thief.begin()).query)["state"][0]
        assert (await thief.get(f"/helpdesk/signed-in?code={victims}&state={own}")).status == 403
        assert SESSION not in thief.cookies


async def test_an_answer_counts_once(desk: Desk, browser: Browser) -> None:
    """Shown again, with all that belongs to it, it opens nothing, even if Entra took the code again."""
    desk.entra.codes_work_again = True
    back = await browser.begin()
    before = dict(browser.cookies)
    assert (await browser.get(back)).status == 303
    assert ATTEMPT not in browser.cookies

    async with Browser(desk) as again:
        again.cookies = before
        assert (await again.get(back)).status == 400
        assert SESSION not in again.cookies
        page = await browser.get("/helpdesk")
        await browser.post("/helpdesk/sign-out", {"token": page.hidden("token")})
        again.cookies = before
        assert (await again.get(back)).status == 400


async def test_an_old_try_counts_no_more_and_cannot_be_made_younger() -> None:
    """Its time is part of what its state and nonce are made of."""
    begun = Attempt.begin(1000, "/helpdesk")
    assert Attempt.read(begun.cookie, 1000 + PATIENCE) == begun
    assert Attempt.read(begun.cookie, 1001 + PATIENCE) is None
    assert Attempt.read(begun.cookie, 999) is None

    younger = Attempt.read(begun.cookie.replace(".1000.", ".2000."), 2000)
    assert younger is not None
    for made in ("state", "nonce", "verifier", "challenge", "mark"):
        assert getattr(younger, made) != getattr(begun, made)


@pytest.mark.parametrize(
    "aim",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/helpdesk//evil.example",
        "/helpdesk@evil.example",
        "/helpdesk/../../evil",
        "/helpdesk/cases/HR-7K3F/claim",
        "/helpdesk\r\nSet-Cookie: a=b",
        "/helpdesk/sign-in?to=/helpdesk",
        "/helpdesk?" + "a" * 700,
        "javascript:alert(1)",
        "",
    ],
)
async def test_a_sign_in_leads_to_pages_of_the_board_and_nowhere_else(browser: Browser, aim: str) -> None:
    """No address makes the board send somebody to another site."""
    away = await browser.get("/helpdesk/sign-in?to=" + quote(aim, safe=""))
    back = await browser.get(await browser.at_entra(away.to))
    assert (back.status, back.to) == (303, "/helpdesk")


async def test_a_session_that_somebody_planted_is_never_taken(desk: Desk, browser: Browser) -> None:
    """Fixation: what the browser brought along before the sign-in is worth nothing after it."""
    planted = "p" * 43
    browser.cookies[SESSION] = planted
    await browser.sign_in()
    assert browser.cookies[SESSION] != planted
    async with Browser(desk) as attacker:
        attacker.cookies[SESSION] = planted
        assert (await attacker.get("/helpdesk")).status == 303


async def test_a_sign_in_ends_the_session_before_it(desk: Desk, browser: Browser) -> None:
    """Another person at the same browser leaves no open door of the first one's."""
    await browser.sign_in(KIM)
    first = browser.cookies[SESSION]
    away = await browser.get("/helpdesk/sign-in")
    desk.entra.people = [ROBIN]
    assert (await browser.get(await browser.at_entra(away.to))).status == 303
    assert browser.cookies[SESSION] != first
    assert "Robin Weber" in (await browser.get("/helpdesk")).words
    browser.cookies[SESSION] = first
    assert (await browser.get("/helpdesk")).status == 303


async def test_the_cookies_belong_to_this_host_and_to_no_script(browser: Browser) -> None:
    """`__Host-`: a browser wants Secure and Path=/ and no Domain, so no other host of ours can set one."""
    await browser.sign_in()
    for name in (SESSION, ATTEMPT):
        parts = [part.strip().lower() for part in browser.set[name].split(";")]
        assert name.startswith("__Host-")
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= set(parts)
        assert not any(part.startswith("domain") for part in parts)
    ages = [part for part in browser.set[SESSION].split(";") if "Max-Age" in part]
    assert ages == [f" Max-Age={8 * 3600}"]


async def test_a_session_under_another_name_is_none(browser: Browser) -> None:
    """A cookie that another host of the domain could have set has another name."""
    await browser.sign_in()
    secret = browser.cookies.pop(SESSION)
    browser.cookies[SESSION.removeprefix("__Host-")] = secret
    assert (await browser.get("/helpdesk")).status == 303


@pytest.mark.parametrize("secret", ["", "x", "p" * 43, "p" * 43 + ".", "é" * 43, "' OR 1=1 --", "p" * 5000])
async def test_a_made_up_session_is_none(browser: Browser, secret: str) -> None:
    """Whatever it looks like."""
    browser.cookies[SESSION] = quote(secret, safe="")
    assert (await browser.get("/helpdesk")).status == 303


async def test_the_store_does_not_hold_what_opens_the_door(
    desk: Desk, browser: Browser, tmp_path: Path
) -> None:
    """Who reads the database, or a backup of it, cannot enter with what they find."""
    await browser.sign_in()
    content = b"".join((tmp_path / f"handrail.db{more}").read_bytes() for more in ("", "-wal"))
    assert KIM.oid.encode() in content
    assert browser.cookies[SESSION].encode() not in content
    assert desk.entra.issued[0].encode() not in content


async def test_a_session_ends_after_a_working_day(tmp_path: Path) -> None:
    """Eight hours after the sign-in, used or not."""
    clock = Clock()
    store = await open_store(f"sqlite:///{tmp_path}/a.db")
    try:
        agents = Agents(store, clock=clock)
        response = web.Response()
        who = Vouched(name="Kim", object_id=KIM.oid)
        assert await agents.open(make_mocked_request("GET", "/"), response, who, "mark")
        cookie = f"{SESSION}={response.cookies[SESSION].value}"
        request = make_mocked_request("GET", "/", headers={"Cookie": cookie})
        clock.now += LIFETIME - 1
        assert await agents.of(request) is not None
        clock.now += 1
        assert await agents.of(request) is None
    finally:
        await store.close()


# ---- sign-out


async def test_signed_out_is_signed_out_for_every_copy_of_the_cookie(desk: Desk, browser: Browser) -> None:
    """The browser forgets it, and a stolen copy opens nothing."""
    await browser.sign_in()
    page = await browser.get("/helpdesk")
    async with Browser(desk) as thief:
        thief.cookies = dict(browser.cookies)
        assert (await thief.get("/helpdesk")).status == 200
        out = await browser.post("/helpdesk/sign-out", {"token": page.hidden("token")})
        assert "You are signed out" in out.words
        assert "Kim" not in out.words
        assert f"{desk.entra.url}/{TENANT}/oauth2/v2.0/logout" in out.text
        assert SESSION not in browser.cookies
        assert (await thief.get("/helpdesk")).status == 303


@pytest.mark.parametrize("attack", [{"token": ""}, {"token": "0" * 32}, {"Origin": "https://evil.example"}])
async def test_nobody_is_signed_out_by_another_site(browser: Browser, attack: dict[str, str]) -> None:
    """It is a form like the others."""
    await browser.sign_in()
    token = (await browser.get("/helpdesk")).hidden("token")
    origin = {"Origin": attack["Origin"]} if "Origin" in attack else {}
    await browser.post("/helpdesk/sign-out", {"token": attack.get("token", token)}, **origin)
    assert (await browser.get("/helpdesk")).status == 200


async def test_after_a_sign_out_the_account_is_asked_for(browser: Browser, desk: Desk) -> None:
    """Else Entra would let the same person in again without a word."""
    page = await browser.get("/helpdesk/sign-in?choose=1")
    assert parse_qs(urlsplit(page.to).query)["prompt"] == ["select_account"]


# ---- limits, and what is always so


async def test_a_flood_of_answers_does_not_reach_entra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes up codes for sign-ins of their own is slowed down."""
    monkeypatch.setattr("bot.web.sign_in.Pace", functools.partial(Pace, clock=lambda: 0.0))
    async with a_desk(tmp_path) as desk, Browser(desk) as browser:
        begun = parse_qs(urlsplit(await browser.begin()).query)["state"][0]
        cookies = dict(browser.cookies)
        statuses = []
        for n in range(80):
            browser.cookies = dict(cookies)
            statuses.append((await browser.get(f"/helpdesk/signed-in?code={n}&state={begun}")).status)
        assert statuses == [403] * 60 + [429] * 20
        assert len(desk.entra.tokens.received) == 60


async def test_a_flood_of_forged_answers_keeps_nobody_out(browser: Browser) -> None:
    """They cost a page, and are not counted."""
    for n in range(80):
        assert (await browser.get(f"/helpdesk/signed-in?state={n}")).status == 400
    assert (await browser.sign_in()).status == 303


async def test_a_code_of_any_length_goes_no_further_than_its_limit(desk: Desk, browser: Browser) -> None:
    """Entra is not asked about it."""
    state = parse_qs(urlsplit(await browser.begin()).query)["state"][0]
    page = await browser.get(f"/helpdesk/signed-in?code={'x' * 5000}&state={state}")
    assert page.status == 403
    assert desk.entra.tokens.received == []


@pytest.mark.parametrize(
    "path",
    ["/helpdesk", "/helpdesk/sign-in", "/helpdesk/signed-in", "/helpdesk/cases/HR-7K3F", "/helpdesk/stream"],
)
async def test_every_answer_at_the_door_is_protected(browser: Browser, path: str) -> None:
    """No script of others, no frame, nothing kept by a cache."""
    answer = await browser.get(path)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_stream_says_that_nobody_is_signed_in(browser: Browser) -> None:
    """A page that was left open does not follow a redirect to another site."""
    assert (await browser.get("/helpdesk/stream", Accept="text/event-stream")).status == 401


@pytest.mark.parametrize(
    "missing", [{"HANDRAIL_BOARD_ROLE": ""}, {"HANDRAIL_BOARD_ROLE": "", "HANDRAIL_PUBLIC_URL": ""}]
)
async def test_without_knowing_who_may_enter_there_is_no_board(
    tmp_path: Path, missing: dict[str, str]
) -> None:
    """Nothing is open because a setting was forgotten; and the chat page stays in local mode."""
    async with a_desk(tmp_path, **missing) as desk, Browser(desk) as browser:
        for path in ("/helpdesk", "/helpdesk/sign-in", "/helpdesk/stream", "/helpdesk/cases/HR-1", "/"):
            assert (await browser.get(path)).status == 404
