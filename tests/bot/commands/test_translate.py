"""`handrail translate`: what it prints is a translation as soon as it is filled in."""

import re
import shutil
from pathlib import Path

import pytest

from bot.commands.translate import translate
from bot.errors import ContentError
from dialogs.language.load import load

SHIPPED = Path(__file__).parents[3] / "content"
GUIDE = "aadsts1000002"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of the content that ships, without this guide's German."""
    shutil.copytree(SHIPPED, tmp_path / "content")
    (tmp_path / "content" / "guides" / f"{GUIDE}.de.yaml").unlink()
    return tmp_path / "content"


def problems(content: Path) -> list[str]:
    """What is wrong with the German of the guide."""
    return [str(each) for each in load(content)[1] if each.path == f"guides/{GUIDE}.de.yaml"]


def filled(printed: str) -> str:
    """Every empty place filled in, with the places that the English has."""
    lines, english = [], ""
    for line in printed.splitlines():
        if line.startswith("    en:"):
            english = ""
        english += line
        places = " ".join(sorted(set(re.findall(r"\{\w+\}", english))))
        lines.append(f"{line} 'Auf Deutsch {places}'" if line == "    de:" else line)
    return "\n".join(lines) + "\n"


def test_a_whole_file_where_there_is_none(content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the guide's order; filled in, the check has nothing to say of it."""
    beside = content / "guides" / f"{GUIDE}.de.yaml"
    assert translate(GUIDE, "de", content) == 0
    printed = capsys.readouterr()
    assert str(beside) in printed.err
    asked = [line.strip().rstrip(":") for line in printed.out.splitlines() if line.startswith("  d")]
    assert asked[:3] == ["did-it-open", "did-it-open/more", "did-it-open/works"]

    beside.write_text(filled(printed.out), "utf-8")
    assert problems(content) == []


def test_only_what_is_missing_where_there_is_one(content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To be put below what is there; nothing more once it is whole."""
    beside = content / "guides" / f"{GUIDE}.de.yaml"
    translate(GUIDE, "de", content)
    whole = filled(capsys.readouterr().out)
    head, gap, rest = whole.partition("  did-it-open/works:\n")
    entry, after = gap + "".join(rest.splitlines(keepends=True)[:2]), rest.splitlines(keepends=True)[2:]
    beside.write_text(head + "".join(after), "utf-8")

    assert translate(GUIDE, "de", content) == 0
    printed = capsys.readouterr()
    assert printed.out == "texts:\n  did-it-open/works:\n    en: It works now\n    de:\n"
    beside.write_text(head + "".join(after) + entry, "utf-8")
    assert problems(content) == []
    assert translate(GUIDE, "de", content) == 0
    assert capsys.readouterr().out == ""


def test_what_cannot_be_translated_is_said(content: Path) -> None:
    """A guide that is not there or cannot be read, and the language it is written in."""
    with pytest.raises(ContentError, match='did you mean "aadsts1000002"'):
        translate("aadsts100002", "de", content)
    with pytest.raises(ContentError, match="written in English"):
        translate(GUIDE, "en", content)
    (content / "guides" / f"{GUIDE}.yaml").write_text("guide: [", "utf-8")
    with pytest.raises(ContentError, match="has"):
        translate(GUIDE, "de", content)
