"""What ended a case is named by an agent, checked against the guides, and kept in keys."""

import msgspec
import pytest

from dialogs.ended_by import SOMETHING_ELSE, fix_called, fixes_of, namable
from dialogs.events import CaseReopened, CaseResolved
from tests.support.player import Player
from tests.support.stories import CODE, began, cases, changes, handed_over, shipped


@pytest.mark.parametrize("fix", ["private-window", SOMETHING_ELSE])
def test_what_an_agent_names_stands_with_the_case(fix: str) -> None:
    """By its key, whatever language anybody reads."""
    player = handed_over()
    resolve(player, fix)

    assert changes(player)[-1].what == "resolved"
    assert changes(player)[-1].fix == fix


@pytest.mark.parametrize("fix", ["", "no-such-fix", "fix/private-window/name", "*'; --", "x" * 100_000])
def test_what_is_no_fix_of_the_guide_counts_as_not_said(fix: str) -> None:
    """The case is closed all the same: nothing stands in the way of that."""
    player = handed_over()
    resolve(player, fix)

    assert changes(player)[-1].status == "resolved"
    assert changes(player)[-1].fix == ""


def test_a_fix_of_another_guide_is_none_of_this_case() -> None:
    """A card's payload is anybody's; the guide that the case came from is not."""
    library = shipped()
    guide = library.guides["aadsts1000002"]
    others = set(library.fixes) - set(fixes_of(library, guide.id))
    player = handed_over()
    assert player.conversation.case is not None
    assert player.conversation.case.guide == guide.id
    for fix in sorted(others):
        resolve(player, fix)
        assert changes(player)[-1].fix == ""
        player.takes(CaseReopened(at=player.now, number=player.conversation.case.number, by="Ada"))


def test_a_case_of_an_older_version_takes_any_fix_there_is() -> None:
    """It does not say which guide it came from."""
    player = handed_over()
    case = player.conversation.case
    assert case is not None
    player.conversation = msgspec.structs.replace(
        player.conversation, case=msgspec.structs.replace(case, guide="")
    )
    resolve(player, "private-window")

    assert changes(player)[-1].fix == "private-window"


def test_those_nobody_has_tried_come_first() -> None:
    """Those an answer points to, then the guide's others, then what did not help."""
    player = began(CODE, "no", "same message again", "a person please", "hand it over")
    file = cases(player)[0].file
    tried = [each.fix.key for each in file.tried]
    untried = [each.key for each in file.untried]
    found = namable(shipped(), file.guide, tried=tried, untried=untried)

    assert tried
    assert set(found) == set(fixes_of(shipped(), file.guide))
    assert [each for each in found if f"fix/{each}/name" in tried] == list(found[-len(set(tried)) :])
    assert {f"fix/{each}/name" for each in found[: len(untried)]} == set(untried)


def test_a_guide_that_is_gone_has_no_fixes() -> None:
    """Only something else can be named then."""
    assert fixes_of(shipped(), "gone") == ()


def test_the_name_of_a_fix_leads_back_to_it() -> None:
    """For every fix there is."""
    assert all(fix_called(each.name) == fix for fix, each in shipped().fixes.items())


def resolve(player: Player, fix: str) -> None:
    """Close the case."""
    case = player.conversation.case
    assert case is not None
    player.takes(CaseResolved(at=player.now, number=case.number, by="Ada", note="", fix=fix))
