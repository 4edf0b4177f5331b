"""Every listed path of every guide that ships, played from its first screen to its end."""

import itertools
from functools import cache

import msgspec
import pytest

from dialogs.conversation import Conversation
from dialogs.effects import Choices, OpenCase, Prompt, Show
from dialogs.engine import step
from dialogs.events import Chose, Said
from dialogs.library import Library
from dialogs.walk import escalation, walk
from tests.support import screen_rules, small_guides, travel
from tests.support.cards import check_cards, schema_errors, why_not
from tests.support.travel import Journey

LIBRARY = small_guides.shipped()
LANGUAGES = LIBRARY.languages
GUIDES = tuple(LIBRARY.guides)
MOST = 15  # screens; nobody answers more
CHECKED = frozenset({"en-new", "en-old", "en-done", "de-new"})  # each kind of card once, each language once


@cache
def played(guide: str, language: str = "en") -> tuple[Journey, ...]:
    """All journeys through a guide."""
    return tuple(travel.journeys(LIBRARY, LIBRARY.guides[guide], language))


@cache
def screens() -> dict[bytes, Prompt]:
    """Every distinct screen on any path; lines of a summary and the count of steps make no new one."""
    found: dict[bytes, Prompt] = {}
    for guide in GUIDES:
        for journey in played(guide):
            for prompt in journey.stands[-1].shown:
                kept = found.setdefault(look(prompt), prompt)
                if len(prompt.facts) > len(kept.facts):
                    found[look(prompt)] = prompt
    return found


def look(prompt: Prompt) -> bytes:
    """What makes two screens the same."""
    return msgspec.json.encode(msgspec.structs.replace(travel.bare(prompt), facts=(), progress=None))


@pytest.mark.parametrize("guide", GUIDES)
def test_it_ends_as_it_is_listed(guide: str) -> None:
    """Solved is solved, stopped is stopped, and a hand-over goes to the queue it names."""
    for path, stands in played(guide):
        walked = walk(LIBRARY, stands[-1].conversation.answers)
        queue = escalation(walked) if walked.running else None
        assert path.end == (walked.over or f"escalated:{queue.queue if queue else ''}"), path.choices


@pytest.mark.parametrize("guide", GUIDES)
def test_nobody_answers_more_than_fifteen_screens(guide: str) -> None:
    """What is shown on the way is what the list says, and never too much."""
    for path, stands in played(guide):
        asked = [
            prompt for prompt in stands[-1].shown if prompt.ask and prompt.say.key != "bot/solved-rating"
        ]
        assert len(asked) == path.prompts, path.choices
        assert len(asked) <= MOST


@pytest.mark.parametrize("guide", GUIDES)
def test_back_shows_the_screen_before(guide: str) -> None:
    """From every place of every path, and once more from there."""
    looked = set()
    for _, stands in played(guide):
        for stand in stands:
            if stand.conversation in looked or stand.conversation.waiting:
                continue
            looked.add(stand.conversation)
            before = stand.shown[-2] if len(stand.shown) > 1 else stand.shown[-1]
            assert travel.bare(travel.back(LIBRARY, stand)) == travel.bare(before)


@pytest.mark.parametrize("guide", GUIDES)
def test_the_count_of_steps_never_runs_away(guide: str) -> None:
    """Step 3 of about 6: the first number grows by one, the second stays near, and is never passed."""
    for _, stands in played(guide):
        progress = [prompt.progress for prompt in stands[-1].shown if prompt.progress]
        assert [each.step for each in progress] == list(range(1, len(progress) + 1))
        assert all(each.step <= each.about <= MOST for each in progress)
        assert all(later.about <= before.about + 1 for before, later in itertools.pairwise(progress))


@pytest.mark.parametrize("guide", GUIDES)
def test_the_answers_alone_lead_to_the_same_place(guide: str) -> None:
    """Out of the store, with nothing but the answers, the same screen comes."""
    for _, stands in played(guide):
        end = stands[-1].conversation
        loaded = msgspec.json.decode(msgspec.json.encode(end), type=Conversation)
        assert loaded == end
        only = Conversation(answers=end.answers, aside=end.aside, at=end.at)
        shown = [
            each
            for each in step(LIBRARY, only, Said(at=end.at, text="repeat")).effects
            if isinstance(each, Show)
        ]
        assert travel.bare(shown[-1].prompt) == travel.bare(stands[-1].shown[-1])


@pytest.mark.parametrize("guide", GUIDES)
def test_every_hand_over_is_a_ticket_that_can_be_read(guide: str) -> None:
    """All words are there, what was answered stands on it, and it fits on the cards."""
    fields = set()
    for path, stands in played(guide):
        conversation = stands[-1].conversation
        if not path.end.startswith("escalated"):
            continue
        event = Chose(
            at=conversation.at, prompt=conversation.prompt, options=("handover-yes",), fresh="HR-7K3F"
        )
        opened = [each for each in step(LIBRARY, conversation, event).effects if isinstance(each, OpenCase)]
        (case,) = opened
        assert case.file.queue == path.end.removeprefix("escalated:")
        assert {fix.fix.key for fix in case.file.tried} == {
            LIBRARY.fixes[taken.fix].name for taken in path.choices if taken.fix
        }
        look = tuple(sorted({text.key for text in screen_rules.texts(case.file)}))
        if look not in fields:
            fields.add(look)
            assert screen_rules.complaints(LIBRARY, case.file) == []
    assert fields


def test_every_screen_is_a_sound_card_in_every_language() -> None:
    """Words for everything, small enough for Teams, and valid by Microsoft's schema."""
    assert len(screens()) > 60
    for prompt in screens().values():
        assert screen_rules.complaints(LIBRARY, prompt) == []
        for name, card in screen_rules.faces(LIBRARY, prompt):
            if name in CHECKED:
                assert schema_errors(card) == [], (name, prompt.say.key)


@pytest.mark.node
@pytest.mark.skipif(why_not() is not None, reason=f"cards cannot be rendered here: {why_not()}")
def test_the_official_renderer_shows_every_card() -> None:
    """Each screen of any path, each question of the bot's own, each kind of case, in every language."""
    players = travel.own_screens(LIBRARY)
    own = [each.prompt for player in players for each in player.effects if isinstance(each, Show)]
    files = {
        each.file.queue: each.file
        for player in players
        for each in player.effects
        if isinstance(each, OpenCase)
    }
    shown = {**screens(), **{look(prompt): prompt for prompt in own}}
    cards = {}
    for number, prompt in enumerate(shown.values()):
        for name, card in screen_rules.faces(LIBRARY, prompt):
            if name in CHECKED:
                cards[f"{number}-{name}-{prompt.say.key.replace('/', '-')}"] = card
    for queue, file in files.items():
        cards |= {f"{queue}-{name}": card for name, card in screen_rules.case_faces(LIBRARY, file)}

    assert check_cards(cards) == {}


def test_the_bot_can_be_talked_into_every_question_of_its_own() -> None:
    """The collection above is whole, and each of its screens is a sound card."""
    shown: dict[bytes, Prompt] = {}
    asides = set()
    for player in travel.own_screens(LIBRARY):
        shown |= {look(each.prompt): each.prompt for each in player.effects if isinstance(each, Show)}
    for prompt in shown.values():
        asides.add(prompt.say.key)
        assert screen_rules.complaints(LIBRARY, prompt) == []
        for name, card in screen_rules.faces(LIBRARY, prompt):
            assert name not in CHECKED or schema_errors(card) == [], (name, prompt.say.key)
    assert {
        "bot/switch", "bot/switch-words", "bot/handover-early", "bot/handover-again", "bot/add-ask",
        "bot/add-first", "bot/what-else", "bot/heard-else", "bot/restart-confirm", "bot/language-ask",
        "bot/came-back", "bot/works-ask", "bot/cancelled", "bot/done", "bot/case-exists", "bot/solved-rating",
        "bot/rated",
    } - asides == set()  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_label_typed_is_the_button_pressed(language: str) -> None:
    """Whoever types what stands on a button of any screen gets what the button does."""
    asked: dict[str, tuple[Conversation, Prompt]] = {}
    for guide in GUIDES:
        for _, stands in played(guide):
            for stand in stands:
                if stand.conversation.prompt and isinstance(stand.shown[-1].ask, Choices):
                    asked.setdefault(stand.conversation.asked, (stand.conversation, stand.shown[-1]))
    for conversation, prompt in asked.values():
        here = msgspec.structs.replace(conversation, language=language)
        for option, label in travel.labels(LIBRARY, prompt, language).items():
            assert same_end(LIBRARY, here, option, label), (prompt.say.key, label)


def same_end(library: Library, conversation: Conversation, option: str, label: str) -> bool:
    """Whether the label typed leads where the option pressed does."""
    pressed = step(library, conversation, Chose(at=0, prompt=conversation.prompt, options=(option,)))
    typed = step(library, conversation, Said(at=0, text=label))
    return typed.conversation == pressed.conversation
