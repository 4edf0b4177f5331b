"""How pressing a case is: what the guide says, which answers decide it, and what the helpdesk makes of it."""

from pathlib import Path

import pytest

from dialogs.events import CaseGraded, CaseResolved
from dialogs.guide import Severity
from dialogs.language import compile as compile_content
from dialogs.language.load import read_folder
from dialogs.library import Library
from tests.support.player import Player
from tests.support.stories import began, cases, changes, handed_over

CONTENT = Path(__file__).parents[2] / "content"
GUIDE = """
guide: printer
title: The printer is blocked
codes: [AADSTS50076]
start: seen
nodes:
  seen:
    say: What did you see? Pick all that fit.
    several: yes
    ask:
      smoke: Smoke
      paper: Paper
      none:
        label: None of these
        alone: yes
    go: others
  others:
    say: Does it hit others?
    ask:
      many: All of us
      me: Only me
    go: handover
  handover:
    say: Somebody has to look at it.
    escalate: sign-in
    severity:
      - is: normal
        when:
          seen: [paper]
          others: [me]
      - is: urgent
        when:
          seen: [smoke, paper]
"""


def printer(severity: str = "") -> Library:
    """The guide above, or with one severity for all."""
    text = GUIDE
    if severity:
        text = f"{GUIDE.partition('    severity:')[0]}    severity: {severity}\n"
    files = read_folder(CONTENT)[0]
    words = {path: content for path, content in files.items() if not path.startswith(("guides/", "fixes/"))}
    library, found = compile_content({**words, "guides/printer.yaml": text})
    assert [str(each) for each in found if each.severity == "error"] == []
    return library


def opened(library: Library, *said: str) -> Severity:
    """The severity of the case of somebody who said so, and then handed over."""
    player = began("AADSTS50076", *said, "hand it over", library=library)
    return cases(player)[0].file.severity


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        (("1, 2", "All of us"), "urgent"),
        (("Paper", "All of us"), "urgent"),
        (("Paper", "Only me"), "normal"),
        (("Smoke", "Only me"), "urgent"),
        (("None of these", "All of us"), "normal"),
        (("a person please",), "normal"),
        (("Smoke", "a person please"), "urgent"),
    ],
)
def test_the_first_severity_that_holds_counts(said: tuple[str, ...], severity: Severity) -> None:
    """Also for whoever leaves the guide early: by what is known so far. Where none holds it is normal."""
    assert opened(printer(), *said) == severity


@pytest.mark.parametrize("severity", ["normal", "urgent"])
def test_a_guide_may_have_one_severity_for_all(severity: str) -> None:
    """Without conditions."""
    assert opened(printer(severity), "Smoke", "Only me") == severity


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        (("AADSTS1000002", "a person please"), "normal"),
        (("AADSTS50126", "I wasn't signing in anywhere"), "urgent"),
        (("AADSTS1000002", "somebody called me"), "urgent"),
    ],
)
def test_the_shipped_guides_call_for_security_at_once(said: tuple[str, ...], severity: Severity) -> None:
    """A sign-in that somebody else began is urgent; asking for a person alone is not."""
    player = began(*said)
    player.says("hand it over")
    assert cases(player)[0].file.severity == severity


def number(player: Player) -> str:
    """The number of their case."""
    assert player.conversation.case is not None
    return player.conversation.case.number


def test_the_helpdesk_says_how_pressing_a_case_is() -> None:
    """The others and the ticket system hear who said so; the person hears nothing."""
    player = handed_over()
    before = player.prompt
    player.takes(CaseGraded(at=player.now, number=number(player), by="Ada", severity="urgent"))
    (change,) = changes(player)

    assert (change.what, change.severity, change.by, change.status) == ("urgent", "urgent", "Ada", None)
    assert player.prompt == before
    assert not player.heard or all(each is change for each in player.heard)


@pytest.mark.parametrize("at", ["closed", "unknown"])
def test_of_a_case_that_is_over_it_is_no_news(at: str) -> None:
    """Nor of one that is none of theirs."""
    player = handed_over()
    if at == "closed":
        player.takes(CaseResolved(at=player.now, number=number(player), by="Ada", note="Done."))
    whose = number(player) if at == "closed" else "HR-NONE"
    player.takes(CaseGraded(at=player.now, number=whose, by="Ada", severity="urgent"))

    assert changes(player) == []
