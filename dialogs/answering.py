"""What a person says or picks, made into answers: options of a screen, typed values, pasted pages.

Every branch ends by showing something. How a sentence is understood is `dialogs.recognise`; how a command
is done is `dialogs.commands`.
"""

import re

import msgspec

from dialogs import commands
from dialogs.conversation import (
    AddRemark,
    CameBack,
    Case,
    ChooseLanguage,
    ConfirmHandover,
    ConfirmRestart,
    Evidence,
    Noticed,
    Picked,
    Rated,
    Remarked,
    SwitchGuide,
    Tried,
    Typed,
    WhatElse,
)
from dialogs.effects import ChangeCase, Choices, Entry, Prompt
from dialogs.guide import FIX_RESULTS, Ask, Collect, End, Try
from dialogs.prompts import GUIDE_OPTION, REMARK_LIMIT
from dialogs.recognise import Recognition, recognise
from dialogs.talk import Talk
from dialogs.text import Text

VALUE_LIMIT = 4000  # characters of one typed value; a whole error page fits
_ID_NAMES = (
    ("correlation_id", "correlation"),
    ("request_id", "request"),
    ("trace_id", "request"),
    ("timestamp", "time"),
    ("app_name", "app"),
)


def said(talk: Talk, text: str, removed: tuple[str, ...], *, into_field: bool = False) -> None:
    """The person wrote `text`; `into_field`: into the text field of the current screen."""
    text = text.strip()
    talk.hear(text)
    for kind in dict.fromkeys(removed):
        talk.note("bot/removed", kind=Text(f"bot/secret/{kind}"))
    if not text:
        talk.again("bot/empty")
        return
    prompt = talk.current()
    found = _recognised(talk, prompt, text)
    pressed = _exactly(talk, prompt, text)
    if not into_field and pressed:
        choose(talk, pressed, heard=True)
        return
    if not into_field and found.command is not None:
        commands.run(talk, found.command, found.value)
        return
    news = _news(talk.evidence, found.evidence)
    if not into_field and found.options and not news.codes:
        choose(talk, found.options, heard=True)
        return
    if news:
        talk.add(Noticed(at=talk.at, evidence=news))
    _understand(talk, text, found, news)


def _recognised(talk: Talk, prompt: Prompt, text: str) -> Recognition:
    language = talk.conversation.language
    options: list[tuple[str, str]] = []
    several = False
    if isinstance(prompt.ask, Choices):
        options = [(each.id, talk.library.say(each.label, language)) for each in prompt.ask.options]
        if isinstance(talk.walked.node, Try) and talk.conversation.aside is None:
            options += _said_for_results(talk)
        several = prompt.ask.several
    elif isinstance(prompt.ask, Entry) and prompt.ask.skip is not None:
        options = [(prompt.ask.skip.id, talk.library.say(prompt.ask.skip.label, language))]
    return recognise(talk.library, language, text, options, several=several)


def _exactly(talk: Talk, prompt: Prompt, text: str) -> tuple[str, ...]:
    """The option whose words were typed as they stand; they go before commands that sound alike."""
    if not isinstance(prompt.ask, Choices):
        return ()
    wanted = " ".join(text.casefold().split()).strip(" .!")
    language = talk.conversation.language
    labels = {each.id: talk.library.say(each.label, language) for each in prompt.ask.options}
    return tuple(each for each, label in labels.items() if " ".join(label.casefold().split()) == wanted)[:1]


def _said_for_results(talk: Talk) -> list[tuple[str, str]]:
    """What people say below a fix besides the words on its buttons: "no" for "Same message again"."""
    listed = ((each, f"said/{each}") for each in FIX_RESULTS)
    return [
        (result, words.strip())
        for result, key in listed
        if talk.library.has(key)
        for words in talk.library.words(key, talk.conversation.language).split(";")
    ]


def _news(known: Evidence, found: Evidence) -> Evidence:
    """What of `found` was not known yet."""
    fields = {
        name: value
        for name, value in msgspec.structs.asdict(found).items()
        if name != "codes" and value is not None and getattr(known, name) != value
    }
    return Evidence(codes=tuple(code for code in found.codes if code not in known.codes), **fields)


# ---- sentences


def _understand(talk: Talk, text: str, found: Recognition, news: Evidence) -> None:
    """A sentence that is no command and no option."""
    aside = talk.conversation.aside
    if isinstance(aside, AddRemark):
        _remark(talk, text)
        talk.note("bot/added")
        talk.ask(ConfirmHandover())
        return
    if isinstance(aside, WhatElse):
        _remark(talk, text)
        if not _offered_switch(talk, found, news):
            talk.note("bot/what-else-noted")
            talk.enter()
        return
    if not talk.walked.running:
        _outside(talk, text, found, news)
    elif _offered_switch(talk, found, news):
        return
    elif aside is None and isinstance(talk.walked.node, Collect):
        _note_news(talk, news)
        _collect(talk, talk.walked.node, text)
    elif news:
        _note_news(talk, news)
        if aside is None:
            talk.enter()
        else:
            talk.again()
    elif found.evidence:  # known already
        talk.again("bot/repeat")
    else:
        _miss(talk)


def _outside(talk: Talk, text: str, found: Recognition, news: Evidence) -> None:
    """No guide is running: a code or a guide's words begin one; with a case open, words go to the case."""
    case = talk.conversation.case
    code = found.evidence.codes[-1] if found.evidence.codes else None
    guide = talk.library.guide_for(code) if code is not None else None
    if guide is None and found.guide is not None:
        guide = talk.library.guides[found.guide]
    if guide is not None:
        same = talk.walked.guide is not None and guide.id == talk.walked.guide.id and not news.codes
        if same and talk.walked.over in {"solved", "stopped"}:
            talk.ask(CameBack())
            return
        if talk.walked.over:
            commands.fresh(talk)
            talk.add(Noticed(at=talk.at, evidence=found.evidence))
        _note_news(talk, msgspec.structs.replace(news, codes=()))
        commands.begin(talk, guide)
    elif talk.walked.over == "handed" and case is not None and case.status in {"open", "claimed"}:
        _tell_case(talk, case, text)
    elif news:
        _note_news(talk, news)
        talk.enter()
    else:
        if talk.walked.over:
            commands.fresh(talk)
        _remark(talk, text)
        _miss(talk)


def _offered_switch(talk: Talk, found: Recognition, news: Evidence) -> bool:
    """Another error, or another guide's words, in the middle: offer it, never force it."""
    current = talk.walked.guide
    if current is None:
        return False
    if news.codes:
        code = news.codes[-1]
        guide = talk.library.guide_for(code)
        if guide is not None and (guide.id != current.id or guide.takes_any_code):
            talk.ask(SwitchGuide(guide=guide.id, code=code))
            return True
    elif found.guide is not None and found.guide != current.id and not isinstance(talk.walked.node, Collect):
        talk.ask(SwitchGuide(guide=found.guide))
        return True
    return False


def _note_news(talk: Talk, news: Evidence) -> None:
    for code in news.codes:
        talk.note("bot/noted-code", code=f"AADSTS{code}")
    names = [name for field, name in _ID_NAMES if getattr(news, field)]
    if names:
        what = tuple(Text(f"bot/id/{name}") for name in dict.fromkeys(names))
        talk.note("bot/noted-ids", what=what)


def _remark(talk: Talk, text: str) -> None:
    talk.add(Remarked(at=talk.at, text=text[:REMARK_LIMIT]))


def _tell_case(talk: Talk, case: Case, text: str) -> None:
    _remark(talk, text)
    talk.effects.append(ChangeCase(number=case.number, note=text[:REMARK_LIMIT]))
    talk.notice(Text("bot/case-added", {"number": case.number}))


def _miss(talk: Talk) -> None:
    misses = talk.conversation.misses + 1
    talk.set(misses=misses)
    if misses > 1:
        talk.again("bot/understood-not-again")
    elif talk.walked.running or talk.conversation.aside is not None:
        talk.again("bot/understood-not")
    else:
        talk.again()


# ---- values


def _collect(talk: Talk, node: Collect, text: str) -> None:
    if talk.walked.node is not node:  # what was pasted has answered it already
        talk.enter()
        return
    if node.pattern and not re.fullmatch(node.pattern, text[:VALUE_LIMIT]):
        talk.again(node.hint or "bot/field-pattern")
        return
    talk.picked = (text[:200],)
    talk.add(Typed(at=talk.at, node=node.id, text=text[:VALUE_LIMIT]))
    talk.enter()


# ---- options


def choose(talk: Talk, options: tuple[str, ...], *, heard: bool = False) -> None:
    """The person picked `options` of the current screen."""
    prompt = talk.current()
    ask = prompt.ask
    offered = {}
    if isinstance(ask, Choices):
        offered = {each.id: each for each in ask.options}
    elif isinstance(ask, Entry) and ask.skip is not None:
        offered = {ask.skip.id: ask.skip}
    options = tuple(dict.fromkeys(options))
    if any(each not in offered for each in options):
        talk.again("bot/stale")
        return
    if not heard:
        talk.hear(*(offered[each].label for each in options))
    if not options:
        talk.again("bot/pick-some" if isinstance(ask, Choices) and ask.several else "bot/pick-one")
        return
    alone = next((offered[each] for each in options if offered[each].alone), None)
    if len(options) > 1 and not (isinstance(ask, Choices) and ask.several):
        talk.again("bot/pick-one")
        return
    if alone is not None and len(options) > 1:
        talk.again("bot/alone-only", choice=alone.label)
        return
    talk.picked = tuple(offered[each].label for each in options)
    if talk.conversation.aside is not None:
        _choose_aside(talk, options[0])
    else:
        _choose_here(talk, options)


def _choose_here(talk: Talk, options: tuple[str, ...]) -> None:
    node = talk.walked.node
    match node:
        case None:
            guide = talk.library.guides[options[0].removeprefix(GUIDE_OPTION)]
            commands.begin(talk, guide)
            return
        case Ask():
            talk.add(Picked(at=talk.at, node=node.id, choices=options))
        case Collect():
            talk.add(Typed(at=talk.at, node=node.id, text=None))
        case Try() if talk.walked.fix is not None:
            result = next(each for each in FIX_RESULTS if each == options[0])
            talk.add(Tried(at=talk.at, node=node.id, fix=talk.walked.fix.id, result=result))
            if result == "other":
                talk.ask(WhatElse())
                return
        case End():
            talk.add(Rated(at=talk.at, score=int(options[0])))
            talk.show(Text("bot/rated"))
            return
        case _:
            talk.again("bot/stale")
            return
    talk.enter()


def _choose_aside(talk: Talk, option: str) -> None:
    match talk.conversation.aside, option:
        case SwitchGuide(guide=guide), "switch-yes":
            commands.begin(talk, talk.library.guides[guide])
        case SwitchGuide(), _:
            talk.note("bot/stayed")
            talk.enter()
        case ((ConfirmHandover() | CameBack()), "handover-yes"):
            commands.hand_over(talk)
        case ConfirmHandover(), "handover-add":
            talk.ask(AddRemark())
        case ConfirmHandover(declined=True), _:
            commands.start_over(talk)
        case ConfirmHandover(), _:
            if commands.at_escalation(talk):
                talk.ask(ConfirmHandover(declined=True))
            else:
                talk.note("bot/not-handed")
                talk.enter()
        case ConfirmRestart(), "restart-yes":
            commands.start_over(talk)
        case CameBack(), "came-back-go-on":
            commands.go_on(talk)
        case CameBack(), _:
            commands.start_over(talk)
        case ChooseLanguage(), _:
            talk.set(aside=None)
            commands.language(talk, option)
        case _:  # stay here, skip
            talk.enter()
