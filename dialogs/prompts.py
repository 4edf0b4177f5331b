"""What a person is asked where they stand: a position or an open question of the bot's own -> Prompt.

Pure reading: nothing here changes a conversation. It must not know how a prompt is drawn.
"""

from functools import lru_cache
from typing import Final

import msgspec

from dialogs.conversation import (
    OPEN,
    AddRemark,
    AskContact,
    AskedBack,
    CameBack,
    Case,
    CaseClosed,
    ChooseLanguage,
    ConfirmHandover,
    ConfirmRestart,
    Conversation,
    HeardElse,
    ReviewCase,
    SwitchGuide,
    WhatElse,
)
from dialogs.effects import Choices, Entry, Option, Progress, Prompt
from dialogs.events import Command
from dialogs.guide import FIX_RESULTS, Ask, Check, Collect, End, Escalate, FixResult, Try
from dialogs.handover import node_text, summary
from dialogs.library import Library
from dialogs.once import once
from dialogs.paths import prompts_to_come
from dialogs.text import Text
from dialogs.walk import Walk

SMALL: tuple[Command, ...] = ("back", "person")
REMARK_LIMIT = 2000  # characters
CONTACT_LIMIT = 200  # characters
GUIDE_OPTION = "guide/"  # options of the first screen: guide/<id>


def prompt_for(library: Library, conversation: Conversation, walked: Walk) -> Prompt:
    """The screen that belongs to the conversation as it stands, without notes."""
    aside = conversation.aside
    if aside is not None:
        prompt = _aside_prompt(library, conversation, walked)
        return msgspec.structs.replace(prompt, id=str(conversation.turn))
    prompt = _place_prompt(library, conversation, walked)
    progress = _progress(walked) if walked.running and not isinstance(walked.node, Check) else None
    return msgspec.structs.replace(prompt, id=str(conversation.turn), progress=progress)


def in_short(conversation: Conversation, walked: Walk, prompt: Prompt) -> str:
    """What `prompt` asks, in short. An answer to one screen is an answer to any other that asks the same."""
    aside = conversation.aside
    where = [walked.guide.id if walked.guide else "", walked.node.id if walked.node else ""]
    where += [walked.fix.id if walked.fix else "", walked.over]
    if aside is not None:
        where = [type(aside).__name__, *(where if isinstance(aside, HeardElse) else ())]
    asked: list[str] = []
    if isinstance(prompt.ask, Choices):
        asked = ["+" if prompt.ask.several else "", *[each.id for each in prompt.ask.options]]
    elif isinstance(prompt.ask, Entry):
        asked = [prompt.ask.kind, prompt.ask.skip.id if prompt.ask.skip else ""]
    return "/".join(where) + "?" + ",".join(asked)


def _progress(walked: Walk) -> Progress:
    assert walked.guide is not None
    assert walked.node is not None
    done = walked.screens
    to_come = prompts_to_come(walked.guide, walked.node.id, walked.given, walked.fix_index)
    return Progress(step=done + 1, about=max(done + 1, done + round(to_come)))


def _place_prompt(library: Library, conversation: Conversation, walked: Walk) -> Prompt:
    node = walked.node
    if walked.over == "handed":
        return _handed_prompt(conversation, walked)
    if walked.over == "solved":
        return _solved_prompt(walked)
    if walked.over and not isinstance(node, End):
        return _screen(Text("bot/cancelled"), small=("person",))
    match node:
        case None:
            return _first_prompt(library)
        case Ask():
            return _node_screen(walked, node.say, node.more, _choices(node))
        case Collect():
            return _node_screen(walked, node.say, node.more, _entry(node))
        case Try():
            assert walked.fix is not None
            return _node_screen(walked, walked.fix.say, walked.fix.more, _AFTER_FIX)
        case Check():
            return _screen(Text("bot/waiting"))
        case Escalate():
            return _screen(node_text(walked, node.say))
        case End():
            return _screen(node_text(walked, node.say), small=("person",))


@once
def _choices(node: Ask) -> Choices:
    options = tuple(
        Option(id=choice.id, label=Text(choice.label), alone=choice.alone) for choice in node.choices
    )
    return Choices(options=options, several=node.several)


@once
def _entry(node: Collect) -> Entry:
    skip = Option(id="skip", label=Text(node.skip)) if node.skip else None
    label = Text(f"bot/entry/{node.kind}")
    return Entry(label=label, kind=node.kind, error=Text("bot/field-empty"), skip=skip)


_AFTER_FIX: Final = Choices(
    options=tuple(Option(id=each, label=Text(f"after/{each}")) for each in FIX_RESULTS)
)


_SCALE: Final = Choices(
    options=tuple(Option(id=str(n), label=Text("bot/number", {"n": str(n)})) for n in range(1, 6)), scale=True
)


def _solved_prompt(walked: Walk) -> Prompt:
    """It works. Asked once: was this helpful? After a hand-over nothing is taken back any more."""
    node = walked.node
    own = isinstance(node, End) and node.result == "solved" and not walked.number
    good = node_text(walked, node.say) if own and node is not None else Text("bot/works-now")
    if walked.rated:
        return _screen(good, small=("person",))
    return Prompt(
        id="",
        say=Text("bot/solved-rating"),
        notes=() if walked.number else (good,),
        ask=_SCALE,
        commands=("person",) if walked.number else SMALL,
        tone="good",
    )


def _handed_prompt(conversation: Conversation, walked: Walk) -> Prompt:
    """With the helpdesk, or closed meanwhile: the truth about the case of this session."""
    case = conversation.case
    if case is None or case.number != walked.number or case.status in OPEN:
        return _screen(Text("bot/case-exists", {"number": walked.number}), small=("status", "works-now"))
    return _screen(case_text(case), small=("is-back", "person"))


def case_text(case: Case) -> Text:
    """What can truthfully be said about a case."""
    key = f"bot/status-{case.status}"
    if case.trouble and case.status == "open":
        key = "bot/status-trouble"
    return Text(key, {"number": case.number, "by": case.by, "reference": case.reference or case.number})


def _first_prompt(library: Library) -> Prompt:
    """What does the message say? Who has no code goes on with the guide for any code."""
    options = tuple(
        Option(id=f"{GUIDE_OPTION}{guide.id}", label=Text("bot/no-code"))
        for guide in library.guides.values()
        if guide.takes_any_code
    )
    ask = Choices(options=options) if options else None
    return Prompt(id="", say=Text("bot/ask-what"), ask=ask, commands=("person",))


def _node_screen(walked: Walk, say: str, more: str, ask: Choices | Entry) -> Prompt:
    return Prompt(
        id="",
        say=node_text(walked, say),
        more=node_text(walked, more) if more else None,
        ask=ask,
        commands=SMALL if walked.visits else ("person",),
    )


def _screen(say: Text, *, small: tuple[Command, ...] = SMALL) -> Prompt:
    return Prompt(id="", say=say, commands=small)


def _aside_prompt(library: Library, conversation: Conversation, walked: Walk) -> Prompt:
    aside = conversation.aside
    match aside:
        case SwitchGuide(code=None):
            say = Text("bot/switch-words", {"title": Text(library.guides[aside.guide].title)})
            return _choice(say, ("switch-yes", "switch-no"))
        case SwitchGuide():
            assert aside.code is not None
            meaning = Text(f"topic/{library.topic(aside.code)}")
            say = Text("bot/switch", {"code": f"AADSTS{aside.code}", "meaning": meaning})
            return _choice(say, ("switch-yes", "switch-no"))
        case ConfirmHandover(declined=True):
            return _choice(Text("bot/handover-not-now"), ("handover-yes", "restart-yes"), small=("back",))
        case ConfirmHandover():
            at_end = isinstance(walked.node, Escalate)
            say = Text("bot/handover" if at_end else "bot/handover-early")
            if walked.number:
                say = Text("bot/handover-again", {"number": walked.number})
            prompt = _choice(
                say,
                ("handover-yes", "handover-add", "handover-no"),
                small=("back",),
            )
            notes = (
                (node_text(walked, walked.node.say),)
                if isinstance(walked.node, Escalate) and not walked.number
                else ()
            )
            return msgspec.structs.replace(prompt, facts=summary(library, walked), notes=notes)
        case AddRemark():
            entry = Entry(
                label=Text("bot/entry/text"),
                limit=REMARK_LIMIT,
                error=Text("bot/field-empty"),
                skip=Option(id="skip", label=Text("bot/skip")),
            )
            key = "bot/add-ask" if anything_known(walked) else "bot/add-first"
            return Prompt(id="", say=Text(key), ask=entry, commands=("back",))
        case AskContact():
            entry = Entry(
                label=Text("bot/entry/contact"),
                limit=CONTACT_LIMIT,
                error=Text("bot/field-empty"),
                skip=Option(id="skip", label=Text("bot/contact-skip")),
            )
            return Prompt(id="", say=Text("bot/contact-ask"), ask=entry, commands=("back",))
        case HeardElse():
            order: tuple[FixResult, ...] = ("other", "same", "fixed", "could-not")
            listed = tuple(Option(id=each, label=Text(f"after/{each}")) for each in order)
            return Prompt(
                id="", say=Text("bot/heard-else"), ask=Choices(options=listed), commands=(*SMALL, "report")
            )
        case CaseClosed():
            commands: tuple[Command, ...] = ("works-now", "is-back")
            listed = tuple(Option(id=each, label=Text(f"button/{each}")) for each in commands)
            return Prompt(id="", say=Text("bot/works-ask"), ask=Choices(options=listed), commands=("person",))
        case ReviewCase():
            entry = Entry(
                label=Text("bot/entry/text"),
                limit=REMARK_LIMIT,
                error=Text("bot/field-empty"),
                skip=Option(id="skip", label=Text("bot/skip")),
            )
            return Prompt(id="", say=Text("bot/review-ask"), ask=entry, commands=("person",))
        case AskedBack():
            asked = Text("bot/asked-back", {"by": aside.by, "number": aside.number, "text": aside.text})
            if aside.files:
                names = ", ".join(each.name for each in aside.files)
                key = "bot/asked-back-with-files" if aside.given else "bot/asked-back-files-elsewhere"
                asked = Text(key, {**asked.args, "names": names})
            files = aside.files if aside.given else ()
            entry = Entry(label=Text("bot/entry/text"), limit=REMARK_LIMIT, error=Text("bot/field-empty"))
            return Prompt(id="", say=asked, ask=entry, commands=("works-now",), files=files)
        case WhatElse():
            entry = Entry(
                label=Text("bot/entry/details"),
                kind="details",
                error=Text("bot/field-empty"),
                skip=Option(id="skip", label=Text("bot/skip")),
            )
            return Prompt(id="", say=Text("bot/what-else"), ask=entry, commands=(*SMALL, "report"))
        case ConfirmRestart():
            return _choice(Text("bot/restart-confirm"), ("restart-yes", "restart-no"))
        case CameBack():
            return _choice(
                Text("bot/came-back"), ("came-back-go-on", "came-back-restart", "handover-yes"), small=()
            )
        case ChooseLanguage():
            options = tuple(Option(id=each, label=Text(f"language/{each}")) for each in library.languages)
            return Prompt(id="", say=Text("bot/language-ask"), ask=Choices(options=options), commands=SMALL)
        case None:  # pragma: no cover - the caller asked
            raise AssertionError


def anything_known(walked: Walk) -> bool:
    """Whether there is something to hand over: a guide, a code, an id, a word."""
    return walked.guide is not None or bool(walked.remarks) or bool(walked.evidence)


def _choice(say: Text, options: tuple[str, ...], *, small: tuple[Command, ...] = SMALL) -> Prompt:
    return Prompt(id="", say=say, ask=_listed(options), commands=small)


@lru_cache(maxsize=64)
def _listed(options: tuple[str, ...]) -> Choices:
    return Choices(
        options=tuple(
            Option(id=each, label=Text(f"bot/{each}"), main=not index) for index, each in enumerate(options)
        )
    )
