"""What a sentence means that is no command and no option: a pasted page, a value, a remark, another error.

Every branch ends by showing something. Codes and ids in it are noted already when it gets here. It must not
know how sentences are taken apart (`dialogs.recognise` does).
"""

import re

import msgspec

from dialogs import cases, commands
from dialogs.conversation import (
    AddRemark,
    AskContact,
    AskedBack,
    CameBack,
    ConfirmHandover,
    Evidence,
    HeardElse,
    Noticed,
    Remarked,
    ReviewCase,
    SwitchGuide,
    Typed,
    WhatElse,
)
from dialogs.dates import read_date
from dialogs.guide import Collect, Guide, Node, Try
from dialogs.prompts import REMARK_LIMIT, anything_known
from dialogs.recognise import Recognition
from dialogs.recognise_words import COURTESY
from dialogs.talk import Talk
from dialogs.text import Text

VALUE_LIMIT = 4000  # characters of one typed value; a whole error page fits
_SENTENCE = re.compile(r"\w\W+\w")  # two words: more than a slip of the finger; searched in linear time
_ID_NAMES = (
    ("correlation_id", "correlation"),
    ("request_id", "request"),
    ("trace_id", "request"),
    ("timestamp", "time"),
    ("app_name", "app"),
)


def understand(talk: Talk, text: str, found: Recognition, news: Evidence, place: Node | None) -> None:
    """Do what a sentence comes to.

    Args:
        talk: The step in progress.
        text: What was said.
        found: What was recognised in it.
        news: The codes and ids in it that were not known.
        place: The node the person saw when they wrote it; what they pasted may have led on already.
    """
    aside = talk.conversation.aside
    if isinstance(aside, AskedBack):
        cases.answer(talk, aside, text)
    elif isinstance(aside, ReviewCase):
        cases.review(talk, text)
    elif isinstance(aside, AskContact):
        cases.introduce(talk, text)
    elif isinstance(aside, AddRemark):
        if anything_known(talk.walked):
            talk.note("bot/added")
        remark(talk, text)
        talk.ask(ConfirmHandover())
    elif isinstance(aside, WhatElse):
        remark(talk, text)
        if not _offered_switch(talk, found, news):
            talk.note("bot/what-else-noted")
            talk.enter()
    elif not talk.walked.running:
        _outside(talk, text, found, news)
    elif aside is None and isinstance(place, Collect):
        _collect(talk, place, text, found, news)
    elif _offered_switch(talk, found, news):
        pass
    elif news:
        _note_news(talk, news)
        if aside is None:
            talk.enter()
        else:
            talk.again()
    elif found.evidence:  # known already
        talk.again("bot/repeat")
    elif aside is None and isinstance(place, Try) and _SENTENCE.search(text) and not text.endswith("?"):
        talk.ask(HeardElse(text=text[:REMARK_LIMIT]))
    else:
        _miss(talk, "bot/question" if _SENTENCE.search(text) and text.endswith("?") else "bot/understood-not")


def too_late(talk: Talk, text: str, found: Recognition, news: Evidence) -> None:
    """The guide was edited since the screen was shown: no answer to it any more, but kept if it is words."""
    if not found.options and not news and _SENTENCE.search(text):
        remark(talk, text)
    if not talk.walked.running or not _offered_switch(talk, found, news):
        _note_news(talk, news)
        talk.again(talk.edited)


def remark(talk: Talk, text: str) -> None:
    """Keep the person's own words for the helpdesk."""
    talk.add(Remarked(at=talk.at, text=text[:REMARK_LIMIT]))


# ---- no guide is running


def _outside(talk: Talk, text: str, found: Recognition, news: Evidence) -> None:
    """A code or a guide's words begin a guide; with a case open, words go to the case."""
    over, aside = talk.walked.over, talk.conversation.aside
    guide = _named(talk, found)
    case = cases.with_helpdesk(talk)
    known = guide is not None and guide is talk.walked.guide and not news.codes
    if over and _polite(text) and not cases.in_charge(talk):
        talk.again()
    elif case is not None and (aside is None or isinstance(aside, SwitchGuide)):
        silent = cases.in_charge(talk) is not None
        cases.add_words(talk, case, text)
        added = cases.with_case(case)
        if guide is not None and not known and not silent:
            talk.note(added.key, **added.args)
            talk.ask(SwitchGuide(guide=guide.id, code=found.evidence.codes[-1] if news.codes else None))
        else:
            talk.notice(added)
    elif guide is not None and over and known:
        if talk.walked.number:
            commands.is_back(talk)
        else:
            talk.ask(CameBack())
    elif guide is not None:
        _begin(talk, guide, found, news)
    elif news:
        _note_news(talk, news)
        talk.again()
    elif aside is not None:
        _miss(talk)
    else:
        words = bool(_SENTENCE.search(text))
        if words and over in {"solved", "stopped"}:  # "same message again": what was tried is still known
            remark(talk, text)
            talk.ask(CameBack())
            return
        if over and over != "solved":
            commands.fresh(talk)
        if words:
            remark(talk, text)
        _miss(talk, "bot/heard-no-code" if words else "bot/understood-not")


def _named(talk: Talk, found: Recognition) -> Guide | None:
    """The guide that takes the newest code, else the one whose words were said."""
    if found.evidence.codes:
        guide = talk.library.guide_for(found.evidence.codes[-1])
        if guide is not None:
            return guide
    return talk.library.guides[found.guide] if found.guide is not None else None


def _begin(talk: Talk, guide: Guide, found: Recognition, news: Evidence) -> None:
    if talk.walked.over:
        commands.fresh(talk)
        talk.add(Noticed(at=talk.at, evidence=found.evidence))
    _note_news(talk, msgspec.structs.replace(news, codes=()))
    commands.begin(talk, guide)


def switch(talk: Talk, to: SwitchGuide) -> None:
    """Begin the other guide; from a finished one its code goes along into the new session."""
    over = bool(talk.walked.over)
    if over:
        commands.fresh(talk)
        if to.code is not None:
            talk.add(Noticed(at=talk.at, evidence=Evidence(codes=(to.code,))))
    commands.begin(talk, talk.library.guides[to.guide])


def _polite(text: str) -> bool:
    """Whether it is thanks and nothing else."""
    words = re.findall(r"\w+", text.casefold())
    return bool(words) and COURTESY.issuperset(words)


# ---- in the middle of a guide


def _offered_switch(talk: Talk, found: Recognition, news: Evidence) -> bool:
    """Another error, or another guide's words, in the middle: offer it, never force it."""
    current = talk.walked.guide
    if current is None:
        return False
    if news.codes:
        code = news.codes[-1]
        guide = talk.library.guide_for(code)
        first = current.takes_any_code and talk.evidence.codes == news.codes
        if guide is None or (guide.id == current.id and (first or not guide.takes_any_code)):
            return False
        _note_news(talk, msgspec.structs.replace(news, codes=news.codes[:-1]))
        talk.ask(SwitchGuide(guide=guide.id, code=code))
        return True
    if found.guide is not None and found.guide != current.id and not isinstance(talk.walked.node, Collect):
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


def _collect(talk: Talk, node: Collect, text: str, found: Recognition, news: Evidence) -> None:
    """A value for a field. What was pasted may have answered it by itself; it is kept either way."""
    if talk.walked.node is node:
        value = _value(talk, node, text)
        if value is None:
            _note_news(talk, news)
            talk.again(node.hint or ("bot/field-date" if node.kind == "date" else "bot/field-pattern"))
            return
        talk.picked = (text[:200],)
        talk.add(Typed(at=talk.at, node=node.id, text=value))
    if not _offered_switch(talk, msgspec.structs.replace(found, guide=None), news):
        _note_news(talk, news)
        talk.enter()


def _value(talk: Talk, node: Collect, text: str) -> str | None:
    """What is kept of `text`; None when it does not fit the field."""
    if node.kind == "date":
        return read_date(talk.library, talk.conversation.language, text, talk.at)
    value = text[:VALUE_LIMIT]
    return None if node.pattern and not re.fullmatch(node.pattern, value) else value


def _miss(talk: Talk, key: str = "bot/understood-not") -> None:
    misses = talk.conversation.misses + 1
    talk.set(misses=misses)
    talk.again("bot/understood-not-again" if misses > 1 else key)
