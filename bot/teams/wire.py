"""JSON to Activity and back, leniently and losing nothing.

Teams adds fields, types and entities without notice, and a broken field must not cost the whole message. So a
field of the wrong type is treated as absent, and it, like everything unknown, stays readable under
``additional_properties``. The SDK's own serialiser drops those, crashes on what it does not expect, and is a
hundred times slower.

Must not know: HTTP, authentication, what an activity means to the bot.
"""

import base64
import datetime as dt
import enum
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from botbuilder.schema import (
    Activity,
    Attachment,
    ChannelAccount,
    ConversationAccount,
    ConversationReference,
    Entity,
    MessageReaction,
)

_TEXTS: Final = {
    "type": "type",
    "id": "id",
    "localTimezone": "local_timezone",
    "serviceUrl": "service_url",
    "channelId": "channel_id",
    "textFormat": "text_format",
    "attachmentLayout": "attachment_layout",
    "topicName": "topic_name",
    "locale": "locale",
    "text": "text",
    "speak": "speak",
    "inputHint": "input_hint",
    "summary": "summary",
    "action": "action",
    "replyToId": "reply_to_id",
    "label": "label",
    "valueType": "value_type",
    "name": "name",
    "code": "code",
    "importance": "importance",
    "deliveryMode": "delivery_mode",
}
_TIMES: Final = {"timestamp": "timestamp", "localTimestamp": "local_timestamp", "expiration": "expiration"}
_ACCOUNT: Final = {"id": "id", "name": "name", "aadObjectId": "aad_object_id", "role": "role"}
_CONVERSATION: Final = {
    "id": "id",
    "name": "name",
    "conversationType": "conversation_type",
    "aadObjectId": "aad_object_id",
    "role": "role",
    "tenantId": "tenant_id",  # Teams' spelling; the SDK's schema waits for tenantID in vain
}
_ATTACHMENT: Final = {
    "contentType": "content_type",
    "contentUrl": "content_url",
    "name": "name",
    "thumbnailUrl": "thumbnail_url",
}
_TEAMS_OBJECTS: Final = ("team", "channel", "tenant", "notification", "meeting", "settings")


def activity_from(body: Mapping[str, Any]) -> Activity:
    """Build an Activity from a parsed JSON object; never fails.

    ``from_property``, ``recipient`` and ``conversation`` are always objects, ``channel_data`` is always a
    dict, and every list holds only members of its type.
    """
    rest = dict(body)
    fields: dict[str, Any] = _texts(rest, _TEXTS)
    for key, name in _TIMES.items():
        moment = _moment(rest.get(key))
        if moment is not None:
            fields[name] = moment
            del rest[key]
    if isinstance(rest.get("historyDisclosed"), bool):
        fields["history_disclosed"] = rest.pop("historyDisclosed")
    if "value" in rest:
        fields["value"] = rest.pop("value")
    fields["channel_data"] = _channel_data(rest)
    fields["from_property"] = _account(_object(rest, "from"))
    fields["recipient"] = _account(_object(rest, "recipient"))
    fields["conversation"] = _conversation(_object(rest, "conversation"))
    if isinstance(rest.get("relatesTo"), dict):
        fields["relates_to"] = _reference(rest.pop("relatesTo"))
    for key, name in (("membersAdded", "members_added"), ("membersRemoved", "members_removed")):
        accounts = [_account(item) for item in _objects(rest, key) if isinstance(item.get("id"), str)]
        fields[name] = accounts or None
    for key, name in (("reactionsAdded", "reactions_added"), ("reactionsRemoved", "reactions_removed")):
        fields[name] = [_typed(MessageReaction, item) for item in _objects(rest, key)] or None
    fields["attachments"] = [_attachment(item) for item in _objects(rest, "attachments")] or None
    fields["entities"] = [_typed(Entity, item) for item in _objects(rest, "entities")] or None
    activity = Activity(**fields)
    activity.additional_properties = rest
    return activity


def plain(value: Any) -> Any:
    """Turn SDK objects, at any depth, into what JSON can say, in the names of the wire.

    Absent fields are left out, additional properties are put back. Anything that JSON has no form for becomes
    its text.
    """
    match value:
        case None | bool() | int() | float() | msgspec.Raw():
            return value
        case enum.Enum():
            return plain(value.value)
        case str():
            return value
        case dt.datetime():
            return value.isoformat().replace("+00:00", "Z")
        case bytes() | bytearray():
            return base64.b64encode(value).decode("ascii")
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case Exception():
            # The SDK puts an exception where Teams expects an error's code and message.
            return dict(zip(("code", "message"), map(str, value.args), strict=False))
    attributes = getattr(value, "_attribute_map", None)
    return str(value) if attributes is None else _model(value, attributes)


def _model(value: Any, attributes: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    said = dict(plain(getattr(value, "additional_properties", None) or {}))
    for name, attribute in attributes.items():
        item = getattr(value, name, None)
        if item is not None:
            # msrest writes a dot inside a name as \\.; and Teams reads tenantId, not the schema's tenantID.
            key = attribute["key"].replace("\\\\.", ".").replace("tenantID", "tenantId")
            said[key] = plain(item)
    return said


def _texts(rest: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Move the fields that are text out of ``rest``; a null one just disappears."""
    found: dict[str, Any] = {}
    for key, name in names.items():
        if key in rest and (rest[key] is None or isinstance(rest[key], str)):
            found[name] = rest.pop(key)
    return found


def _object(rest: dict[str, Any], key: str) -> dict[str, Any]:
    found = rest.get(key)
    if isinstance(found, dict):
        del rest[key]
        return dict(found)
    return {}


def _objects(rest: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = rest.get(key)
    if not isinstance(found, list):
        return []
    kept = [dict(item) for item in found if isinstance(item, dict)]
    if len(kept) == len(found):
        del rest[key]
    return kept


def _account(item: dict[str, Any]) -> ChannelAccount:
    return _with_rest(ChannelAccount, _texts(item, _ACCOUNT), item)


def _conversation(item: dict[str, Any]) -> ConversationAccount:
    fields = _texts(item, _CONVERSATION)
    if isinstance(item.get("isGroup"), bool):
        fields["is_group"] = item.pop("isGroup")
    return _with_rest(ConversationAccount, fields, item)


def _attachment(item: dict[str, Any]) -> Attachment:
    fields = _texts(item, _ATTACHMENT)
    if "content" in item:
        fields["content"] = item.pop("content")
    return _with_rest(Attachment, fields, item)


def _typed(kind: type[Any], item: dict[str, Any]) -> Any:
    # The SDK lower-cases an entity's type without looking.
    return _with_rest(kind, {"type": "", **_texts(item, {"type": "type"})}, item)


def _reference(item: dict[str, Any]) -> ConversationReference:
    names = {
        "activityId": "activity_id",
        "channelId": "channel_id",
        "locale": "locale",
        "serviceUrl": "service_url",
    }
    fields: dict[str, Any] = _texts(item, names)
    fields["user"] = _account(_object(item, "user"))
    fields["bot"] = _account(_object(item, "bot"))
    fields["conversation"] = _conversation(_object(item, "conversation"))
    return _with_rest(ConversationReference, fields, item)


def _with_rest(kind: type[Any], fields: dict[str, Any], rest: dict[str, Any]) -> Any:
    built = kind(**fields)
    built.additional_properties = rest
    return built


def _channel_data(rest: dict[str, Any]) -> dict[str, Any]:
    """Teams' own part, without the members that the SDK's handler would choke on."""
    data = _object(rest, "channelData")
    return {
        key: item
        for key, item in data.items()
        if key not in _TEAMS_OBJECTS or item is None or isinstance(item, dict)
    }


def _moment(value: Any) -> dt.datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return dt.datetime.fromisoformat(value)
    except ValueError:
        return None
