"""A played ServiceNow, after the documents that `bot/tickets/servicenow.py` names.

It reads encoded queries and leaves out the conditions that it does not understand, answers in pages, keeps
journals apart from incidents, wants a code and notes before it resolves one, lets nobody but an administrator
touch a closed one, and says who did what in the incident's own fields. It reckons a priority by its sample
rules, takes a group by its id, and leaves out fields that our user may not write.
"""

import base64
import datetime as dt
import re
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.secret import Secret
from bot.tickets.servicenow import ServiceNowTickets
from tests.support.helpdesks.other_side import Polled, Written, calling
from tests.support.helpdesks.served import Served, told

USER, PASSWORD = "handrail", "servicenow-canary-4711"
PEOPLE = {"u-handrail": ("handrail", "Handrail"), "u-ada": ("ada", "Ada Agent")}
GROUPS = {"Service Desk": "g-1"}
CLOSE_CODES = (
    "Duplicate", "Known error", "No resolution provided", "Resolved by caller", "Resolved by change",
    "Resolved by problem", "Resolved by request", "Solution provided", "User error", "Workaround provided",
)  # fmt: skip
STATES = frozenset({"1", "2", "3", "6", "7", "8"})  # new, in progress, on hold, resolved, closed, canceled
COLUMNS = (
    "short_description", "description", "correlation_id", "correlation_display", "assignment_group", "state",
    "assigned_to", "resolved_at", "resolved_by", "closed_at", "closed_by", "close_notes", "close_code",
    "reopened_by", "hold_reason", "reopen_count", "sys_updated_on", "urgency", "impact",
)  # fmt: skip
# By impact and urgency.
PRIORITIES = {
    ("1", "1"): "1", ("1", "2"): "2", ("1", "3"): "3", ("2", "1"): "2", ("2", "2"): "3", ("2", "3"): "4",
    ("3", "1"): "3", ("3", "2"): "4", ("3", "3"): "4",
}  # fmt: skip
READS = frozenset(
    {"sysparm_query", "sysparm_fields", "sysparm_limit", "sysparm_offset", "sysparm_display_value"}
)
CANCELLED = "Transaction cancelled: maximum execution time exceeded"


class PlayedServiceNow(Served):
    """The server."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[dict[str, str]]] = {
            "incident": [{**dict.fromkeys(COLUMNS, ""), "sys_id": "i-0", "number": "INC0000000"}],
            "sys_journal_field": [_entry("i-0", "comments", "Of somebody else.", "ada")],
            "sys_user": [{"sys_id": each, "user_name": name} for each, (name, _) in PEOPLE.items()],
            "sys_user_group": [{"sys_id": each, "name": name} for name, each in GROUPS.items()],
            "sys_choice": [
                {"name": "incident", "element": "close_code", "inactive": "false", "value": each}
                for each in CLOSE_CODES
            ],
        }
        self.attachments: list[tuple[dict[str, str], bytes]] = []
        self.hidden = frozenset[str]()  # tables of which our user may see no row
        self.forbidden = frozenset[str]()  # tables that our user may not even ask for
        self.cancels = False  # whether it runs into its limit of time in the middle of an answer
        self.closed_fields = frozenset[str]()  # left out without a word when our user writes them
        self.ruled_out = frozenset[str]()  # which a business rule refuses, with all that comes with them
        self.queues = False  # whether writes are only queued, if that

    def worded(self, status: int, why: str, detail: str = "") -> Any:  # type: ignore[explicit-override]  # noqa: ARG002
        """As ServiceNow says it."""
        return {"error": {"message": why, "detail": detail}, "status": "failure"}

    def refusal(self) -> int:  # type: ignore[explicit-override]
        """Its status for a request that it does not understand."""
        return 400

    async def serve(self, request: web.Request) -> web.StreamResponse:  # type: ignore[explicit-override]
        """The part of the interfaces that a bot needs."""
        expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.stranger or request.headers.get("Authorization") != f"Basic {expected}":
            why = self.worded(401, "User Not Authenticated", "Required to provide Auth information")
            return told(why, 401)
        if request.method != "GET" and self.queues:
            return web.Response(status=202)
        parts = request.path.removeprefix("/api/now/").split("/")
        if parts[0] == "table" and request.method != "GET" and request.content_type != "application/json":
            return told(self.worded(415, "Unsupported media type"), 415)
        match request.method, parts:
            case "GET", ["table", name] if name in self.forbidden:
                return told(self.worded(403, "Insufficient rights to query records"), 403)
            case "GET", ["table", name] if name in self.tables:
                return self._listed([] if name in self.hidden else self.tables[name], request.query)
            case "POST", ["table", "incident"]:
                assert request.query.keys() <= {"sysparm_fields"}, request.query
                return self._create(await request.json(), request.query["sysparm_fields"])
            case "PATCH", ["table", "incident", number] if self._is(number):
                return self.change(
                    number, await request.json(), "u-handrail", shown=request.query["sysparm_fields"]
                )
            case "GET", ["attachment"]:
                return self._listed([each for each, _ in self.attachments], request.query)
            case "POST", ["attachment", "file"]:
                return self._attach(request, await request.read())
        why = "Record doesn't exist or ACL restricts the record retrieval"
        return told(self.worded(404, "No Record found", why), 404)

    def _is(self, sys_id: str) -> bool:
        return any(each["sys_id"] == sys_id for each in self.tables["incident"])

    def _listed(self, rows: Sequence[dict[str, str]], query: Mapping[str, str]) -> web.Response:
        """A page, of the fields that were asked for; those that there are not are left out."""
        assert query.keys() <= READS, query
        rows = matching(rows, query.get("sysparm_query", ""))
        begin, size = int(query.get("sysparm_offset", 0)), int(query.get("sysparm_limit", 10_000))
        fields = query.get("sysparm_fields", "").split(",")
        page = [
            {name: value for name, value in row.items() if name in fields or fields == [""]}
            for row in rows[begin : begin + size]
        ]
        shown = [_shown(each) for each in page] if query.get("sysparm_display_value") == "all" else page
        if self.cancels:
            return told({"result": shown[:-1], **self.worded(200, CANCELLED, CANCELLED)})
        return told({"result": shown}, headers={"X-Total-Count": str(len(rows))})

    def _attach(self, request: web.Request, content: bytes) -> web.Response:
        query = request.query
        if not query.keys() >= {"file_name", "table_name", "table_sys_id"}:
            return told(self.worded(400, "Missing mandatory parameters"), 400)
        if "Content-Type" not in request.headers:
            return told(self.worded(400, "Content-Type is mandatory"), 400)
        if query["table_name"] != "incident" or not self._is(query["table_sys_id"]):
            return told(self.worded(404, "No Record found"), 404)
        made = {
            "sys_id": uuid.uuid4().hex,
            "file_name": query["file_name"],
            "table_name": query["table_name"],
            "table_sys_id": query["table_sys_id"],
            "size_bytes": str(len(content)),
        }
        self.attachments.append((made, content))
        return told({"result": made}, 201)

    def _refused(self, asked: Mapping[str, str]) -> web.Response | None:
        """By a rule of theirs; a choice that is none would be kept, so it is a mistake of ours."""
        assert {asked.get("urgency", "3"), asked.get("impact", "3")} <= {"1", "2", "3"}
        if not asked.keys() & self.ruled_out:
            return None
        why = "Operation against file 'incident' was aborted by Business Rule 'Who may say how urgent it is'"
        return told(self.worded(403, "Operation Failed", why), 403)

    def _create(self, asked: Mapping[str, str], shown: str) -> web.Response:
        assert asked.keys() <= {*COLUMNS}, asked
        if refused := self._refused(asked):
            return refused
        asked = {name: value for name, value in asked.items() if name not in self.closed_fields}
        assert len(asked["short_description"]) <= 160
        assert len(asked["correlation_id"]) <= 100
        number = f"INC{len(self.tables['incident']):07}"
        row = {**dict.fromkeys(COLUMNS, ""), "urgency": "3", "impact": "3", **asked}
        assert row["assignment_group"] in {"", *GROUPS.values()}
        row |= {"sys_id": uuid.uuid4().hex, "number": number, "state": "1", "reopen_count": "0"}
        row |= {"priority": PRIORITIES[row["impact"], row["urgency"]], "sys_updated_on": _now()}
        self.tables["incident"].append(row)
        return told({"result": {name: row[name] for name in shown.split(",")}}, 201)

    def change(
        self, sys_id: str, asked: Mapping[str, str], who: str, *, shown: str = "sys_id"
    ) -> web.Response:
        """Change an incident, and write into its journal."""
        [row] = matching(self.tables["incident"], f"sys_id={sys_id}")
        asked, before = dict(asked), row["state"]
        assert asked.keys() <= {*COLUMNS, "comments", "work_notes"}, asked
        assert asked.get("state", before) in STATES
        assert asked.get("close_code", "Duplicate") in CLOSE_CODES
        if refused := self._refused(asked):
            return refused
        asked = {name: value for name, value in asked.items() if name not in self.closed_fields}
        if before == "7":
            why = "ACL Exception Update Failed due to security constraints"
            return told(self.worded(403, "Operation Failed", why), 403)
        ended = asked.get("state") in {"6", "7"}
        if ended and not (asked.get("close_code") and asked.get("close_notes")):
            why = "Data Policy Exception: Resolution code, Resolution notes are mandatory"
            return told(self.worded(403, "Operation Failed", why), 403)
        if asked.get("state") == "3" and not asked.get("hold_reason"):
            why = "Data Policy Exception: On hold reason is mandatory"
            return told(self.worded(403, "Operation Failed", why), 403)
        if asked.get("hold_reason") == "1" and not asked.get("comments"):  # awaiting the caller
            why = "Data Policy Exception: Additional comments is mandatory"
            return told(self.worded(403, "Operation Failed", why), 403)
        for element in ("comments", "work_notes"):
            if text := asked.pop(element, ""):
                self.tables["sys_journal_field"].append(_entry(sys_id, element, text, PEOPLE[who][0]))
        row |= {**asked, "sys_updated_on": _now()}
        row["priority"] = PRIORITIES[row["impact"], row["urgency"]]
        if row["state"] != before and row["state"] == "6":
            row |= {"resolved_at": _now(), "resolved_by": who}
        if before in {"6", "7"} and row["state"] not in {"6", "7"}:
            again = str(int(row["reopen_count"]) + 1)
            row |= {"reopen_count": again, "reopened_by": who, "resolved_at": "", "resolved_by": ""}
        return told({"result": {name: row[name] for name in shown.split(",")}})


def _entry(incident: str, element: str, text: str, who: str) -> dict[str, str]:
    """An entry of a journal."""
    kept = {"sys_id": uuid.uuid4().hex, "name": "incident", "element_id": incident, "element": element}
    return {**kept, "value": text, "sys_created_by": who, "sys_created_on": _now()}


def matching(rows: Sequence[dict[str, str]], words: str) -> list[dict[str, str]]:
    """The rows that an encoded query finds, in its order; a condition on an unknown field is none."""
    found, order = [*rows], ""
    for condition in filter(None, words.split("^")):
        if condition.startswith("ORDERBY"):
            order = condition.removeprefix("ORDERBY")
            continue
        read = re.fullmatch(r"([a-z_]+)(LIKE|IN|=|RELATIVEGE@minute@ago@)(.*)", condition)
        assert read, condition
        field, operator, value = read.groups()
        found = [row for row in found if field not in row or _holds(row[field], operator, value)]
    return sorted(found, key=lambda row: row[order]) if order else found


def _holds(there: str, operator: str, value: str) -> bool:
    match operator:
        case "LIKE":
            return value in there
        case "IN":
            return there in value.split(",")
        case "=":
            return there == value
    ago = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=int(value))
    return there >= ago.strftime("%Y-%m-%d %H:%M:%S")


def _shown(row: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {
        name: {"value": value, "display_value": PEOPLE[value][1] if value in PEOPLE else value}
        for name, value in row.items()
    }


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


class ServiceNow(Polled):
    """It from both sides."""

    hides = True
    secrets = (PASSWORD, base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
    priorities = ("2", "4", "4")

    def __init__(self, served: PlayedServiceNow, client: aiohttp.ClientSession) -> None:
        self.served: PlayedServiceNow = served
        self.system = ServiceNowTickets(client, served.url, USER, Secret(PASSWORD), "Service Desk")

    def _rows(self, number: str) -> list[dict[str, str]]:
        return matching(self.served.tables["incident"], f"correlation_id={number}")

    def _row(self, number: str) -> dict[str, str]:
        [row] = self._rows(number)
        return row

    async def count(self, number: str) -> int:
        """Incidents with this number."""
        return len(self._rows(number))

    async def body(self, number: str) -> str:
        """The description."""
        return self._row(number)["description"]

    async def written(self, number: str) -> Sequence[Written]:
        """The journal."""
        entries = matching(
            self.served.tables["sys_journal_field"], f"element_id={self._row(number)['sys_id']}"
        )
        return [Written(each["value"], each["element"] == "comments") for each in entries]

    async def closed(self, number: str) -> bool:
        """Whether it is resolved."""
        return self._row(number)["state"] == "6"

    async def files(self, number: str) -> Mapping[str, bytes]:
        """The attachments."""
        here = self._row(number)["sys_id"]
        return {
            row["file_name"]: kept for row, kept in self.served.attachments if row["table_sys_id"] == here
        }

    def _does(self, number: str, **asked: str) -> None:
        assert self.served.change(self._row(number)["sys_id"], asked, "u-ada").status == 200

    async def priority(self, number: str) -> object:
        """As its rules reckon it."""
        return self._row(number)["priority"]

    def takes_no_priority(self) -> None:
        """See `Graded`."""
        self.served.ruled_out = frozenset({"urgency", "impact"})

    async def says(self, number: str, text: str, *, public: bool) -> None:
        """A comment or a work note."""
        self._does(number, **{"comments" if public else "work_notes": text})

    async def resolves(self, number: str, text: str) -> None:
        """Resolved, with notes."""
        self._does(number, state="6", close_code="Solution provided", close_notes=text)

    async def reopens(self, number: str) -> None:
        """In progress again."""
        self._does(number, state="2")

    async def claims(self, number: str) -> None:
        """Assigned to themselves."""
        self._does(number, assigned_to="u-ada")


@asynccontextmanager
async def opened(_folder: Path) -> AsyncIterator[ServiceNow]:
    """A ServiceNow without incidents."""
    async with PlayedServiceNow() as served, calling(served) as client:
        yield ServiceNow(served, client)
