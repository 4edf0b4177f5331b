"""Handing over, what becomes of a case, and whether it works then."""

import pytest

from dialogs.cases import REOPENS
from dialogs.conversation import Tried
from dialogs.effects import Choices
from dialogs.events import (
    CaseResolved,
    TicketFiled,
    TicketRefused,
)
from tests.support.player import Player
from tests.support.stories import (
    CORRELATION,
    DAY,
    began,
    cases,
    changes,
    closed,
    handed_over,
    node,
    notes,
    place,
    said,
)

# ---- handing over


def test_a_person_is_offered_what_would_be_sent_before_it_is_sent(person: Player) -> None:
    """Nothing leaves before it was seen."""
    person.says("a person please")

    assert cases(person) == []
    assert [fact.label.key for fact in person.prompt.facts] == ["bot/fact/codes"]


def test_who_asks_for_a_person_first_is_asked_for_one_sentence() -> None:
    """So that the helpdesk knows where to begin; it can be skipped."""
    player = began("a person please")
    assert said(player) == ["bot/add-first"]
    player.says("skip")
    player.says("hand it over")

    assert len(cases(player)) == 1


def test_an_early_ticket_says_what_nobody_asked_yet(person: Player) -> None:
    """App, time and account are the agent's next questions."""
    person.says("a person please")
    person.says("hand it over")

    asked = {each.key for each in cases(person)[0].file.ask_next}
    assert {"bot/ask-next/app", "bot/ask-next/since", "bot/ask-next/account"} <= asked


def test_an_addition_stands_on_the_ticket_in_the_persons_words(person: Player) -> None:
    """And is shown before it is sent."""
    person.says("a person please")
    person.says("add something")
    person.says("meeting at **eleven**")
    assert person.prompt.facts[-1].values == ("meeting at **eleven**",)
    person.says("hand it over")

    assert cases(person)[0].file.remarks == ("meeting at **eleven**",)


def test_not_now_keeps_everything(person: Player) -> None:
    """Whoever changes their mind goes on where they were."""
    person.says("no")
    person.says("a person please")
    person.says("not now")

    assert notes(person) == {"bot/not-handed"}
    assert node(person) == "finish"


def test_questions_on_the_ticket_say_what_they_are_about() -> None:
    """The general guide's first question names the code."""
    player = began("AADSTS50126", "no", "a person please", "hand it over")

    question = cases(player)[0].file.asked[0].question
    assert player.library.say(question, "en").startswith("AADSTS50126: It is about the password")


# ---- while the helpdesk has it


def test_words_go_to_the_case_while_it_is_open() -> None:
    """Nobody has to repeat it to the helpdesk."""
    player = handed_over()
    player.says("now my phone shows it too")

    assert [each.note for each in changes(player)] == ["now my phone shows it too"]
    assert said(player) == ["bot/case-added"]


def test_the_same_code_again_goes_to_the_case_too() -> None:
    """It does not begin the guide once more."""
    player = handed_over()
    player.says("AADSTS1000002 again!")

    assert [each.note for each in changes(player)] == ["AADSTS1000002 again!"]
    assert place(player).over == "handed"


def test_another_code_goes_to_the_case_and_is_offered() -> None:
    """Staying with the helpdesk is one of the answers."""
    player = handed_over()
    player.says("AADSTS50126 now")
    assert said(player) == ["bot/switch"]
    assert len(changes(player)) == 1
    player.says("stay")

    assert said(player) == ["bot/case-exists"]


def test_a_second_problem_gets_a_session_and_a_case_of_its_own() -> None:
    """The first one stays known until it is closed."""
    player = handed_over()
    first = player.conversation.case
    player.says("AADSTS50126 now")
    player.picks("Switch")
    player.says("a person please")
    player.says("hand it over")

    assert player.conversation.session == 2
    assert [each.file.codes for each in cases(player)] == [(1000002,), (50126,)]
    assert player.conversation.earlier == (first,)


def test_thanks_is_not_sent_to_the_helpdesk() -> None:
    """Courtesy needs no agent."""
    player = handed_over()
    player.says("thanks")

    assert changes(player) == []
    assert said(player) == ["bot/case-exists"]


@pytest.mark.parametrize(
    ("news", "key"),
    [
        ("", "bot/status-open"),
        ("refused", "bot/status-trouble"),
        ("claimed", "bot/status-claimed"),
        ("withdrawn", "bot/status-withdrawn"),
    ],
)
def test_status_is_the_truth_about_the_case(news: str, key: str) -> None:
    """Whatever became of it."""
    player = handed_over()
    assert player.conversation.case is not None
    if news == "refused":
        number = player.conversation.case.number
        player.takes(TicketRefused(at=player.now, number=number, reason="no"))
    elif news == "claimed":
        player.claims("Ada")
    elif news == "withdrawn":
        player.says("it works now")
    player.says("status")

    assert key in {*said(player), *notes(player)}


def test_status_without_a_case_says_so(person: Player) -> None:
    """In the middle of a guide nothing was handed over."""
    person.says("status")
    assert notes(person) == {"bot/status-running"}

    nobody = began("status")
    assert notes(nobody) == {"bot/status-none"}


def test_the_ticket_systems_number_is_told_once() -> None:
    """A repeat of the same news is none."""
    player = handed_over()
    assert player.conversation.case is not None
    event = TicketFiled(at=player.now, number=player.conversation.case.number, reference="INC1")
    player.takes(event)
    assert said(player) == ["bot/filed"]
    player.takes(event)

    assert player.heard == ()


def test_news_about_somebody_elses_case_is_none() -> None:
    """Only cases of this conversation count."""
    player = handed_over()
    before = player.conversation
    player.takes(TicketFiled(at=player.now, number="HR-OTHER", reference="INC1"))

    assert (player.conversation, player.heard) == (before, ())


# ---- it works, it does not


def test_it_works_now_in_the_middle_ends_the_guide_as_solved(person: Player) -> None:
    """Below a fix it is the fix that helped; then the person is asked how it was."""
    person.says("no")
    person.says("it works now")

    assert [each.result for each in person.conversation.answers if isinstance(each, Tried)] == ["fixed"]
    assert said(person) == ["bot/solved-rating"]


def test_it_works_now_withdraws_the_case() -> None:
    """The helpdesk is told, and the person asked how it was."""
    player = handed_over()
    player.says("it works now")

    assert [each.status for each in changes(player)] == ["withdrawn"]
    assert notes(player) == {"bot/works-now-case"}
    assert said(player) == ["bot/solved-rating"]


def test_a_rating_is_asked_for_once(person: Player) -> None:
    """And thanked for."""
    person.says("it works now")
    person.says("4")
    assert said(person) == ["bot/rated"]
    person.says("hm")

    assert "bot/solved-rating" not in said(person)


def test_a_closed_case_asks_whether_it_works() -> None:
    """What was done stands before it, and two buttons below."""
    player = closed()

    assert notes(player) == {"bot/resolved"}
    assert said(player) == ["bot/works-ask"]
    assert isinstance(player.prompt.ask, Choices)
    assert [each.id for each in player.prompt.ask.options] == ["works-now", "is-back"]


def test_it_works_after_a_case_was_closed_is_rated() -> None:
    """The case stays closed, by the helpdesk."""
    player = closed()
    player.says("yes it works")

    assert said(player) == ["bot/solved-rating"]
    assert player.conversation.case is not None
    assert player.conversation.case.status == "resolved"
    assert changes(player) == []


def test_it_came_back_long_after_a_case_was_closed_is_a_new_case() -> None:
    """It names the old one, so that nobody begins from nothing."""
    player = closed()
    first = cases(player)[0].file.number
    player.now += REOPENS
    player.picks("It came back")
    assert said(player) == ["bot/handover-again"]
    player.says("hand it over")

    again = cases(player)[1].file
    assert again.number != first
    assert again.ask_next[0].args == {"number": first}


def test_a_closed_case_is_told_in_the_middle_of_another_guide_without_a_question() -> None:
    """One question at a time: the valid screen stays valid."""
    player = handed_over()
    player.says("AADSTS50126 now")
    player.picks("Switch")
    asked = player.prompt
    player.resolves("Ada", "Done.")

    assert said(player) == ["bot/resolved"]
    assert player.conversation.prompt == asked.id


def test_an_earlier_case_can_still_be_closed_once() -> None:
    """Though a second one was opened since; and only once."""
    player = handed_over()
    first = player.conversation.case
    player.says("AADSTS50126 now")
    player.picks("Switch")
    player.says("a person please")
    player.says("hand it over")
    assert first is not None
    done = CaseResolved(at=player.now, number=first.number, by="Ada", note="Done.")
    player.takes(done)
    assert [(each.number, each.status) for each in changes(player)] == [(first.number, "resolved")]
    player.takes(done)

    assert player.heard == ()


def test_a_withdrawn_case_is_not_closed_again() -> None:
    """Who works on nothing any more cannot finish it."""
    player = handed_over()
    player.says("it works now")
    before = player.conversation
    player.resolves("Ada", "Done.")

    assert (player.conversation, player.heard) == (before, ())


def test_a_solved_problem_that_is_back_goes_on_from_there(person: Player) -> None:
    """What helped has not; the next thing is tried."""
    person.says("no")
    person.says("it works now")
    person.says("5")
    person.now += DAY
    person.says("it's back")
    assert said(person) == ["bot/came-back"]
    person.picks("Go on from there")

    assert node(person) == "seen"
    assert [each.result for each in person.conversation.answers if isinstance(each, Tried)] == ["same"]


def test_going_on_keeps_words_and_ids(person: Player) -> None:
    """What was noted after the last answer is not lost with it."""
    person.says("no")
    person.says("it works now")
    person.says(f"Correlation Id: {CORRELATION}")
    person.says("it's back")
    person.picks("Go on from there")

    assert place(person).evidence.correlation_id == CORRELATION


def test_what_is_solved_again_may_be_rated_again(person: Player) -> None:
    """The first rating was about something that did not last."""
    person.says("no")
    person.says("it works now")
    person.says("5")
    person.says("it's back")
    person.picks("Go on from there")
    person.says("it works now")

    assert said(person) == ["bot/solved-rating"]
