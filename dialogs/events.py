"""The closed list of what can happen to a conversation, in our words.

Every face (Teams, the web page, the terminal), the outbox and the helpdesk speak to the engine with these
and nothing else. What a person typed has been through the redactor before it gets here.
"""

from typing import Literal, TypeAlias

import msgspec

from dialogs.conversation import FileRef, PromptId
from dialogs.guide import Severity

Reason: TypeAlias = Literal["changed", "explained", "self", "elsewhere", "duplicate", "silent"]
"""Why a case was closed: the helpdesk changed something, or explained something, what the person did solved
it, somebody else has it now, it is another case, the person does not answer."""

# What a person can ask for at any point, by button or by words.
Command: TypeAlias = Literal[
    "hello", "back", "restart", "repeat", "help", "cancel", "person", "status", "language", "plain", "cards",
    "works-now", "is-back", "report",
]  # fmt: skip


Loss: TypeAlias = Literal["expired", "large", "full", "failed"]
"""Why a file did not come: its link has run out, it is too large, the case has no room for more, it could not
be fetched."""


class SentFile(FileRef, frozen=True, kw_only=True, omit_defaults=True):
    """A file somebody sent. `source` is where it is, and a secret; "" when it is here already."""

    source: str = ""

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        return f"SentFile({self.id!r}, {self.name!r})"


class LostFile(FileRef, frozen=True, kw_only=True):
    """A file that did not come."""

    why: Loss


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    at: int  # seconds since 1970, UTC: the engine has no clock
    fresh: str = ""  # a case number nobody has yet, should this event open a case
    back: int = 0  # when somebody of the helpdesk is there again, seconds since 1970; 0: they are there


class _Helped(_Event, frozen=True, kw_only=True):
    """Something that somebody of the helpdesk did with case `number`, under the name `by`.

    `there`: in the ticket system, which need not be told of it.
    """

    number: str
    by: str
    there: bool = False


class Opened(_Event, frozen=True, kw_only=True, tag="opened"):
    """The person opened the chat for the first time, or installed the app."""


class Said(_Event, frozen=True, kw_only=True, tag="said"):
    """The person wrote something. `removed` names the kinds of secrets that were cut out of it.

    `files` and `names` came with it; see `Attached`.
    """

    text: str
    removed: tuple[str, ...] = ()
    files: tuple[SentFile, ...] = ()
    names: tuple[str, ...] = ()


class Chose(_Event, frozen=True, kw_only=True, tag="chose"):
    """The person pressed a button, or sent a list of ticked choices, on prompt `prompt`."""

    prompt: PromptId
    options: tuple[str, ...]


class Entered(_Event, frozen=True, kw_only=True, tag="entered"):
    """The person filled in the text field of prompt `prompt`."""

    prompt: PromptId
    text: str
    removed: tuple[str, ...] = ()


class Commanded(_Event, frozen=True, kw_only=True, tag="commanded"):
    """The person pressed one of the small buttons (back, a person please, ...) on prompt `prompt`.

    `value` is the language code for `language`. An empty `prompt` means: not from a card.
    """

    command: Command
    prompt: PromptId = ""
    value: str = ""


class Attached(_Event, frozen=True, kw_only=True, tag="attached"):
    """The person sent something that is not text: `files`, and the `names` of what nobody can take."""

    names: tuple[str, ...] = ()
    files: tuple[SentFile, ...] = ()


class FileAnswered(_Event, frozen=True, kw_only=True, tag="file-answered"):
    """The person takes a file of the helpdesk, of case `number`, or does not want it.

    `target` is where they want it, in the words of who puts it there, and a secret; "" when they do not.
    """

    number: str
    file: FileRef
    target: str

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        return f"FileAnswered({self.file!r}, {bool(self.target)})"


class FileGiven(_Event, frozen=True, kw_only=True, tag="file-given"):
    """A file of the helpdesk, of case `number`, is where the person wanted it; or `lost` says why not."""

    number: str
    file: FileRef
    lost: Loss | Literal[""] = ""


class FilesCame(_Event, frozen=True, kw_only=True, tag="files-came"):
    """Files that were to be fetched, for case `number` or for session `session`, have come or are lost."""

    number: str
    session: int
    files: tuple[FileRef, ...] = ()
    lost: tuple[LostFile, ...] = ()


class ProbeFinished(_Event, frozen=True, kw_only=True, tag="probed"):
    """An automatic check came back. `outcome` is "unknown" when it could not tell."""

    request: str
    outcome: str
    detail: str = ""


class TicketFiled(_Event, frozen=True, kw_only=True, tag="filed"):
    """The ticket system has the case under `reference`."""

    number: str
    reference: str


class TicketRefused(_Event, frozen=True, kw_only=True, tag="refused"):
    """The ticket system will not take the case; people have to look at it."""

    number: str
    reason: str


class CaseClaimed(_Helped, frozen=True, kw_only=True, tag="claimed"):
    """Somebody of the helpdesk took the case."""


class CaseGiven(_Helped, frozen=True, kw_only=True, tag="given"):
    """The case is somebody else's now: `by` gave it to `to`, both of the helpdesk."""

    to: str


class CaseAsked(_Helped, frozen=True, kw_only=True, tag="asked"):
    """Somebody of the helpdesk asks the person something, or tells them something.

    `files` come with it, and are kept; `reach` says whether the person can get files where they are.
    """

    text: str
    files: tuple[FileRef, ...] = ()
    reach: bool = False


class CaseNoted(_Helped, frozen=True, kw_only=True, tag="noted"):
    """Somebody of the helpdesk wrote a note for the others; the person never sees it."""

    text: str


class CaseGraded(_Helped, frozen=True, kw_only=True, tag="graded"):
    """Somebody of the helpdesk said how pressing the case is."""

    severity: Severity


class CaseUnclaimed(_Event, frozen=True, kw_only=True, tag="unclaimed"):
    """Nobody has taken the case for `minutes` of the helpdesk's opening hours: the `times`-th reminder."""

    number: str
    minutes: int
    times: int
    moves: bool = False  # now it goes to others as well


class CaseResolved(_Helped, frozen=True, kw_only=True, tag="resolved"):
    """The helpdesk closed the case, with a note for the person. `reason` is "" when none was picked.

    `fix` is what ended it, see `dialogs.ended_by`; "" when nothing was picked.
    """

    note: str
    reason: Reason | Literal[""] = ""
    fix: str = ""


class CaseReopened(_Helped, frozen=True, kw_only=True, tag="reopened"):
    """The helpdesk opened a closed case again, with a note for the others."""

    note: str = ""


Event: TypeAlias = (
    Opened | Said | Chose | Entered | Commanded | Attached | FilesCame | FileAnswered | FileGiven
    | ProbeFinished | TicketFiled | TicketRefused
    | CaseClaimed | CaseGiven | CaseAsked | CaseNoted | CaseResolved | CaseReopened
    | CaseGraded | CaseUnclaimed
)  # fmt: skip
