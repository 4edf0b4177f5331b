"""A system's REST API: where a request goes, what of its answer is believed, who is asked to wait."""

import datetime as dt
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.errors import DeliveryFailed, DeliveryForbidden, DeliveryPostponed, DeliveryRefused
from bot.secret import Secret
from bot.tickets.http import open_client
from bot.tickets.rest import Rest, basic, leniently
from tests.support.helpdesks.served import Served


class Ticket(msgspec.Struct):
    """What is read."""

    id: int


class Echo(Served):
    """Answers what it is told to."""

    answer: web.Response

    async def serve(self, request: web.Request) -> web.StreamResponse:  # type: ignore[explicit-override]
        """The answer."""
        assert request.path
        return self.answer


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    """A server."""
    async with Echo() as served:
        served.answer = web.json_response({"id": 1})
        yield served


@pytest.fixture
async def rest(echo: Echo) -> AsyncIterator[Rest]:
    """The way to it."""
    async with open_client() as client:
        yield Rest(client, f"{echo.url}/base/", authorization=basic("user", Secret("rest-canary")))


async def test_a_part_stays_a_part(rest: Rest, echo: Echo) -> None:
    """Whatever a reference holds, it is one segment, and a value of a query is one value."""
    await rest.get("tickets/{}", "a/../b?c#d%2e é", query={"q": "a&b=c d"}, kind=Ticket)

    assert echo.asked[-1].path == "/base/tickets/a%2F..%2Fb%3Fc%23d%252e%20%C3%A9?q=a%26b%3Dc%20d"
    for part in ("", ".", ".."):
        with pytest.raises(DeliveryRefused, match="reference"):
            await rest.get("tickets/{}", part, kind=Ticket)


@pytest.mark.parametrize("body", ["", "[]", '{"id": "x"}', "<html>", '{"id":' * 10_000])
async def test_an_answer_without_sense_is_none(rest: Rest, echo: Echo, body: str) -> None:
    """Of a question nothing is in doubt; of something that was to be done everything is."""
    echo.answer = web.Response(text=body)
    with pytest.raises(DeliveryFailed, match="none of its documents") as caught:
        await rest.get("x", kind=Ticket)
    assert not caught.value.unknown

    echo.answer = web.Response(text=body)
    with pytest.raises(DeliveryFailed) as caught:
        await rest.send("POST", "x", body={}, kind=Ticket)
    assert caught.value.unknown


async def test_an_answer_without_end_is_not_read_to_its_end(rest: Rest, echo: Echo) -> None:
    """Half of a list could lack the very comment that is looked for."""
    echo.answer = web.Response(body=b"[" + b" " * (5 * 1024 * 1024))

    with pytest.raises(DeliveryFailed, match="longer than 4 MiB"):
        await rest.get("x", kind=Ticket)


@pytest.mark.parametrize("status", [403, 429])
async def test_who_says_when_there_is_room_is_heard(rest: Rest, echo: Echo, status: int) -> None:
    """By Retry-After, or by the time at which a used-up limit begins anew, as GitHub says it."""
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 100)}
    for headers, least, most in (({"Retry-After": "7"}, 7, 7), (reset, 90, 100)):
        echo.answers(status, "slow down", headers)
        with pytest.raises(DeliveryPostponed) as caught:
            await rest.get("x", kind=Ticket)
        assert least <= caught.value.wait <= most


async def test_a_limit_that_names_no_time_costs_no_try_either(rest: Rest, echo: Echo) -> None:
    """A minute, as GitHub asks for: a 429 always, a 403 when it says so in words."""
    left = {"X-RateLimit-Remaining": "4980", "X-RateLimit-Reset": str(int(time.time()) + 3000)}
    second = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    for status, why in ((429, "queue is full"), (429, second), (403, second)):
        echo.answers(status, why, left)
        with pytest.raises(DeliveryPostponed) as caught:
            await rest.send("POST", "x", body={}, kind=Ticket)
        assert caught.value.wait == 60


async def test_jira_says_as_a_date_when_there_is_room(rest: Rest, echo: Echo) -> None:
    """To the minute; what is no time at all is none."""
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=300)
    for reset, least, most in ((soon.strftime("%Y-%m-%dT%H:%MZ"), 200, 300), ("soon", 60, 60)):
        echo.answers(429, "slow down", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset})
        with pytest.raises(DeliveryPostponed) as caught:
            await rest.get("x", kind=Ticket)
        assert least <= caught.value.wait <= most


async def test_a_403_says_why(rest: Rest, echo: Echo) -> None:
    """ServiceNow has it for rules of its own too, and JSON may be written over several lines."""
    said = (
        '{\n  "error": {\n    "message": "Operation Failed",\n    "detail": "Data Policy Exception"\n  }\n}'
    )
    echo.answer = web.Response(status=403, text=said)

    with pytest.raises(DeliveryFailed, match=r"handrail doctor.*Data Policy Exception"):
        await rest.send("POST", "x", body={}, kind=Ticket)


async def test_a_403_without_a_time_is_about_rights(rest: Rest, echo: Echo) -> None:
    """An operator can mend it; the limit that is left has nothing to do with it."""
    echo.answers(403, "no", {"X-RateLimit-Remaining": "10", "X-RateLimit-Reset": "1"})

    with pytest.raises(DeliveryFailed, match="handrail doctor"):
        await rest.send("POST", "x", body={}, kind=Ticket)


async def test_no_secret_comes_back(rest: Rest, echo: Echo) -> None:
    """Neither the password, nor the header's value, when an answer repeats them."""
    header = basic("user", Secret("rest-canary")).reveal()
    echo.answers(422, f"you sent {header}")

    with pytest.raises(DeliveryRefused, match="you sent") as caught:
        await rest.send("POST", "x", body={}, kind=Ticket)
    assert header.split()[1] not in str(caught.value)
    assert "canary" not in repr(vars(rest))


async def test_a_put_whose_answer_was_lost_is_not_sent_again(rest: Rest, echo: Echo) -> None:
    """The client would do that of its own accord: of a comment it makes two."""
    await rest.get("x", kind=Ticket)  # a connection that is used again
    echo.loses()

    with pytest.raises(DeliveryFailed) as caught:
        await rest.send("PUT", "x", body={"comment": "hello"}, kind=Ticket)
    assert caught.value.unknown
    assert [each.method for each in echo.asked] == ["GET", "PUT"]


@pytest.mark.parametrize("status", [400, 403, 422])
async def test_a_field_that_is_refused_is_left_out(rest: Rest, echo: Echo, status: int) -> None:
    """Some systems say so with a 403; the warning is written when the rest was taken."""
    answers = [web.Response(status=status, text="no such priority"), web.json_response({"id": 1})]

    async def write(more: Mapping[str, Any]) -> int:
        echo.answer = answers.pop(0)
        return (await rest.send("POST", "x", body={"title": "x", **more}, kind=Ticket)).id

    with capture_logs() as logs:
        assert await leniently(write, {"priority": 1}) == 1
    assert [each.body for each in echo.asked] == [b'{"title":"x","priority":1}', b'{"title":"x"}']
    [warning] = logs
    assert "no such priority" in warning["why"]
    assert warning["fields"] == {"priority": 1}


async def test_what_is_refused_with_and_without_a_field_is_refused(rest: Rest, echo: Echo) -> None:
    """Then the field was not the reason, and nobody is told to look at it."""
    echo.answer = web.Response(status=422, text="no such queue")

    async def write(more: Mapping[str, Any]) -> Ticket:
        echo.answer = web.Response(status=422, text="no such queue")
        return await rest.send("POST", "x", body={"title": "x", **more}, kind=Ticket)

    with capture_logs() as logs, pytest.raises(DeliveryRefused, match="no such queue"):
        await leniently(write, {"priority": 1})
    assert len(echo.asked) == 2
    assert not logs


@pytest.mark.parametrize("status", [401, 404, 409, 429, 500, 503])
async def test_trouble_is_no_refusal_of_a_field(rest: Rest, echo: Echo, status: int) -> None:
    """It is tried again, as it is: with the field."""
    echo.answer = web.Response(status=status)

    with pytest.raises((DeliveryFailed, DeliveryPostponed)) as caught:
        await rest.make("POST", "x", body={"title": "x"}, more={"priority": 1}, kind=Ticket)
    assert not isinstance(caught.value, DeliveryForbidden)
    assert len(echo.asked) == 1
