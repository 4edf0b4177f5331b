"""What stands behind `handrail extract` and `handrail redact`: anything pasted in, the answer out.

It must not know how the command line is parsed: it is given streams.
"""

import codecs
from typing import BinaryIO

import msgspec

from bot.redact import redact
from dialogs.extract import extract

_FIELDS = ("correlation_id", "request_id", "trace_id", "timestamp", "app_id", "app_name")
# A Windows shell pipes text as UTF-16; the longer mark comes first.
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def run_extract(source: BinaryIO, sink: BinaryIO) -> None:
    """Read a paste from `source` and write one line of JSON to `sink`: codes, ids, time and app."""
    evidence = extract(_decoded(source.read()))
    found: dict[str, object] = {"codes": evidence.codes}
    found.update({field: getattr(evidence, field) for field in _FIELDS})
    sink.write(msgspec.json.encode(found) + b"\n")
    sink.flush()


def run_redact(source: BinaryIO, sink: BinaryIO) -> None:
    """Copy text from `source` to `sink` with its secrets cut out, in UTF-8."""
    sink.write(redact(_decoded(source.read())).text.encode(errors="replace"))
    sink.flush()


def _decoded(raw: bytes) -> str:
    """The text, whatever shell sent it; bytes that are no text become replacement characters."""
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")
    return raw.decode(encoding, errors="replace")
