"""The books are compared: what was acknowledged, what is stored, what reached Teams and the ticket system.

Each sentence of the promise is a list of what breaks it, and every list must be empty. What may happen twice
when an answer was lost on its way back (a screen, an announcement) is counted beside it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec

from tests.faults.people import Claim
from tests.faults.world import Note
from tests.support.cloud import TENANT

Ask = Callable[[str], Awaitable[Sequence[Sequence[Any]]]]
"""Runs a query on the bots' database, when nothing is running any more."""

_MOST_NAMED = 5
_NEWS = re.compile(r"\d+n\d+")  # a prompt of news: it has no button, so its card does not name it


class Verdict(msgspec.Struct, kw_only=True):
    """What breaks the promise, what happened twice as it may, and how much there was of everything."""

    broken: dict[str, list[str]] = msgspec.field(default_factory=dict)
    twice: Counter[str] = msgspec.field(default_factory=Counter)
    counted: Counter[str] = msgspec.field(default_factory=Counter)

    def failures(self) -> dict[str, list[str]]:
        """What is not as it was promised, with examples."""
        return {name: found[:_MOST_NAMED] for name, found in self.broken.items() if found}


async def compare(
    claims: Sequence[Claim],
    notes: Sequence[Note],
    tickets: Sequence[str] | None,
    ask: Ask,
    updates: Sequence[tuple[str, str]] = (),
) -> Verdict:
    """Hold everything against everything.

    Args:
        claims: What was acknowledged.
        notes: What reached Teams.
        tickets: The key of each ticket there is; None when the cases themselves are the tickets.
        ask: Reads the bots' database.
        updates: What was written to the tickets, oldest first: its key, the words.
    """
    verdict = Verdict()
    await _events(verdict, claims, ask)
    await _screens(verdict, notes, ask)
    await _cases(verdict, notes, tickets, ask)
    await _threads(verdict, notes, ask)
    if tickets is not None:
        await _updates(verdict, updates, ask)
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
    for key, message in await ask("SELECT conversation, key FROM outbox WHERE kind = 'show' ORDER BY id"):
        prompt = message.removeprefix(f"show/{key}/")
        written[key].append("" if _NEWS.fullmatch(prompt) else prompt)
    arrived: defaultdict[str, list[str]] = defaultdict(list)
    for note in notes:
        if note.kind == "show":
            arrived[_key(note.conversation)].append(note.prompt)
    # Two pieces of news in a row look alike here, and so does one that came twice.
    shown = {key: _once(prompts) for key, prompts in arrived.items()}
    states = {
        key: msgspec.json.decode(state) for key, state in await ask("SELECT key, state FROM conversations")
    }
    verdict.broken["screens not shown, or out of order"] = [
        f"{key}: {shown.get(key)} of {written.get(key)}"
        for key in written.keys() | shown.keys()
        if shown.get(key) != _once(written.get(key, ()))
    ]
    verdict.broken["the last screen is not the stored one"] = [
        f"{key}: {shown.get(key)} shown, {state['prompt']} stored"
        for key, state in states.items()
        if state.get("prompt") and next(filter(None, reversed(shown.get(key, []))), "") != state["prompt"]
    ]
    verdict.twice["screens"] = sum(map(len, arrived.values())) - sum(map(len, shown.values()))
    verdict.counted["screens"] = sum(map(len, shown.values()))


async def _cases(verdict: Verdict, notes: Sequence[Note], tickets: Sequence[str] | None, ask: Ask) -> None:
    """One ticket per escalation, and its people were told."""
    numbers = [number for (number,) in await ask("SELECT number FROM cases")]
    announced = Counter(note.case for note in notes if note.kind == "announce")
    verdict.broken["cases nobody was told of"] = _without(numbers, announced)
    verdict.twice["announcements"] = sum(announced.values()) - len(announced)
    verdict.counted["cases"] = len(numbers)
    if tickets is None:
        return
    filed = Counter(tickets)
    unnamed = await ask("SELECT number FROM cases WHERE reference = ''")
    verdict.broken["tickets missing"] = _without(numbers, filed)
    verdict.broken["tickets doubled"] = [key for key, times in filed.items() if times > 1]
    verdict.broken["tickets without a case"] = _without(filed, numbers)
    verdict.broken["tickets whose reference is not known"] = [number for (number,) in unnamed]
    verdict.counted["tickets"] = len(filed)


async def _threads(verdict: Verdict, notes: Sequence[Note], ask: Ask) -> None:
    """What happened to a case stands below its card, in order, and the card shows its true state."""
    happened: defaultdict[str, list[str]] = defaultdict(list)
    length: Counter[str] = Counter()
    for number, what, note in await ask("SELECT number, what, note FROM case_log ORDER BY number, seq"):
        length[number] += 1
        if what not in {"opened", "filed"}:
            happened[number].append(note)
    receipts = await ask("SELECT key, receipt FROM outbox WHERE kind = 'handoff'")
    threads = {key.removeprefix("handoff/"): receipt.partition("|")[0] for key, receipt in receipts}
    lines: defaultdict[str, list[str]] = defaultdict(list)
    cards: dict[str, int] = {}
    for note in notes:
        if note.kind == "line":
            lines[note.conversation].append(note.words)
        elif note.kind in {"card", "announce"}:
            cards[note.conversation] = note.seen
    told = {number: _once(lines[thread]) for number, thread in threads.items()}
    verdict.broken["threads that do not tell what happened"] = [
        f"{number}: {told[number]} of {happened[number]}"
        for number in threads
        if len(told[number]) != len(happened[number])
        or any(note not in line for note, line in zip(happened[number], told[number], strict=False))
    ]
    verdict.broken["cards that do not show the true state"] = [
        f"{number}: {cards.get(thread)} of {length[number]}"
        for number, thread in threads.items()
        if cards.get(thread) != length[number]
    ]
    verdict.counted["lines"] = sum(map(len, told.values()))
    verdict.twice["lines"] = sum(map(len, lines.values())) - sum(map(len, told.values()))


async def _updates(verdict: Verdict, updates: Sequence[tuple[str, str]], ask: Ask) -> None:
    """What happened to a case stands on its ticket, once and in order."""
    happened: defaultdict[str, list[str]] = defaultdict(list)
    for number, what, note in await ask("SELECT number, what, note FROM case_log ORDER BY number, seq"):
        if what not in {"opened", "filed", "refused"}:
            happened[number].append(note)
    written: defaultdict[str, list[str]] = defaultdict(list)
    for key, words in updates:
        written[key.partition("/")[0]].append(words)
    verdict.broken["tickets that do not tell what happened"] = [
        f"{number}: {written[number]} of {happened[number]}"
        for number in happened | written
        if len(written[number]) != len(happened[number])
        or any(note not in words for note, words in zip(happened[number], written[number], strict=False))
    ]
    times = Counter(key for key, _ in updates)
    verdict.broken["comments doubled"] = [key for key, each in times.items() if each > 1]
    verdict.counted["comments"] = len(updates)


async def _outbox(verdict: Verdict, ask: Ask) -> None:
    """Nothing is left lying."""
    left = await ask("SELECT key, state, error FROM outbox WHERE state <> 'done'")
    verdict.broken["messages in limbo"] = [f"{key} is {state}: {error}" for key, state, error in left]
    ((total,),) = await ask("SELECT count(*) FROM outbox")
    verdict.counted["messages"] = total


def _once(said: Iterable[str]) -> list[str]:
    """What came twice in a row is there once."""
    return [each for each, _ in groupby(said)]


def _without(wanted: Iterable[str], found: Iterable[str]) -> list[str]:
    return sorted(set(wanted) - set(found))


def _key(conversation: str) -> str:
    """The stored key of a chat."""
    return f"teams:{TENANT}:{conversation}"
