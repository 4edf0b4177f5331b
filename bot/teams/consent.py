"""The person's answer to a file of the helpdesk: whose it is, which file, and where they want it.

Everything in the activity is a stranger's until it fits what is kept: the file is of the helpdesk and was
offered, in this very conversation, to this very person. It must not know how a file gets there.
"""

import re
from typing import Any, Final

import msgspec
from botbuilder.schema import Activity

from bot.cards.file import CONTEXT
from bot.files import clean_name
from bot.given_files import Target
from bot.store.api import Store
from bot.teams.activities import Heard, address_of, key_of
from bot.written import offer_key
from dialogs.conversation import FileRef
from dialogs.events import FileAnswered

NAME: Final = "fileConsent/invoke"
_ID: Final = re.compile(r"[0-9a-f]{32}")
_LONGEST_LINK: Final = 8_000  # characters
_LONGEST_WORD: Final = 200


async def heard_consent(activity: Activity, store: Store, at: int) -> Heard | None:
    """The answer as an event; None when it is none of a file that was offered there.

    An offer is answered once: the event's id is the file's. Teams asks with the form of
    https://learn.microsoft.com/en-us/microsoftteams/platform/bots/how-to/bots-filesv4
    """
    address = address_of(activity)
    value = _mapping(activity.value)
    file_id = _text(_mapping(_mapping(value.get("context")).get(CONTEXT)).get("file"))
    action = value.get("action")
    if address.scope != "personal" or action not in {"accept", "decline"} or not _ID.fullmatch(file_id):
        return None
    key = key_of(address)
    file = await store.file(file_id)
    if file is None or not file.agent or not file.number or file.conversation != key:
        return None
    known = await store.audience(key)
    if known is None or known.address.user_id != address.user_id:
        return None
    if await store.message(offer_key(file.id)) is None:
        return None
    target = _target(_mapping(value.get("uploadInfo")), file.name) if action == "accept" else ""
    if target is None:
        return None
    event = FileAnswered(at=at, number=file.number, file=FileRef(id=file.id, name=file.name), target=target)
    return Heard(conversation=key, event_id=f"file/{file.id}", event=event, address=address)


def _target(info: dict[str, Any], name: str) -> str | None:
    """Where the person wants it, as it is kept; None when it is nowhere to go."""
    link, url = _text(info.get("uploadUrl")), _text(info.get("contentUrl"))
    if not link.startswith("http") or max(len(link), len(url)) > _LONGEST_LINK:
        return None
    target = Target(
        link=link,
        url=url,
        unique_id=_text(info.get("uniqueId"))[:_LONGEST_WORD],
        file_type=_text(info.get("fileType"))[:_LONGEST_WORD],
        name=clean_name(_text(info.get("name")) or name),
    )
    return msgspec.json.encode(target).decode()


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
