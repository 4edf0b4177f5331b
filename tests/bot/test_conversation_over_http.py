"""A person's conversation through the real endpoint: Teams is played, everything else is real."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dialogs.language.load import load
from dialogs.library import Library
from tests.support.cloud import DROP, PlayedCloud
from tests.support.whole import Whole, body_card, body_words, read, whole_bot

CODE = "got AADSTS1000002 after login, corr id 3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90"
FIRST = "Did the app open after you pressed Continue?"
SECOND = "Then open it again and sign in once more."
THIRD = "Which of these did you see"


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return load(Path(__file__).parents[2] / "content")[0]


@pytest.fixture
async def bot(tmp_path: Path, library: Library) -> AsyncIterator[Whole]:
    """The whole bot, with an app id, in the played cloud that wants to see its token."""
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, library) as whole:
        cloud.enforce_bearer = True
        yield whole


async def test_a_sentence_becomes_a_card(bot: Whole) -> None:
    """200 means that it is kept; the card comes by itself, with the bot's token and words for listeners."""
    assert await bot.says(CODE) == 200
    assert (await bot.kept()).turn == 1
    card = await bot.sees(FIRST)
    assert "I noted the correlation ID" in read(card)
    [sent] = bot.arrived()
    assert sent.headers["Authorization"].startswith("Bearer bot-token-")
    assert sent.body["summary"].startswith("By its own words this is good news")


async def test_a_repeated_activity_is_answered_once(bot: Whole) -> None:
    """Teams repeats an activity it is not sure of; the same id is taken once, however often it comes."""
    repeats = [bot.says(CODE, id="same") for _ in range(5)]
    assert await asyncio.gather(*repeats) == [200] * 5
    await bot.sees(FIRST)
    await bot.says("There was nothing to press")
    await bot.sees(SECOND)
    assert len(bot.cards()) == 2


async def test_a_pressed_button_is_answered_with_its_card(bot: Whole) -> None:
    """Who pressed sees at once what they picked; everybody else's screen is updated to the same card."""
    await bot.says(CODE)
    await bot.sees(FIRST)
    answered = body_card(await bot.presses("There was nothing to press"))
    assert "✓ There was nothing to press" in read(answered)
    assert "I haven't pressed it yet" not in read(answered)
    await bot.sees(SECOND)
    await bot.until(lambda: bot.updates("activity-1") == [answered])


async def test_a_double_click_is_one_answer(bot: Whole) -> None:
    """Two presses of one button, each with an activity id of its own, get the same card and count once."""
    await bot.says(CODE)
    await bot.sees(FIRST)
    press = [bot.presses("There was nothing to press", id=f"click-{n}") for n in range(2)]
    first, second = await asyncio.gather(*press)
    assert first == second
    await bot.sees(SECOND)
    assert (await bot.kept()).turn == 2
    assert len(bot.cards()) == 2


async def test_another_button_of_an_answered_card_changes_nothing(bot: Whole) -> None:
    """A client that still shows the old card can press another answer: it is told, and nothing happens."""
    await bot.says(CODE)
    card = await bot.sees(FIRST)
    await bot.presses("There was nothing to press")
    await bot.sees(SECOND)
    assert body_words(await bot.presses("It works now", on=card)) == "An earlier screen"
    assert (await bot.kept()).turn == 2


async def test_a_stale_card_leads_back_to_where_we_are(bot: Whole) -> None:
    """A press on a screen of long ago says so on that screen, and shows the current one again."""
    await bot.says(CODE)
    old = await bot.sees(FIRST)
    await bot.presses("There was nothing to press")
    await bot.sees(SECOND)
    await bot.presses("Same message again")
    await bot.sees(THIRD)
    assert "✓ An earlier screen" in read(body_card(await bot.presses("It works now", on=old)))
    again = await bot.sees("This is where we are")
    assert THIRD in read(again)


async def test_several_ticked_answers_are_one(bot: Whole) -> None:
    """What was ticked comes as one text with commas, and stands on the answered card."""
    await bot.says(CODE)
    await bot.sees(FIRST)
    await bot.presses("There was nothing to press")
    await bot.sees(SECOND)
    await bot.presses("Same message again")
    card = await bot.sees(THIRD)
    field = next(each["id"] for each in card["body"] if each["type"] == "Input.ChoiceSet")
    answered = body_card(await bot.presses("Send", inputs={field: "organisation,device"}))
    assert "✓ Another organisation's name · Something about my device or browser" in read(answered)
    await bot.sees("Your organisation wants to know this device")


async def test_a_missing_database_is_503_and_nothing_is_lost(bot: Whole) -> None:
    """While nothing can be kept Teams is told to try again; the same activity works once it is mended."""
    await bot.says("hello", id="before")
    await bot.sees("What does the message say?")
    database, away = bot.folder / "handrail.db", bot.folder / "elsewhere.db"
    database.rename(away)
    assert await bot.says(CODE, id="in-the-dark") == 503
    assert (await bot.press("A person, please"))[0] == 503
    away.rename(database)
    assert await bot.says(CODE, id="in-the-dark") == 200
    await bot.sees(FIRST)
    assert len(bot.cards()) == 2


async def test_a_connector_that_is_down_gets_everything_later_in_order(bot: Whole) -> None:
    """What Teams does not take now is sent again, and never overtaken by what came after it."""
    for _ in range(2):
        bot.cloud.connector.next(503)
    assert await bot.says(CODE) == 200
    assert await bot.says("There was nothing to press") == 200
    await bot.until(lambda: len(bot.cards()) >= 4 and bool(bot.updates("activity-1")))
    assert [FIRST in read(card) for card in bot.cards()] == [True, True, True, False]
    assert SECOND in read(bot.cards()[-1])


async def test_a_refused_card_is_sent_as_text(bot: Whole) -> None:
    """Whatever Teams has against a card, the person is not left in front of nothing."""
    bot.cloud.connector.next(400, {"error": {"code": "BadArgument"}})
    await bot.says(CODE)
    await bot.until(lambda: len(bot.arrived()) == 2)
    text = bot.arrived()[-1].body["text"]
    assert FIRST in text
    assert "3. There was nothing to press" in text
    await bot.says("3")
    await bot.sees(SECOND)


async def test_a_chat_that_is_gone_waits_for_its_person(bot: Whole) -> None:
    """A removed app is no reason to lose the words; they come when the person is back."""
    bot.cloud.connector.next(404, {"error": {"code": "ConversationNotFound"}})
    await bot.says(CODE)
    await bot.until(lambda: bool(bot.arrived()))
    assert bot.parts is not None
    depth = await bot.parts.store.depth()
    while not depth.get("parked"):
        depth = await bot.parts.store.depth()
    await bot.says("There was nothing to press")
    await bot.sees(SECOND)
    assert [FIRST in read(card) for card in bot.cards()] == [True, True, False]


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        pytest.param({"text": "👩🏽‍💻🔥"}, "What does the message say?", id="emoji"),
        pytest.param({"text": "x" * 10_000}, "What does the message say?", id="10,000 characters"),
        pytest.param({"text": ""}, "There was nothing in that message", id="empty"),
        pytest.param({"text": DROP}, "There was nothing in that message", id="no text"),
        pytest.param(
            {"text": DROP, "attachments": [{"contentType": "image/png", "name": "screen.png"}]},
            "I can't take files or pictures here",
            id="a picture",
        ),
        pytest.param(
            {"text": CODE, "attachments": [{"contentType": "text/html", "content": f"<p>{CODE}</p>"}]},
            FIRST,
            id="the HTML that Teams sends along",
        ),
        pytest.param({"text": f"{CODE} password: hunter2hunter2"}, "I cut out something", id="a password"),
    ],
)
async def test_whatever_a_person_sends_is_answered(bot: Whole, changes: dict[str, Any], seen: str) -> None:
    """There is no message that gets no answer."""
    assert await bot.says(**changes) == 200
    card = await bot.sees(seen)
    assert "hunter2" not in str(card)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "messageUpdate", "channelData": {"eventType": "editMessage"}},
        {"type": "messageDelete", "channelData": {"eventType": "softDeleteMessage"}},
        {"type": "messageReaction", "reactionsAdded": [{"type": "like"}], "replyToId": "activity-1"},
        {"type": "conversationUpdate", "membersAdded": [{"id": "29:person"}]},
        {"type": "typing"},
        {
            "type": "event",
            "name": "application/vnd.microsoft.readReceipt",
            "value": {"lastReadMessageId": "1"},
        },
        {"type": "endOfConversation"},
        {"type": "something/quite-new"},
    ],
    ids=lambda changes: str(changes["type"]),
)
async def test_what_is_no_message_is_taken_and_changes_nothing(bot: Whole, changes: dict[str, Any]) -> None:
    """Edits, reactions, comings and goings and whatever Teams invents next get 200 and no answer."""
    await bot.says(CODE)
    await bot.sees(FIRST)
    assert "channelData" not in changes or isinstance(changes["channelData"], dict)
    tenant = {"tenant": {"id": bot.cloud.tenant}}
    data = {**tenant, **changes.get("channelData", {})}
    assert await bot.says("AADSTS50126", **{**changes, "channelData": data}) == 200
    await bot.says("There was nothing to press")
    await bot.sees(SECOND)
    assert len(bot.cards()) == 2


async def test_plain_text_and_back_to_cards(bot: Whole) -> None:
    """Who asks for text gets text; the card before it is closed all the same, and cards can come back."""
    await bot.says(CODE)
    await bot.sees(FIRST)
    await bot.says("no cards")
    await bot.until(lambda: len(bot.arrived()) == 2 and bool(bot.updates("activity-1")))
    assert FIRST in bot.arrived()[-1].body["text"]
    await bot.says("with cards")
    await bot.until(lambda: len(bot.cards()) == 2)
    assert [each.parts[-1] for each in bot.cloud.sent if each.method == "PUT"] == ["activity-1"]


async def test_a_new_person_is_welcomed_once(bot: Whole) -> None:
    """Teams sends an installation and a change of members, and repeats both; the welcome comes once."""
    installed = {"type": "installationUpdate", "action": "add", "id": "installed"}
    added = {"type": "conversationUpdate", "membersAdded": [{"id": f"28:{bot.cloud.app_id}"}]}
    for changes in (added, installed, installed):
        assert await bot.says("", **changes) == 200
    await bot.sees("I help with sign-in messages.")
    await bot.says(CODE)
    await bot.sees(FIRST)
    assert len(bot.cards()) == 2


@pytest.mark.parametrize(
    ("action", "scope"), [("add-upgrade", "personal"), ("remove", "personal"), ("add", "channel")]
)
async def test_nobody_is_written_to_without_need(bot: Whole, action: str, scope: str) -> None:
    """A new version of the app, its removal, or a team that installs it is no reason to write to anybody."""
    where = {"id": "a:chat", "conversationType": scope, "tenantId": bot.cloud.tenant}
    await bot.says("", type="installationUpdate", action=action, conversation=where)
    await bot.says(CODE)
    await bot.sees(FIRST)
    assert len(bot.cards()) == 1


async def test_what_goes_out_is_counted_without_a_name(bot: Whole) -> None:
    """Operation and status, never a person or a chat; what Teams puts off is tried again by itself."""
    bot.cloud.connector.next(429, headers={"Retry-After": "1"})
    await bot.says(CODE)
    await bot.sees(FIRST)

    assert bot.parts is not None
    metrics = bot.parts.metrics
    taken = b'handrail_connector_requests_total{operation="send",status="201"} 1.0'
    await bot.until(lambda: taken in metrics.text())
    assert b'handrail_connector_requests_total{operation="send",status="429"} 1.0' in metrics.text()
    assert b"handrail_replicas 1.0" in metrics.text()
    assert b"a:chat" not in metrics.text()
