"""Activities that nobody foresaw: nothing is lost, and nothing is ever answered with a 5xx."""

import datetime as dt
import enum
import json
from typing import Any

import msgspec
import pytest
from botbuilder.schema import Activity, ActivityTypes, Attachment, ChannelAccount
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.teams.intake import BadRequest, parse_object
from bot.teams.wire import activity_from, plain
from tests.support.cloud import DROP
from tests.support.stage import Stage

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**20, 10**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=[]), max_size=20)
    | st.sampled_from(
        ["\ud800", "a\udfffb", "\0", "msteams", "message", "<at>x</at>", "29:x", "2026-99-99", "1e999"]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = [
    "type", "id", "timestamp", "localTimestamp", "from", "recipient", "conversation", "text", "textFormat",
    "locale", "entities", "attachments", "channelData", "value", "name", "replyToId", "membersAdded",
    "membersRemoved", "reactionsAdded", "reactionsRemoved", "deliveryMode", "suggestedActions", "relatesTo",
    "action", "inputHint", "semanticAction", "historyDisclosed", "expiration", "code", "somethingNew",
    "callerId", "textHighlights", "topicName",
]  # fmt: skip
TYPES = [
    "message", "invoke", "conversationUpdate", "installationUpdate", "messageReaction", "messageUpdate",
    "messageDelete", "event", "typing", "endOfConversation", "handoff", "trace", "command", "neverHeardOf",
]  # fmt: skip
NAMES = [
    "adaptiveCard/action", "task/fetch", "task/submit", "composeExtension/query", "somethingNew", "",
    "composeExtension/queryLink", "composeExtension/submitAction", "composeExtension/fetchTask",
    "composeExtension/selectItem", "composeExtension/querySettingUrl", "composeExtension/setting",
    "actionableMessage/executeAction", "config/fetch", "tab/fetch", "tab/submit", "fileConsent/invoke",
    "signin/verifyState", "signin/tokenExchange", "message/submitAction",
    "application/vnd.microsoft.meetingStart", "application/vnd.microsoft.readReceipt",
]  # fmt: skip
EVENTS = [
    "channelCreated",
    "channelDeleted",
    "teamRenamed",
    "teamArchived",
    "editMessage",
    "softDeleteMessage",
    "x",
]


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(TYPES),
    name=st.sampled_from(NAMES),
    event=st.sampled_from(EVENTS) | SCALARS,
    noise=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5),
    inside=st.dictionaries(
        st.sampled_from(["team", "channel", "meeting", "settings", "notification", "x"]), JSON
    ),
)
async def test_no_signed_activity_is_answered_with_5xx(
    stage: Stage, kind: str, name: str, event: Any, noise: dict[str, Any], inside: dict[str, Any]
) -> None:
    """Any type, any name, any wrong field, through the real endpoint and the SDK's own Teams handler."""
    tenant = {"tenant": {"id": stage.cloud.tenant}}
    base = {"type": kind, "name": name, "channelData": {"eventType": event, **inside, **tenant}}
    activity = stage.cloud.activity(**{**base, **noise})
    status = await stage.post(json.dumps(activity).encode())
    # 501 is the protocol's word for an invoke that the bot does not know.
    assert status in {200, 400, 403} or (status == 501 and activity["type"] == "invoke")


@pytest.mark.parametrize(
    "changes",
    [
        {"membersAdded": [{"id": "29:new"}, {"name": "no id"}, None, 7]},
        {
            "membersAdded": [{"id": "29:new", "userPrincipalName": "a@b"}],
            "channelData": {"tenant": {"id": DROP}},
        },
        {"membersRemoved": [{"id": "29:gone", "odd": {"deep": [1]}}]},
    ],
)
async def test_people_come_and_go_in_odd_shapes(stage: Stage, changes: dict[str, Any]) -> None:
    """The SDK's handler for members gets only members that have an id."""
    fields = {"type": "conversationUpdate", **changes, "channelData": {"tenant": {"id": stage.cloud.tenant}}}
    assert await stage.post(stage.cloud.activity(**fields)) == 200


async def test_what_is_unknown_survives(stage: Stage) -> None:
    """New fields, entities and properties of Teams stay readable, at every level."""
    await stage.post(
        stage.cloud.activity(
            brandNew={"a": [1]},
            entities=[{"type": "QuotedReply", "x": 1}, {"type": 7, "y": 2}],
            conversation={"id": "a:1", "tenantId": stage.cloud.tenant, "newKind": "x"},
            replyToId=9,
        )
    )
    [seen] = stage.bot.seen
    assert seen.additional_properties["brandNew"] == {"a": [1]}
    assert seen.additional_properties["replyToId"] == 9
    assert seen.reply_to_id is None
    assert [(entity.type, entity.additional_properties) for entity in seen.entities] == [
        ("QuotedReply", {"x": 1}),
        ("", {"type": 7, "y": 2}),
    ]
    assert seen.conversation.additional_properties == {"newKind": "x"}
    assert seen.conversation.tenant_id == stage.cloud.tenant
    assert seen.timestamp == dt.datetime(2026, 11, 22, 9, 41, 7, 123456, tzinfo=dt.UTC)
    assert seen.local_timestamp.utcoffset() == dt.timedelta(hours=1)


async def test_half_a_character_and_nul_become_harmless(stage: Stage) -> None:
    """A lone surrogate cannot be written as UTF-8 and NUL not into PostgreSQL: both are marked as lost."""
    body = json.dumps(stage.cloud.activity("a\ud83d b\0c 😀")).encode()
    assert await stage.post(body) == 200
    assert stage.bot.seen[0].text == "a\N{REPLACEMENT CHARACTER} b\N{REPLACEMENT CHARACTER}c 😀"


def test_numbers_are_bounded() -> None:
    """What no number type of ours can hold becomes a float or null; a million digits cost nothing."""
    found = parse_object(
        b'{"a":1e999,"b":-1e999,"c":123456789012345678901,"d":7,"e":' + b"9" * 200_000 + b"}"
    )
    assert found == {"a": None, "b": None, "c": 1.2345678901234568e20, "d": 7, "e": None}


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    """Nothing but BadRequest ever comes out of the parser."""
    try:
        parsed = parse_object(body)
    except BadRequest:
        return
    assert isinstance(parsed, dict)


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), JSON, max_size=8))
def test_building_never_fails_and_writing_it_back_loses_nothing(body: dict[str, Any]) -> None:
    """JSON to Activity to JSON: known fields keep their value, wrong and unknown ones are still there."""
    cleaned = parse_object(json.dumps(body).encode())
    again = plain(activity_from(cleaned))
    msgspec.json.encode(again)
    for key, value in cleaned.items():
        if value in (None, [], {}) or key in {"channelData", "timestamp", "localTimestamp", "expiration"}:
            continue
        if key in {"from", "recipient", "conversation", "entities", "attachments", "relatesTo"} | {
            "membersAdded", "membersRemoved", "reactionsAdded", "reactionsRemoved"
        }:  # fmt: skip
            assert key in again or isinstance(value, list)
            continue
        assert again[key] == value


class _Colour(enum.Enum):
    RED = "red"


def test_sdk_objects_become_json_in_the_names_of_the_wire() -> None:
    """Models, enumerations, times and nested lists; absent fields are left out."""
    activity = Activity(
        type=ActivityTypes.message,
        from_property=ChannelAccount(id="28:bot", aad_object_id="x"),
        attachments=[Attachment(content_type="t", content={"when": dt.date(2026, 1, 2), "c": _Colour.RED})],
        timestamp=dt.datetime(2026, 11, 22, 9, 41, tzinfo=dt.UTC),
        channel_data={"feedbackLoop": {"type": "default"}},
    )
    assert plain(activity) == {
        "type": "message",
        "from": {"id": "28:bot", "aadObjectId": "x"},
        "attachments": [{"contentType": "t", "content": {"when": "2026-01-02", "c": "red"}}],
        "timestamp": "2026-11-22T09:41:00Z",
        "channelData": {"feedbackLoop": {"type": "default"}},
    }
