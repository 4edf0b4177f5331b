"""Who is on call, said in the helpdesk's channel, and mentioned where nobody takes a case."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dialogs.events import CaseUnclaimed
from dialogs.library import Library
from tests.bot.test_case_life_over_http import presses, shows
from tests.bot.test_helpdesk_over_http import ADA, GRACE, THREAD, place
from tests.bot.test_severity_over_http import reports, thread_for_all
from tests.support import small_guides
from tests.support.cloud import PlayedCloud
from tests.support.whole import CHANNEL, Whole, whole_bot

POST = f"{CHANNEL};messageid=1764218400001"
SECOND = "19:second@thread.tacv2"


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return small_guides.shipped()


@pytest.fixture
async def bot(tmp_path: Path, library: Library) -> AsyncIterator[Whole]:
    """The whole bot, with a second channel behind the first."""
    more = {"HANDRAIL_HELPDESK_SECOND": SECOND}
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, library, **more) as whole:
        thread_for_all(cloud)
        yield whole


async def tells(bot: Whole, who: dict[str, str], words: str, **changes: Any) -> None:
    """Somebody mentions the bot in a post of their own in the channel."""
    recipient = {"id": f"28:{bot.cloud.app_id}", "name": "Handrail"}
    where = {"conversation": place(bot, POST, "channel"), "recipient": recipient, "from": who}
    assert await bot.says(f"<at>Handrail</at> {words}", **{**where, **changes}) in {200, 201, 202}


def below(bot: Whole, thread: str = POST) -> list[Any]:
    """The lines in a thread, as they were sent."""
    return [each.body for each in bot.arrived(thread) if "text" in each.body]


async def answer(bot: Whole, count: int, thread: str = POST) -> str:
    """The line with this number, when it is there."""
    await bot.until(lambda: len(below(bot, thread)) >= count)
    return str(below(bot, thread)[count - 1]["text"])


async def nobody_takes(bot: Whole, *, times: int = 1) -> None:
    """The clock reminds of the case."""
    assert bot.parts is not None
    record = (await bot.parts.store.cases())[0]
    event = CaseUnclaimed(
        at=bot.parts.turns.now(), number=record.number, minutes=30 * times, times=times, moves=times == 2
    )
    await bot.parts.turns.take(record.conversation, f"clock/{times}", event)


async def handed_over(bot: Whole) -> None:
    """A case that nobody has."""
    await bot.hands_over()
    await bot.until(lambda: len(bot.announced()) == 1)


def mentioned(body: Any) -> list[tuple[str, str]]:
    """Whom a message mentions: name and id. What stands in its text and in its entities has to agree."""
    found = []
    for each in body.get("entities", ()):
        assert each["type"] == "mention"
        assert each["text"] == f"<at>{each['mentioned']['name']}</at>"
        assert body["text"].count(each["text"]) == 1
        found.append((each["mentioned"]["name"], each["mentioned"]["id"]))
    assert body["text"].count("<at>") == len(found)
    return found


async def test_who_is_on_call_is_said_asked_handed_on_and_ended(bot: Whole) -> None:
    """Each is answered below it, in plain words that mention nobody."""
    await tells(bot, ADA, "who is on call?")
    assert (await answer(bot, 1)).startswith("Nobody is on call for this channel.")
    await tells(bot, ADA, "On call!")
    assert await answer(bot, 2) == "Ada Lovelace is on call for this channel now."
    await tells(bot, GRACE, "on call?")
    assert (await answer(bot, 3)).startswith("Ada Lovelace is on call for this channel, since ")
    await tells(bot, GRACE, "I'm on call")
    assert await answer(bot, 4) == "Grace Hopper is on call for this channel now, instead of Ada Lovelace."
    await tells(bot, ADA, "off call")
    assert await answer(bot, 5) == "Grace Hopper is no longer on call for this channel, and nobody else is."
    await tells(bot, ADA, "who is on call")
    assert (await answer(bot, 6)).startswith("Nobody is on call")

    assert not any(mentioned(each) for each in below(bot))


async def test_german_is_understood_and_a_german_helpdesk_is_answered_in_it(
    tmp_path: Path, library: Library
) -> None:
    """Words of both languages count in every channel; the answers are in the channel's."""
    more = {"HANDRAIL_HELPDESK_LANGUAGE": "de"}
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, library, **more) as bot:
        thread_for_all(cloud)
        await tells(bot, ADA, "Bereitschaft")
        assert await answer(bot, 1) == "Ada Lovelace hat jetzt Bereitschaft für diesen Kanal."
        await tells(bot, GRACE, "Wer hat Bereitschaft?")
        assert (await answer(bot, 2)).startswith("Ada Lovelace hat Bereitschaft für diesen Kanal, seit ")
        await tells(bot, GRACE, "on call")
        assert await answer(bot, 3) == (
            "Grace Hopper hat jetzt Bereitschaft für diesen Kanal, statt Ada Lovelace."
        )
        await tells(bot, GRACE, "Bereitschaft aus")
        assert (await answer(bot, 4)).startswith("Grace Hopper hat keine Bereitschaft mehr")


async def test_help_in_the_channel_is_for_the_helpdesk(bot: Whole) -> None:
    """What can be said there, a line each; in a chat of their own it is the help for everybody."""
    await tells(bot, ADA, "help")
    said = (await answer(bot, 1)).splitlines()

    assert [line.partition(":")[0] for line in said[1:4]] == ['"on call"', '"off call"', '"who is on call"']
    await bot.says("help")
    await bot.sees("You can press a button")


async def test_elsewhere_nobody_can_put_themselves_on_call(bot: Whole) -> None:
    """Not in a chat, not in another team's channel, not in the thread of a case."""
    await handed_over(bot)
    assert bot.parts is not None
    for conversation, kind in (
        ("a:ada", "personal"),
        ("19:elsewhere@thread.tacv2;messageid=1", "channel"),
        (THREAD, "channel"),
    ):
        await tells(bot, ADA, "on call", conversation=place(bot, conversation, kind))

    await bot.until(lambda: "on call" in str(below(bot, THREAD)))
    assert below(bot, THREAD)[0]["text"].startswith("Ada Lovelace asks Erika Mustermann: “on call”")
    for channel in (CHANNEL, SECOND, "19:elsewhere@thread.tacv2"):
        assert await bot.parts.store.on_call(channel) is None


async def test_a_word_that_teams_delivers_again_is_answered_once_and_undoes_nothing(bot: Whole) -> None:
    """Ada's first word comes again after Grace's."""
    first, second = (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=n) for n in (9, 8))
    early = {"id": "m-1", "timestamp": first.isoformat()}
    await tells(bot, ADA, "on call", **early)
    await answer(bot, 1)
    await tells(bot, GRACE, "on call", id="m-2", timestamp=second.isoformat())
    await answer(bot, 2)
    await tells(bot, ADA, "on call", **early)
    await tells(bot, ADA, "who is on call", id="m-3")

    assert (await answer(bot, 3)).startswith("Grace Hopper is on call for this channel, since ")
    assert len(below(bot)) == 3


async def test_a_reminder_mentions_who_is_on_call(bot: Whole) -> None:
    """So that Teams tells them; the words are the same as always, after the name."""
    await tells(bot, ADA, "on call")
    await answer(bot, 1)
    await handed_over(bot)
    await nobody_takes(bot)
    await answer(bot, 1, THREAD)

    (line,) = below(bot, THREAD)
    assert mentioned(line) == [("Ada Lovelace", "29:ada")]
    assert line["text"] == "<at>Ada Lovelace</at>: Nobody has taken it yet, for 30 minutes."


async def test_with_nobody_on_call_a_reminder_is_as_always(bot: Whole) -> None:
    """A line for all."""
    await handed_over(bot)
    await nobody_takes(bot)

    assert await answer(bot, 1, THREAD) == "Nobody has taken it yet, for 30 minutes."
    assert below(bot, THREAD)[0]["textFormat"] == "plain"


async def test_the_second_channel_calls_its_own_people(bot: Whole) -> None:
    """The first line below the second card; the first channel's person is reminded in the first."""
    second_post = f"{SECOND};messageid=5"
    await tells(bot, ADA, "on call")
    await tells(bot, GRACE, "on call", conversation=place(bot, second_post, "channel"))
    await answer(bot, 1)
    await answer(bot, 1, second_post)
    await handed_over(bot)
    await nobody_takes(bot, times=2)
    await answer(bot, 1, f"{SECOND};messageid=first-1")

    (line,) = below(bot, f"{SECOND};messageid=first-1")
    assert mentioned(line) == [("Grace Hopper", "29:grace")]
    assert line["text"] == "<at>Grace Hopper</at>: Nobody has taken this yet."
    assert mentioned(below(bot, THREAD)[0]) == [("Ada Lovelace", "29:ada")]


async def test_an_urgent_case_calls_at_once(bot: Whole) -> None:
    """The first line below the new card."""
    await tells(bot, GRACE, "on call")
    await answer(bot, 1)
    await reports(bot)
    await answer(bot, 1, THREAD)

    assert mentioned(below(bot, THREAD)[0]) == [("Grace Hopper", "29:grace")]
    assert below(bot, THREAD)[0]["text"].endswith(": This is urgent, and nobody has taken it yet.")


async def test_a_case_that_is_made_urgent_calls_while_nobody_has_it(bot: Whole) -> None:
    """Once somebody is on it, nobody else has to be called."""
    await tells(bot, GRACE, "on call")
    await answer(bot, 1)
    await handed_over(bot)
    for count, (title, then) in enumerate(
        (
            ("Make urgent", "Not urgent"),
            ("Claim", "Ada Lovelace is on it"),
            ("Not urgent", "Make urgent"),
            ("Make urgent", "Not urgent"),
        ),
        1,
    ):
        await presses(bot, ADA, title)
        await shows(bot, then)
        await answer(bot, count, THREAD)

    called = [mentioned(each) for each in below(bot, THREAD)]
    assert called == [[("Grace Hopper", "29:grace")], [], [], []]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada <b>Love</b> & Co", "Ada ‹b›Love‹/b› ＆ Co"),
        ("Zoë \U0001f680 O'Neill *x*", "Zoë \U0001f680 O'Neill ∗x∗"),
        ("<at>everyone</at>", "‹at›everyone‹/at›"),
    ],
)
async def test_a_name_of_any_signs_is_mentioned_and_read(bot: Whole, name: str, shown: str) -> None:
    """Text and entity agree to the letter, and nothing in the name means anything."""
    await tells(bot, {**ADA, "name": name}, "on call")
    await answer(bot, 1)
    await reports(bot)
    await answer(bot, 1, THREAD)

    assert mentioned(below(bot, THREAD)[0]) == [(shown, "29:ada")]


async def test_whom_teams_will_not_have_mentioned_is_named_and_the_reminder_goes_out(bot: Whole) -> None:
    """They have left the team; nobody has told the bot."""
    await tells(bot, ADA, "on call")
    await answer(bot, 1)
    await handed_over(bot)
    usual = bot.cloud._connector

    async def refuses(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "entities" in body:
            return web.json_response(
                {"error": {"code": "BadSyntax", "message": "Invalid mention"}}, status=400
            )
        return await usual(request)

    bot.cloud.connector.always_with(refuses)
    await nobody_takes(bot)
    await answer(bot, 2, THREAD)

    refused, sent = below(bot, THREAD)
    assert mentioned(refused) == [("Ada Lovelace", "29:ada")]
    assert sent["text"] == "Ada Lovelace: Nobody has taken it yet, for 30 minutes."
    assert "entities" not in sent
