"""What only Freshservice or only Zammad does, and must not do to people."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.errors import DeliveryFailed, DeliveryPostponed, DeliveryRefused, Forged
from bot.secret import Secret
from bot.tickets.api import File
from bot.tickets.freshservice import FreshserviceTickets
from bot.tickets.html_text import hypertext
from bot.tickets.http import open_client
from bot.tickets.zammad import ZammadTickets
from tests.contracts.test_ticket_severity import of, said
from tests.contracts.test_ticket_systems_elsewhere import NUMBER, file, ticket, update
from tests.support.helpdesks import freshservice, zammad
from tests.support.helpdesks.other_side import packed

NONSENSE: Sequence[object] = (
    None, 7, "text", [], [[]], [None], {}, {"tickets": None}, {"tickets": [{}]}, {"ticket": {"id": "x"}},
    {"conversations": [{"id": 1, "created_at": "yesterday"}]}, [{"id": 1, "number": "HR-7K3F"}],
    [{"id": 1, "number": "HR-7K3F", "state_id": 1, "created_by_id": 5, "body": 7}], {"history": [{}]},
    {"tickets": [{"id": 1, "created_at": "2026-11-27T05:00:00", "updated_at": "2026-11-27T05:00:00"}]},
)  # fmt: skip


@pytest.mark.parametrize("opened", [freshservice.opened, zammad.opened], ids=["freshservice", "zammad"])
@pytest.mark.parametrize("answer", NONSENSE, ids=lambda each: json.dumps(each)[:60])
async def test_an_answer_that_makes_no_sense_is_none(
    opened: Any, answer: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes back with a 200: nothing is raised but what the outbox knows what to do with."""
    async with opened(tmp_path) as there:
        monkeypatch.setattr(there.served, "worded", lambda *_: answer)
        there.served.answers(200, "")
        attachment = File(key=f"{NUMBER}/2", name="a.txt", media_type="text/plain", content=b"a")
        for attempt in (
            there.system.find(NUMBER),
            there.system.create(ticket()),
            there.system.update("7", update(1, "hello", status="resolved")),
            there.system.attach("7", attachment),
            there.system.changes("1700000000"),
        ):
            with contextlib.suppress(DeliveryFailed, DeliveryRefused):
                await attempt
        assert [each.state for each in await there.system.check()] != ["ok"]


# ---- Freshservice


async def test_freshservice_finds_the_newest_at_once_and_old_ones_by_tag(tmp_path: Path) -> None:
    """The filter's index is late by minutes: by then a case may be behind a hundred others."""
    async with freshservice.opened(tmp_path) as there:
        reference = await file(there, ticket())
        assert await there.system.find(NUMBER) == reference
        there.served.index()
        for nth in range(100):
            await there.system.create(ticket(f"HR-2A{nth:02}"))

        assert await there.system.find(NUMBER) == reference
        assert await there.system.find("HR-2A99") is not None


async def test_freshservice_finds_what_its_list_does_not_show_any_more(tmp_path: Path) -> None:
    """The list ends after 30 days, the tags do not."""
    async with freshservice.opened(tmp_path) as there:
        reference = await file(there, ticket())
        there.served.index()
        there.served.tickets[int(reference)]["created_at"] = "2020-01-01T00:00:00Z"

        assert await file(there, ticket()) == reference


async def test_freshservice_counts_calls_and_says_when_to_come_back(tmp_path: Path) -> None:
    """Nothing is lost or done twice when the minute's last call is used up between two requests."""
    async with freshservice.opened(tmp_path) as there:
        there.served.left = 1
        with pytest.raises(DeliveryPostponed) as caught:
            await file(there, ticket())
        assert caught.value.wait == 41
        there.served.left = None
        reference = await file(there, ticket())

        there.served.left = 2
        with pytest.raises(DeliveryPostponed):
            await there.system.update(reference, update(1, "It works now.", status="resolved"))
        there.served.left = None
        await there.system.update(reference, update(1, "It works now.", status="resolved"))
        assert await there.closed(NUMBER)
        assert len(await there.written(NUMBER)) == 1


async def test_freshservice_names_are_asked_for_once_and_do_without(tmp_path: Path) -> None:
    """An agent who may not see people still brings their words."""
    async with freshservice.opened(tmp_path) as there:
        await file(there, ticket())
        await there.news()
        there.served.may_see_people = False
        await there.says(NUMBER, "Which network are you in?", public=True)
        [change] = await there.news()
        assert (change.text, change.by) == ("Which network are you in?", "")

        await there.says(NUMBER, "And which browser?", public=True)
        assert len(await there.news()) == 1
        assert sum("/agents/" in each.path for each in there.served.asked) == 1


async def test_freshservice_knows_its_own_steps_by_name_too(tmp_path: Path) -> None:
    """Where activities give no ids; and what a workflow did is news."""
    async with freshservice.opened(tmp_path) as there:
        reference = await file(there, ticket())
        await there.news()
        steps = there.served.activities[int(reference)]

        await there.system.update(reference, update(1, "", status="resolved"))
        for each in steps:
            each["actor"] = {"name": each["actor"]["name"]}
        assert list(await there.news()) == []

        await there.reopens(NUMBER)
        steps[-1]["actor"] = {"name": "Ticket Workflow"}
        [change] = await there.news()
        assert (change.kind, change.by) == ("reopened", "Ticket Workflow")


async def test_freshservice_tells_of_an_action_whose_actor_nobody_names(tmp_path: Path) -> None:
    """Better told without a name than not at all."""
    async with freshservice.opened(tmp_path) as there:
        reference = await file(there, ticket())
        await there.news()
        await there.resolves(NUMBER, "The proxy was it.")
        there.served.activities[int(reference)].clear()

        told = [(each.kind, each.by) for each in await there.news()]
        assert told == [("comment", "Ada Agent"), ("resolved", "")]


async def test_the_doctor_knows_what_a_form_of_freshservice_wants(tmp_path: Path) -> None:
    """Before the first case is refused; and whose key it is, and what no workspace is."""
    async with freshservice.opened(tmp_path) as there, open_client() as client:
        there.served.fields.append({"name": "floor", "label": "Floor", "required_for_closure": True})
        [finding] = await there.system.check()
        assert (finding.state, "Floor" in finding.found) == ("warning", True)

        key = Secret(freshservice.KEY)
        for user, workspace, said in (
            ("ada@example.com", "3", "not of ada@example.com"),
            (freshservice.USER, "IT", "no number of a workspace"),
        ):
            wrong = FreshserviceTickets(client, there.served.url, user, key, workspace)
            [finding] = await wrong.check()
            assert (finding.state, said in finding.found) == ("failed", True)


# ---- Zammad


async def test_two_attempts_at_once_make_one_ticket_in_zammad(tmp_path: Path) -> None:
    """Its database holds each number once; who comes second looks it up."""
    async with zammad.opened(tmp_path) as there:
        made = await asyncio.gather(
            *(there.system.create(ticket()) for _ in range(3)), return_exceptions=True
        )

        failed = [each for each in made if isinstance(each, DeliveryFailed)]
        assert [each.unknown for each in failed] == [True, True]
        assert await there.count(NUMBER) == 1
        assert await file(there, ticket()) == NUMBER


async def test_zammads_webhook_and_the_asking_tell_the_same_once(tmp_path: Path) -> None:
    """An article comes at once by the one and again by the other, under one id; the rest is asked for."""
    async with zammad.opened(tmp_path) as there:
        reference = await file(there, ticket())
        await there.news()
        await there.system.update(reference, update(1, "It is still the same."))
        await there.resolves(NUMBER, "The proxy was it.")

        sent = [each for headers, body in there.served.sent for each in there.system.heard(headers, body)]
        asked = list(await there.news())
        assert [(each.kind, each.text, each.by) for each in sent] == [
            ("comment", "The proxy was it.", "Ada Agent")
        ]
        assert sent == [each for each in asked if each.kind == "comment"]
        assert [each.kind for each in asked if each.kind != "comment"] == ["resolved"]


async def test_what_zammad_did_not_sign_is_not_believed(tmp_path: Path) -> None:
    """Another secret, other bytes, none of its documents, and none at all when no secret is set."""
    async with zammad.opened(tmp_path) as there, open_client() as client:
        await file(there, ticket())
        await there.says(NUMBER, "Which network are you in?", public=True)
        headers, body = there.served.sent[-1]
        for forged in (
            ({**headers, "X-Hub-Signature": "sha1=00"}, body),
            (headers, body.replace(b"network", b"password")),
            ({name: value for name, value in headers.items() if "Hub" not in name}, body),
            zammad.signed(b'{"ticket": 1}'),
            zammad.signed(b"\xff"),
        ):
            with pytest.raises(Forged):
                there.system.heard(*forged)
        without = ZammadTickets(client, there.served.url, Secret(zammad.TOKEN), "IT Helpdesk")
        with pytest.raises(Forged, match="HANDRAIL_TICKETS_SECRET"):
            without.heard(headers, body)


@pytest.mark.parametrize("article", [{}, None])
async def test_a_trigger_of_zammad_that_is_about_no_article_brings_none(
    tmp_path: Path, article: object
) -> None:
    """Who owns a ticket, say: its payload has an empty article, or none."""
    async with zammad.opened(tmp_path) as there:
        payload = packed({"ticket": {"number": NUMBER, "created_by_id": 5}, "article": article})
        assert list(there.system.heard(*zammad.signed(payload))) == []


@pytest.mark.parametrize("ticket_is", [{"number": "22001"}, {"number": "HR-7K3F and more"}])
async def test_zammads_other_tickets_are_nobodys_news(tmp_path: Path, ticket_is: dict[str, Any]) -> None:
    """Whatever a trigger sends of them."""
    async with zammad.opened(tmp_path) as there:
        article = {"id": 1, "created_at": "2026-11-27T05:00:00.000Z", "body": "hello", "internal": False}
        payload = packed({"ticket": {**ticket_is, "created_by_id": 9}, "article": article})
        assert list(there.system.heard(*zammad.signed(payload))) == []


async def test_a_ticket_of_zammad_that_was_renamed_is_still_the_case(tmp_path: Path) -> None:
    """The number is what counts, and that nobody can change."""
    async with zammad.opened(tmp_path) as there:
        reference = await file(there, ticket())
        await there.news()
        there.does(NUMBER, title="Proxy, again")

        await there.says(NUMBER, "Which network are you in?", public=True)
        assert [each.number for each in await there.news()] == [NUMBER]
        assert await there.system.find(NUMBER) == reference


async def test_zammads_states_go_by_their_type(tmp_path: Path) -> None:
    """One of the right type stays; waiting says until when; one that is not there is only written down."""
    async with zammad.opened(tmp_path) as there:
        reference = await file(there, ticket())
        [kept] = there.served.tickets.values()
        there.does(NUMBER, state_id=8)
        await there.system.update(reference, update(1, "", status="claimed"))
        assert kept["state_id"] == 8

        await there.system.update(reference, update(2, "", status="waiting"))
        assert kept["state_id"] == 3
        assert kept["pending_time"]

        there.served.states[4] = ("erledigt", "closed")
        await there.system.update(reference, update(3, "", status="resolved"))
        assert kept["state_id"] == 4

        for each in (2, 8):
            del there.served.states[each]
        await there.system.update(reference, update(4, "", status="reopened"))
        assert kept["state_id"] == 4
        assert "(reopened)" in (await there.written(NUMBER))[-1].text
        [finding] = await there.system.check()
        assert (finding.state, "open" in finding.found) == ("warning", True)


async def test_what_zammad_does_by_its_rules_is_news_of_zammad(tmp_path: Path) -> None:
    """A ticket that a rule closes is closed; the receipt that it sends is nobody's words."""
    async with zammad.opened(tmp_path) as there:
        reference = await file(there, ticket())
        await there.news()
        [number] = there.served.tickets
        there.served.change(number, {"state_id": 4}, zammad.SYSTEM)
        there.served.write(
            number,
            {"body": hypertext("We closed it."), "content_type": "text/html", "type": "email",
             "sender": "System", "internal": False},
            zammad.SYSTEM,
        )  # fmt: skip

        assert [(each.kind, each.by) for each in await there.news()] == [("resolved", "Zammad")]
        assert reference == NUMBER


async def test_the_doctor_says_when_the_group_was_not_given(tmp_path: Path) -> None:
    """A role may give it too, which our user cannot see."""
    async with zammad.opened(tmp_path) as there:
        there.served.groups = {"IT Helpdesk": ["read"]}
        [finding] = await there.system.check()
        assert finding.state == "warning"
        assert "IT Helpdesk" in finding.found


async def test_zammads_priorities_go_by_their_marks(tmp_path: Path) -> None:
    """Their names are changed; one that is not active is none; without a mark the log says what to do."""
    async with zammad.opened(tmp_path) as there:
        priorities = there.served.priorities
        priorities[3]["name"], priorities[2]["name"] = "hoch", "normal"
        priorities[4] = {**priorities[3], "name": "sehr hoch", "active": False}
        reference = await file(there, of("urgent"))
        assert await there.priority(NUMBER) == "hoch"
        await there.system.update(reference, said("normal"))
        assert await there.priority(NUMBER) == "normal"

        priorities[3]["ui_color"] = None
        with capture_logs() as logs:
            await there.system.update(reference, said("urgent", 2))
        assert await there.priority(NUMBER) == "normal"
        assert ["high-priority" in each["what_to_do"] for each in logs] == [True]
        assert len(await there.written(NUMBER)) == 2
