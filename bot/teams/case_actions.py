"""A button of the helpdesk's card -> what somebody of the helpdesk does with a case, as an event.

Who it is comes from what Teams signed, never from the card. Must not know: whether they may, the store.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias, cast, get_args

import msgspec
from botbuilder.schema import Activity

from bot.teams.activities import address_of
from dialogs.events import (
    CaseAsked,
    CaseClaimed,
    CaseGiven,
    CaseGraded,
    CaseNoted,
    CaseReopened,
    CaseResolved,
    Event,
    Reason,
)

Does: TypeAlias = Literal["claim", "ask", "give", "memo", "resolve", "reopen", "urgent", "normal"]

_NAME_LIMIT: Final = 100  # characters of what ended it
WORDS_LIMIT: Final = 2000  # characters of what an agent writes
# The field whose words go with an action. Cards of older versions call that of a closing "note".
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "ask": ("ask-",),
    "memo": ("memo-",),
    "give": ("give-",),
    "resolve": ("resolve-", "note-"),
}


class CaseAction(msgspec.Struct, frozen=True, kw_only=True):
    """A button of a case's card.

    `words` are those of its field, of `give` who gets it: a name, or the id of a picked person. `press` is
    the same for the same press however often Teams delivers it, and another one for every other press.
    """

    number: str
    does: Does
    words: str
    reason: Reason | Literal[""]
    fix: str
    by: str
    user: str
    press: str


def case_action(activity: Activity, data: Mapping[str, Any]) -> CaseAction | None:
    """The button that was pressed, or None when it is none of a case's card."""
    ours = data.get("handrail")
    if not isinstance(ours, dict):
        return None
    number, does = ours.get("case"), ours.get("does")
    if not isinstance(number, str) or not number or does not in get_args(Does):
        return None
    reason = _field(data, ("reason-",))
    address = address_of(activity)
    user = address.person.object_id or address.user_id
    pressed = msgspec.json.encode({str(key): value for key, value in data.items()}, order="sorted")
    digest = hashlib.sha256(b"%b\n%b" % (user.encode(), pressed)).hexdigest()[:32]
    return CaseAction(
        number=number,
        does=cast("Does", does),
        words=_field(data, _FIELDS.get(str(does), ()))[:WORDS_LIMIT],
        reason=cast("Reason", reason) if reason in get_args(Reason) else "",
        fix=_field(data, ("fix-",))[:_NAME_LIMIT],
        by=address.person.name or "?",
        user=user,
        press=f"case/{number}/{does}/{digest}",
    )


def event_of(action: CaseAction, at: int) -> Event | None:
    """What happened; None when words are needed and there are none."""
    number, by, words = action.number, action.by, action.words
    if action.does in {"ask", "memo", "give"} and not words:
        return None
    match action.does:
        case "claim":
            return CaseClaimed(at=at, number=number, by=by)
        case "ask":
            return CaseAsked(at=at, number=number, by=by, text=words)
        case "give":
            return CaseGiven(at=at, number=number, by=by, to=words)
        case "memo":
            return CaseNoted(at=at, number=number, by=by, text=words)
        case "resolve":
            return CaseResolved(at=at, number=number, by=by, note=words, reason=action.reason, fix=action.fix)
        case "reopen":
            return CaseReopened(at=at, number=number, by=by)
        case "urgent" | "normal":
            return CaseGraded(at=at, number=number, by=by, severity=action.does)


def _field(data: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """What was put into the first field whose id begins with one of `names`."""
    for key, value in data.items():
        if isinstance(value, str) and str(key).startswith(names):
            return value.strip()
    return ""
