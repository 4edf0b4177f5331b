"""Pictures and files from a person in Teams to the case, its card and its ticket. Microsoft is played."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.files import LARGEST
from bot.outbox.entry import entry_of
from bot.store.files import FileRecord
from dialogs.language.load import load
from dialogs.library import Library
from tests.support.cloud import PlayedCloud, drop
from tests.support.tickets import PlayedTickets
from tests.support.whole import CHANNEL, Whole, read, whole_bot

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
CANARY = "played-link-canary"


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return load(Path(__file__).parents[2] / "content")[0]


@pytest.fixture
async def tickets() -> AsyncIterator[PlayedTickets]:
    """The ticket system."""
    async with PlayedTickets() as played:
        yield played


@pytest.fixture
async def bot(tmp_path: Path, library: Library, tickets: PlayedTickets) -> AsyncIterator[Whole]:
    """The whole bot; what it fetches is there unless a test says otherwise."""
    settings = {
        "HANDRAIL_TICKETS": "webhook",
        "HANDRAIL_TICKETS_URL": tickets.url,
        "HANDRAIL_TICKETS_SECRET": tickets.secret,
    }
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, library, **settings) as whole:
        cloud.onedrive.always(200, b"line 1\nline 2\n", {"Content-Type": "text/plain"})
        cloud.pictures.always(200, PNG, {"Content-Type": "image/png"})
        yield whole


async def sends(bot: Whole, *attachments: dict[str, Any], text: str = "") -> None:
    """Send files, with or without words."""
    assert await bot.says(text, attachments=list(attachments)) == 200


async def kept(bot: Whole, number: str = "") -> list[FileRecord]:
    """The files of a case, or of the conversation."""
    assert bot.parts is not None
    return list(await bot.parts.store.files(f"teams:{bot.cloud.tenant}:a:chat", number))


def lines(bot: Whole) -> list[str]:
    """The lines below the card in the helpdesk's channel."""
    sent = (each.body for each in bot.cloud.sent if each.parts[-2].startswith("a:new-"))
    return [body["text"].replace("\u2060", "") for body in sent if body.get("text")]


def texts(bot: Whole) -> str:
    """All that the person was shown."""
    return "\n".join(read(card) for card in bot.cards()).replace("\u2060", "")


async def outbox(bot: Whole) -> None:
    """Wait until nothing is left in the outbox."""
    assert bot.parts is not None
    store = bot.parts.store
    async with asyncio.timeout(60):
        while await store.waiting(limit=1):  # noqa: ASYNC110  the outbox works in the background
            await asyncio.sleep(0.005)


async def test_a_picture_sent_before_is_on_the_case_and_on_its_ticket(
    bot: Whole, tickets: PlayedTickets
) -> None:
    """The person is told that it is kept; with the case it is on the card, and once on the ticket."""
    await bot.says("AADSTS1000002")
    await bot.sees("Did the app open")
    await sends(bot, bot.cloud.pasted())
    await bot.until(lambda: "I keep image.png" in texts(bot))
    await outbox(bot)
    await bot.presses("A person, please")
    await bot.until(lambda: "Files image.png" in texts(bot))
    await bot.presses("Hand it over")
    await bot.until(lambda: len(tickets.files) == 1)

    [ticket] = tickets.tickets
    await bot.until(lambda: bool(bot.announced()))
    assert "image.png" in read(bot.announced()[0])
    assert "Files: image.png" in ticket.body["data"]["body"]
    [file] = await kept(bot, ticket.key)
    assert (file.name, file.media_type, file.size, file.source) == ("image.png", "image/png", len(PNG), "")
    [put] = tickets.files
    assert base64.b64decode(put.body["data"]["content"]) == PNG
    assert put.body["data"]["name"] == "image.png"
    assert bot.cloud.pictures.received[0].headers["Authorization"] == f"Bearer {bot.cloud.issued[-1]}"


async def test_files_for_an_open_case_go_straight_to_it(bot: Whole, tickets: PlayedTickets) -> None:
    """Words with them are words; the helpdesk sees one line for all files of a message."""
    number = await bot.hands_over()
    await bot.sees("INC0000001")
    await sends(bot, bot.cloud.in_onedrive("a.log"), bot.cloud.pasted(), text="this is it")

    await bot.until(lambda: len(tickets.files) == 2)
    await bot.until(lambda: any("Erika Mustermann sent a.log, image.png." in each for each in lines(bot)))
    assert any("this is it" in each for each in lines(bot))
    assert [each.name for each in await kept(bot, number)] == ["a.log", "image.png"]
    assert "Authorization" not in bot.cloud.onedrive.received[0].headers


async def test_the_line_leads_to_the_board(tmp_path: Path, library: Library) -> None:
    """Where there is one; the name itself is no link."""
    board = {"HANDRAIL_PUBLIC_URL": "https://bot.example.com", "HANDRAIL_BOARD_ROLE": "Helpdesk"}
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, library, **board) as bot:
        cloud.onedrive.always(200, b"a line")
        number = await bot.hands_over()
        await sends(bot, cloud.in_onedrive("evil.example.com"))
        end = f"sent evil.example.com. https://bot.example.com/helpdesk/cases/{number}"
        await bot.until(lambda: any(each.endswith(end) for each in lines(bot)))

        # The card says it too, sooner or later.
        [said] = [text for each in cloud.sent if "sent evil" in (text := str(each.body.get("text")))]
        assert "evil.\u2060example.\u2060com" in said


async def test_a_picture_may_answer_what_the_helpdesk_asks(bot: Whole) -> None:
    """Nobody waits for the person any more."""
    number = await bot.hands_over()
    await bot.until(lambda: len(bot.announced()) == 1)
    await bot.sees("INC0000001")
    channel = {"id": f"{CHANNEL};messageid=first-1", "conversationType": "channel", "isGroup": True}
    ask = {f"ask-{number}": "What does it show?"}
    await bot.presses("Send it", on=bot.announced()[0], inputs=ask, conversation=channel)
    await bot.sees("What does it show?")
    await sends(bot, bot.cloud.pasted())
    await bot.until(lambda: "I passed it on to" in texts(bot))

    assert bot.parts is not None
    record = await bot.parts.store.case(number)
    assert record is not None
    assert (record.status, record.log[-1].what) == ("claimed", "sent")


async def test_a_link_that_has_run_out_is_said(bot: Whole) -> None:
    """The person can send it again; the helpdesk knows that there is something."""
    await bot.hands_over()
    bot.cloud.onedrive.always(401)
    await sends(bot, bot.cloud.in_onedrive("a.log"))

    await bot.until(lambda: "a.log did not get through, because its link had run out" in texts(bot))
    await bot.until(lambda: any("a.log" in each for each in lines(bot)))


async def test_too_large_is_said(bot: Whole) -> None:
    """And nothing of it is kept."""
    number = await bot.hands_over()
    bot.cloud.onedrive.always(200, b"x" * (LARGEST + 1))
    await sends(bot, bot.cloud.in_onedrive("video.mp4"))

    await bot.until(lambda: "video.mp4 did not get through: it is larger than 10 MB" in texts(bot))
    assert await kept(bot, number) == []


async def test_trouble_on_the_way_is_tried_again(bot: Whole, tickets: PlayedTickets) -> None:
    """What had come before is not fetched again, and the file is there once."""
    await bot.hands_over()
    await bot.sees("INC0000001")
    bot.cloud.onedrive.next(200, b"first")
    bot.cloud.onedrive.next(503)
    bot.cloud.onedrive.next_with(drop)
    await sends(bot, bot.cloud.in_onedrive("a.log"), bot.cloud.in_onedrive("b.log"))

    await bot.until(lambda: len(tickets.files) == 2)
    asked = [each.parts[-1].partition("?")[0] for each in bot.cloud.onedrive.received]
    assert asked.count("a.log") == 1
    assert "did not get through" not in texts(bot)


async def test_there_is_room_for_twenty(bot: Whole) -> None:
    """The next one is told so, and the twenty are kept."""
    number = await bot.hands_over()
    for start in (0, 10):
        some = [bot.cloud.in_onedrive(f"{start + n}.log") for n in range(10)]
        await sends(bot, *some)
    await sends(bot, bot.cloud.in_onedrive("last.log"))

    await bot.until(lambda: "last.log did not get through: there is no room" in texts(bot))
    assert len(await kept(bot, number)) == 20


async def test_a_file_that_the_ticket_system_refuses_holds_up_nothing(
    bot: Whole, tickets: PlayedTickets
) -> None:
    """The ticket says that there is one; what is written after it gets there."""
    await bot.hands_over()
    await bot.sees("INC0000001")
    bot.cloud.onedrive.always(200, b"x" * 2_000_000)  # more than the played system takes
    await sends(bot, bot.cloud.in_onedrive("big.log"))
    await bot.says("and another word")

    def said() -> list[str]:
        return [each.body["data"]["body"] for each in tickets.updates]

    await bot.until(lambda: any("did not take the file big.log" in each for each in said()))
    await bot.until(lambda: any("and another word" in each for each in said()))
    assert tickets.files == []


async def test_where_teams_gives_no_files_it_is_said(bot: Whole) -> None:
    """In a group chat; nothing is asked for, whatever the activity says."""
    group = {"id": "19:group@thread.v2", "conversationType": "groupChat", "isGroup": True}
    await bot.says("AADSTS1000002", conversation=group, attachments=[bot.cloud.in_onedrive("a.log")])

    await bot.sees("I can't take files or pictures here.", "19:group@thread.v2")
    assert bot.cloud.onedrive.received == []


async def test_a_repeat_of_the_message_is_one_file(bot: Whole, tickets: PlayedTickets) -> None:
    """Teams sends a message again when an answer was lost."""
    number = await bot.hands_over()
    await bot.sees("INC0000001")
    for _ in range(2):
        await sends(bot, bot.cloud.in_onedrive("a.log"))
    again = bot.cloud.activity(text="", attachments=[bot.cloud.in_onedrive("b.log")])
    for _ in range(3):
        await bot.cloud.post(bot.url, again)
    await bot.until(lambda: len(tickets.files) == 3)
    await outbox(bot)

    assert [each.name for each in await kept(bot, number)] == ["a.log", "a.log", "b.log"]
    assert len(tickets.files) == 3


async def test_the_link_is_nowhere_to_be_seen(
    bot: Whole, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Not in what an operator sees, not in the transcript, the log, the answers; and not kept any longer."""
    await bot.hands_over()
    held = asyncio.Event()

    async def later(_: web.Request) -> web.StreamResponse:
        await held.wait()
        return web.Response(status=500, text=CANARY)

    bot.cloud.onedrive.next_with(later)
    await sends(bot, bot.cloud.in_onedrive("a.log"))
    await bot.until(lambda: len(bot.cloud.onedrive.received) == 1)
    assert bot.parts is not None
    store = bot.parts.store
    [fetch] = await store.waiting(kind="file", limit=5)
    assert CANARY not in repr(entry_of(fetch)) + fetch.body.decode()
    held.set()
    await bot.until(lambda: any("a.log" in each for each in lines(bot)))
    await outbox(bot)

    said = await store.lines(f"teams:{bot.cloud.tenant}:a:chat")
    assert all(CANARY.encode() not in each.body for each in said)
    out = capsys.readouterr()
    assert CANARY not in out.out + out.err
    assert CANARY not in str(bot.cloud.sent)
    assert [each.source for each in await kept(bot, (await store.cases())[0].number)] == [""]
