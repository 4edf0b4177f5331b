"""The board's forms: what an agent may send, and proof that it came from our own page.

The proof of somebody who is signed in belongs to their session. In local mode it is a random token that
stands in a cookie and in the form. The event's id stands in the form too, so that a double submit is one
event. It must not know cases.
"""

import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Final, Literal, Self, TypeAlias
from urllib.parse import quote, unquote
from uuid import UUID, uuid4

import msgspec
from aiohttp import web

from bot.web.agents import AGENT
from bot.web.guard import same_origin
from bot.web.parts import AT_ONCE, Parts, Wrong, read_parts
from bot.web.visitor import set_cookie
from dialogs.conversation import FileRef

_PROOF_COOKIE: Final = "handrail_form"
_AGENT_COOKIE: Final = "handrail_agent"
_PROOF: Final = re.compile(r"[0-9a-f]{32}")
_PATH: Final = "/helpdesk"
_DAY: Final = 24 * 3600
_LONGEST_NAME: Final = 80
_LONGEST_NOTE: Final = 4000
_LARGEST: Final = 64 * 1024  # bytes of a form without its files
_FIELDS: Final = dict.fromkeys(("token", "id", "by", "note"), _LARGEST)  # of one with files

Problem: TypeAlias = Literal[
    "",
    "out-of-date",
    "name-missing",
    "note-missing",
    "to-missing",
    "too-long",
    "not-kept",
    "signed-out",
    "faster",
    "file-size",
    "file-many",
    "file-room",
    "file-empty",
]
_WRONG: Final[Mapping[str, Problem]] = {"size": "file-size", "many": "file-many"}


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the form: for a page to show, or as an agent sent it.

    `by` is who sends it, `note` what they wrote, `to` whom they give a case to. `files` come with it, by
    name; a browser cannot be given them back, so `chose` says that there were some. `kept` are they, once
    they are.
    """

    id: str  # of the event
    token: str
    by: str = ""
    note: str = ""
    to: str = ""
    reason: str = ""
    fix: str = ""
    act: str = ""
    files: tuple[tuple[str, bytes], ...] = ()
    kept: tuple[FileRef, ...] = ()
    chose: bool = False
    problem: Problem = ""

    def failed(self, problem: Problem) -> Self:
        """The same form with a problem to show; nothing that was typed is lost."""
        return msgspec.structs.replace(self, problem=problem)


def blank(request: web.Request) -> Form:
    """A fresh form of whoever is signed in; in local mode the agent's name is the one they typed last."""
    return Form(id=str(uuid4()), token=_token(request) or secrets.token_hex(16), by=name(request))


def name(request: web.Request) -> str:
    """Who is at the browser, as the person will read it; "" when nobody has said so."""
    if AGENT in request:
        return request[AGENT].name
    return " ".join(unquote(request.cookies.get(_AGENT_COOKIE, "")).split())[:_LONGEST_NAME]


async def read(request: web.Request, origin: str = "", *, files: bool = False) -> Form:
    """What an agent sent. `problem` says why it cannot be taken; the rest is kept for the next try.

    Args:
        request: A POST.
        origin: Where our own pages are, as browsers know it; see `same_origin`.
        files: Whether it may have some.
    """
    parts = Parts()
    problem: Problem = ""
    if request.content_type == "multipart/form-data":
        if not same_origin(request, origin):  # nobody else makes us read that much
            return blank(request).failed("out-of-date")
        try:
            await read_parts(request, _FIELDS, parts, most=AT_ONCE if files else 0)
        except Wrong as wrong:
            problem = _WRONG.get(wrong.code, "out-of-date")
        sent: Mapping[str, object] = parts.fields
    else:
        if (request.content_length or 0) > _LARGEST:
            return blank(request).failed("too-long")
        sent = await request.post()
    token = _token(request)
    form = Form(
        id=_uuid(str(sent.get("id", ""))),
        token=token or secrets.token_hex(16),
        # Who is signed in acts in their own name, whatever the form says.
        by=name(request) if AGENT in request else _line(sent.get("by", "")),
        note=str(sent.get("note", "")).replace("\0", "").replace("\r\n", "\n").strip(),
        to=_line(sent.get("to", "")),
        reason=_line(sent.get("reason", ""))[:_LONGEST_NAME],
        fix=_line(sent.get("fix", ""))[:_LONGEST_NAME],
        act=request.match_info.get("act", ""),
        files=tuple(parts.files),
        chose=bool(parts.files or problem),
    )
    proof = str(sent.get("token", ""))
    proven = token is not None and hmac.compare_digest(proof.encode(), token.encode())
    if not proven or not same_origin(request, origin):
        return form.failed("out-of-date")
    if problem:
        return form.failed(problem)
    if not form.by:
        return form.failed("name-missing")
    if max(len(form.by), len(form.to)) > _LONGEST_NAME or len(form.note) > _LONGEST_NOTE:
        return form.failed("too-long")
    if any(not content for _, content in form.files):
        return form.failed("file-empty")
    return form


def remember_token(request: web.Request, response: web.Response, token: str) -> None:
    """Put the token into the browser; a session brings its own."""
    if AGENT not in request:
        set_cookie(request, response, _PROOF_COOKIE, token, max_age=30 * _DAY, path=_PATH)


def remember_agent(request: web.Request, response: web.Response, agent: str) -> None:
    """Keep the agent's name, so that it is typed once."""
    if AGENT not in request:
        set_cookie(request, response, _AGENT_COOKIE, quote(agent), max_age=180 * _DAY, path=_PATH)


def _token(request: web.Request) -> str | None:
    if AGENT in request:
        return request[AGENT].proof
    found = request.cookies.get(_PROOF_COOKIE, "")
    return found if _PROOF.fullmatch(found) else None


def _line(sent: object) -> str:
    return " ".join(str(sent).replace("\0", "").split())


def _uuid(sent: str) -> str:
    try:
        return str(UUID(sent))
    except ValueError:
        return str(uuid4())
