"""The board's door: who is not signed in is sent to Microsoft Entra, and back to where they were going.

Only members of the helpdesk come in: people with one app role, or in one group. Whatever is not as it should
be ends on a page that says what to do, and nobody is signed in. It must not know what is behind the door.
"""

import hmac
import re
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

import structlog
from aiohttp import web
from yarl import URL

from bot.config import Settings
from bot.errors import StoreUnavailable
from bot.web import agents, forms
from bot.web.acts import ACTS
from bot.web.agents import AGENT, Agents, forget_cookie, set_cookie
from bot.web.attempt import HOME, LIFETIME, Attempt
from bot.web.entra import Entra, NotSignedIn
from bot.web.frame import Frame
from bot.web.guard import Handler, protected, same_origin
from bot.web.id_token import Vouched
from bot.web.pace import Pace

COOKIE: Final = "__Host-handrail_sign_in"
_LONGEST_CODE: Final = 4096
_WORD: Final = re.compile(r"[a-z_]{1,64}")
_STATUS: Final = {"stale": 400, "busy": 429, "away": 503, "settings": 502}  # all others: 403

_log = structlog.get_logger(__name__)


class SignIn:
    """The door, and the pages at it."""

    def __init__(
        self,
        *,
        entra: Entra,
        sessions: Agents,
        frame: Frame,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        pace: Pace | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            entra: Says who somebody is.
            sessions: Who is signed in.
            frame: Renders the pages.
            settings: Which role or group may enter, and the board's address.
            clock: Seconds since 1970.
            pace: How many answers are taken to Entra, of all people together.
        """
        self._entra = entra
        self._sessions = sessions
        self._frame = frame
        self.origin = str(URL(settings.public_url).origin())  # as browsers write it, whatever a proxy does
        self._role = settings.board_role
        self._group = settings.board_group
        self._clock = clock
        self._pace = pace or Pace(at_once=60, a_second=10)

    async def still_in(self, request: web.Request) -> bool:
        """Whether who sent `request` is still signed in.

        Raises:
            StoreUnavailable: Nobody can tell now.
        """
        return await self._sessions.of(request) is not None

    def guard(self, handler: Handler) -> Handler:
        """Let `handler` answer only who is signed in, and put the security headers on its answers."""

        async def let_in(request: web.Request) -> web.StreamResponse:
            try:
                agent = await self._sessions.of(request)
            except StoreUnavailable:
                return self._frame.away(request)
            if agent is not None:
                request[AGENT] = agent
                return await handler(request)
            if request.method == "POST":
                return await self._kept_for_later(request)
            if "text/event-stream" in request.headers.get("Accept", ""):
                return web.Response(status=401, text="Nobody is signed in.\n")
            wanted = urlencode({"to": request.path_qs})
            return web.Response(status=303, headers={"Location": f"{HOME}/sign-in?{wanted}"})

        return protected(let_in)

    async def _kept_for_later(self, request: web.Request) -> web.Response:
        """Somebody was signed out while they typed: here it is again, to be sent when they are back."""
        form = await forms.read(request, self.origin)
        act = ACTS.get(form.act)
        if act is None:
            raise web.HTTPSeeOther(location=HOME)
        unsaved = {"form": form.failed("signed-out"), "act": act}
        return self._frame.page(request, "unsaved.html", unsaved, status=401)

    async def begin(self, request: web.Request) -> web.StreamResponse:
        """GET `/helpdesk/sign-in`: off to Entra. `to`: where to come back; `choose`: ask which account."""
        attempt = Attempt.begin(int(self._clock()), request.query.get("to", HOME))
        there = self._entra.sign_in_url(attempt, choose="choose" in request.query)
        response = web.Response(status=303, headers={"Location": there})
        set_cookie(response, COOKIE, attempt.cookie, max_age=LIFETIME)
        return response

    async def finish(self, request: web.Request) -> web.StreamResponse:
        """GET `/helpdesk/signed-in`: back from Entra."""
        attempt = Attempt.read(request.cookies.get(COOKIE, ""), int(self._clock()))
        state = request.query.get("state", "")
        if attempt is None or not hmac.compare_digest(state.encode(), attempt.state.encode()):
            return await self._lost(request)
        if self._pace.wait("everybody"):  # what costs nothing but a page is not counted
            return self._failed(request, "busy", "")
        try:
            response = await self._finished(request, attempt)
        except NotSignedIn as error:
            response = self._failed(request, error.why, error.reason)
        except StoreUnavailable:
            response = self._failed(request, "away", "store")
        forget_cookie(response, COOKIE)  # an attempt is for one answer
        return response

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """POST `/helpdesk/sign-out`: this session is over, in every tab and every copy of its cookie."""
        sent = await request.post()
        agent = request[AGENT]
        proof = str(sent.get("token", ""))
        if not same_origin(request, self.origin) or not hmac.compare_digest(
            proof.encode(), agent.proof.encode()
        ):
            raise web.HTTPSeeOther(location=HOME)
        try:
            await self._sessions.end(request)
        except StoreUnavailable:
            return self._frame.away(request)
        _log.info("agent_signed_out", agent=agent.object_id)
        del request[AGENT]
        response = self._frame.page(request, "signed_out.html", {"everywhere": self._entra.sign_out_url})
        forget_cookie(response, agents.COOKIE)
        return response

    async def _finished(self, request: web.Request, attempt: Attempt) -> web.Response:
        if error := request.query.get("error", ""):
            word = error if _WORD.fullmatch(error) else "other"
            why = "declined" if word in {"access_denied", "consent_required"} else "refused"
            raise NotSignedIn(why, word)
        code = request.query.get("code", "")
        if not 0 < len(code) <= _LONGEST_CODE:
            raise NotSignedIn("refused", "no_code")
        who = await self._entra.who(code, attempt)
        if why := self._kept_out(who):
            _log.warning("agent_refused", agent=who.object_id, why=why)
            return self._failed(request, why, "")
        response = web.Response(status=303, headers={"Location": attempt.aim})
        if not await self._sessions.open(request, response, who, attempt.mark):
            raise NotSignedIn("stale", "used_before")
        _log.info("agent_signed_in", agent=who.object_id)
        return response

    def _kept_out(self, who: Vouched) -> str:
        """Why somebody may not enter; "" when they may."""
        if self._role and self._role in who.roles:
            return ""
        if self._group and self._group in who.groups:
            return ""
        return "too-many-groups" if self._group and who.overflowing else "no-member"

    async def _lost(self, request: web.Request) -> web.StreamResponse:
        """An answer that nobody here waits for: too late, to another tab, shown again, or forged."""
        try:
            inside = await self._sessions.of(request)
        except StoreUnavailable:
            return self._frame.away(request)
        if inside is not None:
            raise web.HTTPSeeOther(location=HOME)
        return self._failed(request, "stale", "state")

    def _failed(self, request: web.Request, why: str, reason: str) -> web.Response:
        if reason:
            advice = {"what_to_do": "run `handrail doctor`"} if why in {"settings", "away"} else {}
            _log.warning("agent_not_signed_in", why=why, reason=reason, **advice)
        return self._frame.page(request, "not_signed_in.html", {"why": why}, status=_STATUS.get(why, 403))
