"""How a session ended, told once, and taken back when it was no ending."""

from collections import Counter

import msgspec
import pytest

from dialogs.outcome import Outcome
from tests.support.player import Player
from tests.support.stories import CODE, PAGE, began, closed, handed_over, shipped


def ended(player: Player) -> list[tuple[str, bool]]:
    """As what sessions have ended, and whether that was taken back."""
    return [(each.ended, each.undone) for each in player.outcomes]


def helped() -> Player:
    """Somebody whom the first fix helped."""
    return began(CODE, "no", "it works now")


def test_a_session_that_a_fix_ended_says_which() -> None:
    """And what was tried, in which guide, with which content."""
    player = helped()
    (found,) = player.outcomes

    assert found == Outcome(
        at=found.at,
        guide="aadsts1000002",
        codes=(1000002,),
        content=shipped().version,
        ended="solved",
        fix="finish-and-reopen",
        tried=(("finish-and-reopen", "fixed"),),
        screens=2,
    )


def test_who_was_done_before_any_fix_has_none() -> None:
    """The first question was enough."""
    player = began(CODE, "it works now")

    assert [(each.ended, each.fix, each.tried) for each in player.outcomes] == [("solved", "", ())]


def test_what_did_not_help_is_told_as_well() -> None:
    """Stopped after one fix: it did nothing."""
    player = began(CODE, "no", "same message again", "stop")

    assert [(each.ended, each.fix, each.tried) for each in player.outcomes] == [
        ("stopped", "", (("finish-and-reopen", "same"),))
    ]


def test_what_was_handed_over_stays_so_whatever_becomes_of_the_case() -> None:
    """The case tells the rest."""
    player = closed()
    player.says("it works now")
    player.says("5")

    assert ended(player) == [("escalated", False)]


@pytest.mark.parametrize("more", [(), ("help",), ("deutsch",), ("4", "thank you"), ("status",)])
def test_an_ending_is_told_once(more: tuple[str, ...]) -> None:
    """Whatever is said afterwards."""
    player = helped()
    for words in more:
        player.says(words)

    assert ended(player) == [("solved", False)]


def test_nothing_is_told_while_a_session_goes_on() -> None:
    """Most turns have no outcome at all."""
    assert began(CODE, "no", "back", "help", PAGE).outcomes == []


def test_what_came_back_is_taken_off_and_ends_anew() -> None:
    """What seemed to have helped has not: the sum is one session, handed over."""
    player = helped()
    player.says("it is back")
    player.says("go on from there")
    player.says("a person please")
    player.says("hand it over")
    taken = player.outcomes[1]

    assert ended(player) == [("solved", False), ("solved", True), ("escalated", False)]
    assert taken.fix == "finish-and-reopen"
    assert msgspec.structs.replace(taken, undone=False, at=player.outcomes[0].at) == player.outcomes[0]
    assert player.outcomes[2].tried == (("finish-and-reopen", "same"),)


def test_who_stopped_and_then_got_it_to_work_is_solved() -> None:
    """One session, one outcome in the end."""
    player = began(CODE, "no", "stop", "it works now")
    total: Counter[str] = Counter()
    for each in player.outcomes:
        total[each.ended] += -1 if each.undone else 1

    assert +total == Counter(solved=1)


def test_another_session_is_another_outcome() -> None:
    """Beginning afresh takes nothing back."""
    player = helped()
    player.says("restart")
    player.says(CODE)
    player.says("it works now")

    assert ended(player) == [("solved", False), ("solved", False)]


def test_it_holds_nothing_of_the_person() -> None:
    """No words, no ids, no moment closer than an hour."""
    player = began(f"{CODE} {PAGE}", "my name is Erika, call 4711", "a person please", "hand it over")
    told = msgspec.json.encode(player.outcomes).decode()

    assert player.outcomes
    assert all(each.at % 3600 == 0 for each in player.outcomes)
    assert not [each for each in ("Erika", "4711", "3f2a9c1e", "SAP", "HR-") if each in told]


def test_a_session_without_a_guide_counts_too() -> None:
    """Who only wanted a person."""
    player = began("a person please", "skip", "hand it over")

    assert [(each.guide, each.ended, each.screens) for each in player.outcomes] == [("", "escalated", 0)]
    assert handed_over().outcomes[0].guide == "aadsts1000002"
