"""The way out: one attempt, and a word for every way it can end."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.teams.connector import Connector
from bot.teams.outcomes import Delivered, Outcome, Park, Refused, Throttled, TryAgain, Unknown, classify
from bot.teams.pace import Pace
from bot.teams.service_urls import ServiceUrls
from bot.teams.tokens import Anonymous
from tests.support.cloud import PlayedCloud, drop
from tests.support.stage import Stage

# status, sub-code, and what it means for a new message
TABLE: list[tuple[int, str, Outcome]] = [
    (400, "BadArgument", Refused("bad_request", 400)),
    (401, "BotNotRegistered", Refused("credentials", 401)),
    (403, "BotDisabledByAdmin", Park("admin_disabled")),
    (403, "BotNotInConversationRoster", Park("not_in_roster")),
    (403, "ConversationBlockedByUser", Park("blocked")),
    (403, "ForbiddenOperationException", Park("not_installed")),
    (403, "InvalidBotApiHost", Park("wrong_cloud")),
    (403, "NotEnoughPermissions", Park("no_permission")),
    (403, "MessageWritesBlocked", Park("blocked")),
    (404, "ActivityNotFoundInConversation", Refused("gone", 404)),
    (404, "ConversationNotFound", Refused("conversation_gone", 404)),
    (405, "MethodNotAllowed", Refused("unsupported", 405)),
    (412, "PreconditionFailed", TryAgain("precondition")),
    (413, "MessageSizeTooBig", Refused("too_big", 413)),
    (429, "Throttled", Throttled(1.0)),
    (500, "ServiceError", Refused("service_error", 500)),
    (501, "NotImplemented", Refused("unsupported", 501)),
    (502, "BadGateway", Unknown("status_502")),
    (503, "ServiceUnavailable", TryAgain("unavailable")),
    (504, "GatewayTimeout", Unknown("status_504")),
]
UNLISTED = [300, 301, 302, 307, 308, 402, 406, 409, 410, 418, 422, 451, 505, 507, 520, 599]


def shapes(code: str) -> dict[str, Any]:
    """The bodies that a sub-code has been seen in."""
    inner = json.dumps({"subCode": 1, "details": None, "errorSubCode": code})
    return {
        "documented": {"error": {"code": code, "message": "Something is wrong."}},
        "nested": {"errorCode": 209, "message": inner},
        "inner": {
            "error": {"code": "X", "innerHttpError": {"statusCode": 403, "body": {"code": code.lower()}}}
        },
        "text": f"<html>{code}</html>",
    }


@pytest.mark.parametrize("shape", ["documented", "nested", "inner", "text"])
@pytest.mark.parametrize(("status", "code", "expected"), TABLE, ids=str)
async def test_every_row_of_the_status_table(
    stage: Stage, status: int, code: str, expected: Outcome, shape: str
) -> None:
    """Whatever shape the sub-code comes in, the outcome is the row's."""
    stage.cloud.connector.always(status, shapes(code)[shape])
    assert await stage.connector.send(stage.cloud.service_url, "a:1", {"type": "message"}) == expected
    assert len(stage.cloud.sent) == (2 if status == 401 else 1)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Refused("bad_request", 400)),
        (403, Park("forbidden")),
        (404, Refused("conversation_gone", 404)),
        (412, TryAgain("precondition")),
        (413, Refused("too_big", 413)),
        (429, Throttled(1.0)),
        (500, Refused("service_error", 500)),
        (502, Unknown("status_502")),
        (503, TryAgain("unavailable")),
    ],
)
@pytest.mark.parametrize("body", ["", "null", "[]", "\udcff".encode("utf-8", "surrogatepass"), "{" * 1000])
async def test_an_answer_without_a_code_goes_by_its_status(
    stage: Stage, status: int, expected: Outcome, body: str | bytes
) -> None:
    """Bodies may be empty or nonsense; the status is enough."""
    stage.cloud.connector.next(status, body)
    assert await stage.connector.send(stage.cloud.service_url, "a:1", {"type": "message"}) == expected


@pytest.mark.parametrize("status", UNLISTED)
async def test_a_status_that_is_not_listed_is_not_repeated(stage: Stage, status: int) -> None:
    """Microsoft asks not to retry what the table does not name; redirects count among it."""
    stage.cloud.connector.always(status, "", {"Location": f"{stage.cloud.url}/elsewhere"})
    outcome = await stage.connector.send(stage.cloud.service_url, "a:1", {"type": "message"})
    assert outcome == Refused("unexpected", status)
    assert len(stage.cloud.sent) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("1.5", 1.5), ("-3", None), ("999999", 86_400.0), ("soon", None), ("", None),
     ("nan", None), ("inf", 86_400.0), ("Sun, 22 Nov 2026 09:41:37 GMT", 30.0),
     ("Sun, 22 Nov 2026 09:40:00 GMT", 0.0), ("Sun, 99 Nov 2026 09:41:37 GMT", None)],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float | None) -> None:
    """Both forms of RFC 9110 are read, within a day; nonsense is as good as nothing."""
    now = 1795340467.0  # 2026-11-22 09:41:07 UTC
    assert classify(429, "", header, "send", clock=lambda: now) == Throttled(seconds)
    assert classify(503, "", header, "send", clock=lambda: now) == TryAgain("unavailable", seconds)


async def test_a_message_is_delivered_with_its_id(stage: Stage) -> None:
    """The plain case, and the id that an update needs later."""
    sent = await stage.connector.send(stage.cloud.service_url, "a:1", {"type": "message", "text": "ä"})
    assert isinstance(sent, Delivered)
    assert sent.id == "activity-1"
    assert stage.cloud.sent[0].body == {"type": "message", "text": "ä"}


@pytest.mark.parametrize("body", ["", "null", "[]", '{"id":7}', "<html>", "{"])
async def test_a_delivery_without_an_id_is_still_a_delivery(stage: Stage, body: str) -> None:
    """Some clients answer 202 with nothing; the message was taken all the same."""
    stage.cloud.connector.next(202, body)
    outcome = await stage.connector.send(stage.cloud.service_url, "a:1", {"type": "typing"})
    assert isinstance(outcome, Delivered)
    assert outcome.id == ""


@pytest.mark.parametrize(
    "conversation",
    [
        "19:abc@thread.tacv2;messageid=1700000000000",
        "a:1/../../x",
        "a b",
        "ä",
        "%2e%2e",
        "?x=1#y",
        "a\\b",
        "☃",
    ],
)
async def test_ids_arrive_as_they_are(stage: Stage, conversation: str) -> None:
    """Ids hold separators of URLs; quoted, they name the conversation and nothing else."""
    await stage.connector.update(stage.cloud.service_url, conversation, "1/2", {"type": "message"})
    assert stage.cloud.sent[0].parts == ["teams", "v3", "conversations", conversation, "activities", "1/2"]


@pytest.mark.parametrize("bad", ["", ".", "..", "..."])
async def test_ids_that_name_something_else_are_not_sent(stage: Stage, bad: str) -> None:
    """An empty or a dot id would address the collection or its parent."""
    assert await stage.connector.send(stage.cloud.service_url, bad, {}) == Refused("bad_id")
    assert await stage.connector.delete(stage.cloud.service_url, "a:1", bad) == Refused("bad_id")
    assert stage.cloud.sent == []


@pytest.mark.parametrize(
    "body", [{"x": object()}, {"x": "\ud800"}, {1: {2}, "y": {3: object}}], ids=["object", "surrogate", "set"]
)
async def test_what_json_cannot_say_is_not_sent(stage: Stage, body: Any) -> None:
    """A value that cannot be written is our mistake, told as a value."""
    assert await stage.connector.send(stage.cloud.service_url, "a:1", body) == Refused("bad_request")


async def test_a_foreign_address_gets_nothing(stage: Stage, evil: PlayedCloud) -> None:
    """The address is checked before a token is asked for."""
    outcome = await stage.connector.send(evil.service_url, "a:1", {"type": "message"})
    assert outcome == Refused("not_allowed_url")
    assert evil.sent == []
    assert stage.cloud.tokens.received == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_takes_nothing_along(stage: Stage, evil: PlayedCloud, status: int) -> None:
    """An allowed host cannot send our token on to another one."""
    stage.cloud.connector.always(status, headers={"Location": f"{evil.service_url}v3/conversations"})
    for call in (
        stage.connector.send(stage.cloud.service_url, "a:1", {}),
        stage.connector.update(stage.cloud.service_url, "a:1", "1", {}),
        stage.connector.member(stage.cloud.service_url, "a:1", "29:x"),
    ):
        assert await call == Refused("unexpected", status)
    assert evil.sent == []


async def test_nobody_there_means_try_again(client: aiohttp.ClientSession, unused_tcp_port: int) -> None:
    """A connection that never came about sent nothing."""
    url = f"http://127.0.0.1:{unused_tcp_port}/"
    connector = Connector(client, Anonymous(), ServiceUrls(url))
    assert await connector.send(url, "a:1", {}) == TryAgain("not_connected")


async def test_a_message_without_an_answer_has_an_unknown_fate(stage: Stage) -> None:
    """It may have arrived: sending again could show it twice; changing and reading again is harmless."""
    stage.cloud.connector.always_with(drop)
    url = stage.cloud.service_url
    assert isinstance(await stage.connector.send(url, "a:1", {}), Unknown)
    assert isinstance(await stage.connector.reply(url, "a:1", "1", {}), Unknown)
    assert isinstance(await stage.connector.create_conversation(url, {}), Unknown)
    assert isinstance(await stage.connector.update(url, "a:1", "1", {}), TryAgain)
    assert isinstance(await stage.connector.delete(url, "a:1", "1"), TryAgain)
    assert isinstance(await stage.connector.member(url, "a:1", "29:x"), TryAgain)


async def test_a_broken_answer_does_not_undo_a_delivery(stage: Stage) -> None:
    """Once the status says created, the message exists, even when the rest never comes."""

    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=201, headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b'{"id": "act')
        assert request.transport is not None
        request.transport.close()
        return response

    stage.cloud.connector.next_with(half)
    outcome = await stage.connector.send(stage.cloud.service_url, "a:1", {})
    assert isinstance(outcome, Delivered)


@pytest.mark.parametrize("status", [502, 504])
async def test_gateway_errors_are_clear_for_what_may_be_repeated(stage: Stage, status: int) -> None:
    """Update, delete and look-ups may simply be repeated."""
    stage.cloud.connector.always(status)
    url = stage.cloud.service_url
    again = TryAgain(f"status_{status}")
    assert await stage.connector.update(url, "a:1", "1", {}) == again
    assert await stage.connector.delete(url, "a:1", "1") == again
    assert await stage.connector.members(url, "a:1") == again


async def test_a_404_without_code_is_read_by_what_was_tried(stage: Stage) -> None:
    """A card that was updated is gone; a conversation that was written to is gone; a person is not there."""
    stage.cloud.connector.always(404)
    url = stage.cloud.service_url
    assert await stage.connector.update(url, "a:1", "1", {}) == Refused("gone", 404)
    assert await stage.connector.delete(url, "a:1", "1") == Refused("gone", 404)
    assert await stage.connector.send(url, "a:1", {}) == Refused("conversation_gone", 404)
    assert await stage.connector.member(url, "a:1", "29:x") == Refused("no_such_member", 404)


async def test_a_conversation_is_created(stage: Stage) -> None:
    """The answer names the conversation and its first activity."""
    outcome = await stage.connector.create_conversation(
        stage.cloud.service_url, {"isGroup": True, "channelData": {"channel": {"id": "19:x"}}}
    )
    assert outcome == Delivered("a:new-1", {"id": "a:new-1", "activityId": "first-1"})


async def test_a_conversation_without_a_name_is_useless(stage: Stage) -> None:
    """Without its id nothing could ever be sent to it."""
    stage.cloud.connector.next(201, {})
    outcome = await stage.connector.create_conversation(stage.cloud.service_url, {})
    assert outcome == Refused("unexpected", 200)


async def test_members_are_read_page_by_page(stage: Stage) -> None:
    """One person by id, and everybody by continuation tokens."""
    people = {f"29:{n}": {"id": f"29:{n}", "name": f"P{n}", "email": f"p{n}@x.example"} for n in range(3)}
    stage.cloud.members = people
    url = stage.cloud.service_url
    assert await stage.connector.member(url, "a:1", "29:1") == Delivered(body=people["29:1"])
    first = await stage.connector.members(url, "a:1")
    assert isinstance(first, Delivered)
    assert first.body == {"members": [people["29:0"]], "continuationToken": "1"}
    client = (
        await stage.adapter.bot_framework_authentication.create_connector_factory(None).create(url, "")
    ).conversations
    everybody = await client.get_conversation_members("a:1")
    assert [person.id for person in everybody] == list(people)
    assert everybody[0].additional_properties["email"] == "p0@x.example"


async def test_the_bot_runs_on_while_teams_hangs(stage: Stage) -> None:
    """A connector that does not answer holds up one send, not the bot."""
    arrived = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        arrived.set()
        return await stage.cloud.hang(request)

    stage.cloud.connector.next_with(hang)
    stuck = asyncio.create_task(stage.connector.send(stage.cloud.service_url, "a:1", {}))
    await arrived.wait()
    assert isinstance(await stage.connector.send(stage.cloud.service_url, "a:2", {}), Delivered)
    assert await stage.cloud.say("hi", stage.url) == 200
    assert not stuck.done()
    stuck.cancel()


async def test_what_has_no_room_is_not_sent(client: aiohttp.ClientSession, cloud: PlayedCloud) -> None:
    """Whoever the caller is: seven a second for one chat or channel, all threads of the channel together."""
    heard: list[tuple[str, str]] = []
    connector = Connector(
        client,
        Anonymous(),
        ServiceUrls(cloud.service_url),
        Pace(clock=lambda: 0.0),
        heard=lambda operation, status, _: heard.append((operation, status)),
    )
    url, channel = cloud.service_url, "19:x@thread.tacv2"
    await connector.create_conversation(url, {"channelData": {"channel": {"id": channel}}})
    for n in range(2):
        await connector.send(url, f"{channel};messageid={n}", {"type": "message"})
        await connector.reply(url, channel, "1", {"type": "message"})
        await connector.update(url, f"{channel};messageid={n}", "1", {"type": "message"})

    held = await connector.delete(url, channel, "1")

    assert isinstance(held, Throttled)
    assert held.held_back == "thread"
    assert len(cloud.sent) == 7
    assert heard[0] == ("create", "201")
    assert heard[-1] == ("delete", "held_back")
    assert isinstance(await connector.send(url, "a:1", {"type": "message"}), Delivered)
    assert isinstance(await connector.members(url, channel), Delivered)


async def test_typing_is_dropped_when_there_is_no_room(
    client: aiohttp.ClientSession, cloud: PlayedCloud
) -> None:
    """It takes nobody's place, so what comes after it waits no longer for it."""
    connector = Connector(client, Anonymous(), ServiceUrls(cloud.service_url), Pace(clock=lambda: 0.0))
    for _ in range(9):
        await connector.send(cloud.service_url, "a:1", {"type": "typing"})
    assert len(cloud.sent) == 7

    held = await connector.send(cloud.service_url, "a:1", {"type": "message"})

    assert isinstance(held, Throttled)
    assert held.retry_after == pytest.approx(1.01)


async def test_each_end_of_a_request_has_its_word(
    client: aiohttp.ClientSession, cloud: PlayedCloud, unused_tcp_port: int
) -> None:
    """What monitoring counts: the status, or what came in its place."""
    heard: list[str] = []
    nobody = f"http://127.0.0.1:{unused_tcp_port}/"
    for url, answer in ((cloud.service_url, 429), (cloud.service_url, None), (nobody, 0)):
        connector = Connector(
            client, Anonymous(), ServiceUrls(url), heard=lambda _, status, __: heard.append(status)
        )
        if answer is None:
            cloud.connector.next_with(drop)
        elif answer:
            cloud.connector.next(answer)
        await connector.send(url, "a:1", {"type": "message"})

    assert heard == ["429", "broken_off", "not_connected"]
