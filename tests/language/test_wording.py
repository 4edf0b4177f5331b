"""A text never asks for a secret, and what merely speaks of one may stay."""

import pytest

from dialogs.language.diagnostics import Report, Span
from dialogs.language.parts import Line
from dialogs.language.wording import GUIDE_PLACES, check_line


def codes(text: str, kind: str = "text") -> list[str]:
    """The codes of all problems of one text."""
    report = Report("a.yaml")
    check_line(report, Line(text, Span(), kind), GUIDE_PLACES)
    return [each.code for each in report.found]


@pytest.mark.parametrize(
    "text",
    [
        "Send me your password.",
        "What is your PIN?",
        "Please enter your password here.",
        "Type your password below, then press Continue.",
        "Tell me the number you see.",
        "Paste the verification code.",
        "Which page is it? Reply with the code you received.",
        "Give us the one-time code from your phone.",
        "Wie lautet dein Passwort?",
        "Schick mir den Bestätigungscode.",
        "Gib hier dein Kennwort ein.",
        "Nenne mir die Zahl auf dem Bildschirm.",
    ],
)
def test_asking_for_a_secret_is_an_error(text: str) -> None:
    """A person who is asked by a bot will answer the next swindler too."""
    assert codes(text) == ["G308"]


@pytest.mark.parametrize(
    "text",
    [
        "Never send anyone your password.",
        "I never ask for a password or a code.",
        "Don't type the verification code here.",
        "Type your password only on Microsoft's own page.",
        "Type the number into the Authenticator app.",
        "A number to type into the Authenticator app",
        "Paste it, or type the code you see.",
        "Change your password.",
        "Did you just set a new password?",
        "Gib dein Passwort nie weiter.",
        "Gib dein Passwort auf der Seite von Microsoft ein.",
        "Tippe die Zahl, die du siehst, in die App ein.",
    ],
)
def test_speaking_of_a_secret_is_none(text: str) -> None:
    """Warnings, places where it belongs, and error codes are what guides are made of."""
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{code}: {meaning}", []),
        ("{{braces}} are fine", []),
        ("{name}", ["G305"]),
        ("{code!r}", ["G304", "G305"]),
        ("{code:>9}", ["G305"]),
        ("{code.real}", ["G305"]),
        ("{0}", ["G305"]),
        ("{}", ["G305"]),
        ("open {", ["G305"]),
        ("shut }", ["G305"]),
    ],
)
def test_only_placeholders_the_bot_can_fill_pass(text: str, expected: list[str]) -> None:
    """Anything else would break the turn that shows it, or reach into the program."""
    assert codes(text) == expected


def test_labels_have_room_as_they_are_shown() -> None:
    """A button has 40 characters, a line of a list 80, words as many as they need."""
    assert (codes("x" * 40, "button"), codes("x" * 41, "button")) == ([], ["G301"])
    assert (codes("x" * 80, "tick"), codes("x" * 81, "tick")) == ([], ["G301"])
    assert codes("x" * 500) == []
