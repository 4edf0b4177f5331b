"""A kept line of the transcript in one reader's words, for the chat page and for the board.

It must not know HTML, HTTP or who reads.
"""

from typing import Any, Final

import msgspec

from bot.cards import view
from bot.cards.speech import Speaker
from bot.store.api import Line
from dialogs.effects import Hear, Prompt

_PROMPT: Final = msgspec.json.Decoder(Prompt)
_HEAR: Final = msgspec.json.Decoder(Hear)


def spoken(line: Line, speaker: Speaker) -> dict[str, Any]:
    """The line as plain data.

    Returns:
        `seq`, `who` (person, bot, helpdesk), `at` (seconds since 1970, UTC), `session`, `screen` (see
        `bot.cards.view.view`; None for people) and `say`, the words of people in one piece.
    """
    said: dict[str, Any] = {"seq": line.seq, "who": line.who, "at": line.at, "session": line.session}
    if line.who == "bot":
        return {**said, "screen": view.view(_PROMPT.decode(line.body), speaker), "say": ""}
    words = view.spoken(_HEAR.decode(line.body).words, speaker)
    return {**said, "screen": None, "say": words["say"]}
