"""What a person does with a case: hand it over, add to it, answer, withdraw it, say that it is back.

It must not know what a case holds (`dialogs.handover` does), nor how words or buttons lead here. What the
helpdesk does with it is in `dialogs.helpdesk`.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from dialogs.conversation import (
    OPEN,
    AskContact,
    AskedBack,
    Case,
    Ended,
    Handed,
    Introduced,
    Rated,
    Remarked,
    ReviewCase,
)
from dialogs.effects import ChangeCase, OpenCase
from dialogs.handover import case_file
from dialogs.prompts import CONTACT_LIMIT, REMARK_LIMIT, case_text
from dialogs.talk import Talk
from dialogs.text import Text

REOPENS: Final = 14 * 86_400  # seconds after a case was closed in which "it is back" opens it again
_CLOSED_KEPT: Final = 3  # cases that are closed and still remembered, besides the newest


def with_helpdesk(talk: Talk) -> Case | None:
    """The case of this session, while somebody still works on it."""
    case = talk.conversation.case
    if case is None or talk.walked.over != "handed" or case.number != talk.walked.number:
        return None
    return case if case.status in OPEN else None


def in_charge(talk: Talk) -> Case | None:
    """The case of this session when a human works on it: what is said is for them, the guide is silent."""
    case = with_helpdesk(talk)
    return case if case is not None and case.status in {"claimed", "waiting"} else None


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
    earlier = _worth_knowing((*conversation.earlier, *((before,) if before is not None else ())))
    files = tuple(each.id for each in file.files)
    case = Case(
        number=talk.fresh, status="open", opened_at=talk.at, queue=file.queue, guide=file.guide, files=files
    )
    talk.set(case=case, earlier=earlier, aside=None, waiting="", misses=0, session=conversation.session or 1)
    talk.effects.append(OpenCase(file=file))
    if talk.back:
        key = "bot/done-unverified-closed" if conversation.stranger else "bot/done-closed"
    else:
        key = "bot/done-unverified" if conversation.stranger else "bot/done"
    talk.show(Text(key, {"number": talk.fresh, **({"at": str(talk.back)} if talk.back else {})}))


def introduce(talk: Talk, text: str) -> None:
    """The person says who they are ("" for: would rather not), and the case is opened."""
    talk.add(Introduced(at=talk.at, text=text[:CONTACT_LIMIT]))
    hand_over(talk)


def status(talk: Talk) -> Text | None:
    """What can truthfully be said about the newest case; None when there never was one."""
    case = talk.conversation.case
    if case is None:
        return None
    if talk.back and case.status in OPEN and case.status != "waiting":
        talk.note("bot/closed-now", at=str(talk.back))
    return case_text(case)


def add_words(talk: Talk, case: Case, text: str) -> None:
    """What the person writes while the helpdesk has the case belongs to the case."""
    talk.add(Remarked(at=talk.at, text=text[:REMARK_LIMIT]))
    waited = case.status == "waiting"
    if waited:
        keep(talk, msgspec.structs.replace(case, status="claimed"))
    talk.effects.append(
        ChangeCase(
            number=case.number,
            what="answered" if waited else "added",
            status="claimed" if waited else None,
            note=text[:REMARK_LIMIT],
        )
    )


def answer(talk: Talk, aside: AskedBack, text: str) -> None:
    """The person answers what they were asked; then everything is as it was before the question."""
    case = known(talk, aside.number)
    talk.set(aside=None)
    if case is None or case.status not in OPEN:  # closed meanwhile
        talk.again("bot/stale")
        return
    talk.picked = (text[:200],)
    add_words(talk, case, text)
    passed_on(talk, case)


def passed_on(talk: Talk, case: Case) -> None:
    """An answer has gone to the case: say so, and go on where we were."""
    said = with_case(case)
    if talk.walked.running or talk.current().ask is not None:
        talk.again(said.key, **said.args)
    else:
        talk.show(said)


def files_not_taken(talk: Talk, case: Case, names: tuple[str, ...]) -> None:
    """These do not go across; whoever works on the case hears of them."""
    talk.effects.append(ChangeCase(number=case.number, what="files", note=", ".join(names)[:REMARK_LIMIT]))
    talk.notice(Text("bot/file-case", {"number": case.number}))


def with_case(case: Case) -> Text:
    """What is said when words have gone to the case."""
    if case.by and case.status in {"claimed", "waiting"}:
        return Text("bot/passed-on", {"by": case.by})
    return Text("bot/case-added", {"number": case.number})


def withdraw(talk: Talk) -> bool:
    """The person needs the helpdesk no longer. False when no case is open."""
    case = talk.conversation.case
    if case is None or case.status not in OPEN:
        return False
    talk.set(case=msgspec.structs.replace(case, status="withdrawn", closed_at=talk.at))
    talk.effects.append(ChangeCase(number=case.number, what="withdrawn", status="withdrawn"))
    talk.note("bot/works-now-case", number=case.number)
    return True


def rate(talk: Talk, score: int) -> bool:
    """How helpful it was stands with the case; a sentence is asked for. False when there was no case."""
    case = known(talk, talk.walked.number) if talk.walked.number else None
    if case is None:
        return False
    talk.effects.append(ChangeCase(number=case.number, what="rated", note=str(score)))
    talk.ask(ReviewCase())
    return True


def review(talk: Talk, text: str) -> None:
    """The sentence about how it went."""
    talk.picked = (text[:200],)
    talk.set(aside=None)
    talk.effects.append(ChangeCase(number=talk.walked.number, what="reviewed", note=text[:REMARK_LIMIT]))
    talk.show(Text("bot/rated"))


def reopen(talk: Talk) -> bool:
    """To the person it is back: the same case is open again. False when it was closed too long ago."""
    case = talk.conversation.case
    if case is None or case.number != talk.walked.number or case.status in OPEN:
        return False
    if talk.at - case.closed_at > REOPENS:
        return False
    talk.replace_answers(tuple(a for a in talk.conversation.answers if not isinstance(a, Ended | Rated)))
    talk.set(aside=None)
    keep(talk, msgspec.structs.replace(case, status="reopened"))
    talk.effects.append(ChangeCase(number=case.number, what="back", status="reopened"))
    if talk.back:
        talk.note("bot/closed-now", at=str(talk.back))
    talk.show(Text("bot/back-open", {"number": case.number}))
    return True


def known(talk: Talk, number: str) -> Case | None:
    """The case with this number, if it is one of this conversation that is still remembered."""
    newest = talk.conversation.case
    remembered = (*talk.conversation.earlier, *((newest,) if newest is not None else ()))
    return next((case for case in remembered if case.number == number), None)


def keep(talk: Talk, case: Case) -> None:
    """Remember how far `case` is."""
    newest = talk.conversation.case
    if newest is not None and newest.number == case.number:
        talk.set(case=case)
    else:
        kept = (case if each.number == case.number else each for each in talk.conversation.earlier)
        talk.set(earlier=_worth_knowing(kept))


def _worth_knowing(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Those that are open, and the last few that are closed: they may be opened again."""
    listed = tuple(cases)
    closed = [each.number for each in listed if each.status not in OPEN]
    forgotten = closed[:-_CLOSED_KEPT]
    return tuple(each for each in listed if each.number not in forgotten)
