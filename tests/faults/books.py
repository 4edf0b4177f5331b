"""The books are compared: what was acknowledged, what is stored, what reached Teams and the ticket system.

Each sentence of the promise is a list of what breaks it, and every list must be empty. What may happen twice
because nobody can know whether it arrived (a screen, a line, an announcement) is counted beside it.
`tests.faults.case_books` compares what became of the cases, `tests.faults.file_books` of the files.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec

from tests.faults.case_books import Tickets, compare_cases
from tests.faults.deeds import Claim, Deeds
from tests.faults.file_books import compare_files
from tests.faults.verdict import Ask, Verdict, once
from tests.faults.world import Journal, Note
from tests.support.cloud import TENANT

_NEWS = re.compile(r"\d+n\d+")  # a prompt of news: it has no button, so its card does not name it
_TWICE: Final = {"show": "screens", "line": "lines", "announce": "announcements"}


async def compare(
    deeds: Deeds,
    journal: Journal,
    tickets: Tickets | None,
    ask: Ask,
) -> Verdict:
    """Hold everything against everything.

    Args:
        deeds: What was acknowledged.
        journal: What reached Teams.
        tickets: What the ticket system has; None when the cases themselves are the tickets.
        ask: Reads the bots' database.
    """
    verdict = Verdict()
    verdict.broken["people who wait in vain"] = deeds.stuck
    await _events(verdict, deeds.claims, ask)
    await _screens(verdict, journal.notes, ask)
    _repeats(verdict, journal)
    await compare_cases(verdict, deeds.spoken, journal, tickets, ask)
    await compare_files(verdict, deeds.files, journal, tickets, ask)
    await _sessions(verdict, deeds.ended, ask)
    await _outbox(verdict, ask)
    return verdict


async def _events(verdict: Verdict, claims: Sequence[Claim], ask: Ask) -> None:
    """Every acknowledged event has taken effect exactly once, and nothing else has."""
    taken = {(key, event) for key, event in await ask("SELECT conversation, event FROM taken")}
    turns = {key: kept for key, kept in await ask("SELECT key, turns FROM conversations")}  # noqa: C416 - rows are no pairs
    events = Counter(key for key, _ in taken)
    persons = Counter(key for key, event in taken if not event.startswith("outbox/"))
    acknowledged = Counter(_key(claim.conversation) for claim in claims)
    broken = verdict.broken
    broken["acknowledged and lost"] = [
        f"{claim.conversation} {claim.event}"
        for claim in claims
        if claim.event and (_key(claim.conversation), claim.event) not in taken
    ]
    broken["events that are not those acknowledged"] = [
        f"{key}: {acknowledged[key]} acknowledged, {persons[key]} taken"
        for key in acknowledged | persons
        if persons[key] != acknowledged[key]
    ]
    broken["turns doubled or missing"] = [
        f"{key}: {turns.get(key, 0)} turns of {events[key]} events"
        for key in events | Counter(turns)
        if turns.get(key, 0) != events[key]
    ]
    lines = await ask("SELECT conversation, count(*), max(seq) FROM lines GROUP BY conversation")
    broken["transcripts with gaps"] = [
        f"{key}: {n} lines up to {last}" for key, n, last in lines if n != last
    ]
    verdict.counted["acknowledged events"] = len(claims)
    verdict.counted["turns"] = len(taken)


async def _screens(verdict: Verdict, notes: Sequence[Note], ask: Ask) -> None:
    """Every screen was shown, in order, and the last one is that of the stored conversation."""
    written: defaultdict[str, list[str]] = defaultdict(list)
    for key, message in await ask("SELECT conversation, key FROM outbox WHERE key LIKE 'show/%' ORDER BY id"):
        prompt = message.removeprefix(f"show/{key}/")
        written[key].append("" if _NEWS.fullmatch(prompt) else prompt)
    arrived: defaultdict[str, list[str]] = defaultdict(list)
    for note in notes:
        if note.kind == "show":
            arrived[_key(note.conversation)].append(note.prompt)
    # Two pieces of news in a row look alike here, and so does one that came twice.
    shown = {key: once(prompts) for key, prompts in arrived.items()}
    states = {
        key: msgspec.json.decode(state) for key, state in await ask("SELECT key, state FROM conversations")
    }
    verdict.broken["screens not shown, or out of order"] = [
        f"{key}: {shown.get(key)} of {written.get(key)}"
        for key in written.keys() | shown.keys()
        if shown.get(key) != once(written.get(key, ()))
    ]
    verdict.broken["the last screen is not the stored one"] = [
        f"{key}: {shown.get(key)} shown, {state['prompt']} stored"
        for key, state in states.items()
        if state.get("prompt") and next(filter(None, reversed(shown.get(key, []))), "") != state["prompt"]
    ]
    verdict.counted["screens"] = sum(map(len, shown.values()))


def _repeats(verdict: Verdict, journal: Journal) -> None:
    """What came twice had a sender who could not know that it had arrived.

    Either the answer to the earlier copy never came, or its bot was dead by then: it may have died before it
    wrote down what it had heard.
    """
    dead: set[str] = set()
    newest: dict[tuple[str, str], Note] = {}
    needless = []
    for note in journal.notes:
        if note.kind == "death":
            dead.add(note.life)
        if note.kind not in _TWICE:
            continue
        place = (note.kind, note.case or note.conversation)
        before = newest.get(place)
        newest[place] = note
        if before is None or (before.prompt, before.words) != (note.prompt, note.words):
            continue
        verdict.twice[_TWICE[note.kind]] += 1
        if before.request not in journal.in_doubt and before.life not in dead:
            needless.append(f"{note.kind} {note.case or note.conversation}: {before} and {note}")
    verdict.broken["sent again although it had arrived and its bot lived"] = needless


async def _sessions(verdict: Verdict, ended: Sequence[str], ask: Ask) -> None:
    """Every session that has ended is counted once, as what it has ended at last."""
    counted: Counter[str] = Counter()
    for (body,) in await ask("SELECT body FROM outcomes"):
        outcome = msgspec.json.decode(body)
        counted[outcome["ended"]] += -1 if outcome.get("undone") else 1
    did = Counter(ended)
    verdict.broken["sessions that are not counted once"] = [
        f"{counted[how]} of {did[how]} that were {how}"
        for how in counted.keys() | did.keys()
        if counted[how] != did[how]
    ]
    verdict.counted["sessions"] = len(ended)


async def _outbox(verdict: Verdict, ask: Ask) -> None:
    """Nothing is left lying. A file may be given up, and its sender is told (`tests.faults.file_books`)."""
    given_up = "kind = 'file' AND state = 'dead'"
    left = await ask(f"SELECT key, state, error FROM outbox WHERE state <> 'done' AND NOT ({given_up})")
    verdict.broken["messages in limbo"] = [f"{key} is {state}: {error}" for key, state, error in left]
    ((total,),) = await ask("SELECT count(*) FROM outbox")
    verdict.counted["messages"] = total


def _key(conversation: str) -> str:
    """The stored key of a chat."""
    return f"teams:{TENANT}:{conversation}"
