"""The closed list of what we ask of the world, and Prompt: what a person is shown, before rendering.

Texts are keys with arguments. A string argument is data (a person's words, an id, a number): renderers
escape it. An argument that is itself a `Text` is resolved in the reader's language.
"""

from typing import Literal, TypeAlias

import msgspec

from dialogs.case import CaseFile
from dialogs.conversation import CaseStatus, FileRef, PromptId
from dialogs.events import Command, SentFile
from dialogs.guide import Severity
from dialogs.text import Text

Tone: TypeAlias = Literal["plain", "good", "warning"]


class Option(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One button, or one line of a list. `alone`: cannot be ticked with others."""

    id: str
    label: Text
    alone: bool = False
    main: bool = False  # the one most people press


class Choices(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="choices"):
    """Pick one, or several. `scale` is a short row of numbers (1 to 5)."""

    options: tuple[Option, ...]
    several: bool = False
    scale: bool = False


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="entry"):
    """One text field. `limit` is in characters. `skip` is the way round it, None when there is none."""

    label: Text
    kind: Literal["text", "date", "details"] = "text"
    limit: int = 4000
    error: Text | None = None  # what the field itself says when it is left empty
    skip: Option | None = None


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A label and what stands behind it, for the summary before a hand-over."""

    label: Text
    values: tuple[Text | str, ...]


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Step `step` of about `about`."""

    step: int
    about: int


class Prompt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One screen. `notes` come first and are short ("I noted the correlation ID"), then `say`.

    `files` of the helpdesk belong to it: a page shows them, a chat offers each below (`OfferFile`).
    """

    id: PromptId
    say: Text
    notes: tuple[Text, ...] = ()
    more: Text | None = None
    facts: tuple[Fact, ...] = ()
    ask: Choices | Entry | None = None
    commands: tuple[Command, ...] = ()  # small, always in the same place
    progress: Progress | None = None
    tone: Tone = "plain"
    files: tuple[FileRef, ...] = ()


class _Effect(msgspec.Struct, frozen=True, kw_only=True, tag_field="effect"):
    """Base of all effects."""


class Hear(_Effect, frozen=True, kw_only=True, tag="hear"):
    """Write down what the person said or picked, as a line of the transcript."""

    words: tuple[Text | str, ...]


class Show(_Effect, frozen=True, kw_only=True, tag="show"):
    """Show the person this screen."""

    prompt: Prompt


class Retire(_Effect, frozen=True, kw_only=True, tag="retire"):
    """The screen `prompt` is answered: show on it what was picked, and no buttons any more."""

    prompt: PromptId
    picked: tuple[Text | str, ...]


class StartProbe(_Effect, frozen=True, kw_only=True, tag="probe"):
    """Run the automatic check `probe`; its result comes back as ProbeFinished(request)."""

    request: str
    probe: str
    facts: dict[str, str]


class OpenCase(_Effect, frozen=True, kw_only=True, tag="open-case"):
    """Keep this case, file it with the ticket system, announce it to the helpdesk."""

    file: CaseFile


What: TypeAlias = Literal[
    "opened", "claimed", "given", "asked", "answered", "added", "noted", "resolved", "reopened", "back",
    "withdrawn", "filed", "refused", "rated", "reviewed", "reminded", "moved", "files", "unsent",
    "urgent", "normal", "sent", "elsewhere", "taken", "declined", "untaken",
]  # fmt: skip
"""What happened to a case. `added`: the person wrote something nobody had asked; `back`: to them it is back;
`rated` and `reviewed`: how helpful it was, 1 to 5, and a sentence about that; `reminded`: nobody took it, for
as many minutes as the note says; `moved`: it went to others as well;
`files`: the person has files with these names, which the bot did not take;
`sent`: the person sent files with these names, and the case has them;
of files of the helpdesk with these names: `elsewhere`: the person cannot get them where they are; `taken`,
`declined`: they took it, or do not want it; `untaken`: they wanted it, and it did not get through;
`unsent`: words for the person that did not go out, because it is closed; `urgent` and `normal`: its severity
is that now."""


class ChangeCase(_Effect, frozen=True, kw_only=True, tag="change-case", omit_defaults=True):
    """Something happened to the case: keep it, tell the helpdesk and its ticket system.

    `by` did it, "" for the person. `note` is what was written, of `given` who has it now. `owner` is who
    works on it from now on. `fix` is what ended it. `status` and `severity` None, and an empty owner or
    reference: as it was.
    """

    number: str
    what: What
    status: CaseStatus | None = None
    by: str = ""
    owner: str = ""
    note: str = ""
    reason: str = ""
    fix: str = ""
    reference: str = ""
    there: bool = False  # it happened in the ticket system, which knows it
    severity: Severity | None = None
    files: tuple[str, ...] = ()  # ids of files that are the case's from now on
    names: str = ""  # of files that came with the words, with commas between them


class FetchFiles(_Effect, frozen=True, kw_only=True, tag="fetch-files"):
    """Fetch what the person sent, for case `number`, or "" for this session: comes back as FilesCame."""

    files: tuple[SentFile, ...]
    number: str
    session: int


class DropFiles(_Effect, frozen=True, kw_only=True, tag="drop-files"):
    """Forget these files, unless a case has them."""

    files: tuple[str, ...]


class AttachFile(_Effect, frozen=True, kw_only=True, tag="attach-file"):
    """Put a file to the case's ticket, which is there."""

    number: str
    file: str


class OfferFile(_Effect, frozen=True, kw_only=True, tag="offer-file"):
    """Ask the person in a chat whether they take a file of the helpdesk: comes back as FileAnswered."""

    number: str
    by: str
    file: FileRef


class AimFile(_Effect, frozen=True, kw_only=True, tag="aim-file"):
    """Keep where the person wants a file, which is a secret; "" forgets it."""

    file: str
    target: str

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # typing.override needs Python 3.12
        return f"AimFile({self.file!r})"


class GiveFile(_Effect, frozen=True, kw_only=True, tag="give-file"):
    """Put a file where the person wants it, and show them that it is there: comes back as FileGiven."""

    number: str
    file: FileRef


class CloseOffer(_Effect, frozen=True, kw_only=True, tag="close-offer"):
    """Put these words in the place of what `OfferFile` showed: there is nothing to press any more."""

    file: str
    say: Text


Effect: TypeAlias = (
    Hear | Show | Retire | StartProbe | OpenCase | ChangeCase | FetchFiles | DropFiles | AttachFile
    | OfferFile | AimFile | GiveFile | CloseOffer
)  # fmt: skip
