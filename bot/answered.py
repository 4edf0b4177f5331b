"""The card that a pressed button gets back at once: its screen, with what was picked, nothing to press.

Must not know: Teams, what the turn decided.
"""

from typing import Final

import msgspec

from bot.cards.prepared import Cards
from bot.store.api import Store
from bot.written import show_key
from dialogs.effects import Retire, Show

_show: Final = msgspec.json.Decoder(Show)
_retire: Final = msgspec.json.Decoder(Retire)


async def answered_card(
    store: Store, cards: Cards, conversation: str, zone: str, reply: bytes
) -> msgspec.Raw | None:
    """The card as JSON; None when there is none to be put in the place of the pressed one.

    Args:
        store: Where the screen was kept.
        cards: Screens as cards.
        conversation: The key of the conversation.
        zone: The reader's IANA time zone, or "".
        reply: What the turn left for its sender.
    """
    if not reply:
        return None
    retired = _retire.decode(reply)
    shown = await store.message(show_key(conversation, retired.prompt))
    reader = await store.audience(conversation)
    if shown is None or reader is None:
        return None
    prompt = _show.decode(shown.body).prompt
    return cards.retired(prompt, retired.picked, reader.language, zone).content
