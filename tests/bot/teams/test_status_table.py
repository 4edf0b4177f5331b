"""Every row of Teams' status table, all the way: what Teams answers, and what becomes of the message."""

import json
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from bot.address import Address
from bot.delivery import AT_ONCE
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.ending import Done
from bot.outbox.retry import SCHEDULE
from bot.store.api import Message
from bot.store.sqlite import SqliteStore
from bot.store.sqlite_file import MEMORY, SqliteFile
from bot.teams.channel import TeamsChannel
from tests.support.keeping import send, to_send
from tests.support.stage import Stage

RETRY, PARK, POSTPONE, BURY = "retry", "park", "postpone", "bury"
TABLE = [
    (400, "BadArgument", BURY),
    (401, "BotNotRegistered", RETRY),  # somebody mends the credentials; until then the log says so
    (403, "BotDisabledByAdmin", PARK),
    (403, "BotNotInConversationRoster", PARK),
    (403, "ConversationBlockedByUser", PARK),
    (403, "ForbiddenOperationException", PARK),
    (403, "InvalidBotApiHost", PARK),
    (403, "NotEnoughPermissions", PARK),
    (403, "MessageWritesBlocked", PARK),
    (404, "ConversationNotFound", PARK),  # nothing more is sent there until the person writes again
    (405, "MethodNotAllowed", BURY),
    (408, "RequestTimeout", RETRY),
    (412, "PreconditionFailed", RETRY),
    (413, "MessageSizeTooBig", BURY),
    (429, "Throttled", POSTPONE),
    (500, "ServiceError", BURY),
    (502, "BadGateway", RETRY),
    (503, "ServiceUnavailable", RETRY),
    (504, "GatewayTimeout", RETRY),
    (418, "NotInTheTable", BURY),  # "avoid retrying status codes that aren't specified"
]


class Desk:
    """An outbox whose messages are cards for one person."""

    def __init__(self, stage: Stage, store: SqliteStore) -> None:
        self.cloud = stage.cloud
        self.clock = stage.clock
        self.store = store
        self._to = Address(surface="teams", service_url=stage.cloud.service_url, conversation_id="a:erika")
        self._channel = TeamsChannel(stage.connector)
        self.outbox = Dispatcher(store, self._perform, pools=AT_ONCE, clock=stage.clock, chance=lambda: 0.5)

    async def _perform(self, message: Message) -> Done:
        return Done(receipt=await self._channel.send_card(self._to, {"type": "AdaptiveCard"}, message.key))

    async def fate(self) -> str:
        """What the outbox did with the message `m`."""
        await self.outbox.drain()
        message = await self.store.message("m")
        assert message is not None
        match message.state:
            case "ready":
                assert message.due_at > self.clock.now
                return RETRY if self.outbox.failed else POSTPONE
            case "parked":
                return PARK
            case "dead":
                return BURY
        return message.state


@pytest.fixture
async def desk(stage: Stage) -> AsyncIterator[Desk]:
    """Two messages wait for one person."""
    store = SqliteStore(SqliteFile(MEMORY), clock=stage.clock)
    await store.open()
    await send(store, to_send("m"), to_send("n"))
    yield Desk(stage, store)
    await store.close()


def body(code: str, shape: str) -> Any:
    """The bodies that an error has been seen with."""
    inner = json.dumps({"subCode": 1, "details": None, "errorSubCode": code})
    return {
        "documented": {"error": {"code": code, "message": "Something is wrong."}},
        "nested": {"errorCode": 209, "message": inner},
        "empty": "",
    }[shape]


@pytest.mark.parametrize("shape", ["documented", "nested", "empty"])
@pytest.mark.parametrize(("status", "code", "fate"), TABLE)
async def test_every_row_leads_to_its_action(
    desk: Desk, status: int, code: str, fate: str, shape: str
) -> None:
    """By real HTTP; and the person's next message stays where it is unless this one was given up."""
    desk.cloud.connector.always(status, body(code, shape))

    assert await desk.fate() == fate

    tries = len(desk.cloud.sent)
    messages = 2 if fate == BURY else 1
    assert tries == messages * (2 if status == 401 else 1)
    if fate in {PARK, BURY}:
        desk.clock.forward(86_400)
        await desk.outbox.drain()
        assert len(desk.cloud.sent) == tries


@pytest.mark.parametrize("status", [403, 404])
async def test_who_writes_again_gets_what_waited(desk: Desk, status: int) -> None:
    """The app is back, or the chat: what was parked leaves in order."""
    desk.cloud.connector.next(status)
    assert await desk.fate() == PARK

    await desk.store.unpark("c", now=desk.clock())
    await desk.outbox.drain()

    assert [each.body["summary"] for each in desk.cloud.sent] == ["m", "m", "n"]


async def test_a_429_is_obeyed_to_the_second_and_costs_no_try(desk: Desk) -> None:
    """What Teams asks for is when the message is due again."""
    desk.cloud.connector.next(429, headers={"Retry-After": "7"})

    assert await desk.fate() == POSTPONE

    message = await desk.store.message("m")
    assert message is not None
    assert (message.attempt, message.tries) == (1, 0)
    assert 7 <= message.due_at - desk.clock() < 10


async def test_a_storm_uses_up_no_tries(desk: Desk) -> None:
    """More 429s than there are tries, and the message still arrives; none is asked for too early."""
    asked: list[float] = []
    for _ in range(2 * len(SCHEDULE)):
        desk.cloud.connector.next(429, headers={"Retry-After": "10"})
    while (await desk.store.depth())["ready"]:
        due = await desk.store.next_due()
        assert due is not None
        desk.clock.now = max(due, desk.clock.now)
        await desk.outbox.drain()
        asked.append(desk.clock.now)

    assert desk.outbox.delivered == 2
    assert desk.outbox.failed == desk.outbox.dead == 0
    assert all(after - before >= 10 for before, after in pairwise(asked))
