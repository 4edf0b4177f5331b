"""Anything, in any order: what holds after every event that can happen to a conversation.

Hypothesis plays people, checks, ticket systems, the helpdesk and authors against `step`, over the content
that ships and over small guides with every kind of node. HANDRAIL_MACHINE=500 plays that many conversations.
"""

import os
from functools import cache
from typing import ClassVar

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dialogs.conversation import Case, Conversation
from dialogs.effects import ChangeCase, Choices, Entry, OpenCase, Prompt, Show, StartProbe
from dialogs.engine import Step, step
from dialogs.events import (
    Attached,
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
    TicketFiled,
    TicketRefused,
)
from dialogs.guide import Check
from dialogs.library import Library
from dialogs.probes import PROBES, UNKNOWN
from dialogs.walk import walk
from tests.support import screen_rules, small_guides

COMMANDS: tuple[Command, ...] = Command.__args__  # type: ignore[attr-defined]  # a Literal's values
OUTCOMES = sorted({UNKNOWN, "nonsense", *(each for outcomes in PROBES.values() for each in outcomes)})
PAGE = (
    "Sorry, but we're having trouble signing you in. AADSTS{code}: blocked. Request Id: "
    "8d1c44aa-7d44-4c1b-9a55-0d6f8b2e1c90 Correlation Id: 3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90 "
    "Timestamp: 2026-11-22T09:41:07Z App name: SAP"
)
TYPED = (
    "", "   ", "1", "2", "7", "99", "1, 2", "1 and 3", "yes", "no", "nein", "stil the same",
    "it says blocked now",
    "what is that?", "asdf", "😀", "thanks", "danke", "x" * 10_000, "wort " * 2_000, "{code} {0} %s",
    "<b>hi</b>",
    "AADSTS1000002", "AADSTS53003 now!!", "50076", "AADSTS500121", "AADSTS999999", "123", "2026-11-22",
    "yesterday", "paper is stuck", "I can't sign in", "talk to a human about AADSTS50058", "no luck",
    PAGE.format(code=53003), PAGE.format(code=1000002),
    "Correlation Id: 11111111-7d44-4c1b-9a55-0d6f8b2e1c90",
)  # fmt: skip
LATER = (1, 60, 3 * 86_400)  # seconds


@cache
def versions(name: str) -> tuple[Library, ...]:
    """A content and all its edits."""
    library = small_guides.small() if name == "small" else small_guides.shipped()
    return (library, *(edit(library) for edit in small_guides.EDITS))


def packed(done: Step) -> bytes:
    """A step as bytes, to compare."""
    return msgspec.json.encode([done.conversation, done.effects])


class Conversations(RuleBasedStateMachine):
    """One conversation, and everything that ever came of it."""

    rendered: ClassVar[set[bytes]] = set()  # screens that were looked at already, whoever showed them

    @initialize(content=st.sampled_from(["small", "shipped"]), language=st.sampled_from(["en", "de"]))
    def begin(self, content: str, language: str) -> None:
        """Choose what is talked about."""
        self.versions = versions(content)
        self.library = self.versions[0]
        self.conversation = Conversation(language=language)
        self.now = 1_795_254_000
        self.prompts: list[Prompt] = []  # all screens ever shown, notices too
        self.asked: Prompt | None = None  # the one that is valid
        self.edited = False  # the guide was, since that screen
        self.requests: list[str] = []
        self.numbers: list[str] = []
        self.closed: set[str] = set()

    # ---- people

    @rule()
    def opens(self) -> None:
        """The app is installed, perhaps again."""
        self.take(Opened(at=self.now))

    @precondition(lambda self: self.asked is not None and isinstance(self.asked.ask, Choices))
    @rule(data=st.data())
    def picks_what_is_offered(self, data: st.DataObject) -> None:
        """What is offered is taken, and never called an earlier screen."""
        assert self.asked is not None
        assert isinstance(self.asked.ask, Choices)
        alone = [[each.id] for each in self.asked.ask.options]
        free = [each.id for each in self.asked.ask.options if not each.alone]
        sets = st.lists(st.sampled_from(free), min_size=1, unique=True) if free else st.nothing()
        picked = data.draw(
            st.sampled_from(alone) | sets if self.asked.ask.several else st.sampled_from(alone)
        )
        self.presses_valid(self.asked, tuple(picked))

    @precondition(lambda self: self.asked is not None and isinstance(self.asked.ask, Entry))
    @rule()
    def skips_the_field(self) -> None:
        """The way round a field is taken like any other choice."""
        assert self.asked is not None
        assert isinstance(self.asked.ask, Entry)
        if self.asked.ask.skip is not None:
            self.presses_valid(self.asked, (self.asked.ask.skip.id,))

    def presses_valid(self, asked: Prompt, picked: tuple[str, ...]) -> None:
        """Press on the valid screen."""
        edited = self.edited
        done = self.take(Chose(at=self.now, prompt=asked.id, options=picked))
        if not edited:
            notes = {
                note.key for each in done.effects if isinstance(each, Show) for note in each.prompt.notes
            }
            assert done.conversation.answered == asked.id
            assert notes.isdisjoint({"bot/stale", "bot/edited", "bot/pick-one", "bot/pick-some"})

    @precondition(lambda self: self.asked is not None and isinstance(self.asked.ask, Choices))
    @rule(data=st.data())
    def picks_any_set(self, data: st.DataObject) -> None:
        """Nothing, too much, or what cannot go together."""
        assert self.asked is not None
        assert isinstance(self.asked.ask, Choices)
        known = [each.id for each in self.asked.ask.options]
        picked = data.draw(st.lists(st.sampled_from([*known, "no-such-choice"]), max_size=4))
        self.take(Chose(at=self.now, prompt=self.asked.id, options=tuple(picked)))

    @precondition(lambda self: self.prompts)
    @rule(data=st.data(), command=st.sampled_from(COMMANDS))
    def presses_an_old_screen(self, data: st.DataObject, command: Command) -> None:
        """Something on any screen there ever was, notices and answered ones too."""
        old = data.draw(st.sampled_from(self.prompts))
        options = [each.id for each in old.ask.options] if isinstance(old.ask, Choices) else ["skip"]
        events: list[Event] = [
            Chose(at=self.now, prompt=old.id, options=(options[0],)),
            Entered(at=self.now, prompt=old.id, text="some words"),
            Commanded(at=self.now, prompt=old.id, command=command),
        ]
        self.take(data.draw(st.sampled_from(events)))

    @rule(text=st.sampled_from(TYPED))
    def types(self, text: str) -> None:
        """Anything, into the chat."""
        self.take(Said(at=self.now, text=text, removed=("password",) if text == "123" else ()))

    @precondition(lambda self: self.asked is not None and isinstance(self.asked.ask, Choices))
    @rule(data=st.data(), slip=st.booleans())
    def types_a_label(self, data: st.DataObject, slip: bool) -> None:
        """A label, perhaps with a letter too many."""
        assert self.asked is not None
        assert isinstance(self.asked.ask, Choices)
        option = data.draw(st.sampled_from(self.asked.ask.options))
        label = self.library.say(option.label, self.conversation.language)
        self.take(Said(at=self.now, text=f"{label[:2]}x{label[2:]}" if slip else label))

    @rule(data=st.data(), command=st.sampled_from(COMMANDS), language=st.sampled_from(["en", "de"]))
    def types_a_command(self, data: st.DataObject, command: Command, language: str) -> None:
        """Any of the words for a command, in either language."""
        key = f"command/{command}" if command != "language" else f"command/language/{language}"
        words = self.library.words(key, language).split(";")
        self.take(Said(at=self.now, text=data.draw(st.sampled_from(words))))

    @rule(command=st.sampled_from(COMMANDS), value=st.sampled_from(["", "en", "de", "xx"]))
    def presses_a_command(self, command: Command, value: str) -> None:
        """A small button, from the valid screen or from nowhere."""
        prompt = self.conversation.prompt if value else ""
        self.take(Commanded(at=self.now, command=command, prompt=prompt, value=value))

    @precondition(lambda self: self.asked is not None and isinstance(self.asked.ask, Entry))
    @rule(text=st.sampled_from(TYPED))
    def fills_in_the_field(self, text: str) -> None:
        """Anything, into the field."""
        assert self.asked is not None
        self.take(Entered(at=self.now, prompt=self.asked.id, text=text))

    @rule()
    def sends_a_file(self) -> None:
        """A picture of the screen."""
        self.take(Attached(at=self.now, names=("screen.png", "**bold**.exe")))

    # ---- the world

    @precondition(lambda self: self.requests)
    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES))
    def a_check_comes_back(self, data: st.DataObject, outcome: str) -> None:
        """Once, twice, late, for somebody who does not wait any more."""
        request = data.draw(st.sampled_from([*self.requests, "never-asked"]))
        waited = request == self.conversation.waiting
        done = self.take(ProbeFinished(at=self.now, request=request, outcome=outcome, detail="said so"))
        assert bool(done.effects) <= waited

    @precondition(lambda self: self.conversation.waiting)
    @rule(outcome=st.sampled_from(OUTCOMES))
    def the_check_comes_back(self, outcome: str) -> None:
        """As it should."""
        self.take(ProbeFinished(at=self.now, request=self.conversation.waiting, outcome=outcome))

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), what=st.sampled_from(["filed", "refused", "claimed", "resolved"]))
    def news_of_a_case(self, data: st.DataObject, what: str) -> None:
        """Of this case, of an older one, of somebody else's."""
        number = data.draw(st.sampled_from([*self.numbers, self.numbers[-1], "HR-OTHER"]))
        events: dict[str, Event] = {
            "filed": TicketFiled(at=self.now, number=number, reference="INC1"),
            "refused": TicketRefused(at=self.now, number=number, reason="no"),
            "claimed": CaseClaimed(at=self.now, number=number, by="Ada"),
            "resolved": CaseResolved(
                at=self.now, number=number, by="Ada", note=data.draw(st.sampled_from(["", "ok"]))
            ),
        }
        done = self.take(events[what])
        if number == "HR-OTHER":
            assert done.effects == ()

    @rule(data=st.data())
    def the_guide_is_edited(self, data: st.DataObject) -> None:
        """Another version of the content from now on."""
        self.library = data.draw(st.sampled_from(self.versions))
        self.edited = True

    @rule(seconds=st.sampled_from(LATER))
    def time_passes(self, seconds: int) -> None:
        """Seconds, minutes or days."""
        self.now += seconds

    # ---- what always holds

    def take(self, event: Event) -> Step:
        """Take an event twice, from memory and out of JSON, and look at what comes of it."""
        event = msgspec.structs.replace(event, fresh=f"HR-{self.conversation.turn + 1}-{self.now}")
        before = self.conversation
        done = step(self.library, before, event)
        loaded = msgspec.json.decode(msgspec.json.encode(before), type=Conversation)
        assert loaded == before
        assert packed(step(self.library, loaded, event)) == packed(done)
        if done.conversation == before:  # no news
            assert done.effects == ()
            return done
        # A check that comes back below a question of the bot's own is kept, and shown once that is answered.
        assert done.effects or isinstance(event, ProbeFinished)
        self.conversation = done.conversation
        opened = 0
        for effect in done.effects:
            match effect:
                case Show(prompt=prompt):
                    assert prompt.id not in {each.id for each in self.prompts}
                    self.prompts.append(prompt)
                    if "n" not in prompt.id:
                        self.asked, self.edited = prompt, False
                    self.looks_right(prompt)
                case StartProbe(request=request):
                    assert request not in self.requests
                    self.requests.append(request)
                case OpenCase(file=file):
                    opened += 1
                    assert file.number == event.fresh
                    assert file.number not in self.numbers
                    self.numbers.append(file.number)
                    assert screen_rules.complaints(self.library, file) == []
                    assert list(screen_rules.case_faces(self.library, file))
                case ChangeCase(number=number, status=status):
                    assert number in self.numbers
                    assert status is None or number not in self.closed
                    if status in {"resolved", "withdrawn"}:
                        self.closed.add(number)
        assert opened <= 1
        if not done.conversation.prompt:
            self.asked = None
        return done

    def looks_right(self, prompt: Prompt) -> None:
        """The screen has words for everything, in every language and on every face."""
        look = msgspec.json.encode(msgspec.structs.replace(prompt, id=""))
        if look not in self.rendered:
            self.rendered.add(look)
            assert screen_rules.complaints(self.library, prompt) == []
            assert list(screen_rules.faces(self.library, prompt))

    @invariant()
    def the_valid_screen_is_the_last_one_that_asks(self) -> None:
        """What can be answered is what the person looks at."""
        assert self.conversation.prompt == (self.asked.id if self.asked else "")

    @precondition(lambda self: not self.edited)
    @invariant()
    def answers_fit(self) -> None:
        """Every answer that is kept leads somewhere."""
        assert walk(self.library, self.conversation.answers).fits == len(self.conversation.answers)

    @precondition(lambda self: not self.edited)
    @invariant()
    def a_check_is_waited_for_where_one_stands(self) -> None:
        """Exactly there; a question of the bot's own may come in between."""
        walked = walk(self.library, self.conversation.answers)
        at_check = walked.running and isinstance(walked.node, Check)
        if self.conversation.waiting:
            assert at_check
        elif at_check:
            assert self.conversation.aside is not None

    @invariant()
    def a_person_can_be_had(self) -> None:
        """A person, please; then hand it over: that opens a case, unless one is open for this session."""
        asked = step(self.library, self.conversation, Commanded(at=self.now, command="person"))
        walked = walk(self.library, asked.conversation.answers)
        case = asked.conversation.case
        if case is not None and walked.number == case.number and walked.over == "handed" and is_open(case):
            return
        shown = valid(asked)
        if isinstance(shown.ask, Entry):
            asked = step(
                self.library, asked.conversation, Chose(at=self.now, prompt=shown.id, options=("skip",))
            )
            shown = valid(asked)
        handed = step(
            self.library,
            asked.conversation,
            Chose(at=self.now, prompt=shown.id, options=("handover-yes",), fresh="HR-NEW"),
        )
        assert [each.file.number for each in handed.effects if isinstance(each, OpenCase)] == ["HR-NEW"]


def is_open(case: Case) -> bool:
    """Whether somebody still works on it."""
    return case.status in {"open", "claimed"}


def valid(done: Step) -> Prompt:
    """The screen that can be answered after a step."""
    return next(
        each.prompt
        for each in reversed(done.effects)
        if isinstance(each, Show) and each.prompt.id == done.conversation.prompt
    )


MANY = int(os.environ.get("HANDRAIL_MACHINE", "60"))
TestConversations = Conversations.TestCase
TestConversations.settings = settings(
    max_examples=MANY,
    stateful_step_count=40,
    derandomize="HANDRAIL_MACHINE" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
