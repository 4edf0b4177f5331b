"""ServiceNow, over its Table API: an incident for each case, a journal entry for each update.

An incident is found by `correlation_id`. ServiceNow knows no keys of idempotency; what is in its tables is
seen at once. Comments are for the person, work notes are not. Times in a query would be in the time zone of
our user there, so queries count minutes back; times in answers are UTC.

It goes wrong in silence: an answer that ran out of time has a 200, an error and some of the rows; a 202 is a
request that may never be acted upon; rows that our user may not see are left out, and so are conditions on
fields that are not there. So an error in an answer counts, a result is waited for, what was found is looked
at, and pages are read until one is empty. A 403 may be a rule of theirs too, for example on a resolution; a
field that our user may not write is left out, so what was made is looked at.

The priority is theirs to reckon, out of urgency and impact, and read-only. An urgent case has the first
urgency and the middle impact, by their sample rules "2 - High"; that everybody is hit, which "1 - Critical"
says as well, is for people to decide.

Facts: https://www.servicenow.com/docs/r/api-reference/rest-apis/c_TableAPI.html (pages, queries, versions),
…/rest-apis/c_AttachmentAPI.html, …/rest-api-explorer/inbound-REST-API-rate-limiting.html; the articles
KB1297438 (out of time), KB3047080 (202), KB3046852 (429) and KB0685779 (a text may be longer than its field
says) of https://support.servicenow.com/kb?id=kb_article_view&sysparm_article=KB1297438. States and codes are
those of the base system's incidents, and a resolution needs a code and notes:
https://www.servicenow.com/docs/r/it-service-management/incident-management/resolve-and-close-an-incident.html;
of the priority https://www.servicenow.com/docs/r/it-service-management/incident-management/def-prio-lookup-rules.html.
Must not know: the outbox, settings.
"""

import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

import aiohttp
import msgspec
import structlog

from bot.errors import DeliveryFailed, DeliveryForbidden, DeliveryPostponed, DeliveryRefused, Forged
from bot.redact import clean
from bot.secret import Secret
from bot.tickets.api import Change, Changes, File, Finding, Ticket, Update
from bot.tickets.marks import NOBODYS, file_name, key_of, one_line, said, whole
from bot.tickets.rest import Rest, basic, leniently
from bot.tickets.servicenow_news import Entry, Incident, news
from dialogs.conversation import CaseStatus
from dialogs.guide import Severity

_log = structlog.get_logger(__name__)

T = TypeVar("T")

_SOLVED: Final = "Solution provided"
_STATES: Final[Mapping[CaseStatus, Mapping[str, str]]] = {
    "open": {"state": "1"},
    "claimed": {"state": "2"},
    "waiting": {"state": "3", "hold_reason": "1"},
    "reopened": {"state": "2"},
    "resolved": {"state": "6", "close_code": _SOLVED},
    "withdrawn": {"state": "8", "close_code": "Resolved by caller"},
}
_ENDED: Final = frozenset({"resolved", "withdrawn"})
# As a new incident has them, when it is normal again.
_PRIORITIES: Final[Mapping[Severity, Mapping[str, str]]] = {
    "urgent": {"urgency": "1", "impact": "2"},
    "normal": {"urgency": "3", "impact": "3"},
}
_MADE: Final = {"sysparm_fields": "sys_id,number,urgency,impact"}
_TAG: Final = "Handrail"  # in correlation_display: whose incidents these are
_LONGEST_TITLE: Final = 160  # characters of short_description
_LONGEST: Final = 60_000
_PAGE: Final = 100  # rows of one answer; that many ids fit into an address
_TEXTS: Final = 25  # entries of one answer, which may be long
_BACK: Final = 180  # seconds that are read again
_CODE: Final = re.compile(r"\[(/?code)\]", re.IGNORECASE)
_INCIDENT: Final = "api/now/table/incident"
_JOURNAL: Final = "api/now/table/sys_journal_field"
_SEEN: Final = (
    "sys_id,number,correlation_id,state,assigned_to,resolved_at,resolved_by,closed_at,closed_by,close_notes,"
    "reopen_count,reopened_by,sys_updated_on"
)
_MEND: Final = (
    "Is HANDRAIL_TICKETS_URL https://<you>.service-now.com, is HANDRAIL_TICKETS_USER a user with"
    " HANDRAIL_TICKETS_TOKEN as its password, and may it work on incidents (the role itil) and read"
    " sys_journal_field?"
)


class _Made(msgspec.Struct):
    sys_id: str
    number: str
    urgency: str = ""
    impact: str = ""


class _One(msgspec.Struct):
    result: _Made


class _Row(msgspec.Struct):
    sys_id: str = ""
    number: str = ""
    correlation_id: str = ""
    file_name: str = ""


class _Group(msgspec.Struct):
    sys_id: str = ""
    name: str = ""


class _Attached(msgspec.Struct):
    result: _Row


class _Choice(msgspec.Struct):
    value: str = ""


class _Answer(msgspec.Struct, Generic[T]):
    result: list[T] = []
    error: Any = None


class ServiceNowTickets:
    """Files cases as incidents."""

    name = "servicenow"
    polled = True

    def __init__(
        self, client: aiohttp.ClientSession, url: str, user: str, password: Secret, group: str = ""
    ) -> None:
        """Take what a request needs.

        Args:
            client: As `bot.tickets.http.open_client` makes it; it is used, never closed.
            url: For example https://example.service-now.com.
            user: A user's name.
            password: Its password.
            group: The assignment group of new incidents, by name; "" leaves that to ServiceNow's rules.
        """
        self._rest = Rest(client, url, authorization=basic(user, password), hide=(password,))
        self._user, self._group = user, group
        self._group_id = ""

    async def find(self, key: str) -> str | None:
        """The number of the incident with this correlation id."""
        found = await self._rows(_INCIDENT, f"correlation_id={_safe(key)}^ORDERBYnumber")
        return next((each.number for each in found if each.correlation_id == key), None)

    async def create(self, ticket: Ticket) -> str:
        """Make the incident."""
        body = {
            "short_description": one_line(ticket.title, _LONGEST_TITLE),
            "description": _lifeless(whole(ticket.body)),
            "correlation_id": ticket.key,
            "correlation_display": _TAG,
        }
        if group := await self._assigned():
            body["assignment_group"] = group
        more = _PRIORITIES["urgent"] if ticket.urgent else {}
        return await self._write("POST", _INCIDENT, body=body, more=more)

    async def update(self, reference: str, update: Update) -> None:
        """Write a journal entry, with the state, unless that was done."""
        incident = await self._incident(reference)
        words = f"element_id={incident}^elementINcomments,work_notes^valueLIKE{_safe(update.key)}"
        async for page in self._pages(_JOURNAL, words, "value,element", Entry, limit=_TEXTS):
            if any(key_of(each.value) == update.key for each in page):
                return
        text = _lifeless(clean(said(update), _LONGEST))
        body = {"comments" if update.public else "work_notes": text}
        if update.status is not None:
            body |= _STATES[update.status]
            if update.status in _ENDED:
                body["close_notes"] = _lifeless(clean(update.body or text, 4000))
        more = _PRIORITIES[update.severity] if update.severity else {}
        await self._write("PATCH", _INCIDENT + "/{}", incident, body=body, more=more)

    async def attach(self, reference: str, file: File) -> None:
        """Send a file, unless that was done."""
        incident, name = await self._incident(reference), file_name(file.key, file.name)
        there = await self._rows("api/now/attachment", f"table_sys_id={incident}^file_name={_safe(name)}")
        if any(each.file_name == name for each in there):
            return
        query = {"table_name": "incident", "table_sys_id": incident, "file_name": name}
        headers = {"Content-Type": "application/octet-stream"}
        path = "api/now/attachment/file"
        await self._rest.send("POST", path, query=query, body=file.content, headers=headers, kind=_Attached)

    async def changes(self, since: str) -> Changes:
        """What others did to our incidents; see `bot.tickets.servicenow_news`."""
        now = int(time.time())
        if not since:
            return Changes(cursor=str(now))
        begin, cursor = int(since), str(max(now - _BACK, int(since)))
        ago = f"RELATIVEGE@minute@ago@{(now - begin) // 60 + 2}"
        words = f"correlation_display={_TAG}^sys_updated_on{ago}^ORDERBYsys_id"
        found = list[Change]()
        async for incidents in self._pages(_INCIDENT, words, _SEEN, Incident, shown="all"):
            ids = ",".join(each.sys_id.value for each in incidents)
            words = f"element_idIN{ids}^elementINcomments,work_notes^sys_created_on{ago}^ORDERBYsys_id"
            fields = "sys_id,element_id,element,value,sys_created_on,sys_created_by"
            pages = self._pages(_JOURNAL, words, fields, Entry, limit=_TEXTS)
            entries = [each async for page in pages for each in page]
            found += news(incidents, entries, begin, own=await self._me())
        return Changes(cursor=cursor, found=tuple(sorted(found, key=lambda each: each.at)))

    def heard(self, headers: Mapping[str, str], body: bytes) -> Sequence[Change]:  # noqa: ARG002
        """It is asked, and tells nothing of its own accord.

        Raises:
            Forged: Always.
        """
        raise Forged("ServiceNow is asked for news; it sends none")

    async def check(self) -> Sequence[Finding]:
        """Who we are there, and what would go wrong there without a word."""
        try:
            await self._me()
            await self.find(NOBODYS)
            wrong = await self._wrong()
        except (DeliveryFailed, DeliveryPostponed, DeliveryRefused) as error:
            return (Finding("failed", f"{self._rest.url}: {error}", _MEND),)
        well = Finding("ok", f"{self._rest.url} knows us as {self._user} and shows us incidents")
        return wrong or (well,)

    async def _wrong(self) -> tuple[Finding, ...]:
        found = list[Finding]()
        if not await self._page(_JOURNAL, "name=incident", "sys_id", _Row, limit=1):
            said = f"{self._rest.url} shows {self._user} no entry of any incident's journal"
            remedy = (
                "If there are comments at all: let it read sys_journal_field, or no news comes, and after an"
                " answer that was lost a comment may be written twice."
            )
            found.append(Finding("warning", said, remedy))
        if self._group and not await self._there():
            said = f"there is no group {self._group}, or {self._user} may not see it"
            found.append(Finding("failed", said, 'Give HANDRAIL_TICKETS_PROJECT the name of one, or "".'))
        words = "name=incident^element=close_code^inactive=false"
        codes = [each.value for each in await self._page("api/now/table/sys_choice", words, "value", _Choice)]
        if codes and _SOLVED not in codes:
            said = f"incidents have no resolution code {_SOLVED}; they have {', '.join(codes)[:200]}"
            found.append(Finding("warning", said, f"Add {_SOLVED} to the choices of incident.close_code."))
        return tuple(found)

    async def _write(
        self, method: str, path: str, *parts: str, body: Mapping[str, str], more: Mapping[str, str]
    ) -> str:
        """Write an incident, `more` if they let us; its number."""

        async def write(more: Mapping[str, str]) -> str:
            asked = {**body, **more}
            made = (await self._rest.send(method, path, *parts, query=_MADE, body=asked, kind=_One)).result
            there = {"urgency": made.urgency, "impact": made.impact}
            if more and there != more:
                what_to_do = f"let {self._user} write urgency and impact of incidents"
                _log.warning("ticket_fields_left_out", fields=dict(more), there=there, what_to_do=what_to_do)
            return made.number

        return await leniently(write, more)

    async def _assigned(self) -> str:
        """The id of the group that new incidents are for, "" for none that we see; it is looked up once.

        Its name would do if all values were sent as they are displayed; but choices differ by language.
        """
        if self._group and not self._group_id:
            with suppress(DeliveryForbidden):  # the ticket counts for more than its group
                self._group_id = await self._there()
        return self._group_id

    async def _there(self) -> str:
        words = f"name={_safe(self._group)}"
        found = await self._page("api/now/table/sys_user_group", words, "sys_id,name", _Group)
        return next((each.sys_id for each in found if each.name.lower() == self._group.lower()), "")

    async def _me(self) -> str:
        found = await self._rows("api/now/table/sys_user", f"user_name={_safe(self._user)}")
        if not found:
            raise DeliveryFailed(f"there is no user {self._user}, or it may not see itself")
        return found[0].sys_id

    async def _incident(self, reference: str) -> str:
        """The id of the incident with this number."""
        found = await self._rows(_INCIDENT, f"number={_safe(reference)}")
        for each in found:
            if each.number == reference:
                return each.sys_id
        raise DeliveryRefused(f"incident {reference} is not there any more, or Handrail may not see it")

    async def _rows(self, path: str, words: str) -> list[_Row]:
        return await self._page(path, words, "sys_id,number,correlation_id,file_name", _Row)

    async def _pages(
        self,
        path: str,
        words: str,
        fields: str,
        kind: type[T],
        *,
        limit: int = _PAGE,
        shown: str = "false",
    ) -> AsyncIterator[list[T]]:
        """All pages; a short one need not be the last, for rows that we may not see are cut out of it."""
        begin = 0
        while page := await self._page(path, words, fields, kind, begin=begin, limit=limit, shown=shown):
            yield page
            begin += limit

    async def _page(
        self,
        path: str,
        words: str,
        fields: str,
        kind: type[T],
        *,
        begin: int = 0,
        limit: int = _PAGE,
        shown: str = "false",
    ) -> list[T]:
        query = {
            "sysparm_query": words, "sysparm_fields": fields, "sysparm_limit": limit, "sysparm_offset": begin,
            "sysparm_display_value": shown,
        }  # fmt: skip
        answer = await self._rest.get(path, query=query, kind=_Answer[kind])  # type: ignore[valid-type]
        if answer.error is not None:
            raise DeliveryFailed("ServiceNow broke off its answer, most likely at its own limit of time")
        return answer.result


def _safe(text: str) -> str:
    """A value inside an encoded query, where ^ would begin the next condition."""
    return text.replace("^", "")


def _lifeless(text: str) -> str:
    """Text of a journal, where [code] would make HTML of what follows."""
    return _CODE.sub(r"[ \1 ]", text)
