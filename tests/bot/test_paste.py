import json
from io import BytesIO

import pytest

from bot.commands.paste import run_extract, run_redact


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_command_answers_with_exactly_its_fields(encoding: str) -> None:
    """`handrail extract`: one line of JSON, null where nothing was found, whatever the shell's encoding."""
    answer = BytesIO()
    run_extract(BytesIO("AADSTS50076 für Korrelations-ID".encode(encoding)), answer)
    assert json.loads(answer.getvalue()) == {
        "codes": [50076], "correlation_id": None, "request_id": None, "trace_id": None, "timestamp": None,
        "app_id": None, "app_name": None,
    }  # fmt: skip


def test_the_redact_command_copies_all_but_secrets() -> None:
    """`handrail redact`: bytes that are no text do not stop it."""
    answer = BytesIO()
    run_redact(BytesIO("Passwort: Geheim1!\nAADSTS50126 ü".encode() + b"\xff"), answer)
    assert (
        answer.getvalue().decode() == "Passwort: [removed: password]\nAADSTS50126 ü\N{REPLACEMENT CHARACTER}"
    )
