"""A prompt as the chat page gets it: plain JSON in the person's words, to be put into the page as text.

Nothing here is HTML, and the page must not make HTML of it. Must not know: HTTP, the page.
"""

from collections.abc import Sequence
from typing import Any

from bot.cards import escape, labels
from bot.cards.speech import Speaker
from bot.files import looks_like_picture
from dialogs.conversation import FileRef
from dialogs.effects import Choices, Entry, Option, Prompt
from dialogs.text import Text

View = dict[str, Any]


def view(prompt: Prompt, speaker: Speaker) -> View:
    """The screen as JSON.

    Returns:
        `id`, `lang`, `dir`, `tone`, `notes`, `progress` (None or `{step, about, label}`), `say`, `more` (None
        or `{label, text}`), `facts` (`[{label, values}]`), `ask` (None, or `{kind: "choices", ...}`, or
        `{kind: "entry", ...}`), `files` (`[{name, url, picture}]`), `commands` (`[{id, label}]`). New lines
        in `say` and `more.text` are the author's; list items start with "- " or a number.
    """
    progress = None
    if prompt.progress:
        progress = {
            "step": prompt.progress.step,
            "about": prompt.progress.about,
            "label": labels.progress(prompt, speaker),
        }
    return {
        "id": prompt.id,
        "lang": speaker.language,
        "dir": "rtl" if speaker.right_to_left else "ltr",
        "tone": prompt.tone,
        "notes": [speaker.say(each) for each in prompt.notes],
        "progress": progress,
        "say": speaker.say(prompt.say),
        "more": {"label": speaker.key("bot/more"), "text": speaker.say(prompt.more)} if prompt.more else None,
        "facts": [
            {"label": speaker.say(fact.label), "values": [speaker.say(each) for each in fact.values]}
            for fact in prompt.facts
        ],
        "ask": _ask(prompt.ask, speaker),
        "files": [_file(each) for each in prompt.files],
        "commands": [{"id": each, "label": labels.command(each, speaker)} for each in prompt.commands],
    }


def spoken(words: Sequence[Text | str], speaker: Speaker) -> View:
    """A line of the person: what they said, or what they picked, in one piece."""
    return {"lang": speaker.language, "say": labels.joined(words, speaker)}


def _ask(ask: Choices | Entry | None, speaker: Speaker) -> View | None:
    match ask:
        case Choices():
            return {
                "kind": "choices",
                "several": ask.several,
                "scale": ask.scale,
                "label": speaker.key("card/pick-all" if ask.several else "card/pick-one"),
                "error": speaker.key("card/pick-error"),
                "send": speaker.key("bot/send"),
                "options": [_option(each, speaker) for each in ask.options],
            }
        case Entry():
            return {
                "kind": "entry",
                "type": ask.kind,
                "label": speaker.say(ask.label),
                "limit": ask.limit,
                "error": speaker.say(ask.error) if ask.error else speaker.key("card/needed"),
                "send": speaker.key("bot/send"),
                "skip": _option(ask.skip, speaker) if ask.skip else None,
            }
        case None:
            return None


def _file(file: FileRef) -> View:
    name = escape.line(file.name)
    return {"name": name, "url": f"/chat/files/{file.id}", "picture": looks_like_picture(file.name)}


def _option(option: Option, speaker: Speaker) -> View:
    return {
        "id": option.id,
        "label": speaker.say(option.label),
        "alone": option.alone,
        "main": option.main,
    }
