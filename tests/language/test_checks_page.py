"""content/CHECKS.md is true: every example yields the printed message, and every mending mends it."""

import re
from pathlib import Path

import msgspec
import pytest

from dialogs.language import compile as compile_content
from dialogs.language.diagnostics import CODES, printed

PAGE = (Path(__file__).parents[2] / "content" / "CHECKS.md").read_text("utf-8")
# Too large, too odd or too dependent on the disk for a page; tests beside this one show them.
WITHOUT_EXAMPLE = {"G001", "G002", "G004", "G114", "G205", "G218", "G220", "G505"}


class Section(msgspec.Struct):
    """One section of the page."""

    code: str
    title: str
    files: dict[str, str]
    message: str
    removed: str
    added: str


def sections() -> list[Section]:
    """All sections of the page."""
    found = []
    parts = re.split(r"^## (G\d{3}): (.*)\n", PAGE, flags=re.MULTILINE)[1:]
    for code, title, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        files = {
            path: f"{text}\n" for path, text in re.findall(r"`(\S+)`\n\n```yaml\n(.*?)\n```", body, re.DOTALL)
        }
        message = re.search(r"```text\n(.*?)\n```", body, re.DOTALL)
        change = re.search(r"```diff\n(.*?)\n```", body, re.DOTALL)
        lines = change.group(1).splitlines() if change else []
        removed = "".join(f"{line[1:]}\n" for line in lines if line.startswith("-"))
        added = "".join(f"{line[1:]}\n" for line in lines if line.startswith("+"))
        found.append(Section(code, title, files, message.group(1) if message else "", removed, added))
    return found


EXAMPLES = [each for each in sections() if each.files]


def test_every_code_has_its_section() -> None:
    """No code without a section, none that does not exist, all in order and under their own names."""
    assert {each.code: each.title for each in sections()} == dict(CODES)
    assert [each.code for each in sections()] == sorted(CODES)
    assert {each.code for each in sections() if not each.files} == WITHOUT_EXAMPLE


@pytest.mark.parametrize("section", EXAMPLES, ids=lambda each: each.code)
def test_the_example_yields_the_message(section: Section) -> None:
    """What the page says is printed is what is printed."""
    _, found = compile_content(section.files)

    assert "\n".join(printed(each, section.files[each.path]) for each in found) == section.message
    assert section.code in {each.code for each in found}


@pytest.mark.parametrize("section", [each for each in EXAMPLES if each.removed], ids=lambda each: each.code)
def test_the_mending_mends_it(section: Section) -> None:
    """After the change the code is gone, and no error came in its place."""
    (path,) = [path for path, text in section.files.items() if section.removed in text]
    mended = {**section.files, path: section.files[path].replace(section.removed, section.added, 1)}
    _, found = compile_content(mended)

    assert [str(each) for each in found if each.code == section.code or each.severity == "error"] == []
