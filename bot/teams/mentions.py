"""A message of ours that mentions somebody, so that Teams tells them.

A mention is the name between `<at>` and `</at>` in the text, and an entity that repeats it and says whose it
is. When the two differ by a sign Teams refuses the message, and it takes an ampersand in a name for something
else. So the name comes here without any sign that means something (`bot.cards.escape.title`).

Facts: "Channel and group chat conversations with a bot", Add mentions to your messages,
https://learn.microsoft.com/en-us/microsoftteams/platform/bots/how-to/conversations/channel-and-group-conversations;
https://github.com/microsoft/botbuilder-js/issues/2111. Must not know: who is mentioned, and why.
"""

from typing import Any

import msgspec


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in Teams: their id there, 29:…, and their name, in which no sign means anything."""

    user_id: str
    name: str


def mentioning(who: Mention, words: str) -> dict[str, Any]:
    """The message: the name, then the words. A client without mentions shows the name as text.

    Args:
        who: Who is mentioned.
        words: One line in which no Markdown lives: mentions are for messages with Markdown.
    """
    at = f"<at>{who.name}</at>"
    mentioned = {"id": who.user_id, "name": who.name}
    return {
        "type": "message",
        "text": f"{at}: {words}",
        "entities": [{"type": "mention", "text": at, "mentioned": mentioned}],
    }
