"""A played ServiceNow, after the documents of its Table API and Attachment API.

It reads encoded queries, keeps journals apart from incidents, wants a code and notes before it resolves one,
and says who did what in the incident's own fields.
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
from bot.tickets.http import open_client
from bot.tickets.servicenow import ServiceNowTickets
from tests.support.helpdesks.other_side import PATIENCE, Polled, Written
from tests.support.helpdesks.served import Served, told

USER, PASSWORD = "handrail", "servicenow-canary-4711"
PEOPLE = {"u-handrail": ("handrail", "Handrail"), "u-ada": ("ada", "Ada Agent")}
GROUPS = {"Service Desk": "g-1"}


class PlayedServiceNow(Served):
    """The server."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[dict[str, str]]] = {
            "incident": [], "sys_journal_field": [],
            "sys_user": [{"sys_id": each, "user_name": name} for each, (name, _) in PEOPLE.items()],
        }  # fmt: skip
        self.attachments: list[tuple[dict[str, str], bytes]] = []

    def worded(self, status: int, why: str) -> Any:  # type: ignore[explicit-override]  # noqa: ARG002
        """As ServiceNow says it."""
        return {"error": {"message": why, "detail": ""}, "status": "failure"}

    def refusal(self) -> int:  # type: ignore[explicit-override]
        """Its status for what a data policy forbids."""
        return 400

    async def serve(self, request: web.Request) -> web.StreamResponse:  # type: ignore[explicit-override]
        """The part of the interfaces that a bot needs."""
        expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.stranger or request.headers.get("Authorization") != f"Basic {expected}":
            return told(self.worded(401, "User Not Authenticated"), 401)
        match request.method, request.path.removeprefix("/api/now/").split("/"):
            case "GET", ["table", name] if name in self.tables:
                rows = matching(self.tables[name], request.query.get("sysparm_query", ""))
                everything = request.query.get("sysparm_display_value") == "all"
                return told({"result": [_shown(each) if everything else each for each in rows]})
            case "POST", ["table", "incident"]:
                return self._create(await request.json(), request.query)
            case "PATCH", ["table", "incident", number]:
                return self.change(number, await request.json(), "u-handrail")
            case "GET", ["attachment"]:
                rows = [each for each, _ in self.attachments]
                return told({"result": matching(rows, request.query["sysparm_query"])})
            case "POST", ["attachment", "file"]:
                assert request.query["table_name"] == "incident"
                named = {
                    "file_name": request.query["file_name"],
                    "table_sys_id": request.query["table_sys_id"],
                }
                self.attachments.append((named, await request.read()))
                return told({"result": named}, 201)
        return told(self.worded(404, "No Record found"), 404)

    def _create(self, asked: Mapping[str, str], query: Mapping[str, str]) -> web.Response:
        assert len(asked["short_description"]) <= 160
        if "assignment_group" in asked:
            assert query["sysparm_input_display_value"] == "true"
            assert asked["assignment_group"] in GROUPS
        number = f"INC{len(self.tables['incident']) + 1:07}"
        empty = dict.fromkeys(
            ("assigned_to", "resolved_at", "resolved_by", "closed_at", "closed_by", "close_notes",
             "close_code", "reopened_by", "hold_reason"), ""
        )  # fmt: skip
        row = {**empty, **asked, "sys_id": uuid.uuid4().hex, "number": number, "state": "1"}
        self.tables["incident"].append({**row, "reopen_count": "0", "sys_updated_on": _now()})
        return told({"result": {"sys_id": row["sys_id"], "number": number}}, 201)

    def change(self, sys_id: str, asked: Mapping[str, str], who: str) -> web.Response:
        """Change an incident, and write into its journal."""
        [row] = matching(self.tables["incident"], f"sys_id={sys_id}")
        asked, before = dict(asked), row["state"]
        if asked.get("state") == "6" and not (asked.get("close_code") and asked.get("close_notes")):
            why = "Data Policy Exception: Resolution code, Resolution notes are mandatory"
            return told(self.worded(403, why), 403)
        if asked.get("state") == "3" and not asked.get("hold_reason"):
            return told(self.worded(403, "Data Policy Exception: On hold reason is mandatory"), 403)
        for element in ("comments", "work_notes"):
            if text := asked.pop(element, ""):
                entry = {"sys_id": uuid.uuid4().hex, "element_id": sys_id, "element": element, "value": text}
                by = {"sys_created_by": PEOPLE[who][0], "sys_created_on": _now()}
                self.tables["sys_journal_field"].append({**entry, **by})
        row |= {**asked, "sys_updated_on": _now()}
        if row["state"] != before and row["state"] == "6":
            row |= {"resolved_at": _now(), "resolved_by": who}
        if before in {"6", "7"} and row["state"] not in {"6", "7"}:
            again = str(int(row["reopen_count"]) + 1)
            row |= {"reopen_count": again, "reopened_by": who, "resolved_at": "", "resolved_by": ""}
        return told({"result": {"sys_id": row["sys_id"], "number": row["number"]}})


def matching(rows: Sequence[dict[str, str]], words: str) -> list[dict[str, str]]:
    """The rows that an encoded query finds."""

    def holds(row: Mapping[str, str], condition: str) -> bool:
        if condition.startswith("ORDERBY") or "RELATIVEGE@minute@ago@" in condition:
            return True  # everything here happened just now
        read = re.fullmatch(r"([a-z_]+)(LIKE|IN|=)(.*)", condition)
        assert read, condition
        field, operator, value = read.groups()
        if operator == "LIKE":
            return value in row[field]
        return row[field] in value.split(",") if operator == "IN" else row[field] == value

    return [row for row in rows if all(holds(row, each) for each in words.split("^"))]


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
    async with PlayedServiceNow() as served, open_client(PATIENCE) as client:
        yield ServiceNow(served, client)
