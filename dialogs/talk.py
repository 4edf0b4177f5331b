"""One step in progress: the conversation being changed, the notes for the next screen, the effects so far.

`enter` is the only way to change position: it forgets what belonged to the old place and does what the new
one asks. A `Talk` lives no longer than `dialogs.engine.step`; it decides nothing about what was said.
"""

from typing import Any

import msgspec

from dialogs.conversation import (
    Answer,
    Aside,
    ConfirmHandover,
    Conversation,
    Evidence,
    HeardElse,
    Noticed,
    PromptId,
    Remarked,
    Sent,
    SwitchGuide,
)
from dialogs.effects import Effect, Hear, Prompt, Retire, Show, StartProbe
from dialogs.guide import Check, Escalate, Try
from dialogs.library import Library
from dialogs.outcome import Outcome
from dialogs.prompts import in_short, prompt_for
from dialogs.text import Argument, Text
from dialogs.walk import Walk, further, known_evidence, walk

LINE_LIMIT = 8000  # characters of one line of the transcript
# Fields of a conversation that make no difference to what is on the screen.
_UNSEEN = frozenset({"prompt", "asked", "answered", "waiting", "misses", "session"})


class Step(msgspec.Struct, frozen=True):
    """What one event comes to."""

    conversation: Conversation
    effects: tuple[Effect, ...] = ()
    outcomes: tuple[Outcome, ...] = ()  # of the session, when this ends it


class Talk:
    """A step in progress. `conversation` and `walked` always belong together."""

    def __init__(
        self, library: Library, conversation: Conversation, *, at: int, fresh: str = "", back: int = 0
    ) -> None:
        self.library = library
        self.at = at
        self.fresh = fresh
        self.back = back
        self.conversation = msgspec.structs.replace(conversation, turn=conversation.turn + 1, at=at)
        self.walked: Walk = walk(library, conversation.answers)
        self.effects: list[Effect] = []
        self.picked: tuple[Text | str, ...] = ()  # what the retired screen shows as the answer
        self._notes: list[Text] = []
        self._current: Prompt | None = None
        self._mended = self._mend()

    # ---- what is known

    @property
    def evidence(self) -> Evidence:
        """Everything noticed in this session."""
        answers = self.conversation.answers
        return self.walked.evidence if self.walked.fits == len(answers) else known_evidence(answers)

    @property
    def moved(self) -> bool:
        """Whether the valid screen asks something else than belongs here: an answer to it fits no more."""
        shown = self.conversation.asked
        return bool(shown) and shown != in_short(self.conversation, self.walked, self.current())

    @property
    def edited(self) -> str:
        """What is said when answers fit no more: the guide was improved, or there is none any more."""
        return "bot/edited" if self.walked.guide is not None else "bot/guide-gone"

    def current(self) -> Prompt:
        """The screen that belongs to the conversation as it stands."""
        if self._current is None:
            self._current = prompt_for(self.library, self.conversation, self.walked)
        return self._current

    # ---- changing

    def set(self, **changes: Any) -> None:
        """Change fields of the conversation that are no answers."""
        if not _UNSEEN.issuperset(changes):
            self._current = None
        self.conversation = msgspec.structs.replace(self.conversation, **changes)

    def add(self, *answers: Answer) -> None:
        """Append answers, and see where they lead."""
        before, walked = self.conversation.answers, self.walked
        after = (*before, *answers)
        if walked.fits < len(before):
            self.replace_answers(after)
            return
        self.set(answers=after)
        self.walked = further(self.library, walked, after)

    def replace_answers(self, answers: tuple[Answer, ...]) -> None:
        """Another list of answers, and where it leads."""
        self.set(answers=answers)
        self.walked = walk(self.library, answers)

    def note(self, key: str, **arguments: Argument) -> None:
        """A short sentence that comes before the next screen; the same one is said once."""
        said = Text(key, dict(arguments))
        if said not in self._notes:
            self._notes.append(said)

    def hear(self, *words: Text | str) -> None:
        """What the person said, for the transcript."""
        cut = tuple(w[:LINE_LIMIT] + "…" if isinstance(w, str) and len(w) > LINE_LIMIT else w for w in words)
        self.effects.append(Hear(words=cut))

    # ---- showing

    def enter(self) -> None:
        """Forget what belonged to the old position, then do what the new one asks."""
        self.set(aside=None, waiting="", misses=0)
        node = self.walked.node
        if self.walked.running and isinstance(node, Check):
            if self._notes:
                self.show()
            else:
                self._retire()
                self.set(prompt="", asked="")
            self.set(waiting=str(self.conversation.turn))
            facts = self._probe_facts()
            self.effects.append(StartProbe(request=self.conversation.waiting, probe=node.probe, facts=facts))
            return
        if self.walked.running and isinstance(node, Escalate):
            self.set(aside=ConfirmHandover())
        self.show()

    def ask(self, aside: Aside) -> None:
        """Ask a question of the bot's own on top of the guide; the place in the guide stays."""
        self.set(aside=aside, misses=0)
        self.show()

    def again(self, key: str = "", **arguments: Argument) -> None:
        """Show the current screen once more, after a note."""
        if key:
            self.note(key, **arguments)
        if self._not_entered():
            self.enter()
        else:
            self.show()

    def show(self, say: Text | None = None) -> None:
        """Show the screen that belongs here; `say` replaces its words, where it asks nothing."""
        prompt = self.current()
        if say is not None:
            prompt = msgspec.structs.replace(prompt, say=say, notes=())
        if self._notes:
            prompt = msgspec.structs.replace(prompt, notes=(*self._notes, *prompt.notes))
            self._notes.clear()
        self._retire()
        self.set(prompt=prompt.id, asked=in_short(self.conversation, self.walked, prompt))
        self.effects.append(Show(prompt=prompt))

    def notice(self, say: Text) -> None:
        """Tell something that is no question: the valid screen stays valid."""
        prompt_id: PromptId = f"{self.conversation.turn}n{len(self.effects)}"
        self.effects.append(Show(prompt=Prompt(id=prompt_id, say=say)))

    def done(self) -> Step:
        """The end of the step. Where nothing was shown but had to be, it is now."""
        valid = self.conversation.prompt
        shown = any(isinstance(effect, Show) and effect.prompt.id == valid for effect in self.effects)
        if self._not_entered() or (self._mended and not shown):
            self.enter()
        return Step(self.conversation, tuple(self.effects))

    def _not_entered(self) -> bool:
        """Whether we stand on a check nobody started, or at a hand-over nobody offered."""
        if not self.walked.running or self.conversation.aside is not None:
            return False
        node = self.walked.node
        return isinstance(node, Escalate) or (isinstance(node, Check) and not self.conversation.waiting)

    def _retire(self) -> None:
        if self.conversation.prompt:
            self.effects.append(Retire(prompt=self.conversation.prompt, picked=self.picked))
            if self.picked:
                self.set(answered=self.conversation.prompt)

    def _probe_facts(self) -> dict[str, str]:
        found = msgspec.structs.asdict(self.walked.evidence)
        facts = {name: str(value) for name, value in found.items() if name != "codes" and value}
        if self.walked.code is not None:
            facts["code"] = str(self.walked.code)
        return facts

    def _mend(self) -> bool:
        """Bring a conversation whose guide was edited meanwhile back to where its answers still lead."""
        conversation = self.conversation
        fits = self.walked.fits
        mended = fits < len(conversation.answers)
        if mended:
            loose = tuple(a for a in conversation.answers[fits:] if isinstance(a, Noticed | Remarked | Sent))
            self.replace_answers((*conversation.answers[:fits], *loose))
            self.set(aside=None)
            self.note(self.edited)
        if conversation.aside is not None and self._void(conversation.aside):
            self.set(aside=None)
            mended = True
        if conversation.waiting and not (self.walked.running and isinstance(self.walked.node, Check)):
            self.set(waiting="")
            mended = True
        return mended

    def _void(self, aside: Aside) -> bool:
        """Whether what a question of the bot's own is about is not there any more."""
        if isinstance(aside, SwitchGuide):
            return aside.guide not in self.library.guides
        return isinstance(aside, HeardElse) and not (
            self.walked.running and isinstance(self.walked.node, Try) and self.walked.fix is not None
        )
