"""Several channels: which one a case goes to, and that only its people may act on it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from bot.queues import Queues
from bot.setting_values import channels
from dialogs.case import CaseFile
from dialogs.events import CaseUnclaimed
from dialogs.library import Library
from dialogs.text import Text
from tests.support import small_guides
from tests.support.cloud import PlayedCloud
from tests.support.whole import CHANNEL, Whole, body_card, body_words, read, whole_bot

SECURITY = "19:security@thread.tacv2"
GERMAN = "19:german@thread.tacv2"
URGENT = "19:urgent@thread.tacv2"
BOTH = "19:both@thread.tacv2"
CODE = "19:code@thread.tacv2"
SECOND = "19:second@thread.tacv2"
ADA = {"id": "29:ada", "name": "Ada Lovelace", "aadObjectId": "aaaaaaaa-0000-4000-8000-000000000001"}
FILE = CaseFile(
    number="HR-1",
    queue="sign-in",
    guide="g",
    title=Text("t"),
    language="en",
    content="c",
    started_at=1,
    opened_at=1,
)


@pytest.mark.parametrize(
    ("changes", "channel"),
    [
        ({}, CHANNEL),
        ({"queue": "security"}, SECURITY),
        ({"language": "de"}, GERMAN),
        ({"queue": "security", "language": "de"}, BOTH),
        ({"codes": (50126, 53003)}, CODE),
        ({"codes": (53003, 50126), "queue": "security"}, CODE),
    ],
)
def test_what_says_more_wins(changes: dict[str, Any], channel: str) -> None:
    """A code before queue and language, both before one, the queue before the language."""
    names = {"security": SECURITY, "de": GERMAN, "security/de": BOTH, "AADSTS53003": CODE}
    assert Queues(CHANNEL, names).channel(msgspec.structs.replace(FILE, **changes)) == channel


@pytest.mark.parametrize(
    ("changes", "channel"),
    [
        ({"severity": "urgent"}, URGENT),
        ({"severity": "urgent", "queue": "security", "language": "de"}, URGENT),
        ({"severity": "urgent", "language": "fr"}, BOTH),
        ({"severity": "urgent", "queue": "billing"}, SECOND),
        ({"severity": "urgent", "codes": (53003,)}, CODE),
        ({"queue": "security", "language": "de"}, SECURITY),
        ({"queue": "billing"}, CHANNEL),
    ],
)
def test_what_is_urgent_goes_before_queue_and_language(changes: dict[str, Any], channel: str) -> None:
    """Only a code wins over it; with a queue or a language it says more than alone."""
    names = {
        "urgent": URGENT,
        "urgent/fr": BOTH,
        "billing/urgent": SECOND,
        "security/de": SECURITY,
        "security": GERMAN,
        "AADSTS53003": CODE,
    }
    assert Queues(CHANNEL, names).channel(msgspec.structs.replace(FILE, **changes)) == channel


def test_channels_are_read_from_one_line() -> None:
    """Ids, or pasted links."""
    link = "https://teams.microsoft.com/l/channel/19%3Agerman%40thread.tacv2/General?groupId=x&tenantId=y"
    assert channels(f" security={SECURITY}, de={link} ,") == (("security", SECURITY), ("de", GERMAN))
    assert channels(f"security/urgent={URGENT}") == (("security/urgent", URGENT),)


@pytest.mark.parametrize(
    "text", ["security", "=19:x@thread.tacv2", "a=19:x@thread.v2", "a=x", f"a={CODE},a={CODE}"]
)
def test_a_line_that_names_no_channel_is_a_mistake(text: str) -> None:
    """Nothing goes to nowhere."""
    with pytest.raises(ValueError, match=";"):
        channels(text)


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return small_guides.shipped()


@pytest.fixture
async def bot(tmp_path: Path, library: Library) -> AsyncIterator[Whole]:
    """The whole bot, with a channel for this code and a second one behind it."""
    more = {"HANDRAIL_HELPDESK_CHANNELS": f"AADSTS1000002={CODE}", "HANDRAIL_HELPDESK_SECOND": SECOND}
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, library, **more) as whole:

        async def answer(request: web.Request) -> web.StreamResponse:
            if not request.path.endswith("/v3/conversations"):
                return await cloud._connector(request)
            channel = (await request.json())["channelData"]["channel"]["id"]
            return web.json_response(
                {"id": f"{channel};messageid=m1", "activityId": f"m-{channel}"}, status=201
            )

        cloud.connector.always_with(answer)
        yield whole


async def handed_over(bot: Whole) -> str:
    """A case that the helpdesk's channel has; its number."""
    number = await bot.hands_over()
    await bot.until(lambda: len(bot.announced()) == 1)
    return number


def channel_of(bot: Whole) -> list[str]:
    """The channels that threads were begun in, in order."""
    return [
        each.body["channelData"]["channel"]["id"]
        for each in bot.cloud.sent
        if each.parts[-1] == "conversations"
    ]


async def claims(bot: Whole, channel: str) -> Any:
    """Ada presses Claim, in this channel."""
    where = {"id": f"{channel};messageid=m1", "conversationType": "channel", "tenantId": bot.cloud.tenant}
    return await bot.presses("Claim", on=bot.announced()[0], conversation=where, **{"from": ADA})


async def test_a_case_goes_to_its_channel_and_only_its_people_may_act(bot: Whole) -> None:
    """Neither the helpdesk's other channels nor the second one, before it is theirs."""
    await handed_over(bot)
    assert channel_of(bot) == [CODE]
    for elsewhere in (CHANNEL, SECOND):
        assert body_words(await claims(bot, elsewhere)).startswith("This screen is for somebody else")

    assert "Ada Lovelace is on it" in read(body_card(await claims(bot, CODE)))


async def test_what_nobody_takes_goes_to_the_second_channel(bot: Whole) -> None:
    """Its people may act then; both cards tell the truth, and lines stand below the newer one."""
    number = await handed_over(bot)
    assert bot.parts is not None
    record = await bot.parts.store.case(number)
    assert record is not None
    event = CaseUnclaimed(at=bot.parts.turns.now(), number=number, minutes=90, times=2, moves=True)
    await bot.parts.turns.take(record.conversation, "clock/2", event)
    await bot.until(lambda: len(bot.announced()) == 2)
    assert channel_of(bot) == [CODE, SECOND]
    assert "Ada Lovelace is on it" in read(body_card(await claims(bot, SECOND)))

    for channel in (CODE, SECOND):
        await bot.until(lambda channel=channel: "is on it" in read(bot.updates(f"m-{channel}")[-1:]))  # type: ignore[misc]  # bound here
    thread = f"{SECOND};messageid=m1"
    await bot.until(lambda: bool(bot.arrived(thread)))  # the card may be quicker than the line below it
    assert [each.body.get("text") for each in bot.arrived(thread)] == ["Ada Lovelace is on it."]
