"""What becomes of files that cannot be fetched, and of a process that dies in the middle; step by step."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.address import Address
from bot.cards.speech import Speaker
from bot.case_files import CaseFiles
from bot.errors import DeliveryFailed
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.upkeep import Upkeep
from bot.store.api import Store
from bot.store.open import open_store
from bot.turn import Turns
from dialogs.events import Attached, Said, SentFile
from dialogs.language.load import load
from dialogs.library import Library
from tests.support.tickets import Silent

PNG = b"\x89PNG\r\n\x1a\n"
KEY = "teams:t:a:chat"


class Fetcher:
    """Where files are. `down` is for how many more tries it cannot be reached."""

    def __init__(self) -> None:
        self.down = 0
        self.asked: list[str] = []

    async def fetch(self, source: str) -> bytes:
        """The picture, or trouble."""
        self.asked.append(source)
        if self.down:
            self.down -= 1
            raise DeliveryFailed("not now")
        return PNG


class Tickets(Silent):
    """Has every ticket."""

    async def find(self, key: str) -> str | None:
        """It is there."""
        return f"INC-{key}"


class Room:
    """A person, a store in a file, and the outbox run step by step; only what is about files is performed."""

    def __init__(self, store: Store, library: Library) -> None:
        self.store = store
        self.fetcher = Fetcher()
        self.now = time.time()
        self.turns = Turns(library=lambda: library, store=store, changed=lambda _: None, clock=self._clock)
        self.files = CaseFiles(
            store=store,
            turns=self.turns,
            fetcher=self.fetcher,
            tickets=Tickets(),  # type: ignore[arg-type]  # nobody files anything here
            speaker=lambda: Speaker(library, "en"),
        )
        self.outbox = Dispatcher(
            store,
            lambda message: self.files.performers()[message.kind](message),
            pools={"file": 1},
            buried=self.files.buried,
            clock=self._clock,
            chance=lambda: 1.0,
        )

    def _clock(self) -> float:
        return self.now

    async def sends(self, *names: str) -> None:
        """The person sends files."""
        files = tuple(SentFile(id=f"id-{each}", name=each, source=f"https://x/{each}") for each in names)
        address = Address(surface="teams", conversation_id="a:chat")
        await self.turns.take(KEY, f"e-{names}", Attached(at=int(self.now), files=files), address)

    async def hours(self, hours: float = 1.0) -> None:
        """Time passes, and the outbox does what is due."""
        for _ in range(12):
            await self.outbox.drain()
            self.now += hours * 300

    async def told(self) -> list[str]:
        """What the bot has said, as keys."""
        lines = await self.store.lines(KEY)
        return [each.body.decode() for each in lines if each.who == "bot"]


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return load(Path(__file__).parents[2] / "content")[0]


@pytest.fixture
async def room(tmp_path: Path, library: Library) -> AsyncIterator[Room]:
    """Everything from the turn to the kept file."""
    store = await open_store(f"sqlite:///{tmp_path / 'handrail.db'}")
    yield Room(store, library)
    await store.close()


async def test_who_waits_for_a_file_is_told_within_minutes(room: Room) -> None:
    """After nine tries it is given up, and the person is asked to send it again; what came stays."""
    await room.sends("a.png", "b.png")
    await room.store.keep_file("id-a.png", "image/png", PNG)
    room.fetcher.down = 1_000
    await room.hours()

    [dead] = await room.store.waiting(state="dead", limit=5)
    assert (dead.kind, len(room.fetcher.asked)) == ("file", 9)
    assert sum("bot/file-lost/failed" in each and "b.png" in each for each in await room.told()) == 1
    kept = await room.store.conversation(KEY)
    assert kept is not None
    assert [each.files[0].name for each in kept[0].answers if hasattr(each, "files")] == ["a.png"]


async def test_an_operator_may_have_it_fetched_all_the_same(room: Room) -> None:
    """The cause is mended before the link runs out."""
    await room.sends("a.png")
    room.fetcher.down = 9
    await room.hours()
    [dead] = await room.store.waiting(state="dead", limit=5)
    await Upkeep(room.store, room.files.buried).retry(str(dead.id))
    await room.hours()

    assert [each.name for each in await room.store.files(KEY)] == ["a.png"]


async def test_a_file_of_a_session_that_is_over_is_not_fetched(room: Room) -> None:
    """Nobody would look at it; nothing is said either."""
    room.fetcher.down = 1
    await room.sends("a.png")
    await room.outbox.drain()
    await room.store.turn(KEY, "e", room.turns.decide(KEY, Said(at=int(room.now), text="AADSTS1000002")))
    await room.hours()
    assert [each.name for each in await room.store.files(KEY)] == ["a.png"]

    for number, words in enumerate(("no", "restart", "Start from scratch")):
        await room.store.turn(KEY, f"s{number}", room.turns.decide(KEY, Said(at=int(room.now), text=words)))
    assert await room.store.file("id-a.png") is None


async def test_a_file_that_was_kept_before_the_process_died_is_not_fetched_again(room: Room) -> None:
    """The next process goes on where it was, and the person's file is there once."""
    await room.sends("a.png")
    await room.store.keep_file("id-a.png", "image/png", PNG)  # and then it died
    await room.hours()

    assert room.fetcher.asked == []
    assert [each.name for each in await room.store.files(KEY)] == ["a.png"]
    kept = await room.store.conversation(KEY)
    assert kept is not None
    assert sum(hasattr(each, "files") for each in kept[0].answers) == 1
