"""The books can be wrong: each thing that must never happen is put into good ones by hand, and is found."""

import asyncio
import copy
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from tests.faults.books import compare
from tests.faults.case_books import Comment, Tickets
from tests.faults.deeds import Deeds
from tests.faults.kills import there
from tests.faults.people import People
from tests.faults.person import Habits
from tests.faults.replicas import Born, Nursery
from tests.faults.settings import asking, settings
from tests.faults.verdict import Verdict
from tests.faults.world import Journal, Note, World, world
from tests.support.cloud import Sent
from tests.support.fault_proxy import Weather
from tests.support.processes import free_port
from tests.support.tickets import PlayedTickets
from tests.support.waiting import until


class Books(msgspec.Struct, kw_only=True):
    """What a bot has left behind that nobody killed."""

    folder: Path
    deeds: Deeds
    journal: Journal
    tickets: Tickets

    def compared(self) -> Verdict:
        """What they come to."""
        ask = asking(self.folder, "")
        return asyncio.run(compare(self.deeds, self.journal, self.tickets, ask))

    def spoil(self, *changes: str) -> None:
        """Change the bot's database."""
        with closing(sqlite3.connect(self.folder / "handrail.db")) as db:
            for change in changes:
                assert db.execute(change).rowcount > 0, change
            db.commit()

    def places(self, kind: str) -> list[int]:
        """Where the notes of a kind are, of one conversation or thread, in order."""
        notes = self.journal.notes
        where = next(each.conversation for each in notes if each.kind == kind)
        return [n for n, each in enumerate(notes) if each.kind == kind and each.conversation == where]

    def comes_again(self, kind: str, life: str = "another") -> Note:
        """The first thing of its kind once more, right behind itself; the first one."""
        place = self.places(kind)[0]
        note = self.journal.notes[place]
        self.journal.notes.insert(place + 1, msgspec.structs.replace(note, life=life, request=0))
        return note


HABITS = Habits(helpdesk_only=True, helped=1.0, questions=(2, 3), graded=1.0, files=0.7, gone=0.2)


async def _quiet(folder: Path, *, deaf_to: str = "") -> Books:
    """Three conversations, each to a case on which somebody of the helpdesk works. A line may be lost."""
    async with (
        world(folder / "journal.jsonl", Weather(), seed=1) as around,
        PlayedTickets(dedupes=False) as tickets,
        Nursery.open(folder / "nursery.log") as nursery,
    ):
        env = settings(around, folder, "") | {
            "HANDRAIL_PORT": str(free_port()),
            "HANDRAIL_TOKEN_URL": around.token_url("first"),
            "HANDRAIL_TICKETS": "webhook",
            "HANDRAIL_TICKETS_URL": tickets.url,
            "HANDRAIL_TICKETS_SECRET": tickets.secret,
        }
        bot = await nursery.up("bot", Born(env=env, log=str(folder / "bots.log"), lease=30.0))
        people = People(around, lambda: [bot], 7, HABITS)
        ask = asking(folder, "")

        async def empty() -> bool:
            return not (await ask("SELECT count(*) FROM outbox WHERE state <> 'done'"))[0][0]

        if deaf_to:
            _go_deaf(around, deaf_to)
        await people.talk(1, lambda: len(people.finished) + len(people.deeds.stuck) >= 3, empty)
        await until(empty)
        return Books(folder=folder, deeds=people.deeds, journal=around.journal(), tickets=there(tickets))


def _go_deaf(around: World, words: str) -> None:
    """The first line with these words is acknowledged, and reaches nobody."""
    connector = around.cloud.connector
    lost: list[Sent] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        body = connector.received[-1].body
        if not lost and isinstance(body, dict) and words in str(body.get("text")):
            lost.append(connector.received.pop())
            return web.json_response({"id": "lost"}, status=201)
        return await around.connector(request)

    connector.always_with(answer)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Good books; nobody changes these."""
    return asyncio.run(_quiet(tmp_path_factory.mktemp("books")))


@pytest.fixture
def books(kept: Books, tmp_path: Path) -> Books:
    """A copy that a test may change."""
    with (
        closing(sqlite3.connect(kept.folder / "handrail.db")) as db,
        closing(sqlite3.connect(tmp_path / "handrail.db")) as copied,
    ):
        db.backup(copied)
    books = copy.deepcopy(kept)
    books.folder = tmp_path
    return books


def test_good_books_are_found_good(books: Books) -> None:
    """And there is something in each of them."""
    verdict = books.compared()

    assert verdict.failures() == {}
    assert verdict.twice.total() == 0
    assert all(verdict.counted.values()), verdict.counted


def test_who_waits_in_vain_is_named_and_waits_no_longer(tmp_path: Path) -> None:
    """A line that is lost for good does not hold up the run: it comes to a verdict, which says who waits."""
    verdict = asyncio.run(_quiet(tmp_path, deaf_to="answers: ")).compared()

    assert len(verdict.broken["people who wait in vain"]) == 1
    assert "threads that do not tell what happened" in verdict.failures()


# ---- what is done to them


def _line_lost(books: Books) -> None:
    del books.journal.notes[books.places("line")[1]]


def _line_elsewhere(books: Books) -> None:
    place = books.places("line")[-1]
    books.journal.notes[place] = msgspec.structs.replace(books.journal.notes[place], conversation="nobody's")


def _lines_swapped(books: Books) -> None:
    one, other = books.places("line")[1:3]
    notes = books.journal.notes
    notes[one], notes[other] = notes[other], notes[one]


def _card_stale(books: Books) -> None:
    thread = books.journal.notes[books.places("announce")[0]].conversation
    books.journal.cards[thread] = books.journal.cards[thread].replace("Ada", "Ben")


def _cards_lost(books: Books) -> None:
    for place in reversed(books.places("card")):
        del books.journal.notes[place]


def _comment_lost(books: Books) -> None:
    del books.tickets.comments[1]


def _comment_doubled(books: Books) -> None:
    books.tickets.comments.insert(1, books.tickets.comments[0])


def _comments_swapped(books: Books) -> None:
    kept = books.tickets.comments
    kept[0], kept[1] = kept[1], kept[0]


def _comment_garbled(books: Books) -> None:
    books.tickets.comments[1] = msgspec.structs.replace(books.tickets.comments[1], words="?")


def _ticket_closed(books: Books) -> None:
    key, last = books.tickets.comments[0].key.partition("/")[0], books.tickets.comments
    place = max(n for n, each in enumerate(last) if each.key.startswith(f"{key}/"))
    last[place] = msgspec.structs.replace(last[place], status="withdrawn")


def _ticket_doubled(books: Books) -> None:
    books.tickets.filed.append(books.tickets.filed[0])


def _ticket_lost(books: Books) -> None:
    del books.tickets.filed[0]


def _answer_lost(books: Books) -> None:
    answered = next(each for each in books.deeds.spoken if each.what == "answered")
    books.deeds.spoken.insert(
        books.deeds.spoken.index(answered) + 1, msgspec.structs.replace(answered, words="And one.")
    )


def _question_hidden(books: Books) -> None:
    asked = next(each.words for each in books.deeds.spoken if each.what == "asked")
    notes = books.journal.notes
    notes[:] = [each for each in notes if each.kind != "show" or asked not in each.words]


def _file_lost(books: Books) -> None:
    books.spoil(f"UPDATE files SET number = '', size = 0 WHERE id = ({_A_FILE})")


def _file_doubled(books: Books) -> None:
    columns = "conversation, number, name, agent, at, media_type, size, source, content"
    books.spoil(
        f"INSERT INTO files (id, {columns}) SELECT 'again', {columns} FROM files WHERE id = ({_A_FILE})"
    )


def _file_said_to_be_lost(books: Books) -> None:
    sent = books.deeds.files[_here(books)]
    place = next(n for n, each in enumerate(books.journal.notes) if each.conversation == sent.conversation)
    note = msgspec.structs.replace(
        books.journal.notes[place], kind="show", words=f"{sent.name} did not get through"
    )
    books.journal.notes.insert(place, note)


def _file_elsewhere(books: Books) -> None:
    books.spoil(
        "UPDATE files SET number = (SELECT number FROM cases WHERE cases.conversation <> files.conversation)"
        f" WHERE id = ({_A_FILE})"
    )


def _file_on_no_list(books: Books) -> None:
    books.spoil("UPDATE case_log SET note = 'n0.log' WHERE what = 'sent'")


def _attached_to_another(books: Books) -> None:
    files, filed = books.tickets.files, books.tickets.filed
    another = next(each.case for each in filed if each.case != files[0].case)
    files[0] = msgspec.structs.replace(files[0], case=another)


def _attached_garbled(books: Books) -> None:
    books.tickets.files[0] = msgspec.structs.replace(books.tickets.files[0], digest="another")


def _card_calm(books: Books) -> None:
    thread = next(each for each, card in books.journal.cards.items() if "Not urgent" in card)
    books.journal.cards[thread] = books.journal.cards[thread].replace(" · Urgent", "")


def _ticket_calmed(books: Books) -> None:
    comments = books.tickets.comments
    comments.append(msgspec.structs.replace(comments[-1], severity="low"))


def _grade_lost(books: Books) -> None:
    for place in reversed(range(len(books.deeds.spoken))):
        if books.deeds.spoken[place].what == "urgent":
            books.deeds.spoken.insert(place, books.deeds.spoken[place])
            return


def _graded_line_wrong(books: Books) -> None:
    notes = books.journal.notes
    place = next(n for n, each in enumerate(notes) if each.kind == "line" and "made it urgent" in each.words)
    notes[place] = msgspec.structs.replace(notes[place], words="Ada says that it is not urgent.")


def _here(books: Books) -> int:
    """The place of the first file that has come."""
    came = {each.name for each in books.tickets.files}
    return next(n for n, each in enumerate(books.deeds.files) if each.name in came)


def _comment_of_nobody(books: Books) -> None:
    books.tickets.comments.append(Comment(key="HR-2222/1-1", words="Ada is on it.", status=None))


_A_FILE = "SELECT min(id) FROM files WHERE size > 0"
NEEDLESS = "sent again although it had arrived and its bot lived"
WRONG: dict[str, tuple[Callable[[Books], object], str]] = {
    "a line is lost": (_line_lost, "threads that do not tell what happened"),
    "a line is in no case's thread": (_line_elsewhere, "lines that are in no case's thread"),
    "lines are out of order": (_lines_swapped, "threads that do not tell what happened"),
    "a line comes twice": (lambda books: books.comes_again("line"), NEEDLESS),
    "a screen comes twice": (lambda books: books.comes_again("show"), NEEDLESS),
    "a card is announced twice": (lambda books: books.comes_again("announce"), NEEDLESS),
    "a card names somebody else": (_card_stale, "cards that do not show the true state"),
    "a card is not brought up to date": (_cards_lost, "cards that do not show the true state"),
    "a comment is lost": (_comment_lost, "comments that are not those due"),
    "a comment comes twice": (_comment_doubled, "comments doubled"),
    "comments are out of order": (_comments_swapped, "comments that are not those due"),
    "a comment says something else": (_comment_garbled, "tickets that do not tell what happened"),
    "a comment is on no case's ticket": (_comment_of_nobody, "comments that are not those due"),
    "a ticket has another state": (_ticket_closed, "tickets that are not in the case's state"),
    "a ticket comes twice": (_ticket_doubled, "tickets doubled"),
    "a ticket is lost": (_ticket_lost, "tickets missing"),
    "an answer is lost": (_answer_lost, "cases that do not keep what was said"),
    "a question is not shown": (_question_hidden, "questions the person was not shown, or not in order"),
    "a file is lost": (_file_lost, "files that are lost"),
    "a file is there twice": (_file_doubled, "files doubled"),
    "a file that is there was said to be lost": (
        _file_said_to_be_lost,
        "files that have come and were said to be lost",
    ),
    "a file is another": (
        lambda books: books.spoil(f"UPDATE files SET content = x'00' WHERE id = ({_A_FILE})"),
        "files that are not as they were sent",
    ),
    "a file is on somebody else's case": (_file_elsewhere, "files of somebody else"),
    "a link is kept": (
        lambda books: books.spoil(f"UPDATE files SET source = 'https://x' WHERE id = ({_A_FILE})"),
        "links that are kept too long",
    ),
    "a case does not name its files": (_file_on_no_list, "cases that do not name their files"),
    "a file is not on the ticket": (lambda books: books.tickets.files.pop(), "files missing on tickets"),
    "a file is on the ticket twice": (
        lambda books: books.tickets.files.append(books.tickets.files[0]),
        "files doubled on tickets",
    ),
    "a file is on another ticket": (_attached_to_another, "files on the wrong ticket"),
    "a file on a ticket is another": (_attached_garbled, "files that are not on tickets as they were sent"),
    "a card does not say how pressing it is": (_card_calm, "cards that do not show the true state"),
    "a line says another severity": (_graded_line_wrong, "threads that do not tell what happened"),
    "a ticket has another severity": (_ticket_calmed, "tickets that are not as pressing as their case"),
    "a case has another severity": (
        lambda books: books.spoil("UPDATE cases SET severity = 'low'"),
        "cases that are not as pressing as was said",
    ),
    "what was said of the severity is lost": (_grade_lost, "cases that do not keep what was said"),
    "a session is not counted": (
        lambda books: books.spoil("DELETE FROM outcomes WHERE id = (SELECT min(id) FROM outcomes)"),
        "sessions that are not counted once",
    ),
    "a session is counted twice": (
        lambda books: books.spoil("INSERT INTO outcomes (at, body) SELECT at, body FROM outcomes LIMIT 1"),
        "sessions that are not counted once",
    ),
    "somebody waits in vain": (lambda books: books.deeds.stuck.append("he waits"), "people who wait in vain"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_must_never_happen_is_found(books: Books, wrong: str) -> None:
    """Under its name, and not only among others."""
    change, name = WRONG[wrong]
    change(books)

    assert name in books.compared().failures()


@pytest.mark.parametrize("kind", ["line", "show", "announce"])
def test_what_nobody_could_know_may_come_twice(books: Books, kind: str) -> None:
    """Its answer was lost; or its bot died before it came again, and not after."""
    lost, died, too_late = books, copy.deepcopy(books), copy.deepcopy(books)
    lost.journal.in_doubt |= {lost.comes_again(kind).request}
    first = died.comes_again(kind)
    place = died.journal.notes.index(first)
    died.journal.notes.insert(place + 1, Note(kind="death", life=first.life))
    too_late.comes_again(kind)
    too_late.journal.notes.append(Note(kind="death", life=first.life))

    for each in (lost, died):
        verdict = each.compared()
        assert verdict.failures() == {}
        assert verdict.twice.total() == 1
    assert [*too_late.compared().failures()] == [NEEDLESS]
