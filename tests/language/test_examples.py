"""Guides beside this file: good ones compile clean, bad ones yield exactly what is written down.

A bad guide has a file `.expected` with every problem as it is printed. To write one anew, run this test with
HANDRAIL_WRITE_EXPECTED=1 and read the difference.
"""

import os
from pathlib import Path

import pytest

from dialogs.language import compile as compile_content
from dialogs.language.diagnostics import CODES, Diagnostic, lines_of, printed
from dialogs.language.load import read_folder
from dialogs.library import Library

HERE = Path(__file__).parent
GOOD = sorted((HERE / "good").glob("*.yaml"))
BAD = sorted((HERE / "bad").glob("*.yaml"))
BASE, _ = read_folder(HERE / "base")


def compiled(path: Path) -> tuple[Library, list[Diagnostic], str]:
    """The library with this guide and the shared base, the guide's own problems, and its text."""
    text, name = path.read_text("utf-8"), f"guides/{path.name}"
    library, found = compile_content({**BASE, name: text})
    return library, [each for each in found if each.path == name], text


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_guide_compiles_clean(path: Path) -> None:
    """Not one problem, and the guide is in the library."""
    library, found, text = compiled(path)

    assert [printed(each, text) for each in found] == []
    assert path.stem in library.guides


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_guide_yields_exactly_what_is_written_down(path: Path) -> None:
    """Every problem of the file at once, word for word, each at a place that exists."""
    library, found, text = compiled(path)
    told = "\n".join(printed(each, text) for each in found) + "\n"
    expected = path.with_suffix(".expected")
    if os.environ.get("HANDRAIL_WRITE_EXPECTED"):
        expected.write_text(told, "utf-8")

    assert told == expected.read_text("utf-8")
    lines = lines_of(text)
    for each in found:
        assert each.code in CODES
        assert 1 <= each.line <= len(lines)
        assert 1 <= each.col <= len(lines[each.line - 1]) + 1
    assert path.stem not in library.guides or all(each.code in ("G218", "G219", "G302") for each in found)


def test_the_shared_base_is_sound() -> None:
    """What the examples stand on has no problem of its own but fixes nobody uses."""
    _, found = compile_content(BASE)

    assert {each.code for each in found} <= {"G504"}
