"""Ticket desks by name, and the kinds of the outbox messages to them: each desk has pools of its own.

`ticket` is for the desk of the environment, as it was before there were others. `ticket/security` is for the
desk "security", and `ticket/?` for whichever the case belongs to, which is looked up when it is taken out.
Versions that know of one desk leave the latter two alone. Must not know: which desks there are, what they do.
"""

from typing import Final

MAIN: Final = "default"
"""The desk that the environment names. No other one may be called so."""

KINDS: Final = frozenset({"ticket", "ticket-update", "ticket-file"})
"""Kinds of messages to a ticket desk."""

_UNSORTED: Final = "?"


def kind_for(kind: str, desk: str) -> str:
    """The kind of a message to this desk: of what it is for, and where it goes."""
    return base(kind) if desk == MAIN else f"{base(kind)}/{desk}"


def unsorted(kind: str) -> str:
    """The kind of a message whose desk is still to be looked up; of one to no desk its own."""
    return kind_for(kind, _UNSORTED) if kind in KINDS else kind


def base(kind: str) -> str:
    """What a message is for, whichever desk it goes to."""
    return kind.partition("/")[0]
