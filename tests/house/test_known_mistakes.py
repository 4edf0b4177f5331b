"""Mistakes that helpdesk bots for Teams have made, and the tests that keep us from each of them.

The first eleven were found in the code of Microsoft's two templates for it, FAQ Plus and Remote Support;
the last ones are what their users asked for in vain.
"""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

MISTAKES = {
    "a channel that says 403 leaves a ticket that nobody can act on": [
        "bot/test_helpdesk_over_http.py::test_a_channel_that_refuses_gets_the_case_when_it_is_mended",
    ],
    "two tickets at once get one number, and the second overwrites the first": [
        "contracts/test_store.py::test_a_taken_number_keeps_nothing",
        "bot/store/test_replicas.py::test_a_number_is_given_once",
    ],
    "a turn that failed is run again with all its effects": [
        "contracts/test_store.py::test_a_repeat_changes_nothing_and_is_answered_like_the_first_time",
        "faults/test_kills.py::test_whatever_dies_every_event_takes_effect_once",
    ],
    "an error of another kind than expected hides its cause": [
        "bot/teams/test_status_table.py::test_every_row_leads_to_its_action",
    ],
    "a field gets what belongs into another one": [
        "contracts/test_store.py::test_news_of_a_case_go_into_its_log",
    ],
    "whoever has a card may act, and the card says on what": [
        "bot/test_case_life_over_http.py::test_nothing_works_from_anywhere_but_the_helpdesks_channel",
        "bot/test_queues.py::test_a_case_goes_to_its_channel_and_only_its_people_may_act",
        "bot/test_helpdesk_over_http.py::test_people_in_a_group_have_a_conversation_each",
    ],
    "of two who claim at once the last one has it": [
        "contracts/test_two_agents.py::test_of_two_who_claim_at_the_same_moment_one_has_it",
        "bot/test_helpdesk_over_http.py::test_of_two_who_claim_the_first_has_it",
        "bot/web/test_board.py::test_the_second_of_two_agents_does_not_take_the_case_away",
    ],
    "a card speaks the language of who caused it": [
        "bot/cards/test_case.py::test_the_channel_reads_its_own_language_and_zone",
        "bot/test_delivery.py::test_a_language_asked_for_is_the_language_of_the_old_card",
    ],
    "somebody of another tenant is dropped without a word to anybody": [
        "bot/teams/test_endpoint.py::test_another_organisation_is_a_warning_that_says_what_to_do",
    ],
    "only the title is checked, and words of any length go on": [
        "bot/cards/test_prompt_card.py::test_a_field_has_a_limit_a_label_and_words_for_empty",
        "bot/cards/test_hostile.py::test_no_words_of_a_person_break_a_card",
        "contracts/test_ticket_systems_elsewhere.py",
    ],
    "a plain GET from any page changes something": [
        "bot/web/test_board.py::test_another_sites_form_does_nothing",
        "bot/web/test_board.py::test_a_reload_after_a_refused_form_leads_to_the_case",
    ],
    "a case that nobody claims is noticed by nobody": [
        "bot/test_clock.py::test_the_helpdesk_is_reminded_ever_more_seldom",
        "bot/test_queues.py::test_what_nobody_takes_goes_to_the_second_channel",
    ],
    "the answer goes by private message and is lost for the ticket": [
        "bot/test_case_life_over_http.py::test_fifty_messages_go_both_ways_in_order",
        "bot/test_tickets_over_http.py::test_what_happens_to_a_case_stands_on_its_ticket",
    ],
    "a ticket cannot be given to a colleague": [
        "bot/test_case_life_over_http.py::test_a_case_is_handed_on_to_somebody_of_the_team",
    ],
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_tests_against_a_known_mistake_are_there(mistake: str) -> None:
    """Whoever renames or removes one of them has to say here what takes its place."""
    for each in MISTAKES[mistake]:
        file, _, name = each.partition("::")
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        names = {part.name for part in tree.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert not name or name in names, each
