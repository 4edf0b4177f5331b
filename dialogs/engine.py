"""step(): one event in; the new conversation and what is asked of the world out.

Nothing a person can do is an error: a stale click, a second click, nonsense, all are ordinary cases below.
No clock, no I/O, no randomness: the time and a fresh case number come with the event. The same input gives
the same output, which is what makes repeats, reruns and replays safe.

The tour: `step` sorts events; `dialogs.answering` and `dialogs.sentences` make answers of what was said;
`dialogs.commands` does what was asked for, `dialogs.cases` what the person does with a case, `dialogs.files`
with files, and `dialogs.helpdesk` what the helpdesk does with a case; `dialogs.talk` holds the one door,
`enter`; `dialogs.walk` is the fold under all of it.
"""

import msgspec

from dialogs import answering, commands, files, helpdesk
from dialogs.conversation import Conversation, Probed
from dialogs.effects import Retire
from dialogs.events import (
    Attached,
    Chose,
    Command,
    Commanded,
    Entered,
    Event,
    FileAnswered,
    FileGiven,
    FilesCame,
    Opened,
    ProbeFinished,
    Said,
)
from dialogs.guide import Check
from dialogs.library import Library
from dialogs.outcome import outcomes
from dialogs.talk import Step, Talk
from dialogs.text import Text

__all__ = ["Step", "step"]

_SAME_CLICK = 10  # seconds within which a second press of an answered screen is no news
# What a small button may do on any screen, however old: none of it is an answer.
_ANYWHERE: frozenset[Command] = frozenset(
    {"hello", "repeat", "help", "person", "status", "language", "plain", "cards"}
)


def step(library: Library, conversation: Conversation, event: Event) -> Step:
    """Take one event.

    Args:
        library: All content, in one version.
        conversation: As it was stored.
        event: What happened, with its time.

    Returns:
        The conversation to store, and the effects, in order. Both unchanged and empty when the event is no
        news (a second click, a late result of a check nobody waits for).
    """
    if isinstance(event, Chose | Entered | Commanded) and _second_click(conversation, event):
        return Step(conversation)
    talk = Talk(library, conversation, at=event.at, fresh=event.fresh, back=event.back)
    begun, session = talk.walked, talk.conversation.session
    match event:
        case Opened():
            talk.again() if talk.walked.running else talk.again("bot/welcome")
        case Said():
            if event.files or event.names:
                talk.hear(*(each.name for each in event.files), *event.names)
                files.take(talk, event)
            answering.said(talk, event.text, event.removed)
        case Attached():
            talk.hear(*(each.name for each in event.files), *event.names)
            files.take(talk, event)
        case FilesCame():
            if not files.came(talk, event):
                return Step(conversation)
        case FileAnswered():
            files.answered(talk, event)
        case FileGiven():
            files.given(talk, event)
        case Chose() | Entered() | Commanded():
            if event.prompt == conversation.prompt or (isinstance(event, Commanded) and not event.prompt):
                _on_screen(talk, event)
            else:
                _stale(talk, event)
        case ProbeFinished():
            if not _probed(talk, event):
                return Step(conversation)
        case _:
            if not helpdesk.news(talk, event):
                return Step(conversation)
    done = talk.done()
    same = session == done.conversation.session
    ended = outcomes(begun, talk.walked, same=same, content=library.version, at=event.at)
    return msgspec.structs.replace(done, outcomes=ended) if ended else done


def _second_click(conversation: Conversation, event: Chose | Entered | Commanded) -> bool:
    again = bool(event.prompt) and event.prompt == conversation.answered != conversation.prompt
    return again and event.at - conversation.at <= _SAME_CLICK


def _stale(talk: Talk, event: Chose | Entered | Commanded) -> None:
    """An older screen: say so on it, and show where we are. What was typed into it is not lost."""
    match event:
        case Entered():
            answering.said(talk, event.text, event.removed)
        case Commanded() if event.command in _ANYWHERE:
            talk.hear(Text(f"button/{event.command}"))
            commands.run(talk, event.command, event.value)
        case _:
            talk.again("bot/stale")
    talk.effects.append(Retire(prompt=event.prompt, picked=(Text("bot/earlier"),)))


def _on_screen(talk: Talk, event: Chose | Entered | Commanded) -> None:
    match event:
        case Chose() if talk.moved:  # the guide was edited since: these buttons meant something else
            talk.again(talk.edited)
        case Chose():
            answering.choose(talk, event.options)
        case Entered():
            answering.said(talk, event.text, event.removed, into_field=True)
        case Commanded():
            talk.picked = (Text(f"button/{event.command}"),)
            talk.hear(*talk.picked)
            commands.run(talk, event.command, event.value)


def _probed(talk: Talk, event: ProbeFinished) -> bool:
    """An automatic check came back. Only the one we wait for counts."""
    node = talk.walked.node
    waiting = talk.conversation.waiting
    if not waiting or event.request != waiting or not isinstance(node, Check):
        return False
    talk.add(Probed(at=event.at, node=node.id, outcome=event.outcome, detail=event.detail))
    talk.set(waiting="")
    if talk.conversation.aside is None:
        talk.enter()
    return True
