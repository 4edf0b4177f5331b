"""How many steps a second the engine alone takes, on one core: `python -m tests.bench.engine [--profile]`.

A fixed set of people plays AADSTS1000002 from the pasted message to its end. What they did is written down;
only `step` is on the clock when it is done again, every round at another time of day, so that nothing of an
earlier round is of use. Twice: each conversation handed from step to step, and each step out of the blue, its
conversation read from JSON and the last step first (the reading is not on the clock). That a step taken again
comes to the same is checked before.

Must not know: Teams, a store.
"""

import argparse
import cProfile
import gc
import json
import pstats
import random
import re
import statistics
import time
from pathlib import Path
from typing import Final

import msgspec

from dialogs.conversation import Conversation
from dialogs.effects import Choices, Effect, Entry, Option, Prompt, Show, StartProbe
from dialogs.engine import Step, step
from dialogs.events import Chose, Commanded, Entered, Event, ProbeFinished, Said
from dialogs.language.load import load
from dialogs.library import Library

CONTENT: Final = Path(__file__).parents[2] / "content"
PEOPLE: Final = 200
ROUNDS: Final = 15
TARGET: Final = 100_000  # steps a second
_DAY: Final = 86_400  # seconds
_AT: Final = re.compile(rb'"at":(\d+)')
_START: Final = 1_795_338_000  # 2026-11-22 09:00 UTC
_PASTED: Final = {
    "en": "got AADSTS1000002 after login, corr id {id}",
    "de": "Nach der Anmeldung kommt AADSTS1000002, Korrelations-ID {id}. Was soll ich tun?",
}
_WORDS: Final = {"en": "since this morning", "de": "seit heute früh"}
_GOOD: Final = frozenset({"works", "works-now", "fixed", "switch-yes", "stopped"})
_GOOD_SHARE: Final = 0.12  # how often somebody says that it works now
_TYPED_SHARE: Final = 0.15  # how often somebody types the number of an option instead of pressing it
_LONGEST: Final = 24  # turns; then they ask for a person

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Conversation)


class Taken(msgspec.Struct, frozen=True):
    """A step that was taken: the conversation before it, as JSON, the event, and what came of it."""

    before: bytes
    event: Event
    came: Step


class Story(msgspec.Struct, frozen=True):
    """A conversation from its first event to its end."""

    begun: Conversation
    steps: tuple[Taken, ...]


class _Person:
    """Somebody who plays the guide."""

    def __init__(self, library: Library, seed: int) -> None:
        self._library = library
        self._chance = random.Random(seed)
        self._language = ("en", "de")[seed % 2]
        self._now = _START + seed
        self._steps: list[Taken] = []
        self._turns = 0
        self.begun = Conversation(language=self._language)
        self._conversation = self.begun

    def plays(self) -> Story:
        """Play to the end."""
        id_ = "-".join(f"{self._chance.getrandbits(bits):0{bits // 4}x}" for bits in (32, 16, 16, 16, 48))
        shown = self._takes(Said(at=self._now, text=_PASTED[self._language].format(id=id_)))
        while shown.ask is not None and not self._handed:
            self._turns += 1
            shown = self._takes(self._does(shown))
        return Story(self.begun, tuple(self._steps))

    @property
    def _handed(self) -> bool:
        return self._conversation.case is not None

    def _takes(self, event: Event) -> Prompt:
        event = msgspec.structs.replace(event, fresh=f"HR-{self._now}-{len(self._steps)}")
        before = _encoder.encode(self._conversation)
        came = step(self._library, self._conversation, event)
        self._steps.append(Taken(before, event, came))
        self._conversation = came.conversation
        self._now += 60
        probe = next((each for each in came.effects if isinstance(each, StartProbe)), None)
        if probe is not None:
            return self._takes(ProbeFinished(at=self._now, request=probe.request, outcome="unknown"))
        return _shown(came.effects)

    def _does(self, prompt: Prompt) -> Event:
        if self._turns > _LONGEST and "person" in prompt.commands:
            return Commanded(at=self._now, command="person", prompt=prompt.id)
        if isinstance(prompt.ask, Entry):
            text = "2026-11-20" if prompt.ask.kind == "date" else _WORDS[self._language]
            return Entered(at=self._now, prompt=prompt.id, text=text)
        assert isinstance(prompt.ask, Choices)
        option = self._chosen(prompt.ask.options)
        if not prompt.ask.several and self._chance.random() < _TYPED_SHARE:
            return Said(at=self._now, text=str(1 + prompt.ask.options.index(option)))
        return Chose(at=self._now, prompt=prompt.id, options=(option.id,))

    def _chosen(self, options: tuple[Option, ...]) -> Option:
        good = [each for each in options if each.id in _GOOD]
        others = [each for each in options if each.id not in _GOOD]
        if good and (not others or self._chance.random() < _GOOD_SHARE):
            return self._chance.choice(good)
        return self._chance.choice(others)


def _shown(effects: tuple[Effect, ...]) -> Prompt:
    return [each.prompt for each in effects if isinstance(each, Show)][-1]


def stories(library: Library, people: int = PEOPLE) -> tuple[Story, ...]:
    """What so many people did; the same in every run."""
    return tuple(_Person(library, seed).plays() for seed in range(people))


def later(played: tuple[Story, ...], seconds: int) -> list[list[tuple[bytes, Event]]]:
    """The same steps, done so much later: what each conversation was, and the event."""

    def moved(found: re.Match[bytes]) -> bytes:
        return b'"at":%d' % (int(found[1]) + seconds)

    return [
        [
            (_AT.sub(moved, taken.before), msgspec.structs.replace(taken.event, at=taken.event.at + seconds))
            for taken in story.steps
        ]
        for story in played
    ]


def handed_on(library: Library, played: tuple[Story, ...], seconds: int) -> float:
    """Seconds of CPU for all steps, each conversation handed from step to step."""
    todo = [
        (story.begun, [event for _, event in steps])
        for story, steps in zip(played, later(played, seconds), strict=True)
    ]
    began = time.process_time()
    for conversation, events in todo:
        for event in events:
            conversation = step(library, conversation, event).conversation  # noqa: PLW2901  handed on
    return time.process_time() - began


def out_of_the_blue(library: Library, played: tuple[Story, ...], seconds: int) -> float:
    """Seconds of CPU for all steps, the last one of each conversation first, each read from JSON."""
    todo = [
        (_decoder.decode(before), event)
        for steps in later(played, seconds)
        for before, event in reversed(steps)
    ]
    began = time.process_time()
    for conversation, event in todo:
        step(library, conversation, event)
    return time.process_time() - began


def check(library: Library, played: tuple[Story, ...]) -> None:
    """Whether every step comes to what it came to the first time."""
    for story in played:
        for taken in story.steps:
            if step(library, _decoder.decode(taken.before), taken.event) != taken.came:
                raise SystemExit(f"another result the second time: {taken.event}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--profile", action="store_true", help="where the time goes, the 25 dearest functions"
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    library, _ = load(CONTENT)
    played = stories(library)
    count = sum(len(story.steps) for story in played)
    check(library, played)
    gc.freeze()  # the content and the stories stay; the collector runs as in the bot
    rates: dict[str, list[float]] = {"handed on": [], "out of the blue": []}
    for number in range(1, 2 * asked.rounds, 2):
        rates["handed on"].append(count / handed_on(library, played, number * _DAY))
        rates["out of the blue"].append(count / out_of_the_blue(library, played, (number + 1) * _DAY))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    if asked.json:
        figures = {"steps": count, "conversations": len(played), "target": TARGET, **medians}
        print(json.dumps(figures))
        return
    print(f"{len(played)} conversations, {count} steps, median of {asked.rounds} rounds, one core")
    for name, rate in medians.items():
        best, met = max(rates[name]), "met" if rate >= TARGET else "missed"
        print(f"  {name:15} {rate:>10,.0f} steps/s  {1e6 / rate:6.2f} µs a step  best {best:,.0f}  {met}")
    if asked.profile:
        with cProfile.Profile() as profile:
            handed_on(library, played, -_DAY)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
