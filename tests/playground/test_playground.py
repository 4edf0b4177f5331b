"""The main job, seen through Microsoft's Agents Playground: a client that we did not write.

What a person sees is asserted (words and buttons on the screen), and what went over the wire (the journal).
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.playground.driver import CHANNEL, GROUP, PERSONAL, Playground, playing, why_not
from tests.support.whole import data_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.node,
    pytest.mark.skipif(why_not() is not None, reason=f"the Playground cannot run here: {why_not()}"),
]
CODE = "got AADSTS1000002 after login, corr id 3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90"
FIRST = "Did the app open after you pressed Continue?"
FINISH = "close the app or browser tab"
SEEN = "Which of these did you see while signing in?"
DEVICE = "Your organisation wants to know this device first"
ADA, GRACE = "29:1ada", "29:1grace"
SMALL = ["Back", "A person, please"]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Playground]:
    """The Playground with a fresh bot behind it. At the end no request may have failed, either way."""
    async with playing(tmp_path) as playground:
        yield playground
        bad = [each for each in playground.journal if not 200 <= each.status < 300]
        assert bad == []
        assert playground.complaints == []


async def test_from_the_first_word_to_the_helpdesks_answer(client: Playground) -> None:
    """Welcome, questions, a change of mind, another code, a case, and the helpdesk that closes it."""
    await client.goes_to("personal")
    await client.sees("What does the message say?")
    await client.says(CODE)
    card = await client.sees(FIRST)
    await expect(card).to_contain_text("I noted the correlation ID for later.")
    await client.picture("01-first-question")
    assert await client.buttons(card) == [
        "More about this", "It works now", "No, the message came back", "There was nothing to press",
        "I haven't pressed it yet", "I wasn't signing in anywhere", "A person, please",
    ]  # fmt: skip
    await client.presses("More about this")
    await expect(card).to_contain_text("BindCompleteInterruptError")

    await client.presses("There was nothing to press")
    card = await client.sees(FINISH)
    await client.sees_somewhere("✓ There was nothing to press")
    await client.presses("Same message again")
    await client.sees(SEEN)
    await client.picture("02-several")
    await client.ticks("Another organisation's name", "Something about my device or browser")
    await client.presses("Send")
    await client.sees(DEVICE)
    await client.sees_somewhere("✓ Another organisation's name · Something about my device or browser")

    await client.presses("Back")
    await client.sees(SEEN)
    await client.ticks("Something about my device or browser")
    await client.presses("Send")
    await client.sees(DEVICE)

    await client.says("AADSTS53003 now!!")
    card = await client.sees("That is a different message: AADSTS53003.")
    assert await client.buttons(card) == ["Switch", "Stay with the first one", *SMALL]
    await client.picture("03-another-code")
    await client.presses("Stay with the first one")
    await client.sees(DEVICE)
    await client.presses("I can't do that")

    await client.sees("Was anything new shortly before?")
    await client.presses("Nothing I know of")
    await client.sees("What fits right now?")
    await client.ticks("A company computer")
    await client.presses("Send")
    # A rule that blocks is not tried against, whichever message came first.
    await client.sees("Which app were you opening?")
    await client.fills("SAP *Fiori*")
    await client.presses("Send")
    await client.sees("Since when does it happen?")
    await client.says("since today")
    await client.sees("Whose account is it?")
    await client.says("1")

    card = await client.sees("Anything to add?")
    await client.picture("04-summary")
    for words in (
        "AADSTS1000002 · AADSTS53003", "SAP *Fiori*", "Since today", "My own work account",
        "A company computer", "finish and reopen: no", "check the device: could not be done",
        "3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90",
    ):  # fmt: skip
        await expect(card).to_contain_text(words)
    await client.presses("Hand it over")
    done = await client.sees("Done: HR-")
    number = _number(await done.inner_text())
    await client.picture("05-done")
    await _nothing_left_to_press(client)

    await client.goes_to("Tickets")
    card = await client.sees(number)
    await client.picture("06-ticket", of=card)
    for words in (
        "new", "AADSTS1000002 → AADSTS53003", "Erika Mustermann", "“SAP *Fiori*” (as written)",
        "Something about my device or browser", "check the device: could not be done",
    ):  # fmt: skip
        await expect(card).to_contain_text(words)
    doing = ["Ask …", "Resolve …", "Hand on …", "Note …", "Make urgent", "Everything"]
    assert await client.buttons(card) == ["Claim", *doing]
    for link in ("Open sign-in log", "Open board"):
        await expect(card.get_by_role("link", name=link)).to_be_visible()

    await _helpdesk(client, ADA, "Claim")
    await client.sees("Ada Lovelace is on it")
    assert await client.buttons(card) == doing
    await client.picture("07-claimed", of=card)
    # Somebody slower, whose screen still has the button, does not take it away.
    answer = await _helpdesk(client, GRACE, "Claim")
    assert f"Ada Lovelace has {number} already." in str(answer)
    await client.goes_to("personal")
    await client.sees(f"Ada Lovelace of the helpdesk is now working on {number}.")
    await client.says("status")
    await client.sees(f"{number}: Ada Lovelace of the helpdesk is working on it.")
    await _helpdesk(client, ADA, "Send it", ask="Which colour is the laptop?")
    await client.sees("Which colour is the laptop?")
    await client.picture("08-asked")
    await client.fills("my laptop is blue")
    await client.presses("Send")
    await client.sees("I passed it on to Ada Lovelace.")
    await client.says("and my phone is red")
    await client.is_sent("adds: “and my phone is red”")  # the newest card says the same as the one before
    await _helpdesk(client, GRACE, "Keep the note", memo="looks like the device rule")

    await _helpdesk(
        client, ADA, "Resolve", resolve="The device was not registered. It is now.", reason="changed"
    )
    await client.sees(
        f"Ada Lovelace of the helpdesk closed {number}: The device was not registered. It is now."
    )
    await client.picture("08-resolved")
    await client.goes_to("Tickets")
    card = await client.sees("closed by Ada Lovelace")
    await expect(card).to_contain_text("Erika Mustermann answers: “my laptop is blue”")
    await expect(card).to_contain_text("We changed something.")
    assert await client.buttons(card) == ["Open again", "Note …", "Everything"]
    await client.picture("09-closed", of=card)
    sent = [each.sent for each in client.journal if "from" not in each.sent]
    assert [each["text"] for each in sent if each.get("textFormat") == "plain"] == [
        "Ada Lovelace is on it.",
        "Ada Lovelace asks Erika Mustermann: “Which colour is the laptop?”",
        "Erika Mustermann answers: “my laptop is blue”",
        "Erika Mustermann adds: “and my phone is red”",
        "Note of Grace Hopper: “looks like the device rule”",
        "Ada Lovelace closed it. We changed something. “The device was not registered. It is now.”",
    ]

    await client.goes_to("personal")
    await client.presses("It came back")
    await client.sees(f"{number} is open again")
    await client.goes_to("Tickets")
    card = await client.sees("open again")
    await client.presses("Claim", on=card)
    await client.sees("is on it")
    await client.picture("09-open-again", of=card)


async def test_solved_at_the_first_question(client: Playground) -> None:
    """It works already: that is said, rated, and closed; nothing goes to the helpdesk."""
    await client.goes_to("personal")
    await client.sees("What does the message say?")
    await client.says("AADSTS1000002")
    await client.sees(FIRST)
    await client.presses("It works now")
    card = await client.sees("Was this helpful?")
    await expect(card).to_contain_text("I still know what we tried")
    assert (await client.buttons(card))[:5] == ["1", "2", "3", "4", "5"]
    await client.picture("10-rating")
    await client.presses("4")
    await client.sees("Thank you.")
    await client.sees_somewhere("✓ 4")
    assert not [each for each in client.journal if each.what == "createConversation"]


async def test_a_case_is_worked_on_with_the_buttons_of_the_screen(client: Playground) -> None:
    """Handed over early, claimed, and resolved with a note that is typed into the card itself."""
    await client.goes_to("personal")
    await client.sees("What does the message say?")
    await client.says("AADSTS1000002")
    await client.sees(FIRST)
    await client.presses("A person, please")
    await client.sees("Anything to add?")
    await client.presses("Add something")
    await client.sees("What should the helpdesk know as well?")
    await client.fills("I have a flight at noon.")
    await client.presses("Send")
    await expect(await client.sees("Anything to add?")).to_contain_text("I have a flight at noon.")
    await client.presses("Hand it over")
    number = _number(await (await client.sees("Done: HR-")).inner_text())

    await client.goes_to("Tickets")
    card = await client.sees(number)
    await expect(card).to_contain_text("“I have a flight at noon.” (as written)")
    await client.presses("Claim")
    await client.sees("Erika Mustermann is on it")
    await client.is_changed("Erika Mustermann is on it")
    await client.presses("Resolve …")
    await client.fills("Done, *please* try again.")
    await client.presses("Resolve")
    await client.sees("closed by Erika Mustermann")
    await client.goes_to("personal")
    await client.sees("Done, *please* try again.")


async def test_in_a_channel_and_in_a_group_everybody_has_their_own(client: Playground) -> None:
    """With an @mention, per person, and a card answers to nobody but whom it was made for."""
    await client.goes_to("General")
    await client.says("AADSTS1000002", mention=True)
    await client.sees(FIRST)
    await client.presses("There was nothing to press")
    await client.sees_somewhere(FINISH)
    await client.picture("11-channel")

    before = len(client.journal)
    await client.goes_to("group")
    await client.says("AADSTS1000002", mention=True)
    shown = await client.is_sent(FIRST, since=before)
    await client.sees(FIRST)
    grace = {"id": GRACE, "name": "Grace Hopper", "aadObjectId": "22222222-2222-2222-2222-222222222222"}
    await client.activity(GROUP, type="message", text="AADSTS50126", **{"from": grace})
    await client.sees("Step 1 of")
    await expect(client.newest()).not_to_contain_text(FIRST)

    pressed = shown.sent["attachments"][0]["content"]
    refused = await client.other_presses(
        GRACE, data_of(pressed, "It works now"), conversation=GROUP, reply_to=shown.answer["id"]
    )
    assert "This screen is for somebody else" in str(refused)
    erikas = client.card(FIRST)
    await client.presses("There was nothing to press", on=erikas)
    await client.sees(FINISH)
    await client.picture("12-group")


async def test_whatever_else_a_client_sends_is_survived(client: Playground) -> None:
    """Reactions, edits, deletions, comings and goings, and what nobody has heard of: 200, and no answer."""
    await client.goes_to("personal")
    await client.sees("What does the message say?")
    await client.says(CODE)
    await client.sees(FIRST)
    before = await client.cards().count()
    mine = (await client.is_sent(FIRST)).answer["id"]
    for fields in (
        {"type": "messageReaction", "reactionsAdded": [{"type": "like"}], "replyToId": mine},
        {"type": "messageReaction", "reactionsRemoved": [{"type": "like"}], "replyToId": mine},
        {"type": "messageUpdate", "text": "AADSTS50126", "channelData": {"eventType": "editMessage"}},
        {"type": "messageDelete", "channelData": {"eventType": "softDeleteMessage"}},
        {"type": "conversationUpdate", "membersAdded": [{"id": ADA}]},
        {"type": "installationUpdate", "action": "remove"},
        {
            "type": "event",
            "name": "application/vnd.microsoft.readReceipt",
            "value": {"lastReadMessageId": "1"},
        },
        {"type": "something/quite-new", "value": {"deep": [1, {"er": None}]}},
    ):
        assert await client.activity(PERSONAL, **fields) == 200
    await client.says("👩🏽‍💻 there was nothing to press")
    await client.sees(FINISH)
    assert await client.cards().count() == before + 1


def _number(words: str) -> str:
    found = re.search(r"HR-[0-9A-Z]{4}", words)
    assert found, words
    return found[0]


async def _helpdesk(client: Playground, user: str, button: str, **words: str) -> Any:
    """Somebody else presses a button of the card in the helpdesk's channel, with words in its fields."""
    [begun] = [each for each in client.journal if each.what == "createConversation"]
    assert begun.answer["id"].startswith(CHANNEL)
    card = begun.sent["activity"]["attachments"][0]["content"]
    fields = re.findall(r"'id': '(\w+-HR-\w+-\d+)'", str(card))
    inputs = {each: words[each.partition("-")[0]] for each in fields if each.partition("-")[0] in words}
    return await client.other_presses(
        user,
        {**data_of(card, button), **inputs},
        conversation=begun.answer["id"],
        reply_to=begun.answer["activityId"],
    )


async def _nothing_left_to_press(client: Playground) -> None:
    """Every screen that was answered has lost its buttons."""
    for words in (FIRST, SEEN, DEVICE, "Whose account is it?", "Anything to add?"):
        assert await client.buttons(client.card(words)) == [], words
