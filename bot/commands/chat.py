"""`handrail chat`: the whole bot in a terminal, with a store in memory and the same turn as everywhere.

It must not know the engine: a line typed is an event, what comes back are lines of the transcript.
"""

import asyncio
import sys
import uuid

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from bot.address import Address
from bot.app import Parts, running
from bot.cards import plain
from bot.cards.speech import Speaker
from bot.config import Settings
from bot.errors import ConfigError
from bot.logs import configure
from bot.secret import Secret
from dialogs.effects import Prompt
from dialogs.events import Opened, Said
from dialogs.library import Library

_KEY = "terminal"
_END = {":q", ":quit", ":exit"}


async def chat(settings: Settings, guide: str | None, language: str) -> None:
    """Talk until the input ends or `:q`.

    Args:
        settings: Where the content is; everything is kept in memory only.
        guide: The guide to begin with; None waits for what the person says.
        language: The language to begin in; "" is the first one.

    Raises:
        ConfigError: There is no such guide or language.
    """
    configure(sys.stderr, "WARNING")  # also so that what is logged is redacted
    settings = msgspec.structs.replace(settings, database_url=Secret("sqlite://:memory:"))
    async with running(settings) as parts:
        languages = parts.content.now().languages
        if language and language not in languages:
            raise ConfigError(f"no language {language!r}; there are: {', '.join(languages)}")
        await _Terminal(parts, language).talk(guide)


class _Terminal:
    def __init__(self, parts: Parts, language: str) -> None:
        self._parts = parts
        self._address = Address(surface="terminal", locale=language)
        self._console = Console(highlight=False)
        self._seen = 0
        parts.content.refused = self._refused
        parts.content.renewed = lambda: self._between("What you saved is live.")

    async def talk(self, guide: str | None) -> None:
        self._console.print("Type as you would in Teams. [bold]:q[/bold] ends it. Nothing is kept.")
        if guide:
            words = _opening(self._parts.content.now(), guide)
            await self._say(words)
        else:
            await self._take(Opened(at=self._parts.turns.now()))
        while (typed := await asyncio.to_thread(self._read)) is not None:
            if typed.strip() in _END:
                break
            await self._say(typed)
        for record in await self._parts.store.cases():
            speaker = Speaker(self._parts.content.now(), self._parts.settings.helpdesk_language)
            ticket = escape(plain.case_text(record, speaker))
            self._console.print(Panel(ticket, title=f"the helpdesk has {record.number}"))

    async def _say(self, words: str) -> None:
        await self._take(Said(at=self._parts.turns.now(), text=words))

    async def _take(self, event: Said | Opened) -> None:
        await self._parts.turns.take(_KEY, uuid.uuid4().hex, event, self._address)
        with self._parts.hub.listen(_KEY) as listener:
            await self._show()
            while await self._busy():
                await listener.changed(0.1)
                await self._show()

    async def _busy(self) -> bool:
        depth = await self._parts.store.depth()
        return bool(depth.get("ready", 0) or depth.get("leased", 0))

    async def _show(self) -> None:
        lines = await self._parts.store.lines(_KEY, after=self._seen)
        kept = await self._parts.store.conversation(_KEY)
        speaker = Speaker(self._parts.content.now(), kept[0].language if kept else "")
        for line in lines:
            self._seen = line.seq
            if line.who != "person":
                prompt = msgspec.json.decode(line.body, type=Prompt)
                self._console.print(Panel(escape(plain.text(prompt, speaker)), expand=False))

    def _refused(self, why: str) -> None:
        self._between(f"{escape(why)}\nThe guides from before stay in use.")

    def _between(self, words: str) -> None:
        """Say something while the person may be typing."""
        self._console.print(f"\n[yellow]{words}[/yellow]")
        self._console.print("[bold]> [/bold]", end="")

    def _read(self) -> str | None:
        try:
            return self._console.input("[bold]> [/bold]")
        except (EOFError, KeyboardInterrupt):
            sys.stdout.write("\n")
            return None


def _opening(library: Library, guide: str) -> str:
    """What a person would write to get to a guide: its first code, else the first of its own words."""
    known = library.guides.get(guide)
    if known is None:
        raise ConfigError(f"no guide {guide!r}; there are: {', '.join(sorted(library.guides))}")
    if known.codes:
        return f"AADSTS{known.codes[0]}"
    for language in library.languages:
        if words := known.words.get(language):
            return words[0]
    if known.takes_any_code:
        return library.words("bot/no-code", library.languages[0])
    raise ConfigError(f'nobody gets to the guide {guide!r}: it has neither "codes" nor "words"')
