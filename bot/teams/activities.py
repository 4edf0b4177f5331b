"""Activity -> what happened, in our words: pure, and forgiving with whatever a client sends.

It must not know the store, the engine's rules or HTTP. What it cannot make sense of is None: survived, not
rejected.
"""

import hashlib
import html
import re
from collections.abc import Mapping
from typing import Any, cast, get_args

import msgspec
from botbuilder.schema import Activity

from bot.address import Address, Person
from bot.files import clean_name, file_id
from dialogs.events import Attached, Chose, Command, Commanded, Entered, Event, Said, SentFile

TEXT_LIMIT = 100_000  # characters; Teams allows about 28,000 in a message of a person
_MOST_FILES = 20
_LONGEST_LINK = 8_000  # characters
_IN_ONEDRIVE = "application/vnd.microsoft.teams.file.download.info"
_COMMANDS = frozenset(get_args(Command))
_AT = re.compile(r"<at[^<>]{0,200}>[^<>]{0,200}</at>", re.IGNORECASE)
# Channels whose clients show Adaptive Cards; everybody else gets text.
_CARD_CHANNELS = frozenset({"msteams", "webchat", "directline", "emulator", "agents"})
# No files: the HTML twin of a message, cards, and the messages that are quoted or sent on.
_IGNORED_ATTACHMENTS = (
    "text/html", "application/vnd.microsoft.card", "messageReference", "forwardedMessageReference",
)  # fmt: skip


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """An event, the conversation it belongs to, and what makes a repeat of it a repeat."""

    conversation: str
    event_id: str
    event: Event
    address: Address


def address_of(activity: Activity) -> Address:
    """Where this came from and who wrote it. Only what Teams signed counts as verified."""
    conversation = activity.conversation
    sender = activity.from_property
    scope = (conversation.conversation_type or "personal").lower()
    in_teams = activity.channel_id == "msteams"
    object_id = _text(getattr(sender, "aad_object_id", ""))
    return Address(
        surface="teams",
        person=Person(
            name=_text(getattr(sender, "name", "")),
            object_id=object_id,
            verified=in_teams and bool(object_id),
        ),
        locale=_locale(activity),
        zone=_text(activity.local_timezone),
        channel=_text(activity.channel_id),
        scope="group" if scope == "groupchat" else "channel" if scope == "channel" else "personal",
        service_url=_text(activity.service_url),
        conversation_id=_text(conversation.id),
        tenant=_tenant(activity),
        user_id=_text(getattr(sender, "id", "")),
        bot_id=_text(getattr(activity.recipient, "id", "")) if activity.recipient else "",
        cards=activity.channel_id in _CARD_CHANNELS,
        execute=in_teams,
    )


def key_of(address: Address) -> str:
    """The key of the conversation: in groups and channels each person has one of their own."""
    key = f"teams:{address.tenant}:{address.conversation_id}"
    if address.scope != "personal":
        key += f":{address.person.object_id or address.user_id}"
    return key


def owner_mark(key: str) -> str:
    """A short mark of the conversation a card belongs to, for cards that others can press, too."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def heard_message(activity: Activity, at: int) -> Heard | None:
    """A message: words, a card's submit, or files."""
    address = address_of(activity)
    key = key_of(address)
    data = _mapping(activity.value)
    if "handrail" in data:
        return heard_action(activity, data, at)
    text = words_of(activity)
    event_id = _event_id(activity)
    files, names = _files(activity, address, key, event_id)
    event: Event = Said(at=at, text=text, files=files, names=names)
    if (files or names) and not text:
        event = Attached(at=at, files=files, names=names)
    elif not text and address.scope != "personal":
        event = Commanded(at=at, command="hello")  # only mentioned, without a word: a greeting
    return Heard(conversation=key, event_id=event_id, event=event, address=address)


def heard_action(activity: Activity, data: Mapping[str, Any], at: int) -> Heard | None:
    """A card's button. The event's id is made of what was pressed: a retried click has a new activity id."""
    address = address_of(activity)
    ours = _mapping(data.get("handrail"))
    prompt = _text(ours.get("prompt"))
    event = _pressed(ours, data, prompt, at)
    if event is None or not prompt:
        return None
    pressed = msgspec.json.encode({str(k): v for k, v in data.items()}, order="sorted")
    digest = hashlib.sha256(pressed).hexdigest()[:32]
    return Heard(
        conversation=key_of(address), event_id=f"card/{prompt}/{digest}", event=event, address=address
    )


def card_data(activity: Activity) -> dict[str, Any]:
    """The data behind a pressed button, of a submit or of an execute."""
    value = _mapping(activity.value)
    action = _mapping(value.get("action"))
    return _mapping(action.get("data")) if action else value


def _pressed(ours: Mapping[str, Any], data: Mapping[str, Any], prompt: str, at: int) -> Event | None:
    does = _text(ours.get("does"))
    typed = [_text(v) for k, v in data.items() if k != "handrail" and isinstance(v, str)]
    if does == "chose":
        option = _text(ours.get("option"))
        options = (option,) if option else tuple(o for v in typed for o in v.split(",") if o)
        return Chose(at=at, prompt=prompt, options=options)
    if does == "entered":
        return Entered(at=at, prompt=prompt, text=(typed[0] if typed else "")[:TEXT_LIMIT])
    command = _text(ours.get("command"))
    if does == "commanded" and command in _COMMANDS:
        value = _text(ours.get("value"))
        return Commanded(at=at, prompt=prompt, command=cast("Command", command), value=value)
    return None


def _files(
    activity: Activity, address: Address, key: str, event_id: str
) -> tuple[tuple[SentFile, ...], tuple[str, ...]]:
    """What was sent along, and names of what cannot be taken: Teams gives files in personal chats only."""
    files, names = [], []
    sent = [
        each
        for each in activity.attachments or ()
        if not _text(each.content_type).startswith(_IGNORED_ATTACHMENTS)
    ]
    for number, each in enumerate(sent[:_MOST_FILES]):
        kind = _text(each.content_type)
        name = clean_name(_text(each.name) or _nameless(kind))
        source = _mapping(each.content).get("downloadUrl") if kind == _IN_ONEDRIVE else each.content_url
        link = _text(source) if kind == _IN_ONEDRIVE or kind.startswith("image/") else ""
        if address.scope == "personal" and link.startswith("http") and len(link) <= _LONGEST_LINK:
            files.append(SentFile(id=file_id(key, event_id, str(number)), name=name, source=link))
        else:
            names.append(name)
    return tuple(files), tuple(names)


def _nameless(kind: str) -> str:
    """What browsers call a picture that was pasted, and any other thing by its type."""
    return "image.png" if kind.startswith("image/") else kind.replace("/", ".")


def words_of(activity: Activity) -> str:
    """What was written, without the mention of the bot and Teams' markup around it."""
    text = _text(activity.text)
    bot = getattr(activity.recipient, "id", None) if activity.recipient else None
    for entity in activity.entities or ():
        mention = _mapping(getattr(entity, "additional_properties", None))
        mentioned = _mapping(mention.get("mentioned"))
        if entity.type == "mention" and mentioned.get("id") == bot and mention.get("text"):
            text = text.replace(str(mention["text"]), " ")
    text = html.unescape(_AT.sub(" ", text)).replace("\u00a0", " ")
    return text.strip()[:TEXT_LIMIT]


def _locale(activity: Activity) -> str:
    for entity in activity.entities or ():
        if entity.type == "clientInfo":
            found = _text(_mapping(getattr(entity, "additional_properties", None)).get("locale"))
            if found:
                return found
    return _text(activity.locale)


def _tenant(activity: Activity) -> str:
    tenant = _mapping(_mapping(activity.channel_data).get("tenant")).get("id")
    return _text(tenant) or _text(getattr(activity.conversation, "tenant_id", ""))


def _event_id(activity: Activity) -> str:
    if activity.id:
        return f"activity/{activity.id}"
    # Clients that give no id: the same words at the same moment are the same message.
    moment = activity.timestamp.isoformat() if activity.timestamp else ""
    return "activity/" + hashlib.sha256(f"{moment}\n{activity.text}".encode()).hexdigest()[:32]


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
