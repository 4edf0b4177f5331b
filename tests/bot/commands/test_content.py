"""The author's commands, run on real folders: what they print, and how they end."""

import json
import shutil
from pathlib import Path

import pytest

from bot.commands.content import check, graph, paths
from bot.errors import ContentError
from dialogs.language.load import load

SHIPPED = Path(__file__).parents[3] / "content"
DRAFT = """
guide: printer
title: The printer is stuck
draft: yes
start: solved
nodes:
  solved:
    say: Pull the paper out.
    end: solved
"""


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of the content that ships, to be broken."""
    shutil.copytree(SHIPPED, tmp_path / "content")
    return tmp_path / "content"


def test_the_content_that_ships_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    """No error in what people get; the last line counts."""
    assert check([], SHIPPED) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("warnings")


def test_an_error_is_printed_like_a_compilers_and_fails(
    content: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file as one can open it, line and column, the line itself, the mending, exit 1."""
    guide = content / "guides" / "aadsts1000002.yaml"
    lines = guide.read_text("utf-8").splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("start: "))
    lines[place] += "-x"
    guide.write_text("\n".join(lines), "utf-8")

    assert check([content], SHIPPED) == 1
    told = capsys.readouterr().out
    assert f"{guide}:{place + 1}:8: error G201: " in told
    assert "did you mean" in told


def test_only_the_file_that_was_asked_for_is_told(content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One file is checked with all others around it, and their problems are left out."""
    (content / "fixes" / "password.yaml").write_text("fixes: [x\n", "utf-8")
    fixes = content / "fixes" / "network.yaml"

    assert check([fixes], SHIPPED) == 0
    assert "password.yaml" not in capsys.readouterr().out
    assert check([content / "fixes" / "password.yaml"], SHIPPED) == 1


def test_editors_get_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every problem with code, severity, place and remedy."""
    (tmp_path / "printer.yaml").write_text(DRAFT, "utf-8")

    assert check([tmp_path / "printer.yaml"], SHIPPED, format_="json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["errors"], told["files"]) == (1, 1)
    assert told["diagnostics"][0] == {
        "code": "G307",
        "severity": "error",
        "path": str(tmp_path / "printer.yaml"),
        "line": 4,
        "col": 8,
        "length": 3,
        "message": "this guide is a draft",
        "suggestion": 'read it through, then delete "draft"',
    }


def test_a_draft_from_anywhere_passes_when_drafts_may(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `handrail import` writes is checked as if it stood in the content folder."""
    (tmp_path / "printer.yaml").write_text(DRAFT, "utf-8")

    assert check([tmp_path], SHIPPED, drafts=True) == 0
    assert capsys.readouterr().out == "1 file: 0 errors, 0 warnings\n"


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    """A typing mistake on the command line is not a clean run."""
    with pytest.raises(ContentError, match="does not exist"):
        check([tmp_path / "nothing.yaml"], SHIPPED)
    with pytest.raises(ContentError, match="no YAML"):
        check([tmp_path], SHIPPED)


def test_the_paths_of_every_guide_are_complete(capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON has exactly the promised keys, and the listed paths cover everything."""
    for guide in load(SHIPPED)[0].guides:
        assert paths(guide, SHIPPED, format_="json") == 0
        told = json.loads(capsys.readouterr().out)
        assert list(told) == ["guide", "paths", "conversations", "complete"]
        assert told["guide"] == guide
        assert told["complete"] is True
        assert told["conversations"] >= len(told["paths"]) > 0
        assert all(list(each) == ["choices", "end", "prompts"] for each in told["paths"])
        assert all(each["prompts"] <= 15 for each in told["paths"])
        assert {each["end"].partition(":")[0] for each in told["paths"]} <= {"solved", "stopped", "escalated"}


def test_a_guide_is_drawn_in_both_forms(capsys: pytest.CaptureFixture[str]) -> None:
    """Mermaid for a page, SVG for the eye."""
    assert graph("aadsts1000002", SHIPPED) == 0
    assert "flowchart TD" in capsys.readouterr().out
    assert graph("aadsts1000002", SHIPPED, format_="svg") == 0
    assert capsys.readouterr().out.startswith("<svg ")


def test_a_guide_that_is_not_there_is_answered_with_the_closest(content: Path) -> None:
    """A typing mistake is a question; a guide with errors says that it has some."""
    with pytest.raises(ContentError, match='did you mean "aadsts1000002"'):
        graph("aadsts100002", content)
    (content / "guides" / "sign-in-error.yaml").write_text("guide: sign-in-error\n", "utf-8")
    with pytest.raises(ContentError, match="has 3 errors"):
        paths("sign-in-error", content)
