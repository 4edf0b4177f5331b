"""Files of the helpdesk to a person in Teams: offered, taken, declined; to nobody else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.cards.file import CONSENT, INFO
from bot.outbox.entry import entry_of
from bot.web import case_files
from dialogs.events import CaseAsked
from dialogs.language.load import load
from dialogs.library import Library
from tests.support.cloud import DROP, PlayedCloud, drop
from tests.support.tickets import PlayedTickets
from tests.support.whole import Whole, whole_bot

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
CANARY = "played-upload-canary"


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
    """The whole bot; OneDrive takes what is put there unless a test says otherwise."""
    settings = {
        "HANDRAIL_TICKETS": "webhook",
        "HANDRAIL_TICKETS_URL": tickets.url,
        "HANDRAIL_TICKETS_SECRET": tickets.secret,
    }
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, library, **settings) as whole:
        cloud.onedrive.always(201, {"id": "item"})
        yield whole


async def sends(bot: Whole, number: str, *files: tuple[str, bytes], text: str = "Like this?") -> None:
    """Somebody at the board asks the person, with files."""
    assert bot.parts is not None
    store, turns = bot.parts.store, bot.parts.turns
    record = await store.case(number)
    assert record is not None
    kept = await case_files.keep(store, record, f"form-{text}", files, by="Kim", at=turns.now())
    event = CaseAsked(at=turns.now(), number=number, by="Kim", text=text, files=kept)
    await turns.take(record.conversation, f"board-{text}", event)


def attachments(bot: Whole, kind: str, method: str = "POST") -> list[dict[str, Any]]:
    """Teams' own cards of a kind that reached the person's chat, oldest first."""
    sent = [each for each in bot.cloud.sent if each.method == method and "a:chat" in each.parts]
    found = [part for each in sent for part in (each.body or {}).get("attachments", [])]
    return [each for each in found if each["contentType"] == kind]


async def offered(bot: Whole) -> dict[str, Any]:
    """The first consent card, when it has come."""
    await bot.until(lambda: bool(attachments(bot, CONSENT)))
    return attachments(bot, CONSENT)[0]


async def presses(
    bot: Whole, card: dict[str, Any], action: str = "accept", link: str = "", **changes: Any
) -> int:
    """Press a button of a consent card as Teams tells of it; the status of the answer."""
    value: dict[str, Any] = {"type": "fileUpload", "action": action}
    value["context"] = card["content"][f"{action}Context"]
    if action == "accept":
        value["uploadInfo"] = {
            "contentUrl": "https://contoso-my.sharepoint.com/personal/erika/Documents/Applications/shot.png",
            "name": card["name"],
            "uploadUrl": link or f"{bot.cloud.url}/onedrive/up?tempauth={CANARY}",
            "uniqueId": "1150D938",
            "fileType": "png",
        }
    activity = bot.cloud.activity(
        **{"type": "invoke", "name": "fileConsent/invoke", "value": value, "text": DROP, **changes}
    )
    status, _ = await bot.cloud.post(bot.url, activity)
    return status


def lines(bot: Whole) -> list[str]:
    """The lines below the card in the helpdesk's channel."""
    sent = (each.body for each in bot.cloud.sent if each.parts[-2].startswith("a:new-"))
    return [body["text"].replace("\u2060", "") for body in sent if body.get("text")]


def texts(bot: Whole) -> str:
    """Everything that was said in the person's chat."""
    return str([each.body for each in bot.cloud.sent if "a:chat" in each.parts]).replace("\u2060", "")


async def settled(bot: Whole) -> None:
    """Wait until nothing is left in the outbox."""
    assert bot.parts is not None
    store = bot.parts.store
    async with asyncio.timeout(60):
        while await store.waiting(limit=1):  # noqa: ASYNC110  the outbox works in the background
            await asyncio.sleep(0.005)


async def target(bot: Whole, number: str) -> list[str]:
    """Where the case's files are to be put, as it is kept."""
    assert bot.parts is not None
    return [each.target for each in await bot.parts.store.files(f"teams:{bot.cloud.tenant}:a:chat", number)]


async def test_a_file_is_offered_taken_and_shown(
    bot: Whole, tickets: PlayedTickets, capsys: pytest.CaptureFixture[str]
) -> None:
    """The question, the offer below it, the bytes in OneDrive, the card in its place; once on the ticket."""
    number = await bot.hands_over()
    await bot.until(lambda: len(tickets.tickets) == 1)
    await sends(bot, number, ("shot.png", PNG))
    card = await offered(bot)
    assert (card["name"], card["content"]["sizeInBytes"]) == ("shot.png", len(PNG))
    assert "Kim of the helpdesk sends you this" in card["content"]["description"]
    assert number not in str(card["content"]["acceptContext"])
    said = texts(bot)
    assert said.index("With it: shot.png.") < said.index("sizeInBytes")

    assert await presses(bot, card) == 200
    await bot.until(lambda: len(attachments(bot, INFO, "PUT")) == 1)
    await settled(bot)
    [put] = bot.cloud.onedrive.received
    assert (put.method, put.headers["Content-Range"]) == ("PUT", f"bytes 0-{len(PNG) - 1}/{len(PNG)}")
    assert put.headers["Content-Length"] == str(len(PNG))
    assert "Authorization" not in put.headers
    [shown] = attachments(bot, INFO, "PUT")
    assert shown["content"] == {"uniqueId": "1150D938", "fileType": "png"}
    assert any("Kim asks Erika Mustermann: “Like this?”, with shot.png" in each for each in lines(bot))
    assert any("Erika Mustermann has shot.png now." in each for each in lines(bot))
    assert len(tickets.files) == 1
    assert await target(bot, number) == [""]
    out = capsys.readouterr()
    assert CANARY not in out.out + out.err + str(bot.cloud.sent)


async def test_a_second_press_changes_nothing(bot: Whole) -> None:
    """Not a second accept with another link, and no decline after it."""
    number = await bot.hands_over()
    await sends(bot, number, ("shot.png", PNG))
    card = await offered(bot)
    for action in ("accept", "accept", "decline"):
        assert await presses(bot, card, action) == 200
    await settled(bot)
    assert await presses(bot, card) == 200
    await settled(bot)

    assert [each.method for each in bot.cloud.onedrive.received] == ["PUT"]
    assert await target(bot, number) == [""]
    assert not any("did not take" in each for each in lines(bot))


async def test_declined_the_helpdesk_hears_of_it(bot: Whole) -> None:
    """And in the place of the question stands how it ended."""
    number = await bot.hands_over()
    await sends(bot, number, ("shot.png", PNG))
    assert await presses(bot, await offered(bot), "decline") == 200

    await bot.until(lambda: any("Erika Mustermann did not take shot.png." in each for each in lines(bot)))
    await settled(bot)
    replaced = [
        each.body["text"] for each in bot.cloud.sent if each.method == "PUT" and each.body.get("text")
    ]
    assert [each.replace("\u2060", "") for each in replaced] == [
        f"You did not take shot.png. The helpdesk knows ({number})."
    ]
    assert bot.cloud.onedrive.received == []


async def test_a_link_that_has_run_out_is_told_to_both(bot: Whole) -> None:
    """And is forgotten."""
    number = await bot.hands_over()
    bot.cloud.onedrive.always(404)
    await sends(bot, number, ("shot.png", PNG))
    await presses(bot, await offered(bot))

    await bot.until(lambda: "the link that Teams gave me had run out" in texts(bot))
    await bot.until(lambda: any("shot.png did not get through to Erika" in each for each in lines(bot)))
    await settled(bot)
    assert await target(bot, number) == [""]


async def test_what_broke_off_is_looked_up_before_it_is_put_again(bot: Whole) -> None:
    """Its session has ended, so it is there: it is not put there twice, and not called lost."""
    number = await bot.hands_over()
    bot.cloud.onedrive.next_with(drop)
    bot.cloud.onedrive.next(404)
    await sends(bot, number, ("shot.png", PNG))
    await presses(bot, await offered(bot))

    await bot.until(lambda: len(attachments(bot, INFO, "PUT")) == 1)
    assert [each.method for each in bot.cloud.onedrive.received] == ["PUT", "GET"]


@pytest.mark.parametrize(
    "changes",
    [
        {"conversation": {"id": "a:other", "conversationType": "personal"}},
        {"conversation": {"id": "a:chat", "conversationType": "groupChat", "isGroup": True}},
        {"from": {"id": "29:stranger", "name": "Max", "aadObjectId": "1f0f0f0f-1111-4222-8333-444444444444"}},
    ],
    ids=["another chat", "a group", "another person"],
)
async def test_nobody_else_can_take_it(bot: Whole, changes: dict[str, Any]) -> None:
    """The press is refused, nothing is put anywhere, and whose it is can still take it."""
    number = await bot.hands_over()
    await sends(bot, number, ("shot.png", PNG))
    card = await offered(bot)
    assert await presses(bot, card, **changes) == 403
    await settled(bot)
    assert bot.cloud.onedrive.received == []

    assert await presses(bot, card) == 200
    await bot.until(lambda: len(attachments(bot, INFO, "PUT")) == 1)


@pytest.mark.parametrize("forged", [{}, {"handrail": {"file": "0" * 32}}, {"handrail": {"file": ["x"]}}, 7])
async def test_a_forged_word_takes_nothing(bot: Whole, forged: Any) -> None:
    """What comes back with a press is a stranger's until it fits."""
    number = await bot.hands_over()
    await sends(bot, number, ("shot.png", PNG))
    card = await offered(bot)
    assert await presses(bot, {**card, "content": {"acceptContext": forged}}) == 403
    assert bot.cloud.onedrive.received == []


async def test_a_file_that_the_person_sent_is_none_of_ours_to_give(bot: Whole) -> None:
    """Its id is known and of this chat, but nobody of the helpdesk gave it."""
    await bot.hands_over()
    bot.cloud.onedrive.always(200, b"a line")
    await bot.says("", attachments=[bot.cloud.in_onedrive("a.log")])
    await bot.until(lambda: any("a.log" in each for each in lines(bot)))
    assert bot.parts is not None
    record = (await bot.parts.store.cases())[0]
    [file] = await bot.parts.store.files(record.conversation, record.number)
    card = {"name": "a.log", "content": {"acceptContext": {"handrail": {"file": file.id}}}}
    assert await presses(bot, card) == 403


@pytest.mark.parametrize("link", ["https://10.0.0.1/up", "file:///etc/passwd", "https://"])
async def test_a_link_into_our_network_is_not_followed(bot: Whole, link: str) -> None:
    """Whoever names it: nothing is put there, and nothing of it is told."""
    number = await bot.hands_over()
    await sends(bot, number, ("shot.png", PNG))
    await presses(bot, await offered(bot), link=link)
    await settled(bot)

    assert bot.cloud.onedrive.received == []
    assert attachments(bot, INFO, "PUT") == []


async def test_in_a_group_it_is_said_and_goes_another_way(bot: Whole) -> None:
    """Teams takes files of a bot in personal chats only: the person knows, and so does the agent."""
    there = "19:group@thread.v2"
    group = {"id": there, "conversationType": "groupChat", "isGroup": True}
    await bot.says("AADSTS1000002", conversation=group)
    await bot.sees("Did the app open", there)
    for title, then in (("A person, please", "Anything to add?"), ("Hand it over", "Done: HR-")):
        await bot.presses(title, on=bot.cards(there)[-1], conversation=group)
        await bot.sees(then, there)
    assert bot.parts is not None
    [record] = await bot.parts.store.cases()
    await sends(bot, record.number, ("shot.png", PNG))

    await bot.until(lambda: any("cannot get files where they are" in each for each in lines(bot)))

    def said() -> str:
        return str([each.body for each in bot.cloud.sent if there in each.parts]).replace("\u2060", "")

    await bot.until(lambda: "will send it another way" in said())
    assert CONSENT not in str(bot.cloud.sent)


async def test_the_link_is_nowhere_to_be_seen(bot: Whole) -> None:
    """While it is on its way: not in the outbox, nor in what an operator sees of it."""
    number = await bot.hands_over()
    held = asyncio.Event()

    async def later(_: web.Request) -> web.StreamResponse:
        await held.wait()
        return web.Response(status=201)

    bot.cloud.onedrive.next_with(later)
    await sends(bot, number, ("shot.png", PNG))
    await presses(bot, await offered(bot))
    await bot.until(lambda: len(bot.cloud.onedrive.received) == 1)
    assert bot.parts is not None
    [give] = await bot.parts.store.waiting(kind="file-give", limit=5)
    entry = entry_of(give)
    assert entry.readable
    assert CANARY not in repr(entry) + give.body.decode()
    kept = await bot.parts.store.files(give.conversation, number)
    assert CANARY in kept[0].target
    assert CANARY not in repr(kept)
    held.set()
    await settled(bot)
    assert await target(bot, number) == [""]
