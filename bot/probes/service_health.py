"""Graph's `admin/serviceAnnouncement`: does Microsoft report trouble with its sign-in service?

One answer serves everybody for five minutes: it is the same for the whole tenant, and in an outage everybody
asks at once. It knows no person. Microsoft's reports lag behind its outages, so "fine" means "none reported".
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from bot.address import Person
from bot.probes.api import Finding
from bot.probes.bounded import bounded
from bot.probes.reader import GraphReader, NoAnswer
from bot.probes.said import line, name, when
from bot.probes.times import Moment
from dialogs.probes import UNKNOWN

PERMISSION: Final = "ServiceHealth.Read.All"
_KEPT = 300.0  # seconds
_KEPT_UNKNOWN = 60.0
_LISTED = 3

# The id has stayed while the name went from "Identity Service" to "Microsoft Entra". Compared without case:
# Microsoft's own examples write values in both.
_IDS = frozenset({"orgliveid"})
_NAMES = frozenset({"microsoft entra", "microsoft entra id", "identity service", "azure active directory"})

# https://learn.microsoft.com/graph/api/resources/servicehealth: what is in neither set cannot tell.
_FINE = frozenset(
    {
        "serviceoperational",
        "servicerestored",
        "postincidentreviewpublished",
        "falsepositive",
        "resolved",
        "resolvedexternal",
    }
)
_TROUBLE = frozenset(
    {
        "servicedegradation",
        "serviceinterruption",
        "investigating",
        "restoringservice",
        "verifyingservice",
        "extendedrecovery",
        "confirmed",
    }
)


class _Overview(msgspec.Struct, rename="camel"):
    id: str = ""
    service: str = ""
    status: str = ""


class _Overviews(msgspec.Struct):
    value: list[_Overview]


class _Issue(msgspec.Struct, rename="camel"):
    id: str = ""
    title: str | None = None
    is_resolved: bool | None = None
    start_date_time: Moment | None = None


class _Issues(msgspec.Struct):
    value: list[_Issue]


class ServiceHealth:
    """The check `service-health`: fine or trouble."""

    def __init__(self, graph: GraphReader, *, limit: float, clock: Callable[[], float] = time.time) -> None:
        """Take what it asks.

        Args:
            graph: Where it asks.
            limit: Seconds for all of it.
            clock: Seconds since 1970.
        """
        self._graph = graph
        self._limit = limit
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._found: Finding | None = None
        self._at = 0.0

    async def run(self, person: Person, facts: Mapping[str, str]) -> Finding:  # noqa: ARG002  of the protocol
        """The tenant's answer, at most five minutes old; see Probe."""
        async with self._one_at_a_time:
            if self._found is None or not self._fresh(self._found):
                self._found = await bounded(self._look_up(), self._limit)
                self._at = self._clock()
            return self._found

    def _fresh(self, found: Finding) -> bool:
        kept = _KEPT_UNKNOWN if found.outcome == UNKNOWN else _KEPT
        return 0 <= self._clock() - self._at < kept  # a clock set back ends it too

    async def _look_up(self) -> Finding:
        path = ("admin", "serviceAnnouncement", "healthOverviews")
        overviews = await self._graph.get(path, _Overviews, needs=PERMISSION)
        ours = [
            each
            for each in overviews.value
            if each.id.lower() in _IDS or each.service.strip().lower() in _NAMES
        ]
        if not ours:
            raise NoAnswer("Microsoft's list of services has no Microsoft Entra")
        in_trouble = [each for each in ours if each.status.lower() in _TROUBLE]
        if in_trouble:
            first = in_trouble[0]
            issues = await self._issues(first.service)
            return Finding("trouble", line([f"{name(first.service)}: {name(first.status)}", *issues]))
        odd = [each for each in ours if each.status.lower() not in _FINE]
        if odd:
            raise NoAnswer(f"{name(odd[0].service)}: {name(odd[0].status) or 'no status'}")
        return Finding("fine", line([f"{name(ours[0].service)}: {name(ours[0].status)}"]))

    async def _issues(self, service: str) -> list[str]:
        """What is going on, newest first. That there is trouble is known without it."""
        quoted = service.replace("'", "''")
        query = {
            "$filter": f"service eq '{quoted}' and isResolved eq false",
            "$select": "id,title,isResolved,startDateTime",
            "$top": "20",
        }
        path = ("admin", "serviceAnnouncement", "issues")
        try:
            async with asyncio.timeout(self._limit / 2):
                found = await self._graph.get(path, _Issues, needs=PERMISSION, query=query)
        except (NoAnswer, TimeoutError):
            return ["its issues could not be read"]
        still_open = [each for each in found.value if each.is_resolved is False]
        still_open.sort(key=lambda each: each.start_date_time.timestamp() if each.start_date_time else 0.0)
        return [
            " ".join(filter(None, (name(each.id), name(each.title), _since(each))))
            for each in still_open[::-1][:_LISTED]
        ]


def _since(issue: _Issue) -> str:
    return f"(since {when(issue.start_date_time)})" if issue.start_date_time else ""
