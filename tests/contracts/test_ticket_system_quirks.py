"""What only one ticket system does, and must not do to people."""

from pathlib import Path

import msgspec
import pytest

from bot.tickets.api import File
from tests.contracts.test_ticket_systems_elsewhere import NUMBER, file, ticket, update
from tests.support.helpdesks import django_helpdesk, github, jira, servicenow, zendesk


async def test_django_helpdesk_keeps_resolution_and_title(tmp_path: Path) -> None:
    """There a comment becomes the resolution of a resolved ticket, and a title renames it: not ours."""
    async with django_helpdesk.opened(tmp_path) as there:
        reference = await file(there, ticket())
        await there.system.update(reference, update(1, "The cache was full.", status="resolved"))
        await there.system.update(reference, update(2, "Thank you!"))
        await there.system.attach(
            reference, File(key=f"{NUMBER}/3", name="a.json", media_type="", content=b"{}")
        )

        kept = await there._ticket(NUMBER)
        assert "The cache was full." in kept["resolution"]
        assert kept["title"] == ticket().title


async def test_on_github_nobody_is_mentioned_and_nothing_is_a_link(tmp_path: Path) -> None:
    """What people wrote stands in a block of code that they cannot end; a name is only letters."""
    evil = "@octocat see ![x](https://evil.example/x.png)\n````\n```\n<!-- -->"
    async with github.opened(tmp_path) as there:
        reference = await file(there, ticket(body=evil))
        said = msgspec.structs.replace(update(1, evil), author="@octocat ![x](y) <b>")
        await there.system.update(reference, said)

        [comment] = await there.written(NUMBER)
        for text in (await there.body(NUMBER), comment.text):
            before, fence, rest = text.partition("`````text\n")
            assert fence
            assert rest.endswith("\n`````")
            assert not set("@!<>()") & set(before.replace("<!-- handrail:HR-7K3F -->", ""))


async def test_a_public_repository_gets_no_cases(tmp_path: Path) -> None:
    """The doctor says so before the first one."""
    async with github.opened(tmp_path) as there:
        there.served.private = False
        [finding] = await there.system.check()
        assert finding.state == "failed"
        assert "public" in finding.found


async def test_a_closed_ticket_of_zendesk_refuses_with_its_reason(tmp_path: Path) -> None:
    """Closed is for ever there: the helpdesk hears that the comment did not arrive."""
    from bot.errors import DeliveryRefused

    async with zendesk.opened(tmp_path) as there:
        reference = await file(there, ticket())
        there.served.tickets[int(reference)]["status"] = "closed"
        with pytest.raises(DeliveryRefused, match="RecordInvalid"):
            await there.system.update(reference, update(1, "hello"))


async def test_a_journal_of_servicenow_takes_no_markup(tmp_path: Path) -> None:
    """[code] would make HTML of what follows."""
    async with servicenow.opened(tmp_path) as there:
        reference = await file(there, ticket())
        await there.system.update(reference, update(1, "[code]<img src=x>[/CODE] [Code]"))
        [entry] = await there.written(NUMBER)
        assert "[code]" not in entry.text.lower()
        assert "<img src=x>" in entry.text


async def test_a_status_that_jiras_workflow_lacks_is_only_said(tmp_path: Path) -> None:
    """Where no transition leads to waiting, the comment is there all the same."""
    async with jira.opened(tmp_path) as there:
        reference = await file(there, ticket())
        was = dict(jira.STATUSES)
        try:
            del jira.STATUSES["3"]
            await there.system.update(reference, update(1, "", status="waiting"))
        finally:
            jira.STATUSES.clear()
            jira.STATUSES.update(was)
        [comment] = await there.written(NUMBER)
        assert "(waiting)" in comment.text
