"""The guides as a bot needs them: sound, or not at all.

Must not know: who serves them, what an author may still want to hear (`bot.commands.content` tells that).
"""

from bot.config import Settings
from bot.errors import ContentError
from dialogs.language.diagnostics import Severity
from dialogs.language.load import NoContent, load
from dialogs.library import Library


def load_content(settings: Settings) -> Library:
    """Read the guides; a bot with broken guides does not start.

    Raises:
        ContentError: With every mistake, as `handrail check` prints it.
    """
    try:
        library, diagnostics = load(settings.content)
    except NoContent as error:
        raise ContentError(str(error)) from None
    errors = [each for each in diagnostics if each.severity == Severity.ERROR]
    if errors:
        listed = "\n".join(str(each) for each in errors[:20])
        count = f"{len(errors)} mistake{'s' if len(errors) > 1 else ''}"
        raise ContentError(f"the guides in {settings.content} have {count}:\n{listed}")
    return library
