"""The guides as a bot needs them: sound, or not at all; and read anew while it serves.

Must not know: who serves them, what an author may still want to hear (`bot.commands.content` tells that).
"""

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from bot.config import Settings
from bot.errors import ConfigError, ContentError
from dialogs.language.diagnostics import DRAFT, Diagnostic, Severity
from dialogs.language.load import NoContent, load, stamp
from dialogs.library import Library

_log = structlog.get_logger(__name__)

_LOOKS: Final = 1.0  # seconds between two looks at the folder
_STAYS: Final = "mend it and save it again; until then the guides that were read before stay in use"
_REPORT: Final = "please report this as a defect; the guides that were read before stay in use"


def load_content(settings: Settings) -> Library:
    """Read the guides; a bot with broken guides does not start. Drafts are played in local mode only.

    Raises:
        ContentError: With every mistake and its remedy, as `handrail check` tells them.
    """
    try:
        library, diagnostics = load(settings.content)
    except NoContent as error:
        raise ContentError(str(error)) from None
    errors = [
        each
        for each in diagnostics
        if each.severity == Severity.ERROR and not (settings.local and each.code == DRAFT)
    ]
    if errors:
        listed = "\n".join(_told(each) for each in errors[:20])
        count = f"{len(errors)} mistake{'s' if len(errors) > 1 else ''}"
        raise ContentError(f"the guides in {settings.content} have {count}:\n{listed}")
    return library


def _told(problem: Diagnostic) -> str:
    return f"{problem}\n  = {problem.suggestion}" if problem.suggestion else str(problem)


def _log_refused(why: str) -> None:
    _log.error("content_refused", why=why, what_to_do=_STAYS)


class Content:
    """The content as it is now. Read anew it takes the old one's place, unless there is a mistake in it.

    Attributes:
        refused: Called with the reason when what was read cannot be used; it goes to the log.
        renewed: Called when other content is in use.
    """

    def __init__(self, library: Library, read: Callable[[], Library], folder: Path) -> None:
        """Begin with what was read already.

        Args:
            library: The content.
            read: Reads it again; raises `ContentError` or `ConfigError` when that cannot be used.
            folder: Where it stands.
        """
        self.refused: Callable[[str], None] = _log_refused
        self.renewed: Callable[[], None] = lambda: None
        self._library = library
        self._read = read
        self._folder = folder
        self._stamp = stamp(folder)  # of what is loaded
        self._reading = asyncio.Lock()

    def now(self) -> Library:
        """The content."""
        return self._library

    async def reload(self) -> None:
        """Read it again, in a thread, so that nobody waits. What came of it is told; never raises."""
        async with self._reading:
            try:
                library = await asyncio.to_thread(self._read)
            except (ContentError, ConfigError) as error:
                self.refused(str(error))
                return
            except Exception as error:  # noqa: BLE001 - a bot that serves does not end for a new guide
                _log.error("content_broken", exc_info=error, what_to_do=_REPORT)
                return
            if library.version == self._library.version:
                _log.info("content_unchanged", version=library.version)
                return
            self._library = library
            gc.freeze()  # it is no garbage to be looked for, as what was loaded at the start
            _log.info("content_reloaded", version=library.version, guides=len(library.guides))
            self.renewed()

    async def watch(self, *, every: float = _LOOKS) -> None:
        """Reload whenever somebody has saved a file, until cancelled.

        The folder is looked at, not listened to: that works on every disk. What is still being written is
        left alone until it has been the same for two looks.
        """
        before = ""
        while True:
            now = await asyncio.to_thread(stamp, self._folder)
            if now == before and now != self._stamp:
                self._stamp = now
                await self.reload()
            before = now
            await asyncio.sleep(every)
