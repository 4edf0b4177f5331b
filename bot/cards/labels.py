"""Words that every face shows the same way: the small buttons, "step 3 of about 6", the notification.

Must not know: cards, JSON, Teams.
"""

from collections.abc import Iterable

from bot.cards.escape import CUT, cut
from bot.cards.speech import Speaker
from dialogs.effects import Prompt
from dialogs.events import Command
from dialogs.text import Text

_LONGEST_SUMMARY = 150
_MOST_VALUES = 30


def command(name: Command, speaker: Speaker) -> str:
    """The label of a small button: what the person would say."""
    return speaker.key(f"button/{name}")


def progress(prompt: Prompt, speaker: Speaker) -> str:
    """Where the person is: "Step 3 of about 6"; "" when the prompt does not say."""
    if prompt.progress is None:
        return ""
    return speaker.key("bot/step", step=str(prompt.progress.step), about=str(prompt.progress.about))


def joined(values: Iterable[Text | str], speaker: Speaker) -> str:
    """Several values on one line, cut like one text."""
    said = [speaker.line(each) for each in values]
    if len(said) > _MOST_VALUES:
        said[_MOST_VALUES:] = [CUT.strip()]
    return cut(" · ".join(each for each in said if each), speaker.limit)


def summary(prompt: Prompt, speaker: Speaker) -> str:
    """One line for the notification: what is said, without the details."""
    return cut(speaker.line(prompt.say), _LONGEST_SUMMARY)
