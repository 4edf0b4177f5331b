"""The points at which a process can be told to die."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot import crash
from bot.config import Settings
from bot.errors import ConfigError

ROOT = Path(__file__).parents[2]
CALL = re.compile(r'crash\.at\("([^"]+)"\)')


def test_every_point_stands_in_the_code_and_no_other() -> None:
    """A point nobody passes would be a death that never comes, and a test that proves nothing."""
    passed = {name for path in (ROOT / "bot").rglob("*.py") for name in CALL.findall(path.read_text("utf-8"))}

    assert passed == set(crash.POINTS)


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_a_turn_can_die_at_the_same_points_on_every_store(store: str) -> None:
    """What is proven for one store is asked of the other, too."""
    passed = CALL.findall((ROOT / "bot" / "store" / f"{store}.py").read_text("utf-8"))

    assert passed == ["turn.loaded", "turn.decided", "turn.written", "turn.committed"]


def test_an_armed_process_dies_at_the_named_pass() -> None:
    """Other points do not count, and nothing is tidied up."""
    script = (
        "from bot import crash\n"
        "crash.arm('turn.decided:2')\n"
        "for number in range(3):\n"
        "    crash.at('turn.loaded')\n"
        "    print(number, flush=True)\n"
        "    crash.at('turn.decided')\n"
    )
    died = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert died.returncode == -9
    assert died.stdout == "0\n1\n"


@pytest.mark.parametrize("text", ["turn.decided", "turn.decided:0", "turn.decided:x", "nowhere:1", ":1"])
def test_a_wrong_point_is_refused_at_the_start(text: str) -> None:
    """A death that was misspelt would never come."""
    with pytest.raises(ConfigError, match=r"HANDRAIL_CRASH is .*write point:n"):
        Settings.read({"HANDRAIL_CRASH": text})


def test_who_sets_it_is_warned() -> None:
    """It has no place where people are."""
    settings = Settings.read({"HANDRAIL_CRASH": "turn.decided:2"})

    assert settings.crash == "turn.decided:2"
    assert any("for tests only" in each for each in settings.warnings)
