"""Graph's `auditLogs/signIns`: finds the sign-in that somebody speaks of.

By the request id, else by the correlation id, else among the person's last ones. A row counts only when it
is the person's own: what the server was asked for is checked again here. The log is minutes late, lists
interactive sign-ins only, and allows few questions, so one search serves all checks that follow each other.

Must not know: what a row means for the guide.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from bot.probes.ids import guid
from bot.probes.reader import GraphReader, NoAnswer
from bot.probes.said import name, when
from bot.probes.times import Moment, at, odata, pasted

PERMISSION: Final = "AuditLog.Read.All"
_PATH = ("auditLogs", "signIns")
_ROWS = 50  # newest first; more are not read
_RECENT = timedelta(minutes=30)
_BEFORE = timedelta(minutes=10)  # clocks differ, and an attempt begins before its error page
_DAY = timedelta(days=1)
_RETENTION = timedelta(days=30)  # with P1; without it the log cannot be read at all
_LATE = timedelta(hours=1)  # what is not there after that does not come
_LATER_LIMIT = 2.5  # seconds
_KEPT = 20.0  # seconds


class Policy(msgspec.Struct, rename="camel"):
    """A Conditional Access policy and what it came to."""

    display_name: str | None = None
    result: str | None = None


class Status(msgspec.Struct, rename="camel"):
    """How a sign-in ended; error code 0 is success."""

    error_code: int | None = None
    failure_reason: str | None = None


class Device(msgspec.Struct, rename="camel"):
    """The device as the sign-in saw it; all empty when the client did not identify it."""

    device_id: str | None = None
    display_name: str | None = None
    is_compliant: bool | None = None
    trust_type: str | None = None


class SignIn(msgspec.Struct, rename="camel"):
    """One row of the log, as far as we read it.

    Source: https://learn.microsoft.com/graph/api/resources/signin. `applied_conditional_access_policies` is
    left out without a word when the app may not read policies, so None and empty do not mean "no policy".
    """

    created_date_time: Moment
    id: str = ""
    user_id: str | None = None
    correlation_id: str | None = None
    app_id: str | None = None
    app_display_name: str | None = None
    status: Status | None = None
    applied_conditional_access_policies: list[Policy] | None = None
    device_detail: Device | None = None

    @property
    def code(self) -> int | None:
        """The error code; None while the log has none."""
        return self.status.error_code if self.status else None


class _Page(msgspec.Struct):
    value: list[SignIn]


class Attempt(NamedTuple):
    """The sign-in that was meant, and a later success with the same app.

    `how` says how it was found, and what could not be read.
    """

    row: SignIn
    success: SignIn | None
    how: str


class SignIns:
    """Searches, each kept for some seconds."""

    def __init__(self, graph: GraphReader, *, clock: Callable[[], float] = time.time) -> None:
        """Take what is asked, and a clock (seconds since 1970)."""
        self._graph = graph
        self._clock = clock
        self._kept: dict[tuple[str, ...], tuple[float, Attempt | NoAnswer]] = {}

    async def find(self, own: str, facts: Mapping[str, str]) -> Attempt:
        """The sign-in that the facts speak of, or the latest failure.

        Args:
            own: The object id of the person, who is verified.
            facts: As a check gets them; nothing in them is trusted.

        Raises:
            NoAnswer: It is not there, not theirs, or cannot be read.
        """
        wanted = _Wanted.of(own, facts)
        key = tuple(map(str, wanted))
        now = self._clock()
        self._kept = {k: kept for k, kept in self._kept.items() if 0 <= now - kept[0] < _KEPT}
        kept = self._kept.get(key)
        if kept is None:
            found: Attempt | NoAnswer
            try:
                found = await self._search(wanted)
            except NoAnswer as reason:
                found = reason
            kept = self._kept[key] = (now, found)
        if isinstance(kept[1], NoAnswer):
            raise NoAnswer(str(kept[1]))
        return kept[1]

    async def _search(self, wanted: "_Wanted") -> Attempt:
        now = at(self._clock())
        if wanted.time is not None and now - wanted.time > _RETENTION:
            raise NoAnswer("too long ago: the sign-in log goes back 30 days at most")
        if wanted.request is not None:
            row = await self._by_request(wanted.request, wanted.own)
            if row is not None:
                return await self._with_success(row, "found by its request id")
        if wanted.correlation is not None:
            rows = await self._by_correlation(wanted, now)
            if rows:
                return await self._with_success(_latest(rows), "found by its correlation id", rows)
        return await self._recent(wanted, now)

    async def _by_request(self, request: str, own: str) -> SignIn | None:
        try:
            row = await self._graph.get((*_PATH, request), SignIn, needs=PERMISSION)
        except NoAnswer as error:
            if error.missing:
                return None
            raise
        if guid(row.id) != request:
            raise NoAnswer("Microsoft Graph answered about another sign-in")
        if guid(row.user_id) != own:
            raise NoAnswer("the sign-in with this request id is not of this person's account")
        return row

    async def _by_correlation(self, wanted: "_Wanted", now: datetime) -> list[SignIn]:
        # The client chooses this id and may use it for days: only rows about the time count.
        about = f"correlationId eq '{wanted.correlation}' and userId eq '{wanted.own}'"
        start, end = now - _DAY, now
        if wanted.time is not None:
            start, end = wanted.time - _LATE, min(now, wanted.time + _LATE)
        rows = await self._list(
            f"{about} and createdDateTime ge {odata(start)} and createdDateTime le {odata(end)}", wanted.own
        )
        return [row for row in rows if guid(row.correlation_id) == wanted.correlation]

    async def _recent(self, wanted: "_Wanted", now: datetime) -> Attempt:
        named = wanted.request is not None or wanted.correlation is not None
        start = now - _RECENT
        if wanted.time is not None:
            if now - wanted.time > _DAY:
                raise NoAnswer(
                    _not_there(wanted, now) if named else "over a day ago, and no id to find it by"
                )
            start = min(start, wanted.time - _BEFORE)
        rows = await self._list(f"userId eq '{wanted.own}' and createdDateTime ge {odata(start)}", wanted.own)
        failed = [row for row in rows if row.code]
        same = [row for row in failed if row.code == wanted.code]
        if named and not same:
            raise NoAnswer(_not_there(wanted, now))
        if not failed:
            last = f"; the last success: {_seen(rows[0])}" if rows else ""
            raise NoAnswer(
                f"no failed sign-in in the log since {when(start)}, which may be some minutes late{last}"
            )
        about = same or failed
        in_app = [row for row in about if wanted.app is not None and guid(row.app_id) == wanted.app]
        how = "found by its error code, not by its id" if named else "the latest failed sign-in"
        return await self._with_success(_latest(in_app or about), how, rows, complete=True)

    async def _with_success(
        self, row: SignIn, how: str, rows: Sequence[SignIn] = (), *, complete: bool = False
    ) -> Attempt:
        """Look for a success with the same app from then on, in what is here or with one more question."""
        own, app = guid(row.user_id), guid(row.app_id)
        if not row.code or own is None or app is None:
            return Attempt(row, None, how)

        def is_success(other: SignIn) -> bool:
            later = other.created_date_time >= row.created_date_time and other.id != row.id
            return later and other.code == 0 and guid(other.app_id) == app

        here = [other for other in rows if is_success(other)]
        if not here and not complete:
            since = odata(row.created_date_time)
            asked = (
                f"userId eq '{own}' and appId eq '{app}' and createdDateTime ge {since}"
                " and status/errorCode eq 0"
            )
            try:
                async with asyncio.timeout(_LATER_LIMIT):
                    here = [other for other in await self._list(asked, own, top=1) if is_success(other)]
            except (NoAnswer, TimeoutError):
                how = f"{how}; later sign-ins could not be read"
        return Attempt(row, here[0] if here else None, how)

    async def _list(self, filter_: str, own: str, *, top: int = _ROWS) -> list[SignIn]:
        """The person's own rows, newest first."""
        query = {"$filter": filter_, "$orderby": "createdDateTime desc", "$top": str(top)}
        page = await self._graph.get(_PATH, _Page, needs=PERMISSION, query=query)
        theirs = [row for row in page.value if guid(row.user_id) == own]
        return sorted(theirs, key=lambda row: row.created_date_time, reverse=True)


class _Wanted(NamedTuple):
    """What to look for; every id is a well-formed GUID, because it goes into an address or a filter."""

    own: str
    request: str | None
    correlation: str | None
    app: str | None
    time: datetime | None
    code: int | None

    @classmethod
    def of(cls, own: str, facts: Mapping[str, str]) -> "_Wanted":
        code = facts.get("code", "")
        return cls(
            own=own,
            # A trace id is the request id under its other name.
            request=guid(facts.get("request_id")) or guid(facts.get("trace_id")),
            correlation=guid(facts.get("correlation_id")),
            app=guid(facts.get("app_id")),
            time=pasted(facts.get("timestamp")),
            code=int(code) if code.isascii() and code.isdigit() and len(code) < 9 else None,
        )


def _latest(rows: Sequence[SignIn]) -> SignIn:
    """The newest failure, else the newest row; rows are newest first."""
    return next((row for row in rows if row.code), rows[0])


def _seen(row: SignIn) -> str:
    return " ".join(filter(None, (name(row.app_display_name), when(row.created_date_time))))


def _not_there(wanted: _Wanted, now: datetime) -> str:
    if wanted.time is not None and now - wanted.time > _LATE:
        return "not in the sign-in log, which lists interactive sign-ins of this person only"
    return "not in the sign-in log yet; it is some minutes late, please look again by the ids"
