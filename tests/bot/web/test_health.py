"""What an operator's tools are told: alive, ready, and the numbers."""

from pathlib import Path

import msgspec
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from bot.store.api import Kept, NewMessage
from dialogs.conversation import Conversation
from tests.support.pages import Pages, Visitor, serving


async def numbers(person: Visitor) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What `/metrics` says, parsed as Prometheus would."""
    async with person.http.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain")
        text = await answer.text()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def ask(pages: Pages, path: str) -> tuple[int, dict[str, object]]:
    """One question without cookies."""
    person = Visitor(pages)
    async with person.http.get(path) as answer:
        said = answer.status, await answer.json()
    await person.http.close()
    return said


async def test_a_bot_with_store_and_guides_is_ready(tmp_path: Path) -> None:
    """Both parts say ok."""
    async with serving(tmp_path) as pages:
        assert await ask(pages, "/readyz") == (
            200,
            {"ready": True, "checks": {"store": "ok", "content": "ok", "keys": "ok"}},
        )


async def test_without_its_store_a_bot_is_alive_and_not_ready(tmp_path: Path) -> None:
    """A restart would not help, so alive; no traffic please, so not ready. No secret is in the reason."""
    async with serving(tmp_path) as pages:
        pages.store.away = True
        assert (await ask(pages, "/healthz"))[0] == 200
        status, said = await ask(pages, "/readyz")
        assert status == 503
        assert said["ready"] is False
        assert "the disk is gone" in str(said)
        assert "hunter2" not in str(said)


async def test_a_bot_that_stops_being_ready_says_so_in_its_log(tmp_path: Path) -> None:
    """One line a change, however often it is asked, with the reason and what to do."""
    with capture_logs() as logs:
        async with serving(tmp_path) as pages:
            await ask(pages, "/readyz")
            pages.store.away = True
            await ask(pages, "/readyz")
            await ask(pages, "/readyz")
            pages.store.away = False
            await ask(pages, "/readyz")

    (line,) = [each for each in logs if each["event"] == "not_ready"]
    assert "the disk is gone" in line["checks"]["store"]
    assert "hunter2" not in str(line)
    assert line["what_to_do"]
    assert [each["event"] for each in logs if "ready" in each["event"]] == ["ready", "not_ready", "ready"]


async def test_without_guides_a_bot_is_not_ready(tmp_path: Path) -> None:
    """A bot that has nothing to say should get no visitors."""
    async with serving(tmp_path) as pages:
        pages.library = msgspec.structs.replace(pages.library, guides={})
        status, said = await ask(pages, "/readyz")
        assert (status, said["checks"]) == (
            503,
            {"store": "ok", "content": "no guide is loaded", "keys": "ok"},
        )


async def test_the_numbers_move_with_what_happens(tmp_path: Path) -> None:
    """A turn and its answer are counted, and no visitor's path or id is in a label."""
    async with serving(tmp_path) as pages, Visitor(pages) as person:
        await person.look()
        before = await numbers(person)
        await person.say("hello")
        async with person.http.get("/helpdesk/cases/HR-9999") as answer:
            assert answer.status == 404
        after = await numbers(person)
        turns = ("handrail_turn_seconds_count", (("face", "web"),))
        assert after[turns] == before.get(turns, 0) + 1
        posted = ("method", "POST"), ("route", "/chat/events"), ("status", "200")
        assert after["handrail_http_requests_total", posted] == 1
        assert after["handrail_store_up", ()] == 1
        assert ("handrail_queue_messages", (("state", "dead"),)) in after
        assert "HR-9999" not in str(after)


async def test_the_numbers_come_even_without_a_store(tmp_path: Path) -> None:
    """Monitoring goes on when it is needed most."""
    async with serving(tmp_path) as pages, Visitor(pages) as person:
        pages.store.away = True
        assert (await numbers(person))["handrail_store_up", ()] == 0


async def test_an_address_that_does_not_exist_is_counted_under_one_name(tmp_path: Path) -> None:
    """Whoever tries a thousand addresses makes one number larger, not a thousand numbers."""
    async with serving(tmp_path) as pages, Visitor(pages) as person:
        for path in ("/wp-admin", "/.env"):
            async with person.http.get(path) as answer:
                assert answer.status == 404
        found = await numbers(person)
        missing = ("method", "GET"), ("route", "unknown"), ("status", "404")
        assert found["handrail_http_requests_total", missing] == 2


async def test_a_fresh_message_is_not_due_since_1970(tmp_path: Path) -> None:
    """What waits for its first try is a moment old; an alert on old messages must not go off."""
    async with serving(tmp_path) as pages, Visitor(pages) as person:
        fresh = NewMessage(key="k", lane="l", kind="show", conversation="c", body=b"{}")
        kept = Kept(conversation=Conversation(), messages=(fresh,))
        await pages.store.turn("c", "event", lambda _stored, _address: kept)

        found = await numbers(person)

        assert found["handrail_queue_messages", (("state", "ready"),)] == 1
        assert found["handrail_queue_oldest_due_seconds", ()] < 60
