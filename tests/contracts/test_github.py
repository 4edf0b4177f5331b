"""What GitHub's documents say and the other systems' do not; `bot/tickets/github.py` names them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import DeliveryFailed, DeliveryPostponed
from tests.contracts.test_ticket_severity import of, said
from tests.contracts.test_ticket_systems_elsewhere import NUMBER, file, ticket, update
from tests.support.helpdesks import github
from tests.support.helpdesks.github import GitHub


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[GitHub]:
    """A repository without issues."""
    async with github.opened(tmp_path) as opened:
        yield opened


async def test_a_message_that_did_not_arrive_is_asked_for(there: GitHub) -> None:
    """GitHub sends it once; what came by the webhook all the same is known by its id."""
    await file(there, ticket())
    await there.news()
    await there.says(NUMBER, "Which network are you in?", public=True)
    await there.says(NUMBER, "Hello?", public=True)
    (lost, arrived), there.served.sent[:] = there.served.sent, []

    [heard] = there.system.heard(*arrived)
    listed = await there.news()

    assert lost
    assert [each.text for each in listed] == ["Which network are you in?", "Hello?"]
    assert heard == listed[1]


async def test_only_new_comments_of_others_are_sent(there: GitHub) -> None:
    """One of ours, one that is edited, one of an issue that is none of ours: nothing."""
    reference = await file(there, ticket())
    await there.system.update(reference, update(1, "It is still the same."))
    [ours], there.served.sent[:] = there.served.sent, []
    there.served.open({"title": "x", "body": f"<!-- handrail:{NUMBER} -->\n"}, "mallory")
    there.served.comment(2, "hello", "ada")
    [others] = there.served.sent

    assert there.system.heard(*ours) == ()
    assert there.system.heard(*others) == ()
    assert list((await there.system.changes("1")).found) == []


async def test_an_old_issue_is_found_by_the_search(there: GitHub) -> None:
    """Behind the newest hundred; and what the search did not look at is never not there."""
    for nth in range(101):
        await there.system.create(ticket(f"HR-{nth:04}"))
    there.served.indexed = frozenset({1})
    assert await there.system.find("HR-0000") == "1"

    there.served.complete = False
    assert await there.system.find("HR-0000") == "1"
    with pytest.raises(DeliveryFailed, match="did not look everywhere"):
        await there.system.find("HR-2222")


async def test_news_of_many_issues_is_read_to_its_end(there: GitHub) -> None:
    """Page by page, and of each issue all of its events."""
    numbers = [f"HR-{nth:04}" for nth in range(101)]
    for number in numbers:
        await there.system.create(ticket(number))
    await there.news()
    for number in numbers:
        await there.says(number, f"About {number}.", public=True)
    for _ in range(60):
        await there.resolves("HR-0000", "Again.")
        await there.reopens("HR-0000")

    told = await there.news()

    assert {each.number for each in told} == {*numbers}
    assert sum(each.kind == "reopened" for each in told) == 60


async def test_a_second_limit_without_a_time_costs_no_try(there: GitHub) -> None:
    """Content made too quickly: a 403 with words alone, and most of the first limit left."""
    why = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    there.served.answers(403, why, {"X-RateLimit-Remaining": "4980"}, writes=True)

    with pytest.raises(DeliveryPostponed) as caught:
        await file(there, ticket())
    assert caught.value.wait == 60


async def test_a_long_case_is_cut_to_what_an_issue_takes(there: GitHub) -> None:
    """With its marker and its fence."""
    reference = await file(there, ticket(body="`" * 70_000))
    await there.system.update(reference, update(1, "`" * 70_000))
    assert len(await there.body(NUMBER)) <= github.LONGEST
    assert len(await there.written(NUMBER)) == 1


async def test_many_long_cases_are_no_answer_that_is_too_long(there: GitHub) -> None:
    """A list has the whole text of each: of a page of theirs we would not read the end."""
    for nth in range(100):
        await there.system.create(ticket(f"HR-{nth:04}", body="long " * 13_000))

    assert await there.system.find("HR-0099") == "100"


async def test_the_label_is_made_once_and_left_as_it_is(there: GitHub) -> None:
    """One of this name may have another colour; and whoever is faster with it made it."""
    for number in (NUMBER, "HR-7K3"):
        await file(there, of("urgent", number))
    made = [each for each in there.served.asked if each.path.endswith("/labels")]
    assert [each.method for each in made] == ["POST"]

    there.served.labels["urgent"] = "0e8a16"
    await file(there, of("urgent", "HR-7K4"))
    assert there.served.labels["urgent"] == "0e8a16"


async def test_two_who_make_the_label_at_once_both_file(there: GitHub) -> None:
    """The second hears that there is one."""
    numbers = ("HR-7K3", "HR-7K4", "HR-7K5")
    await asyncio.gather(*(there.system.create(of("urgent", number)) for number in numbers))
    assert {await there.priority(number) for number in numbers} == {"urgent"}


async def test_other_labels_are_left_alone(there: GitHub) -> None:
    """Those that the helpdesk set."""
    reference = await file(there, of("urgent"))
    there.served.label(int(reference), "bug", "ada")
    await there.system.update(reference, said("normal"))
    assert await there.priority(NUMBER) == "bug"
    await there.system.update(reference, said("normal", 2))
    await there.system.update(reference, said("urgent", 3))
    assert await there.priority(NUMBER) == "bug urgent"
