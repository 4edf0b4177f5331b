"""The books of the files: each is on its case and its ticket once, as it was sent, or its sender was told.

Must not know: where files lie, how they are fetched.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from tests.faults.case_books import Attached, Tickets
from tests.faults.deeds import SentFile
from tests.faults.drive import digest
from tests.faults.verdict import Ask, Verdict
from tests.faults.world import Journal
from tests.support.cloud import TENANT

_LOST = " did not get through"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the bots' database. `number` is its case, "" while it is of none; `source` where it was."""

    number: str
    conversation: str
    name: str
    size: int
    digest: str
    source: str


async def compare_files(
    verdict: Verdict, sent: Sequence[SentFile], journal: Journal, tickets: Tickets | None, ask: Ask
) -> None:
    """Hold everything that is about files against each other; see `tests.faults.books.compare`."""
    rows = await ask("SELECT number, conversation, name, size, source, content FROM files")
    kept = [
        Kept(
            number=number, conversation=conversation.removeprefix(f"teams:{TENANT}:"), name=name, size=size,
            digest=digest(content or b""), source=source,
        )
        for number, conversation, name, size, source, content in rows
    ]  # fmt: skip
    cases = await ask("SELECT number, conversation, file FROM cases")
    owners = {number: conversation.removeprefix(f"teams:{TENANT}:") for number, conversation, _ in cases}
    here = [each for each in kept if each.number and each.size]
    lost = _lost(sent, journal)
    _fates(verdict, sent, here, lost)
    _contents(verdict, sent, kept, owners)
    named = {
        number: [one["name"] for one in msgspec.json.decode(file).get("files", ())]
        for number, _, file in cases
    }
    await _named(verdict, here, named, ask)
    if tickets is not None:
        _attached(verdict, sent, here, tickets.files)
    verdict.counted["files"] = len(here)
    verdict.counted["files that did not get through"] = len(lost)


def _lost(sent: Sequence[SentFile], journal: Journal) -> set[str]:
    """The names of the files whose sender was told that they did not get through."""
    told: defaultdict[str, list[str]] = defaultdict(list)
    for note in journal.notes:
        if note.kind == "show" and _LOST in note.words:
            told[note.conversation].append(note.words)
    return {each.name for each in sent if any(each.name + _LOST in said for said in told[each.conversation])}


def _fates(verdict: Verdict, sent: Sequence[SentFile], here: Sequence[Kept], lost: set[str]) -> None:
    """What was acknowledged has come, once, or its sender knows that it has not."""
    times = Counter((each.conversation, each.name) for each in here)
    verdict.broken["files that are lost"] = [
        f"{each.name} of {each.conversation}"
        for each in sent
        if not times[each.conversation, each.name] and each.name not in lost
    ]
    verdict.broken["files that have come and were said to be lost"] = [
        f"{each.name} of {each.conversation}"
        for each in sent
        if times[each.conversation, each.name] and each.name in lost
    ]
    verdict.broken["files doubled"] = [f"{name} of {who}" for (who, name), n in times.items() if n > 1]


def _contents(
    verdict: Verdict, sent: Sequence[SentFile], kept: Sequence[Kept], owners: dict[str, str]
) -> None:
    """A file is as it was sent, its sender's, and where it came from is forgotten."""
    digests = {(each.conversation, each.name): each.digest for each in sent}
    verdict.broken["files that are not as they were sent"] = [
        f"{each.name} of {each.conversation}"
        for each in kept
        if each.size and digests.get((each.conversation, each.name), each.digest) != each.digest
    ]
    verdict.broken["files of somebody else"] = [
        f"{each.name} of {each.conversation} in {each.number}"
        for each in kept
        if (each.conversation, each.name) not in digests
        or (each.number and owners.get(each.number) != each.conversation)
    ]
    verdict.broken["links that are kept too long"] = [
        f"{each.name} of {each.conversation}" for each in kept if each.size and each.source
    ]


async def _named(verdict: Verdict, here: Sequence[Kept], named: dict[str, list[str]], ask: Ask) -> None:
    """A case names each of its files once: among what it was opened with, or when it came."""
    for number, names in await ask("SELECT number, note FROM case_log WHERE what = 'sent'"):
        named.setdefault(number, []).extend(names.split(", "))
    there: defaultdict[str, list[str]] = defaultdict(list)
    for each in here:
        there[each.number].append(each.name)
    verdict.broken["cases that do not name their files"] = [
        f"{number}: {named.get(number)} of {there[number]}"
        for number in named.keys() | there.keys()
        if sorted(named.get(number, ())) != sorted(there[number])
    ]


def _attached(
    verdict: Verdict, sent: Sequence[SentFile], here: Sequence[Kept], files: Sequence[Attached]
) -> None:
    """Each file of a case is on its ticket, once and whole, and no other is."""
    wanted = Counter((each.number, each.name) for each in here)
    found = Counter((each.case, each.name) for each in files)
    verdict.broken["files missing on tickets"] = [f"{name} of {case}" for case, name in wanted - found]
    verdict.broken["files doubled on tickets"] = [f"{each}" for each, n in found.items() if n > 1]
    verdict.broken["files on the wrong ticket"] = [f"{each}" for each in found if each not in wanted]
    digests = {each.name: each.digest for each in sent}
    verdict.broken["files that are not on tickets as they were sent"] = [
        f"{each.name} of {each.case}" for each in files if digests.get(each.name) != each.digest
    ]
    verdict.counted["files on tickets"] = len(files)
