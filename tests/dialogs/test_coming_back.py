"""Old screens, steps back, days later, and a guide that was edited meanwhile."""

import msgspec

from dialogs.conversation import Evidence, Noticed, Picked, Tried, Typed
from dialogs.effects import Retire
from dialogs.engine import step
from dialogs.events import (
    Chose,
    Commanded,
    Entered,
)
from dialogs.text import Text
from tests.support import small_guides
from tests.support.player import Player, saved_and_loaded
from tests.support.stories import (
    CODE,
    CORRELATION,
    DAY,
    at_details,
    began,
    cases,
    handed_over,
    node,
    notes,
    place,
    said,
    shipped,
)

# ---- old screens


def test_a_second_click_is_no_news(person: Player) -> None:
    """Nothing changes and nothing is said."""
    first = person.prompt.id
    person.chooses("came-back")
    before = person.conversation
    done = step(person.library, before, Chose(at=before.at + 2, prompt=first, options=("came-back",)))

    assert (done.conversation, done.effects) == (before, ())


def test_an_answered_screen_pressed_later_says_where_we_are(person: Player) -> None:
    """Who goes back to an old card to correct an answer is not left in silence."""
    first = person.prompt.id
    person.chooses("came-back")
    person.chooses("no-button", prompt=first)

    assert notes(person) == {"bot/stale"}
    assert node(person) == "finish"


def test_an_old_screen_answers_nothing(person: Player) -> None:
    """It is retired, and the valid one is shown again."""
    first = person.prompt.id
    person.says("no")
    person.says("same message again")
    person.chooses("works", prompt=first)

    assert node(person) == "seen"
    assert notes(person) == {"bot/stale"}
    retired = [each for each in person.heard if isinstance(each, Retire) and each.prompt == first]
    assert [each.picked for each in retired] == [(Text("bot/earlier"),)]


def test_a_person_can_be_had_from_an_old_screen(person: Player) -> None:
    """The way to people works on every screen there ever was."""
    first = person.prompt.id
    person.says("no")
    person.takes(Commanded(at=person.now, prompt=first, command="person"))

    assert said(person) == ["bot/handover-early"]


def test_what_is_typed_into_an_old_field_is_not_lost() -> None:
    """It is taken as if it had been typed into the chat."""
    player = at_details()
    old = player.prompt.id
    player.says("skip")
    player.takes(Entered(at=player.now, prompt=old, text="SAP"))

    assert place(player).visits[-1].answer == Typed(at=player.now - 60, node="app", text="SAP")


# ---- back, restart, stop


def test_back_takes_the_last_answer_back(person: Player) -> None:
    """And shows its screen again."""
    before = person.prompt
    person.says("no")
    person.says("back")

    assert msgspec.structs.replace(person.prompt, id="") == msgspec.structs.replace(before, id="")


def test_back_keeps_what_was_noted_meanwhile(person: Player) -> None:
    """IDs and words belong to no step."""
    person.says("no")
    person.says(f"Correlation Id: {CORRELATION}")
    person.says("back")

    assert place(person).evidence.correlation_id == CORRELATION


def test_back_at_the_beginning_says_so(person: Player) -> None:
    """There is nothing before the first screen."""
    person.says("back")

    assert notes(person) == {"bot/back-at-start"}


def test_back_from_an_addition_is_the_summary(person: Player) -> None:
    """Not the guide: the hand-over was being looked at."""
    person.says("a person please")
    person.says("add something")
    person.says("back")

    assert said(person) == ["bot/handover-early"]


def test_back_from_the_other_guide_is_the_first_one(person: Player) -> None:
    """A switch can be taken back like an answer."""
    person.says("AADSTS50126")
    person.picks("Switch")
    person.says("back")

    assert node(person) == "did-it-open"


def test_back_never_takes_a_hand_over_back() -> None:
    """What the helpdesk has, it has."""
    player = handed_over()
    player.says("back")

    assert said(player) == ["bot/status-open"]


def test_a_restart_asks_before_answers_are_dropped(person: Player) -> None:
    """And keeps codes and IDs when it is meant."""
    person.says(f"Correlation Id: {CORRELATION}")
    person.says("no")
    person.says("start again")
    assert said(person) == ["bot/restart-confirm"]
    person.picks("Start from scratch")

    assert node(person) == "did-it-open"
    assert place(person).evidence == Evidence(codes=(1000002,), correlation_id=CORRELATION)


def test_stopping_sends_nothing(person: Player) -> None:
    """No case, and the answers are there until something new begins."""
    person.says("no")
    person.says("stop")

    assert said(person) == ["bot/cancelled"]
    assert cases(person) == []
    assert any(isinstance(each, Picked) for each in person.conversation.answers)


# ---- days later, and after an edit


def test_a_conversation_is_resumed_after_days() -> None:
    """Out of the store, with the same screen; nothing ran out."""
    player = Player(shipped(), keep=saved_and_loaded)
    player.says(CODE)
    player.says("no")
    player.now += 30 * DAY
    player.says("hello")

    assert node(player) == "finish"
    player.says("same message again")
    assert node(player) == "seen"


def test_an_edited_guide_goes_on_where_the_answers_still_lead(person: Player) -> None:
    """What fits no more is asked again, and the person told why."""
    person.says("no")
    person.says("same message again")
    person.library = small_guides.choices_renamed(person.library)
    person.says("repeat")

    assert "bot/edited" in notes(person)
    assert node(person) == "did-it-open"


def test_a_guide_that_is_gone_is_not_called_improved(person: Player) -> None:
    """The first question again, and the truth about why; codes and words are kept."""
    person.says("no")
    person.says(f"Correlation Id: {CORRELATION}")
    person.library = msgspec.structs.replace(person.library, guides={})
    person.chooses("same")

    assert notes(person) == {"bot/guide-gone"}
    assert said(person)[-1] == "bot/ask-what"
    assert place(person).evidence.correlation_id == CORRELATION


def test_codes_and_words_outlive_an_edit(person: Player) -> None:
    """They fit any guide."""
    person.says("no")
    person.says(f"Correlation Id: {CORRELATION}")
    person.library = small_guides.choices_renamed(person.library)
    person.says("repeat")

    assert place(person).evidence.correlation_id == CORRELATION


def test_a_button_of_a_screen_that_meant_something_else_is_no_answer(person: Player) -> None:
    """The fix on the screen is gone from the guide: "same" is not said of another one."""
    person.says("no")
    person.library = small_guides.fixes_gone(person.library)
    person.chooses("same")

    assert not any(isinstance(each, Tried) for each in person.conversation.answers)
    assert notes(person) == {"bot/edited"}


def test_a_number_typed_for_a_list_in_another_order_is_no_answer(person: Player) -> None:
    """The first of the list is not the first the person sees."""
    person.library = small_guides.choices_turned(person.library)
    person.says("1")

    assert notes(person) == {"bot/edited"}
    assert node(person) == "did-it-open"


def test_words_for_a_field_that_is_gone_are_kept() -> None:
    """They go to the ticket as the person's own."""
    player = at_details()
    player.library = small_guides.kinds_changed(player.library)
    player.enters("the page is just white")

    assert place(player).remarks == ("the page is just white",)


def test_a_guide_that_is_gone_leaves_the_first_question() -> None:
    """With the codes that were noted, and a way on."""
    player = began(CODE, "no")
    player.library = small_guides.a_guide_gone(player.library)
    player.says("repeat")

    assert said(player) == ["bot/ask-what"]
    assert any(isinstance(each, Noticed) for each in player.conversation.answers)


def test_an_edit_that_changes_nothing_here_is_not_mentioned(person: Player) -> None:
    """A new version of the content alone moves nobody."""
    person.library = msgspec.structs.replace(person.library, version="another")
    person.chooses("came-back")

    assert notes(person) == set()
    assert node(person) == "finish"
