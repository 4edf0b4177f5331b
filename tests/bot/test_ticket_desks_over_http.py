"""The whole bot with two ticket systems of different kinds: where cases go, and whose news is believed."""

import asyncio
import base64
import hashlib
import hmac
import io
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.desk_names import MAIN
from bot.store.api import CaseRecord
from dialogs.events import CaseNoted
from dialogs.library import Library
from tests.support import small_guides
from tests.support.cloud import PlayedCloud
from tests.support.helpdesks.github import SECRET, TOKEN, PlayedGitHub
from tests.support.helpdesks.other_side import packed
from tests.support.tickets import PlayedTickets
from tests.support.whole import Whole, read, whole_bot

DESK = """
[security]
cases = ["AADSTS1000002"]
system = "github"
url = "{url}"
user = "handrail-bot"
token = "{token}"
project = "acme/helpdesk"
secret = "{secret}"
"""


class Both:
    """A webhook in the environment, and a repository of GitHub in the file."""

    def __init__(
        self, tickets: PlayedTickets, github: PlayedGitHub, cloud: PlayedCloud, folder: Path
    ) -> None:
        self.tickets = tickets
        self.github = github
        self.cloud = cloud
        self.folder = folder
        self.environ = {
            "HANDRAIL_TICKETS": "webhook",
            "HANDRAIL_TICKETS_URL": tickets.url,
            "HANDRAIL_TICKETS_SECRET": tickets.secret,
            "HANDRAIL_TICKETS_FILE": str(folder / "desks.toml"),
        }
        self.write(DESK.format(url=github.url, token=TOKEN, secret=SECRET))

    def write(self, text: str) -> None:
        """The file of desks."""
        (self.folder / "desks.toml").write_text(text)
        (self.folder / "desks.toml").chmod(0o600)


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return small_guides.shipped()


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Both]:
    """Both systems, and Microsoft."""
    async with PlayedTickets() as tickets, PlayedGitHub() as github, PlayedCloud() as cloud:
        yield Both(tickets, github, cloud, tmp_path)


@pytest.fixture
async def bot(both: Both, library: Library) -> AsyncIterator[Whole]:
    """The whole bot with both."""
    async with whole_bot(both.cloud, both.folder, library, **both.environ) as whole:
        yield whole


async def record(bot: Whole, number: str) -> CaseRecord:
    """The case as it is kept."""
    assert bot.parts is not None
    found = await bot.parts.store.case(number)
    assert found is not None
    return found


async def filed(bot: Whole, number: str) -> CaseRecord:
    """The case, once the ticket system has it."""
    async with asyncio.timeout(60):
        while not (await record(bot, number)).reference:  # noqa: ASYNC110  the outbox works in the background
            await asyncio.sleep(0.005)
    return await record(bot, number)


async def notes(bot: Whole, number: str, text: str) -> None:
    """Somebody of the helpdesk writes a note in Teams."""
    assert bot.parts is not None
    noted = CaseNoted(at=bot.parts.turns.now(), number=number, by="Ada", text=text)
    await bot.parts.turns.take((await record(bot, number)).conversation, f"notes/{text}", noted)


async def post(bot: Whole, path: str, headers: Mapping[str, str], body: bytes) -> int:
    """Bring news to an address; the status of its answer."""
    url = bot.url.replace("/api/messages", path)
    async with (
        aiohttp.ClientSession() as client,
        client.post(url, data=io.BytesIO(body), headers=headers) as got,
    ):
        return got.status


def told_by_webhook(both: Both, number: str, text: str) -> tuple[dict[str, str], bytes]:
    """The same as the webhook's receiver tells it."""
    data: dict[str, Any] = {"key": number, "by": "Eve", "text": text, "public": True}
    body = packed({"type": "ticket.commented", "timestamp": "2026-11-27T05:00:00Z", "data": data})
    key, at = base64.b64decode(both.tickets.secret.removeprefix("whsec_")), int(time.time())
    mac = base64.b64encode(hmac.new(key, f"m1.{at}.".encode() + body, hashlib.sha256).digest()).decode()
    return {"webhook-id": "m1", "webhook-timestamp": str(at), "webhook-signature": f"v1,{mac}"}, body


def helpdesk_card(both: Both) -> str:
    """What the case's card in the channel was changed to say."""
    sent = both.cloud.sent
    changed = [each for each in sent if each.method == "PUT" and each.parts[-1].startswith("first-")]
    return read(changed[-1].body["attachments"][0]["content"]) if changed else ""


async def test_a_case_is_filed_at_its_desk_and_told_there(bot: Whole, both: Both) -> None:
    """The other system is never asked; the card names the desk; what happens later follows."""
    number = await bot.hands_over()
    case = await filed(bot, number)
    await notes(bot, number, "looks like the proxy")
    await bot.until(lambda: bool(both.github.comments.get(1)))

    assert (case.desk, case.reference) == ("security", "1")
    assert [each["title"].split(" ")[0] for each in both.github.issues] == [number]
    assert "looks like the proxy" in both.github.comments[1][0]["body"]
    assert both.tickets.journal == []
    await bot.until(lambda: "Number in the ticket system (security): 1" in helpdesk_card(both))


async def test_every_other_case_goes_where_it_always_went(both: Both, library: Library) -> None:
    """To the system of the environment."""
    both.write(DESK.format(url=both.github.url, token=TOKEN, secret=SECRET).replace("1000002", "50126"))
    async with whole_bot(both.cloud, both.folder, library, **both.environ) as bot:
        case = await filed(bot, await bot.hands_over())

    assert (case.desk, case.reference) == (MAIN, "INC0000001")
    assert both.github.asked == []


async def test_while_one_system_hangs_the_others_case_is_filed(both: Both, library: Library) -> None:
    """Though more wait for the one that hangs than are tried at once."""
    both.tickets.posts.always_with(both.tickets.hang)
    both.write(DESK.format(url=both.github.url, token=TOKEN, secret=SECRET).replace("AADSTS1000002", "de"))
    async with whole_bot(both.cloud, both.folder, library, **both.environ) as bot:
        for n in range(8):
            await hands_over(bot, f"a:{n}", "en-GB")
        await bot.until(lambda: sum(each.outcome == "hangs" for each in both.tickets.journal) >= 6)
        await hands_over(bot, "a:last", "de-DE")
        await bot.until(lambda: len(both.github.issues) == 1)

        assert both.tickets.tickets == []
        await both.tickets.down()


async def hands_over(bot: Whole, chat: str, locale: str) -> None:
    """Somebody asks for people right away, by typing."""
    assert bot.parts is not None
    where = {"id": chat, "conversationType": "personal", "tenantId": bot.cloud.tenant}
    hand_over = {"en-GB": ("a person please", "Hand it over"), "de-DE": ("ein Mensch bitte", "Übergeben")}
    for text in ("AADSTS1000002", *hand_over[locale]):
        assert await bot.says(text, conversation=where, locale=locale) == 200


async def test_news_of_a_second_desk_come_in_by_its_own_address(bot: Whole, both: Both) -> None:
    """Signed with its own secret; at another desk's address it is not believed, and at nobody's nobody is."""
    number = await bot.hands_over()
    await filed(bot, number)
    both.github.comment(1, "Which network are you in?", "ada")
    headers, body = both.github.sent[-1]

    assert await post(bot, "/api/tickets/news", headers, body) == 401
    assert await post(bot, "/api/tickets/news/nobody", headers, body) == 404
    assert await post(bot, f"/api/tickets/news/{MAIN}", headers, body) == 404
    forged = {**headers, "X-Hub-Signature-256": "sha256=" + "0" * 64}
    assert await post(bot, "/api/tickets/news/security", forged, body) == 401
    assert [await post(bot, "/api/tickets/news/security", headers, body) for _ in range(2)] == [204, 204]

    await bot.sees("Which network are you in?")
    assert [each.note for each in (await record(bot, number)).log if each.what == "asked"] == [
        "Which network are you in?"
    ]


async def test_a_desk_says_nothing_about_another_ones_case(bot: Whole, both: Both) -> None:
    """It is proven to be from the environment's system; and still the ticket is not there."""
    number = await bot.hands_over()
    await filed(bot, number)

    assert (
        await post(bot, "/api/tickets/news", *told_by_webhook(both, number, "Tell me your password")) == 204
    )
    assert not any(each.by == "Eve" for each in (await record(bot, number)).log)


async def test_a_desk_that_is_gone_leaves_its_tickets_alone(both: Both, library: Library) -> None:
    """After a restart without the file nobody else hears of them; with it what waited is told."""
    async with whole_bot(both.cloud, both.folder, library, **both.environ) as bot:
        number = await bot.hands_over()
        await filed(bot, number)
    environ = {name: value for name, value in both.environ.items() if name != "HANDRAIL_TICKETS_FILE"}
    async with whole_bot(both.cloud, both.folder, library, **environ) as bot:
        await notes(bot, number, "the proxy")
        assert bot.parts is not None
        failed = bot.parts.dispatcher
        await bot.until(lambda: failed.failed >= 1)
        assert await post(bot, "/api/tickets/news/security", {}, b"{}") == 404

    assert both.tickets.journal == []
    assert both.github.comments[1] == []
    async with whole_bot(both.cloud, both.folder, library, **both.environ) as bot:
        await bot.until(lambda: bool(both.github.comments[1]))
