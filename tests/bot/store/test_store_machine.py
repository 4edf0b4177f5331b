"""The store against a small model of it: random turns, claims, ends, clock jumps and crashes."""

import asyncio
import tempfile
from collections.abc import Coroutine, Iterable, Mapping
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

from bot.store.api import Ended, Message, MessageState, Receipt, Settled, Spare
from bot.store.postgres import PostgresStore
from bot.store.retention import PRUNE_EVERY, Retention
from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import SqliteFile
from tests.support.keeping import NOW, Clock, counting, to_send
from tests.support.postgres import run

T = TypeVar("T")
Lane = tuple[str, str]  # with the kind of the message that goes into it
LEASE = 60.0
KINDS = ("show", "ticket", "hologram")
CONVERSATIONS = st.sampled_from(["a", "b"])
LANES = st.tuples(st.sampled_from(["x", "y", "z"]), st.sampled_from(KINDS))
SPARE = st.frozensets(st.sampled_from(KINDS))
LIMITS = st.dictionaries(st.sampled_from(KINDS), st.integers(1, 4))
FORTNIGHT = 14 * 86_400.0
FOR_EVER = float("inf")
WAITED = 1.0  # when a message is due that has waited in its lane: after who is new, before who was tried


def further_apart(lapsed: int, number: int) -> float:
    """Seconds by which a message that was under way when processes died waits longer, by its own part."""
    return 0.0 if lapsed < 2 else min(2**lapsed, 64) * (1 + (number * lapsed % 101) / 100)


class Sent(msgspec.Struct):
    """A message as the model sees it."""

    key: str
    lane: str
    kind: str
    conversation: str
    created_at: float
    number: int  # the how-manieth it was written; lanes are in this order
    state: MessageState = "ready"
    attempt: int = 0
    due_at: float = 0.0
    excused: int = 0
    lapsed: int = 0

    def open(self) -> bool:
        """Not over."""
        return self.state in {"ready", "leased", "parked"}


class Model:
    """What the store promises, in the simplest words."""

    def __init__(self) -> None:
        self.turns: dict[str, int] = {}
        self.replies: dict[tuple[str, str], bytes] = {}
        self.outbox: list[Sent] = []

    def claimable(self, now: float, limits: Mapping[str, float]) -> list[Sent]:
        """Per lane the oldest that is not over, if it is due, so many of each kind.

        Never tried ones come first, then by due time.
        """
        heads: dict[str, Sent] = {}
        for each in self.outbox:
            if each.open():
                heads.setdefault(each.lane, each)
        due = [each for each in heads.values() if each.state != "parked" and each.due_at <= now]
        room = dict(limits)
        claimed = []
        for each in sorted(due, key=lambda each: (each.due_at, each.number)):
            if room.get(each.kind, 0) > 0:
                room[each.kind] -= 1
                claimed.append(each)
        return claimed

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
        back.state, back.excused, back.lapsed, back.due_at = "ready", back.attempt, 0, WAITED
        lane = sorted(self.lane(back.lane), key=lambda each: each.number)
        if stays and before is not None:
            lane.remove(before)
            lane.insert(0, before)
        elif before is not None and before is not lane[0]:
            before.due_at = WAITED
        self.outbox = [each for each in self.outbox if each not in lane] + lane

    def next_due(self, kinds: Iterable[str] = KINDS, after: float = -1.0) -> float | None:
        """The earliest time at which a claim of these kinds gives something."""
        waiting = self.claimable(FOR_EVER, dict.fromkeys(kinds, FOR_EVER))
        return min((each.due_at for each in waiting if each.due_at > after), default=None)

    def give_up_parked(self, before: float) -> int:
        """Those that were written before are dead; how many there were."""
        parked = [each for each in self.outbox if each.state == "parked" and each.created_at < before]
        for each in parked:
            each.state = "dead"
        return len(parked)


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
        self.pruned_at = -FOR_EVER
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
        retention = Retention(events=FOR_EVER, messages=FOR_EVER, receipts=FOR_EVER, parked=FORTNIGHT)
        self.stores = [SqliteStore(file, clock=self.clock, retention=retention)]
        self.do(self.stores[0].open())
        self.pruned_at = -FOR_EVER

    def close(self) -> None:
        """All processes go."""
        for store in self.stores:
            self.do(store.close())

    def leases_end(self) -> None:
        """One process has the file: when it starts, nobody holds a lease."""
        for each in self.model.outbox:
            if each.state == "leased":
                wait = further_apart(each.lapsed, self.id_of(each))
                each.due_at = self.clock() + wait if wait else 0.0
                each.state, each.lapsed = "ready", each.lapsed + 1

    def id_of(self, sent: Sent) -> int:
        """What the store calls it."""
        message = self.do(self.store.message(sent.key))
        assert message is not None
        return message.id

    def prune_by_the_way(self) -> None:
        """A claim does, every hour."""
        if self.clock() >= self.pruned_at + PRUNE_EVERY:
            self.pruned_at = self.clock()
            self.model.give_up_parked(self.clock() - FORTNIGHT)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end."""
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        """Let go of everything."""
        self.close()
        self.loop.close()
        self.folder.cleanup()

    @rule(conversation=CONVERSATIONS, lanes=st.lists(LANES, max_size=3), spare=SPARE)
    def take_a_turn(self, conversation: str, lanes: list[Lane], spare: frozenset[str]) -> None:
        """A new event, with messages into some lanes."""
        self.events += 1
        self.taken(conversation, f"e{self.events}", lanes, None, spare)

    @precondition(lambda self: self.held)
    @rule(conversation=CONVERSATIONS, lanes=st.lists(LANES, max_size=2), data=st.data(), spare=SPARE)
    def settle_by_a_turn(
        self, conversation: str, lanes: list[Lane], data: st.DataObject, spare: frozenset[str]
    ) -> None:
        """A result: the message ends in the commit of its follow-up, which may be a repeat."""
        message = data.draw(st.sampled_from(self.held))
        done = Settled(id=message.id, attempt=message.attempt, state="done", receipt="r")
        free = [message.lane] if self.ended(message, "done", 0.0) else []
        self.taken(conversation, f"outbox/{message.key}", lanes, done, spare, free)

    def taken(
        self,
        conversation: str,
        event: str,
        lanes: list[Lane],
        settles: Settled | None,
        kinds: frozenset[str],
        free: Iterable[str] = (),
    ) -> None:
        """The turn, in both worlds; it may lease what it makes due, in the lanes that got `free` first."""
        due = [sent for lane in free for sent in self.model.lane(lane)[:1]]
        # To PostgreSQL it is a message that had waited, because its lane was in use when the turn began.
        left = free if isinstance(self.stores[0], PostgresStore) else ()
        messages = [
            to_send(f"{conversation}/{event}/{n}", lane=lane, kind=kind, conversation=conversation)
            for n, (lane, kind) in enumerate(lanes)
        ]
        repeat = (conversation, event) in self.model.replies
        reply = self.model.replies.setdefault((conversation, event), f"{event} {lanes}".encode())
        if not repeat:
            self.model.turns[conversation] = self.model.turns.get(conversation, 0) + 1
            for each in messages:
                sent = Sent(
                    each.key, each.lane, each.kind, each.conversation, self.clock(), next(self.numbers)
                )
                sent.due_at = WAITED if self.model.lane(each.lane) or each.lane in left else 0.0
                due += [] if self.model.lane(each.lane) else [sent]
                self.model.outbox.append(sent)
        decide = counting(*messages, reply=f"{event} {lanes}".encode())
        spare = Spare(kinds=kinds, until=self.clock() + LEASE)

        receipt = self.do(self.store.turn(conversation, event, decide, settles=settles, spare=spare))

        assert (receipt.repeat, receipt.reply) == (repeat, reply)
        self.begun(receipt, due, spare)

    def begun(self, told: Receipt | Ended, due: list[Sent], spare: Spare) -> None:
        """What a commit made due and leased at once; if it leased none, somebody has to look for it."""
        if isinstance(self.stores[0], PostgresStore):
            assert told.leased == ()
            assert told.due
            return
        kinds, leased = set(spare.kinds), []
        for each in due:
            if each.kind in kinds and each.state == "ready":
                kinds.remove(each.kind)
                leased.append(each)
                each.state, each.attempt = "leased", each.attempt + 1
                each.due_at = spare.until + further_apart(each.lapsed, self.id_of(each))
        assert [(m.key, m.attempt, m.tries, m.lapsed, m.due_at) for m in told.leased] == [
            (each.key, each.attempt, each.attempt - each.excused, each.lapsed, each.due_at) for each in leased
        ]
        assert told.due is any(each.state == "ready" for each in due)
        self.held += told.leased

    @precondition(lambda self: self.model.replies)
    @rule(data=st.data(), lanes=st.lists(LANES, max_size=2))
    def repeat_an_event(self, data: st.DataObject, lanes: list[Lane]) -> None:
        """Nothing changes, whatever it would decide today."""
        conversation, event = data.draw(st.sampled_from(sorted(self.model.replies)))
        self.taken(conversation, event, lanes, None, frozenset())

    @rule(limits=LIMITS)
    def claim_some(self, limits: dict[str, int]) -> None:
        """Exactly what the model says may be claimed, and when there may be more of these kinds."""
        self.prune_by_the_way()
        expected = self.model.claimable(self.clock(), limits)
        for each in expected:
            each.lapsed += each.state == "leased"
            each.state, each.attempt = "leased", each.attempt + 1
            each.due_at = self.clock() + LEASE + further_apart(each.lapsed, self.id_of(each))

        claimed = self.do(self.store.claim(now=self.clock(), lease=LEASE, limits=limits))

        assert [(m.key, m.attempt, m.tries, m.lapsed) for m in claimed.messages] == [
            (each.key, each.attempt, each.attempt - each.excused, each.lapsed) for each in expected
        ]
        assert claimed.next_due == self.model.next_due(limits, after=self.clock())
        self.held += claimed.messages

    @precondition(lambda self: self.held)
    @rule(
        data=st.data(),
        state=st.sampled_from(["done", "dead", "parked", "ready"]),
        wait=st.sampled_from([0.0, 5.0, 300.0]),
        counted=st.booleans(),
        kinds=SPARE,
    )
    def settle_one(
        self, data: st.DataObject, state: MessageState, wait: float, counted: bool, kinds: frozenset[str]
    ) -> None:
        """By its holder, or by somebody who only thinks to be; what is put off does not count."""
        message = data.draw(st.sampled_from(self.held))
        due_at = self.clock() + wait
        expected = self.ended(message, state, due_at, counted=counted)
        settled = Settled(id=message.id, attempt=message.attempt, state=state, due_at=due_at, counted=counted)
        over = expected and state in {"done", "dead"}
        spare = Spare(kinds=kinds, until=self.clock() + LEASE)

        ended = self.do(self.store.settle(settled, spare=spare))

        assert ended.held is expected
        self.begun(ended, self.model.lane(message.lane)[:1] if over else [], spare)

    def ended(self, message: Message, state: MessageState, due_at: float, *, counted: bool = True) -> bool:
        """In the model; False if its lease had passed on."""
        sent = self.model.sent(message.key)
        if (sent.state, sent.attempt) != ("leased", message.attempt):
            return False
        sent.state, sent.due_at, sent.lapsed = state, due_at, 0
        sent.excused += not counted
        return True

    @rule(conversation=CONVERSATIONS)
    def come_back(self, conversation: str) -> None:
        """The person writes again."""
        parked = [e for e in self.model.outbox if (e.conversation, e.state) == (conversation, "parked")]
        for each in parked:
            each.state, each.due_at = "ready", self.clock()

        assert self.do(self.store.unpark(conversation, now=self.clock())) == len(parked)

    @rule()
    def nobody_comes_back(self) -> None:
        """A fortnight passes, and the store is tidied up."""
        self.clock.now += FORTNIGHT + 1
        assert self.do(self.store.prune()) == self.model.give_up_parked(self.clock() - FORTNIGHT)

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

        assert self.do(self.store.settle(settled)).held is expected

    @rule(seconds=st.sampled_from([1.0, 59.0, 61.0, 3600.0, -3600.0, 7 * 86_400.0]))
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
        assert self.do(self.store.next_due(["ticket"])) == self.model.next_due(["ticket"])


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(
    max_examples=40, stateful_step_count=40, suppress_health_check=list(HealthCheck)
)


class PostgresMachine(StoreMachine):
    """The same over two replicas that take turns. Each example has a schema of its own."""

    database = ""

    def open(self) -> None:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        """Two replicas start together, in an empty schema at first."""
        name = f"machine_{Path(self.folder.name).name}"
        run(self.database, f'CREATE SCHEMA IF NOT EXISTS "{name}"')
        url = f'{self.database}&search_path="{name}"'
        self.impatient = PostgresStore(url, retention=Retention(parked=0.0))
        retention = Retention(parked=FOR_EVER)  # its clock cannot be moved
        self.stores = [PostgresStore(url, retention=retention), PostgresStore(url, retention=retention)]
        for store in (*self.stores, self.impatient):
            self.do(store.open())

    def close(self) -> None:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        """All replicas go."""
        super().close()
        self.do(self.impatient.close())

    def leases_end(self) -> None:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        """They do not: another replica may hold them."""

    def prune_by_the_way(self) -> None:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        """Nothing is old enough."""

    @rule()
    def nobody_comes_back(self) -> None:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        """The store is tidied up by a replica for which a moment is a fortnight."""
        assert self.do(self.impatient.prune()) == self.model.give_up_parked(FOR_EVER)


@pytest.mark.postgres
def test_postgres_keeps_the_same_promises(postgres_database: str) -> None:
    """Random turns, claims, ends, clock jumps and restarts, each step on the other replica."""
    PostgresMachine.database = postgres_database

    run_state_machine_as_test(
        PostgresMachine,
        settings=settings(max_examples=10, stateful_step_count=30, suppress_health_check=list(HealthCheck)),
    )
