"""What a person says or picks, made into answers: commands, options of a screen, and what is left over.

Every branch ends by showing something. How a sentence is understood is `dialogs.recognise`; how a command
is done is `dialogs.commands`; what a sentence means that is neither is `dialogs.sentences`.
"""

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from dialogs import cases, commands, sentences
from dialogs.conversation import (
    AddRemark,
    AskContact,
    AskedBack,
    CameBack,
    CaseClosed,
    ChooseLanguage,
    ConfirmHandover,
    ConfirmRestart,
    Evidence,
    HeardElse,
    Noticed,
    Picked,
    Rated,
    ReviewCase,
    SwitchGuide,
    Tried,
    Typed,
    WhatElse,
)
from dialogs.effects import Choices, Entry, Option, Prompt
from dialogs.guide import FIX_RESULTS, Ask, Collect, FixResult, Try
from dialogs.library import SOURCE_LANGUAGE, Library
from dialogs.once import once
from dialogs.prompts import GUIDE_OPTION
from dialogs.recognise import Recognition, recognise
from dialogs.talk import Talk
from dialogs.text import Text

# Commands that are words like any other while a human listens: "no, go back" is said to them.
_SMALL_TALK = frozenset({"hello", "back", "repeat", "cancel", "is-back"})


def said(talk: Talk, text: str, removed: tuple[str, ...], *, into_field: bool = False) -> None:
    """The person wrote `text`; `into_field`: into the text field of the current screen."""
    text = text.strip()
    talk.hear(text)
    for kind in dict.fromkeys(removed):
        talk.note("bot/removed", kind=Text(f"bot/secret/{kind}"))
    if not text:
        talk.again() if removed else talk.again("bot/empty")
        return
    prompt = talk.current()
    place, moved = talk.walked.node, talk.moved
    options = [
        (each.id, talk.library.say(each.label, talk.conversation.language)) for each in _offered(prompt)
    ]
    spoken = _said_instead(talk, prompt)
    if isinstance(prompt.ask, Entry):  # the way round a field has no number: "1" is what was asked for
        options, spoken = [], options + spoken
    several = isinstance(prompt.ask, Choices) and prompt.ask.several
    found = recognise(talk.library, talk.conversation.language, text, options, several=several, spoken=spoken)
    pressed = () if moved else _exactly(spoken if isinstance(prompt.ask, Entry) else options, text)
    news = _news(talk.evidence, found.evidence)
    if news:  # before anything else: what is known must not depend on what the rest of a sentence meant
        talk.add(Noticed(at=talk.at, evidence=news))
    if pressed:
        choose(talk, pressed, heard=True)
    elif found.command == "report":
        commands.report(talk, text)
    elif not into_field and found.command is not None and not _for_the_case(talk, found):
        commands.run(talk, found.command, found.value)
    elif moved:
        sentences.too_late(talk, text, found, news)
    elif not into_field and found.options and not news.codes and not talk.moved:
        choose(talk, found.options, heard=True)
    else:
        sentences.understand(talk, text, found, news, place)


def _offered(prompt: Prompt) -> tuple[Option, ...]:
    """All that can be pressed on a screen besides the small buttons."""
    if isinstance(prompt.ask, Choices):
        return prompt.ask.options
    if isinstance(prompt.ask, Entry) and prompt.ask.skip is not None:
        return (prompt.ask.skip,)
    return ()


def _exactly(options: list[tuple[str, str]], text: str) -> tuple[str, ...]:
    """The option whose words were typed as they stand; they go before commands that sound alike.

    In a field, "no" and "I don't know" are no value either: they are the way round it.
    """
    wanted = _plain(text)
    return tuple(each for each, label in options if _plain(label) == wanted)[:1]


@lru_cache(maxsize=2048)
def _plain(words: str) -> str:
    return " ".join(words.casefold().split()).strip(" .!")


def _said_instead(talk: Talk, prompt: Prompt) -> list[tuple[str, str]]:
    """What people say besides the words on the buttons: "no" for "Same message again"."""
    aside = talk.conversation.aside
    meant: dict[str, str] = {}
    if isinstance(prompt.ask, Entry):
        meant = {"skip": prompt.ask.skip.id} if prompt.ask.skip is not None else {}
    elif isinstance(aside, HeardElse) or (aside is None and isinstance(talk.walked.node, Try)):
        meant = {each: each for each in FIX_RESULTS}
    elif isinstance(aside, CaseClosed):
        meant = {"fixed": "works-now", "same": "is-back"}
    said = _spoken(talk.library)
    language = talk.conversation.language
    if language not in talk.library.texts:
        language = SOURCE_LANGUAGE
    return [(option, words) for result, option in meant.items() for words in said[result, language]]


@once
def _spoken(library: Library) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """What people say for a result of a fix, or for the way round a field, in each language."""
    return {
        (result, language): tuple(
            each.strip() for each in library.words(f"said/{result}", language).split(";")
        )
        if library.has(f"said/{result}")
        else ()
        for result in (*FIX_RESULTS, "skip")
        for language in library.texts
    }


def _for_the_case(talk: Talk, found: Recognition) -> bool:
    """With a case open, "it's back" is for whoever works on it; with a human in charge, most words are."""
    if isinstance(talk.conversation.aside, AskedBack) or cases.in_charge(talk):
        return found.command in _SMALL_TALK
    return found.command == "is-back" and cases.with_helpdesk(talk) is not None


def _news(known: Evidence, found: Evidence) -> Evidence:
    """What of `found` was not known yet."""
    fields = {
        name: value
        for name, value in msgspec.structs.asdict(found).items()
        if name != "codes" and value is not None and getattr(known, name) != value
    }
    return Evidence(codes=tuple(code for code in found.codes if code not in known.codes), **fields)


# ---- options


def choose(talk: Talk, options: tuple[str, ...], *, heard: bool = False) -> None:
    """The person picked `options` of the current screen."""
    prompt = talk.current()
    ask = prompt.ask
    several = isinstance(ask, Choices) and ask.several
    offered = {each.id: each for each in _offered(prompt)}
    options = tuple(dict.fromkeys(options))
    if not offered.keys() >= set(options):
        talk.again("bot/stale")
        return
    labels = tuple([offered[each].label for each in options])
    if not heard:
        talk.hear(*labels)
    if not options:
        talk.again("bot/pick-some" if several else "bot/pick-one")
        return
    if len(options) > 1 and not several:
        talk.again("bot/pick-one")
        return
    alone = next((offered[each] for each in options if offered[each].alone), None)
    if alone is not None and len(options) > 1:
        talk.again("bot/alone-only", choice=alone.label)
        return
    talk.picked = labels
    if talk.conversation.aside is not None:
        _choose_aside(talk, options[0])
    else:
        _choose_here(talk, options)


def _choose_here(talk: Talk, options: tuple[str, ...]) -> None:
    node = talk.walked.node
    if talk.walked.over:
        score = int(options[0])
        talk.add(Rated(at=talk.at, score=score))
        if not cases.rate(talk, score):
            talk.show(Text("bot/rated"))
        return
    match node:
        case None:
            commands.begin(talk, talk.library.guides[options[0].removeprefix(GUIDE_OPTION)])
            return
        case Ask():
            talk.add(Picked(at=talk.at, node=node.id, choices=options))
        case Collect():
            talk.add(Typed(at=talk.at, node=node.id, text=None))
        case Try():
            if _tried(talk, options[0]) == "other":
                talk.ask(WhatElse())
                return
        case _:  # pragma: no cover - no other place offers options
            talk.again("bot/stale")
            return
    talk.enter()


def _tried(talk: Talk, option: str) -> FixResult:
    node, fix = talk.walked.node, talk.walked.fix
    assert isinstance(node, Try)
    assert fix is not None
    result = next(each for each in FIX_RESULTS if each == option)
    talk.add(Tried(at=talk.at, node=node.id, fix=fix.id, result=result))
    return result


def _choose_aside(talk: Talk, option: str) -> None:
    match talk.conversation.aside, option:
        case SwitchGuide() as aside, "switch-yes":
            sentences.switch(talk, aside)
        case SwitchGuide(), _:
            if talk.walked.running:
                talk.note("bot/stayed")
            talk.enter()
        case ConfirmHandover(), "handover-yes":
            cases.hand_over(talk)
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
        case AskContact(), _:
            cases.introduce(talk, "")
        case AddRemark(), _:
            talk.ask(ConfirmHandover())
        case ReviewCase(), _:
            talk.set(aside=None)
            talk.show(Text("bot/rated"))
        case HeardElse(text=words), _:
            result = _tried(talk, option)
            if result != "fixed":
                sentences.remark(talk, words)
            if result == "other":
                talk.note("bot/what-else-noted")
            talk.enter()
        case ConfirmRestart(), "restart-yes":
            commands.start_over(talk)
        case CameBack(), "came-back-go-on":
            commands.go_on(talk)
        case CameBack(), "handover-yes":
            talk.ask(ConfirmHandover())
        case CameBack(), _:
            commands.start_over(talk)
        case CaseClosed(), "works-now":
            commands.works_now(talk)
        case CaseClosed(), _:
            commands.is_back(talk)
        case ChooseLanguage(), _:
            commands.language(talk, option)
        case _:  # stay here, skip
            talk.enter()
