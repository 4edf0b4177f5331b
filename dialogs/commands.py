"""What a person can ask for at any point: back, restart, repeat, help, a person please, and so on.

One small function per command; each ends by showing something. How a command was recognised (a button, a
word) is not known here, nor what becomes of a case (`dialogs.cases`).
"""

from collections.abc import Callable

import msgspec

from dialogs import cases
from dialogs.conversation import (
    AddRemark,
    Answer,
    Began,
    CameBack,
    ChooseLanguage,
    ConfirmHandover,
    ConfirmRestart,
    Ended,
    HeardElse,
    Noticed,
    Picked,
    Rated,
    Remarked,
    Reported,
    Sent,
    Tried,
    Typed,
    WhatElse,
)
from dialogs.effects import DropFiles
from dialogs.events import Command
from dialogs.guide import Escalate, FixResult, Guide, Try
from dialogs.prompts import REMARK_LIMIT, anything_known
from dialogs.talk import Talk
from dialogs.text import Text
from dialogs.walk import security

_STEPS = (Picked, Typed, Tried, Ended, Reported)  # answers that "back" takes back


def run(talk: Talk, command: Command, value: str = "") -> None:
    """Do what was asked for. `value` is the language for `language`."""
    if command == "language":
        language(talk, value)
    elif command == "report":
        report(talk, value)
    else:
        _COMMANDS[command](talk)


# ---- moving in the guide


def hello(talk: Talk) -> None:
    """Start, or say where we are."""
    if talk.walked.running or cases.with_helpdesk(talk) or talk.conversation.aside is not None:
        talk.again()
    else:
        if talk.walked.over:
            fresh(talk)
        talk.again("bot/welcome")


def back(talk: Talk) -> None:
    """Close the bot's own question, or take back the last answer a person gave."""
    match talk.conversation.aside:
        case None | WhatElse():
            pass
        case ConfirmHandover() if at_escalation(talk):
            pass
        case AddRemark() if anything_known(talk.walked):
            talk.ask(ConfirmHandover())
            return
        case _:
            talk.enter()
            return
    if talk.walked.number:  # what was handed over is not taken back
        status(talk)
        return
    answers = talk.conversation.answers
    last = _last_step(answers)
    if last is None:
        talk.again("bot/back-at-start")
        return
    talk.replace_answers((*answers[:last], *_loose(answers[last + 1 :])))
    talk.enter()


def _last_step(answers: tuple[Answer, ...]) -> int | None:
    first_began = next((i for i, a in enumerate(answers) if isinstance(a, Began)), None)
    for index in range(len(answers) - 1, -1, -1):
        answer = answers[index]
        if isinstance(answer, _STEPS) or (isinstance(answer, Began) and index != first_began):
            return index
    return None


def _loose(answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    """What belongs to no step and is kept when steps are taken back."""
    return tuple(each for each in answers if isinstance(each, Noticed | Remarked | Sent))


def restart(talk: Talk) -> None:
    """Ask before anything is thrown away; after a good end, something new may begin."""
    if talk.walked.running and any(isinstance(a, _STEPS) for a in talk.conversation.answers):
        talk.ask(ConfirmRestart())
    elif talk.walked.over in {"solved", "handed"}:
        fresh(talk)
        talk.enter()
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
    talk.set(aside=None, waiting="", misses=0)
    if talk.conversation.answers:
        if talk.walked.files:  # what was handed over is the case's, and stays
            talk.effects.append(DropFiles(files=tuple(each.id for each in talk.walked.files)))
        talk.set(session=talk.conversation.session + 1)
        talk.replace_answers(())


def repeat(talk: Talk) -> None:
    """The same screen again."""
    talk.again("bot/repeat")


def help_(talk: Talk) -> None:
    """What one can write, then where we are."""
    talk.again("bot/help")


def cancel(talk: Talk) -> None:
    """Stop; nothing is sent, the answers are kept until the next start."""
    if talk.walked.running:
        talk.add(Ended(at=talk.at, result="stopped"))
        talk.enter()
    elif talk.walked.over == "handed":
        status(talk)
    else:
        talk.enter()


# ---- people


def person(talk: Talk) -> None:
    """Offer to hand over; with nothing known yet, ask for one sentence first."""
    if cases.with_helpdesk(talk):
        status(talk)
    elif anything_known(talk.walked) or isinstance(talk.conversation.aside, AddRemark):
        talk.ask(ConfirmHandover())
    else:
        talk.ask(AddRemark())


def report(talk: Talk, words: str = "") -> None:
    """A request the person did not start: nothing more is tried, and security gets it, with their words."""
    case = cases.with_helpdesk(talk)
    if case is not None and words:  # whoever works on it must know, and the person must not wait to be told
        cases.add_words(talk, case, words)
        talk.notice(Text("bot/report-added", {"number": case.number}))
        return
    if talk.walked.over:
        fresh(talk)
    if security(talk.walked.guide) is None:
        other = next((each for each in talk.library.guides.values() if security(each)), None)
        if other is None:
            person(talk)
            return
        talk.set(session=talk.conversation.session or 1)
        talk.add(Began(at=talk.at, guide=other.id, content=talk.library.version))
    if words:
        talk.add(Remarked(at=talk.at, text=words[:REMARK_LIMIT]))
    talk.add(Reported(at=talk.at))
    talk.enter()


def status(talk: Talk) -> None:
    """The truth about the case, and if there is none, where we are."""
    said = cases.status(talk)
    if said is None:
        said = Text("bot/status-running" if talk.walked.running else "bot/status-none")
        talk.again(said.key)
    elif talk.walked.running or talk.current().ask is not None:
        talk.again(said.key, **said.args)
    else:
        talk.show(said)


# ---- it works, it does not


def works_now(talk: Talk) -> None:
    """It works: close what is open, on either side."""
    if talk.walked.running:
        if not _tried(talk, "fixed"):
            talk.add(Ended(at=talk.at, result="solved"))
        talk.enter()
        return
    withdrawn = cases.withdraw(talk)
    if talk.walked.over in {"handed", "stopped"}:
        talk.add(Ended(at=talk.at, result="solved"))
        talk.enter()
    elif withdrawn or talk.walked.over == "solved":
        talk.again()
    else:
        talk.again("bot/works-now")


def is_back(talk: Talk) -> None:
    """The same again: below a fix an answer, after the end a question how to go on."""
    if talk.walked.running:
        below_fix = talk.conversation.aside is None or isinstance(talk.conversation.aside, HeardElse)
        if below_fix and _tried(talk, "same"):
            talk.enter()
        else:
            talk.again()
    elif cases.with_helpdesk(talk):
        status(talk)
    elif talk.walked.number:
        if not cases.reopen(talk):
            talk.ask(ConfirmHandover())
    elif talk.walked.guide is not None:
        talk.ask(CameBack())
    else:
        talk.enter()


def _tried(talk: Talk, result: FixResult) -> bool:
    """Note what the fix that is shown came to; False when none is."""
    node, fix = talk.walked.node, talk.walked.fix
    if not isinstance(node, Try) or fix is None:
        return False
    talk.add(Tried(at=talk.at, node=node.id, fix=fix.id, result=result))
    return True


def go_on(talk: Talk) -> None:
    """Take up a finished guide where it was: what helped has not, any other last answer is asked again."""
    talk.replace_answers(tuple(a for a in talk.conversation.answers if not isinstance(a, Ended | Rated)))
    answers = talk.conversation.answers
    last = _last_step(answers)
    if talk.walked.over and last is not None:
        taken = answers[last]
        helped = isinstance(taken, Tried) and taken.result == "fixed"
        instead = (msgspec.structs.replace(taken, result="same"),) if helped else ()
        talk.replace_answers((*answers[:last], *instead, *_loose(answers[last + 1 :])))
    talk.enter()


def at_escalation(talk: Talk) -> bool:
    """Whether the guide itself leads to people here."""
    return talk.walked.running and isinstance(talk.walked.node, Escalate)


# ---- how we talk


def language(talk: Talk, value: str) -> None:
    """Another language, or ask which."""
    if value in talk.library.languages:
        talk.set(language=value)
        if isinstance(talk.conversation.aside, ChooseLanguage):
            talk.set(aside=None)
        talk.again("bot/language-set")
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
