"""What became of a sign-in: found by its ids or as the latest failure, the person's own, and not guessed."""

from typing import Any

import pytest

from bot.probes.api import Finding
from tests.bot.probes.conftest import Ask
from tests.support.graph import COLLEAGUE, PERSON, SAP, TEAMS, PlayedGraph
from tests.support.stage import Clock

UNHEARD = "deadbeef-0000-4000-8000-00000000aa00"


def policy(name: str | None, result: str) -> dict[str, Any]:
    """A Conditional Access policy as a row names it."""
    return {"id": "p", "displayName": name, "result": result, "enforcedGrantControls": ["Block"]}


# ---- finding it


async def test_the_request_id_finds_it(ask: Ask, graph: PlayedGraph) -> None:
    """The page's request id is the row's id; the ticket gets time, app, code and how it was found."""
    row = graph.sign_in(error=50126, minutes_ago=3)
    graph.sign_in(error=50053, minutes_ago=1)
    assert await ask("sign-in-log", request_id=row["id"]) == Finding(
        "failed", "2026-09-21 14:10:20 UTC · SAP · AADSTS50126 · Other. · found by its request id"
    )


async def test_a_trace_id_is_a_request_id(ask: Ask, graph: PlayedGraph) -> None:
    """Messages for developers call it so."""
    row = graph.sign_in(error=50126)
    assert "found by its request id" in (await ask("sign-in-log", trace_id=row["id"])).detail


async def test_the_correlation_id_finds_it(ask: Ask, graph: PlayedGraph) -> None:
    """Without a request id, or when its row is not there."""
    row = graph.sign_in(error=50126)
    found = await ask("sign-in-log", request_id=UNHEARD, correlation_id=row["correlationId"].upper())
    assert found.outcome == "failed"
    assert "found by its correlation id" in found.detail


async def test_the_correlation_id_is_never_asked_for_alone(ask: Ask, graph: PlayedGraph) -> None:
    """Clients choose it and share it: the person and a time belong to the question."""
    row = graph.sign_in(error=50126)
    await ask("sign-in-log", correlation_id=row["correlationId"], timestamp=graph.time(10))
    assert graph.filters[0] == (
        f"correlationId eq '{row['correlationId']}' and userId eq '{PERSON}'"
        " and createdDateTime ge 2026-09-21T13:03:20Z and createdDateTime le 2026-09-21T14:13:20Z"
    )


async def test_of_several_rows_with_one_correlation_id_the_last_failure_counts(
    ask: Ask, graph: PlayedGraph
) -> None:
    """Every try of the extra check is a row; the block that followed is where the person stands."""
    first = graph.sign_in(error=50074, minutes_ago=6)
    same = {"correlationId": first["correlationId"]}
    graph.sign_in(error=53003, minutes_ago=5, **same)
    found = await ask("sign-in-log", correlation_id=first["correlationId"])
    assert found.outcome == "blocked-by-policy"


async def test_a_correlation_id_of_last_week_is_another_sign_in(ask: Ask, graph: PlayedGraph) -> None:
    """Clients use one for days."""
    row = graph.sign_in(error=50126, minutes_ago=7 * 24 * 60)
    assert (await ask("sign-in-log", correlation_id=row["correlationId"])).outcome == "unknown"


async def test_without_ids_the_latest_failure_is_meant(ask: Ask, graph: PlayedGraph) -> None:
    """Within half an hour; an older one is another story."""
    graph.sign_in(error=50053, minutes_ago=29)
    graph.sign_in(error=50126, minutes_ago=20)
    graph.sign_in(error=53003, minutes_ago=31)
    found = await ask("sign-in-log")
    assert found.outcome == "failed"
    assert "AADSTS50126" in found.detail
    assert graph.filters == [f"userId eq '{PERSON}' and createdDateTime ge 2026-09-21T13:43:20Z"]


async def test_the_code_and_the_app_tell_failures_apart(ask: Ask, graph: PlayedGraph) -> None:
    """The person said which error it is, and the page which app."""
    graph.sign_in(error=53003, minutes_ago=9, appId=TEAMS, appDisplayName="Teams")
    graph.sign_in(error=53003, minutes_ago=8)
    graph.sign_in(error=50126, minutes_ago=1)
    found = await ask("sign-in-log", code="53003", app_id=TEAMS)
    assert "Teams · AADSTS53003" in found.detail


async def test_a_pasted_time_opens_the_window(ask: Ask, graph: PlayedGraph) -> None:
    """Hours ago is still found, when the page says so."""
    graph.sign_in(error=50126, minutes_ago=300)
    assert (await ask("sign-in-log")).outcome == "unknown"
    assert (await ask("sign-in-log", timestamp=graph.time(300))).outcome == "failed"


async def test_ids_that_are_not_there_fall_back_to_the_same_code_only(ask: Ask, graph: PlayedGraph) -> None:
    """Another failure of the last minutes is not passed off as theirs."""
    graph.sign_in(error=50126)
    assert (await ask("sign-in-log", request_id=UNHEARD, code="53003")).outcome == "unknown"
    found = await ask("sign-in-log", request_id=UNHEARD, code="50126")
    assert found.outcome == "failed"
    assert "found by its error code, not by its id" in found.detail


# ---- not finding it


async def test_the_log_is_late(ask: Ask, graph: PlayedGraph, clock: Clock) -> None:
    """A row that is not there yet is unknown, with a word to the helpdesk; later it is there."""
    facts: dict[str, Any] = {"request_id": UNHEARD, "timestamp": graph.time(1)}
    found = await ask("sign-in-log", **facts)
    assert found.outcome == "unknown"
    assert found.detail == "not in the sign-in log yet; it is some minutes late, please look again by the ids"
    clock.forward(240)
    graph.sign_in(error=53003, minutes_ago=5, id=UNHEARD)
    assert (await ask("sign-in-log", **facts)).outcome == "blocked-by-policy"


async def test_what_is_not_there_after_hours_is_another_kind_of_sign_in(ask: Ask, graph: PlayedGraph) -> None:
    """This log has interactive sign-ins only."""
    found = await ask("sign-in-log", request_id=UNHEARD, timestamp=graph.time(180))
    assert found.outcome == "unknown"
    assert "interactive sign-ins of this person only" in found.detail


@pytest.mark.parametrize("row", [{}, {"error": 50126, "minutes_ago": 60 * 24 * 29}])
async def test_older_than_a_day_needs_an_id(ask: Ask, graph: PlayedGraph, row: dict[str, Any]) -> None:
    """The latest failures are not those of weeks ago."""
    graph.sign_in(**row)
    found = await ask("sign-in-log", timestamp=graph.time(60 * 24 * 29))
    assert found == Finding("unknown", "over a day ago, and no id to find it by")
    assert graph.asked == []


async def test_older_than_the_log_is_not_looked_for(ask: Ask, graph: PlayedGraph) -> None:
    """Thirty days are kept at most."""
    found = await ask("sign-in-log", request_id=UNHEARD, timestamp=graph.time(60 * 24 * 31))
    assert found.outcome == "unknown"
    assert "30 days" in found.detail
    assert graph.asked == []


async def test_successes_alone_are_not_good_news(ask: Ask, graph: PlayedGraph) -> None:
    """The failure that the person speaks of may still be on its way into the log."""
    graph.sign_in(minutes_ago=12, appDisplayName="Teams")
    found = await ask("sign-in-log")
    assert found.outcome == "unknown"
    assert found.detail == (
        "no failed sign-in in the log since 2026-09-21 13:43:20 UTC, which may be some minutes late;"
        " the last success: Teams 2026-09-21 14:01:20 UTC"
    )


async def test_an_empty_log_is_unknown(ask: Ask) -> None:
    """Nothing there is nothing known."""
    assert (await ask("sign-in-log")).outcome == "unknown"


async def test_a_row_without_a_result_is_unknown(ask: Ask, graph: PlayedGraph) -> None:
    """The log can have a sign-in before it has its end."""
    row = graph.sign_in(error=None)
    found = await ask("sign-in-log", request_id=row["id"])
    assert found == Finding("unknown", "the sign-in log has no result of this sign-in yet")


async def test_a_time_without_a_zone_is_not_guessed(ask: Ask, graph: PlayedGraph) -> None:
    """Graph always names one; an answer without is odd."""
    row = graph.sign_in(error=50126, createdDateTime="2026-09-21T14:10:20")
    found = await ask("sign-in-log", request_id=row["id"])
    assert found == Finding("unknown", "Microsoft Graph gave an answer of an unknown form")


# ---- whose it is


async def test_a_colleagues_request_id_gives_nothing_away(ask: Ask, graph: PlayedGraph) -> None:
    """Who pastes somebody else's page learns nothing; the helpdesk learns that it is not theirs."""
    row = graph.sign_in(error=53003, user=COLLEAGUE, appDisplayName="Payroll")
    found = await ask("sign-in-log", request_id=row["id"])
    assert found == Finding("unknown", "the sign-in with this request id is not of this person's account")


async def test_a_colleagues_correlation_id_finds_nothing(ask: Ask, graph: PlayedGraph) -> None:
    """The person belongs to every question."""
    row = graph.sign_in(error=53003, user=COLLEAGUE)
    assert (await ask("sign-in-log", correlation_id=row["correlationId"])).outcome == "unknown"


async def test_a_log_that_does_not_filter_shows_nobody_elses_rows(ask: Ask, graph: PlayedGraph) -> None:
    """Graph has been seen to answer with rows that were not asked for; they are dropped here."""
    theirs = graph.sign_in(error=53003, user=COLLEAGUE)
    nobodys = graph.sign_in(error=53003, user="")
    graph.log.always(200, {"value": [theirs, nobodys]})
    assert (await ask("sign-in-log")).outcome == "unknown"
    assert (await ask("sign-in-log", correlation_id=theirs["correlationId"])).outcome == "unknown"


async def test_a_log_that_does_not_filter_mixes_up_no_attempts(ask: Ask, graph: PlayedGraph) -> None:
    """The person's own rows of another attempt are not this one."""
    graph.log.always(200, {"value": [graph.sign_in(error=53003)]})
    assert (await ask("sign-in-log", correlation_id=UNHEARD, code="50126")).outcome == "unknown"


async def test_another_row_than_asked_for_is_no_answer(ask: Ask, graph: PlayedGraph) -> None:
    """The id in the answer has to be the one in the question."""
    graph.row.always(200, graph.sign_in(error=50126))
    found = await ask("sign-in-log", request_id=UNHEARD)
    assert found == Finding("unknown", "Microsoft Graph answered about another sign-in")


# ---- what it means


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (50072, "prompt-open"),
        (50074, "prompt-open"),
        (50076, "prompt-open"),
        (50079, "prompt-open"),
        (50125, "prompt-open"),
        (50140, "prompt-open"),
        (50158, "prompt-open"),
        (50199, "prompt-open"),
        (50203, "prompt-open"),
        (65001, "prompt-open"),
        (1000002, "prompt-open"),
        (53000, "blocked-by-policy"),
        (53003, "blocked-by-policy"),
        (530032, "blocked-by-policy"),
        (50131, "blocked-by-policy"),
        (50126, "failed"),
        (500121, "failed"),
        (65004, "failed"),
        (0, "signed-in"),
    ],
)
async def test_what_a_code_means(ask: Ask, graph: PlayedGraph, code: int, outcome: str) -> None:
    """Pauses are not failures, and blocks are a policy's doing."""
    row = graph.sign_in(error=code)
    assert (await ask("sign-in-log", request_id=row["id"])).outcome == outcome


async def test_a_success_afterwards_means_signed_in(ask: Ask, graph: PlayedGraph) -> None:
    """With the same app; the ticket says when."""
    row = graph.sign_in(error=1000002, minutes_ago=8)
    graph.sign_in(minutes_ago=5)
    for facts in ({"request_id": row["id"]}, {"correlation_id": row["correlationId"]}, {}):
        found = await ask("sign-in-log", **facts)
        assert found.outcome == "signed-in"
        assert "AADSTS1000002 · signed in at 2026-09-21 14:08:20 UTC" in found.detail


@pytest.mark.parametrize(
    "other",
    [
        {"minutes_ago": 9},  # before
        {"minutes_ago": 5, "appId": TEAMS},  # another app: Teams works, or they could not write
        {"minutes_ago": 5, "user": COLLEAGUE},
        {"minutes_ago": 5, "error": 50126},
    ],
)
async def test_other_successes_prove_nothing(ask: Ask, graph: PlayedGraph, other: dict[str, Any]) -> None:
    """Before, with another app, or somebody else's."""
    row = graph.sign_in(error=53003, minutes_ago=8)
    graph.sign_in(**other)
    assert (await ask("sign-in-log", request_id=row["id"])).outcome == "blocked-by-policy"


async def test_a_log_that_does_not_filter_does_not_make_anybody_signed_in(
    ask: Ask, graph: PlayedGraph
) -> None:
    """The success is checked again, too: it is one, with this app, and afterwards."""
    row = graph.sign_in(error=53003, minutes_ago=8)
    others = [
        graph.sign_in(minutes_ago=1, appId=TEAMS),
        graph.sign_in(minutes_ago=2, error=53003),
        graph.sign_in(minutes_ago=20),
    ]
    for other in others:
        graph.log.next(200, {"value": [other]})
        found = await ask("sign-in-log", request_id=row["id"], app_id=other["id"])
        assert found.outcome == "blocked-by-policy"
    assert len(graph.log.received) == 3


async def test_the_failure_stands_when_what_came_later_cannot_be_read(ask: Ask, graph: PlayedGraph) -> None:
    """One answer of two is half the truth, and the ticket says which half."""
    row = graph.sign_in(error=53003)
    graph.log.always(500)
    found = await ask("sign-in-log", request_id=row["id"])
    assert found.outcome == "blocked-by-policy"
    assert "later sign-ins could not be read" in found.detail


async def test_the_policy_that_blocked_is_named_to_the_helpdesk(ask: Ask, graph: PlayedGraph) -> None:
    """Only those that were not satisfied; those in report-only mode block nobody."""
    applied = [
        policy("Compliant device for SAP", "failure"),
        policy("MFA for all", "success"),
        policy("Trial of next year", "reportOnlyFailure"),
        policy("Guests", "notApplied"),
    ]
    row = graph.sign_in(error=50105, appliedConditionalAccessPolicies=applied)
    found = await ask("sign-in-log", request_id=row["id"])
    assert found.outcome == "blocked-by-policy"
    assert "policy: Compliant device for SAP ·" in found.detail


async def test_policies_in_report_only_mode_block_nobody(ask: Ask, graph: PlayedGraph) -> None:
    """The sign-in failed for another reason."""
    row = graph.sign_in(error=50126, appliedConditionalAccessPolicies=[policy("Trial", "reportOnlyFailure")])
    assert (await ask("sign-in-log", request_id=row["id"])).outcome == "failed"


async def test_a_prompt_is_open_although_its_policy_is_not_satisfied_yet(
    ask: Ask, graph: PlayedGraph
) -> None:
    """A policy that asks for the extra check stands as failed until that is done."""
    applied = [policy("MFA for all", "failure")]
    row = graph.sign_in(error=50074, appliedConditionalAccessPolicies=applied)
    found = await ask("sign-in-log", request_id=row["id"])
    assert found.outcome == "prompt-open"
    assert "policy: MFA for all" in found.detail


async def test_policies_that_may_not_be_read_are_not_taken_for_none(ask: Ask, graph: PlayedGraph) -> None:
    """Graph leaves them out without a word; the ticket says what may be missing."""
    row = graph.sign_in(error=53003, appliedConditionalAccessPolicies=[policy("Secret name", "failure")])
    graph.granted.discard("Policy.Read.ConditionalAccess")
    found = await ask("sign-in-log", request_id=row["id"])
    assert found.outcome == "blocked-by-policy"
    assert (
        "policy: not shown by the log (the bot's app may need Policy.Read.ConditionalAccess)" in found.detail
    )


async def test_many_policies_stay_one_line(ask: Ask, graph: PlayedGraph) -> None:
    """The first three have names, the rest a number."""
    applied = [policy(f"Policy {n}", "failure") for n in range(1, 8)]
    row = graph.sign_in(error=53003, appliedConditionalAccessPolicies=applied)
    detail = (await ask("sign-in-log", request_id=row["id"])).detail
    assert "policy: Policy 1, Policy 2, Policy 3 and 4 more ·" in detail


async def test_names_that_strangers_chose_are_harmless(ask: Ask, graph: PlayedGraph) -> None:
    """An app's name is anybody's text: no line breaks, nothing invisible, no secret, and an end."""
    evil = (
        "SAP\n\u202e\u200b Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlY2FuYXJ5 "
        + "x" * 9999
    )
    row = graph.sign_in(
        error=53003, appDisplayName=evil, appliedConditionalAccessPolicies=[policy(evil, "failure")]
    )
    detail = (await ask("sign-in-log", request_id=row["id"])).detail
    assert detail.isprintable()
    assert "eyJ" not in detail
    assert len(detail) <= 400


async def test_at_most_four_questions(ask: Ask, graph: PlayedGraph) -> None:
    """Graph allows an app about five of these in ten seconds."""
    graph.sign_in(error=50126, appId=SAP)
    await ask(
        "sign-in-log", request_id=UNHEARD, correlation_id=UNHEARD, code="50126", timestamp=graph.time(9)
    )
    assert len(graph.asked) == 3
    row = graph.sign_in(error=50126)
    await ask("sign-in-log", request_id=UNHEARD, correlation_id=row["correlationId"])
    assert len(graph.asked) == 6
