"""The helpdesk works on a case: claims it, gives it on, asks back; and what the person says reaches it."""

import pytest

from dialogs.conversation import CaseStatus
from dialogs.effects import ChangeCase, What
from dialogs.events import (
    Attached,
    CaseAsked,
    CaseClaimed,
    CaseGiven,
    CaseNoted,
    CaseReopened,
    CaseResolved,
    Event,
)
from tests.support.player import Player
from tests.support.stories import DAY, began, cases, changes, closed, handed_over, node, notes, place, said


def number(player: Player) -> str:
    """The number of the newest case."""
    assert player.conversation.case is not None
    return player.conversation.case.number


def status(player: Player) -> CaseStatus:
    """How far the newest case is."""
    assert player.conversation.case is not None
    return player.conversation.case.status


def told(player: Player) -> list[tuple[What, str, str]]:
    """What the helpdesk hears by the last event: what, by whom, the words."""
    return [(each.what, each.by, each.note) for each in changes(player)]


def claimed() -> Player:
    """Somebody whose case Ada has."""
    player = handed_over()
    player.claims("Ada")
    return player


def asked(text: str = "Which phone is it?") -> Player:
    """Somebody whom Ada has asked something."""
    player = claimed()
    player.asks_back("Ada", text)
    return player


# ---- whose it is


def test_of_two_who_claim_at_once_the_first_one_has_it() -> None:
    """The second one changes nothing."""
    player = claimed()
    player.claims("Ben")

    assert player.heard == ()
    assert player.conversation.case is not None
    assert player.conversation.case.by == "Ada"


def test_a_case_can_be_given_to_a_colleague() -> None:
    """The person hears who it is now."""
    player = claimed()
    player.takes(CaseGiven(at=player.now, number=number(player), by="Ada", to="Ben"))

    assert [(each.what, each.by, each.owner, each.status) for each in changes(player)] == [
        ("given", "Ada", "Ben", "claimed")
    ]
    assert said(player) == ["bot/claimed-note"]


def test_giving_it_to_who_has_it_is_no_news() -> None:
    """Nor is giving away what is closed."""
    player = claimed()
    player.takes(CaseGiven(at=player.now, number=number(player), by="Ben", to="Ada"))
    assert player.heard == ()
    player.resolves("Ada", "Done.")
    player.takes(CaseGiven(at=player.now, number=number(player), by="Ada", to="Ben"))

    assert player.heard == ()


def test_a_note_is_for_the_helpdesk_only() -> None:
    """The person sees nothing of it, whatever state the case is in."""
    player = closed()
    player.takes(CaseNoted(at=player.now, number=number(player), by="Ben", text="was the proxy"))

    assert told(player) == [("noted", "Ben", "was the proxy")]
    assert said(player) == []


# ---- asking back


def test_a_question_comes_with_a_place_for_the_answer() -> None:
    """And the case waits for the person."""
    player = asked()

    assert said(player) == ["bot/asked-back"]
    assert player.prompt.say.args["text"] == "Which phone is it?"
    assert player.prompt.ask is not None
    assert status(player) == "waiting"


def test_who_asks_first_has_the_case() -> None:
    """A question nobody stands behind would be answered to nobody."""
    player = handed_over()
    player.asks_back("Ada", "Which phone is it?")

    assert [(each.owner, each.status) for each in changes(player)] == [("Ada", "waiting")]


def test_a_colleagues_question_does_not_take_the_case_away() -> None:
    """Ben may help Ada."""
    player = claimed()
    player.asks_back("Ben", "Which phone is it?")

    assert [(each.by, each.owner) for each in changes(player)] == [("Ben", "Ada")]


@pytest.mark.parametrize("words", ["an old one", "no", "back", "hello", "2", "again", "it came back", "stop"])
def test_whatever_is_answered_reaches_the_helpdesk_as_it_was_said(words: str) -> None:
    """Words that are commands elsewhere are words here."""
    player = asked()
    player.says(words)

    assert told(player) == [("answered", "", words)]
    assert said(player) == ["bot/passed-on"]
    assert status(player) == "claimed"


def test_an_answer_in_the_field_does_the_same() -> None:
    """With the card's own button."""
    player = asked()
    player.enters("an old one")

    assert told(player) == [("answered", "", "an old one")]


def test_more_words_go_on_reaching_the_helpdesk() -> None:
    """While somebody works on it, the guide is silent, even about a code that it would know."""
    player = asked()
    player.says("an old one")
    player.says("and now AADSTS50126")
    player.says("thanks")

    assert told(player) == [("added", "", "thanks")]
    assert place(player).over == "handed"


def test_two_questions_in_a_row_get_one_answer_each_or_one_for_both() -> None:
    """An answer on the older card counts as well."""
    player = asked("Which phone?")
    older = player.prompt.id
    player.asks_back("Ada", "And which app?")
    player.takes(_entered(player, older, "an old one"))
    assert told(player) == [("answered", "", "an old one")]
    player.says("SAP")

    assert told(player) == [("added", "", "SAP")]


def test_status_and_another_language_still_work_under_a_question() -> None:
    """The question stays."""
    player = asked()
    player.says("status")
    assert notes(player) == {"bot/status-waiting"}
    player.says("Deutsch")

    assert said(player) == ["bot/asked-back"]


def test_it_works_now_answers_a_question_for_good() -> None:
    """The case is withdrawn; nobody has to read between the lines."""
    player = asked("Does it work now?")
    player.says("it works now")

    assert told(player) == [("withdrawn", "", "")]
    assert said(player) == ["bot/solved-rating"]


def test_a_question_in_the_middle_of_another_guide_comes_on_top_of_it() -> None:
    """After the answer the guide goes on where it was."""
    player = handed_over()
    player.says("AADSTS50126 now")
    player.picks("Switch")
    here = node(player)
    player.asks_back("Ada", "Which phone is it?")
    assert said(player) == ["bot/asked-back"]
    player.says("an old one")

    assert told(player) == [("answered", "", "an old one")]
    assert notes(player) == {"bot/passed-on"}
    assert node(player) == here
    assert player.prompt.ask is not None


def test_a_case_that_is_closed_under_a_question_asks_whether_it_works() -> None:
    """The question is off."""
    player = asked()
    player.resolves("Ada", "Found it.")

    assert said(player) == ["bot/works-ask"]


def test_an_earlier_case_that_is_closed_under_its_question_leads_back_to_the_guide() -> None:
    """Nobody answers what nobody waits for."""
    player = handed_over()
    first = number(player)
    player.says("AADSTS50126 now")
    player.picks("Switch")
    here = node(player)
    player.asks_back("Ada", "Which phone is it?")
    player.takes(CaseResolved(at=player.now, number=first, by="Ada", note="Found it."))

    assert notes(player) == {"bot/resolved"}
    assert node(player) == here
    assert player.conversation.aside is None


def test_a_file_is_not_lost_on_whoever_works_on_the_case() -> None:
    """It does not go across, but they hear of it, and the question stays."""
    player = asked()
    player.takes(Attached(at=player.now, names=("screen.png", "log.txt")))

    assert told(player) == [("files", "", "screen.png, log.txt")]
    assert said(player) == ["bot/file-case"]
    assert status(player) == "waiting"


# ---- closed, and open again


@pytest.mark.parametrize(
    "event",
    [
        lambda at, number: CaseClaimed(at=at, number=number, by="Ada"),
        lambda at, number: CaseResolved(at=at, number=number, by="Ada", note="Done."),
    ],
)
def test_a_closed_case_has_to_be_opened_first(event: object) -> None:
    """Nothing happens to it by an old card."""
    player = closed()
    player.takes(event(player.now, number(player)))  # type: ignore[operator]  # the makers above

    assert player.heard == ()


def test_a_question_about_a_closed_case_is_told_not_to_have_gone_out() -> None:
    """The person is left alone, and whoever asked knows it."""
    player = closed()
    player.asks_back("Ada", "Still there?")

    assert told(player) == [("unsent", "Ada", "Still there?")]
    assert said(player) == []


def test_the_helpdesk_opens_a_case_again() -> None:
    """The person is told, and not asked any more whether it works."""
    player = closed()
    player.takes(CaseReopened(at=player.now, number=number(player), by="Ben", note="not yet"))

    assert told(player) == [("reopened", "Ben", "not yet")]
    assert said(player) == ["bot/reopened"]
    assert player.conversation.aside is None
    player.claims("Ben")
    assert status(player) == "claimed"


def test_an_open_case_is_not_opened_again() -> None:
    """There is nothing to open."""
    player = claimed()
    player.takes(CaseReopened(at=player.now, number=number(player), by="Ben"))

    assert player.heard == ()


@pytest.mark.parametrize("words", ["It came back"])
def test_to_the_person_it_is_back(words: str) -> None:
    """The same case is open again, nobody has to tell anything twice."""
    player = closed()
    player.picks(words)

    assert told(player) == [("back", "", "")]
    assert status(player) == "reopened"
    assert said(player) == ["bot/back-open"]
    assert len(cases(player)) == 1


def test_it_is_back_after_it_worked_and_was_rated() -> None:
    """Some days later, with the same case."""
    player = closed()
    player.says("it works now")
    player.says("5")
    player.says("skip")
    player.now += 3 * DAY
    player.says("it's back")
    assert told(player) == [("back", "", "")]
    player.says("since this morning")

    assert told(player) == [("added", "", "since this morning")]


def test_a_withdrawn_case_can_be_back_too() -> None:
    """It worked for a while."""
    player = handed_over()
    player.says("it works now")
    player.says("it's back")

    assert told(player) == [("back", "", "")]


def test_an_earlier_case_can_be_opened_again() -> None:
    """Though a second one was handed over since."""
    player = closed()
    first = number(player)
    player.says("AADSTS50126")
    player.says("a person please")
    player.says("hand it over")
    assert number(player) != first
    player.takes(CaseReopened(at=player.now, number=first, by="Ada"))

    assert [(each.number, each.what) for each in changes(player)] == [(first, "reopened")]


# ---- how it went


def test_a_rating_and_a_sentence_stand_with_the_case() -> None:
    """Where those read it whom it is about."""
    player = closed()
    player.says("yes it works")
    player.says("4")
    assert told(player) == [("rated", "", "4")]
    assert said(player) == ["bot/review-ask"]
    player.says("it took a day")

    assert told(player) == [("reviewed", "", "it took a day")]
    assert said(player) == ["bot/rated"]


def test_a_sentence_about_it_can_be_left_out() -> None:
    """The number is enough."""
    player = closed()
    player.says("yes it works")
    player.says("4")
    player.picks("Skip this")

    assert changes(player) == []
    assert said(player) == ["bot/rated"]


def test_without_a_case_nobody_is_asked_for_a_sentence() -> None:
    """There is nobody who would read it."""
    player = began("AADSTS1000002")
    player.says("it works now")
    player.says("5")

    assert said(player) == ["bot/rated"]


# ---- loops


@pytest.mark.parametrize(
    "event",
    [
        lambda at, number: CaseClaimed(at=at, number=number, by="Ada", there=True),
        lambda at, number: CaseAsked(at=at, number=number, by="Ada", text="Which phone?", there=True),
        lambda at, number: CaseNoted(at=at, number=number, by="Ada", text="a proxy", there=True),
        lambda at, number: CaseResolved(at=at, number=number, by="Ada", note="Done.", there=True),
    ],
)
def test_what_happened_in_the_ticket_system_says_so(event: object) -> None:
    """So that it is not told what it told us."""
    player = handed_over()
    player.takes(event(player.now, number(player)))  # type: ignore[operator]  # the makers above

    assert [each.there for each in changes(player)] == [True]


def _entered(player: Player, prompt: str, text: str) -> Event:
    from dialogs.events import Entered

    return Entered(at=player.now, prompt=prompt, text=text)


def test_what_happened_is_written_down_in_full() -> None:
    """Every change says what it was."""
    player = asked()
    player.says("an old one")
    player.resolves("Ada", "Done.")
    player.picks("It came back")

    told_in_all = [each.what for each in player.effects if isinstance(each, ChangeCase)]
    assert told_in_all == ["claimed", "asked", "answered", "resolved", "back"]
