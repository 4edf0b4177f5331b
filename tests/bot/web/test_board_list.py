"""The board's list: narrowed down, sorted, page by page, all of it in the address."""

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from bot.address import Person
from bot.store.api import CaseRecord
from bot.web.listing import PAGE, Wanted
from dialogs.conversation import CaseStatus
from dialogs.guide import Severity
from tests.support.keeping import case, opening
from tests.support.pages import Pages, Visitor, serving


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    """Served pages."""
    async with serving(tmp_path) as served:
        yield served


@pytest.fixture
async def agent(pages: Pages) -> AsyncIterator[Visitor]:
    """Somebody of the helpdesk."""
    async with Visitor(pages) as someone:
        yield someone


def about(
    number: str,
    name: str,
    *,
    at: int,
    status: CaseStatus = "open",
    by: str = "",
    severity: Severity = "normal",
    **file: object,
) -> CaseRecord:
    """A case."""
    made = case(number, at=at, status=status)
    described = {"codes": (53003,), **file}
    return msgspec.structs.replace(
        made,
        person=Person(name=name),
        by=by,
        severity=severity,
        file=msgspec.structs.replace(made.file, **described),
    )


async def keep(pages: Pages, *records: CaseRecord) -> None:
    """Put cases into the store."""
    await pages.store.turn("c", records[0].number, opening(*records))


async def listed(agent: Visitor, query: str) -> list[str]:
    """The numbers on a page of the list, in order."""
    async with agent.http.get(f"/helpdesk?{query}") as answer:
        assert answer.status == 200
        return re.findall(r'id="case-(HR-\w+)"', await answer.text())


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["HR-0004", "HR-0003", "HR-0002", "HR-0001"]),
        ("sort=oldest", ["HR-0001", "HR-0002", "HR-0003", "HR-0004"]),
        ("show=unclaimed", ["HR-0004", "HR-0001"]),
        ("show=waiting", ["HR-0003"]),
        ("show=closed", ["HR-0005"]),
        ("show=all", ["HR-0005", "HR-0004", "HR-0003", "HR-0002", "HR-0001"]),
        ("show=mine", []),
        ("queue=security", ["HR-0002"]),
        ("code=AADSTS50076", ["HR-0003"]),
        ("code=50076", ["HR-0003"]),
        ("code=no+code", ["HR-0004", "HR-0003", "HR-0002", "HR-0001"]),
        ("language=fr", ["HR-0004"]),
        ("q=m%C3%BCller", ["HR-0001"]),
        ("q=hr-0002", ["HR-0002"]),
        ("q=er&show=all", ["HR-0005", "HR-0001"]),
        ("q=%3Cscript%3E", []),
        ("show=nothing&sort=sideways&after=nowhere", ["HR-0004", "HR-0003", "HR-0002", "HR-0001"]),
        ("after=250-HR-0003", ["HR-0002", "HR-0001"]),
    ],
)
async def test_the_list_shows_what_is_asked_for(
    pages: Pages, agent: Visitor, query: str, numbers: list[str]
) -> None:
    """Each way to narrow it down, and what nobody understands counts for nothing."""
    await keep(
        pages,
        about("HR-0001", "Ines Müller", at=100),
        about("HR-0002", "Max", at=200, status="claimed", by="Kim", queue="security"),
        about("HR-0003", "Jo", at=250, status="waiting", by="Kim", codes=(50076,)),
        about("HR-0004", "Ida", at=300, status="reopened", language="fr"),
        about("HR-0005", "Erika", at=400, status="resolved"),
    )
    assert await listed(agent, query) == numbers


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["HR-0003", "HR-0001", "HR-0004", "HR-0002"]),
        ("sort=oldest", ["HR-0001", "HR-0003", "HR-0002", "HR-0004"]),
        ("severity=urgent", ["HR-0003", "HR-0001"]),
        ("severity=normal", ["HR-0004", "HR-0002"]),
        ("severity=whatever&queue=security", ["HR-0001", "HR-0002"]),
        ("show=closed", ["HR-0006", "HR-0005"]),
        ("show=closed&severity=urgent", ["HR-0005"]),
        ("show=all", ["HR-0006", "HR-0005", "HR-0004", "HR-0003", "HR-0002", "HR-0001"]),
        ("after=urgent-300-HR-0003", ["HR-0001", "HR-0004", "HR-0002"]),
        ("after=normal-400-HR-0004", ["HR-0002"]),
        ("show=all&after=300-HR-0003", ["HR-0002", "HR-0001"]),
    ],
)
async def test_what_is_urgent_comes_first_where_there_is_work_to_do(
    pages: Pages, agent: Visitor, query: str, numbers: list[str]
) -> None:
    """What is over stands in the order of time; the severity can be asked for alone."""
    await keep(
        pages,
        about("HR-0001", "Ines", at=100, severity="urgent", queue="security"),
        about("HR-0002", "Max", at=200, queue="security"),
        about("HR-0003", "Jo", at=300, severity="urgent", status="claimed", by="Kim"),
        about("HR-0004", "Ida", at=400),
        about("HR-0005", "Eva", at=500, severity="urgent", status="resolved"),
        about("HR-0006", "Uwe", at=600, status="resolved"),
    )
    assert await listed(agent, query) == numbers


async def test_pages_go_on_from_the_urgent_cases_to_the_others(pages: Pages, agent: Visitor) -> None:
    """More than a page of each: every case once, the urgent ones before all others."""
    cases = [about(f"HR-{n:04}", "Ida", at=n, severity="urgent" if n % 2 else "normal") for n in range(150)]
    await keep(pages, *cases)
    seen: list[str] = []
    path = "/helpdesk?sort=oldest"
    for _ in range(5):
        async with agent.http.get(path) as answer:
            text = await answer.text()
        seen += re.findall(r'id="case-(HR-\w+)"', text)
        following = re.search(r'id="page-next" rel="next" href="([^"]+)"', text)
        if following is None:
            break
        path = html.unescape(following[1])

    assert seen == [f"HR-{n:04}" for n in (*range(1, 150, 2), *range(0, 150, 2))]


async def test_every_case_is_on_some_page(pages: Pages, agent: Visitor) -> None:
    """More than one page, more than two hundred: following the links shows each once."""
    await keep(pages, *(about(f"HR-{n:04}", "Ida", at=n // 3) for n in range(4 * PAGE + 20)))
    seen: list[str] = []
    path = "/helpdesk?sort=oldest&q=ida"
    for _ in range(6):
        async with agent.http.get(path) as answer:
            text = await answer.text()
        seen += re.findall(r'id="case-(HR-\w+)"', text)
        following = re.search(r'id="page-next" rel="next" href="([^"]+)"', text)
        if following is None:
            break
        path = html.unescape(following[1])
        assert "q=ida" in path
    assert seen == [f"HR-{n:04}" for n in range(4 * PAGE + 20)]


async def test_what_is_looked_for_stands_in_the_form_again(pages: Pages, agent: Visitor) -> None:
    """As words, whatever they are."""
    async with agent.http.get(
        "/helpdesk", params={"q": '"><script>alert(1)</script>', "sort": "oldest"}
    ) as answer:
        text = await answer.text()
    assert "<script>alert" not in text
    assert 'value="&#34;&gt;&lt;script&gt;' in text
    assert 'value="oldest" selected' in text


def test_an_address_leads_back_to_what_is_wanted() -> None:
    """There and back again; the usual is left out."""
    wanted = Wanted(show="closed", queue="security", code="50076", words="Müller & Söhne", sort="oldest")
    assert Wanted.read(dict(parse_qsl(urlsplit(wanted.address()).query))) == wanted
    assert Wanted().address() == "/helpdesk"
    assert wanted.address(after="1-HR-1").count("after=1-HR-1") == 1
    assert "after" not in Wanted(after="1-HR-1").address(show="all")
