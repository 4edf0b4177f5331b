"""The endpoint as Teams sees it: what is answered, and when."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from botbuilder.core import CardFactory, InvokeResponse, MessageFactory, TurnContext
from botbuilder.schema import Activity, AdaptiveCardInvokeResponse, ConversationParameters

from bot.teams.adapter import TurnFailed
from bot.teams.framework import DeliveryFailed
from bot.teams.outcomes import Park
from tests.support.cloud import DROP
from tests.support.stage import Stage

CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Größe ≠ 0"}]}


async def test_a_signed_message_reaches_the_bot_and_is_answered_with_200(stage: Stage) -> None:
    """The plain case: one message in, one turn, 200 with nothing in it."""
    status, body = await stage.cloud.post(stage.url, stage.cloud.activity("hello"))
    assert (status, body) == (200, None)
    assert [activity.text for activity in stage.bot.seen] == ["hello"]


async def test_the_answer_waits_for_the_turn(stage: Stage) -> None:
    """200 means "never send this again", so it must not be said before the turn is over."""
    begun, finish = asyncio.Event(), asyncio.Event()

    async def on_message(_context: TurnContext) -> None:
        begun.set()
        await finish.wait()

    stage.bot.on_message = on_message
    request = asyncio.create_task(stage.post(stage.cloud.activity()))
    await begun.wait()
    assert not request.done()
    finish.set()
    assert await request == 200


async def test_a_reply_goes_out_with_the_bots_token_to_the_right_conversation(stage: Stage) -> None:
    """send_activity in a turn works through our connector, and the thread's id survives its quoting."""
    stage.cloud.enforce_bearer = True
    thread = "19:abc@thread.tacv2;messageid=1700000000000"
    stage.bot.on_message = lambda context: context.send_activity(
        MessageFactory.attachment(CardFactory.adaptive_card(CARD))
    )
    conversation = {"id": thread, "tenantId": stage.cloud.tenant, "isGroup": True}
    assert await stage.cloud.say("hi", stage.url, id="in-1", conversation=conversation) == 200
    [sent] = stage.cloud.sent
    assert sent.parts == ["teams", "v3", "conversations", thread, "activities", "in-1"]
    assert sent.body["attachments"][0]["content"] == CARD
    assert sent.body["conversation"] == conversation
    assert sent.headers["Authorization"] == "Bearer bot-token-1"


async def test_update_and_delete_work_in_a_turn(stage: Stage) -> None:
    """What the bot has sent can be replaced and taken back through the turn's context."""

    async def on_message(context: TurnContext) -> None:
        sent = await context.send_activity("one")
        await context.update_activity(Activity(type="message", id=sent.id, text="two"))
        await context.delete_activity(sent.id)

    stage.bot.on_message = on_message
    assert await stage.cloud.say("hi", stage.url) == 200
    methods = [(sent.method, sent.parts[-1]) for sent in stage.cloud.sent]
    assert methods[1:] == [("PUT", "activity-1"), ("DELETE", "activity-1")]


async def test_a_conversation_is_continued_later(stage: Stage) -> None:
    """A stored reference is enough to speak again, outside any turn."""
    await stage.cloud.say("hi", stage.url)
    reference = TurnContext.get_conversation_reference(stage.bot.seen[0])
    await stage.adapter.continue_conversation(
        reference, lambda context: context.send_activity("still there?"), stage.cloud.app_id
    )
    assert stage.cloud.sent[0].body["text"] == "still there?"
    assert stage.cloud.sent[0].parts[3] == "a:chat"


async def test_a_channel_thread_is_begun(stage: Stage) -> None:
    """create_conversation posts to the channel and runs the callback in the new conversation."""
    begun = []

    async def callback(context: TurnContext) -> None:
        begun.append((context.activity.conversation.id, context.activity.id))

    parameters = ConversationParameters(
        is_group=True,
        channel_data={"channel": {"id": "19:help@thread.tacv2"}},
        activity=MessageFactory.text("a ticket"),
        tenant_id=stage.cloud.tenant,
    )
    await stage.adapter.create_conversation(
        stage.cloud.app_id, callback, parameters, "msteams", stage.cloud.service_url
    )
    assert begun == [("a:new-1", "first-1")]
    assert stage.cloud.sent[0].body["activity"]["text"] == "a ticket"
    assert stage.cloud.sent[0].body["tenantId"] == stage.cloud.tenant


async def test_what_teams_refuses_is_said_with_its_reason(stage: Stage) -> None:
    """A refused send surfaces as DeliveryFailed with the typed outcome."""
    outcomes = []

    async def on_message(context: TurnContext) -> None:
        with pytest.raises(DeliveryFailed) as failed:
            await context.send_activity("x")
        outcomes.append(failed.value.outcome)

    stage.bot.on_message = on_message
    stage.cloud.connector.next(403, {"error": {"code": "BotDisabledByAdmin"}})
    assert await stage.cloud.say("hi", stage.url) == 200
    assert outcomes == [Park("admin_disabled")]


async def test_a_turn_that_failed_is_delivered_again(stage: Stage) -> None:
    """TurnFailed becomes 503 with Retry-After, so that Teams repeats the activity."""

    async def on_message(_context: TurnContext) -> None:
        raise TurnFailed

    stage.bot.on_message = on_message
    status, body = await stage.cloud.post(stage.url, stage.cloud.activity())
    assert status == 503
    assert body["error"]["code"] == "TurnFailed"


@pytest.mark.parametrize("kind", [RuntimeError, AttributeError, KeyError, TypeError, ValueError, OSError])
async def test_a_crash_is_503_and_tells_nothing(
    stage: Stage, capfd: pytest.CaptureFixture[str], kind: type[Exception]
) -> None:
    """Any other error is 503 too; neither the answer nor the log repeats what the error said."""

    async def on_message(_context: TurnContext) -> None:
        raise kind("canary-from-the-message")

    stage.bot.on_message = on_message
    status, body = await stage.cloud.post(stage.url, stage.cloud.activity())
    assert status == 503
    logged = "".join(capfd.readouterr())
    assert kind.__name__ in logged
    assert "canary" not in logged
    assert "canary" not in json.dumps(body)


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        pytest.param(
            AdaptiveCardInvokeResponse(
                status_code=200, type="application/vnd.microsoft.card.adaptive", value=CARD
            ),
            200,
            {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": CARD},
            id="a card",
        ),
        pytest.param(
            AdaptiveCardInvokeResponse(
                status_code=400,
                type="application/vnd.microsoft.error",
                value={"code": "Stale", "message": "This card is old."},
            ),
            200,
            {
                "statusCode": 400,
                "type": "application/vnd.microsoft.error",
                "value": {"code": "Stale", "message": "This card is old."},
            },
            id="an error for the person",
        ),
    ],
)
async def test_a_click_is_answered_with_its_body(stage: Stage, answer: Any, status: int, body: Any) -> None:
    """The answer to Action.Execute arrives as JSON; the SDK's own adapter answers 500 here."""

    async def on_click(_context: TurnContext, _value: Any) -> Any:
        return answer

    stage.bot.on_click = on_click
    assert await stage.cloud.click({"a": 1}, stage.url) == (status, body)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param(InvokeResponse(status=200, body={"task": {"type": "message", "value": "ok"}}),
                     (200, {"task": {"type": "message", "value": "ok"}}), id="dict"),
        pytest.param(InvokeResponse(status=200, body=[1, "zwei", None]), (200, [1, "zwei", None]), id="list"),
        pytest.param(InvokeResponse(status=200), (200, None), id="nothing"),
        pytest.param(InvokeResponse(status=409, body={"why": "late"}), (409, {"why": "late"}), id="status"),
        pytest.param(InvokeResponse(status=200, body=MessageFactory.text("x")),
                     (200, {"type": "message", "text": "x", "inputHint": "acceptingInput"}), id="SDK object"),
    ],
)  # fmt: skip
async def test_any_invoke_answer_is_written_as_it_is(stage: Stage, response: Any, expected: Any) -> None:
    """Whatever the bot answers to an invoke, the client gets it as JSON with its status."""

    async def on_click(context: TurnContext, _value: Any) -> None:
        await context.send_activity(Activity(type="invokeResponse", value=response))

    stage.bot.on_click = on_click
    assert await stage.cloud.click({}, stage.url) == expected


async def test_an_invoke_nobody_handles_is_501(stage: Stage) -> None:
    """The client words 501 as "not implemented", which is the truth."""
    invoke = stage.cloud.activity(type="invoke", name="something/new", value={})
    assert (await stage.cloud.post(stage.url, invoke))[0] == 501


async def test_a_malformed_click_is_answered_not_crashed(stage: Stage) -> None:
    """The SDK answers a bad Action.Execute with an exception inside a model; it still becomes JSON."""
    invoke = stage.cloud.activity(type="invoke", name="adaptiveCard/action", value={"action": {"type": "No"}})
    status, body = await stage.cloud.post(stage.url, invoke)
    assert status == 400
    assert body["value"]["message"] == "The action 'No' is not supported."


async def test_expected_replies_come_back_in_the_answer(stage: Stage) -> None:
    """Delivery mode expectReplies buffers what the bot sends and returns it in one body."""
    stage.bot.on_message = lambda context: context.send_activity("inline")
    status, body = await stage.cloud.post(stage.url, stage.cloud.activity(deliveryMode="expectReplies"))
    assert status == 200
    assert [reply["text"] for reply in body["activities"]] == ["inline"]
    assert stage.cloud.sent == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
async def test_only_post_is_allowed(stage: Stage, client: aiohttp.ClientSession, method: str) -> None:
    """Every other method is 405 and names the right one."""
    async with client.request(method, stage.url) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Encoding": "br"}, 415),
        ({"Content-Encoding": "identity"}, 200),
    ],
)
async def test_only_plain_json_is_read(stage: Stage, headers: dict[str, str], status: int) -> None:
    """Other types and every compression are 415, before anything is decoded."""
    assert await stage.post(stage.cloud.activity(), headers=headers) == status


async def test_a_large_body_is_413_whether_it_says_so_or_not(
    stage: Stage, client: aiohttp.ClientSession
) -> None:
    """256 KiB is the limit, by Content-Length and by counting."""
    large = stage.cloud.activity("x" * 300_000)
    assert await stage.post(large) == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 8192

    headers = {"Authorization": f"Bearer {stage.cloud.token()}", "Content-Type": "application/json"}
    async with client.post(stage.url, data=chunks(), headers=headers) as response:
        assert response.status == 413
    assert stage.bot.seen == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b'{"type":NaN}', b"[" * 100_000,
     b'{"type":"message"}', b'{"a":' * 90 + b"1" + b"}" * 90,
     b'{"v":[' + b"0," * 30_000 + b"0]}", b"{}", '{"type":"x"}'.encode("utf-16")],
    ids=lambda body: repr(body[:12]),
)  # fmt: skip
async def test_what_is_not_an_activity_is_4xx(stage: Stage, body: bytes) -> None:
    """Signed or not, a body that is no activity ends with 400 or 403, never with 5xx."""
    status, _ = await stage.cloud.post(stage.url, body)
    assert status in {400, 403}
    assert stage.bot.seen == []


@pytest.mark.parametrize(
    ("depth", "width", "status"),
    [(60, 1, 200), (70, 1, 400), (1, 19_000, 200), (1, 21_000, 400)],
    ids=["deep", "too deep", "wide", "too wide"],
)
async def test_depth_and_number_of_values_are_bounded(
    stage: Stage, depth: int, width: int, status: int
) -> None:
    """A good activity may carry a large value, but not one made to exhaust whoever walks through it."""
    value: Any = [0] * width
    for _ in range(depth):
        value = {"v": value}
    assert await stage.post(stage.cloud.activity(value=value)) == status


async def test_the_body_is_not_read_before_the_sender_is_known(stage: Stage) -> None:
    """Without a token the answer comes although the body never arrives."""
    host, port = stage.url.removeprefix("http://").split("/")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1000\r\n\r\n"
    )
    async with asyncio.timeout(30):
        assert (await reader.readline()).startswith(b"HTTP/1.1 401")
    writer.close()


async def test_a_body_that_trickles_is_given_up(stage: Stage) -> None:
    """Who proves who they are and then sends no body does not hold the bot; the connection ends with 408."""
    stage.adapter._read_timeout = 1.0
    host, port = stage.url.removeprefix("http://").split("/")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer "
        + stage.cloud.token().encode()
        + b"\r\nContent-Length: 1000\r\n\r\n{"
    )
    async with asyncio.timeout(30):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_a_message_without_conversation_is_malformed(stage: Stage) -> None:
    """There is nowhere to answer to, so it is 400 and not a turn."""
    activity = stage.cloud.activity(conversation=DROP)
    assert await stage.post(activity) == 400
    assert stage.bot.seen == []


async def test_another_organisation_is_a_warning_that_says_what_to_do(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    """To them the bot is dead, and it may not write to them: so those who run it must hear of it."""
    conversation = {"id": "a:theirs", "tenantId": "99999999-9999-4999-8999-999999999999"}
    theirs = stage.cloud.activity(
        conversation=conversation, channelData={"tenant": {"id": conversation["tenantId"]}}
    )
    assert await stage.post(theirs) == 403

    logged = "".join(capfd.readouterr())
    assert "foreign_tenant" in logged
    assert "warning" in logged
    assert "run a bot of their tenant" in logged
