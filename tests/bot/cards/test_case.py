"""A case for the helpdesk and for the person: the same facts on the card, in the text and on the board."""

from typing import Any

import msgspec
import pytest

from bot.address import Person
from bot.cards import case, handoff, plain, ticket
from bot.cards.speech import Speaker
from bot.store.api import LogEntry
from bot.store.history import Solved
from dialogs.case import Asked, Checked, FixTried
from dialogs.text import Text
from tests.support import screens
from tests.support.cards import schema_errors
from tests.support.screens import OPENED, record

SPEAKER = Speaker(screens.library(), "en", "Europe/Berlin")
UNVERIFIED = (
    "NOT VERIFIED: nobody vouches for who this is. "
    "Do not reset anything for this person before you know who they are."
)


def words(node: Any) -> str:
    """Everything that can be read on a card, in reading order."""
    if isinstance(node, list):
        return "\n".join(words(each) for each in node)
    if not isinstance(node, dict):
        return ""
    if "inlines" in node:
        return "".join(each["text"] for each in node["inlines"])
    own = [node[key] for key in ("title", "label", "text") if isinstance(node.get(key), str)]
    return "\n".join(
        [*own, *(words(node[key]) for key in ("body", "items", "columns", "actions") if key in node)]
    )


def actions(card: dict[str, Any]) -> list[str]:
    """What our buttons on the card do."""
    found: list[str] = []

    def look(node: Any) -> None:
        if isinstance(node, list):
            for each in node:
                look(each)
        elif isinstance(node, dict):
            if node.get("type") == "Action.Execute":
                found.append(node["data"]["handrail"]["does"])
            for key, value in node.items():
                if key != "fallback":
                    look(value)

    look(card)
    return found


def test_the_sections_are_in_the_order_an_agent_reads() -> None:
    """Where, seen, tried, not tried, ruled out, checked, what next, their words, ids; the rest is folded."""
    found = case.sections(record(), SPEAKER)
    assert [each.id for each in found if not each.folded] == [
        "app", "device", "since", "seen", "tried", "untried", "ruled-out", "checked",
        "ask-next", "remarks", "ids",
    ]  # fmt: skip
    assert [each.id for each in found if each.folded] == ["answers"]


def test_a_case_without_a_code_is_called_what_its_guide_is_called() -> None:
    """Once: where the headline says it there is nothing above it. A code stands there alone."""
    named = screens.library().say(record().file.title, "en")
    without = case.head(record(codes=()), SPEAKER)
    plain_end = case.head(record(codes=(), headline=None), SPEAKER)

    assert case.head(record(), SPEAKER).about.startswith("AADSTS")
    assert (without.about, without.headline != named) == (named, True)
    assert (plain_end.about, plain_end.headline) == ("", named)
    assert named in words(handoff.card(record(codes=()), SPEAKER, execute=True))


def test_what_nobody_knows_has_no_line() -> None:
    """An empty section would be a question; it is left out."""
    found = case.sections(record(app=(), tried=(), remarks=()), SPEAKER)
    assert not {"app", "tried", "remarks"} & {each.id for each in found}


def test_card_and_text_say_the_same() -> None:
    """Every label and every line of every section is on the card and in the text."""
    card = words(handoff.card(record(), SPEAKER, execute=True))
    text = plain.case_text(record(), SPEAKER)
    for section in case.sections(record(), SPEAKER):
        for shown in (card, text):
            assert section.label in shown
            for row in section.rows:
                assert row.words in shown
                assert row.about in shown


def test_a_fix_stands_with_what_it_came_to() -> None:
    """The agent sees at a glance what not to try again."""
    (tried,) = [each for each in case.sections(record(), SPEAKER) if each.id == "tried"]
    assert [(row.about, row.words) for row in tried.rows] == [
        ("finish and reopen", "no"),
        ("private window", "no"),
        ("other network", "could not be done"),
    ]


def test_a_persons_words_are_marked_as_theirs() -> None:
    """What nobody has checked says that it is as written; what was picked from a list does not."""
    text = plain.case_text(record(), SPEAKER)
    assert "App: “SAP” (as written)" in text
    assert "Device: Something about my device\n" in text
    card = words(handoff.card(record(), SPEAKER, execute=True))
    assert "“I have a meeting at eleven, please hurry” (as written)" in card


def test_a_date_from_a_date_field_is_a_date() -> None:
    """It reads in the agent's language, and is nobody's wording."""
    german = Speaker(screens.library(), "de")
    (since,) = [each for each in case.sections(record(), german) if each.id == "since"]
    assert since.rows == (case.Row(words="So., 22. Nov. 2026"),)


def test_an_agent_cannot_miss_that_nobody_vouches_for_a_person() -> None:
    """On the card in a coloured box, in the text in the third line: do not reset anything."""
    stranger = record(person=Person(name="Erika Mustermann (verified by Teams)"))
    card = handoff.card(stranger, SPEAKER, execute=True)
    (box,) = [each for each in card["body"] if each.get("style") == "attention"]
    assert words(box).split("\n")[-1] == UNVERIFIED
    assert UNVERIFIED in plain.case_text(stranger, SPEAKER).split("\n")[2]


def test_only_a_verified_persons_id_is_shown() -> None:
    """An id that a stranger could have typed is no id to look somebody up by."""
    known = "11112222-3333-4444-5555-666677778888"
    assert known in plain.case_text(record(), SPEAKER)
    assert known not in plain.case_text(record(person=Person(name="x", object_id=known)), SPEAKER)


@pytest.mark.parametrize(
    ("status", "does"),
    [
        ("open", ["claim", "urgent", "ask", "resolve", "give", "memo"]),
        ("reopened", ["claim", "urgent", "ask", "resolve", "give", "memo"]),
        ("claimed", ["urgent", "ask", "resolve", "give", "memo"]),
        ("waiting", ["urgent", "ask", "resolve", "give", "memo"]),
        ("resolved", ["reopen", "memo"]),
        ("withdrawn", ["reopen", "memo"]),
    ],
)
def test_a_card_offers_what_can_still_be_done(status: str, does: list[str]) -> None:
    """Nobody can claim what somebody has, nor close what is closed."""
    assert actions(handoff.card(record(status=status), SPEAKER, execute=True)) == does


@pytest.mark.parametrize(("language", "said"), [("en", "Urgent"), ("de", "Dringend")])
def test_what_presses_says_so_first(language: str, said: str) -> None:
    """On the card beside the number, in the notification before it, in the ticket; of other cases nowhere."""
    speaker = Speaker(screens.library(), language, "Europe/Berlin")
    urgent = msgspec.structs.replace(record(), severity="urgent")
    card = handoff.card(urgent, speaker, execute=True)

    assert words(card["body"][0]) == f"HR-7K3F · {said}"
    assert handoff.summary(urgent, speaker).startswith(f"{said} · HR-7K3F · ")
    assert plain.case_text(urgent, speaker).startswith(f"HR-7K3F · {said} · ")
    assert "normal" in actions(card)
    assert "urgent" not in actions(card)
    for usual in (handoff.summary(record(), speaker), plain.case_text(record(), speaker)):
        assert said not in usual


def test_a_case_says_when_it_was_opened_and_not_how_old_it_is() -> None:
    """A card stands in a channel for days, and nobody draws it anew as time goes by."""
    assert "opened Nov 22, 2026, 10:41 AM" in plain.case_text(record(), SPEAKER).replace("\u202f", " ")


def test_resolving_takes_a_note_along() -> None:
    """The note's field is folded away, has a label and a limit, and is on the card once."""
    card = handoff.card(record(), SPEAKER, execute=True)
    (fold,) = [each for each in card["body"] if each.get("id") == "resolve-HR-7K3F"]
    reason, field, last = fold["items"]
    (send,) = last["actions"]
    assert fold["isVisible"] is False
    assert reason["label"] == "Why it is closed"
    assert field["id"].startswith("resolve-HR-7K3F")
    assert field["label"] == "A few words for Erika Mustermann, if you like"
    assert send["data"]["handrail"] == {"case": "HR-7K3F", "does": "resolve", "seen": len(record().log)}
    assert "associatedInputs" not in send


def test_everything_that_was_asked_is_folded_away() -> None:
    """Each question with its answer, also the skipped ones."""
    card = handoff.card(record(), SPEAKER, execute=True)
    (fold,) = [each for each in card["body"] if each.get("id") == "everything-HR-7K3F"]
    assert "pressed Continue? No, the message came back" in words(fold)
    assert "“Sorry, but we're having trouble” (as written)" in words(fold)
    assert "Since when does this happen? not answered" in words(fold)


def test_links_lead_to_microsoft_and_to_the_board_only() -> None:
    """No address on the card is made of anything in the case."""
    card = handoff.card(record(), SPEAKER, execute=True, board_url="https://board.example/HR-7K3F")
    urls = [each["url"] for part in card["body"] for each in part.get("actions", ()) if "url" in each]
    assert urls == [handoff.SIGN_IN_LOG, "https://board.example/HR-7K3F"]


def test_a_board_without_an_address_is_not_offered() -> None:
    """A script or a file path is no address either."""
    for url in ("", "javascript:alert(1)", "file:///etc/passwd"):
        assert "Open board" not in words(handoff.card(record(), SPEAKER, execute=True, board_url=url))


def test_the_channel_reads_its_own_language_and_zone() -> None:
    """The person writes German; an English channel reads English, and is told what the person writes."""
    text = plain.case_text(record(), SPEAKER)
    assert "opened Nov 22, 2026, 10:41 AM" in text
    assert "writes German" in text
    assert "opened Nov 22, 2026, 9:41 AM UTC" in plain.case_text(record(), Speaker(screens.library(), "en"))


def test_a_check_says_when_it_was_made() -> None:
    """No outage at 10:40 says nothing about 10:50."""
    assert "Service health: no outage reported, 10:40 AM" in plain.case_text(record(), SPEAKER)


def test_checks_that_say_the_same_are_one_line() -> None:
    """Checks that nobody set up do not fill the card; one that says something else stands by itself."""
    unknown = [
        Checked(probe=each, outcome="unknown", detail="not set up", at=OPENED)
        for each in ("sign-in-log", "account-state", "device-state")
    ]
    fine = Checked(probe="service-health", outcome="fine", at=OPENED)
    text = plain.case_text(record(checks=(*unknown[:2], fine, unknown[2])), SPEAKER)
    assert "- Sign-in log, Account, and Device: could not tell, not set up, 10:41 AM" in text
    assert "- Service health: no outage reported, 10:41 AM" in text


def test_a_number_is_said_once() -> None:
    """Where the ticket system has no number of its own, there is none beside the case's."""
    own = record(reference="HR-7K3F")
    for said in (words(handoff.card(own, SPEAKER)), plain.case_text(own, SPEAKER), ticket.text(own, SPEAKER)):
        assert said.count("HR-7K3F") == 1
    assert "INC0012" in words(handoff.card(record(reference="INC0012"), SPEAKER))


def test_short_things_stand_side_by_side_and_sentences_in_a_list() -> None:
    """The buttons are not far below, and where a sentence begins can be seen."""
    hints = (Text("g/hint"), Text("g/finish"))
    said = words(handoff.card(record(ask_next=hints), SPEAKER))
    assert "finish and reopen: no · private window: no" in said
    assert said.count("• ") == 2


def test_a_queue_or_check_without_words_shows_its_name() -> None:
    """A guide may name what the texts do not know yet."""
    assert "new-queue" in plain.case_text(record(queue="new-queue"), SPEAKER)


def test_the_log_says_who_did_what() -> None:
    """Claimed and closed, with the note."""
    log = (
        LogEntry(at=OPENED, status="open"),
        LogEntry(at=OPENED + 60, status="claimed", by="Ada"),
        LogEntry(at=OPENED + 90, status="resolved", by="Ada", note="device registered"),
    )
    text = plain.case_text(record(status="resolved", by="Ada", log=log), SPEAKER)
    assert "10:42 AM: Ada is on it" in text
    assert "10:42 AM: closed by Ada: device registered" in text


def test_what_a_person_adds_later_is_theirs_and_not_the_agents() -> None:
    """A word added to a claimed case is in the log as written, and changes nothing about who is on it."""
    log = (
        LogEntry(at=OPENED, status="claimed", by="Ada"),
        LogEntry(at=OPENED + 60, status="claimed", note="It is the laptop, not the phone"),
        LogEntry(at=OPENED + 60, status="claimed"),
    )
    later = record(status="claimed", by="Ada", log=log)
    (found,) = [each for each in case.sections(later, SPEAKER) if each.id == "log"]
    assert [row.own for row in found.rows] == [False, True]
    assert "“It is the laptop, not the phone” (as written)" in words(handoff.card(later, SPEAKER))
    assert "laptop" not in ticket.text(later, SPEAKER)


@pytest.mark.parametrize("status", ["open", "claimed", "resolved", "withdrawn"])
@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_every_card_of_a_case_is_an_adaptive_card(status: str, language: str) -> None:
    """Microsoft's schema finds nothing wrong with the helpdesk's card and the person's."""
    speaker = Speaker(screens.library(), language)
    full = record(
        status=status, by="Ada", reference="INC1", asked=(Asked(question=Text("g/when"), text="x"),)
    )
    for execute in (True, False):
        assert not schema_errors(handoff.card(full, speaker, execute=execute, board_url="https://b.example"))
    assert not schema_errors(ticket.card(full, speaker))


def test_the_person_reads_what_happens_next_and_who_does_it() -> None:
    """Number, how far it is, the helpdesk's own number; nothing to press."""
    text = ticket.text(record(status="claimed", by="Ada", reference="INC0012"), SPEAKER)
    assert text.startswith("HR-7K3F")
    assert "Ada of the helpdesk is working on it and answers here." in text
    assert "Number in the ticket system: INC0012" in text
    assert "Action." not in str(ticket.card(record(), SPEAKER))


def test_the_person_reads_the_note_the_case_was_closed_with() -> None:
    """The last note of the helpdesk, in quotation marks."""
    log = (LogEntry(at=OPENED, status="resolved", by="Ada", note="Your device is known again."),)
    assert "Ada: “Your device is known again.”" in ticket.text(
        record(status="resolved", by="Ada", log=log), SPEAKER
    )


def test_the_channels_notification_is_one_line() -> None:
    """Number, status, codes and what it is about."""
    assert handoff.summary(record(), SPEAKER).startswith(
        "HR-7K3F · new · AADSTS1000002 → AADSTS53003 · Account"
    )


def test_of_a_long_talk_the_card_shows_the_end() -> None:
    """The thread below it has all of it."""
    log = tuple(LogEntry(at=OPENED + n, status="claimed", what="added", note=f"word {n}.") for n in range(50))
    said = words(handoff.card(record(status="claimed", log=log), SPEAKER))

    assert "44 before that, in the thread below" in said
    assert "word 43." not in said
    assert all(f"word {n}." in said for n in range(44, 50))


def test_what_a_newer_version_wrote_is_shown_as_it_stands() -> None:
    """Two versions side by side: the older one does not know every word of the newer one."""
    log = (LogEntry(at=OPENED, status="claimed", what="teleported", note="to Mars"),)  # type: ignore[arg-type]  # not yet
    assert "to Mars" in words(handoff.card(record(status="claimed", log=log), SPEAKER))


def test_who_has_no_name_is_called_what_they_call_themselves() -> None:
    """In quotation marks: nobody vouches for it."""
    log = (LogEntry(at=OPENED, status="claimed", what="answered", note="an old one"),)
    stranger = record(status="claimed", log=log, person=Person(), contact="Erika, ext 4711")
    assert "“Erika, ext 4711” answers: “an old one”" in words(handoff.card(stranger, SPEAKER))


# ---- what ended it, and what ended others


def solved(*fixes: tuple[str, int], cases: int = 9) -> Solved:
    """What ended others with the same code."""
    return Solved(code=53003, cases=cases, fixes=fixes)


def words_of(section: str, shown: list[case.Section]) -> list[str]:
    """The lines of a section."""
    return [row.words for each in shown if each.id == section for row in each.rows]


FIXES = {"fix/private-window/name": "private window", "fix/reset/name": "reset the app"}
WITH_FIXES = Speaker(screens.library(**FIXES), "en", "Europe/Berlin")
TRIED = FixTried(fix=Text("fix/private-window/name"), result="same", at=OPENED)


def test_a_card_tells_what_ended_others() -> None:
    """One line, with the numbers, and what of it was tried here already; three fixes at most."""
    told = solved(("private-window", 5), ("reset", 2), ("gone-since", 1), ("never-told", 1), cases=12)
    tried = record(tried=(TRIED,))
    line = (
        "Of 12 solved cases with AADSTS53003 in the last 180 days,"
        " 5 ended by: private window (tried here: no); 2 ended by: reset the app; 1 ended by: gone-since."
    )
    assert words_of("before", case.sections(tried, WITH_FIXES, told)) == [line]
    assert line in words(handoff.card(tried, WITH_FIXES, solved=told))
    assert line in handoff.card(tried, WITH_FIXES, solved=told)["fallbackText"]


@pytest.mark.parametrize("told", [None, solved(), solved(("private-window", 2), cases=500)])
def test_too_little_is_not_told(told: Solved | None) -> None:
    """Two cases are no experience."""
    assert words_of("before", case.sections(record(), WITH_FIXES, told)) == []


def test_what_ended_others_is_told_in_the_readers_language() -> None:
    """Keys are kept, not words."""
    german = Speaker(screens.library(**FIXES), "de")
    (said,) = words_of("before", case.sections(record(), german, solved(("reset", 3))))
    assert said.startswith("Von 9 gelösten Fällen mit AADSTS53003 in den letzten 180 Tagen: 3 beendet durch:")


@pytest.mark.parametrize(
    ("fix", "said"),
    [("private-window", "private window"), ("*", "Something else"), ("gone-since", "gone-since")],
)
def test_a_closed_case_says_what_ended_it(fix: str, said: str) -> None:
    """On the card, in its log, in the text for the ticket system; also when the fix is not there any more."""
    log = (LogEntry(at=OPENED, status="resolved", by="Ada", what="resolved", reason="self", fix=fix),)
    kept = record(status="resolved", log=log)
    assert words_of("ended-by", case.sections(kept, WITH_FIXES)) == [said]
    for shown in (words(handoff.card(kept, WITH_FIXES)), plain.case_text(kept, WITH_FIXES)):
        assert f"Ada closed it. What the person did solved it. Ended by: {said}." in shown


def test_a_case_that_is_open_again_was_ended_by_nothing() -> None:
    """Nor one that was closed without a word, whatever had been said the first time."""
    first = LogEntry(at=OPENED, status="resolved", by="Ada", what="resolved", fix="reset")
    again = LogEntry(at=OPENED, status="reopened", what="back")
    silent = LogEntry(at=OPENED, status="resolved", by="Ada", what="resolved")
    for status, log in (("reopened", (first, again)), ("resolved", (first, again, silent))):
        kept = record(status=status, log=log)
        assert words_of("ended-by", case.sections(kept, WITH_FIXES)) == []


def test_a_card_offers_fixes_and_something_else() -> None:
    """One compact choice beside the reason; of very many the board has the rest."""
    many = [(f"fix-{n}", f"fix {n} **[x](https://evil.example)**") for n in range(100)]
    card = handoff.card(record(), SPEAKER, endings=[*many, ("*", "Something else")])
    (fold,) = [each for each in card["body"] if each.get("id") == "resolve-HR-7K3F"]
    (field,) = [each for each in fold["items"] if each.get("label") == "What ended it"]
    assert (field["style"], field["placeholder"]) == ("compact", "Not said")
    assert "isRequired" not in field
    values = [each["value"] for each in field["choices"]]
    assert values == [*(f"fix-{n}" for n in range(39)), "*"]
    assert not any("](" in each["title"] for each in field["choices"])
