"""What happens to a person in the middle of a guide, one behaviour each, over the content that ships."""

import pytest

from dialogs.conversation import Conversation, Picked, Tried
from dialogs.effects import Entry, Hear, Prompt
from dialogs.engine import step
from dialogs.events import Attached, Said
from tests.support.growth import linear
from tests.support.player import Player
from tests.support.stories import (
    CODE,
    CORRELATION,
    PAGE,
    at_details,
    began,
    cases,
    node,
    notes,
    place,
    said,
    shipped,
)

# ---- beginning


def test_the_first_words_are_a_welcome_and_one_question() -> None:
    """Who opens the chat is told what this is, and asked one thing."""
    player = Player(shipped())
    player.opens()

    assert notes(player) == {"bot/welcome"}
    assert said(player) == ["bot/ask-what"]


def test_a_code_begins_its_guide_at_once() -> None:
    """Nobody who wrote a code is greeted instead of helped."""
    assert node(began("i cant get into sap, AADSTS1000002")) == "did-it-open"


def test_a_code_without_a_guide_of_its_own_is_taken_by_the_general_one() -> None:
    """Its number and what it is about stand on the screen."""
    player = began("AADSTS50126")

    assert place(player).code == 50126
    assert "AADSTS50126: It is about the password" in player.words()


def test_without_a_code_a_button_leads_on() -> None:
    """The general guide goes by the screens, and says that it has no code."""
    player = began("hello")
    player.picks("I have no code")

    assert "It has no code" in player.words()


def test_words_without_a_code_are_kept_and_the_question_stays() -> None:
    """What somebody tells first reaches the ticket, though it named nothing."""
    player = began("outlook is dead since monday")

    assert notes(player) == {"bot/heard-no-code"}
    assert place(player).remarks == ("outlook is dead since monday",)


def test_a_pasted_page_answers_questions_before_they_are_asked() -> None:
    """IDs, time and app are noted; neither the page nor the app is asked for again."""
    player = began(PAGE)
    player.picks("No, same message")
    player.picks("None of these")
    player.picks("I can't do that")

    assert place(player).evidence.correlation_id == CORRELATION
    assert node(player) == "since"


# ---- answering


def test_a_number_a_label_and_a_plain_no_are_answers() -> None:
    """People type what they like; the same answer comes of it."""
    typed = [began(CODE, words) for words in ("2", "no, the message came back", "no")]
    pressed = began(CODE)
    pressed.chooses("came-back")

    assert {each.conversation.answers for each in typed} == {pressed.conversation.answers}


def test_several_ticks_are_one_answer(person: Player) -> None:
    """All that was ticked is kept."""
    person.says("no")
    person.says("same message again")
    person.picks("No access, or blocked", "Another organisation's name")

    picked = [each for each in person.conversation.answers if isinstance(each, Picked)]
    assert picked[-1].node == "seen"
    assert set(picked[-1].choices) == {"organisation", "blocked"}


def test_none_of_these_goes_with_nothing_else(person: Player) -> None:
    """Both ticked is asked again, and says which is which."""
    person.says("no")
    person.says("same message again")
    person.chooses("none", "blocked")

    assert notes(person) == {"bot/alone-only"}
    assert node(person) == "seen"


def test_two_answers_where_one_is_asked_are_asked_again(person: Player) -> None:
    """A client that sends two buttons at once gets one question back."""
    person.chooses("came-back", "no-button")

    assert notes(person) == {"bot/pick-one"}


def test_nothing_ticked_is_said_so(person: Player) -> None:
    """An empty list is no answer."""
    person.says("no")
    person.says("same message again")
    person.chooses()

    assert notes(person) == {"bot/pick-some"}


def test_two_misses_offer_a_person(person: Player) -> None:
    """The second time nothing is understood, there is a way out."""
    person.says("qwertz")
    first = notes(person)
    person.says("asdf")

    assert (first, notes(person)) == ({"bot/understood-not"}, {"bot/understood-not-again"})
    assert "person" in person.prompt.commands


def test_a_miss_is_forgotten_once_something_was_understood(person: Player) -> None:
    """Only two in a row count."""
    person.says("qwertz")
    person.says("no")
    person.says("asdf")

    assert notes(person) == {"bot/understood-not"}


def test_a_question_is_told_honestly_that_nobody_here_can_answer_it(person: Player) -> None:
    """Not "I did not get that": a person can answer it, and how to get one is said."""
    person.says("what does continue mean?")

    assert notes(person) == {"bot/question"}


def test_an_empty_message_is_no_miss(person: Player) -> None:
    """It says what is missing and asks again."""
    person.says("   ")

    assert notes(person) == {"bot/empty"}
    assert person.conversation.misses == 0


def test_a_remark_under_a_fix_is_offered_as_something_else(person: Player) -> None:
    """Words such as "it says blocked now" is no answer to a fix, but nearly one."""
    person.says("no")
    person.says("it says blocked now")
    assert said(person) == ["bot/heard-else"]
    person.picks("Something else came up")

    assert place(person).remarks == ("it says blocked now",)
    assert [each.result for each in person.conversation.answers if isinstance(each, Tried)] == ["other"]


def test_a_remark_under_a_fix_can_be_the_same_message_after_all(person: Player) -> None:
    """The offer has all four answers of the fix, typed ones too."""
    person.says("no")
    person.says("hm that did not do it")
    person.says("still the same")

    assert [each.result for each in person.conversation.answers if isinstance(each, Tried)] == ["same"]


def test_back_from_the_offer_is_the_fix(person: Player) -> None:
    """Nothing was answered yet."""
    person.says("no")
    person.says("it says blocked now")
    person.says("back")

    assert person.prompt.say.key == "fix/finish-and-reopen"
    assert place(person).remarks == ()


def test_something_else_is_asked_for_its_words(person: Player) -> None:
    """What the screen says now is for the ticket, and a code in it is offered."""
    person.says("no")
    person.picks("Something else came up")
    assert said(person) == ["bot/what-else"]
    person.says("it wants a number from my phone")

    assert place(person).remarks == ("it wants a number from my phone",)
    assert node(person) == "seen"


def test_back_from_something_else_takes_the_answer_back(person: Player) -> None:
    """The fix is shown again, and did not fail."""
    person.says("no")
    person.picks("Something else came up")
    person.says("back")

    assert person.prompt.say.key == "fix/finish-and-reopen"
    assert not any(isinstance(each, Tried) for each in person.conversation.answers)


def test_the_same_again_below_a_fix_is_its_answer(person: Player) -> None:
    """To write "it came back" while trying means that the fix did not help."""
    person.says("no")
    person.says("it happened again")

    assert node(person) == "seen"


# ---- another error in the middle


def test_another_code_is_offered_and_never_forced(person: Player) -> None:
    """The place in the guide stays until the person says so."""
    person.says("no")
    person.says("AADSTS53003 now!!")

    assert said(person) == ["bot/switch"]
    assert node(person) == "finish"


def test_who_stays_keeps_the_other_code_for_the_ticket(person: Player) -> None:
    """Both codes stand on it, in the order they came up."""
    person.says("AADSTS53003")
    person.says("stay")
    person.says("a person please")
    person.says("hand it over")

    assert cases(person)[0].file.codes == (1000002, 53003)
    assert cases(person)[0].file.guide == "aadsts1000002"


def test_who_switches_keeps_what_was_tried(person: Player) -> None:
    """The ticket of the second guide tells of the first."""
    person.says("no")
    person.says("same message again")
    person.says("AADSTS50126")
    person.picks("Switch")
    person.says("a person please")
    person.says("hand it over")

    assert [each.fix.key for each in cases(person)[0].file.tried] == ["fix/finish-and-reopen/name"]


def test_the_first_code_of_the_general_guide_is_no_other_message() -> None:
    """Who began without a code is not asked to switch when they find it."""
    player = began("hello")
    player.picks("I have no code")
    player.says("AADSTS50126")

    assert notes(player) == {"bot/noted-code"}
    assert place(player).code == 50126


def test_ids_in_a_request_for_a_person_are_kept() -> None:
    """The sentence "talk to a human about AADSTS50058" is a command and a fact."""
    player = began("can I talk to a human about AADSTS50058")

    assert said(player) == ["bot/handover-early"]
    assert place(player).codes == (50058,)


# ---- how we talk


def test_another_language_stays_where_we_are(person: Player) -> None:
    """The same screen, in the other language, from now on."""
    person.says("no")
    before = person.prompt.say
    person.says("deutsch")

    assert person.prompt.say == before
    assert "Drück auf „Weiter“" in person.words()


def test_no_language_named_is_asked_which(person: Player) -> None:
    """And answered by name."""
    person.says("change language")
    assert said(person) == ["bot/language-ask"]
    person.says("deutsch")

    assert person.conversation.language == "de"
    assert node(person) == "did-it-open"


def test_plain_text_is_kept_until_cards_are_wanted(person: Player) -> None:
    """For screen readers and old clients."""
    person.says("text only")
    assert person.conversation.plain
    person.says("cards")

    assert not person.conversation.plain


def test_a_file_is_told_what_to_do_instead(person: Player) -> None:
    """The screen stays, and the name is in the transcript."""
    person.says("no")
    person.takes(Attached(at=person.now, names=("screen.png",)))

    assert notes(person) == {"bot/file"}
    assert node(person) == "finish"
    assert [each.words for each in person.heard if isinstance(each, Hear)] == [("screen.png",)]


# ---- what a screen holds


def test_a_screen_has_one_question_and_the_small_ways_out(person: Player) -> None:
    """The way to a person is on the first screen, the way back from the second on."""
    first: Prompt = person.prompt
    person.says("no")

    assert (first.commands, person.prompt.commands) == (("person",), ("back", "person"))


def test_a_field_says_what_belongs_in_it() -> None:
    """Its label, and the way round it."""
    ask = at_details().prompt.ask

    assert isinstance(ask, Entry)
    assert (ask.kind, ask.skip is not None) == ("details", True)


# ---- long texts


@pytest.mark.parametrize("piece", ["x", "x ", " ", "\n", "1, ", "and ", "AADSTS", "7", "-", "?"])
@pytest.mark.parametrize("before", ["", CODE], ids=["at the beginning", "in a guide"])
def test_a_long_text_takes_as_much_longer_as_it_is_longer(before: str, piece: str) -> None:
    """Time grows with length and no faster: a page without a space holds up nobody, wherever it is said."""
    start = began(before).conversation if before else Conversation()

    assert linear(lambda text: step(shipped(), start, Said(at=1, text=text)), piece)
