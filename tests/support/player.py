"""Plays a conversation through the engine alone and writes it down as one would read it aloud."""

import textwrap
from collections.abc import Callable

import msgspec

from bot.cards.speech import Speaker
from dialogs.conversation import Conversation
from dialogs.effects import Choices, Effect, Entry, Option, Prompt, Show, StartProbe
from dialogs.engine import Step, step
from dialogs.events import (
    CaseAsked,
    CaseClaimed,
    CaseResolved,
    Chose,
    Command,
    Commanded,
    Entered,
    Event,
    Opened,
    ProbeFinished,
    Said,
)
from dialogs.library import Library
from dialogs.outcome import Outcome
from dialogs.walk import walk

START = 1_795_338_000  # 2026-11-22 09:00 UTC
MINUTE = 60

Probe = Callable[[StartProbe], str]


def nobody_knows(_probe: StartProbe) -> str:
    """Checks that are not set up."""
    return "unknown"


def as_is(conversation: Conversation) -> Conversation:
    """Keep the conversation in memory."""
    return conversation


def saved_and_loaded(conversation: Conversation) -> Conversation:
    """Keep the conversation as JSON, as a store does."""
    return msgspec.json.decode(msgspec.json.encode(conversation), type=Conversation)


class Player:
    """One person and the bot. Each method is one event; `heard` is what came back."""

    def __init__(
        self,
        library: Library,
        *,
        language: str = "en",
        probe: Probe = nobody_knows,
        keep: Callable[[Conversation], Conversation] = as_is,
        stranger: bool = False,
    ) -> None:
        self.library = library
        self.conversation = Conversation(language=language, stranger=stranger)
        self.effects: list[Effect] = []  # all there ever were
        self.heard: tuple[Effect, ...] = ()
        self.outcomes: list[Outcome] = []  # all there ever were
        self.lines: list[str] = []
        self.now = START
        self._probe = probe
        self._keep = keep

    # ---- what people do

    def opens(self) -> None:
        """Open the chat for the first time."""
        self._take(Opened(at=self.now))

    def says(self, text: str) -> None:
        """Type something."""
        self._line("person", text)
        self._take(Said(at=self.now, text=text))

    def picks(self, *labels: str) -> None:
        """Press a button, or tick several and send, by what stands on them."""
        self._line("person", f"({'; '.join(labels)})")
        ask = self.prompt.ask
        offered = (
            ask.options
            if isinstance(ask, Choices)
            else (ask.skip,)
            if ask is not None and ask.skip is not None
            else ()
        )
        by_label = {self._say(option.label): option.id for option in offered}
        options = tuple(by_label[label] for label in labels)
        self._take(Chose(at=self.now, prompt=self.prompt.id, options=options))

    def chooses(self, *options: str, prompt: str | None = None) -> None:
        """Press a button by its id, perhaps one of an older screen."""
        self._take(Chose(at=self.now, prompt=self.prompt.id if prompt is None else prompt, options=options))

    def enters(self, text: str) -> None:
        """Fill in the text field."""
        self._line("person", text)
        self._take(Entered(at=self.now, prompt=self.prompt.id, text=text))

    def presses(self, command: Command, value: str = "") -> None:
        """Press one of the small buttons."""
        self._line("person", f"<{command}>")
        self._take(Commanded(at=self.now, command=command, prompt=self.prompt.id, value=value))

    def claims(self, by: str) -> None:
        """Somebody of the helpdesk takes the case."""
        self._line("helpdesk", f"{by} claims it")
        assert self.conversation.case
        self._take(CaseClaimed(at=self.now, number=self.conversation.case.number, by=by))

    def resolves(self, by: str, note: str) -> None:
        """Somebody of the helpdesk closes the case."""
        self._line("helpdesk", f"{by} closes it: {note}")
        assert self.conversation.case
        self._take(CaseResolved(at=self.now, number=self.conversation.case.number, by=by, note=note))

    def asks_back(self, by: str, text: str) -> None:
        """Somebody of the helpdesk asks the person something."""
        self._line("helpdesk", f"{by} asks: {text}")
        assert self.conversation.case
        self._take(CaseAsked(at=self.now, number=self.conversation.case.number, by=by, text=text))

    def takes(self, event: Event) -> Step:
        """Anything else that can happen."""
        return self._take(event)

    # ---- what came of it

    @property
    def prompt(self) -> Prompt:
        """The screen shown last that asks or says where we are."""
        shown = [e.prompt for e in self.effects if isinstance(e, Show) and "n" not in e.prompt.id]
        return shown[-1]

    @property
    def transcript(self) -> str:
        """The whole conversation, to be read."""
        return "\n".join(self.lines) + "\n"

    def options(self) -> tuple[Option, ...]:
        """What can be picked on the screen; none where something is to be typed."""
        return self.prompt.ask.options if isinstance(self.prompt.ask, Choices) else ()

    def walked_fix(self) -> str:
        """The fix that is shown, "" when none is."""
        fix = walk(self.library, self.conversation.answers).fix
        return fix.id if fix is not None else ""

    def words(self) -> str:
        """What the bot said last, as plain words."""
        return "\n".join(self._shown(e.prompt) for e in self.heard if isinstance(e, Show))

    def _take(self, event: Event) -> Step:
        fresh = f"HR-{len(self.effects):04}"
        event = msgspec.structs.replace(event, fresh=fresh)
        done = step(self.library, self._keep(self.conversation), event)
        self.conversation = self._keep(done.conversation)
        self.effects += done.effects
        self.heard = done.effects
        self.outcomes += done.outcomes
        for effect in done.effects:
            if isinstance(effect, Show):
                self._line("bot", self._shown(effect.prompt))
        self.now += MINUTE
        for effect in done.effects:
            if isinstance(effect, StartProbe):
                outcome = self._probe(effect)
                self._take(ProbeFinished(at=self.now, request=effect.request, outcome=outcome))
        return done

    def _say(self, text: object) -> str:
        speaker = Speaker(self.library, self.conversation.language)
        return " ".join(speaker.say(text).split())  # type: ignore[arg-type]  # labels are texts

    def _shown(self, prompt: Prompt) -> str:
        speaker = Speaker(self.library, self.conversation.language)
        parts = [speaker.say(each) for each in (*prompt.notes, prompt.say)]
        parts += [
            f"  {speaker.say(fact.label)}: " + " · ".join(speaker.say(value) for value in fact.values)
            for fact in prompt.facts
        ]
        if isinstance(prompt.ask, Choices):
            box = "[ ] {}" if prompt.ask.several else "[{}]"
            parts.append("  ".join(box.format(self._say(option.label)) for option in prompt.ask.options))
        elif isinstance(prompt.ask, Entry):
            skip = f"  [{self._say(prompt.ask.skip.label)}]" if prompt.ask.skip else ""
            parts.append(f"({self._say(prompt.ask.label)}: ____){skip}")
        if prompt.progress:
            parts.append(f"(step {prompt.progress.step} of about {prompt.progress.about})")
        return "\n".join(part.strip("\n") for part in parts)

    def _line(self, who: str, words: str) -> None:
        first, *rest = words.split("\n")
        self.lines.append(f"{who + ':':9} {first}".rstrip())
        self.lines += [textwrap.indent(line, " " * 10).rstrip() for line in rest]
        if who == "bot":
            self.lines.append("")
