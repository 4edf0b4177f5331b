"""What an author meets first: the smallest guide of the manual, and the first mistake in it."""

import re
from pathlib import Path

from dialogs.language import compile as compile_content
from dialogs.language.diagnostics import Severity
from dialogs.language.load import read_folder

CONTENT = Path(__file__).parents[2] / "content"
SHIPPED, _ = read_folder(CONTENT)
MANUAL = (CONTENT / "README.md").read_text("utf-8")


def smallest() -> str:
    """The smallest guide, as the manual prints it."""
    found = re.search(r"^## The smallest guide\n\n```yaml\n(.*?)^```", MANUAL, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def test_the_smallest_guide_passes_as_it_is_printed() -> None:
    """Beside the shipped content it can be played, and the one warning is about its missing German."""
    library, found = compile_content({**SHIPPED, "guides/printer.yaml": smallest()})

    assert [(each.code, each.severity) for each in found] == [("G402", Severity.WARNING)]
    assert "guides/printer.de.yaml" in found[0].message
    assert "printer" in library.guides


def test_a_guide_that_cannot_be_read_is_the_only_news() -> None:
    """The fixes it offered are not called unused while nobody knows what it offers."""
    broken = {name: "guide: [" if name.startswith("guides/") else text for name, text in SHIPPED.items()}

    codes = {each.code for each in compile_content(broken)[1]}

    assert "G504" not in codes
    assert any(code.startswith("G0") for code in codes)
