"""The webhook's own ways: its signature, the message it sends, and what it makes of an answer."""

import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web

from bot.address import Person
from bot.errors import DeliveryFailed, DeliveryPostponed, DeliveryRefused
from bot.secret import Secret
from bot.store.api import CaseRecord
from bot.tickets.api import Ticket
from bot.tickets.http import open_client
from bot.tickets.signature import signed, signing_key
from bot.tickets.webhook import WebhookTickets
from tests.support.keeping import case
from tests.support.tickets import PlayedTickets

NUMBER = "HR-7K3F"


def ticket(record: CaseRecord | None = None) -> Ticket:
    """A ticket as the outbox hands it over."""
    return Ticket(
        key=NUMBER, title="HR-7K3F · SAP", body="Größe 😀\nsecond line", record=record or case(NUMBER)
    )


@pytest.fixture
async def played() -> AsyncIterator[PlayedTickets]:
    """A receiver."""
    async with PlayedTickets() as tickets:
        yield tickets


@pytest.fixture
async def system(played: PlayedTickets) -> AsyncIterator[WebhookTickets]:
    """Our side of it."""
    async with open_client() as client:
        yield WebhookTickets(client, played.url, Secret(played.secret))


def test_the_signature_is_that_of_the_specification() -> None:
    """The example that the specification's own libraries are tested with."""
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    headers = signed(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


async def test_the_message_is_what_the_manual_shows(system: WebhookTickets, played: PlayedTickets) -> None:
    """Every field of the manual's example is sent, and no other."""
    manual = (Path(__file__).parents[3] / "deployment" / "README.md").read_text("utf-8")
    shown = json.loads(manual.split("```json\n")[1].split("```")[0])

    await system.create(ticket())

    [taken] = played.tickets
    assert _shape(taken.body) == _shape(shown)
    assert taken.body["type"] == shown["type"] == "case.opened"
    assert taken.body["timestamp"] == taken.body["data"]["opened_at"] == "1970-01-01T00:01:40Z"
    assert taken.body["data"]["codes"] == ["AADSTS1000002", "AADSTS53003"]
    assert taken.body["data"]["body"] == "Größe 😀\nsecond line"
    assert taken.body["data"]["person"]["name"] == "Erika Mustermann"


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return {name: _shape(each) for name, each in value.items()}
    return [_shape(each) for each in value[:1]] if isinstance(value, list) else type(value)


async def test_somebody_nobody_vouches_for_has_their_own_words(
    system: WebhookTickets, played: PlayedTickets
) -> None:
    """From the web page comes no id, only what the person says of themselves."""
    record = case(NUMBER)
    file = msgspec.structs.replace(record.file, contact="Erika, room 12")
    unknown = msgspec.structs.replace(record, person=Person(), file=file)

    await system.create(ticket(unknown))

    person = {"name": "", "object_id": "", "verified": False, "contact": "Erika, room 12"}
    assert played.tickets[0].body["data"]["person"] == person


async def test_a_repeat_has_the_same_id_and_a_question_never_has(
    system: WebhookTickets, played: PlayedTickets
) -> None:
    """A receiver that keeps ids knows a repeat by them, and must not take a question for one."""
    for _ in range(2):
        await system.create(ticket())
        await system.find(NUMBER)

    assert {sent.headers["webhook-id"] for sent in played.posts.received} == {"case_HR-7K3F"}
    assert {sent.headers["Idempotency-Key"] for sent in played.posts.received} == {"case_HR-7K3F"}
    asked = [sent.headers["webhook-id"] for sent in played.lookups.received]
    assert len({*asked, "case_HR-7K3F"}) == 3


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ({"reference": "INC-1"}, "INC-1"),
        ({"reference": 4711, "more": [1]}, "4711"),
        ({"reference": "  "}, NUMBER),
        ({"reference": None}, NUMBER),
        ({"reference": "x" * 101}, NUMBER),
        ({"reference": "two\nlines"}, NUMBER),
        (["INC-1"], NUMBER),
        ("", NUMBER),
        ("<html>thanks</html>", NUMBER),
        (b"\xff\xfe", NUMBER),
        ("[" * 30_000, NUMBER),
        ('{"reference": "INC-1", "padding": "' + "x" * 100_000 + '"}', NUMBER),
    ],
)
@pytest.mark.parametrize("status", [200, 201, 202])
async def test_who_names_no_usable_reference_gets_the_cases_number(
    system: WebhookTickets, played: PlayedTickets, status: int, answer: object, reference: str
) -> None:
    """A success is one by its status, whatever the answer holds."""
    played.posts.next(status, answer)

    assert await system.create(ticket()) == reference


@pytest.mark.parametrize("answer", ["", "OK", {"status": "success"}, {"reference": ""}])
async def test_yes_to_everything_is_no_ticket(
    system: WebhookTickets, played: PlayedTickets, answer: object
) -> None:
    """A receiver that answers 200 to any GET must not make us believe that a case is filed."""
    played.lookups.always(200, answer)

    with pytest.raises(DeliveryFailed, match="must be a 404"):
        await system.find(NUMBER)


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_not_there_and_cannot_say_both_lead_to_a_post(
    system: WebhookTickets, played: PlayedTickets, status: int
) -> None:
    """Only these say None; who cannot look up knows repeats by their id."""
    played.lookups.always(status)

    assert await system.find(NUMBER) is None


@pytest.mark.parametrize("status", [302, 400, 401, 403, 409, 418, 422, 500, 502, 503, 504])
async def test_in_doubt_a_lookup_is_never_none(
    system: WebhookTickets, played: PlayedTickets, status: int
) -> None:
    """None would lead to a second ticket."""
    played.lookups.always(status)

    with pytest.raises(DeliveryFailed, match=f"answered {status}") as caught:
        await system.find(NUMBER)
    assert not isinstance(caught.value, DeliveryRefused)


async def test_a_question_without_an_answer_makes_no_ticket(played: PlayedTickets) -> None:
    """Nothing is in doubt, for nothing was asked to be done; and nothing is sent before somebody knows."""
    async with open_client(aiohttp.ClientTimeout(total=0.3)) as client:
        system = WebhookTickets(client, played.url, Secret(played.secret))
        for silence in (played.hang, played.drop):
            played.lookups.always_with(silence)
            with pytest.raises(DeliveryFailed) as caught:
                await system.find(NUMBER)
            assert not caught.value.unknown


@pytest.mark.parametrize("status", [400, 405, 406, 411, 413, 415, 418, 422])
async def test_a_complaint_about_the_message_refuses_it(
    system: WebhookTickets, played: PlayedTickets, status: int
) -> None:
    """The same message would be refused again; the first line of the answer says why."""
    played.posts.always(status, "\n\n  no   queue\tof this name\nand a second line")

    with pytest.raises(DeliveryRefused) as caught:
        await system.create(ticket())
    assert str(caught.value) == f"the ticket system answered {status}: no queue of this name"


@pytest.mark.parametrize(
    ("status", "unknown"),
    [
        (408, True),
        (409, True),
        (425, False),
        (500, True),
        (502, True),
        (503, False),
        (504, True),
    ],
)
async def test_what_passes_is_tried_again(
    system: WebhookTickets, played: PlayedTickets, status: int, *, unknown: bool
) -> None:
    """And where the work may have been done all the same, the message says so."""
    played.posts.always(status)

    with pytest.raises(DeliveryFailed) as caught:
        await system.create(ticket())
    assert caught.value.unknown is unknown


@pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 403, 404])
async def test_what_an_operator_can_mend_waits_for_it(
    system: WebhookTickets, played: PlayedTickets, status: int
) -> None:
    """A wrong address or secret is a setting: no ticket is given up for it, and no redirect is followed."""
    played.posts.always(status, headers={"Location": "/cases/elsewhere"})

    with pytest.raises(DeliveryFailed):
        await system.create(ticket())
    assert [entry.method for entry in played.journal] == ["POST"]


@pytest.mark.parametrize("asked", ["find", "create"])
async def test_gone_is_gone(system: WebhookTickets, played: PlayedTickets, asked: str) -> None:
    """410 is the receiver's way to say that it wants no more; the message says what to do."""
    played.posts.always(410)
    played.lookups.always(410)

    with pytest.raises(DeliveryRefused, match="set another address"):
        await (system.find(NUMBER) if asked == "find" else system.create(ticket()))


async def test_who_asks_to_wait_is_heard(system: WebhookTickets, played: PlayedTickets) -> None:
    """A system in trouble costs a try, and is left alone as long as it asks for."""
    played.posts.always(503, headers={"Retry-After": "7"})

    with pytest.raises(DeliveryFailed) as caught:
        await system.create(ticket())
    assert caught.value.retry_after == 7


@pytest.mark.parametrize("asked", ["find", "create"])
@pytest.mark.parametrize(("headers", "wait"), [({"Retry-After": "7"}, 7), ({}, 60)])
async def test_a_busy_system_costs_no_try(
    system: WebhookTickets, played: PlayedTickets, asked: str, headers: dict[str, str], wait: int
) -> None:
    """It is well, and has no room; a minute later where it does not say when it will have some."""
    played.posts.always(429, headers=headers)
    played.lookups.always(429, headers=headers)

    with pytest.raises(DeliveryPostponed) as caught:
        await (system.find(NUMBER) if asked == "find" else system.create(ticket()))
    assert caught.value.wait == wait


async def test_an_answer_that_breaks_off_is_looked_up(system: WebhookTickets, played: PlayedTickets) -> None:
    """A success whose reference did not arrive whole is asked for again, not replaced by our own number."""

    async def breaks_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=201, headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b'{"reference": "INC')
        assert request.transport is not None
        request.transport.abort()
        return response

    played.posts.next_with(breaks_off)

    with pytest.raises(DeliveryFailed) as caught:
        await system.create(ticket())
    assert caught.value.unknown


async def test_an_answer_without_end_is_not_read_to_its_end(
    system: WebhookTickets, played: PlayedTickets
) -> None:
    """Its status is a success; 64 KiB of the rest are enough to see that there is no reference."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=201)
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b"x" * 65536)
        return response

    played.posts.next_with(endless)

    assert await system.create(ticket()) == NUMBER


async def test_a_number_cannot_lead_elsewhere(system: WebhookTickets, played: PlayedTickets) -> None:
    """Whatever a key holds, it stays one segment below the address."""
    await system.find("../x?y#z/ä")

    assert played.lookups.received[-1].path.startswith("/cases/..%2Fx%3Fy%23z%2F")


async def test_the_messages_of_one_bot_are_not_anothers(played: PlayedTickets) -> None:
    """Another secret, or a clock ten minutes off, is refused by the receiver and makes no ticket."""
    async with open_client() as client:
        other = WebhookTickets(client, played.url, Secret("whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        late = WebhookTickets(client, played.url, Secret(played.secret), clock=lambda: time.time() - 600)
        for system in (other, late):
            with pytest.raises(DeliveryFailed, match="401"):
                await system.create(ticket())

    assert [entry.outcome for entry in played.journal] == ["bad signature"] * 2
    assert played.tickets == []
