"""Files a person sends: taken for the case that is open, or kept for the one that may come; and told of.

And files of the helpdesk, which are the case's from the start: offered to the person, taken or declined.

It must not know what is in a file, where it comes from, nor whether it may be taken: others fetch it, and say
what came of it.
"""

from collections.abc import Iterable

import msgspec

from dialogs.cases import REOPENS, files_not_taken, keep, known, passed_on
from dialogs.commands import fresh
from dialogs.conversation import OPEN, AddRemark, AskedBack, Case, ConfirmHandover, FileRef, Sent
from dialogs.effects import (
    AimFile,
    AttachFile,
    ChangeCase,
    CloseOffer,
    DropFiles,
    FetchFiles,
    GiveFile,
    OfferFile,
    What,
)
from dialogs.events import Attached, CaseAsked, FileAnswered, FileGiven, FilesCame, Said
from dialogs.prompts import REMARK_LIMIT
from dialogs.talk import Talk
from dialogs.text import Text

_ASKS = (AddRemark, ConfirmHandover)  # what the helpdesk should know as well: a file is an answer to that


def take(talk: Talk, event: Said | Attached) -> None:
    """Have what was sent fetched, say where it goes, and be honest about what cannot be taken."""
    alone = isinstance(event, Attached)
    case = _case(talk)
    if case is None and talk.walked.over and not isinstance(talk.conversation.aside, _ASKS):
        fresh(talk)  # what is sent after the end begins something new
    if event.files:
        if not talk.conversation.session:
            talk.set(session=1)
        number = case.number if case is not None else ""
        talk.effects.append(FetchFiles(files=event.files, number=number, session=talk.conversation.session))
        names = listed(event.files)
        if case is None:
            talk.note("bot/file-kept", names=names)
        elif not alone:
            talk.note("bot/file-passed", names=names, number=case.number)
        elif not isinstance(talk.conversation.aside, AskedBack):  # an answer is told of when it is there
            talk.notice(Text("bot/file-passed", {"names": names, "number": case.number}))
    if event.names and case is not None:
        files_not_taken(talk, case, event.names)
    elif event.names:
        talk.note("bot/file")
    if alone and case is None:
        talk.again()


def came(talk: Talk, event: FilesCame) -> bool:
    """What became of files that were to be fetched. Those of a session that is over are forgotten."""
    number = event.number
    if not number and event.session != talk.conversation.session:
        talk.effects.append(DropFiles(files=tuple(each.id for each in event.files)))
        return bool(event.files)
    if not number and talk.walked.over == "handed":  # meanwhile
        number = talk.walked.number
    if event.files and number:
        _arrived(talk, number, event.files)
    elif event.files:
        talk.add(Sent(at=talk.at, files=event.files))
    for lost in event.lost:
        talk.notice(Text(f"bot/file-lost/{lost.why}", {"name": lost.name}))
    if event.lost and number:
        names = listed(event.lost)
        talk.effects.append(ChangeCase(number=number, what="files", note=names[:REMARK_LIMIT]))
    return bool(event.files or event.lost)


def give(talk: Talk, case: Case, event: CaseAsked) -> None:
    """Files of the helpdesk, which come with its words: to the ticket, and to the person where that goes."""
    if case.reference:  # else the ticket gets them when it is filed
        talk.effects += [AttachFile(number=case.number, file=each.id) for each in event.files]
    if event.reach:
        talk.effects += [OfferFile(number=case.number, by=event.by, file=each) for each in event.files]
    else:
        names = listed(event.files)[:REMARK_LIMIT]
        talk.effects.append(ChangeCase(number=case.number, what="elsewhere", by=event.by, note=names))


def answered(talk: Talk, event: FileAnswered) -> None:
    """The person takes a file of the helpdesk, or does not want it."""
    if event.target:
        talk.effects.append(AimFile(file=event.file.id, target=event.target))
        talk.effects.append(GiveFile(number=event.number, file=event.file))
        return
    said = Text("bot/file-declined", {"name": event.file.name, "number": event.number})
    talk.effects.append(ChangeCase(number=event.number, what="declined", note=event.file.name))
    talk.effects.append(CloseOffer(file=event.file.id, say=said))


def given(talk: Talk, event: FileGiven) -> None:
    """What became of a file that was to be put where the person wanted it."""
    talk.effects.append(AimFile(file=event.file.id, target=""))
    what: What = "untaken" if event.lost else "taken"
    talk.effects.append(ChangeCase(number=event.number, what=what, note=event.file.name))
    if event.lost:
        name = event.file.name
        talk.effects.append(CloseOffer(file=event.file.id, say=Text("bot/file-untaken/over", {"name": name})))
        why = "expired" if event.lost == "expired" else "failed"
        talk.notice(Text(f"bot/file-untaken/{why}", {"name": name}))


def _arrived(talk: Talk, number: str, files: tuple[FileRef, ...]) -> None:
    """They are the case's; where the helpdesk waits for an answer they are one."""
    ids = tuple(each.id for each in files)
    names = listed(files)[:REMARK_LIMIT]
    case = known(talk, number)
    aside = talk.conversation.aside
    asked = isinstance(aside, AskedBack) and aside.number == number
    waited = case is not None and case.status == "waiting"
    talk.effects.append(
        ChangeCase(number=number, what="sent", status="claimed" if waited else None, note=names, files=ids)
    )
    if case is not None:
        status = "claimed" if waited else case.status
        case = msgspec.structs.replace(case, status=status, files=(*case.files, *ids))
        keep(talk, case)
    if case is None or case.reference:  # else the ticket gets them when it is filed
        talk.effects += [AttachFile(number=number, file=each) for each in ids]
    if asked and case is not None:
        talk.set(aside=None)
        talk.picked = (names,)
        passed_on(talk, case)


def _case(talk: Talk) -> Case | None:
    """The case that files sent now are for: the one that was asked about, else the session's own.

    It may have been closed lately: then it can be opened again, and this may be why.
    """
    aside = talk.conversation.aside
    if isinstance(aside, AskedBack):
        case = known(talk, aside.number)
        return case if case is not None and case.status in OPEN else None
    case = known(talk, talk.walked.number) if talk.walked.over == "handed" else None
    return case if case is not None and (case.status in OPEN or talk.at - case.closed_at <= REOPENS) else None


def listed(files: Iterable[FileRef]) -> str:
    """Their names, with commas between them."""
    return ", ".join(each.name for each in files)
