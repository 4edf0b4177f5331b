"""A receiver of our webhooks that does all that deployment/README.md, "Tickets", asks of one, and tells news.

It checks and signs by the specification of Standard Webhooks, in its own words and not in ours.
"""

import base64
import datetime as dt
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.secret import Secret
from bot.tickets.webhook import WebhookTickets
from tests.support.helpdesks.other_side import Pushed, Written, calling, packed
from tests.support.helpdesks.served import Served, told

SECRET = "whsec_" + base64.b64encode(b"a secret of the receiver of webhooks").decode()


def signed(message_id: str, at: int, body: bytes) -> dict[str, str]:
    """The headers of a message, as the specification has them."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(mac).decode()}"
    return {"webhook-id": message_id, "webhook-timestamp": str(at), "webhook-signature": signature}


class Receiver(Served):
    """The server."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, tuple[str, dict[str, Any]]] = {}  # webhook-id: path, data

    async def serve(self, request: web.Request) -> web.StreamResponse:  # type: ignore[explicit-override]
        """What the manual asks for."""
        body = await request.read()
        message_id, at = request.headers["webhook-id"], int(request.headers["webhook-timestamp"])
        right = signed(message_id, at, body)["webhook-signature"]
        if self.stranger or request.headers["webhook-signature"] != right or abs(time.time() - at) > 300:
            return told({"error": "bad signature"}, 401)
        if request.method == "GET":
            wanted = request.path.removeprefix("/cases/")
            found = any(path == wanted for path, _ in self.kept.values())
            return told({"reference": f"T-{wanted}"} if found else {"error": "none"}, 200 if found else 404)
        assert request.path == "/cases"
        assert request.headers["Idempotency-Key"] == message_id
        message = json.loads(body)
        data = message["data"]
        path = data["update"] if "update" in data else data["key"]
        self.kept.setdefault(message_id, (path, {**data, "type": message["type"]}))
        return told({"reference": f"T-{path}"}, 201)


class Webhook(Pushed):
    """It from both sides."""

    hides = True
    secrets = (SECRET, SECRET.removeprefix("whsec_"))

    def __init__(self, served: Receiver, client: aiohttp.ClientSession) -> None:
        super().__init__()
        self.served: Receiver = served
        self.system = WebhookTickets(client, f"{served.url}/cases", Secret(SECRET))

    def _data(self, number: str, kind: str) -> list[dict[str, Any]]:
        kept = [data for _, data in self.served.kept.values()]
        return [each for each in kept if each["key"] == number and each["type"] == kind]

    async def count(self, number: str) -> int:
        """Cases with this number."""
        return len(self._data(number, "case.opened"))

    async def body(self, number: str) -> str:
        """The case's text."""
        return str(self._data(number, "case.opened")[0]["body"])

    async def written(self, number: str) -> Sequence[Written]:
        """Updates that say something or come from somebody."""
        updates = self._data(number, "case.updated")
        return [Written(f"{each['author']}: {each['body']}", each["public"]) for each in updates]

    async def closed(self, number: str) -> bool:
        """What the last status was."""
        updates = [each["status"] for each in self._data(number, "case.updated") if each["status"]]
        return bool(updates) and updates[-1] == "resolved"

    async def files(self, number: str) -> Mapping[str, bytes]:
        """The files, under names of our own."""
        sent = self._data(number, "case.attached")
        return {each["update"].replace("/", "-"): base64.b64decode(each["content"]) for each in sent}

    def _tell(self, number: str, kind: str, **data: Any) -> None:
        now = dt.datetime.now(dt.UTC)
        message = {"type": kind, "timestamp": now.isoformat(), "data": {"key": number, "by": "Ada", **data}}
        body = packed(message)
        self.sent.append((signed(f"news_{hash(body)}_{now.timestamp()}", int(time.time()), body), body))

    async def says(self, number: str, text: str, *, public: bool) -> None:
        """A comment."""
        self._tell(number, "ticket.commented", text=text, public=public)

    async def resolves(self, number: str, text: str) -> None:
        """Closed, with a text."""
        self._tell(number, "ticket.resolved", text=text, public=True)

    async def reopens(self, number: str) -> None:
        """Open again."""
        self._tell(number, "ticket.reopened")

    async def claims(self, number: str) -> None:
        """Taken."""
        self._tell(number, "ticket.claimed")


@asynccontextmanager
async def opened(_folder: Path) -> AsyncIterator[Webhook]:
    """A receiver that has nothing."""
    async with Receiver() as served, calling(served) as client:
        yield Webhook(served, client)
