"""One mistake is one message, at the line that is wrong, with what to do about it."""

from pathlib import Path

import pytest

from dialogs.language import compile as compile_content
from dialogs.language.diagnostics import Severity, printed
from dialogs.language.load import read_folder

BASE, _ = read_folder(Path(__file__).parent / "base")
GUIDE = """\
guide: vpn
title: The VPN client says error 809
words:
  - error 809
start: where
nodes:
  where:
    say: Where are you?
    ask:
      home: At home
      office: In the office
    go: fixed
  fixed:
    say: Does it work?
    ask:
      works: It does
      fails: It does not
    go:
      - to: help
        when:
          where: [home]
      - to: help
  help:
    say: We pass it on.
    escalate: printing
"""
GERMAN = """\
translates: vpn
language: de
texts:
  where/home:
    en: At home
    de: Zu Hause
"""


def errors(guide: str, **more: str) -> list[str]:
    """Every error of these files beside the base, as it is printed."""
    files = {**BASE, "guides/vpn.yaml": guide, **{f"guides/{name}.yaml": text for name, text in more.items()}}
    found = compile_content(files)[1]
    return [
        printed(each, files[each.path])
        for each in found
        if each.severity is Severity.ERROR and each.path.startswith("guides/")
    ]


def changed(before: str, after: str) -> str:
    """The guide with a mistake in it."""
    assert before in GUIDE
    return GUIDE.replace(before, after, 1)


def test_the_guide_itself_is_sound() -> None:
    """Else the mistakes below would not be alone."""
    assert errors(GUIDE) == []


@pytest.mark.parametrize(
    ("before", "after", "place", "words"),
    [
        pytest.param(
            "      home: At home\n", "      At home\n", "11:7",
            ["G008", "goes on with the words of the line above", "line 10 is a choice", '"an-id: At home"'],
            id="a choice without an id",
        ),
        pytest.param(
            "      office:", "        office:", "11:9", ["G008", "indent it as the lines are"],
            id="too far right",
        ),
        pytest.param(
            "      office: In the office\n", "      office: In the office\n        go: help\n", "12:9",
            ["G008", 'what line 11 says belongs behind "label:"'], id="a way below the words of a choice",
        ),
        pytest.param(
            "      office: In the office\n", "      office: In the office\n      go: help\n", "12:7",
            ["G105", 'a choice called "go"', "indent it below the id"], id="a key among the choices",
        ),
        pytest.param(
            "      home: At home\n      office: In the office\n", "      - At home\n      - In the office\n",
            "10:7", ["G103", "no list", '"at-home: At home"'], id="choices as a list",
        ),
        pytest.param("go: fixed", "go: fixd", "12:9", ["G201", 'mean "fixed"?'], id="a way to nowhere"),
        pytest.param("[home]", "[hmoe]", "21:19", ["G210", 'did you mean "home"?'], id="a slip"),
        pytest.param("[home]", "[desk]", "21:19", ["G210", "possible here: home, office"], id="another word"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_once_with_its_remedy(
    before: str, after: str, place: str, words: list[str]
) -> None:
    """Nothing else is reported that would be gone with it."""
    (told,) = errors(changed(before, after))

    assert told.startswith(f"guides/vpn.yaml:{place}: ")
    for each in words:
        assert each in told


def test_the_name_of_a_node_that_stands_too_far_right_is_asked_for() -> None:
    """Its keys are those of the node above then, which does two things and says two."""
    twice, both = errors(changed("  help:\n", "    help:\n"))

    assert twice.startswith("guides/vpn.yaml:24:5: error G011: ")
    assert 'is "help" a node of its own? Indent it as this one is' in both


def test_a_file_with_the_other_ending_is_told_its_name() -> None:
    """Nothing is read from it, and what it is to be called stands there."""
    found = compile_content({**BASE, "guides/vpn.yml": GUIDE})[1]

    assert [each.suggestion for each in found if each.path == "guides/vpn.yml"] == [
        "names end in .yaml: rename it to guides/vpn.yaml"
    ]


def test_a_guide_that_cannot_be_read_is_not_missing_to_its_translation() -> None:
    """Its file is there; what is wrong in it is the news."""
    (told,) = errors(changed("    go: fixed", "   go: fixed"), **{"vpn.de": GERMAN})

    assert told.startswith("guides/vpn.yaml:12:4: ")


def test_words_of_a_choice_that_cannot_be_read_are_not_unknown_to_the_translation() -> None:
    """They may be what could not be read; a guide stands before its translation."""
    told = errors(changed("      home: At home\n", "      home: [At home]\n"), **{"vpn.de": GERMAN})

    assert "G103" in told[0]
    assert not [each for each in told if "G404" in each]


def test_what_holds_no_word_is_nobodys() -> None:
    """Nobody gets anywhere by writing exclamation marks, so two guides may have them."""
    mark = GUIDE.replace("  - error 809", '  - "!!!"')
    other = mark.replace("guide: vpn", "guide: tunnel")

    assert not [each for each in errors(mark, tunnel=other) if "G507" in each]


def test_words_that_two_guides_have_are_told_in_any_language() -> None:
    """Capitals and punctuation make no difference, as for who writes them."""
    other = GUIDE.replace("guide: vpn", "guide: tunnel").replace("error 809", "the tunnel is closed")
    german = f"{GERMAN}words:\n  - The tunnel is closed!\n"
    told = [each for each in errors(GUIDE, tunnel=other, **{"vpn.de": german}) if "G507" in each]

    assert len(told) == 1
    assert told[0].startswith(
        "guides/vpn.de.yaml:8:5: error G507: guides/tunnel.yaml has these words already:"
    )
