"""The operator's manual names the permissions that the checks need, and no other."""

import re
from pathlib import Path

from bot.probes import account_state, device_state, service_health, sign_in_log, sign_ins
from bot.probes.graph import LIMIT
from dialogs.probes import PROBES
from tests.support.graph import EVERYTHING

MANUAL = (Path(__file__).parents[3] / "deployment" / "README.md").read_text("utf-8")
SECTION = MANUAL.split("\n## Automatic checks\n")[1].split("\n## ")[0]
NEEDED = {
    service_health.PERMISSION,
    sign_ins.PERMISSION,
    sign_in_log.POLICY_PERMISSION,
    account_state.PERMISSION,
    device_state.PERMISSION,
}


def test_the_table_has_every_check_and_every_permission() -> None:
    """Who grants by the table grants enough, and not more."""
    rows = [line.split(" | ") for line in SECTION.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`([a-z-]+)`", row[0])} == set(PROBES)
    assert {name for row in rows for name in re.findall(r"`([\w.]+)`", row[1])} == NEEDED


def test_the_commands_grant_what_the_table_says() -> None:
    """The loop has the same names, and so has the Graph that these tests play."""
    [names] = re.findall(r"^for NAME in (.+); do$", SECTION, re.MULTILINE)
    assert set(names.split()) == NEEDED == EVERYTHING


def test_the_time_in_the_manual_is_the_checks_own() -> None:
    """A promise in a document and a constant are the same."""
    assert {6.0: "within six seconds"}[LIMIT] in " ".join(SECTION.split())
