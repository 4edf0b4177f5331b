"""What a check does when it cannot tell: it says so in time, once, and to the helpdesk only."""

import asyncio
import gzip
import json
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.address import Person
from bot.probes.api import Finding
from bot.probes.graph import graph_probes, graph_resource
from bot.probes.ids import guid
from bot.probes.reader import LARGEST
from bot.teams.connector import open_client
from bot.teams.tokens import Anonymous, SharedToken, Token, TokenUnavailable
from dialogs.probes import PROBES, UNKNOWN
from tests.bot.probes.conftest import ERIKA, Ask
from tests.support.cloud import drop
from tests.support.graph import COLLEAGUE, LAPTOP, PERSON, PlayedGraph
from tests.support.stage import Clock

# A check, the endpoint that its answer comes from, and the permission that this one needs.
FIRST_QUESTION = [
    ("service-health", "overviews", "ServiceHealth.Read.All"),
    ("sign-in-log", "log", "AuditLog.Read.All"),
    ("account-state", "user", "User.Read.All"),
    ("device-state", "devices", "Device.Read.All"),
]
each_check = pytest.mark.parametrize(("check", "endpoint", "permission"), FIRST_QUESTION)


@pytest.fixture(autouse=True)
def something_to_find(graph: PlayedGraph) -> None:
    """Unless a story breaks something, every check has an answer."""
    graph.sign_in(error=50126, deviceDetail={"deviceId": LAPTOP, "isCompliant": True})
    graph.device()


def test_every_check_that_a_guide_may_name_is_there(
    graph: PlayedGraph, client: aiohttp.ClientSession
) -> None:
    """The names are those of `dialogs.probes`, none more and none less."""
    assert set(graph_probes(client, Anonymous(), graph.url)) == set(PROBES)


@each_check
async def test_with_everything_granted_it_can_tell(
    ask: Ask, check: str, endpoint: str, permission: str
) -> None:
    """The stories below break what works."""
    found = await ask(check)
    assert found.outcome in PROBES[check], found.detail


@each_check
async def test_without_its_permission_it_is_unknown_and_names_the_permission(
    ask: Ask, graph: PlayedGraph, check: str, endpoint: str, permission: str
) -> None:
    """Who reads the ticket learns what to grant."""
    graph.granted.discard(permission)
    found = await ask(check)
    assert found.outcome == UNKNOWN
    assert permission in found.detail


@each_check
async def test_without_any_permission_everything_is_unknown(
    ask: Ask, graph: PlayedGraph, check: str, endpoint: str, permission: str
) -> None:
    """A bot that nobody granted anything asks each question once and goes on."""
    graph.granted.clear()
    assert (await ask(check)).outcome == UNKNOWN
    assert len(graph.asked) == 1


async def test_a_tenant_without_licence_is_told_apart_from_a_missing_permission(
    ask: Ask, graph: PlayedGraph
) -> None:
    """Granting more would not help there."""
    graph.premium = False
    found = await ask("sign-in-log")
    assert found == Finding(UNKNOWN, "not available: the tenant has no Microsoft Entra ID P1 licence")


ODD_ANSWERS: list[tuple[int, Any, str]] = [
    (400, {"error": {"code": "BadRequest"}}, "answered 400"),
    (403, "<html>", "not permitted"),
    (403, {"error": "odd"}, "not permitted"),
    (500, "", "answered 500"),
    (503, {"error": {"code": "ServiceUnavailable"}}, "answered 503"),
    (204, "", "answered 204"),
    (302, "", "answered 302"),
    (200, "", "unknown form"),
    (200, "<html>", "unknown form"),
    (200, "[]", "unknown form"),
    (200, {"value": None, "accountEnabled": "yes"}, "unknown form"),
    (200, b'{"value": "\xff", "id": "\xff"}', "unknown form"),
    (200, "[" * 100_000, "unknown form"),
]


@each_check
@pytest.mark.parametrize(("status", "body", "reason"), ODD_ANSWERS)
async def test_whatever_comes_back_is_a_finding(
    ask: Ask,
    graph: PlayedGraph,
    check: str,
    endpoint: str,
    permission: str,
    status: int,
    body: Any,
    reason: str,
) -> None:
    """No status and no body makes a check fail, or say that all is well."""
    graph.endpoints[endpoint].always(status, body)
    found = await ask(check)
    assert found.outcome == UNKNOWN
    assert reason in found.detail


@each_check
async def test_a_redirect_is_not_followed(
    ask: Ask, graph: PlayedGraph, check: str, endpoint: str, permission: str
) -> None:
    """The token goes to Graph and nowhere else."""
    graph.endpoints[endpoint].always(302, headers={"Location": f"{graph.url}/elsewhere"})
    assert (await ask(check)).outcome == UNKNOWN
    assert graph.strays.received == []


@each_check
async def test_a_link_to_the_next_page_is_not_followed(
    ask: Ask, graph: PlayedGraph, check: str, endpoint: str, permission: str
) -> None:
    """An answer cannot send us anywhere."""
    link = f"{graph.url}/elsewhere"
    graph.endpoints[endpoint].always(200, {"value": [], "@odata.nextLink": link, "id": PERSON})
    await ask(check)
    assert graph.strays.received == []


@each_check
@pytest.mark.parametrize("packed", [False, True])
async def test_a_flood_is_cut_off(
    ask: Ask, graph: PlayedGraph, check: str, endpoint: str, permission: str, packed: bool
) -> None:
    """An answer longer than any honest one is not read to its end, packed or not."""
    flood = b" " * (LARGEST + 200_000)
    headers = {"Content-Encoding": "gzip"} if packed else {}
    graph.endpoints[endpoint].always(200, gzip.compress(flood, 1) if packed else flood, headers)
    found = await ask(check)
    assert found.outcome == UNKNOWN
    assert "too long an answer" in found.detail


@each_check
async def test_a_broken_connection_is_unknown(
    ask: Ask, graph: PlayedGraph, check: str, endpoint: str, permission: str
) -> None:
    """Graph hangs up without a word; nobody asks again on their own."""
    graph.endpoints[endpoint].always_with(drop)
    found = await ask(check)
    assert found.outcome == UNKNOWN
    assert "cannot be reached" in found.detail


async def test_nobody_there_is_unknown(client: aiohttp.ClientSession, tokens: SharedToken) -> None:
    """A port on which nothing listens."""
    probes = graph_probes(client, tokens, "http://127.0.0.1:9/v1.0")
    found = await probes["account-state"].run(ERIKA, {})
    assert found.outcome == UNKNOWN
    assert "cannot be reached" in found.detail


@each_check
async def test_graph_that_keeps_silent_does_not_keep_the_person(
    graph: PlayedGraph,
    client: aiohttp.ClientSession,
    tokens: SharedToken,
    clock: Clock,
    check: str,
    endpoint: str,
    permission: str,
) -> None:
    """The time of a check is limited as a whole."""
    graph.endpoints[endpoint].always_with(graph.hang)
    probes = graph_probes(client, tokens, graph.url, limit=0.2, clock=clock)
    async with asyncio.timeout(30):
        found = await probes[check].run(ERIKA, {})
    assert found == Finding(UNKNOWN, "Microsoft Graph did not answer in time")


@each_check
async def test_a_body_that_trickles_is_given_up(
    graph: PlayedGraph,
    client: aiohttp.ClientSession,
    tokens: SharedToken,
    clock: Clock,
    check: str,
    endpoint: str,
    permission: str,
) -> None:
    """A head and half a body are not an answer either."""

    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"value": [')
        return await graph.hang(request)

    graph.endpoints[endpoint].always_with(half)
    probes = graph_probes(client, tokens, graph.url, limit=0.2, clock=clock)
    async with asyncio.timeout(30):
        assert (await probes[check].run(ERIKA, {})).outcome == UNKNOWN


@pytest.mark.parametrize(
    ("retry_after", "too_early", "late_enough"),
    [
        ("7", 6, 2),
        ("Mon, 21 Sep 2026 14:14:30 GMT", 69, 2),  # the clock says 14:13:20
        ("soon", 29, 2),
        ("-5", 29, 2),
        ("999999999", 299, 2),
        (None, 29, 2),
    ],
)
async def test_when_graph_asks_to_wait_nobody_asks_meanwhile(
    ask: Ask,
    graph: PlayedGraph,
    clock: Clock,
    retry_after: str | None,
    too_early: float,
    late_enough: float,
) -> None:
    """A 429 is unknown for everybody until its time is over; what else Graph has is not affected."""
    graph.user.next(429, headers={} if retry_after is None else {"Retry-After": retry_after})
    assert "asks to wait" in (await ask("account-state")).detail
    clock.forward(too_early)
    assert "asked to wait" in (await ask("account-state")).detail
    assert len(graph.user.received) == 1
    assert (await ask("service-health")).outcome == "fine"
    clock.forward(late_enough)
    assert (await ask("account-state")).outcome == "enabled"


async def test_a_503_with_a_time_is_respected_too(ask: Ask, graph: PlayedGraph) -> None:
    """Graph says it both ways."""
    graph.user.next(503, headers={"Retry-After": "20"})
    await ask("account-state")
    await ask("account-state")
    assert len(graph.user.received) == 1


async def test_a_token_that_was_just_refused_is_replaced_once(ask: Ask, graph: PlayedGraph) -> None:
    """A permission granted a minute ago comes with a new token."""
    graph.tokens = {"graph-token-2"}
    assert (await ask("account-state")).outcome == "enabled"
    assert [sent.headers["Authorization"] for sent in graph.user.received] == [
        "Bearer graph-token-1",
        "Bearer graph-token-2",
    ]


async def test_tokens_that_are_never_accepted_end_after_two(ask: Ask, graph: PlayedGraph) -> None:
    """There is no third attempt."""
    graph.tokens = set()
    found = await ask("account-state")
    assert found == Finding(UNKNOWN, "Microsoft Graph does not accept the bot's token")
    assert len(graph.user.received) == 2


async def test_without_a_token_nothing_is_asked(graph: PlayedGraph, client: aiohttp.ClientSession) -> None:
    """Wrong credentials are the operator's to mend; the person's conversation goes on."""

    async def fetch() -> Token:
        raise TokenUnavailable("invalid_client", credentials=True)

    probes = graph_probes(client, SharedToken(fetch), graph.url)
    found = await probes["account-state"].run(ERIKA, {})
    assert found == Finding(UNKNOWN, "no token for Microsoft Graph (invalid_client)")
    assert graph.asked == []


@pytest.mark.parametrize("check", ["sign-in-log", "account-state", "device-state"])
@pytest.mark.parametrize(
    "person",
    [
        Person(name="Erika Mustermann", object_id=PERSON),
        Person(name="Erika Mustermann", verified=True),
        Person(name=PERSON, object_id="erika@contoso.example", verified=True),
        Person(object_id=f"{PERSON}/messages", verified=True),
        Person(object_id=f"{PERSON}' or userId ne '", verified=True),
        Person(object_id="00000000-0000-0000-0000-000000000000", verified=True),
    ],
)
async def test_only_a_verified_person_is_looked_up(
    ask: Ask, graph: PlayedGraph, check: str, person: Person
) -> None:
    """A typed name, an address, an id that nobody vouches for: none of them ever reaches Graph."""
    found = await ask(check, person=person, request_id=graph.rows[0]["id"])
    assert found.outcome == UNKNOWN
    assert found.detail.startswith("not looked up")
    assert graph.asked == []


async def test_service_health_needs_no_person(ask: Ask) -> None:
    """On the web page, where nobody vouches for anybody, it can still be told."""
    assert (await ask("service-health", person=Person())).outcome == "fine"


hostile = st.text(max_size=60) | st.sampled_from(
    [
        "' or userId ne '",
        f"{COLLEAGUE}' or userId eq '{COLLEAGUE}",
        f"../users/{COLLEAGUE}",
        f"{PERSON}/../{COLLEAGUE}",
        f"{PERSON}?$select=id",
        "%2e%2e%2fusers",
        PERSON.replace("0", "٠"),
        "9" * 5000,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    facts=st.dictionaries(
        st.sampled_from(
            ["request_id", "trace_id", "correlation_id", "app_id", "timestamp", "code", "device_state"]
        ),
        hostile,
    )
)
async def test_nothing_that_was_pasted_changes_the_question(
    graph: PlayedGraph, tokens: SharedToken, clock: Clock, facts: dict[str, str]
) -> None:
    """Whatever the facts hold, only the known addresses are asked, and about nobody else."""
    before = len(graph.asked)
    async with open_client() as client:  # one for each example: they have event loops of their own
        probes = graph_probes(client, tokens, graph.url, clock=clock)
        for check in PROBES:
            found = await probes[check].run(ERIKA, facts)
            assert found.outcome in {*PROBES[check], UNKNOWN}
    assert graph.strays.received == []
    assert COLLEAGUE not in json.dumps([sent.path for sent in graph.asked[before:]])


@given(st.text(max_size=50) | st.from_regex(r"[0-9A-Fa-f-]{36}\Z"))
def test_only_guids_pass_for_guids(text: str) -> None:
    """What `guid` lets through has five groups of lower-case hexadecimal digits and nothing else."""
    passed = guid(text)
    if passed is not None:
        assert [len(group) for group in passed.split("-")] == [8, 4, 4, 4, 12]
        assert set(passed) <= set("0123456789abcdef-")


@pytest.mark.parametrize("url", ["http://graph.example/v1.0", "ftp://127.0.0.1/", "", "//graph.example"])
async def test_graph_is_asked_over_https(client: aiohttp.ClientSession, url: str) -> None:
    """The token never travels in the clear, but on this machine."""
    with pytest.raises(ValueError, match="https"):
        graph_probes(client, Anonymous(), url)


@pytest.mark.parametrize(
    ("url", "resource"),
    [
        ("https://graph.microsoft.com/v1.0", "https://graph.microsoft.com"),
        ("https://dod-graph.microsoft.us/v1.0/", "https://dod-graph.microsoft.us"),
        ("http://127.0.0.1:4010/v1.0", "http://127.0.0.1:4010"),
    ],
)
def test_every_cloud_has_tokens_of_its_own(url: str, resource: str) -> None:
    """Whom the token is for follows from where Graph is."""
    assert graph_resource(url) == resource


@each_check
async def test_neither_log_nor_finding_has_the_token_or_a_persons_id(
    ask: Ask,
    graph: PlayedGraph,
    capfd: pytest.CaptureFixture[str],
    check: str,
    endpoint: str,
    permission: str,
) -> None:
    """What goes wrong is logged for the operator, without anything that belongs to somebody."""
    graph.endpoints[endpoint].always(500, {"error": {"code": "canary"}})
    found = await ask(check)
    logged = "".join(capfd.readouterr())
    assert "graph_gave_no_answer" in logged
    for secret in ("graph-token", PERSON, "canary"):
        assert secret not in logged + repr(found)
