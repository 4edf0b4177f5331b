"""What the store keeps for ticket systems; a part of `bot.store.api.Store`.

Must not know: which systems there are, how any of them works.
"""

from typing import Protocol


class KeepsTickets(Protocol):
    """Who was asked to file a case, and how far the news of each source were read."""

    async def ask_desk(self, number: str, desk: str) -> None:
        """Write down which desk is asked to file a case, before it is: its ticket is there or nowhere."""
        ...

    async def kinds_waiting(self) -> frozenset[str]:
        """The kinds of all messages that may be claimed, now or later."""
        ...

    async def cursor(self, source: str, *, lease: float) -> str | None:
        """How far a source of news has been read, "" before the first time; None while another process reads.

        Whoever gets it is alone with it for `lease` seconds, or until `move_cursor`.
        """
        ...

    async def move_cursor(self, source: str, value: str) -> None:
        """It has been read up to there; whoever asks next goes on there."""
        ...
