"""The books can be wrong: each thing that must never happen is put into good ones by hand, and is found."""

import asyncio
import copy
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.faults.books import compare
from tests.faults.case_books import Comment, Tickets
from tests.faults.kills import there
from tests.faults.people import Claim, People, Spoken
from tests.faults.replicas import Born, Nursery
from tests.faults.settings import asking, settings
from tests.faults.verdict import Verdict
from tests.faults.world import Journal, Note, world
from tests.support.fault_proxy import Weather
from tests.support.processes import free_port
from tests.support.tickets import PlayedTickets
from tests.support.waiting import until


class Books(msgspec.Struct, kw_only=True):
    """What a bot has left behind that nobody killed."""

    folder: Path
    claims: list[Claim]
    spoken: list[Spoken]
    journal: Journal
    tickets: Tickets

    def compared(self) -> Verdict:
        """What they come to."""
        ask = asking(self.folder, "")
        return asyncio.run(compare(self.claims, self.spoken, self.journal, self.tickets, ask))

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


async def _quiet(folder: Path) -> Books:
    """Three conversations, each to a case on which somebody of the helpdesk works."""
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
        bot = await nursery.up("bot", Born(env=env, log=str(folder / "bots.log")))
        people = People(around, lambda: [bot], 7, helpdesk_only=True, helped=1.0, questions=(2, 3))
        await people.talk(1, lambda: len(people.finished) >= 3)
        ask = asking(folder, "")

        async def empty() -> bool:
            return not (await ask("SELECT count(*) FROM outbox WHERE state <> 'done'"))[0][0]

        await until(empty)
        return Books(
            folder=folder, claims=people.claims, spoken=people.spoken, journal=around.journal(),
            tickets=there(tickets),
        )  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Good books; nobody changes these."""
    return asyncio.run(_quiet(tmp_path_factory.mktemp("books")))


@pytest.fixture
def books(kept: Books) -> Books:
    """A copy that a test may change."""
    return copy.deepcopy(kept)


def test_good_books_are_found_good(books: Books) -> None:
    """And there is something in each of them."""
    verdict = books.compared()

    assert verdict.failures() == {}
    assert verdict.twice.total() == 0
    assert all(verdict.counted.values()), verdict.counted


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
    answered = next(each for each in books.spoken if each.what == "answered")
    books.spoken.insert(books.spoken.index(answered) + 1, msgspec.structs.replace(answered, words="And one."))


def _question_hidden(books: Books) -> None:
    asked = next(each.words for each in books.spoken if each.what == "asked")
    notes = books.journal.notes
    notes[:] = [each for each in notes if each.kind != "show" or asked not in each.words]


def _comment_of_nobody(books: Books) -> None:
    books.tickets.comments.append(Comment(key="HR-2222/1-1", words="Ada is on it.", status=None))


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
