"""How long what nobody needs any more is kept, by every store.

Conversations and cases are not touched, nor the files of a case.
"""

from typing import Final

import msgspec

_DAY: Final = 86_400.0

PRUNE_EVERY: Final = 3_600.0  # seconds
GIVEN_UP: Final = "nobody came back for them; what they were: handrail outbox list --state dead"
PORTION: Final = 500  # rows deleted in one transaction, so that turns need not wait


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How long what nobody needs is kept, in seconds.

    Attributes:
        events: Ids of events; Teams repeats within minutes.
        messages: Done and dead messages without a receipt.
        receipts: Done messages with one: old cards are drawn again with their help.
        parked: Messages, since they were written, for somebody out of reach; then they are dead.
        unfetched: Files in which there is nothing yet: their links run out much sooner.
        files: Files that were never handed over.
    """

    events: float = 8 * _DAY
    messages: float = 14 * _DAY
    receipts: float = 90 * _DAY
    parked: float = 14 * _DAY
    unfetched: float = _DAY
    files: float = 30 * _DAY

    def ages(self) -> tuple[tuple[str, float], ...]:
        """The queries that prune, each with the age in seconds from which on it does.

        Event ids go last to first needed: a message is never forgotten before its event.
        """
        return (
            ("bury_parked", self.parked),
            ("prune_taken", self.events),
            ("prune_settled", max(self.messages, self.events)),
            ("prune_receipts", max(self.receipts, self.events)),
            ("prune_unfetched", self.unfetched),
            ("prune_files", self.files),
        )
