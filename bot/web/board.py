"""The helpdesk's board: the list of cases, one case in full, and the forms that do something to it.

Plain pages and forms that work without a script; a script only keeps them fresh. Words are the helpdesk's
language, whatever the person speaks. It must not know what an act does: each is an event.
"""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, Final, get_args
from urllib.parse import quote

import msgspec
import structlog
from aiohttp import web
from babel.dates import format_timedelta

from bot.cards import case as words
from bot.cards.ended_by import endings
from bot.cards.speech import Speaker
from bot.errors import NumberTaken, StoreUnavailable
from bot.files import is_picture
from bot.metrics import Metrics
from bot.store.api import CaseRecord, Line, Store
from bot.store.files import FileRecord
from bot.store.history import solved_before
from bot.web import case_files, forms
from bot.web.acts import ACTS, offered
from bot.web.agents import AGENT
from bot.web.chat import Takes
from bot.web.frame import Frame
from bot.web.listing import PAGE, SHOWN, Wanted
from bot.web.live import Live
from bot.web.spoken import locale_of
from bot.web.transcript import spoken
from dialogs.guide import Escalate, Severity

_NUMBER: Final = re.compile(r"HR-[0-9A-Z]{4,12}")
_LONGEST_TRANSCRIPT: Final = 2000  # lines

_log = structlog.get_logger(__name__)


class Board:
    """The pages below `/helpdesk`."""

    def __init__(
        self, *, turns: Takes, store: Store, frame: Frame, live: Live, metrics: Metrics, origin: str = ""
    ) -> None:
        """Put the parts together.

        Args:
            turns: Takes the events.
            store: Read for what the pages show.
            frame: Renders them.
            live: Knows their versions.
            metrics: Times the turns.
            origin: Where our own pages are, as browsers know them; see `same_origin`.
        """
        self._turns = turns
        self._store = store
        self._frame = frame
        self._live = live
        self._metrics = metrics
        self._origin = origin

    async def cases(self, request: web.Request) -> web.StreamResponse:
        """GET `/helpdesk`: the cases that are wanted, a page of them."""
        wanted, me = Wanted.read(request.query), forms.name(request)
        try:
            version = await self._live.version(None)
            found: list[CaseRecord] = []
            for search in wanted.searches(me):
                if len(found) <= PAGE:
                    found += await self._store.find_cases(search)
        except StoreUnavailable:
            return self._frame.away(request)
        speaker, shown = self._frame.speaker(), found[:PAGE]
        context = {
            "wanted": wanted,
            "tabs": list(SHOWN),
            "rows": [self._row(record, speaker) for record in shown],
            "more": wanted.address(after=wanted.behind(shown[-1])) if len(found) > PAGE else "",
            "severities": [(each, speaker.key(f"severity/{each}")) for each in get_args(Severity)],
            "queues": self._queues(speaker),
            "languages": [(each, speaker.language_name(each)) for each in self._frame.library().languages],
            "me": me,
            "version": version,
        }
        return self._frame.page(request, "board.html", context)

    async def case(self, request: web.Request) -> web.StreamResponse:
        """GET `/helpdesk/cases/{number}`: everything about one case."""
        return await self._case_page(request, forms.blank(request), did=request.query.get("did", ""))

    async def file(self, request: web.Request) -> web.StreamResponse:
        """GET `/helpdesk/cases/{number}/files/{id}`: one file of the case."""
        try:
            record = await self._record(request)
        except StoreUnavailable:
            return self._frame.away(request)
        if record is None:
            return self._not_found(request)
        file_id, number = request.match_info["id"], record.number
        return await case_files.serve(
            self._store,
            file_id,
            fits=lambda file: (file.conversation, file.number) == (record.conversation, number),
        )

    async def back_to_case(self, request: web.Request) -> web.StreamResponse:
        """GET on the address of a form, as a reload after a refusal makes it: the case itself."""
        raise web.HTTPSeeOther(location=f"/helpdesk/cases/{quote(request.match_info['number'])}")

    async def act(self, request: web.Request) -> web.StreamResponse:
        """POST `/helpdesk/cases/{number}/{act}`: do it, and show the case."""
        act = ACTS.get(request.match_info["act"])
        if act is None:
            raise web.HTTPNotFound(text="There is no such thing to do.\n")
        form = await forms.read(request, self._origin, files="files" in act.asks)
        if not form.problem and act.needs and not getattr(form, act.needs):
            form = form.failed("to-missing" if act.needs == "to" else "note-missing")
        if form.problem:
            return await self._case_page(request, form, status=403 if form.problem == "out-of-date" else 400)
        try:
            record = await self._record(request)
            if record is None:
                return self._not_found(request)
            if act.sets and act.sets == record.severity:  # by a press on another page: it is as it should be
                raise web.HTTPSeeOther(location=f"/helpdesk/cases/{record.number}?did={form.act}")
            now, event_id = self._turns.now(), f"board-{form.id}"
            if form.files:
                kept = await case_files.keep(self._store, record, event_id, form.files, by=form.by, at=now)
                form = msgspec.structs.replace(form, kept=kept)
            event = act.event(now, record.number, form)
            with self._metrics.turn_seconds.labels("board").time():
                receipt = await self._turns.take(record.conversation, event_id, event)
            after = await self._store.case(record.number) or record
        except case_files.NoRoom:
            return await self._case_page(request, form.failed("file-room"), status=400)
        except (StoreUnavailable, NumberTaken) as error:
            _log.warning("turn_not_kept", face="board", reason=type(error).__name__)
            unsaved = {"form": form.failed("not-kept"), "act": act}
            return self._frame.page(request, "unsaved.html", unsaved, status=503)
        if not receipt.repeat and not any(entry.by == form.by for entry in after.log[len(record.log) :]):
            return await self._case_page(request, form.failed("faster"), status=409)
        if agent := request.get(AGENT):
            _log.info("agent_acted", agent=agent.object_id, act=form.act, case=record.number)
        done = web.Response(status=303)
        done.headers["Location"] = f"/helpdesk/cases/{record.number}?did={form.act}"
        forms.remember_agent(request, done, form.by)
        return done

    async def _record(self, request: web.Request) -> CaseRecord | None:
        number = request.match_info["number"].upper()
        return await self._store.case(number) if _NUMBER.fullmatch(number) else None

    async def _case_page(
        self, request: web.Request, form: forms.Form, *, did: str = "", status: int = 200
    ) -> web.StreamResponse:
        speaker = self._frame.speaker()
        try:
            record = await self._record(request)
            if record is None:
                return self._not_found(request)
            version = await self._live.version(record)
            lines = await self._transcript(record)
            files = await self._store.files(record.conversation, record.number)
            colleagues = await self._store.signed_in(now=self._turns.now())
            solved = await solved_before(self._store, record, self._turns.now())
        except StoreUnavailable:
            return self._frame.away(request)
        sections = {each.id: each for each in words.sections(record, speaker, solved)}
        context = {
            "record": record,
            "head": words.head(record, speaker),
            "age": self._age(record.opened_at, speaker),
            "facts": [each for each in sections.values() if each.id not in {"answers", "log", "files"}],
            "files": [_shown(each, record, speaker) for each in files],
            "files_label": speaker.key("card/files"),
            "path": sections.get("answers"),
            "log": sections.get("log"),
            "lines": [
                (speaker.time(line.at, near=record.opened_at), spoken(line, speaker)) for line in lines
            ],
            "form": form,
            "acts": offered(record),
            "endings": endings(record, self._frame.library(), speaker),
            "colleagues": [each for each in colleagues if each != form.by],
            "did": did if did in ACTS else "",
            "mine": bool(form.by) and record.by == form.by,
            "version": version,
        }
        response = self._frame.page(request, "case.html", context, status=status)
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
            "severity": words.severity(record, speaker),
            "age": self._age(record.opened_at, speaker),
            "opened_at": _moment(record.opened_at),
            "app": ", ".join(app),
        }

    def _age(self, since: int, speaker: Speaker) -> str:
        passed = dt.timedelta(seconds=max(0, self._turns.now() - since))
        return format_timedelta(passed, granularity="minute", threshold=1, locale=locale_of(speaker.language))

    def _queues(self, speaker: Speaker) -> list[tuple[str, str]]:
        """The queues that the guides hand over to, by their names."""
        nodes = (node for guide in self._frame.library().guides.values() for node in guide.nodes.values())
        queues = {node.queue for node in nodes if isinstance(node, Escalate)}
        named = ((each, words.queue_name(each, speaker)) for each in queues)
        return sorted(named, key=lambda each: each[1])

    def _not_found(self, request: web.Request) -> web.StreamResponse:
        return self._frame.page(request, "unknown.html", {}, status=404)


def _shown(file: FileRecord, record: CaseRecord, speaker: Speaker) -> dict[str, Any]:
    """A file as the page lists it."""
    return {
        "name": file.name,
        "url": f"/helpdesk/cases/{record.number}/files/{file.id}",
        "picture": is_picture(file.media_type),
        "by": file.agent,
        "size": case_files.size(file.size),
        "at": speaker.time(file.at, near=record.opened_at),
    }


def _moment(seconds: int) -> str:
    """A time as HTML wants it for machines."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
