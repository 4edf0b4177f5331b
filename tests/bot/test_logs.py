import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.logs import configure, scrub

TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.abc_DEF-123"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Where all logging of this test goes; afterwards logging is as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    configure(stream, "DEBUG")
    yield stream
    structlog.reset_defaults()
    root.handlers[:], level = before
    root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    """What was logged, each line parsed by itself."""
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_time_level_and_name(log: io.StringIO) -> None:
    """Our own events carry what a log reader sorts by."""
    structlog.get_logger("bot.turn").info("turn", took_ms=12)
    [line] = lines(log)
    assert line["event"] == "turn"
    assert line["took_ms"] == 12
    assert (line["level"], line["logger"]) == ("info", "bot.turn")
    assert line["timestamp"].endswith("Z")


def test_a_librarys_line_looks_the_same(log: io.StringIO) -> None:
    """What the standard library's logging says is filled in, redacted and one line as well."""
    logging.getLogger("some.library").warning("got %s\nfrom %s", TOKEN, "there")
    [line] = lines(log)
    assert line["event"] == "got [removed: token]\nfrom there"
    assert line["level"] == "warning"


def test_secrets_do_not_reach_the_log_by_value_or_by_name(log: io.StringIO) -> None:
    """Nested values are searched, and a value under a telling name is dropped whatever it looks like."""
    structlog.get_logger().info(
        "call", body={"text": "my password is Hunter2!"}, headers={"Authorization": "x9", "n": 1}
    )
    [line] = lines(log)
    assert line["body"] == {"text": "my password is [removed: password]"}
    assert line["headers"] == {"Authorization": "[removed]", "n": 1}
    assert "Hunter2" not in log.getvalue()


async def test_an_exception_carries_no_request_headers(log: io.StringIO) -> None:
    """An HTTP error holds the request with its token; the log gets type, message and place only."""

    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=403)

    app = web.Application()
    app.router.add_get("/", refuse)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        url = server.make_url("/").with_query(client_secret="s3cr3t-value")
        async with session.get(url, headers=headers) as answer:
            try:
                answer.raise_for_status()
            except aiohttp.ClientResponseError:
                structlog.get_logger().exception("refused")
    refused = next(line for line in lines(log) if line["event"] == "refused")
    assert refused["exception"][0]["type"].endswith("ClientResponseError")
    assert any("test_logs.py" in place for place in refused["exception"][0]["at"])
    assert "eyJ" not in log.getvalue()
    assert "s3cr3t" not in log.getvalue()


def test_a_cause_is_told_too(log: io.StringIO) -> None:
    """An error raised from another shows both."""

    def settle() -> None:
        try:
            dict[str, str]()["inner"]
        except KeyError as inner:
            raise ValueError("outer pw: Hunter2!") from inner

    try:
        settle()
    except ValueError:
        logging.getLogger("x").exception("failed")
    [line] = lines(log)
    assert [each["type"] for each in line["exception"]] == ["builtins.ValueError", "builtins.KeyError"]
    assert line["exception"][0]["message"] == "outer pw: [removed: password]"


@pytest.mark.parametrize(
    "name", ["msal.application", "urllib3.connectionpool", "botbuilder.core", "aiohttp.access"]
)
def test_talkative_libraries_are_held_at_warning(log: io.StringIO, name: str) -> None:
    """Even at DEBUG they say nothing below WARNING, where they print tokens and links."""
    logging.getLogger(name).info("chatter")
    logging.getLogger(name).warning("trouble")
    assert [line["event"] for line in lines(log)] == ["trouble"]


@given(st.text(), st.text())
@settings(max_examples=60)
def test_no_text_breaks_a_line_in_two(one: str, other: str) -> None:
    """Line breaks of any alphabet stay inside one JSON line, and reading it gives the same again."""
    hostile = f"{one}\r\n\u2028\x85{other}"
    event = scrub(None, "info", {"event": hostile, hostile: 1})
    line = json.dumps(event)
    assert len(line.splitlines()) == 1
    assert json.loads(line) == event


def test_a_megabyte_becomes_a_short_line(log: io.StringIO) -> None:
    """A value is capped and says so."""
    structlog.get_logger().info("x" * 1_000_000)
    [line] = lines(log)
    assert len(line["event"]) <= 2_000
    assert line["event"].endswith("[shortened]")


def test_a_line_that_cannot_be_written_is_reported_without_its_content(log: io.StringIO) -> None:
    """A wrong format string costs the line and not the secret in its arguments."""
    configure(log, "DEBUG")  # pytest's own handlers raise on such a line
    logging.getLogger("careless").error("%d", TOKEN)
    [line] = lines(log)
    assert line == {"event": "a log line could not be written", "logger": "careless", "level": "error"}


def test_configuring_twice_does_not_double_lines(log: io.StringIO) -> None:
    """The second stream takes over."""
    second = io.StringIO()
    configure(second, "info")
    logging.getLogger("x").info("once")
    assert len(lines(second)) == 1
    assert log.getvalue() == ""


def test_an_unknown_level_is_refused() -> None:
    """The error names the value and the remedy."""
    with pytest.raises(ValueError, match="'LOUD' is unknown; use DEBUG"):
        configure(io.StringIO(), "LOUD")
