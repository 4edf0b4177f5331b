"""Every text the code names by its key is in the bot's own words, in every language."""

import ast
from pathlib import Path

import pytest

from dialogs.language.load import load

ROOT = Path(__file__).parents[2]
LIBRARY, _ = load(ROOT / "content")
SOURCES = [path for folder in ("dialogs", "bot") for path in sorted((ROOT / folder).rglob("*.py"))]


def named(path: Path) -> set[str]:
    """The keys of all `Text("key")` in a module; keys put together at run time are no literals."""
    return {
        call.args[0].value
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "Text"
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


@pytest.mark.parametrize("language", LIBRARY.languages)
def test_every_text_the_code_names_is_there(language: str) -> None:
    """A missing key would show the person three dots."""
    keys = {key for path in SOURCES for key in named(path) if key}

    assert len(keys) > 10
    assert keys - LIBRARY.texts[language].keys() == set()
