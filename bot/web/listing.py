"""What an agent wants to see of the list: out of the address, into a search, and back into addresses.

All of it stands in the address, so that a list can be kept as a bookmark and sent to a colleague. It must not
know stores or pages.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal, Self, get_args
from urllib.parse import urlencode

import msgspec

from bot.store.api import CaseRecord, CaseSearch
from dialogs.conversation import CaseStatus
from dialogs.guide import Severity

PAGE: Final = 50  # cases
CLOSED: Final[tuple[CaseStatus, ...]] = ("resolved", "withdrawn")
EVERY: Final[tuple[CaseStatus, ...]] = get_args(CaseStatus)
OPEN: Final = tuple(each for each in EVERY if each not in CLOSED)
SHOWN: Final[dict[str, tuple[CaseStatus, ...]]] = {
    "open": OPEN,
    "unclaimed": tuple(each for each in EVERY if each in {"open", "reopened"}),
    "mine": OPEN,
    "waiting": tuple(each for each in EVERY if each == "waiting"),
    "closed": CLOSED,
    "all": EVERY,
}
"""Which statuses each tab of the list shows; "mine" only what the agent works on."""
PRESSING: Final = frozenset({"open", "unclaimed", "mine", "waiting"})
"""The tabs of work to do, where urgent cases come first; what is over is in the order of time."""

_LONGEST: Final = 80
_CODE: Final = re.compile(r"(?:AADSTS)?\s*0*(\d{1,9})", re.IGNORECASE | re.ASCII)
_AFTER: Final = re.compile(r"(?:(urgent|normal)-)?(\d{1,12})-(HR-[0-9A-Z]{1,12})", re.ASCII)
_SEVERITIES: Final[tuple[Severity, ...]] = ("urgent", "normal")  # in the order of the list


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the address. Whatever is not understood there is as if it were not there."""

    show: str = "open"
    severity: Severity | Literal[""] = ""
    queue: str = ""
    code: str = ""
    language: str = ""
    words: str = ""
    sort: str = "newest"
    after: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Out of the query of an address."""
        show, sort = query.get("show", ""), query.get("sort", "")
        code = _CODE.fullmatch(query.get("code", "").strip())
        return cls(
            show=show if show in SHOWN else "open",
            severity=next((each for each in _SEVERITIES if each == query.get("severity")), ""),
            queue=_line(query.get("queue", "")),
            code=code[1] if code else "",
            language=_line(query.get("language", "")),
            words=_line(query.get("q", "")),
            sort="oldest" if sort == "oldest" else "newest",
            after=query.get("after", "") if _AFTER.fullmatch(query.get("after", "")) else "",
        )

    @property
    def narrowed(self) -> bool:
        """Whether less is shown than the tab has."""
        return bool(self.severity or self.queue or self.code or self.language or self.words)

    def searches(self, agent: str) -> Iterator[CaseSearch]:
        """What to look for, in order: a page, and one more to see whether there is another page."""
        found = _AFTER.fullmatch(self.after)
        place = (int(found[2]), found[3]) if found else None
        if self.severity or self.show not in PRESSING:
            yield self._search(agent, self.severity, place)
            return
        begin = found[1] or "normal" if found else "urgent"
        for severity in _SEVERITIES[_SEVERITIES.index(begin) :]:
            yield self._search(agent, severity, place if severity == begin else None)

    def behind(self, record: CaseRecord) -> str:
        """The place behind a case, as it stands in an address."""
        part = f"{record.severity}-" if self.show in PRESSING and not self.severity else ""
        return f"{part}{record.opened_at}-{record.number}"

    def _search(
        self, agent: str, severity: Severity | Literal[""], after: tuple[int, str] | None
    ) -> CaseSearch:
        return CaseSearch(
            # An agent whom nobody knows works on nothing.
            statuses=SHOWN[self.show] if self.show != "mine" or agent else (),
            severity=severity,
            queue=self.queue,
            code=int(self.code) if self.code else None,
            language=self.language,
            by=agent if self.show == "mine" else "",
            words=self.words,
            oldest_first=self.sort == "oldest",
            after=after,
            limit=PAGE + 1,
        )

    def address(self, **changes: str) -> str:
        """The address of this list with changes; of its first page, unless `after` is one of them."""
        fields = msgspec.structs.asdict(msgspec.structs.replace(self, **{"after": "", **changes}))
        fields["q"] = fields.pop("words")
        usual = {"show": "open", "sort": "newest"}
        given = {key: value for key, value in fields.items() if value and value != usual.get(key)}
        return "/helpdesk" + (f"?{urlencode(given)}" if given else "")


def _line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())[:_LONGEST]
