"""No text without a reader: every key of content/texts is asked for by the code, a page or a guide."""

import re
from pathlib import Path
from typing import get_args

import pytest

from dialogs.events import Command
from dialogs.language.load import load

TOP = Path(__file__).parents[2]
LIBRARY, _ = load(TOP / "content")
READERS = "\n".join(
    path.read_text("utf-8")
    for folder, endings in (
        ("bot", {".py", ".html", ".js"}),
        ("dialogs", {".py"}),
        ("content/guides", {".yaml"}),
    )
    for path in sorted((TOP / folder).rglob("*"))
    if path.suffix in endings
)
# Groups whose keys are put together from closed lists: f"topic/{code.topic}" and the like.
COMPUTED = {
    each for each in re.findall(r"f\"([a-z-]+/(?:[a-z-]+/)?)\{", READERS) if each not in ("bot/", "button/")
}
# and in the pages: "board/acts/" ~ name
COMPUTED |= set(re.findall(r"\"([a-z-]+/[a-z-]+/)\" ~", READERS))
# Looked up as whole words: a search through everything for each key would take half a minute.
WORDS = set(re.findall(r"[\w/-]+", READERS))
QUOTED = set(re.findall(r"(?<=[\"'])[\w/-]+(?=[\"'])", READERS))
OF_WORDS = set(re.findall(r"\bwords\.(\w+)", READERS))
OWN = {key for key in LIBRARY.texts["en"] if key.split("/")[0] not in {*LIBRARY.guides, "fix"}}


def used(key: str) -> bool:
    """Whether somebody asks for this key, whole or put together."""
    group, _, name = key.partition("/")
    if key in WORDS or any(map(key.startswith, COMPUTED)):
        return True
    if group == "button":
        return name in get_args(Command)
    if (
        group == "bot" and "-" not in name
    ):  # options like "restart-yes" are put together, single words are not
        return False
    stem = name.removeprefix("status-").removeprefix("show/").removeprefix("who/")
    return stem in QUOTED | OF_WORDS


@pytest.mark.parametrize("group", sorted({key.split("/")[0] for key in OWN}))
def test_every_text_is_said_somewhere(group: str) -> None:
    """A text that nobody says is translated, checked and mended for nothing."""
    assert [key for key in sorted(OWN) if key.startswith(f"{group}/") and not used(key)] == []


def test_a_text_nobody_says_would_be_found() -> None:
    """The test can fail: words that once stood here and belong to nobody are not called used."""
    assert [key for key in ("bot/noted", "bot/status", "bot/repeat-label", "button/none") if used(key)] == []
