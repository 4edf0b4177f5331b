"""Short words for stories about one person and the bot: who they are, where they are, what they were told."""

from functools import cache

from dialogs.effects import ChangeCase, OpenCase, Show
from dialogs.library import Library
from dialogs.walk import Walk, walk
from tests.support import small_guides
from tests.support.player import Player

DAY = 86_400
CODE = "AADSTS1000002"
CORRELATION = "3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90"
PAGE = f"AADSTS53003 Correlation Id: {CORRELATION} Timestamp: 2026-11-22T09:41:07Z App name: SAP"


@cache
def shipped() -> Library:
    """The content that ships."""
    return small_guides.shipped()


@cache
def small() -> Library:
    """Small guides with every kind of node."""
    return small_guides.small()


def began(*said: str, library: Library | None = None, language: str = "en") -> Player:
    """Somebody who has said `said` already."""
    player = Player(library or shipped(), language=language)
    for words in said:
        player.says(words)
    return player


def place(player: Player) -> Walk:
    """Where the answers lead."""
    return walk(player.library, player.conversation.answers)


def node(player: Player) -> str:
    """The id of the node the person stands on."""
    here = place(player).node
    return here.id if here is not None else ""


def notes(player: Player) -> set[str]:
    """The keys of the short sentences that came before the last screens."""
    return {note.key for each in player.heard if isinstance(each, Show) for note in each.prompt.notes}


def said(player: Player) -> list[str]:
    """The keys of what was shown last, notices too."""
    return [each.prompt.say.key for each in player.heard if isinstance(each, Show)]


def cases(player: Player) -> list[OpenCase]:
    """All cases that were ever opened."""
    return [each for each in player.effects if isinstance(each, OpenCase)]


def changes(player: Player) -> list[ChangeCase]:
    """What the helpdesk is told by the last event."""
    return [each for each in player.heard if isinstance(each, ChangeCase)]


def handed_over() -> Player:
    """Somebody whose case is open."""
    return began(CODE, "a person please", "hand it over")


def closed() -> Player:
    """Somebody whose case was closed just now."""
    player = handed_over()
    player.resolves("Ada", "Please sign in once more.")
    return player


def at_details() -> Player:
    """Somebody who is asked to paste the page."""
    player = began("AADSTS700016", "no")
    assert node(player) == "details"
    return player
