"""Every failure that an operator can mend has one line in the log, and the line says what to do."""

import ast
import re
from pathlib import Path

import pytest

from bot.logs import scrub

ROOT = Path(__file__).parents[2]
ROOMS = (
    *sorted((ROOT / "bot" / "outbox").glob("*.py")),
    *sorted((ROOT / "bot" / "store").glob("*.py")),
    *(ROOT / "bot" / each for each in ("control.py", "teams/keys.py", "teams/tokens.py", "web/health.py")),
)
WITH_A_REMEDY = {
    "bot_token_not_fetched",
    "control_socket_not_open",
    "delivery_broken",
    "parked_given_up",
    "follow_up_broken",
    "lease_not_handed_back",
    "listener_broken",
    "message_dead",
    "message_parked",
    "nobody_heard_of_it",
    "not_ready",
    "outbox_broken",
    "outbox_waits",
    "signing_keys_not_fetched",
    "the database did not close cleanly",
    "the store is in trouble",
}


def lines() -> list[tuple[str, str, dict[str, ast.expr]]]:
    """Level, event and values of every line that these rooms write."""
    found = []
    for path in ROOMS:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="_log"), attr=level),
                    args=[ast.Constant(value=str(event)), *_],
                    keywords=values,
                ):
                    found.append((level, event, {each.arg or "": each.value for each in values}))
    return found


LINES = lines()
TROUBLE = [line for line in LINES if line[0] in {"warning", "error", "exception", "critical"}]


@pytest.mark.parametrize("line", TROUBLE, ids=lambda line: line[1])
def test_a_line_of_trouble_says_what_to_do(line: tuple[str, str, dict[str, ast.expr]]) -> None:
    """Whoever is woken by it need not read the source."""
    assert "what_to_do" in line[2]


def test_the_list_of_lines_with_a_remedy_is_whole() -> None:
    """A new one is put on the list, and one that has gone is taken off."""
    assert {event for _, event, values in LINES if "what_to_do" in values} == WITH_A_REMEDY


def test_a_remedy_arrives_as_it_was_written() -> None:
    """The redactor cuts nothing out of it: no remedy looks like a secret."""
    source = "\n".join(path.read_text("utf-8") for path in ROOMS)
    written = [
        part
        for part in re.findall(r'f?"([^"\n]{20,})"', source)
        if re.search(r"`handrail|handrail outbox|mend|see that|see whether|report this", part)
    ]

    assert len(written) > 8
    for text in written:
        assert scrub(None, "", {"what_to_do": text}) == {"what_to_do": text}


def test_a_dead_message_names_the_command_that_shows_it() -> None:
    """The first thing to do about it is to look."""
    (values,) = [values for _, event, values in LINES if event == "message_dead"]

    assert "_look(message)" in ast.unparse(values["what_to_do"])
    assert "handrail outbox show" in (ROOT / "bot" / "outbox" / "dispatcher.py").read_text("utf-8")
