"""The helpdesk's board: the cases, one case in full, claiming it and closing it.

Plain pages and forms that work without a script; a script only keeps them fresh. Words are the helpdesk's
language, whatever the person speaks. It must not know what claiming or closing does: both are events.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import quote

import aiohttp_jinja2
import structlog
from aiohttp import web
from babel import Locale, UnknownLocaleError
from babel.dates import format_timedelta

from bot.cards import case as words
from bot.cards.speech import Speaker
from bot.errors import NumberTaken, StoreUnavailable
from bot.metrics import Metrics
from bot.store.api import CaseRecord, Line, Store
from bot.web import forms
from bot.web.assets import Assets
from bot.web.chat import Takes
from bot.web.transcript import spoken
from dialogs.conversation import CaseStatus
from dialogs.events import CaseClaimed, CaseResolved
from dialogs.library import Library

_NUMBER: Final = re.compile(r"HR-[0-9A-Z]{4,12}")
_SHOWN: Final[dict[str, tuple[CaseStatus, ...]]] = {
    "open": ("open", "claimed"),
    "closed": ("resolved", "withdrawn"),
    "all": (),
}
_LONGEST_TRANSCRIPT: Final = 2000  # lines

_log = structlog.get_logger(__name__)


class Board:
    """The pages below `/helpdesk`."""

    def __init__(
        self,
        *,
        turns: Takes,
        store: Store,
        library: Callable[[], Library],
        language: str,
        zone: str,
        assets: Assets,
        metrics: Metrics,
    ) -> None:
        self._turns = turns
        self._store = store
        self._library = library
        self._language = language
        self._zone = zone
        self._assets = assets
        self._metrics = metrics

    async def cases(self, request: web.Request) -> web.StreamResponse:
        """GET `/helpdesk`: the cases; `?show=open` (the default), `closed` or `all`."""
        speaker = self._speaker()
        show = request.query.get("show", "open")
        show = show if show in _SHOWN else "open"
        try:
            records = await self._store.cases(status=_SHOWN[show])
        except StoreUnavailable:
            return self._page(request, "unavailable.html", speaker, {}, status=503)
        rows = [self._row(record, speaker) for record in records]
        return self._page(
            request, "board.html", speaker, {"rows": rows, "show": show, "filters": list(_SHOWN)}
        )

    async def case(self, request: web.Request) -> web.StreamResponse:
        """GET `/helpdesk/cases/{number}`: everything about one case."""
        return await self._case_page(request, forms.blank(request))

    async def claim(self, request: web.Request) -> web.StreamResponse:
        """POST `/helpdesk/cases/{number}/claim`."""
        return await self._act(request, CaseClaimed)

    async def close(self, request: web.Request) -> web.StreamResponse:
        """POST `/helpdesk/cases/{number}/close`, with a note that reaches the person."""
        return await self._act(request, CaseResolved)

    async def back_to_case(self, request: web.Request) -> web.StreamResponse:
        """GET on the address of a form, as a reload after a refusal makes it: the case itself."""
        raise web.HTTPSeeOther(location=f"/helpdesk/cases/{quote(request.match_info['number'])}")

    async def _act(
        self, request: web.Request, kind: type[CaseClaimed] | type[CaseResolved]
    ) -> web.StreamResponse:
        form = await forms.read(request)
        if form.problem:
            return await self._case_page(request, form, status=403 if form.problem == "out-of-date" else 400)
        try:
            record = await self._record(request)
            if record is None:
                return self._not_found(request)
            now = self._turns.now()
            event = (
                CaseClaimed(at=now, number=record.number, by=form.by)
                if kind is CaseClaimed
                else CaseResolved(at=now, number=record.number, by=form.by, note=form.note)
            )
            with self._metrics.turn_seconds.labels("board").time():
                await self._turns.take(record.conversation, f"board-{form.id}", event)
        except (StoreUnavailable, NumberTaken) as error:
            _log.warning("turn_not_kept", face="board", reason=type(error).__name__)
            context = {"form": form.failed("not-kept"), "closing": kind is CaseResolved}
            return self._page(request, "unsaved.html", self._speaker(), context, status=503)
        seen = web.Response(status=303, headers={"Location": f"/helpdesk/cases/{record.number}"})
        forms.remember_agent(request, seen, form.by)
        return seen

    async def _record(self, request: web.Request) -> CaseRecord | None:
        number = request.match_info["number"].upper()
        return await self._store.case(number) if _NUMBER.fullmatch(number) else None

    async def _case_page(
        self, request: web.Request, form: forms.Form, *, status: int = 200
    ) -> web.StreamResponse:
        speaker = self._speaker()
        try:
            record = await self._record(request)
            if record is None:
                return self._not_found(request)
            lines = await self._transcript(record)
        except StoreUnavailable:
            return self._page(request, "unavailable.html", speaker, {}, status=503)
        sections = words.sections(record, speaker)
        path = [each for each in sections if each.id == "answers"]
        log = [each for each in sections if each.id == "log"]
        context = {
            "record": record,
            "head": words.head(record, speaker),
            "age": self._age(record.opened_at, speaker),
            "facts": [each for each in sections if each.id not in {"answers", "log"}],
            "path": path[0] if path else None,
            "log": log[0] if log else None,
            "lines": [
                (speaker.time(line.at, near=record.opened_at), spoken(line, speaker)) for line in lines
            ],
            "form": form,
            "mine": record.status == "claimed" and record.by == form.by,
        }
        response = self._page(request, "case.html", speaker, context, status=status)
        forms.remember_token(request, response, form.token)
        return response

    async def _transcript(self, record: CaseRecord) -> Sequence[Line]:
        """The lines of the session that led to the case, and everything after it."""
        found: list[Line] = []
        while lines := await self._store.lines(record.conversation, after=found[-1].seq if found else 0):
            found += lines
        begun = next((line.session for line in found if line.at >= record.file.started_at), 0)
        return [line for line in found if line.session >= begun][:_LONGEST_TRANSCRIPT]

    def _row(self, record: CaseRecord, speaker: Speaker) -> dict[str, Any]:
        app = [row.words for each in words.sections(record, speaker) if each.id == "app" for row in each.rows]
        return {
            "head": words.head(record, speaker),
            "status": record.status,
            "age": self._age(record.opened_at, speaker),
            "opened_at": _moment(record.opened_at),
            "app": ", ".join(app),
        }

    def _age(self, since: int, speaker: Speaker) -> str:
        passed = dt.timedelta(seconds=max(0, self._turns.now() - since))
        return format_timedelta(passed, granularity="minute", threshold=1, locale=_locale(speaker.language))

    def _not_found(self, request: web.Request) -> web.StreamResponse:
        return self._page(request, "unknown.html", self._speaker(), {}, status=404)

    def _speaker(self) -> Speaker:
        return Speaker(self._library(), self._language, self._zone)

    def _page(
        self,
        request: web.Request,
        template: str,
        speaker: Speaker,
        context: dict[str, Any],
        *,
        status: int = 200,
    ) -> web.Response:
        common = {
            "assets": self._assets,
            "say": speaker.key,
            "language": speaker.language,
            "direction": "rtl" if speaker.right_to_left else "ltr",
        }
        response: web.Response = aiohttp_jinja2.render_template(
            template, request, {**common, **context}, status=status
        )
        response.headers["Cache-Control"] = "no-store"
        return response


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale.parse("en")


def _moment(seconds: int) -> str:
    """A time as HTML wants it for machines."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
