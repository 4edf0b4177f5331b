"""Files: taken for the case that is open, kept for the one that may come, forgotten with what they are of."""

import pytest

from dialogs.conversation import FileRef
from dialogs.effects import AttachFile, ChangeCase, DropFiles, FetchFiles, Show
from dialogs.events import Attached, FilesCame, Loss, LostFile, Said, SentFile, TicketFiled
from tests.support.player import Player
from tests.support.stories import DAY, began, cases, changes, closed, handed_over, node, notes, place, said

CODE = "AADSTS1000002"
LINK = "https://contoso.sharepoint.com/x?tempauth=secret"


def sends(player: Player, *names: str, text: str = "") -> FetchFiles:
    """Send files, with or without words; what is fetched."""
    files = tuple(SentFile(id=f"id-{name}", name=name, source=LINK) for name in names)
    event = Said(at=player.now, text=text, files=files) if text else Attached(at=player.now, files=files)
    player.takes(event)
    [fetch] = [each for each in player.heard if isinstance(each, FetchFiles)]
    return fetch


def come(player: Player, fetch: FetchFiles, *, lost: Loss | None = None) -> None:
    """All that was fetched has come, or is lost."""
    here = tuple(FileRef(id=each.id, name=each.name) for each in fetch.files)
    gone = tuple(LostFile(id=each.id, name=each.name, why=lost) for each in here) if lost else ()
    player.takes(
        FilesCame(
            at=player.now,
            number=fetch.number,
            session=fetch.session,
            files=() if lost else here,
            lost=gone,
        )
    )


def attached(player: Player) -> list[str]:
    """The files that go to a ticket by the last event."""
    return [each.file for each in player.heard if isinstance(each, AttachFile)]


def dropped(player: Player) -> list[str]:
    """The files that are forgotten by the last event."""
    return [file for each in player.heard if isinstance(each, DropFiles) for file in each.files]


def number(player: Player) -> str:
    """The number of the newest case."""
    assert player.conversation.case is not None
    return player.conversation.case.number


# ---- before there is a case


def test_a_picture_sent_in_the_middle_goes_along_with_the_hand_over() -> None:
    """The person is told, the place stays; the case lists it, and so does the summary before."""
    player = began(CODE)
    here = node(player)
    fetch = sends(player, "screen.png")
    assert (notes(player), node(player), fetch.number) == ({"bot/file-kept"}, here, "")
    come(player, fetch)
    assert said(player) == []

    player.says("a person please")
    [screen] = [each.prompt for each in player.heard if isinstance(each, Show)]
    [shown] = screen.facts[-1:]
    assert (shown.label.key, shown.values) == ("bot/fact/files", ("screen.png",))
    player.says("hand it over")

    [opened] = cases(player)
    assert opened.file.files == (FileRef(id="id-screen.png", name="screen.png"),)
    assert attached(player) == []  # there is no ticket yet


@pytest.mark.parametrize("end", ["it works now", "stop"])
def test_a_picture_is_something_to_add_also_when_the_guide_was_over(end: str) -> None:
    """Who is asked whether there is anything to add, and sends a picture, still hands it over."""
    player = began(CODE, "no", "same message again", end, "a person please")
    fetch = sends(player, "screen.png")

    assert said(player) == ["bot/handover-early"]
    come(player, fetch)
    player.says("hand it over")
    [opened] = cases(player)
    assert [each.name for each in opened.file.files] == ["screen.png"]
    assert (opened.file.codes, len(opened.file.tried)) == ((1000002,), 1)


def test_a_picture_may_come_before_the_one_sentence_for_the_helpdesk() -> None:
    """It is asked for again, and the picture goes along."""
    player = began(CODE, "it works now", "restart", "it works now", "a person please")
    fetch = sends(player, "screen.png")

    assert said(player) == ["bot/add-first"]
    come(player, fetch)
    player.says("it does not open")
    player.says("hand it over")
    [opened] = cases(player)
    assert [each.name for each in opened.file.files] == ["screen.png"]


def test_the_ticket_gets_them_when_it_is_filed() -> None:
    """And what comes later at once."""
    player = began(CODE)
    come(player, sends(player, "before.png"))
    player.says("a person please")
    player.says("hand it over")
    come(player, sends(player, "between.png"))
    assert attached(player) == []

    player.takes(TicketFiled(at=player.now, number=number(player), reference="T-1"))
    assert attached(player) == ["id-before.png", "id-between.png"]
    come(player, sends(player, "after.png"))
    assert attached(player) == ["id-after.png"]


def test_it_may_come_when_the_case_is_open_already() -> None:
    """It was sent before and fetched after: it is the case's all the same."""
    player = began(CODE)
    fetch = sends(player, "slow.png")
    player.says("a person please")
    player.says("hand it over")
    come(player, fetch)

    [change] = changes(player)
    assert (change.what, change.note, change.files) == ("sent", "slow.png", ("id-slow.png",))


def test_starting_over_forgets_them() -> None:
    """What was to be kept for the ticket is not kept, nor what comes afterwards."""
    player = began(CODE, "no")
    come(player, sends(player, "one.png"))
    late = sends(player, "two.png")
    player.says("restart")
    player.picks("Start from scratch")
    assert dropped(player) == ["id-one.png"]

    come(player, late)

    assert (dropped(player), said(player)) == (["id-two.png"], [])
    assert place(player).files == ()


def test_going_back_keeps_them() -> None:
    """They belong to no step."""
    player = began(CODE, "no")
    come(player, sends(player, "one.png"))
    player.says("back")

    assert [each.name for each in place(player).files] == ["one.png"]


def test_a_picture_may_be_the_first_thing_ever() -> None:
    """Also with a greeting after it, and a code in the same message."""
    player = Player(began().library)
    come(player, sends(player, "screen.png"))
    player.says("hello")
    fetch = sends(player, "page.png", text=f"it says {CODE}")
    assert notes(player) >= {"bot/file-kept"}
    come(player, fetch)

    assert place(player).guide is not None
    assert [each.name for each in place(player).files] == ["screen.png", "page.png"]


def test_a_picture_after_the_end_begins_something_new() -> None:
    """It is there when the next guide is handed over, whatever was before."""
    player = began(CODE, "it works now")
    fetch = sends(player, "new.png")
    player.says("AADSTS50126")
    come(player, fetch)

    assert [each.name for each in place(player).files] == ["new.png"]


# ---- while the helpdesk has it


def test_a_picture_for_an_open_case_goes_straight_to_it() -> None:
    """The helpdesk hears of it when it is there, and not before."""
    player = handed_over()
    fetch = sends(player, "a.png", "b.pdf")
    assert (fetch.number, said(player), changes(player)) == (number(player), ["bot/file-passed"], [])
    come(player, fetch)

    [change] = changes(player)
    assert (change.what, change.by, change.note) == ("sent", "", "a.png, b.pdf")
    assert change.files == ("id-a.png", "id-b.pdf")
    assert said(player) == []


def test_a_picture_may_be_the_answer() -> None:
    """Who was asked is no longer waited for, and everything is as it was before the question."""
    player = handed_over()
    player.asks_back("Ada", "What does the screen show?")
    fetch = sends(player, "screen.png")
    assert said(player) == []
    come(player, fetch)

    [change] = changes(player)
    assert (change.what, change.status) == ("sent", "claimed")
    assert (said(player), player.conversation.aside) == (["bot/passed-on"], None)


def test_words_with_a_picture_are_the_answer_and_the_picture_comes_after() -> None:
    """Nobody is waited for twice."""
    player = handed_over()
    player.asks_back("Ada", "What does the screen show?")
    fetch = sends(player, "screen.png", text="this")
    assert [(each.what, each.note) for each in changes(player)] == [("answered", "this")]
    come(player, fetch)

    assert [(each.what, each.status) for each in changes(player)] == [("sent", None)]
    assert said(player) == []


def test_a_case_that_was_closed_lately_still_takes_one() -> None:
    """It may be why it is opened again; long after it begins something new."""
    player = closed()
    fetch = sends(player, "again.png")
    assert fetch.number == number(player)

    late = closed()
    late.now += 30 * DAY
    assert sends(late, "again.png").number == ""


# ---- what does not come


@pytest.mark.parametrize("why", ["expired", "large", "full", "failed"])
def test_a_file_that_is_lost_is_told_of(why: Loss) -> None:
    """With its name and why; the helpdesk hears that there is one, and the ticket gets nothing."""
    player = handed_over()
    come(player, sends(player, "big.zip"), lost=why)

    assert said(player) == [f"bot/file-lost/{why}"]
    assert [(each.what, each.note) for each in changes(player)] == [("files", "big.zip")]
    player.takes(TicketFiled(at=player.now, number=number(player), reference="T-1"))
    assert attached(player) == []


def test_without_a_case_only_the_person_hears_of_it() -> None:
    """And the hand-over does not promise it."""
    player = began(CODE)
    come(player, sends(player, "big.zip"), lost="failed")
    assert (said(player), changes(player)) == (["bot/file-lost/failed"], [])

    player.says("a person please")
    player.says("hand it over")
    [opened] = cases(player)
    assert opened.file.files == ()


def test_what_nobody_can_take_is_said_also_beside_words() -> None:
    """In a channel Teams gives bots no files."""
    player = began()
    player.takes(Said(at=player.now, text=CODE, names=("screen.png",)))
    assert "bot/file" in notes(player)

    player = handed_over()
    player.takes(Said(at=player.now, text="see this", names=("screen.png",)))
    assert [each.what for each in changes(player)] == ["files", "added"]
    assert all(isinstance(each, ChangeCase) for each in changes(player))


def test_where_a_file_is_stays_out_of_sight() -> None:
    """Not in an error, a log or a test's output."""
    player = began(CODE)

    assert LINK not in repr(sends(player, "a.png"))
