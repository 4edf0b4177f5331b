"""The benchmark itself runs: a short round of a Handrail and the floor, as a process. No figure is judged."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.picture import picture
from tests.bench.results import Report

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="what a process costs is read from /proc")
def test_a_short_round_comes_to_its_end(tmp_path: Path) -> None:
    """Both have taken turns, none failed, and there is something to draw."""
    kept = tmp_path / "quick.json"
    command = [sys.executable, "-m", "tests.bench", "--quick", "--into", str(kept)]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = Report.read(kept)
    assert {each.contestant for each in report.runs} == {"sqlite", "floor-fast"}
    for run in report.runs:
        assert run.failed == {}
        assert run.measured is not None
        assert run.measured.turns > 0
        assert run.measured.alone_turns > 0
    assert "Handrail on SQLite" in picture(report)
