"""The books of the cases: all that was said, and every place where it has to stand.

What the person and the helpdesk said is held against the case's log, and the log against the thread in the
channel, its card, the ticket and the comments on it.
Must not know: how the bots are killed, what the network lost.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tests.faults.deeds import Spoken
from tests.faults.verdict import Ask, Verdict, once, without
from tests.faults.world import Journal

_LAST: Final = 6  # of what happened to a case stands on its card
_SPOKEN: Final = frozenset({"claimed", "asked", "answered", "resolved"})
# Nobody said it, or it comes when it comes, as files do.
_BY_ITSELF: Final = frozenset({"opened", "filed", "refused", "reminded", "moved", "sent", "files"})
_GRADES: Final = frozenset({"urgent", "normal"})
_SHOWN: Final = frozenset({"asked", "resolved"})  # to the person, in the helpdesk's words
_UNTOLD: Final = frozenset({"opened", "filed"})  # in the thread; the card says it
_OF_THE_TICKET: Final = _UNTOLD | {"refused"}  # its system itself has made it of the case
_STATUS: Final = {
    "open": "new",
    "claimed": "{by} is on it",
    "waiting": "{by} waits for an answer",
    "resolved": "closed by {by}",
}
"""How the card words it."""
_SAYS: Final = {"urgent": "made it urgent", "normal": "not urgent", "sent": " sent ", "files": "cannot take"}
"""What a line says besides who did it and their words."""
_PRESSES: Final = " · Urgent"  # on the card, when it is


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment on a ticket. `status` or `severity` None: it changed none."""

    key: str
    words: str
    status: str | None
    severity: str | None = None


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as it was made."""

    case: str
    severity: str


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was put to a ticket. `digest` is of its content."""

    case: str
    name: str
    digest: str


class Tickets(msgspec.Struct, frozen=True, kw_only=True):
    """What the ticket system has, oldest first: the tickets, and the comments and files on all of them."""

    filed: list[Filed]
    comments: list[Comment]
    files: list[Attached]


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a case's log."""

    what: str
    by: str
    note: str

    def told_in(self, words: str) -> bool:
        """Whether these words tell it."""
        return all(each in words for each in (self.by, self.note, _SAYS.get(self.what, "")))


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A case in the bots' database. `thread` is the newest one of the channel that they know of."""

    number: str
    status: str
    severity: str
    by: str
    reference: str
    thread: str
    log: Sequence[Happened]

    def told(self, but: frozenset[str]) -> list[Happened]:
        """What happened, without what is told otherwise."""
        return [each for each in self.log if each.what not in but]


async def compare_cases(
    verdict: Verdict, spoken: Sequence[Spoken], journal: Journal, tickets: Tickets | None, ask: Ask
) -> None:
    """Hold everything that is about cases against each other; see `tests.faults.books.compare`."""
    cases = await _kept(ask)
    verdict.counted["cases"] = len(cases)
    announced = [note.case for note in journal.notes if note.kind == "announce"]
    verdict.broken["cases nobody was told of"] = without((each.number for each in cases), announced)
    _spoken(verdict, cases, spoken)
    _shown(verdict, spoken, journal)
    _threads(verdict, cases, journal)
    _cards(verdict, cases, journal)
    if tickets is not None:
        _filed(verdict, cases, [each.case for each in tickets.filed])
        _severities(verdict, cases, tickets)
        written = await ask("SELECT key FROM outbox WHERE kind = 'ticket-update' ORDER BY id")
        keys = [str(key).removeprefix("ticket-update/") for (key,) in written]
        _comments(verdict, cases, tickets.comments, keys)


async def _kept(ask: Ask) -> list[Kept]:
    logs: defaultdict[str, list[Happened]] = defaultdict(list)
    rows = await ask("SELECT number, what, agent, note FROM case_log ORDER BY number, seq")
    for number, what, by, note in rows:
        logs[number].append(Happened(what=what, by=by, note=note))
    receipts = await ask("SELECT key, receipt FROM outbox WHERE kind = 'handoff'")
    threads = {key.removeprefix("handoff/"): receipt.partition("|")[0] for key, receipt in receipts}
    return [
        Kept(
            number=number, status=status, severity=severity, by=by, reference=reference,
            thread=threads.get(number, ""), log=logs[number],
        )
        for number, status, severity, by, reference in await ask(
            "SELECT number, status, severity, agent, reference FROM cases"
        )
    ]  # fmt: skip


def _spoken(verdict: Verdict, cases: Sequence[Kept], spoken: Sequence[Spoken]) -> None:
    """Whatever was acknowledged stands in the case's log, once and in order, and nothing else does."""
    said: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for each in spoken:
        said[each.case].append((each.what, each.words))
    logs = {each.number: [(one.what, one.note) for one in each.told(_BY_ITSELF)] for each in cases}
    verdict.broken["cases that do not keep what was said"] = [
        f"{number}: {logs.get(number)} of {said[number]}"
        for number in said.keys() | logs.keys()
        if logs.get(number) != said[number]
    ]
    verdict.broken["cases that are not as pressing as was said"] = [
        f"{each.number} is {each.severity}"
        for each in cases
        if (last := [one.what for one in each.log if one.what in _GRADES]) and each.severity != last[-1]
    ]
    verdict.counted["graded"] = sum(each.what in _GRADES for each in spoken)
    for what in ("asked", "answered"):
        verdict.counted[what] = sum(each.what == what for each in spoken)


def _shown(verdict: Verdict, spoken: Sequence[Spoken], journal: Journal) -> None:
    """The person saw every question and what solved it, in order."""
    screens: defaultdict[str, list[str]] = defaultdict(list)
    for note in journal.notes:
        if note.kind == "show":
            screens[note.conversation].append(note.words)
    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for each in spoken:
        if each.what in _SHOWN:
            wanted[each.conversation].append(each.words)
    verdict.broken["questions the person was not shown, or not in order"] = [
        f"{conversation}: {words}"
        for conversation, words in wanted.items()
        if not _in_order(words, screens[conversation])
    ]


def _in_order(words: Sequence[str], screens: Sequence[str]) -> bool:
    """Whether each of the words is on a screen, and came there before the next ones did."""
    first = [next((n for n, screen in enumerate(screens) if each in screen), -1) for each in words]
    return -1 not in first and first == sorted(first)


def _threads(verdict: Verdict, cases: Sequence[Kept], journal: Journal) -> None:
    """What happened to a case stands below its card, in order, and nowhere else."""
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for note in journal.notes:
        if note.kind == "line":
            lines[note.conversation].append(note.words)
    told = {each.number: once(lines[each.thread]) for each in cases}
    verdict.broken["threads that do not tell what happened"] = [
        f"{each.number}: {told[each.number]} of {each.told(_UNTOLD)}"
        for each in cases
        if not _tells(told[each.number], each.told(_UNTOLD))
    ]
    verdict.broken["lines that are in no case's thread"] = without(lines, (each.thread for each in cases))
    verdict.counted["lines"] = sum(map(len, told.values()))


def _tells(words: Sequence[str], log: Sequence[Happened]) -> bool:
    return len(words) == len(log) and all(one.told_in(said) for one, said in zip(log, words, strict=True))


def _cards(verdict: Verdict, cases: Sequence[Kept], journal: Journal) -> None:
    """The card in the channel shows the case as it is: how far, whose, its ticket, and what happened last."""
    seen = {note.conversation: note.seen for note in journal.notes if note.kind in {"card", "announce"}}
    wrong = []
    for each in cases:
        shown = journal.cards.get(each.thread, "")
        wanted = [each.number, _STATUS[each.status].format(by=each.by), each.reference]
        wanted += [one.note for one in each.told(_UNTOLD)[-_LAST:]]
        missing = [words for words in wanted if words not in shown]
        if each.severity == "urgent" and _PRESSES not in shown:
            missing.append(_PRESSES)
        if each.severity != "urgent" and _PRESSES in shown:
            missing.append("not urgent")
        if missing or seen.get(each.thread) != len(each.log):
            wrong.append(f"{each.number}: {seen.get(each.thread)} of {len(each.log)}, without {missing}")
    verdict.broken["cards that do not show the true state"] = wrong
    verdict.counted["cards"] = len(cases)


def _filed(verdict: Verdict, cases: Sequence[Kept], filed: Sequence[str]) -> None:
    """One ticket per case, and the case knows it."""
    numbers = [each.number for each in cases]
    verdict.broken["tickets missing"] = without(numbers, filed)
    verdict.broken["tickets doubled"] = [key for key, times in Counter(filed).items() if times > 1]
    verdict.broken["tickets without a case"] = without(filed, numbers)
    verdict.broken["tickets whose reference is not known"] = [
        each.number for each in cases if not each.reference
    ]
    verdict.counted["tickets"] = len(filed)


def _comments(
    verdict: Verdict, cases: Sequence[Kept], comments: Sequence[Comment], keys: Sequence[str]
) -> None:
    """What happened to a case stands on its ticket, once and in order, and has left it in the true state."""
    written, due = _by_case(comments), _by_case([Comment(key=key, words="", status=None) for key in keys])
    times = Counter(each.key for each in comments)
    verdict.broken["comments doubled"] = [key for key, each in times.items() if each > 1]
    verdict.broken["comments that are not those due"] = [
        f"{number}: {[each.key for each in written.get(number, ())]}"
        for number in written.keys() | due.keys()
        if [each.key for each in written.get(number, ())] != [each.key for each in due.get(number, ())]
    ]
    told = {each.number: [one.words for one in written.get(each.number, ())] for each in cases}
    verdict.broken["tickets that do not tell what happened"] = [
        f"{each.number}: {told[each.number]} of {each.told(_OF_THE_TICKET)}"
        for each in cases
        if not _tells(told[each.number], each.told(_OF_THE_TICKET))
    ]
    verdict.broken["tickets that are not in the case's state"] = [
        f"{each.number}: {state} and not {each.status}"
        for each in cases
        if (state := _state(written.get(each.number, ()))) != each.status
    ]
    verdict.counted["comments"] = len(comments)


def _severities(verdict: Verdict, cases: Sequence[Kept], tickets: Tickets) -> None:
    """A ticket says in the end how pressing its case is."""
    said = {each.case: each.severity for each in tickets.filed}
    for comment in tickets.comments:
        if comment.severity is not None:
            said[comment.key.partition("/")[0]] = comment.severity
    verdict.broken["tickets that are not as pressing as their case"] = [
        f"{each.number}: {said.get(each.number)} and not {each.severity}"
        for each in cases
        if said.get(each.number) != each.severity
    ]


def _by_case(comments: Sequence[Comment]) -> Mapping[str, list[Comment]]:
    found: defaultdict[str, list[Comment]] = defaultdict(list)
    for each in comments:
        found[each.key.partition("/")[0]].append(each)
    return found


def _state(comments: Sequence[Comment]) -> str:
    """What the comments have made of a new ticket."""
    return next((each.status for each in reversed(comments) if each.status), "open")
