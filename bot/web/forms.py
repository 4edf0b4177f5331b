"""The board's forms: what an agent may send, and proof that it came from our own page.

The proof is a random token that stands in a cookie and in the form. The event's id stands in the form too,
so that a double submit is one event. It must not know cases.
"""

import hmac
import re
import secrets
from typing import Final, Literal, Self, TypeAlias
from urllib.parse import quote, unquote
from uuid import UUID, uuid4

import msgspec
from aiohttp import web

from bot.web.guard import same_origin
from bot.web.visitor import set_cookie

_PROOF_COOKIE: Final = "handrail_form"
_AGENT_COOKIE: Final = "handrail_agent"
_PROOF: Final = re.compile(r"[0-9a-f]{32}")
_PATH: Final = "/helpdesk"
_DAY: Final = 24 * 3600
_LONGEST_NAME: Final = 80
_LONGEST_NOTE: Final = 4000
_LARGEST: Final = 64 * 1024  # bytes of a form

Problem: TypeAlias = Literal["", "out-of-date", "name-missing", "too-long", "not-kept"]


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the form: for a page to show, or as an agent sent it."""

    id: str  # of the event
    token: str
    by: str = ""
    note: str = ""
    problem: Problem = ""

    def failed(self, problem: Problem) -> Self:
        """The same form with a problem to show; nothing that was typed is lost."""
        return msgspec.structs.replace(self, problem=problem)


def blank(request: web.Request) -> Form:
    """A fresh form; the agent's name is the one they typed last."""
    return Form(id=str(uuid4()), token=_token(request) or secrets.token_hex(16), by=_agent(request))


async def read(request: web.Request) -> Form:
    """What an agent sent. `problem` says why it cannot be taken; the rest is kept for the next try."""
    if (request.content_length or 0) > _LARGEST:
        return blank(request).failed("too-long")
    sent = await request.post()
    token = _token(request)
    form = Form(
        id=_uuid(str(sent.get("id", ""))),
        token=token or secrets.token_hex(16),
        by=" ".join(str(sent.get("by", "")).replace("\0", "").split()),
        note=str(sent.get("note", "")).replace("\0", "").strip(),
    )
    proof = str(sent.get("token", ""))
    if token is None or not hmac.compare_digest(proof.encode(), token.encode()) or not same_origin(request):
        return form.failed("out-of-date")
    if not form.by:
        return form.failed("name-missing")
    if len(form.by) > _LONGEST_NAME or len(form.note) > _LONGEST_NOTE:
        return form.failed("too-long")
    return form


def remember_token(request: web.Request, response: web.Response, token: str) -> None:
    """Put the token into the browser."""
    set_cookie(request, response, _PROOF_COOKIE, token, max_age=30 * _DAY, path=_PATH)


def remember_agent(request: web.Request, response: web.Response, name: str) -> None:
    """Keep the agent's name, so that it is typed once."""
    set_cookie(request, response, _AGENT_COOKIE, quote(name), max_age=180 * _DAY, path=_PATH)


def _token(request: web.Request) -> str | None:
    found = request.cookies.get(_PROOF_COOKIE, "")
    return found if _PROOF.fullmatch(found) else None


def _agent(request: web.Request) -> str:
    return " ".join(unquote(request.cookies.get(_AGENT_COOKIE, "")).split())[:_LONGEST_NAME]


def _uuid(sent: str) -> str:
    try:
        return str(UUID(sent))
    except ValueError:
        return str(uuid4())
