"""What a person can ask for at any point: back, restart, repeat, help, a person please, and so on.

One small function per command; each ends by showing something. How a command was recognised (a button, a
word) is not known here.
"""

from collections.abc import Callable

import msgspec

from dialogs.conversation import (
    AddRemark,
    Answer,
    Began,
    CameBack,
    Case,
    ChooseLanguage,
    ConfirmHandover,
    ConfirmRestart,
    Ended,
    Handed,
    Noticed,
    Picked,
    Remarked,
    Tried,
    Typed,
)
from dialogs.effects import ChangeCase, OpenCase
from dialogs.events import Command
from dialogs.guide import Escalate, Guide, Try
from dialogs.handover import case_file
from dialogs.talk import Talk
from dialogs.text import Text

_STEPS = (Picked, Typed, Tried, Ended)  # answers that "back" takes back


def run(talk: Talk, command: Command, value: str = "") -> None:
    """Do what was asked for. `value` is the language for `language`."""
    if command == "language":
        language(talk, value)
    else:
        _COMMANDS[command](talk)


# ---- moving in the guide


def hello(talk: Talk) -> None:
    """Start, or say where we are."""
    if talk.walked.running or talk.walked.over == "handed":
        talk.again()
    else:
        fresh(talk)
        talk.again("bot/welcome")


def back(talk: Talk) -> None:
    """Close the bot's own question, or take back the last answer a person gave."""
    aside = talk.conversation.aside
    if aside is not None and not (isinstance(aside, ConfirmHandover) and at_escalation(talk)):
        talk.enter()
        return
    if talk.walked.over == "handed":
        status(talk)
        return
    answers = talk.conversation.answers
    last = _last_step(answers)
    if last is None:
        talk.again("bot/back-at-start")
        return
    later = tuple(each for each in answers[last + 1 :] if isinstance(each, Noticed | Remarked))
    talk.replace_answers((*answers[:last], *later))
    talk.enter()


def _last_step(answers: tuple[Answer, ...]) -> int | None:
    first_began = next((i for i, a in enumerate(answers) if isinstance(a, Began)), None)
    for index in range(len(answers) - 1, -1, -1):
        answer = answers[index]
        if isinstance(answer, _STEPS) or (isinstance(answer, Began) and index != first_began):
            return index
    return None


def restart(talk: Talk) -> None:
    """Ask before anything is thrown away."""
    if talk.walked.running and any(isinstance(a, _STEPS) for a in talk.conversation.answers):
        talk.ask(ConfirmRestart())
    else:
        start_over(talk)


def start_over(talk: Talk) -> None:
    """The same guide from its beginning; codes and ids found so far are kept."""
    guide = talk.walked.guide
    kept = tuple(each for each in talk.conversation.answers if isinstance(each, Noticed))
    fresh(talk)
    talk.replace_answers(kept)
    if guide is None:
        talk.enter()
    else:
        begin(talk, guide)


def begin(talk: Talk, guide: Guide) -> None:
    """Begin a guide: in a new session when the last one is over, else as a switch in the middle."""
    if talk.walked.over:
        fresh(talk)
    if not talk.conversation.session:
        talk.set(session=1)
    talk.add(Began(at=talk.at, guide=guide.id, content=talk.library.version))
    talk.enter()


def fresh(talk: Talk) -> None:
    """A new session: no answers; a case that is open stays known."""
    if talk.conversation.answers:
        talk.set(session=talk.conversation.session + 1, aside=None, waiting="", misses=0)
        talk.replace_answers(())


def repeat(talk: Talk) -> None:
    """The same screen again."""
    talk.again("bot/repeat")


def help_(talk: Talk) -> None:
    """What one can write, then where we are."""
    talk.again("bot/help")


def cancel(talk: Talk) -> None:
    """Stop; nothing is sent, the answers are kept until the next start."""
    if not talk.walked.running:
        talk.enter() if talk.walked.over != "handed" else status(talk)
        return
    talk.add(Ended(at=talk.at, result="stopped"))
    talk.enter()


# ---- people and cases


def person(talk: Talk) -> None:
    """Offer to hand over; with nothing known yet, ask for one sentence first."""
    if talk.walked.over == "handed":
        status(talk)
    elif talk.walked.guide is None and not talk.walked.remarks and not talk.evidence:
        talk.ask(AddRemark())
    else:
        talk.ask(ConfirmHandover())


def hand_over(talk: Talk) -> None:
    """Open the case: everything gathered goes to the helpdesk, the person gets the number."""
    file = case_file(talk.library, talk.conversation, talk.walked, talk.fresh, talk.at)
    talk.add(Handed(at=talk.at, number=talk.fresh))
    case = Case(number=talk.fresh, status="open", opened_at=talk.at, queue=file.queue)
    talk.set(case=case, aside=None, waiting="", misses=0, session=talk.conversation.session or 1)
    talk.effects.append(OpenCase(file=file))
    talk.show(Text("bot/done", {"number": talk.fresh}))


def status(talk: Talk) -> None:
    """The truth about the case, and if there is none, where we are."""
    case = talk.conversation.case
    if case is None:
        talk.again("bot/status-running" if talk.walked.running else "bot/status-none")
        return
    said = status_text(case)
    if talk.walked.running:
        talk.again(said.key, **said.args)
    else:
        talk.show(said)


def status_text(case: Case) -> Text:
    """What can truthfully be said about a case."""
    key = f"bot/status-{case.status}"
    if case.trouble and case.status == "open":
        key = "bot/status-trouble"
    return Text(key, {"number": case.number, "by": case.by, "reference": case.reference or case.number})


def works_now(talk: Talk) -> None:
    """It works: close what is open, on either side."""
    case = talk.conversation.case
    if talk.walked.running:
        if isinstance(talk.walked.node, Try) and talk.walked.fix is not None:
            tried = Tried(at=talk.at, node=talk.walked.node.id, fix=talk.walked.fix.id, result="fixed")
            talk.add(tried)
        else:
            talk.add(Ended(at=talk.at, result="solved"))
        talk.enter()
    elif case is not None and case.status in {"open", "claimed"}:
        withdraw(talk, case)
    else:
        talk.show(Text("bot/works-now"))


def withdraw(talk: Talk, case: Case) -> None:
    """The person needs the helpdesk no longer."""
    talk.set(case=msgspec.structs.replace(case, status="withdrawn"), aside=None)
    talk.effects.append(ChangeCase(number=case.number, status="withdrawn"))
    talk.show(Text("bot/works-now-case", {"number": case.number}))


def is_back(talk: Talk) -> None:
    """It was solved and is back: offer to go on from what is known."""
    if talk.walked.running:
        talk.again()
    elif talk.walked.guide is not None:
        talk.ask(CameBack())
    else:
        talk.enter()


def go_on(talk: Talk) -> None:
    """Take up a finished guide where it was: what ended it is taken back."""
    answers = list(talk.conversation.answers)
    while answers and not isinstance(answers[-1], _STEPS):
        answers.pop()
    if answers:
        answers.pop()
    talk.replace_answers(tuple(answers))
    talk.enter()


def at_escalation(talk: Talk) -> bool:
    """Whether the guide itself leads to people here."""
    return talk.walked.running and isinstance(talk.walked.node, Escalate)


# ---- how we talk


def language(talk: Talk, value: str) -> None:
    """Another language, or ask which."""
    if value in talk.library.languages:
        talk.set(language=value)
        if talk.conversation.aside is not None and isinstance(talk.conversation.aside, ChooseLanguage):
            talk.set(aside=None)
        _resume(talk, "bot/language-set")
    else:
        talk.ask(ChooseLanguage())


def plain(talk: Talk) -> None:
    """Text without cards from now on."""
    talk.set(plain=True)
    talk.again("bot/plain-on")


def cards(talk: Talk) -> None:
    """Cards again."""
    talk.set(plain=False)
    talk.again("bot/plain-off")


def _resume(talk: Talk, key: str) -> None:
    """Go on where the bot's own question came in between."""
    if talk.conversation.aside is None and at_escalation(talk):
        talk.note(key)
        talk.enter()
    else:
        talk.again(key)


_COMMANDS: dict[Command, Callable[[Talk], None]] = {
    "hello": hello,
    "back": back,
    "restart": restart,
    "repeat": repeat,
    "help": help_,
    "cancel": cancel,
    "person": person,
    "status": status,
    "plain": plain,
    "cards": cards,
    "works-now": works_now,
    "is-back": is_back,
}
