"""The promises of `bot.store.files.FileStore`, and of turns that have to do with files, over every store."""

import msgspec

from bot.address import Address
from bot.store.api import CaseChange, Decide, Kept, Store
from bot.store.files import Aim, FileRecord, NewFile
from dialogs.conversation import Conversation, FileRef
from tests.support.keeping import OpenStore, case, changing, opening

LINK = "https://contoso.sharepoint.com/download?tempauth=secret"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


def a_file(number: int, *, conversation: str = "c", at: int = 100) -> NewFile:
    """A file somebody sent in Teams."""
    return NewFile(id=f"f{number}", conversation=conversation, name=f"{number} 😀.png", at=at, source=LINK)


def told(*files: NewFile, dropped: tuple[str, ...] = ()) -> Decide:
    """A turn that hears of files, or forgets some."""

    def decide(stored: Conversation | None, _where: Address | None) -> Kept:
        return Kept(conversation=stored or Conversation(), files=files, dropped=dropped)

    return decide


async def test_a_file_is_known_from_its_turn_on_and_what_is_in_it_comes_later(
    store: Store, open_again: OpenStore
) -> None:
    """Where it came from is forgotten as soon as it is there; it is there after a restart, byte by byte."""
    await store.turn("c", "e1", told(a_file(1)))
    coming = await store.file("f1")
    assert coming == FileRecord(id="f1", conversation="c", name="1 😀.png", at=100, source=LINK)
    assert await store.file_content("f1") == b""
    assert await store.files("c") == []

    assert await store.keep_file("f1", "image/png", PICTURE)
    await store.close()

    again = await open_again()
    here = FileRecord(
        id="f1", conversation="c", name="1 😀.png", at=100, media_type="image/png", size=len(PICTURE)
    )
    assert await again.file("f1") == here
    assert await again.files("c") == [here]
    assert await again.file_content("f1") == PICTURE
    await again.close()


async def test_what_is_in_a_file_is_kept_once(store: Store) -> None:
    """Two workers who fetched the same file, and a turn that is repeated, change nothing any more."""
    await store.turn("c", "e1", told(a_file(1)))
    await store.keep_file("f1", "image/png", PICTURE)

    assert await store.keep_file("f1", "text/plain", b"other")
    await store.turn("c", "e2", told(a_file(1)))

    kept = await store.file("f1")
    assert kept is not None
    assert (kept.media_type, kept.size, kept.source) == ("image/png", len(PICTURE), "")
    assert await store.file_content("f1") == PICTURE


async def test_a_file_that_nobody_knows_is_told_as_such(store: Store) -> None:
    """It was forgotten meanwhile; nothing is kept for it."""
    assert not await store.keep_file("f9", "image/png", PICTURE)
    assert await store.file("f9") is None
    assert await store.file_content("f9") == b""


async def test_a_file_may_come_in_one_piece(store: Store) -> None:
    """From the chat page or the board: it is there before its turn, and sent twice it is one."""
    for _ in range(2):
        await store.add_file(msgspec.structs.replace(a_file(1), source="", agent="Jo"), "image/png", PICTURE)

    (kept,) = await store.files("c")
    assert (kept.agent, kept.size) == ("Jo", len(PICTURE))


async def test_a_case_takes_files_when_it_is_opened_and_when_it_changes(store: Store) -> None:
    """They are no longer of the conversation only, and no later case takes them away."""
    await store.turn("c", "e1", told(a_file(1), a_file(2, at=101), a_file(3)))
    for number in range(1, 4):
        await store.keep_file(f"f{number}", "image/png", PICTURE)
    record = case("HR-1")
    file = msgspec.structs.replace(record.file, files=(FileRef(id="f1", name="1.png"),))

    await store.turn("c", "e2", opening(msgspec.structs.replace(record, file=file)))
    await store.turn("c", "e3", changing(CaseChange(number="HR-1", at=102, what="sent", files=("f2",))))
    await store.turn("c", "e4", opening(case("HR-2")))
    await store.turn("c", "e5", changing(CaseChange(number="HR-2", at=103, what="sent", files=("f1",))))

    assert [each.id for each in await store.files("c", "HR-1")] == ["f1", "f2"]
    assert [each.id for each in await store.files("c")] == ["f3"]
    assert await store.files("c", "HR-2") == []
    assert await store.files("other", "HR-1") == []


async def test_a_file_that_is_dropped_is_gone_unless_a_case_has_it(store: Store) -> None:
    """Whoever starts over has their files forgotten; what was handed over stays with the case."""
    await store.turn("c", "e1", told(a_file(1), a_file(2)))
    for number in (1, 2):
        await store.keep_file(f"f{number}", "image/png", PICTURE)
    await store.turn("c", "e2", opening(case("HR-1")))
    await store.turn("c", "e3", changing(CaseChange(number="HR-1", at=102, what="sent", files=("f1",))))

    await store.turn("c", "e4", told(dropped=("f1", "f2", "f9")))

    assert await store.file_content("f1") == PICTURE
    assert await store.file("f2") is None


async def test_a_turn_that_is_not_kept_leaves_no_file(store: Store) -> None:
    """All of a turn is kept, or none: here a change names a case that is not there."""

    def decide(_stored: Conversation | None, _where: Address | None) -> Kept:
        change = CaseChange(number="HR-404", at=1, files=("f1",))
        return Kept(conversation=Conversation(), files=(a_file(1),), changes=(change,))

    try:
        await store.turn("c", "e1", decide)
    except LookupError:
        assert await store.file("f1") is None
    else:
        raise AssertionError("the turn was kept")


async def test_a_file_does_not_show_where_it_comes_from() -> None:
    """Not in an error, a log or a test's output."""
    assert LINK not in repr(a_file(1))
    assert LINK not in repr(FileRecord(id="f", conversation="c", name="n", at=1, source=LINK))


async def test_where_a_file_goes_is_known_until_it_is_there(store: Store) -> None:
    """With the turn that says so, and forgotten with the one that says that; nobody prints it."""

    def aims(target: str) -> Decide:
        return lambda stored, _: Kept(
            conversation=stored or Conversation(), aimed=(Aim(id="f1", target=target),)
        )

    given = msgspec.structs.replace(a_file(1), source="", agent="Kim")
    await store.add_file(given, "image/png", PICTURE)
    await store.turn("c", "e1", aims(LINK))
    aimed = await store.file("f1")
    assert aimed is not None
    assert (aimed.target, aimed.agent, aimed.size) == (LINK, "Kim", len(PICTURE))
    assert LINK not in repr(aimed) + repr(Aim(id="f1", target=LINK))

    await store.turn("c", "e2", aims(""))
    there = await store.file("f1")
    assert there is not None
    assert there.target == ""


async def test_the_log_says_which_files_came_with_the_words(store: Store) -> None:
    """By their names; entries of versions that said nothing of it have none."""
    await store.turn("c", "e1", opening(case("HR-7K3F")))
    change = CaseChange(number="HR-7K3F", at=5, what="asked", note="this?", names="shot.png")
    await store.turn("c", "e2", changing(change))

    kept = await store.case("HR-7K3F")
    assert kept is not None
    assert [each.names for each in kept.log] == ["", "shot.png"]
