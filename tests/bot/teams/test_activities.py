"""What an activity means: whose conversation, which event, and nothing that a client sends is an error."""

from typing import Any

import pytest
from botbuilder.schema import Activity
from hypothesis import given
from hypothesis import strategies as st

from bot.teams.activities import (
    Heard,
    address_of,
    card_data,
    heard_action,
    heard_message,
    key_of,
    owner_mark,
)
from bot.teams.case_actions import case_action
from bot.teams.wire import activity_from
from dialogs.events import Attached, Chose, Commanded, Entered, Said

NOW = 1_795_254_000
BOT = {"id": "28:bot", "name": "Handrail"}
PERSON = {"id": "29:erika", "name": "Erika Mustermann", "aadObjectId": "0f0f0f0f-1111-4222-8333-444444444444"}


def activity(**changes: Any) -> Activity:
    """A message as Teams sends it, with changes."""
    return activity_from(
        {
            "type": "message",
            "id": "m1",
            "channelId": "msteams",
            "from": PERSON,
            "recipient": BOT,
            "conversation": {"id": "a:chat", "conversationType": "personal", "tenantId": "t"},
            "channelData": {"tenant": {"id": "t"}},
            "text": "hello",
            **changes,
        }
    )


def heard(**changes: Any) -> Heard:
    """What was heard of such a message."""
    found = heard_message(activity(**changes), NOW)
    assert found is not None
    return found


def pressed(does: dict[str, str], **inputs: Any) -> Heard | None:
    """What was heard of a pressed button."""
    data = {"handrail": {"prompt": "7", **does}, **inputs}
    return heard_action(activity(value=data), data, NOW)


def test_a_mention_is_no_part_of_what_was_said() -> None:
    """In groups people write to the bot by name; the name, its markup and hard spaces are taken out."""
    mention = {"type": "mention", "text": "<at>Handrail</at>", "mentioned": BOT}
    text = "<at>Handrail</at>&nbsp;AADSTS1000002 &lt;again&gt;"
    found = heard(text=text, entities=[mention]).event
    assert found == Said(at=NOW, text="AADSTS1000002 <again>")


@pytest.mark.parametrize(
    ("changes", "verified"),
    [
        ({}, True),
        ({"from": {"id": "29:x", "name": "Erika"}}, False),
        ({"channelId": "webchat"}, False),
        ({"channelId": None}, False),
    ],
    ids=["Teams, with an object id", "Teams, without one", "another channel", "no channel"],
)
def test_only_teams_vouches_for_a_person(changes: dict[str, Any], verified: bool) -> None:
    """A name is no proof; Microsoft's own channel with the directory's id is."""
    assert address_of(activity(**changes)).person.verified is verified


@pytest.mark.parametrize("scope", ["groupChat", "channel"])
def test_in_a_group_each_person_has_a_conversation(scope: str) -> None:
    """Two people in one thread have two keys and two marks; in a personal chat the chat is the key."""
    where = {"id": "19:x@thread.tacv2;messageid=1", "conversationType": scope, "tenantId": "t"}
    mine = key_of(address_of(activity(conversation=where)))
    others = key_of(address_of(activity(conversation=where, **{"from": {"id": "29:other", "name": "Other"}})))
    assert mine != others
    assert owner_mark(mine) != owner_mark(others)
    assert key_of(address_of(activity())) == "teams:t:a:chat"


def test_the_client_names_the_language() -> None:
    """The client's own locale goes before the activity's; both may be missing."""
    info = {"type": "clientInfo", "locale": "de-DE"}
    assert address_of(activity(locale="en-US", entities=[info])).locale == "de-DE"
    assert address_of(activity(locale="en-US")).locale == "en-US"
    assert address_of(activity()).locale == ""


@pytest.mark.parametrize(
    ("does", "inputs", "event"),
    [
        ({"does": "chose", "option": "yes"}, {}, Chose(at=NOW, prompt="7", options=("yes",))),
        ({"does": "chose"}, {"answer-7": "a,b"}, Chose(at=NOW, prompt="7", options=("a", "b"))),
        ({"does": "chose"}, {}, Chose(at=NOW, prompt="7", options=())),
        ({"does": "entered"}, {"answer-7": "SAP"}, Entered(at=NOW, prompt="7", text="SAP")),
        ({"does": "commanded", "command": "back"}, {}, Commanded(at=NOW, prompt="7", command="back")),
        ({"does": "commanded", "command": "rm -rf"}, {}, None),
        ({"does": "something newer"}, {}, None),
    ],
    ids=lambda each: each.get("does") if isinstance(each, dict) else None,
)
def test_a_button_says_what_was_pressed(does: dict[str, str], inputs: dict[str, str], event: object) -> None:
    """One option, several ticked ones, a filled field, a small button; what is unknown is no event."""
    found = pressed(does, **inputs)
    assert (found.event if found else None) == event


def test_a_retried_click_is_the_same_event() -> None:
    """Teams repeats a click under a new activity id: what was pressed makes the event, not the id."""
    first, again = (pressed({"does": "chose", "option": "yes"}) for _ in range(2))
    other = pressed({"does": "chose", "option": "no"})
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.event_id == again.event_id != other.event_id


def test_a_picture_of_the_screen_is_noticed() -> None:
    """Files are named; the HTML twin of a message and the cards that it quotes are none."""
    files = [
        {"contentType": "text/html", "content": "<p>hello</p>"},
        {"contentType": "application/vnd.microsoft.card.adaptive", "content": {}},
        {"contentType": "image/png", "name": "screen.png"},
        {"contentType": "image/jpeg"},
    ]
    found = heard(text="", attachments=files).event
    assert found == Attached(at=NOW, names=("screen.png", "image.png"))


def test_files_of_a_personal_chat_are_taken_with_the_words_beside_them() -> None:
    """A file by its link, a pasted picture by its address, each with an id that a repeat has as well."""
    sent = [
        {
            "contentType": "application/vnd.microsoft.teams.file.download.info",
            "name": "..\\a.log",
            "contentUrl": "https://contoso.sharepoint.com/a.log",
            "content": {"downloadUrl": "https://contoso.sharepoint.com/d?tempauth=x"},
        },
        {"contentType": "image/*", "contentUrl": "https://smba.trafficmanager.net/v3/attachments/1"},
        {"contentType": "messageReference", "content": "{}"},
        {"contentType": "image/png", "contentUrl": "data:image/png;base64,AAAA", "name": "inline.png"},
    ]
    first, again = (heard(text="see", attachments=sent).event for _ in range(2))

    assert isinstance(first, Said)
    assert [(each.name, each.source) for each in first.files] == [
        ("a.log", "https://contoso.sharepoint.com/d?tempauth=x"),
        ("image.png", "https://smba.trafficmanager.net/v3/attachments/1"),
    ]
    assert first.names == ("inline.png",)
    assert first == again
    assert len({each.id for each in first.files}) == 2


def test_a_case_is_closed_under_the_name_that_teams_gives() -> None:
    """Who it is is who Teams says pressed; what the button claims about it is not read."""
    data = {"handrail": {"case": "HR-7K3F", "does": "resolve", "by": "Somebody Else"}, "note-HR-7K3F": " x "}
    found = case_action(activity(value=data), data)
    assert found is not None
    assert (found.by, found.user, found.words) == ("Erika Mustermann", PERSON["aadObjectId"], "x")


_NAMES = st.sampled_from(
    ["handrail", "prompt", "does", "option", "command", "case", "action", "data", "id", "name", "tenant",
     "locale", "type", "mentioned", "text", "contentType", "aadObjectId", "conversationType", "note-x"]
)  # fmt: skip
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)
_FIELDS = st.sampled_from(
    ["value", "text", "from", "recipient", "conversation", "channelData", "entities", "attachments", "id",
     "locale", "localTimezone", "timestamp", "serviceUrl", "channelId", "replyToId"]
)  # fmt: skip


@given(fields=st.dictionaries(_FIELDS, _JSON, max_size=6))
def test_no_activity_is_an_error(fields: dict[str, Any]) -> None:
    """Whatever stands in whatever field: it is read as something or as nothing, and never raises."""
    read = activity(**fields)
    data = card_data(read)
    case_action(read, data)
    heard_action(read, data, NOW)
    found = heard_message(read, NOW)
    assert found is None or found.conversation.startswith("teams:")
