"""What becomes of a case: handed over, added to, withdrawn, filed, claimed, closed.

It must not know what a case holds (`dialogs.handover` does), nor how words or buttons lead here.
"""

import msgspec

from dialogs.conversation import AskContact, Case, CaseClosed, Handed, Introduced, Remarked
from dialogs.effects import ChangeCase, OpenCase
from dialogs.events import CaseClaimed, CaseResolved, TicketFiled, TicketRefused
from dialogs.handover import case_file
from dialogs.prompts import CONTACT_LIMIT, OPEN, REMARK_LIMIT, case_text
from dialogs.talk import Talk
from dialogs.text import Text


def with_helpdesk(talk: Talk) -> Case | None:
    """The case of this session, while somebody still works on it."""
    case = talk.conversation.case
    if case is None or talk.walked.over != "handed" or case.number != talk.walked.number:
        return None
    return case if case.status in OPEN else None


def hand_over(talk: Talk) -> None:
    """Open the case: everything gathered goes to the helpdesk, the person gets the number.

    Whom nobody vouches for is asked first who they are, and may leave it.
    """
    if talk.conversation.stranger and not talk.walked.introduced:
        talk.ask(AskContact())
        return
    file = case_file(talk.library, talk.conversation, talk.walked, talk.fresh, talk.at)
    talk.add(Handed(at=talk.at, number=talk.fresh))
    conversation = talk.conversation
    before = conversation.case
    earlier = conversation.earlier
    if before is not None and before.status in OPEN:
        earlier = (*earlier, before)
    case = Case(number=talk.fresh, status="open", opened_at=talk.at, queue=file.queue)
    talk.set(case=case, earlier=earlier, aside=None, waiting="", misses=0, session=conversation.session or 1)
    talk.effects.append(OpenCase(file=file))
    talk.show(Text("bot/done-unverified" if conversation.stranger else "bot/done", {"number": talk.fresh}))


def introduce(talk: Talk, text: str) -> None:
    """The person says who they are ("" for: would rather not), and the case is opened."""
    talk.add(Introduced(at=talk.at, text=text[:CONTACT_LIMIT]))
    hand_over(talk)


def status(talk: Talk) -> Text | None:
    """What can truthfully be said about the newest case; None when there never was one."""
    case = talk.conversation.case
    return case_text(case) if case is not None else None


def add_words(talk: Talk, case: Case, text: str) -> None:
    """What the person writes while the helpdesk has the case belongs to the case."""
    talk.add(Remarked(at=talk.at, text=text[:REMARK_LIMIT]))
    talk.effects.append(ChangeCase(number=case.number, note=text[:REMARK_LIMIT]))


def withdraw(talk: Talk) -> bool:
    """The person needs the helpdesk no longer. False when no case is open."""
    case = talk.conversation.case
    if case is None or case.status not in OPEN:
        return False
    talk.set(case=msgspec.structs.replace(case, status="withdrawn"))
    talk.effects.append(ChangeCase(number=case.number, status="withdrawn"))
    talk.note("bot/works-now-case", number=case.number)
    return True


def news(talk: Talk, event: TicketFiled | TicketRefused | CaseClaimed | CaseResolved) -> bool:
    """News from the ticket system or the helpdesk. False when it is none: not our case, or told before."""
    case = _known(talk, event.number)
    if case is None:
        return False
    match event:
        case TicketFiled():
            return _filed(talk, case, event)
        case TicketRefused():
            if case.trouble or case.reference:  # a ticket that is there was not refused
                return False
            _keep(talk, msgspec.structs.replace(case, trouble=True))
            talk.effects.append(ChangeCase(number=case.number, note=event.reason))
        case CaseClaimed():
            if case.status != "open":
                return False
            _keep(talk, msgspec.structs.replace(case, status="claimed", by=event.by))
            talk.effects.append(ChangeCase(number=case.number, status="claimed", by=event.by))
            talk.notice(Text("bot/claimed-note", {"by": event.by, "number": case.number}))
        case CaseResolved():
            if case.status not in OPEN:
                return False
            _closed(talk, case, event)
    return True


def _known(talk: Talk, number: str) -> Case | None:
    newest = talk.conversation.case
    known = (*talk.conversation.earlier, *((newest,) if newest is not None else ()))
    return next((case for case in known if case.number == number), None)


def _keep(talk: Talk, case: Case) -> None:
    """Remember how far `case` is; of the earlier ones only those that are open."""
    newest = talk.conversation.case
    if newest is not None and newest.number == case.number:
        talk.set(case=case)
        return
    kept = (case if each.number == case.number else each for each in talk.conversation.earlier)
    talk.set(earlier=tuple(each for each in kept if each.status in OPEN))


def _filed(talk: Talk, case: Case, event: TicketFiled) -> bool:
    if case.reference == event.reference and not case.trouble:
        return False
    _keep(talk, msgspec.structs.replace(case, reference=event.reference, trouble=False))
    talk.effects.append(ChangeCase(number=case.number, reference=event.reference))
    if event.reference != case.number:
        talk.notice(Text("bot/filed", {"number": case.number, "reference": event.reference}))
    return True


def _closed(talk: Talk, case: Case, event: CaseResolved) -> None:
    """Tell it, and where nothing else is going on, ask whether it works."""
    ours = with_helpdesk(talk)
    _keep(talk, msgspec.structs.replace(case, status="resolved", by=event.by))
    talk.effects.append(ChangeCase(number=case.number, status="resolved", by=event.by, note=event.note))
    said = Text("bot/resolved-silent", {"by": event.by, "number": case.number})
    if event.note:
        said = Text("bot/resolved", {**said.args, "note": event.note})
    if ours is not None and ours.number == case.number:
        talk.note(said.key, **said.args)
        talk.ask(CaseClosed())
    else:
        talk.notice(said)
