"""Which ids may enter an address or a filter: well-formed GUIDs, and of people only their own.

A typed name is never a key, nor is an id that nobody vouches for: otherwise the bot would tell anybody whose
account is switched off.
"""

import re

from bot.address import Person
from bot.probes.reader import NoAnswer

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_NOBODY = "00000000-0000-0000-0000-000000000000"


def guid(text: str | None) -> str | None:
    """The text as a lower-case GUID; None when it is none, or the one that stands for nothing."""
    folded = (text or "").strip().lower()
    return folded if _GUID.fullmatch(folded) and folded != _NOBODY else None


def own_id(person: Person) -> str:
    """The object id under which this person may be looked up.

    Raises:
        NoAnswer: Nobody vouches for them, or the id is none.
    """
    if not person.verified:
        raise NoAnswer("not looked up: nobody has verified who this person is")
    own = guid(person.object_id)
    if own is None:
        raise NoAnswer("not looked up: Teams gave no object id of this person")
    return own
