"""The endpoint that Teams posts to: one request in, one turn of the bot, one answer.

The answer is the contract with Teams. 200 comes after the turn and means "never send this again"; 503 means
"send it again"; 4xx means that it would fail again. There is no 500: a failure of ours is a reason to repeat.

Must not know: conversations of ours, guides, storage.
"""

import asyncio
import traceback
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web
from botbuilder.core import Bot, InvokeResponse, TurnContext
from botbuilder.core.cloud_adapter_base import CloudAdapterBase
from botbuilder.schema import Activity, ActivityTypes, DeliveryModes, ResourceResponse

from bot import crash
from bot.teams.auth import Gate, NotAdmitted
from bot.teams.connector import Connector
from bot.teams.framework import HandrailAuthentication
from bot.teams.intake import READ_TIMEOUT, BadRequest, check_head, read_object
from bot.teams.wire import activity_from, plain

_log = structlog.get_logger(__name__)

_RETRY_AFTER: Final = 5  # seconds
_HINTS: Final = {
    401: "Send a valid token of the Bot Connector service.",
    403: "This bot does not serve this channel, service URL, tenant or sender.",
    503: "The bot cannot take this now; send it again.",
}
_FOREIGN: Final = "if they should be served, run a bot of their tenant; if not, take the app away from them"


class TurnFailed(Exception):  # noqa: N818  the bot's word to the adapter
    """The turn took no effect, and the activity is to be delivered again.

    The bot raises it when it could not save what happened. It becomes a 503.
    """


class TeamsAdapter(CloudAdapterBase):  # type: ignore[misc]  # the SDK has no types
    """Runs a Bot Framework bot behind our gate, with our connector.

    ``TurnContext``'s send, update and delete and ``continue_conversation`` work as documented; they raise
    ``DeliveryFailed`` when Teams does not take something. Do not set ``on_turn_error``: it swallows failures,
    and Teams would take a lost turn for a finished one.
    """

    def __init__(
        self, gate: Gate, connector: Connector, *, app_id: str = "", read_timeout: float = READ_TIMEOUT
    ) -> None:
        """Put the parts together.

        Args:
            gate: Who may come in.
            connector: The way out.
            app_id: The bot's app id; empty in local mode.
            read_timeout: Seconds that a request's body may take to arrive.
        """
        self._gate = gate
        self._read_timeout = read_timeout
        self._authentication = HandrailAuthentication(gate, connector, app_id=app_id)
        super().__init__(self._authentication)

    async def process(self, request: web.Request, bot: Bot) -> web.Response:
        """Answer one request; never raises.

        Args:
            request: What was posted; register this for every method.
            bot: Whose ``on_turn`` is run.
        """
        try:
            return await self._process(request, bot)
        except BadRequest as error:
            _log.info("activity_refused", status=error.status, hint=error.hint)
            return _error(error.status, "BadRequest", error.hint)
        except NotAdmitted as error:
            if error.reason == "foreign_tenant":  # they see a dead bot, which may not write to them
                _log.warning("activity_refused", status=403, reason=error.reason, what_to_do=_FOREIGN)
            else:
                _log.info("activity_refused", status=error.status, reason=error.reason)
            return _error(error.status, "NotAdmitted", _HINTS[error.status], error.retry_after)
        except TurnFailed as error:
            cause = error.__cause__
            _log.warning("turn_failed", cause=type(cause).__name__ if cause else None)
        except Exception as error:  # noqa: BLE001  whatever went wrong, Teams shall deliver again
            _log.error("turn_failed", cause=type(error).__name__, places=_places(error))
        return _error(503, "TurnFailed", _HINTS[503], _RETRY_AFTER)

    async def _process(self, request: web.Request, bot: Bot) -> web.Response:
        check_head(request)
        claims = await self._gate.verify(request.headers, _peer(request))
        body = await read_object(request, timeout=self._read_timeout)
        self._gate.admit(claims, body)
        crash.at("event.admitted")
        activity = _activity(body)
        admitted = self._authentication.admitted(activity.service_url)
        try:
            result = await self.process_activity(admitted, activity, bot.on_turn)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            if not _raised_by_sdk(error):
                raise
            # The SDK's handler could not read a part of this very activity, and it never will.
            _log.warning("activity_unreadable", cause=type(error).__name__, place=_places(error)[-1])
            raise BadRequest(400, "A part of the activity does not have the form of its type.") from None
        answer = web.Response(status=200) if result is None else _invoke_answer(result)
        crash.at("event.answered")
        return answer

    def _create_turn_context(self, activity: Activity, *parts: Any) -> TurnContext:
        context = super()._create_turn_context(activity, *parts)
        turn = _Turn(self, activity)
        turn.turn_state.update(context.turn_state)
        return turn

    def _process_turn_results(self, context: TurnContext) -> InvokeResponse | None:
        # The SDK's own version cannot serialise expected replies.
        if context.activity.delivery_mode == DeliveryModes.expect_replies:
            replies = [plain(activity) for activity in context.buffered_reply_activities]
            return InvokeResponse(status=200, body={"activities": replies})
        if context.activity.type != ActivityTypes.invoke:
            return None
        answer = context.turn_state.get(self._INVOKE_RESPONSE_KEY)
        return InvokeResponse(status=501) if answer is None else answer.value


class _Turn(TurnContext):  # type: ignore[misc]  # the SDK has no types
    """A turn whose answer to an invoke goes nowhere but back to who asked."""

    async def send_activities(self, activities: list[Activity]) -> list[ResourceResponse]:
        """Send. The SDK copies everything and writes a reply's address on it: an answer needs neither."""
        (first, *others) = activities
        buffered = self.activity.delivery_mode == DeliveryModes.expect_replies
        if others or buffered or first.type != ActivityTypes.invoke_response:
            sent: list[ResourceResponse] = await super().send_activities(activities)
            return sent
        self.turn_state[self._INVOKE_RESPONSE_KEY] = first
        return [ResourceResponse()]


def _activity(body: Mapping[str, Any]) -> Activity:
    activity = activity_from(body)
    if not activity.type:
        raise BadRequest(400, "The activity has no type.")
    needs_conversation = activity.type in {ActivityTypes.message, ActivityTypes.invoke}
    if needs_conversation and not activity.conversation.id:
        raise BadRequest(400, "The activity names no conversation.")
    return activity


def _invoke_answer(result: InvokeResponse) -> web.Response:
    """Write what the bot answers to an invoke, whatever the bot built it from."""
    status = int(result.status or 200)
    if status < 200 or status == 500 or status > 599:
        raise ValueError(f"the bot answered an invoke with status {status}")
    if result.body is None:
        return web.Response(status=status)
    body = msgspec.json.encode(plain(result.body))
    return web.Response(status=status, body=body, content_type="application/json")


def _error(status: int, code: str, message: str, retry_after: int | None = None) -> web.Response:
    response = web.json_response({"error": {"code": code, "message": message}}, status=status)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 405:
        response.headers["Allow"] = "POST"
    if status in {408, 413}:
        response.force_close()  # the rest of the body is not worth reading
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _places(error: Exception) -> list[str]:
    """Where an error came from; its text, and even a line of source, may carry what a person wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _raised_by_sdk(error: Exception) -> bool:
    """Whether the line that failed is the SDK's own, not the bot's or ours."""
    frames = list(traceback.walk_tb(error.__traceback__))
    module = str(frames[-1][0].f_globals.get("__name__", ""))
    return module.partition(".")[0] in {"botbuilder", "msrest"}


def _peer(request: web.Request) -> str | None:
    """The address at the other end of the socket; never one that a header or a middleware names."""
    transport: asyncio.Transport | None = request.transport
    name = None if transport is None else transport.get_extra_info("peername")
    return str(name[0]) if isinstance(name, tuple) and name else None
