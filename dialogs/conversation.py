"""What is stored of a conversation, and nothing else.

The list of answers is the only truth: where a person is, what was tried and what is known are folds over
it (`dialogs.walk`). Every field here survives JSON; a field that could be computed from the answers does
not belong here.
"""

from typing import Final, Literal, TypeAlias

import msgspec

from dialogs.guide import ChoiceId, FixId, FixResult, GuideId, NodeId

PromptId: TypeAlias = str
FORMAT = 1  # of the stored state; the store refuses a newer one


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a pasted error page or message held. Ids are lower-case GUIDs, `timestamp` is ISO 8601 UTC."""

    codes: tuple[int, ...] = ()
    correlation_id: str | None = None
    request_id: str | None = None
    trace_id: str | None = None
    timestamp: str | None = None
    app_id: str | None = None
    app_name: str | None = None
    device_state: str | None = None
    platform: str | None = None

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self.codes) or any(
            v is not None for k, v in msgspec.structs.asdict(self).items() if k != "codes"
        )


class FileRef(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is kept: its id in the store, and its name as people may read it."""

    id: str
    name: str


class _Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="is"):
    at: int  # when, seconds since 1970, UTC


class Began(_Answer, frozen=True, kw_only=True, tag="began"):
    """A guide was begun: at the start, or by switching to another error in the middle."""

    guide: GuideId
    content: str  # the content version it was begun with


class Picked(_Answer, frozen=True, kw_only=True, tag="picked"):
    """Choices at an `ask` node."""

    node: NodeId
    choices: tuple[ChoiceId, ...]


class Typed(_Answer, frozen=True, kw_only=True, tag="typed"):
    """A value at a `collect` node; `text` is None when it was skipped."""

    node: NodeId
    text: str | None


class Tried(_Answer, frozen=True, kw_only=True, tag="tried"):
    """What a fix of a `try` node came to."""

    node: NodeId
    fix: FixId
    result: FixResult


class Probed(_Answer, frozen=True, kw_only=True, tag="probed"):
    """What an automatic check said. `detail` is for the ticket, never for a branch."""

    node: NodeId
    outcome: str
    detail: str = ""


class Noticed(_Answer, frozen=True, kw_only=True, tag="noticed"):
    """Codes and ids found in what the person wrote or pasted; no step of the guide by itself."""

    evidence: Evidence


class Remarked(_Answer, frozen=True, kw_only=True, tag="remarked"):
    """The person's own words for the helpdesk: added on purpose, or what "something else" said."""

    text: str


class Sent(_Answer, frozen=True, kw_only=True, tag="sent"):
    """Files the person sent, which have arrived: they go along when it is handed over."""

    files: tuple[FileRef, ...]


class Rated(_Answer, frozen=True, kw_only=True, tag="rated"):
    """How helpful it was, 1 to 5."""

    score: int


class Handed(_Answer, frozen=True, kw_only=True, tag="handed"):
    """All of it was handed to the helpdesk, as case `number`."""

    number: str


class Reported(_Answer, frozen=True, kw_only=True, tag="reported"):
    """A sign-in request the person did not start: from here it is a matter for security, not for fixes."""


class Introduced(_Answer, frozen=True, kw_only=True, tag="introduced"):
    """Who the person says they are and how to reach them; "" when they would not say."""

    text: str


class Ended(_Answer, frozen=True, kw_only=True, tag="ended"):
    """The person ended it in the middle: it works now, or they stopped."""

    result: Literal["solved", "stopped"]


Answer: TypeAlias = (
    Began | Picked | Typed | Tried | Probed | Noticed | Remarked | Sent | Rated
    | Handed | Ended | Reported | Introduced
)  # fmt: skip


class _Aside(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="asks"):
    """A question of the bot's own, asked on top of the guide. `enter` is what closes it."""


class SwitchGuide(_Aside, frozen=True, kw_only=True, tag="switch"):
    """Another error came up: switch to it, or stay?"""

    guide: GuideId
    code: int | None = None


class ConfirmHandover(_Aside, frozen=True, kw_only=True, tag="handover"):
    """Here is what would be handed over: do it, add something, or not now?"""

    declined: bool = False  # "not now" was said at the end of the guide; the offer stands


class AddRemark(_Aside, frozen=True, kw_only=True, tag="remark"):
    """Type what should be added to the hand-over, or what it is about when nothing is known yet."""


class WhatElse(_Aside, frozen=True, kw_only=True, tag="what-else"):
    """A fix led to something else: what does it say now?"""


class HeardElse(_Aside, frozen=True, kw_only=True, tag="heard-else"):
    """Below a fix something was typed that is none of its answers: is it something else that came up?"""

    text: str


class AskContact(_Aside, frozen=True, kw_only=True, tag="contact"):
    """Nobody vouches for this person: who are they, and how can they be reached?"""


class ConfirmRestart(_Aside, frozen=True, kw_only=True, tag="restart"):
    """Really start from the beginning?"""


class ChooseLanguage(_Aside, frozen=True, kw_only=True, tag="language"):
    """Which language?"""


class CameBack(_Aside, frozen=True, kw_only=True, tag="came-back"):
    """It was solved and is back: go on where we were, start again, or hand over?"""


class CaseClosed(_Aside, frozen=True, kw_only=True, tag="case-closed"):
    """The helpdesk closed the case: does it work now?"""


class AskedBack(_Aside, frozen=True, kw_only=True, tag="asked-back"):
    """Somebody of the helpdesk wants to know something about case `number`.

    `files` came with it; `given` says whether the person gets them here.
    """

    number: str
    by: str
    text: str
    files: tuple[FileRef, ...] = ()
    given: bool = False


class ReviewCase(_Aside, frozen=True, kw_only=True, tag="review"):
    """They gave a number for how well the case went: and a sentence?"""


Aside: TypeAlias = (
    SwitchGuide | ConfirmHandover | AskContact | AddRemark | WhatElse | HeardElse
    | ConfirmRestart | ChooseLanguage | CameBack | CaseClosed | AskedBack | ReviewCase
)  # fmt: skip

CaseStatus: TypeAlias = Literal["open", "claimed", "waiting", "resolved", "reopened", "withdrawn"]
"""`open`: new. `waiting`: for the person's answer. `reopened`: closed before, and nobody is on it yet."""

OPEN: Final[frozenset[CaseStatus]] = frozenset({"open", "claimed", "waiting", "reopened"})
"""Statuses of a case that somebody still works on, or should."""


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The hand-over that was made last. The whole file is in the store; here is what the person is told."""

    number: str
    status: CaseStatus
    opened_at: int
    queue: str
    guide: GuideId = ""  # that led to it
    by: str = ""  # who works on it
    reference: str = ""  # the ticket system's own number, "" until it is filed
    closed_at: int = 0  # when it was closed last; 0 while it never was
    trouble: bool = (
        False  # the ticket system refuses it; the case is kept and the helpdesk sees it on the board
    )
    files: tuple[str, ...] = ()  # ids, of the person's and of the helpdesk's, which go to its ticket


class Conversation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One person's conversation."""

    v: int = FORMAT
    language: str = "en"
    stranger: bool = False  # nobody vouches for who this is, and no chat leads back to them
    plain: bool = False  # the person asked for text without cards
    turn: int = 0  # events taken; ids of prompts and requests are made of it
    session: int = 0  # raised with every fresh start; lines of the transcript carry it
    prompt: PromptId = ""  # the prompt that is valid now
    asked: str = ""  # what it asks, in short: a guide that was edited since may ask something else there
    answered: PromptId = ""  # the prompt that was answered last: a second click on it is no news
    answers: tuple[Answer, ...] = ()
    aside: Aside | None = None
    waiting: str = ""  # the request id of the probe we wait for
    case: Case | None = None
    earlier: tuple[
        Case, ...
    ] = ()  # cases handed over before it: those that are open, and the last closed ones
    misses: int = 0  # sentences in a row that were not understood
    at: int = 0  # when the last event happened
