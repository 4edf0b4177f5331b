"""Files of the helpdesk: the case's from the start, offered to the person, taken, declined or lost."""

import pytest

from dialogs.conversation import AskedBack, FileRef
from dialogs.effects import AimFile, AttachFile, CloseOffer, DropFiles, GiveFile, OfferFile, Show
from dialogs.events import CaseAsked, CaseResolved, FileAnswered, FileGiven, Loss, TicketFiled
from tests.support.player import Player
from tests.support.stories import changes, handed_over

SHOT = FileRef(id="id-shot", name="shot.png")
LINK = "https://contoso.sharepoint.com/x?tempauth=secret"


def number(player: Player) -> str:
    """The number of the newest case."""
    assert player.conversation.case is not None
    return player.conversation.case.number


def asked(*files: FileRef, reach: bool = True, filed: bool = False) -> Player:
    """Somebody whom Ada has asked something, with files."""
    player = handed_over()
    if filed:
        player.takes(TicketFiled(at=player.now, number=number(player), reference="INC1"))
    player.takes(
        CaseAsked(at=player.now, number=number(player), by="Ada", text="Like this?", files=files, reach=reach)
    )
    return player


def of(player: Player, kind: type) -> list[object]:
    """The effects of a kind of the last event."""
    return [each for each in player.heard if isinstance(each, kind)]


def test_it_comes_with_the_question_and_is_offered_below_it() -> None:
    """The screen knows it, the case has it, and the line says so."""
    player = asked(SHOT)

    [change] = changes(player)
    assert (change.what, change.note, change.files, change.names) == (
        "asked", "Like this?", ("id-shot",), "shot.png",
    )  # fmt: skip
    [show] = [each for each in player.heard if isinstance(each, Show)]
    assert show.prompt.files == (SHOT,)
    assert show.prompt.say.key == "bot/asked-back-with-files"
    assert show.prompt.say.args["names"] == "shot.png"
    assert of(player, OfferFile) == [OfferFile(number=number(player), by="Ada", file=SHOT)]
    assert of(player, AttachFile) == []  # with the ticket, when it is filed


def test_it_goes_to_the_ticket_once() -> None:
    """At once where there is one, else when it is filed."""
    there = asked(SHOT, filed=True)
    assert of(there, AttachFile) == [AttachFile(number=number(there), file="id-shot")]

    later = asked(SHOT)
    later.takes(TicketFiled(at=later.now, number=number(later), reference="INC1"))
    assert of(later, AttachFile) == [AttachFile(number=number(later), file="id-shot")]


def test_where_no_file_gets_to_both_are_told() -> None:
    """Nothing is offered that cannot be given; the case has it all the same."""
    player = asked(SHOT, reach=False)

    assert [(each.what, each.by, each.note) for each in changes(player)] == [
        ("asked", "Ada", "Like this?"),
        ("elsewhere", "Ada", "shot.png"),
    ]
    [show] = [each for each in player.heard if isinstance(each, Show)]
    assert (show.prompt.say.key, show.prompt.files) == ("bot/asked-back-files-elsewhere", ())
    assert of(player, OfferFile) == []


def test_a_closed_case_gets_no_file() -> None:
    """Whoever sent it hears that nobody reads it, and it is not kept."""
    player = handed_over()
    player.takes(CaseResolved(at=player.now, number=number(player), by="Ada", note=""))
    player.takes(CaseAsked(at=player.now, number=number(player), by="Ada", text="This", files=(SHOT,)))

    assert [each.what for each in changes(player)] == ["unsent"]
    assert of(player, DropFiles) == [DropFiles(files=("id-shot",))]


def test_without_files_nothing_is_another_than_before() -> None:
    """The question as it always was."""
    player = asked()

    [show] = [each for each in player.heard if isinstance(each, Show)]
    assert (show.prompt.say.key, show.prompt.files) == ("bot/asked-back", ())
    assert [each.what for each in changes(player)] == ["asked"]


def test_taken_it_is_put_where_the_person_wants_it() -> None:
    """The question stays open; when it is there the helpdesk hears of it, and the link is forgotten."""
    player = asked(SHOT)
    player.takes(FileAnswered(at=player.now, number=number(player), file=SHOT, target=LINK))
    assert player.heard == (AimFile(file="id-shot", target=LINK), GiveFile(number=number(player), file=SHOT))
    assert LINK not in repr(player.heard)
    assert isinstance(player.conversation.aside, AskedBack)

    player.takes(FileGiven(at=player.now, number=number(player), file=SHOT))
    assert of(player, AimFile) == [AimFile(file="id-shot", target="")]
    assert [(each.what, each.note) for each in changes(player)] == [("taken", "shot.png")]


def test_declined_the_helpdesk_hears_of_it() -> None:
    """And what was pressed says so."""
    player = asked(SHOT)
    player.takes(FileAnswered(at=player.now, number=number(player), file=SHOT, target=""))

    assert [(each.what, each.note) for each in changes(player)] == [("declined", "shot.png")]
    [close] = [each for each in player.heard if isinstance(each, CloseOffer)]
    assert close.say.key == "bot/file-declined"
    assert of(player, GiveFile) == []


@pytest.mark.parametrize(("why", "said"), [("expired", "expired"), ("failed", "failed"), ("full", "failed")])
def test_one_that_does_not_get_through_is_told_to_both(why: Loss, said: str) -> None:
    """Nothing is left to be pressed, and the link is forgotten."""
    player = asked(SHOT)
    player.takes(FileAnswered(at=player.now, number=number(player), file=SHOT, target=LINK))
    player.takes(FileGiven(at=player.now, number=number(player), file=SHOT, lost=why))

    assert [(each.what, each.note) for each in changes(player)] == [("untaken", "shot.png")]
    shown = [each.prompt.say.key for each in player.heard if isinstance(each, Show)]
    assert shown == [f"bot/file-untaken/{said}"]
    assert of(player, AimFile) == [AimFile(file="id-shot", target="")]
    assert len(of(player, CloseOffer)) == 1
