"""`handrail chat` as it is called: a conversation over standard input and output, and nothing else there."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

from tests.language.test_first_steps import CONTENT, smallest
from tests.support.processes import HANDRAIL, environment


def chat(
    tmp_path: Path, *said: str, arguments: tuple[str, ...] = (), **env: str
) -> subprocess.CompletedProcess[str]:
    """Have a conversation; each of `said` is a line typed."""
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", "chat", *arguments],
        input="".join(f"{line}\n" for line in said),
        env={**env, "PYTHONPATH": str(Path(__file__).parents[3]), "COLUMNS": "120", "PYTHONUTF8": "1"},
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


def test_a_guide_without_a_code_is_begun_by_its_words(tmp_path: Path) -> None:
    """The one of the manual, beside those that ship; a draft is played, too."""
    shutil.copytree(CONTENT, tmp_path / "content")
    guide = smallest().replace("start:", "draft: yes\nstart:", 1)
    (tmp_path / "content" / "guides" / "printer.yaml").write_text(guide, "utf-8")
    done = chat(tmp_path, ":q", arguments=("printer",), HANDRAIL_CONTENT="content")

    assert "Is the green light on?" in done.stdout, done.stderr


async def test_what_is_saved_meanwhile_is_told_between_the_lines(tmp_path: Path) -> None:
    """That it is live; or what is wrong with it, as the check says it, and what people get until then."""
    folder = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    env = environment(HANDRAIL_CONTENT=str(folder), COLUMNS="200", PYTHONUTF8="1")
    process = await asyncio.create_subprocess_exec(
        HANDRAIL, "chat", env=env, cwd=tmp_path, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    said = b""
    async with asyncio.timeout(60):
        for text, awaited in ((smallest(), b"What you saved is live."), ("guide: [", b"stay in use.")):
            while b"> " not in said:
                said += await process.stdout.read(1000)
            said = b""
            (folder / "guides" / "printer.yaml").write_text(text, "utf-8")
            while awaited not in said:
                said += await process.stdout.read(1000)
    process.stdin.close()
    await process.wait()

    assert b"guides/printer.yaml:1:" in said
    assert b"\n  = put quotes around all of them" in said
    assert b'{"' not in said


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
