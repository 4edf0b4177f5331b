"""What the helpdesk and its ticket system do with a case, and what the person hears of it.

It must not know what a case holds, who of the helpdesk may do what, nor how the person's words lead to a case
(`dialogs.cases` does).
"""

from typing import TypeAlias

import msgspec

from dialogs.cases import keep, known, with_helpdesk
from dialogs.conversation import OPEN, AskedBack, Case, CaseClosed, CaseStatus
from dialogs.effects import AttachFile, ChangeCase, DropFiles
from dialogs.ended_by import accepted
from dialogs.events import (
    CaseAsked,
    CaseClaimed,
    CaseGiven,
    CaseGraded,
    CaseNoted,
    CaseReopened,
    CaseResolved,
    CaseUnclaimed,
    TicketFiled,
    TicketRefused,
)
from dialogs.files import give, listed
from dialogs.prompts import REMARK_LIMIT
from dialogs.talk import Talk
from dialogs.text import Text

News: TypeAlias = (
    TicketFiled
    | TicketRefused
    | CaseClaimed
    | CaseGiven
    | CaseAsked
    | CaseNoted
    | CaseResolved
    | CaseReopened
    | CaseGraded
    | CaseUnclaimed
)


def news(talk: Talk, event: News) -> bool:
    """Take news of a case. False when it is none: not our case, or somebody else was faster."""
    case = known(talk, event.number)
    if case is None:
        return False
    match event:
        case TicketFiled():
            return _filed(talk, case, event)
        case TicketRefused():
            return _refused(talk, case, event)
        case CaseClaimed():
            return _claimed(talk, case, event)
        case CaseGiven():
            return _given(talk, case, event)
        case CaseAsked():
            return _asked(talk, case, event)
        case CaseNoted():
            talk.effects.append(
                ChangeCase(
                    number=case.number,
                    what="noted",
                    there=event.there,
                    by=event.by,
                    note=event.text[:REMARK_LIMIT],
                )
            )
            return True
        case CaseResolved():
            return _resolved(talk, case, event)
        case CaseReopened():
            return _reopened(talk, case, event)
        case CaseGraded():
            return _graded(talk, case, event)
        case CaseUnclaimed():
            return _unclaimed(talk, case, event)


def _filed(talk: Talk, case: Case, event: TicketFiled) -> bool:
    if case.reference == event.reference and not case.trouble:
        return False
    keep(talk, msgspec.structs.replace(case, reference=event.reference, trouble=False))
    talk.effects.append(ChangeCase(number=case.number, what="filed", reference=event.reference))
    talk.effects += [AttachFile(number=case.number, file=each) for each in case.files]
    if event.reference != case.number:
        talk.notice(Text("bot/filed", {"number": case.number, "reference": event.reference}))
    return True


def _refused(talk: Talk, case: Case, event: TicketRefused) -> bool:
    if case.trouble or case.reference:  # a ticket that is there was not refused
        return False
    keep(talk, msgspec.structs.replace(case, trouble=True))
    talk.effects.append(ChangeCase(number=case.number, what="refused", note=event.reason))
    return True


def _claimed(talk: Talk, case: Case, event: CaseClaimed) -> bool:
    if case.status not in {"open", "reopened"}:
        return False
    keep(talk, msgspec.structs.replace(case, status="claimed", by=event.by))
    talk.effects.append(
        ChangeCase(
            number=case.number,
            what="claimed",
            there=event.there,
            status="claimed",
            by=event.by,
            owner=event.by,
        )
    )
    talk.notice(Text("bot/claimed-note", {"by": event.by, "number": case.number}))
    return True


def _given(talk: Talk, case: Case, event: CaseGiven) -> bool:
    if case.status not in OPEN or not event.to or (case.status != "open" and case.by == event.to):
        return False
    status: CaseStatus = "waiting" if case.status == "waiting" else "claimed"
    keep(talk, msgspec.structs.replace(case, status=status, by=event.to))
    talk.effects.append(
        ChangeCase(
            number=case.number,
            what="given",
            there=event.there,
            status=status,
            by=event.by,
            owner=event.to,
            note=event.to,
        )
    )
    talk.notice(Text("bot/claimed-note", {"by": event.to, "number": case.number}))
    return True


def _asked(talk: Talk, case: Case, event: CaseAsked) -> bool:
    """Show it as a screen with a place for the answer, on top of whatever is going on."""
    text = event.text.strip()[:REMARK_LIMIT]
    if not text:
        return False
    if case.status not in OPEN:  # whoever wrote it must know that nobody reads it
        talk.effects.append(
            ChangeCase(number=case.number, what="unsent", there=event.there, by=event.by, note=text)
        )
        if event.files:
            talk.effects.append(DropFiles(files=tuple(each.id for each in event.files)))
        return True
    owner = case.by if case.status in {"claimed", "waiting"} else event.by
    ids = tuple(each.id for each in event.files)
    case = msgspec.structs.replace(case, status="waiting", by=owner, files=(*case.files, *ids))
    keep(talk, case)
    talk.effects.append(
        ChangeCase(
            number=case.number,
            what="asked",
            there=event.there,
            status="waiting",
            by=event.by,
            owner=owner,
            note=text,
            files=ids,
            names=listed(event.files),
        )
    )
    talk.ask(AskedBack(number=case.number, by=event.by, text=text, files=event.files, given=event.reach))
    if event.files:
        give(talk, case, event)
    return True


def _resolved(talk: Talk, case: Case, event: CaseResolved) -> bool:
    """Tell it, and where nothing else is going on, ask whether it works."""
    if case.status not in OPEN:
        return False
    ours = with_helpdesk(talk)
    keep(talk, msgspec.structs.replace(case, status="resolved", by=event.by, closed_at=talk.at))
    talk.effects.append(
        ChangeCase(
            number=case.number,
            what="resolved",
            there=event.there,
            status="resolved",
            by=event.by,
            owner=event.by,
            note=event.note,
            reason=event.reason,
            fix=accepted(talk.library, case.guide, event.fix),
        )
    )
    said = Text("bot/resolved-silent", {"by": event.by, "number": case.number})
    if event.note:
        said = Text("bot/resolved", {**said.args, "note": event.note})
    if ours is not None and ours.number == case.number:
        talk.note(said.key, **said.args)
        talk.ask(CaseClosed())
    elif _is_asked(talk, case):
        talk.set(aside=None)
        talk.again(said.key, **said.args)
    else:
        talk.notice(said)
    return True


def _reopened(talk: Talk, case: Case, event: CaseReopened) -> bool:
    if case.status in OPEN:
        return False
    closed = isinstance(talk.conversation.aside, CaseClosed) and talk.walked.number == case.number
    keep(talk, msgspec.structs.replace(case, status="reopened"))
    talk.effects.append(
        ChangeCase(
            number=case.number,
            what="reopened",
            there=event.there,
            status="reopened",
            by=event.by,
            note=event.note[:REMARK_LIMIT],
        )
    )
    said = Text("bot/reopened", {"by": event.by, "number": case.number})
    if closed:  # whether it works is not asked any more
        talk.set(aside=None)
        talk.show(said)
    else:
        talk.notice(said)
    return True


def _graded(talk: Talk, case: Case, event: CaseGraded) -> bool:
    """Only the helpdesk hears of it: to the person, their case is always pressing."""
    if case.status not in OPEN:
        return False
    talk.effects.append(
        ChangeCase(
            number=case.number,
            what=event.severity,
            there=event.there,
            by=event.by,
            severity=event.severity,
        )
    )
    return True


def _unclaimed(talk: Talk, case: Case, event: CaseUnclaimed) -> bool:
    """The helpdesk is reminded, and the first time the person is told the truth."""
    if case.status not in {"open", "reopened"}:
        return False
    talk.effects.append(ChangeCase(number=case.number, what="reminded", note=str(event.minutes)))
    if event.moves:
        talk.effects.append(ChangeCase(number=case.number, what="moved"))
    if event.times == 1:
        talk.notice(Text("bot/reminded", {"number": case.number}))
    return True


def _is_asked(talk: Talk, case: Case) -> bool:
    aside = talk.conversation.aside
    return isinstance(aside, AskedBack) and aside.number == case.number
