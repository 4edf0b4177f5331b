"""A store with a past: cases that were opened, taken, closed and rated, and sessions that nobody else saw."""

import msgspec

from bot.store.api import CaseChange, Decide, Kept, Store
from dialogs.case import FixTried
from dialogs.conversation import Conversation
from dialogs.outcome import Outcome
from dialogs.text import Text
from tests.support.keeping import case, changing, opening

DAY = 86_400
MINUTE = 60


async def a_past_case(
    store: Store,
    number: str,
    *,
    at: int,
    fix: str = "",
    reason: str = "",
    tried: tuple[tuple[str, str], ...] = (),
    took: int = 30,
    score: int = 0,
    words: str = "",
) -> None:
    """A case that was taken after 5 minutes and closed after `took`, and perhaps rated."""
    made = case(number, at=at)
    told = tuple(FixTried(fix=Text(f"fix/{name}/name"), result=result, at=at) for name, result in tried)
    file = msgspec.structs.replace(made.file, tried=told, remarks=())
    await store.turn(number, "open", opening(msgspec.structs.replace(made, file=file)))
    await happened(store, number, at + 5 * MINUTE, what="claimed", status="claimed", by="Ada", owner="Ada")
    await happened(
        store,
        number,
        at + took * MINUTE,
        what="resolved",
        status="resolved",
        by="Ada",
        reason=reason,
        fix=fix,
    )
    if score:
        await happened(store, number, at + took * MINUTE + 1, what="rated", note=str(score))
    if words:
        await happened(store, number, at + took * MINUTE + 2, what="reviewed", note=words)


async def happened(store: Store, number: str, at: int, **news: str) -> None:
    """News of a case."""
    change = msgspec.convert({"number": number, "at": at, **news}, CaseChange)
    await store.turn(number, f"{change.what} {at}", changing(change))


def ending(*outcomes: Outcome) -> Decide:
    """A turn that ends sessions."""

    def decide(stored: Conversation | None, _where: object) -> Kept:
        return Kept(conversation=stored or Conversation(), outcomes=outcomes)

    return decide


def outcome(at: int = 3600, **more: object) -> Outcome:
    """How a session ended."""
    told = {"at": at, "guide": "aadsts1000002", "content": "1", "ended": "solved", **more}
    return msgspec.convert(told, Outcome)


async def a_past(store: Store, now: int) -> None:
    """Some weeks of a helpdesk: six closed cases, five of which name a fix, an open one, eight sessions."""
    fixes = ["private-window", "private-window", "private-window", "other-browser", "*", ""]
    for n, fix in enumerate(fixes):
        await a_past_case(
            store,
            f"HR-P{n}",
            at=now - (n + 1) * DAY,
            fix=fix,
            reason="changed" if n % 2 else "self",
            tried=(("finish-and-reopen", "same"), ("private-window", "could-not")),
            took=20 * (n + 1),
            score=1 + n % 5,
            words="It took a <b>day</b>, but then it worked." if n == 1 else "",
        )
    await store.turn("HR-P9", "open", opening(case("HR-P9", at=now - DAY)))
    helped = outcome(
        now - now % 3600,
        codes=[53003],
        fix="finish-and-reopen",
        tried=[["finish-and-reopen", "fixed"]],
        screens=2,
    )
    handed = outcome(now - now % 3600, codes=[53003], ended="escalated", screens=6)
    back = msgspec.structs.replace(helped, undone=True)
    await store.turn("sessions", "1", ending(*[helped] * 5, *[handed] * 3, back))
