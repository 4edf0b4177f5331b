"""What the helpdesk is handed: a case, as a fold over the answers, in keys and not yet in words.

It must not know who the person is in Teams, nor which ticket system there is: the shell adds both.
"""

import msgspec

from dialogs.conversation import Evidence, FileRef
from dialogs.guide import Severity
from dialogs.text import Text


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question and its answer. `text` is what the person typed, in their own words."""

    question: Text
    answers: tuple[Text, ...] = ()
    text: str | None = None
    skipped: bool = False
    at: int = 0


class FixTried(msgspec.Struct, frozen=True, kw_only=True):
    """A fix and what it came to: fixed, same, other or could-not."""

    fix: Text
    result: str
    at: int


class Checked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An automatic check and what it said. "unknown" means: could not tell, never: fine."""

    probe: str
    outcome: str
    detail: str = ""
    at: int = 0


class CaseFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything gathered, ready to be rendered for whoever reads it. Times are seconds since 1970, UTC."""

    number: str
    queue: str
    guide: str
    title: Text
    language: str  # the person's
    content: str  # the content version
    started_at: int
    opened_at: int
    codes: tuple[int, ...] = ()  # in the order they came up
    evidence: Evidence = Evidence()
    headline: Text | None = None  # the guide's own words for where it ended
    app: tuple[Text | str, ...] = ()
    device: tuple[Text | str, ...] = ()
    since: tuple[Text | str, ...] = ()
    account: tuple[Text | str, ...] = ()
    seen: tuple[Text, ...] = ()  # prompts the person saw
    asked: tuple[Asked, ...] = ()
    tried: tuple[FixTried, ...] = ()
    untried: tuple[Text, ...] = ()
    ruled_out: tuple[Text, ...] = ()
    checks: tuple[Checked, ...] = ()
    ask_next: tuple[Text, ...] = ()
    contact: str = ""  # who they say they are, where nobody vouches
    remarks: tuple[str, ...] = ()  # the person's own words
    severity: Severity = "normal"  # that it was opened with
    files: tuple[FileRef, ...] = ()  # that the person sent before
