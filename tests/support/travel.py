"""Takes every listed path of a guide through the engine, and talks the bot into every question of its own."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from dialogs.conversation import Conversation
from dialogs.effects import Choices, Prompt, Show
from dialogs.engine import Step, step
from dialogs.events import Attached, Chose, Commanded, Entered, ProbeFinished, Said, TicketFiled
from dialogs.guide import Guide
from dialogs.library import Library
from dialogs.paths import Path, paths
from dialogs.situations import OTHER, Taken
from dialogs.walk import walk
from tests.support.player import Player

_ID = "-7d44-4c1b-9a55-0d6f8b2e1c90"
START = 1_795_338_000
GIVEN = "words nobody recognises"


class Stand(NamedTuple):
    """Where a path has led so far: the conversation, and the screens that were shown, the newest last."""

    conversation: Conversation
    shown: tuple[Prompt, ...]


class Journey(NamedTuple):
    """A path, and every place on it that somebody sees, the first screen first."""

    path: Path
    stands: tuple[Stand, ...]


def journeys(library: Library, guide: Guide, language: str) -> Iterator[Journey]:
    """Every listed path of `guide`, played."""
    known: dict[tuple[Taken, ...], Stand] = {}
    for path in paths(guide, library.codes).paths:
        first = sum(1 for taken in path.choices if taken.node in {"code", "topic"})
        stands = []
        for count in range(first, len(path.choices) + 1):
            done = path.choices[:count]
            if done not in known:
                known[done] = (
                    _begun(library, guide, done, language)
                    if count == first
                    else _on(library, known[done[:-1]], done[-1])
                )
            stands.append(known[done])
        yield Journey(path, tuple(stands))


def _begun(library: Library, guide: Guide, known: tuple[Taken, ...], language: str) -> Stand:
    """The guide begun by what a person would write for it, and what else they would say is known."""
    empty = Conversation(language=language)
    code = _code(library, guide, {taken.node: taken.answers[0] for taken in known})
    if guide.codes:
        done = step(library, empty, Said(at=START, text=f"AADSTS{guide.codes[0]}"))
        if code is not None:
            done = step(library, done.conversation, Said(at=START, text=code))
            stay = Chose(at=START, prompt=done.conversation.prompt, options=("switch-no",))
            done = step(library, done.conversation, stay)
    elif code is not None:
        done = step(library, empty, Said(at=START, text=code))
    else:
        asked = step(library, empty, Said(at=START, text="hello"))
        option = f"guide/{guide.id}"
        prompt = asked.conversation.prompt
        done = step(library, asked.conversation, Chose(at=START, prompt=prompt, options=(option,)))
    return _stand(done, ())


def _code(library: Library, guide: Guide, known: dict[str, str]) -> str | None:
    """A code, not one the guide claims, that fits what a path says is known; None for none."""
    if known.get("code", OTHER) != OTHER:
        return known["code"]
    topic = known.get("topic", OTHER)
    if topic == OTHER:
        return None
    return next(
        f"AADSTS{code.code}"
        for code in library.codes.values()
        if code.topic == topic and code.code not in guide.codes and _plain(guide, f"AADSTS{code.code}")
    )


def _plain(guide: Guide, code: str) -> bool:
    """Whether no condition of the guide names the code."""
    return code not in str(msgspec.to_builtins(guide))


def _on(library: Library, stand: Stand, taken: Taken) -> Stand:
    """One answer further."""
    conversation = stand.conversation
    at = conversation.at + 60
    if conversation.waiting:
        event = ProbeFinished(at=at, request=conversation.waiting, outcome=taken.answers[0])
        return _stand(step(library, conversation, event), stand.shown)
    prompt = conversation.prompt
    if taken.answers == ("given",):
        return _stand(step(library, conversation, Entered(at=at, prompt=prompt, text=GIVEN)), stand.shown)
    options = ("skip",) if taken.answers == ("skipped",) else taken.answers
    if taken.fix:
        fix = walk(library, conversation.answers).fix
        assert fix is not None
        assert fix.id == taken.fix
    return _stand(step(library, conversation, Chose(at=at, prompt=prompt, options=options)), stand.shown)


def _stand(done: Step, before: tuple[Prompt, ...]) -> Stand:
    new = tuple(each.prompt for each in done.effects if isinstance(each, Show))
    assert len(new) <= 1
    return Stand(done.conversation, (*before, *new))


def own_screens(library: Library) -> list[Player]:
    """Conversations that between them show every question and every word of the bot's own."""
    scripts = (
        (
            "hi",
            "asdf",
            "qwertz",
            "help",
            "status",
            "language",
            "back",
            "person",
            "back",
            "I cannot work at all",
        ),
        (
            "",
            "AADSTS1000002",
            "what is that?",
            "no",
            "hm",
            "language",
            "restart",
            "back",
            "AADSTS53003",
            "stay",
        ),
        (
            "AADSTS1000002",
            "status",
            "no",
            "it says blocked now",
            "other",
            "sign-in problem",
            "stop",
            "it's back",
        ),
        (
            "AADSTS1000002",
            "no",
            "something else",
            "back",
            "something else",
            "Correlation Id: " + "1" * 8 + _ID,
        ),
        ("AADSTS1000002", "no", "something else", "skip", "1, 14", "none of these", "back at once"),
        ("AADSTS1000002", "works", "3", "AADSTS1000002", "hand it over", "add something", "words", "not now"),
        (
            "AADSTS1000002",
            "person",
            "hand it over",
            "status",
            "more words",
            "AADSTS53003",
            "stay",
            "it works",
            "3",
            "a person please",
            "not now",
        ),
        ("plain", "cards", "AADSTS50076", "AADSTS50126", "switch", "back", "stop"),
    )
    players = []
    for script in scripts:
        player = Player(library)
        for words in script:
            player.says(words)
        player.takes(Attached(at=player.now, names=("screen.png",)))
        player.chooses("old", prompt="1")
        player.says("a person please")
        player.says("skip")
        player.says("hand it over")
        if player.conversation.case is not None:
            number = player.conversation.case.number
            player.takes(TicketFiled(at=player.now, number=number, reference="INC1"))
            player.claims("Ada")
            player.resolves("Ada", "Unlocked.")
            player.says("still the same")
            player.says("not now")
            player.says("a person please")
        players.append(player)
    return players


def back(library: Library, stand: Stand) -> Prompt:
    """The screen one step before."""
    event = Commanded(at=stand.conversation.at, command="back", prompt=stand.conversation.prompt)
    done = step(library, stand.conversation, event)
    return next(each.prompt for each in done.effects if isinstance(each, Show))


def bare(prompt: Prompt) -> Prompt:
    """The screen without what differs each time: its id and the notes before it."""
    return msgspec.structs.replace(prompt, id="", notes=())


def labels(library: Library, prompt: Prompt, language: str) -> dict[str, str]:
    """What stands on the buttons of a screen, by option."""
    assert isinstance(prompt.ask, Choices)
    return {each.id: library.say(each.label, language) for each in prompt.ask.options}
