"""What must never go wrong: a foreign request, a block, a number beyond the list, a nameless case."""

from dialogs.conversation import AskContact, CameBack, ConfirmHandover
from dialogs.effects import ChangeCase, OpenCase
from tests.support.player import Player
from tests.support.stories import shipped


def cases(player: Player) -> list[OpenCase]:
    """What was handed over."""
    return [each for each in player.effects if isinstance(each, OpenCase)]


def at_a_fix() -> Player:
    """Somebody who tries the first fix."""
    player = Player(shipped())
    player.says("AADSTS1000002")
    player.says("no")
    return player


def test_a_number_beyond_the_list_is_no_answer() -> None:
    """Four answers stand there: seven is none of them, and certainly not "it works now"."""
    for words in ("7", "12", "the seventh"):
        player = at_a_fix()
        before = player.conversation.answers
        player.says(words)

        assert player.conversation.answers == before


def test_a_request_nobody_started_goes_to_security_from_anywhere() -> None:
    """In words, before, in the middle and where something else came up: nothing more is tried."""
    told = "there is a request in my authenticator that I did not start"
    first, middle, other = Player(shipped()), at_a_fix(), at_a_fix()
    other.chooses("other")
    for player in (first, middle, other):
        player.says(told)
        assert isinstance(player.conversation.aside, ConfirmHandover)
        player.chooses("handover-yes")

        [case] = cases(player)
        assert case.file.queue == "security"
        assert told in case.file.remarks


def test_the_report_is_a_button_where_something_else_came_up() -> None:
    """It is there without words, and back takes it back."""
    player = at_a_fix()
    player.chooses("other")
    player.presses("report")
    assert isinstance(player.conversation.aside, ConfirmHandover)

    player.presses("back")
    assert not isinstance(player.conversation.aside, ConfirmHandover)


def test_a_report_while_the_helpdesk_has_the_case_is_told_at_once() -> None:
    """It stands on the case, and the person hears what not to do."""
    player = at_a_fix()
    player.says("a person please")
    player.chooses("handover-yes")
    player.says("somebody called me and wants a code")

    assert "type no code anywhere" in player.words()
    notes = [each.note for each in player.heard if isinstance(each, ChangeCase)]
    assert notes == ["somebody called me and wants a code"]


def test_a_block_is_not_tried_against_whichever_code_names_it() -> None:
    """Who stays with the first message after a block is led to the helpdesk, not around the rule."""
    player = at_a_fix()
    player.says("AADSTS53003 now")
    player.chooses("switch-no")
    tried: list[str] = []
    while player.conversation.aside is None:
        if player.walked_fix():
            tried.append(player.walked_fix())
            player.chooses("same")
        else:
            options = [each.id for each in player.options() if not each.alone]
            player.chooses(options[0]) if options else player.chooses("skip")

    assert set(tried).isdisjoint({"other-network", "private-window", "sign-out-in", "other-browser"})


def test_what_was_tried_is_still_known_after_the_end() -> None:
    """Whoever writes again, in whatever words, goes on from there."""
    player = at_a_fix()
    player.chooses("fixed")
    before = player.conversation.answers
    player.says("it shows the same thing as before again")

    assert isinstance(player.conversation.aside, CameBack)
    assert player.conversation.answers[: len(before)] == before


def test_a_stranger_is_asked_who_they_are_before_the_hand_over() -> None:
    """On the web page nobody vouches: the helpdesk gets a name and a way to call back."""
    player = Player(shipped(), stranger=True)
    player.says("AADSTS1000002")
    player.says("a person please")
    player.chooses("handover-yes")
    assert isinstance(player.conversation.aside, AskContact)
    assert cases(player) == []

    player.says("Erika Mustermann, 0171 5550100")

    [case] = cases(player)
    assert case.file.contact == "Erika Mustermann, 0171 5550100"
    assert "Keep it open" in player.words()


def test_a_stranger_may_leave_it() -> None:
    """Nobody is kept from the helpdesk for want of a name."""
    player = Player(shipped(), stranger=True)
    player.says("AADSTS1000002")
    player.says("a person please")
    player.chooses("handover-yes")
    player.chooses("skip")

    assert [case.file.contact for case in cases(player)] == [""]
