"""Logging: one JSON line an event, with nothing secret in it, whoever writes it.

Our own events (structlog) and those of libraries (the standard library's `logging`) end in the same line.
Every value passes the redactor and is capped; exceptions carry their type, their redacted message and where
they were raised, and never the objects they hold (requests, headers, variables). It must not decide what is
worth logging.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from bot.redact import clean, redact

_VALUE_LIMIT = 2_000  # characters of one value
_ITEM_LIMIT = 50  # entries of one list or mapping
_DEPTH_LIMIT = 4
_FRAME_LIMIT = 12  # the innermost ones
_CHAIN_LIMIT = 4  # causes of causes

# Libraries that write tokens, links or whole requests below WARNING.
_TALKATIVE = ("msal", "urllib3", "botbuilder", "botframework", "msrest", "azure", "aiohttp.access", "asyncpg")

# A value under such a name is a secret whatever it looks like.
_SECRET_NAME = re.compile(
    r"authorization|cookie|passw|passwd|pwd|secret|token|api[_-]?key|credential|assertion|saml|otp|^otc$|private",
    re.IGNORECASE,
)


def configure(stream: TextIO, level: str = "INFO") -> None:
    """Send all logging of this process to `stream`, one JSON object a line, from `level` on.

    Handlers that somebody else put on the root logger are taken away: what they write is not redacted.
    Libraries known to be talkative are held at WARNING, whatever `level` says. May be called again.

    Raises:
        ValueError: `level` is no name of a level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"log level {level!r} is unknown; use DEBUG, INFO, WARNING, ERROR or CRITICAL")
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exceptions,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, scrub, _line],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


def scrub(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: every value of `event` without secrets, capped, and plain enough for JSON."""
    return {_text(name): _value(name, value, 0) for name, value in event.items()}


def _value(name: object, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(name, str) and _SECRET_NAME.search(name):
        return "[removed]"
    if isinstance(value, str):
        return _text(value)
    if depth >= _DEPTH_LIMIT:
        return f"<{type(value).__name__}>"
    if isinstance(value, Mapping):
        items = list(value.items())[:_ITEM_LIMIT]
        return {_text(str(key)): _value(key, each, depth + 1) for key, each in items}
    if isinstance(value, list | tuple | set | frozenset):
        return [_value("", each, depth + 1) for each in list(value)[:_ITEM_LIMIT]]
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {_text(str(value))}"
    return _text(repr(value))


def _text(value: str) -> str:
    # the cap comes first, so that a megabyte costs no more than a line; a secret cut in half is still one
    capped = clean(value, _VALUE_LIMIT)
    return clean(redact(capped).text, _VALUE_LIMIT)


def _exceptions(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    raised = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = raised[1] if isinstance(raised, tuple) else raised
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["exception"] = _chain(error)
    return event


def _chain(error: BaseException) -> list[dict[str, Any]]:
    """The exception and what it came from, innermost frames last, without values of variables."""
    told: list[dict[str, Any]] = []
    each: BaseException | None = error
    while each is not None and len(told) < _CHAIN_LIMIT:
        frames = traceback.extract_tb(each.__traceback__)[-_FRAME_LIMIT:]
        told.append(
            {
                "type": f"{type(each).__module__}.{type(each).__qualname__}",
                "message": _text(str(each)),
                "at": [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames],
            }
        )
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return told


def _line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    # ASCII only: no line separator of any alphabet can break the line in two
    return json.dumps(event, ensure_ascii=True, separators=(",", ":"), default=str)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines, and says so without the record's content when one cannot be written."""

    def handleError(  # type: ignore[explicit-override]  # noqa: N802 - typing.override needs 3.12; its name
        self, record: logging.LogRecord
    ) -> None:
        try:
            lost = {"event": "a log line could not be written", "logger": record.name, "level": "error"}
            self.stream.write(json.dumps(lost) + self.terminator)
        except (OSError, ValueError):
            return  # the stream itself is gone: there is nowhere left to say it
