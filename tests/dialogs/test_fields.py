"""What is typed into fields, what is cut out of it, and what checks say meanwhile."""

import pytest

from dialogs.conversation import Conversation, Probed, Typed
from dialogs.effects import StartProbe
from dialogs.engine import step
from dialogs.events import (
    Commanded,
    ProbeFinished,
    Said,
)
from dialogs.text import Text
from dialogs.walk import walk
from tests.support.player import Player
from tests.support.stories import CORRELATION, at_details, began, node, notes, said, small

# ---- fields


def test_a_pasted_page_is_not_taken_for_the_answer_to_the_next_field() -> None:
    """Its IDs answer the field at once; the next field stays empty."""
    player = at_details()
    player.enters(f"Correlation Id: {CORRELATION}")

    assert node(player) == "app"
    assert not any(isinstance(each, Typed) for each in player.conversation.answers)


def test_a_page_with_another_code_is_kept_before_a_switch_is_offered() -> None:
    """Whoever stays is not asked to paste it again."""
    player = at_details()
    player.enters("it says AADSTS50076 and nothing else")
    assert said(player) == ["bot/switch"]
    player.picks("Stay with the first one")

    assert node(player) == "app"
    assert [each.text for each in player.conversation.answers if isinstance(each, Typed)] == [
        "it says AADSTS50076 and nothing else"
    ]


def test_words_of_a_command_in_a_field_are_a_value() -> None:
    """An app may be called Status."""
    player = at_details()
    player.says("skip")
    player.enters("status")

    assert player.conversation.answers[-1] == Typed(at=player.now - 60, node="app", text="status")


@pytest.mark.parametrize("typed", ["1", "2", "the first one", "last"])
@pytest.mark.parametrize("into_field", [True, False])
def test_a_number_in_a_field_is_a_value(typed: str, into_field: bool) -> None:
    """The way round the field has no number on the screen, so nobody means it by one."""
    player = at_details()
    player.says("skip")
    (player.enters if into_field else player.says)(typed)

    assert player.conversation.answers[-1] == Typed(at=player.now - 60, node="app", text=typed)


def test_a_field_can_be_skipped_by_its_words() -> None:
    """The way round it is an answer: it was asked, and not known."""
    player = at_details()
    player.says("no")

    assert player.conversation.answers[-1] == Typed(at=player.now - 60, node="details", text=None)


def test_a_field_with_a_pattern_says_what_it_wants() -> None:
    """The author's hint, and the same field again."""
    player = began("AADSTS50076", "2", library=small())
    player.enters("twelve")

    assert notes(player) == {"printer/tag/hint"}
    assert node(player) == "tag"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("2026-11-20", "2026-11-20"),
        ("20.11.2026", "2026-11-20"),
        ("yesterday", "2026-11-21"),
        ("Heute", "2026-11-22"),
    ],
)
def test_a_day_is_kept_as_a_date(typed: str, kept: str) -> None:
    """However it was written."""
    player = began("AADSTS50076", "2", "123", library=small())
    player.enters(typed)

    assert player.conversation.answers[-1] == Typed(at=player.now - 60, node="day", text=kept)


@pytest.mark.parametrize("typed", ["11/12", "2026-02-30", "a while ago", "99.99.9999"])
def test_what_is_no_day_for_certain_is_asked_again(typed: str) -> None:
    """Two days could be meant, or none."""
    player = began("AADSTS50076", "2", "123", library=small())
    player.enters(typed)

    assert notes(player) == {"bot/field-date"}
    assert node(player) == "day"


# ---- secrets


def test_a_secret_that_was_cut_out_is_said_so(person: Player) -> None:
    """Once, with what it looked like, and what to do."""
    person.takes(Said(at=person.now, text="[password removed]", removed=("password", "password")))

    removed = [note for note in person.prompt.notes if note.key == "bot/removed"]
    assert [note.args for note in removed] == [{"kind": Text("bot/secret/password")}]


def test_a_message_that_was_only_a_secret_is_not_called_empty(person: Player) -> None:
    """It held something; it is gone, and that is said."""
    person.takes(Said(at=person.now, text="", removed=("token",)))

    assert notes(person) == {"bot/removed"}


# ---- checks


def waiting() -> Player:
    """Somebody at a check that has not come back."""
    player = Player(small())
    first = step(player.library, Conversation(), Said(at=player.now, text="AADSTS53003"))
    player.conversation = first.conversation
    player.effects += first.effects
    return player


def test_a_check_is_started_with_what_is_known() -> None:
    """And the person may go on talking meanwhile."""
    player = waiting()
    (probe,) = (each for each in player.effects if isinstance(each, StartProbe))

    assert (probe.probe, probe.facts) == ("account-state", {"code": "53003"})
    player.says("hello?")
    assert said(player) == ["bot/waiting"]


def test_a_check_that_comes_back_twice_counts_once() -> None:
    """The second answer is no news."""
    player = waiting()
    event = ProbeFinished(at=player.now, request=player.conversation.waiting, outcome="guest-pending")
    first = step(player.library, player.conversation, event)
    second = step(player.library, first.conversation, event)

    assert walk(player.library, first.conversation.answers).node is not None
    assert (second.conversation, second.effects) == (first.conversation, ())


def test_what_a_check_says_during_a_question_of_the_bots_own_is_kept() -> None:
    """It is shown once the question is answered."""
    player = waiting()
    request = player.conversation.waiting
    player.takes(Commanded(at=player.now, command="language"))
    player.takes(ProbeFinished(at=player.now, request=request, outcome="disabled"))
    assert player.heard == ()
    player.picks("English")

    assert said(player) == ["bot/handover"]
    assert any(isinstance(each, Probed) for each in player.conversation.answers)


def test_what_an_older_check_says_is_not_taken_for_the_newer_one() -> None:
    """Only the one that is waited for counts, though another is waited for now."""
    player = waiting()
    old = player.conversation.waiting
    first = step(
        player.library, player.conversation, ProbeFinished(at=player.now, request=old, outcome="enabled")
    )
    assert first.conversation.waiting not in {"", old}
    late = ProbeFinished(at=player.now, request=old, outcome="not-registered")
    done = step(player.library, first.conversation, late)

    assert (done.conversation, done.effects) == (first.conversation, ())


def test_who_leaves_a_check_does_not_wait_for_it() -> None:
    """A late answer for somebody who stopped is no news."""
    player = waiting()
    request = player.conversation.waiting
    player.says("stop")
    before = player.conversation
    done = step(player.library, before, ProbeFinished(at=player.now, request=request, outcome="disabled"))

    assert (done.conversation, done.effects) == (before, ())
