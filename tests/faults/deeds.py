"""What people and the helpdesk did and got acknowledged: the claims that the books are held against.

Must not know: how they did it, what the bots have made of it.
"""

import msgspec


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """An event that was acknowledged. `event` is its id if something was said, "" for a press."""

    conversation: str
    event: str = ""


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """What was done with a case and acknowledged. `what` is as in the case's log."""

    case: str
    conversation: str  # of its person
    what: str
    words: str = ""


class SentFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was acknowledged. Its name is in the run once; `digest` is of its content."""

    conversation: str
    name: str
    digest: str


class Deeds(msgspec.Struct, kw_only=True):
    """All that was acknowledged, in order.

    Attributes:
        claims: Every event.
        spoken: What of that was said between a person and the helpdesk, or done with a case.
        files: What of that were files.
        ended: As what each session has ended that has: solved, stopped or escalated.
        stuck: Who waits for what does not come.
    """

    claims: list[Claim] = msgspec.field(default_factory=list)
    spoken: list[Spoken] = msgspec.field(default_factory=list)
    files: list[SentFile] = msgspec.field(default_factory=list)
    ended: list[str] = msgspec.field(default_factory=list)
    stuck: list[str] = msgspec.field(default_factory=list)


class StuckError(AssertionError):
    """Somebody waits for what does not come."""
