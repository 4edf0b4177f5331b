"""The life of a case in Teams: asked back, handed on, noted, closed, opened again; who may, who is told."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dialogs.library import Library
from tests.bot.test_helpdesk_over_http import ADA, GRACE, THREAD, handed_over, place
from tests.support import small_guides
from tests.support.cloud import PlayedCloud
from tests.support.whole import CHANNEL, Whole, body_card, body_words, read, whole_bot

ERIKA = "Erika Mustermann"


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped guides."""
    return small_guides.shipped()


@pytest.fixture
async def bot(tmp_path: Path, library: Library) -> AsyncIterator[Whole]:
    """The whole bot; the helpdesk's channel takes threads, and Grace is the only one in its team."""
    async with PlayedCloud() as cloud, whole_bot(cloud, tmp_path, library) as whole:

        async def answer(request: web.Request) -> web.StreamResponse:
            if request.path.endswith("/v3/conversations"):
                return web.json_response({"id": THREAD, "activityId": "first-1"}, status=201)
            if request.method == "GET" and "/members/" in request.path:
                if request.path.endswith(f"{CHANNEL}/members/{GRACE['aadObjectId']}"):
                    return web.json_response({"id": GRACE["id"], "name": GRACE["name"]})
                return web.json_response({"error": {"code": "MemberNotFoundInConversation"}}, status=404)
            return await cloud._connector(request)

        cloud.connector.always_with(answer)
        yield whole


def card(bot: Whole) -> dict[str, Any]:
    """The card in the channel as it is now."""
    return [*bot.announced(), *bot.updates("first-1")][-1]


def lines(bot: Whole) -> list[str]:
    """What stands below the card."""
    return [each.body["text"] for each in bot.arrived(THREAD) if "text" in each.body]


def field(on: dict[str, Any], name: str) -> str:
    """The id of a field of the card."""
    fields: list[str] = [part["id"] for each in on["body"] for part in each.get("items", ()) if "id" in part]
    return next(each for each in fields if each.startswith(f"{name}-"))


async def presses(bot: Whole, who: dict[str, str], title: str, **words: str) -> Any:
    """Somebody in the channel presses a button of the newest card, with words in its fields."""
    newest = card(bot)
    where = {"conversation": place(bot, THREAD, "channel"), "replyToId": "first-1"}
    inputs = {field(newest, name): said for name, said in words.items()}
    return await bot.presses(title, on=newest, inputs=inputs, **{"from": who, **where})


async def shows(bot: Whole, words: str) -> None:
    """Wait until the card in the channel says so."""
    await bot.until(lambda: words in read(card(bot)))


async def test_a_question_and_its_answer_go_across(bot: Whole) -> None:
    """The person reads it in their chat, the answer stands below the card, and the card knows who waits."""
    await handed_over(bot)
    await presses(bot, ADA, "Send it", ask="Which phone is it?")
    await bot.sees("Which phone is it?")
    await shows(bot, "Ada Lovelace waits for an answer")
    await bot.says("an old one, password: hunter2hunter2")
    await bot.sees("I passed it on to Ada Lovelace.")
    await shows(bot, "Ada Lovelace is on it")

    await bot.until(lambda: len(lines(bot)) > 1)  # the card may be quicker than the line below it
    assert lines(bot)[0] == f"Ada Lovelace asks {ERIKA}: “Which phone is it?”"
    assert lines(bot)[1].startswith(f"{ERIKA} answers: “an old one")
    assert "hunter2" not in str([each.body for each in bot.cloud.sent])


async def test_a_password_that_the_helpdesk_writes_reaches_nobody(bot: Whole) -> None:
    """In a question as in a note: neither the person, nor the channel, nor what is kept has it."""
    number = await handed_over(bot)
    await presses(bot, ADA, "Send it", ask="Please try it with password: hunter2hunter2 and tell me")
    asked = await bot.sees("Please try it with")
    await presses(bot, ADA, "Keep the note", memo="He got password: hunter2hunter2 from me")
    await bot.until(lambda: len(lines(bot)) == 2)

    assert "and tell me" in read(asked)
    assert "hunter2" not in str([each.body for each in bot.cloud.sent])
    assert bot.parts is not None
    assert "hunter2" not in str(await bot.parts.store.case(number))


async def test_the_answer_can_be_given_on_the_card(bot: Whole) -> None:
    """In its field, with its button; the answered card keeps the words."""
    await handed_over(bot)
    await presses(bot, ADA, "Send it", ask="Which phone is it?")
    question = await bot.sees("Which phone is it?")
    (name,) = [part["id"] for part in question["body"] if part["type"] == "Input.Text"]
    answered = await bot.presses("Send", on=question, inputs={name: "an old one"})

    assert "an old one" in read(body_card(answered))
    await bot.until(lambda: len(lines(bot)) == 2)
    assert lines(bot)[1] == f"{ERIKA} answers: “an old one”"


async def test_the_same_question_can_be_asked_twice_but_not_by_one_press(bot: Whole) -> None:
    """A delivered-again press is one question; a second press on the newer card is a second one."""
    await handed_over(bot)
    first = card(bot)
    where = {"conversation": place(bot, THREAD, "channel"), "from": ADA}
    for _ in range(3):
        await bot.presses("Send it", on=first, inputs={field(first, "ask"): "Still there?"}, **where)
    await shows(bot, "waits for an answer")
    await presses(bot, ADA, "Send it", ask="Still there?")
    await bot.until(lambda: len(lines(bot)) == 2)
    await bot.until(lambda: len([each for each in bot.cards() if "Still there?" in read(each)]) == 2)


async def test_a_question_without_words_is_none(bot: Whole) -> None:
    """Nothing reaches the person, and the agent is told why."""
    await handed_over(bot)

    assert body_words(await presses(bot, ADA, "Send it", ask="  ")).startswith("There is nothing written")
    assert lines(bot) == []


async def test_links_and_mentions_of_a_person_are_dead_in_the_thread(bot: Whole) -> None:
    """Whatever they write is read, and nothing else."""
    await handed_over(bot)
    await presses(bot, ADA, "Claim")
    await bot.says("see https://evil.example/x and <at>Grace</at> **now**")
    await bot.until(lambda: len(lines(bot)) == 2)
    said = [each for each in bot.arrived(THREAD) if "text" in each.body][1]

    assert "https://" not in lines(bot)[1]
    assert said.body["textFormat"] == "plain"
    assert "entities" not in said.body


async def test_a_case_is_handed_on_to_somebody_of_the_team(bot: Whole) -> None:
    """Picked by id, named by Teams, not by the card; the person hears who it is now."""
    await handed_over(bot)
    await presses(bot, ADA, "Claim")
    await shows(bot, "Ada Lovelace is on it")
    given = await presses(bot, ADA, "Hand on", give=GRACE["aadObjectId"])

    assert "Grace Hopper is on it" in read(body_card(given))
    await bot.sees("Grace Hopper of the helpdesk is now working on")
    await bot.until(lambda: lines(bot)[-1:] == ["Ada Lovelace handed it on to Grace Hopper."])


async def test_a_case_is_not_handed_on_to_a_stranger(bot: Whole) -> None:
    """Whoever Teams does not find in the team cannot have it."""
    number = await handed_over(bot)
    await presses(bot, ADA, "Claim")
    refused = await presses(bot, ADA, "Hand on", give="99999999-0000-4000-8000-000000000009")

    assert body_words(refused) == "That person is not in the helpdesk's team."
    assert bot.parts is not None
    kept = await bot.parts.store.case(number)
    assert kept is not None
    assert kept.by == "Ada Lovelace"


async def test_a_note_stays_with_the_helpdesk(bot: Whole) -> None:
    """In the thread and on the card, and nowhere else."""
    await handed_over(bot)
    await presses(bot, ADA, "Keep the note", memo="looks like the proxy")
    await bot.until(lambda: lines(bot) == ["Note of Ada Lovelace: “looks like the proxy”"])
    await shows(bot, "looks like the proxy")

    assert not any("proxy" in read(each) for each in bot.cards())


async def test_closed_with_a_reason_and_opened_again_by_the_person(bot: Whole) -> None:
    """It came back: the same card is open again, and nobody has to tell anything twice."""
    await handed_over(bot)
    await presses(bot, ADA, "Claim")
    await presses(bot, ADA, "Resolve", resolve="Please sign in once more.", reason="changed")
    await bot.sees("Does it work now?")
    await bot.presses("It came back")
    await shows(bot, "open again")
    await bot.until(lambda: len(lines(bot)) == 3)

    assert lines(bot)[-2:] == [
        "Ada Lovelace closed it. We changed something. “Please sign in once more.”",
        f"{ERIKA} says that it came back. It is open again.",
    ]
    assert "Ada Lovelace is on it" in read(body_card(await presses(bot, ADA, "Claim")))
    assert len(bot.announced()) == 1


async def test_what_ended_it_is_picked_from_the_guides_fixes_and_told_everywhere(bot: Whole) -> None:
    """On the card, in the thread, with the case; what is no fix of the guide is as if nothing were picked."""
    await handed_over(bot)
    parts = [part for each in card(bot)["body"] for part in each.get("items", ())]
    (asked,) = [each for each in parts if each.get("id") == field(card(bot), "fix")]
    offered = {each["value"]: each["title"] for each in asked["choices"]}
    assert offered["private-window"] == "private window"
    assert list(offered)[-1] == "*"
    await presses(bot, ADA, "Resolve", reason="self", fix="private-window")
    await shows(bot, "Ended by")
    told = "Ada Lovelace closed it. What the person did solved it. Ended by: private window."
    await bot.until(lambda: lines(bot)[-1:] == [told])
    await presses(bot, ADA, "Open again")
    await shows(bot, "open again")
    await presses(bot, ADA, "Resolve", fix="../../private-window")
    await bot.until(lambda: lines(bot)[-1:] == ["Ada Lovelace closed it."])


async def test_the_helpdesk_opens_a_case_again(bot: Whole) -> None:
    """An old card does nothing to a closed case but this."""
    await handed_over(bot)
    open_card = card(bot)
    await presses(bot, ADA, "Resolve")
    await shows(bot, "closed by Ada Lovelace")
    where = {"conversation": place(bot, THREAD, "channel"), "from": GRACE}
    late = await bot.presses("Claim", on=open_card, **where)
    assert "closed by Ada Lovelace" in read(body_card(late))
    opened = await presses(bot, GRACE, "Open again")

    assert "open again" in read(body_card(opened))
    await bot.sees("Grace Hopper of the helpdesk opened")


@pytest.mark.parametrize("title", ["Claim", "Send it", "Resolve", "Hand on", "Keep the note"])
@pytest.mark.parametrize("conversation", ["19:elsewhere@thread.tacv2;messageid=1", "a:chat", ""])
async def test_nothing_works_from_anywhere_but_the_helpdesks_channel(
    bot: Whole, title: str, conversation: str
) -> None:
    """A card that was copied, or made up, is refused on the server."""
    await handed_over(bot)
    copied = card(bot)
    inputs = {field(copied, name): "x" for name in ("ask", "resolve", "give", "memo")}
    where = {"conversation": place(bot, conversation, "channel"), "from": ADA}
    _, body = await bot.press(title, on=copied, inputs=inputs, **where)

    assert "statusCode" not in (body or {}) or body_words(body).startswith("This screen is for somebody else")
    assert lines(bot) == []


async def test_how_it_went_stands_with_the_case(bot: Whole) -> None:
    """A number and a sentence, for those whom it is about."""
    await handed_over(bot)
    await presses(bot, ADA, "Resolve", resolve="Done.")
    await bot.sees("Does it work now?")
    await bot.presses("It works now")
    await bot.sees("Was this helpful?")
    await bot.presses("4")
    await bot.sees("Is there something we should do better?")
    await bot.says("it took a day")
    await bot.until(lambda: len(lines(bot)) == 3)

    assert lines(bot)[1:] == [f"{ERIKA} gives it 4 of 5.", f"{ERIKA} about it: “it took a day”"]


async def test_fifty_messages_go_both_ways_in_order(bot: Whole) -> None:
    """What one side says the other side reads, all of it, once, in the same order."""
    await handed_over(bot)
    await presses(bot, ADA, "Claim")
    for n in range(25):
        await presses(bot, ADA, "Send it", ask=f"question {n}.")
        await bot.sees(f"question {n}.")
        await bot.says(f"answer {n}.")
        await bot.until(lambda n=n: len(lines(bot)) == 2 * n + 3)  # type: ignore[misc]  # bound here

    said = [f"{kind} {n}." for n in range(25) for kind in ("question", "answer")]
    assert [line.split("“")[1].rstrip("”") for line in lines(bot)[1:]] == said
    asked = [read(each) for each in bot.cards() if "question" in read(each)]
    assert [next(n for n in range(25) if f"question {n}." in each) for each in asked] == list(range(25))


async def test_a_mention_in_the_thread_asks_the_person(bot: Whole) -> None:
    """Nobody has to go up to the card; once, however often Teams delivers it."""
    await handed_over(bot)
    recipient = {"id": f"28:{bot.cloud.app_id}", "name": "Handrail"}
    where = {"conversation": place(bot, THREAD, "channel"), "from": ADA, "recipient": recipient, "id": "m-1"}
    for _ in range(2):
        await bot.says("<at>Handrail</at> Which phone is it?", **where)
    await bot.sees("Ada Lovelace of the helpdesk")
    await bot.until(lambda: lines(bot) == [f"Ada Lovelace asks {ERIKA}: “Which phone is it?”"])
    await presses(bot, ADA, "Resolve")
    await bot.says("<at>Handrail</at> Still there?", **{**where, "id": "m-2"})
    await bot.until(lambda: len(lines(bot)) == 3)

    assert lines(bot)[2].startswith(f"It is closed, so this did not go to {ERIKA}: “Still there?”")
    assert not any("Still there?" in read(each) for each in bot.cards())


async def test_a_mention_elsewhere_in_the_channel_is_a_conversation_as_always(bot: Whole) -> None:
    """An agent with a sign-in trouble of their own is helped like anybody else."""
    await handed_over(bot)
    other = f"{CHANNEL};messageid=another"
    await bot.says(
        "<at>Handrail</at> AADSTS1000002", conversation=place(bot, other, "channel"), **{"from": ADA}
    )

    await bot.sees("Did the app open after you pressed Continue?", other)
