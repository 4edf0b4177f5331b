"""What a person is asked where they stand: a position or an open question of the bot's own -> Prompt.

Pure reading: nothing here changes a conversation. It must not know how a prompt is drawn.
"""

import msgspec

from dialogs.conversation import (
    AddRemark,
    CameBack,
    ChooseLanguage,
    ConfirmHandover,
    ConfirmRestart,
    Conversation,
    SwitchGuide,
    WhatElse,
)
from dialogs.effects import Choices, Entry, Option, Progress, Prompt
from dialogs.events import Command
from dialogs.guide import FIX_RESULTS, Ask, Check, Collect, End, Escalate, Try
from dialogs.handover import node_text, summary
from dialogs.library import Library
from dialogs.paths import prompts_to_come
from dialogs.text import Text
from dialogs.walk import Walk

SMALL: tuple[Command, ...] = ("back", "person")
REMARK_LIMIT = 2000  # characters
GUIDE_OPTION = "guide/"  # options of the first screen: guide/<id>


def prompt_for(library: Library, conversation: Conversation, walked: Walk) -> Prompt:
    """The screen that belongs to the conversation as it stands, without notes."""
    aside = conversation.aside
    prompt = (
        _aside_prompt(library, conversation, walked) if aside is not None else _place_prompt(library, walked)
    )
    if walked.running and not isinstance(walked.node, Check) and aside is None:
        prompt = msgspec.structs.replace(prompt, progress=_progress(walked))
    return msgspec.structs.replace(prompt, id=str(conversation.turn))


def _progress(walked: Walk) -> Progress:
    assert walked.guide is not None
    assert walked.node is not None
    done = sum(1 for visit in walked.visits if visit.asked and visit.guide is walked.guide)
    to_come = prompts_to_come(walked.guide, walked.node.id, walked.given, walked.fix_index)
    return Progress(step=done + 1, about=max(done + 1, done + round(to_come)))


def _place_prompt(library: Library, walked: Walk) -> Prompt:
    if walked.over == "handed":
        return _screen(Text("bot/case-exists", {"number": walked.number}), small=())
    if walked.over and not isinstance(walked.node, End):
        key = "bot/works-now" if walked.over == "solved" else "bot/cancelled"
        return _screen(Text(key), small=("person",))
    node = walked.node
    match node:
        case None:
            return _first_prompt(library)
        case Ask():
            options = tuple(
                Option(id=choice.id, label=Text(choice.label), alone=choice.alone) for choice in node.choices
            )
            ask = Choices(options=options, several=node.several)
            return _node_screen(walked, node.say, node.more, ask)
        case Collect():
            skip = Option(id="skip", label=Text(node.skip)) if node.skip else None
            entry = Entry(
                label=Text(f"bot/entry/{node.kind}"), kind=node.kind, error=Text("bot/field-empty"), skip=skip
            )
            return _node_screen(walked, node.say, node.more, entry)
        case Try():
            assert walked.fix is not None
            options = tuple(Option(id=each, label=Text(f"after/{each}")) for each in FIX_RESULTS)
            return _node_screen(walked, walked.fix.say, walked.fix.more, Choices(options=options))
        case Check():
            return _screen(Text("bot/waiting"))
        case Escalate():
            return _screen(node_text(walked, node.say))
        case End(result="solved") if not walked.rated:
            scale = Choices(
                options=tuple(
                    Option(id=str(n), label=Text("bot/number", {"n": str(n)})) for n in range(1, 6)
                ),
                scale=True,
            )
            return Prompt(
                id="",
                say=Text("bot/solved-rating"),
                notes=(node_text(walked, node.say),),
                ask=scale,
                commands=SMALL,
                tone="good",
            )
        case End():
            return _screen(node_text(walked, node.say), small=("person",))


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
            prompt = _choice(
                Text("bot/handover" if at_end else "bot/handover-early"),
                ("handover-yes", "handover-add", "handover-no"),
                small=("back",),
            )
            notes = (node_text(walked, walked.node.say),) if isinstance(walked.node, Escalate) else ()
            return msgspec.structs.replace(prompt, facts=summary(library, conversation, walked), notes=notes)
        case AddRemark():
            entry = Entry(label=Text("bot/entry/text"), limit=REMARK_LIMIT, error=Text("bot/field-empty"))
            return Prompt(id="", say=Text("bot/add-ask"), ask=entry, commands=("back",))
        case WhatElse():
            entry = Entry(
                label=Text("bot/entry/details"),
                kind="details",
                error=Text("bot/field-empty"),
                skip=Option(id="skip", label=Text("bot/skip")),
            )
            return Prompt(id="", say=Text("bot/what-else"), ask=entry, commands=SMALL)
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


def _choice(say: Text, options: tuple[str, ...], *, small: tuple[Command, ...] = SMALL) -> Prompt:
    listed = tuple(
        Option(id=each, label=Text(f"bot/{each}"), main=not index) for index, each in enumerate(options)
    )
    return Prompt(id="", say=say, ask=Choices(options=listed), commands=small)
