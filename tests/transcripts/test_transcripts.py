"""Golden conversations: each file beside this one is played and has to come out word for word.

The lines of `person:` and `helpdesk:` are played: plain words are typed, `(Label; Label)` is pressed,
`<back>` is a small button. `make transcripts` writes what comes out today; the diff is for people to read.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dialogs.conversation import Conversation
from dialogs.language.load import load
from dialogs.library import Library
from tests.support.player import Player, as_is, saved_and_loaded

HERE = Path(__file__).parent
STORIES = sorted(HERE.glob("*.txt"))
_CLOSES = re.compile(r"(?P<by>.+) closes it: (?P<note>.*)")
_ASKS = re.compile(r"(?P<by>.+) asks: (?P<text>.*)")


@pytest.fixture(scope="session")
def library() -> Library:
    """The content that ships."""
    return load(HERE.parent.parent / "content")[0]


def play(player: Player, line: str) -> None:
    """One line of a story."""
    who, _, words = line.partition(":")
    words = words.strip()
    if who == "helpdesk":
        closes = _CLOSES.fullmatch(words)
        asks = _ASKS.fullmatch(words)
        if asks:
            player.asks_back(asks["by"], asks["text"])
        elif closes:
            player.resolves(closes["by"], closes["note"])
        else:
            player.claims(words.removesuffix(" claims it"))
    elif words.startswith("(") and words.endswith(")"):
        player.picks(*(label.strip() for label in words[1:-1].split(";")))
    elif words.startswith("<") and words.endswith(">"):
        player.presses(words[1:-1])  # type: ignore[arg-type]  # a story names commands
    else:
        player.says(words)


@pytest.mark.parametrize("keep", [as_is, saved_and_loaded])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_a_conversation_reads_as_it_was_agreed(
    library: Library, story: Path, keep: Callable[[Conversation], Conversation]
) -> None:
    """The same words come out, straight and with save and load between turns."""
    told = story.read_text(encoding="utf-8")
    title, _, _ = told.partition("\n")
    language = "de" if story.stem.endswith(".de") else "en"
    player = Player(library, language=language, keep=keep)
    for line in told.splitlines():
        if re.match(r"(person|helpdesk):", line):
            play(player, line)
    played = f"{title}\n\n{player.transcript}"

    if os.environ.get("UPDATE_TRANSCRIPTS"):
        story.write_text(played, encoding="utf-8")

    assert played == story.read_text(encoding="utf-8")


def test_every_guide_has_a_story(library: Library) -> None:
    """A guide without a conversation that people have read is not finished."""
    told = "\n".join(story.read_text(encoding="utf-8") for story in STORIES)
    untold = [
        guide.id
        for guide in library.guides.values()
        if library.words(guide.nodes[guide.start].say, "en").split("\n")[0].split("{")[0].strip() not in told
    ]

    assert untold == []
