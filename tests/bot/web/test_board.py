"""The board: what an agent sees, and what claiming and closing does, once."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.api import CaseRecord
from tests.support.pages import PASTED, Pages, Visitor, serving

HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(2)> {{ 7*7 }}'


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    """Served pages."""
    async with serving(tmp_path) as served:
        yield served


@pytest.fixture
async def person(pages: Pages) -> AsyncIterator[Visitor]:
    """Somebody who has opened the chat page."""
    async with Visitor(pages) as someone:
        await someone.look()
        yield someone


@pytest.fixture
async def agent(pages: Pages) -> AsyncIterator[Visitor]:
    """Somebody of the helpdesk, in another browser."""
    async with Visitor(pages) as someone:
        yield someone


async def hand_over(pages: Pages, person: Visitor, remark: str = "") -> CaseRecord:
    """Take a case to the helpdesk the short way, with words of the person's own."""
    await person.say(PASTED)
    await person.command("person")
    heard = await person.look()
    if remark:
        await person.choose(heard.live, "handover-add")
        await person.say(remark)
        heard = await person.look()
    await person.choose(heard.live, "handover-yes")
    await person.choose((await person.look()).live, "skip")
    [case] = await pages.store.cases()
    assert isinstance(case, CaseRecord)
    return case


class Page:
    """A page of the board, and the forms in it."""

    def __init__(self, status: int, url: str, text: str) -> None:
        self.status = status
        self.url = url
        self.text = text

    @property
    def words(self) -> str:
        """What is to be read."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.text)).split())

    def hidden(self, name: str) -> str:
        """The value of a hidden field."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, name
        return found[1]


async def get(agent: Visitor, path: str) -> Page:
    """Open a page."""
    async with agent.http.get(path) as answer:
        return Page(answer.status, answer.url.path, await answer.text())


async def post(agent: Visitor, path: str, fields: dict[str, str], **headers: str) -> Page:
    """Send a form as a browser does, and follow where it leads."""
    sent = {"Origin": agent.pages.url, **headers}
    async with agent.http.post(path, data=fields, headers=sent) as answer:
        return Page(answer.status, answer.url.path, await answer.text())


async def form(agent: Visitor, record: CaseRecord, **fields: str) -> dict[str, str]:
    """The fields of a case's forms, as the page gives them, and what the agent fills in."""
    page = await get(agent, f"/helpdesk/cases/{record.number}")
    return {"token": page.hidden("token"), "id": page.hidden("id"), **fields}


async def test_an_empty_board_says_so(agent: Visitor) -> None:
    """Nothing waits, in words."""
    assert "Nothing is waiting." in (await get(agent, "/helpdesk")).words


async def test_a_new_case_stands_on_the_board(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """Number, code and the warning are there at a glance."""
    record = await hand_over(pages, person)
    page = await get(agent, "/helpdesk")
    assert record.number in page.words
    assert "AADSTS1000002" in page.words
    assert "not verified" in page.words


async def test_a_case_page_needs_no_second_question(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """Ids, the person's own words and the whole conversation are on it; the warning cannot be missed."""
    record = await hand_over(pages, person, "My laptop is new since Monday")
    page = await get(agent, f"/helpdesk/cases/{record.number}")
    assert "3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90" in page.words
    assert page.words.count("My laptop is new since Monday") >= 2
    assert "Check who this is" in page.words
    assert (
        page.words.index("Not verified.") < page.words.index("What is known") < page.words.index("The whole")
    )


async def test_words_of_a_stranger_are_words(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """Neither HTML nor a template lives in what somebody typed."""
    record = await hand_over(pages, person, HOSTILE)
    page = await get(agent, f"/helpdesk/cases/{record.number}")
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "{{ 7*7 }}" in page.words


async def test_a_claim_reaches_the_person_and_keeps_the_name(
    pages: Pages, person: Visitor, agent: Visitor
) -> None:
    """The person reads who is on it; the next form knows the agent's name."""
    record = await hand_over(pages, person)
    async with person.stream() as heard:
        await heard.state()
        page = await post(
            agent, f"/helpdesk/cases/{record.number}/claim", await form(agent, record, by="Kim  Özdemir")
        )
        await heard.state()
    assert (page.status, page.url) == (200, f"/helpdesk/cases/{record.number}")
    assert "You are working on this." in page.words
    assert 'value="Kim Özdemir"' in page.text
    assert "Kim Özdemir" in heard.said[-1]
    assert (await pages.store.case(record.number)).status == "claimed"


async def test_closing_sends_the_note_to_the_person(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """What the agent writes stands in the chat, and the case leaves the list of open ones."""
    record = await hand_over(pages, person)
    fields = await form(agent, record, by="Kim", note="The rule is mended. Please sign in again.")
    page = await post(agent, f"/helpdesk/cases/{record.number}/close", fields)
    assert page.status == 200
    assert "The rule is mended. Please sign in again." in (await person.look()).said[-1]
    assert record.number not in (await get(agent, "/helpdesk")).words
    assert record.number in (await get(agent, "/helpdesk?show=closed")).words
    assert record.number in (await get(agent, "/helpdesk?show=all")).words


async def test_a_double_submit_is_one_event(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """Two clicks on one form close the case once and tell the person once."""
    record = await hand_over(pages, person)
    fields = await form(agent, record, by="Kim", note="Done once.")
    path = f"/helpdesk/cases/{record.number}/close"
    answers = await asyncio.gather(*(post(agent, path, fields) for _ in range(3)))
    assert {answer.status for answer in answers} == {200}
    assert sum("Done once." in line for line in (await person.look()).said) == 1


async def test_the_second_of_two_agents_does_not_take_the_case_away(
    pages: Pages, person: Visitor, agent: Visitor
) -> None:
    """Whoever claims later sees who was first."""
    record = await hand_over(pages, person)
    path = f"/helpdesk/cases/{record.number}/claim"
    async with Visitor(pages) as other:
        late = await form(other, record, by="Robin")
        await post(agent, path, await form(agent, record, by="Kim"))
        page = await post(other, path, late)
    assert "Kim" in page.words
    assert "You are working on this." not in page.words
    assert (await pages.store.case(record.number)).by == "Kim"


async def test_of_two_who_make_it_urgent_one_did(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """The page of the second is out of date; it ends as they want it, and the person hears of neither."""
    record = await hand_over(pages, person)
    heard = (await person.look()).said
    path = f"/helpdesk/cases/{record.number}/urgent"
    async with Visitor(pages) as other:
        late = await form(other, record, by="Robin")
        first = await post(agent, path, await form(agent, record, by="Kim"))
        second = await post(other, path, late)
    assert "Kim made it urgent." in first.words
    assert "The case is urgent now." in second.words
    kept = await pages.store.case(record.number)
    assert (kept.severity, [entry.by for entry in kept.log if entry.what == "urgent"]) == ("urgent", ["Kim"])
    assert (await person.look()).said == heard


@pytest.mark.parametrize(
    "attack",
    [
        {"fields": {"token": "0" * 32}},
        {"fields": {"token": ""}},
        {"headers": {"Origin": "http://evil.example"}},
        {"headers": {"Origin": "null"}},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
    ],
)
async def test_another_sites_form_does_nothing(
    pages: Pages, person: Visitor, agent: Visitor, attack: dict[str, dict[str, str]]
) -> None:
    """Without the token or from another origin nothing happens, and what was typed is still there."""
    record = await hand_over(pages, person)
    fields = await form(agent, record, by="Kim", note="typed with care") | attack.get("fields", {})
    page = await post(agent, f"/helpdesk/cases/{record.number}/close", fields, **attack.get("headers", {}))
    assert page.status == 403
    assert "typed with care" in page.text
    assert (await pages.store.case(record.number)).status == "open"


async def test_a_name_is_asked_for_and_the_note_is_kept(
    pages: Pages, person: Visitor, agent: Visitor
) -> None:
    """The person reads who writes to them; a form without a name comes back as it was."""
    record = await hand_over(pages, person)
    fields = await form(agent, record, by="  ", note="typed with care")
    page = await post(agent, f"/helpdesk/cases/{record.number}/close", fields)
    assert page.status == 400
    assert "Please type your name first." in page.words
    assert "typed with care" in page.text


async def test_a_store_that_is_away_loses_no_note(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """The answer is a form with everything in it and the same event, to be sent again."""
    record = await hand_over(pages, person)
    fields = await form(agent, record, by="Kim", note="typed with care")
    path = f"/helpdesk/cases/{record.number}/close"
    pages.store.away = True
    page = await post(agent, path, fields)
    assert page.status == 503
    assert "typed with care" in page.text
    assert page.hidden("id") == fields["id"]
    assert (await get(agent, "/helpdesk")).status == 503
    pages.store.away = False
    again = {"token": page.hidden("token"), "id": page.hidden("id"), "by": "Kim", "note": "typed with care"}
    assert (await post(agent, path, again)).status == 200
    assert (await pages.store.case(record.number)).status == "resolved"


async def test_secrets_in_a_note_are_cut(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """An agent who types a password does not send it."""
    record = await hand_over(pages, person)
    fields = await form(agent, record, by="Kim", note="your password is Sommer2026!x")
    await post(agent, f"/helpdesk/cases/{record.number}/close", fields)
    assert "Sommer2026" not in str((await person.look()).lines)


@pytest.mark.parametrize("number", ["HR-XXXX", "hr-7k3f", "../../etc", "%00", "HR-" + "A" * 300])
async def test_an_unknown_number_is_a_404(agent: Visitor, number: str) -> None:
    """Whatever is asked for, there is a page that says there is no such case."""
    assert (await get(agent, f"/helpdesk/cases/{number}")).status == 404


async def test_a_reload_after_a_refused_form_leads_to_the_case(
    pages: Pages, person: Visitor, agent: Visitor
) -> None:
    """The address of a form is an address of its case."""
    record = await hand_over(pages, person)
    page = await get(agent, f"/helpdesk/cases/{record.number}/close")
    assert (page.status, page.url) == (200, f"/helpdesk/cases/{record.number}")


async def test_the_board_speaks_the_helpdesks_language(tmp_path: Path) -> None:
    """A German helpdesk reads German, whatever the person writes."""
    async with serving(tmp_path, HANDRAIL_HELPDESK_LANGUAGE="de") as pages, Visitor(pages) as person:
        await person.look()
        record = await hand_over(pages, person)
        page = await get(person, f"/helpdesk/cases/{record.number}")
        assert '<html lang="de"' in page.text
        assert "Was bekannt ist" in page.words
        assert "whole" not in page.words


async def test_the_forms_need_no_script(pages: Pages, person: Visitor, agent: Visitor) -> None:
    """Everything an agent does is a plain form with a plain button."""
    record = await hand_over(pages, person)
    page = await get(agent, f"/helpdesk/cases/{record.number}")
    assert page.text.count('<form method="post"') == 6
    assert page.text.count("<script") == 1
