"""A played Microsoft Graph: a real HTTP server on loopback that holds one tenant's directory and sign-in log.

It reads filters, checks the bearer token, and answers like the real one when a permission or a licence is
missing. It keeps a journal of what it was asked, and every endpoint can be told to answer differently.

    async with PlayedGraph() as graph:
        graph.sign_in(error=53003, app="SAP")
        graph.granted.discard("AuditLog.Read.All")
        graph.log.next(429, headers={"Retry-After": "7"})
"""

import asyncio
import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from tests.support.cloud import Endpoint, Sent

PERSON = "0f0f0f0f-1111-4222-8333-444444444444"
COLLEAGUE = "c0c0c0c0-1111-4222-8333-444444444444"
SAP = "5a900000-0000-4000-8000-000000000001"
TEAMS = "7ea35000-0000-4000-8000-000000000002"
LAPTOP = "1a970900-0000-4000-8000-000000000003"

EVERYTHING = frozenset(
    {
        "ServiceHealth.Read.All",
        "AuditLog.Read.All",
        "Policy.Read.ConditionalAccess",
        "User.Read.All",
        "Device.Read.All",
    }
)


def error(status: int, code: str, message: str = "played") -> web.Response:
    """An error as Graph words it."""
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


class PlayedGraph:
    """One tenant. Its address is ``url``, version included."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.url = ""
        self.granted = set(EVERYTHING)
        self.premium = True
        self.tokens = {"graph-token-1"}
        self.users: dict[str, dict[str, Any]] = {
            PERSON: {
                "id": PERSON,
                "displayName": "Erika Mustermann",
                "accountEnabled": True,
                "userType": "Member",
                "externalUserState": None,
                "onPremisesSyncEnabled": True,
                "lastPasswordChangeDateTime": "2026-08-01T07:00:00Z",
            }
        }
        self.rows: list[dict[str, Any]] = []
        self.directory: list[dict[str, Any]] = []
        self.services = [
            {"id": "Exchange", "service": "Exchange Online", "status": "serviceInterruption"},
            {"id": "OrgLiveID", "service": "Microsoft Entra", "status": "serviceOperational"},
        ]
        self.open_issues: list[dict[str, Any]] = []
        self.overviews = Endpoint(self._overviews)
        self.issues = Endpoint(self._issues)
        self.log = Endpoint(self._log)
        self.row = Endpoint(self._row)
        self.user = Endpoint(self._user)
        self.devices = Endpoint(self._devices)
        self.strays = Endpoint(self._stray)
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        announced = "/v1.0/admin/serviceAnnouncement"
        app.router.add_get(f"{announced}/healthOverviews", self.overviews.handle)
        app.router.add_get(f"{announced}/issues", self.issues.handle)
        app.router.add_get("/v1.0/auditLogs/signIns", self.log.handle)
        app.router.add_get("/v1.0/auditLogs/signIns/{id}", self.row.handle)
        app.router.add_get("/v1.0/users/{id}", self.user.handle)
        app.router.add_get("/v1.0/devices", self.devices.handle)
        app.router.add_route("*", "/{rest:.*}", self.strays.handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1.0"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        assert self._runner is not None
        await self._runner.cleanup()

    async def hang(self, _request: web.Request) -> web.StreamResponse:
        """An answer that does not come before the server closes."""
        await self._closing.wait()
        return web.Response(status=503)

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        """Every endpoint by its name."""
        return {
            "overviews": self.overviews,
            "issues": self.issues,
            "log": self.log,
            "row": self.row,
            "user": self.user,
            "devices": self.devices,
            "strays": self.strays,
        }

    @property
    def asked(self) -> list[Sent]:
        """Everything it was asked."""
        return [sent for endpoint in self.endpoints.values() for sent in endpoint.received]

    @property
    def filters(self) -> list[str]:
        """The filters with which the log was asked, oldest first."""
        return [parse_qs(urlsplit(sent.path).query)["$filter"][0] for sent in self.log.received]

    # ---- what there is

    def sign_in(
        self, error: int | None = 0, *, minutes_ago: float = 10, user: str = PERSON, **fields: Any
    ) -> dict[str, Any]:
        """Add a row to the log and return it; any field of Graph's can be given, or another."""
        row = {
            "id": str(uuid.uuid4()),
            "createdDateTime": self.time(minutes_ago),
            "userId": user,
            "userPrincipalName": "erika@contoso.example",
            "correlationId": str(uuid.uuid4()),
            "appId": SAP,
            "appDisplayName": "SAP",
            "isInteractive": True,
            "conditionalAccessStatus": "notApplied",
            "status": {"errorCode": error, "failureReason": "Other.", "additionalDetails": None},
            "deviceDetail": {"deviceId": "", "displayName": "", "isCompliant": False, "trustType": ""},
            "appliedConditionalAccessPolicies": [],
            **fields,
        }
        self.rows.append(row)
        return row

    def device(self, **fields: Any) -> dict[str, Any]:
        """Add the laptop to the directory."""
        entry = {
            "id": "0b7ec700-0000-4000-8000-000000000009",  # the object's own id is another one
            "deviceId": LAPTOP,
            "displayName": "LAPTOP-7",
            "accountEnabled": True,
            "isCompliant": True,
            "isManaged": True,
            "trustType": "AzureAd",
            "approximateLastSignInDateTime": self.time(60),
            **fields,
        }
        self.directory.append(entry)
        return entry

    def time(self, minutes_ago: float) -> str:
        """A point in time as Graph writes it."""
        moment = dt.datetime.fromtimestamp(self.clock() - 60 * minutes_ago, dt.UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.1234567Z")

    # ---- how it answers

    def _refused(self, request: web.Request, permission: str) -> web.Response | None:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return error(401, "InvalidAuthenticationToken")
        if permission not in self.granted:
            return error(403, "Authorization_RequestDenied", "Insufficient privileges")
        return None

    async def _overviews(self, request: web.Request) -> web.StreamResponse:
        return self._refused(request, "ServiceHealth.Read.All") or _values(self.services)

    async def _issues(self, request: web.Request) -> web.StreamResponse:
        return self._refused(request, "ServiceHealth.Read.All") or _values(
            _matching(self.open_issues, request)
        )

    def _log_refused(self, request: web.Request) -> web.Response | None:
        refused = self._refused(request, "AuditLog.Read.All")
        if refused is None and not self.premium:
            return error(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")
        return refused

    def _as_permitted(self, row: dict[str, Any]) -> dict[str, Any]:
        hidden = (
            () if "Policy.Read.ConditionalAccess" in self.granted else ("appliedConditionalAccessPolicies",)
        )
        return {key: value for key, value in row.items() if key not in hidden}

    async def _log(self, request: web.Request) -> web.StreamResponse:
        rows = sorted(
            _matching(self.rows, request), key=lambda row: str(row["createdDateTime"]), reverse=True
        )
        top = int(request.query.get("$top", "1000"))
        return self._log_refused(request) or _values([self._as_permitted(row) for row in rows[:top]])

    async def _row(self, request: web.Request) -> web.StreamResponse:
        refused = self._log_refused(request)
        found = [row for row in self.rows if row["id"] == request.match_info["id"]]
        return refused or (web.json_response(self._as_permitted(found[0])) if found else _missing())

    async def _user(self, request: web.Request) -> web.StreamResponse:
        refused = self._refused(request, "User.Read.All")
        if refused:
            return refused
        found = self.users.get(request.match_info["id"])
        if found is None:
            return _missing()
        # Without $select Graph leaves out most of what matters.
        fields = request.query.get("$select", "id,displayName").split(",")
        return web.json_response({key: value for key, value in found.items() if key in fields})

    async def _devices(self, request: web.Request) -> web.StreamResponse:
        return self._refused(request, "Device.Read.All") or _values(_matching(self.directory, request))

    async def _stray(self, _request: web.Request) -> web.StreamResponse:
        return _missing()


def _values(rows: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"@odata.context": "played", "value": rows})


def _missing() -> web.Response:
    return error(404, "ResourceNotFound")


def _matching(rows: list[dict[str, Any]], request: web.Request) -> list[dict[str, Any]]:
    """What `$filter` lets through: conditions with eq, ge and le, joined by and."""
    conditions = [part.split(" ", 2) for part in request.query.get("$filter", "").split(" and ") if part]
    return [row for row in rows if all(_holds(row, *condition) for condition in conditions)]


def _holds(row: Mapping[str, Any], field: str, operator: str, literal: str) -> bool:
    value: Any = row
    for part in field.split("/"):
        value = value[part]
    if operator == "eq":
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return text == literal.removeprefix("'").removesuffix("'").replace("''", "'")
    there = dt.datetime.fromisoformat(value)
    wanted = dt.datetime.fromisoformat(literal)  # a quoted time is an error, as it is there
    return there >= wanted if operator == "ge" else there <= wanted
