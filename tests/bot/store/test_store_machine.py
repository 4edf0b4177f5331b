"""The store against a small model of it: random turns, claims, ends, clock jumps and crashes."""

import asyncio
import tempfile
from collections.abc import Coroutine
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.store.api import Message, MessageState, Settled
from bot.store.postgres import PostgresStore
from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import SqliteFile
from tests.support.keeping import NOW, Clock, claim, counting, to_send
from tests.support.postgres import run

T = TypeVar("T")
LEASE = 60.0
CONVERSATIONS = st.sampled_from(["a", "b"])
LANES = st.sampled_from(["x", "y", "z"])


class Sent(msgspec.Struct):
    """A message as the model sees it."""

    key: str
    lane: str
    conversation: str
    state: MessageState = "ready"
    attempt: int = 0
    due_at: float = 0.0
    excused: int = 0
    number: int = 0  # the how-manieth it was written; lanes are in this order

    def open(self) -> bool:
        """Not over."""
        return self.state in {"ready", "leased", "parked"}


class Model:
    """What the store promises, in the simplest words."""

    def __init__(self) -> None:
        self.turns: dict[str, int] = {}
        self.replies: dict[tuple[str, str], bytes] = {}
        self.outbox: list[Sent] = []

    def claimable(self, now: float) -> list[Sent]:
        """Per lane the oldest that is not over, if it is due; never tried ones first, then by due time."""
        heads: dict[str, Sent] = {}
        for each in self.outbox:
            if each.open():
                heads.setdefault(each.lane, each)
        due = [each for each in heads.values() if each.state != "parked" and each.due_at <= now]
        return sorted(due, key=lambda each: (each.due_at, each.number))

    def sent(self, key: str) -> Sent:
        """The message with this key."""
        (found,) = [each for each in self.outbox if each.key == key]
        return found

    def lane(self, name: str) -> list[Sent]:
        """What is open in a lane; the first one has it."""
        return [each for each in self.outbox if each.open() and each.lane == name]

    def retried(self, back: Sent) -> None:
        """Before all that were written later; who is on the way or waits for its person keeps the lane."""
        before = next(iter(self.lane(back.lane)), None)
        stays = (
            before is not None
            and before is not back
            and (before.state != "ready" or before.number < back.number)
        )
        back.state, back.excused, back.due_at = "ready", back.attempt, 0.0
        lane = sorted(self.lane(back.lane), key=lambda each: each.number)
        if stays and before is not None:
            lane.remove(before)
            lane.insert(0, before)
        elif before is not None and before is not lane[0]:
            before.due_at = 0.0
        self.outbox = [each for each in self.outbox if each not in lane] + lane

    def next_due(self) -> float | None:
        """The earliest time at which a claim gives something."""
        waiting = self.claimable(float("inf"))
        return min((each.due_at for each in waiting), default=None)


class StoreMachine(RuleBasedStateMachine):
    """Every rule does the same to both and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.model = Model()
        self.held: list[Message] = []  # claimed by us, some of them long ago
        self.events = 0
        self.numbers = count(1)
        self.stores: list[SqliteStore | PostgresStore] = []
        self.open()

    @property
    def store(self) -> SqliteStore | PostgresStore:
        """The replica whose turn it is; with SQLite there is one."""
        self.stores.append(self.stores.pop(0))
        return self.stores[0]

    def open(self) -> None:
        """The store in its file, as a starting process finds it."""
        file = SqliteFile(str(Path(self.folder.name) / "handrail.db"))
        self.stores = [SqliteStore(file, clock=self.clock)]
        self.do(self.stores[0].open())

    def close(self) -> None:
        """All processes go."""
        for store in self.stores:
            self.do(store.close())

    def leases_end(self) -> None:
        """One process has the file: when it starts, nobody holds a lease."""
        for each in self.model.outbox:
            if each.state == "leased":
                each.state, each.due_at = "ready", 0.0

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end."""
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        """Let go of everything."""
        self.close()
        self.loop.close()
        self.folder.cleanup()

    @rule(conversation=CONVERSATIONS, lanes=st.lists(LANES, max_size=3))
    def take_a_turn(self, conversation: str, lanes: list[str]) -> None:
        """A new event, with messages into some lanes."""
        self.events += 1
        self.taken(conversation, f"e{self.events}", lanes, None)

    @precondition(lambda self: self.held)
    @rule(conversation=CONVERSATIONS, lanes=st.lists(LANES, max_size=2), data=st.data())
    def settle_by_a_turn(self, conversation: str, lanes: list[str], data: st.DataObject) -> None:
        """A result: the message ends in the commit of its follow-up, which may be a repeat."""
        message = data.draw(st.sampled_from(self.held))
        done = Settled(id=message.id, attempt=message.attempt, state="done", receipt="r")
        self.ended(message, "done", 0.0)
        self.taken(conversation, f"outbox/{message.key}", lanes, done)

    def taken(self, conversation: str, event: str, lanes: list[str], settles: Settled | None) -> None:
        """The turn, in both worlds."""
        messages = [
            to_send(f"{conversation}/{event}/{n}", lane=lane, conversation=conversation)
            for n, lane in enumerate(lanes)
        ]
        repeat = (conversation, event) in self.model.replies
        reply = self.model.replies.setdefault((conversation, event), f"{event} {lanes}".encode())
        if not repeat:
            self.model.turns[conversation] = self.model.turns.get(conversation, 0) + 1
            self.model.outbox += [
                Sent(each.key, each.lane, each.conversation, number=next(self.numbers)) for each in messages
            ]
        decide = counting(*messages, reply=f"{event} {lanes}".encode())

        receipt = self.do(self.store.turn(conversation, event, decide, settles=settles))

        assert (receipt.repeat, receipt.reply) == (repeat, reply)

    @precondition(lambda self: self.model.replies)
    @rule(data=st.data(), lanes=st.lists(LANES, max_size=2))
    def repeat_an_event(self, data: st.DataObject, lanes: list[str]) -> None:
        """Nothing changes, whatever it would decide today."""
        conversation, event = data.draw(st.sampled_from(sorted(self.model.replies)))
        self.taken(conversation, event, lanes, None)

    @rule(limit=st.integers(1, 4))
    def claim_some(self, limit: int) -> None:
        """Exactly what the model says may be claimed."""
        expected = self.model.claimable(self.clock())[:limit]
        for each in expected:
            each.state, each.attempt, each.due_at = "leased", each.attempt + 1, self.clock() + LEASE

        claimed = self.do(claim(self.store, now=self.clock(), lease=LEASE, limit=limit))

        assert [(m.key, m.attempt) for m in claimed] == [(each.key, each.attempt) for each in expected]
        self.held += claimed

    @precondition(lambda self: self.held)
    @rule(
        data=st.data(),
        state=st.sampled_from(["done", "dead", "parked", "ready"]),
        wait=st.sampled_from([0.0, 5.0, 300.0]),
    )
    def settle_one(self, data: st.DataObject, state: MessageState, wait: float) -> None:
        """By its holder, or by somebody who only thinks to be."""
        message = data.draw(st.sampled_from(self.held))
        due_at = self.clock() + wait
        expected = self.ended(message, state, due_at)
        settled = Settled(id=message.id, attempt=message.attempt, state=state, due_at=due_at)

        assert self.do(self.store.settle(settled)) is expected

    def ended(self, message: Message, state: MessageState, due_at: float) -> bool:
        """In the model; False if its lease had passed on."""
        sent = self.model.sent(message.key)
        if (sent.state, sent.attempt) != ("leased", message.attempt):
            return False
        sent.state, sent.due_at = state, due_at
        return True

    @rule(conversation=CONVERSATIONS)
    def come_back(self, conversation: str) -> None:
        """The person writes again."""
        parked = [e for e in self.model.outbox if (e.conversation, e.state) == (conversation, "parked")]
        for each in parked:
            each.state, each.due_at = "ready", self.clock()

        assert self.do(self.store.unpark(conversation, now=self.clock())) == len(parked)

    @precondition(lambda self: self.model.outbox)
    @rule(data=st.data())
    def try_again(self, data: st.DataObject) -> None:
        """An operator has a message tried again; one that is on its way or over is left alone."""
        sent = self.model.sent(data.draw(st.sampled_from(sorted(each.key for each in self.model.outbox))))
        message = self.do(self.store.message(sent.key))
        assert message is not None
        may = sent.state in {"dead", "parked", "ready"}
        if may:
            self.model.retried(sent)

        again = self.do(self.store.retry(message.id))

        assert (again is not None) is may
        if again is not None:
            behind = self.model.lane(sent.lane)[0] is not sent
            assert (again.state, again.attempt, again.tries, again.behind) == (
                "ready",
                sent.attempt,
                0,
                behind,
            )

    @precondition(lambda self: self.model.outbox)
    @rule(data=st.data(), late=st.booleans())
    def drop_one(self, data: st.DataObject, late: bool) -> None:
        """An operator gives a message up, as they saw it; or as it was before somebody else took it."""
        sent = self.model.sent(data.draw(st.sampled_from(sorted(each.key for each in self.model.outbox))))
        message = self.do(self.store.message(sent.key))
        assert message is not None
        found = "ready" if late and sent.state == "leased" else message.state
        if found not in {"dead", "parked", "ready"}:
            return
        settled = Settled(id=message.id, attempt=message.attempt, found=found, state="done")
        expected = sent.state == found
        if expected:
            sent.state = "done"

        assert self.do(self.store.settle(settled)) is expected

    @rule(seconds=st.sampled_from([1.0, 59.0, 61.0, 3600.0, -3600.0]))
    def let_time_pass(self, seconds: float) -> None:
        """Forward mostly; a clock that is set right may also go back."""
        self.clock.now = max(NOW, self.clock.now + seconds)

    @rule()
    def crash(self) -> None:
        """The process is gone and another one starts; old holders are strangers."""
        self.close()
        self.open()
        self.leases_end()

    @invariant()
    def both_agree(self) -> None:
        """Conversations, depth and the next due time are the same."""
        for conversation, turns in self.model.turns.items():
            stored = self.do(self.store.conversation(conversation))
            assert stored is not None
            assert stored[0].turn == turns
        counted = {"ready": 0, "leased": 0, "parked": 0, "dead": 0}
        for each in self.model.outbox:
            if each.state != "done":
                counted[each.state] += 1
        assert self.do(self.store.depth()) == counted
        assert self.do(self.store.next_due()) == self.model.next_due()


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


class PostgresMachine(StoreMachine):
    """The same over two replicas that take turns. Each example has a schema of its own."""

    database = ""

    def open(self) -> None:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        """Two replicas start together, in an empty schema at first."""
        name = f"machine_{Path(self.folder.name).name}"
        run(self.database, f'CREATE SCHEMA IF NOT EXISTS "{name}"')
        url = f'{self.database}&search_path="{name}"'
        self.stores = [PostgresStore(url), PostgresStore(url)]
        for store in self.stores:
            self.do(store.open())

    def leases_end(self) -> None:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        """They do not: another replica may hold them."""


@pytest.mark.postgres
def test_postgres_keeps_the_same_promises(postgres_database: str) -> None:
    """Random turns, claims, ends, clock jumps and restarts, each step on the other replica."""
    PostgresMachine.database = postgres_database

    run_state_machine_as_test(
        PostgresMachine,
        settings=settings(
            max_examples=10, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
