"""Screens as the JSON of their cards: laid out once per content version, and filled in from then on.

Most screens are the guides' own words: for everybody who comes to one it is the same card, but for the id of
the prompt, the mark of its owner, and how far they have come. Such a card is kept with places for these, and
a turn fills them. What holds somebody's own words or facts is soon forgotten: nobody else comes to it.

Must not know: how a card is laid out (`bot.cards.prompt`), how it is sent.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from bot.cards import prompt as screen
from bot.cards.elements import Element
from bot.cards.speech import Speaker
from dialogs.effects import Progress, Prompt
from dialogs.library import Library
from dialogs.text import Text

# Nobody can write these into a text: they are drawn anew with every start.
_ID: Final = f"prompt-{secrets.token_hex(16)}"
_OWNER: Final = f"owner-{secrets.token_hex(16)}"
_STEP, _ABOUT = (10**17 + secrets.randbelow(10**17) for _ in range(2))
_KEPT: Final = 1000  # cards; one has some 4 KB

_encode: Final = msgspec.json.Encoder().encode


class Card(msgspec.Struct, frozen=True):
    """A card as JSON, and its line in the notification."""

    content: msgspec.Raw
    summary: str


class Cards:
    """The cards of one content after the other."""

    def __init__(self, library: Callable[[], Library]) -> None:
        """Begin with none.

        Args:
            library: The content as it is now.
        """
        self._library = library
        self._content: Library | None = None
        self._kept: OrderedDict[tuple[bytes, str, str, str], Card] = OrderedDict()

    def shown(self, prompt: Prompt, language: str, zone: str, *, execute: bool, owner: str = "") -> Card:
        """A screen to be answered.

        Args:
            prompt: What to show.
            language: The reader's, as a tag.
            zone: The reader's IANA time zone, or "".
            execute: Whether the client knows Action.Execute.
            owner: See `bot.cards.prompt.card`.
        """

        def laid_out(prompt: Prompt, speaker: Speaker) -> Element:
            return screen.card(prompt, speaker, execute=execute, owner=_OWNER if owner else "")

        card = self._card(laid_out, prompt, language, zone, f"{execute}/{bool(owner)}")
        return _filled(card, prompt, owner)

    def retired(self, prompt: Prompt, picked: Sequence[Text | str], language: str, zone: str) -> Card:
        """The same screen once it is answered, with what was picked."""

        def laid_out(prompt: Prompt, speaker: Speaker) -> Element:
            return screen.retired(prompt, speaker, picked)

        return _filled(self._card(laid_out, prompt, language, zone, "", picked), prompt)

    def _card(
        self,
        laid_out: Callable[[Prompt, Speaker], Element],
        prompt: Prompt,
        language: str,
        zone: str,
        form: str,
        picked: Sequence[Text | str] | None = None,
    ) -> Card:
        library = self._library()
        if library is not self._content:
            self._content = library
            self._kept.clear()
        progress = prompt.progress and Progress(step=_STEP, about=_ABOUT)
        prompt = msgspec.structs.replace(prompt, id=_ID, progress=progress)
        same = _encode((prompt, picked)), language, zone, form
        card = self._kept.get(same)
        if card is None:
            speaker = Speaker(library, language, zone)
            card = Card(msgspec.Raw(_encode(laid_out(prompt, speaker))), screen.summary(prompt, speaker))
            self._kept[same] = card
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(same)
        return card


def _filled(card: Card, prompt: Prompt, owner: str = "") -> Card:
    """The card of this very prompt."""
    filled = bytes(card.content).replace(_ID.encode(), _inside(prompt.id))
    if prompt.progress is not None:
        filled = filled.replace(b"%d" % _STEP, b"%d" % prompt.progress.step)
        filled = filled.replace(b"%d" % _ABOUT, b"%d" % prompt.progress.about)
    if owner:
        filled = filled.replace(_OWNER.encode(), _inside(owner))
    return Card(msgspec.Raw(filled), card.summary)


def _inside(words: str) -> bytes:
    """Words as they stand inside of a JSON string."""
    return _encode(words)[1:-1]
