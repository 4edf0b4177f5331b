"""What became of one call to Teams, as a closed list of values.

The table is Microsoft's ("avoid retrying status codes that aren't specified"), read with two corrections
from practice: the bodies of errors differ from their documentation, so a sub-code is looked for anywhere in
them and its absence changes nothing; and sending is not idempotent, so an answer that leaves open whether the
message arrived is a value of its own.

Must not know: HTTP clients, tokens, what the caller does about it.
"""

import time
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from bot.retry_after import seconds

Operation = Literal["send", "reply", "update", "delete", "create", "read"]
IDEMPOTENT: Final[frozenset[Operation]] = frozenset({"update", "delete", "read"})


class Delivered(msgspec.Struct, frozen=True, tag=True):
    """Teams took it.

    Attributes:
        id: The activity's id; empty when Teams named none (typing; some test clients).
        body: The rest of the answer, for create_conversation and the members.
    """

    id: str = ""
    body: Any = None


class Refused(msgspec.Struct, frozen=True, tag=True):
    """It will never succeed as it is; do not send it again unchanged.

    Attributes:
        reason: bad_request, credentials, gone (the activity), conversation_gone, too_big, unsupported,
            service_error, not_allowed_url, bad_id, no_such_member or unexpected.
        status: The HTTP status, 0 when nothing was sent.
    """

    reason: str
    status: int = 0


class Park(msgspec.Struct, frozen=True, tag=True):
    """The app may not write there now: keep it until the person or an administrator brings the app back.

    Attributes:
        reason: admin_disabled, not_in_roster, blocked, not_installed, wrong_cloud, no_permission or
            forbidden.
        status: The HTTP status.
    """

    reason: str
    status: int = 403


class Throttled(msgspec.Struct, frozen=True, tag=True):
    """Too fast; this conversation must wait. It did not arrive.

    Attributes:
        retry_after: Seconds to wait; None when Teams named none and our own pace was not asked yet.
        held_back: Why our own pace kept it back, so that nothing was sent: thread, app or throttled. Empty
            when Teams said so.
    """

    retry_after: float | None = None
    held_back: str = ""


class TryAgain(msgspec.Struct, frozen=True, tag=True):
    """It certainly did not arrive (or arriving twice is the same); back off and repeat.

    Attributes:
        reason: A short word for the log.
        retry_after: Seconds, None when Teams named none.
    """

    reason: str
    retry_after: float | None = None


class Unknown(msgspec.Struct, frozen=True, tag=True):
    """It may have arrived or not: repeat only what is harmless twice.

    Attributes:
        reason: A short word for the log.
    """

    reason: str


Failure = Refused | Park | Throttled | TryAgain | Unknown
Outcome = Delivered | Failure

_FORBIDDEN: Final = {
    "botdisabledbyadmin": "admin_disabled",
    "botnotinconversationroster": "not_in_roster",
    "conversationblockedbyuser": "blocked",
    "messagewritesblocked": "blocked",
    "forbiddenoperation": "not_installed",
    "invalidbotapihost": "wrong_cloud",
    "notenoughpermissions": "no_permission",
}


def classify(
    status: int,
    body: str,
    retry_after: str | None,
    operation: Operation,
    *,
    clock: Callable[[], float] = time.time,
) -> Failure:
    """Read an HTTP answer that is not a success.

    Args:
        status: The HTTP status; not 2xx.
        body: The answer's text, whatever it is.
        retry_after: The Retry-After header: seconds or an HTTP date.
        operation: What was tried.
        clock: Seconds since 1970, for a date in Retry-After.
    """
    words = body.lower()
    wait = seconds(retry_after, clock)
    match status:
        case 400:
            return Refused("too_big" if "messagesizetoobig" in words else "bad_request", status)
        case 401:
            return Refused("credentials", status)
        case 403:
            # Any 403 parks: Teams also sends bodies without a sub-code, and refuses at random at times.
            return Park(next((reason for code, reason in _FORBIDDEN.items() if code in words), "forbidden"))
        case 404:
            return Refused(_what_is_gone(words, operation), status)
        case 405 | 501:
            return Refused("unsupported", status)
        case 412:
            return TryAgain("precondition", wait)
        case 413:
            return Refused("too_big", status)
        case 429:
            return Throttled(wait)
        case 500:
            return Refused("service_error", status)
        case 503:
            return TryAgain("unavailable", wait)
        case 408 | 502 | 504:
            return unclear(f"status_{status}", operation)
        case _:
            return Refused("unexpected", status)


def unclear(reason: str, operation: Operation) -> TryAgain | Unknown:
    """The outcome of a call whose answer never came: harmless to repeat, or not."""
    return TryAgain(reason) if operation in IDEMPOTENT else Unknown(reason)


def _what_is_gone(words: str, operation: Operation) -> str:
    if "conversationnotfound" in words:
        return "conversation_gone"
    if "activitynotfound" in words or operation in {"reply", "update", "delete"}:
        return "gone"
    return "no_such_member" if operation == "read" else "conversation_gone"
