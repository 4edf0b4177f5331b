"""Is the person's account on: only their own, and only what Graph says in so many words."""

from typing import Any

import pytest

from bot.address import Person
from bot.probes.api import Finding
from tests.bot.probes.conftest import Ask
from tests.support.graph import COLLEAGUE, PERSON, PlayedGraph


async def test_an_account_that_is_on(ask: Ask) -> None:
    """The ticket also says what the helpdesk looks up next."""
    assert await ask("account-state") == Finding(
        "enabled",
        "the account is on · member · synchronised from on-premises"
        " · password last changed 2026-08-01 07:00:00 UTC",
    )


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"accountEnabled": False}, "disabled"),
        ({"userType": "Guest", "externalUserState": "PendingAcceptance"}, "guest-pending"),
        ({"userType": "Guest", "externalUserState": "Accepted"}, "enabled"),
        ({"userType": "Guest", "externalUserState": None}, "enabled"),
        # Switched off is what stops them, whatever the invitation says.
        ({"accountEnabled": False, "externalUserState": "PendingAcceptance"}, "disabled"),
    ],
)
async def test_what_stops_a_person(
    ask: Ask, graph: PlayedGraph, fields: dict[str, Any], outcome: str
) -> None:
    """Switched off, or invited and not yet there."""
    graph.users[PERSON].update(fields)
    assert (await ask("account-state")).outcome == outcome


@pytest.mark.parametrize("missing", [True, False])
async def test_a_permission_for_names_alone_is_not_a_clean_bill(
    ask: Ask, graph: PlayedGraph, missing: bool
) -> None:
    """With too small a permission Graph answers 200 and leaves `accountEnabled` out, or null."""
    graph.users[PERSON]["accountEnabled"] = None
    if missing:
        del graph.users[PERSON]["accountEnabled"]
    found = await ask("account-state")
    assert found.outcome == "unknown"
    assert "User.Read.All" in found.detail


async def test_an_account_that_is_gone(ask: Ask, graph: PlayedGraph) -> None:
    """Deleted meanwhile: that is for the helpdesk to see, not for the bot to interpret."""
    graph.users.clear()
    assert await ask("account-state") == Finding("unknown", "this account is not in the directory (any more)")


async def test_an_answer_about_somebody_else_is_no_answer(ask: Ask, graph: PlayedGraph) -> None:
    """The id in the answer has to be the one that was asked for."""
    graph.user.next(200, {"id": COLLEAGUE, "accountEnabled": False})
    assert await ask("account-state") == Finding("unknown", "Microsoft Graph answered about another account")


async def test_the_persons_own_id_is_the_only_key(ask: Ask, graph: PlayedGraph) -> None:
    """The name that somebody goes by in Teams appears in no question; capitals in the id do not matter."""
    graph.users[COLLEAGUE] = {**graph.users[PERSON], "id": COLLEAGUE}
    found = await ask("account-state", person=Person(name=COLLEAGUE, object_id=PERSON.upper(), verified=True))
    assert found.outcome == "enabled"
    [sent] = graph.asked
    assert sent.path.startswith(f"/v1.0/users/{PERSON}?$select=")


async def test_only_what_is_needed_is_asked_for(ask: Ask, graph: PlayedGraph) -> None:
    """No name, no address, no phone number."""
    await ask("account-state")
    [sent] = graph.asked
    assert sent.path.split("?$select=")[1].split("%2C") == [
        "id",
        "accountEnabled",
        "userType",
        "externalUserState",
        "onPremisesSyncEnabled",
        "lastPasswordChangeDateTime",
    ]
