"""The parts of a guide: what a node can be, and nothing about where it was read from.

A guide is a graph of nodes without circles. A node says something and then does one thing. Texts are
keys; `dialogs.library` turns a key into words in a reader's language. Everything here is frozen data:
no parsing (that is `dialogs.language`), no position in a conversation (that is `dialogs.walk`).
"""

from typing import Literal, TypeAlias

import msgspec

GuideId: TypeAlias = str
NodeId: TypeAlias = str
ChoiceId: TypeAlias = str
FixId: TypeAlias = str
TextKey: TypeAlias = str

# Subjects a condition may name besides nodes: they are read from what the person pasted, through codes.yaml.
EVIDENCE_SUBJECTS = frozenset({"code", "topic"})

# The queue for what is no trouble with signing in but somebody else's doing.
SECURITY = "security"

# What a fix can come to. The person picks one of these below every fix.
FixResult: TypeAlias = Literal["fixed", "same", "other", "could-not"]
FIX_RESULTS: tuple[FixResult, ...] = ("fixed", "same", "other", "could-not")

# Where an answer stands on the helpdesk's ticket. "" is the plain list of questions and answers.
TicketPlace: TypeAlias = Literal["", "seen", "app", "device", "since", "account"]

# How pressing a case is: `normal` waits its turn, `urgent` goes first.
Severity: TypeAlias = Literal["normal", "urgent"]

# What can be typed or pasted.
FieldKind: TypeAlias = Literal["text", "date", "details"]


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all parts: frozen, named arguments only."""


class Match(_Part, frozen=True, kw_only=True):
    """`subject` was answered with one of `values`.

    The subject is a node (values: choice ids, check outcomes, or `given`/`skipped` for a collected
    field), or `code` (values: AADSTS numbers) or `topic` (values: topics of codes.yaml).
    """

    subject: str
    values: tuple[str, ...]


class Way(_Part, frozen=True, kw_only=True):
    """A way on: to node `to`, if every match of `when` holds. The last way of a node has no `when`."""

    to: NodeId
    when: tuple[Match, ...] = ()


class Choice(_Part, frozen=True, kw_only=True):
    """One answer a person can pick. Its id is counted, translated and stands in the ticket."""

    id: ChoiceId
    label: TextKey
    go: tuple[Way, ...] = ()  # empty: the node's own ways
    alone: bool = False  # in a list of several: cannot be picked with others ("none of these")
    rules_out: TextKey = ""  # what the ticket may call ruled out once this was picked


class _Node(_Part, frozen=True, kw_only=True, tag_field="does"):
    id: NodeId
    say: TextKey = ""
    more: TextKey = ""  # folds away below the words
    covers: tuple[str, ...] = ()  # steps of the source pages, for example "0.5"


class Ask(_Node, frozen=True, kw_only=True, tag="ask"):
    """Pick one choice, or several."""

    choices: tuple[Choice, ...]
    several: bool = False
    go: tuple[Way, ...] = ()  # for choices without ways of their own, and for `several`
    ticket: TicketPlace = ""


class Collect(_Node, frozen=True, kw_only=True, tag="collect"):
    """Type or paste one value. `details` is a pasted error page: what it holds fills other questions."""

    kind: FieldKind = "text"
    go: tuple[Way, ...]
    pattern: str = ""  # a full match is demanded of `text`
    hint: TextKey = ""  # what to say when the pattern does not fit
    skip: TextKey = ""  # label of the way round it; "" means it must be answered
    known: str = ""  # the Evidence field that answers it without asking, for example "app_name"
    ticket: TicketPlace = ""


class Check(_Node, frozen=True, kw_only=True, tag="check"):
    """An automatic probe with named outcomes. What cannot tell takes `otherwise`; unknown is never fine."""

    probe: str
    outcomes: dict[str, tuple[Way, ...]]
    otherwise: tuple[Way, ...]
    rules_out: dict[str, TextKey] = {}  # by outcome


class Offer(_Part, frozen=True, kw_only=True):
    """A fix within a list of fixes: always a candidate, or only when an answer points to it."""

    fix: FixId
    when: tuple[Match, ...] = ()
    covers: tuple[str, ...] = ()


class Try(_Node, frozen=True, kw_only=True, tag="try"):
    """Fixes, one at a time: those an answer points to first, then the general ones, `limit` at most.

    After each the person says what it came to (`FIX_RESULTS`). `fixed` goes to `fixed`; when all were
    tried the way on is `go`. What was not offered stands on the ticket as not tried.
    """

    offers: tuple[Offer, ...]
    limit: int
    fixed: NodeId
    go: tuple[Way, ...]


class Hint(_Part, frozen=True, kw_only=True):
    """A line for the agent on the ticket ("ask next"), for all or only when answers point to it."""

    id: str
    text: TextKey
    when: tuple[Match, ...] = ()
    covers: tuple[str, ...] = ()


class Grade(_Part, frozen=True, kw_only=True):
    """A severity, for all cases or only when answers point to it."""

    severity: Severity
    when: tuple[Match, ...] = ()


class Escalate(_Node, frozen=True, kw_only=True, tag="escalate"):
    """Hand over to a queue, with lines that tell the agent what to look at next.

    Of `grades` the first that holds says how pressing the case is; when none does it is normal.
    """

    queue: str
    hints: tuple[Hint, ...] = ()
    grades: tuple[Grade, ...] = ()


class End(_Node, frozen=True, kw_only=True, tag="end"):
    """The conversation ends here."""

    result: Literal["solved", "stopped"]


Node: TypeAlias = Ask | Collect | Check | Try | Escalate | End


class Fix(_Part, frozen=True, kw_only=True):
    """One thing to try, one screen, shared by many guides. `rules_out` holds once it did not help."""

    id: FixId
    say: TextKey
    name: TextKey  # a few words for the ticket: "private window"
    more: TextKey = ""
    rules_out: TextKey = ""


class Guide(_Part, frozen=True, kw_only=True):
    """A whole guide. `nodes` is in the author's order; `start` is one of them."""

    id: GuideId
    title: TextKey
    start: NodeId
    nodes: dict[NodeId, Node]
    codes: tuple[int, ...] = ()  # AADSTS numbers that open it
    words: dict[str, tuple[str, ...]] = {}  # by language: what people write for it
    takes_any_code: bool = False  # the guide for codes that have none of their own
    draft: bool = False


class Code(_Part, frozen=True, kw_only=True):
    """One AADSTS code: which topic its meaning belongs to, and which guide takes it.

    Source of number and name: Microsoft's list "Microsoft Entra authentication and authorization error
    codes"; topic and who can mend it are this project's own judgement.
    """

    code: int
    name: str = ""
    topic: str
    who: str
    certain: bool = True
