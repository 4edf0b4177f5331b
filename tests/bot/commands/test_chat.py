"""`handrail chat` as it is called: a conversation over standard input and output, and nothing else there."""

import subprocess
import sys
from pathlib import Path


def chat(tmp_path: Path, *said: str, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Have a conversation; each of `said` is a line typed."""
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", "chat", *arguments],
        input="".join(f"{line}\n" for line in said),
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "COLUMNS": "120", "PYTHONUTF8": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_conversation_ends_in_a_case_that_is_shown(tmp_path: Path) -> None:
    """From the code to the hand-over in a terminal; at the end stands what the helpdesk got."""
    done = chat(tmp_path, "no", "a person please", "hand it over", ":q", arguments=("aadsts1000002",))

    assert done.returncode == 0
    assert "Did the app open after you pressed Continue?" in done.stdout
    assert "Done: HR-" in done.stdout
    assert "the helpdesk has HR-" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_nothing_but_the_conversation_is_printed(tmp_path: Path) -> None:
    """The log of a server has no place between the lines of a conversation."""
    done = chat(tmp_path, ":q", arguments=("--language", "de"))

    assert done.stdout.startswith("Type as you would in Teams.")
    assert "Was steht in der Meldung?" in done.stdout
    assert done.stderr == ""


def test_a_guide_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The guides that there are stand beside it."""
    done = chat(tmp_path, arguments=("nope",))

    assert done.returncode != 0
    assert "no guide 'nope'; there are: aadsts1000002, sign-in-error" in done.stderr
