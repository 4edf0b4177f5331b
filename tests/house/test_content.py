"""The rules of content/ that the guide language itself does not check."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialogs.guide import Ask, Collect, Escalate, Guide, Try
from dialogs.language import compile as compile_content
from dialogs.language.load import load, read_folder
from dialogs.library import Library
from dialogs.paths import paths
from tests.support.player import Player

CONTENT = Path(__file__).parents[2] / "content"
LIBRARY, PROBLEMS = load(CONTENT)
FIRST = LIBRARY.guides["aadsts1000002"]
GUIDES = tuple(LIBRARY.guides.values())
LANGUAGES = LIBRARY.languages

# What the bot's own questions offer, besides the labels of guides.
OWN_LABELS = (
    *(f"after/{each}" for each in ("fixed", "same", "other", "could-not")),
    *(f"bot/{each}" for each in ("restart-yes", "restart-no", "switch-yes", "switch-no", "handover-yes")),
    *(f"bot/{each}" for each in ("handover-add", "handover-no", "came-back-go-on", "came-back-restart")),
    *(f"bot/{each}" for each in ("skip", "no-code")),
)
SMALL_BUTTONS = ("back", "restart", "repeat", "help", "cancel", "person", "status", "plain", "cards")


def plain(words: str) -> str:
    """Words as they are compared: no punctuation, no capitals."""
    return re.sub(r"[^\w ]", "", words.casefold()).strip()


def command_words(library: Library, language: str) -> dict[str, str]:
    """Every word of a command -> the command's key."""
    found = {}
    for key, words in library.texts[language].items():
        if key.startswith("command/"):
            found.update({plain(each): key for each in words.split(";")})
    return found


def labels(guide: Guide) -> Iterator[str]:
    """The keys of everything a person can press in a guide."""
    for node in guide.nodes.values():
        if isinstance(node, Ask):
            yield from (choice.label for choice in node.choices)
        elif isinstance(node, Collect) and node.skip:
            yield node.skip


def test_content_has_no_problem() -> None:
    """What ships compiles without an error and without a warning."""
    assert [f"{each.path}:{each.line} {each.code} {each.message}" for each in PROBLEMS] == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.id)
def test_every_way_through_is_short_and_known(guide: Guide) -> None:
    """The listed paths cover the whole guide, and none is longer than fifteen screens."""
    found = paths(guide, LIBRARY.codes)

    assert found.complete
    assert max(path.prompts for path in found.paths) <= 15


def test_first_guide_covers_both_pages() -> None:
    """Each of the 47 steps of the two source pages has a node, an offered fix or a hint that takes it."""
    covered: set[str] = set()
    for node in FIRST.nodes.values():
        covered.update(node.covers)
        for part in (*getattr(node, "offers", ()), *getattr(node, "hints", ())):
            covered.update(part.covers)

    assert len(covered) == 47


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.id)
def test_a_request_nobody_started_goes_to_security_at_once(guide: Guide) -> None:
    """Once a person says that they did not start it, no fix, no question and no other queue follows."""
    alarms = {"not-mine", "unexpected"}
    asking = [
        node
        for node in guide.nodes.values()
        if isinstance(node, Ask) and alarms & {choice.id for choice in node.choices}
    ]

    assert asking
    for node in asking:
        for choice in node.choices:
            if choice.id in alarms:
                first = (choice.go or node.go)[0]
                target = guide.nodes[first.to]
                assert isinstance(target, Escalate)
                assert target.queue == "security"
                assert not first.when or [(m.subject, m.values) for m in first.when] == [
                    (node.id, (choice.id,))
                ]


@pytest.mark.parametrize("code", ["AADSTS50126", "AADSTS50089", "AADSTS50020", "AADSTS99999"])
@pytest.mark.parametrize("screen", ["locked", "blocked", "approval"])
def test_nobody_is_led_against_a_lock_or_a_rule(code: str, screen: str) -> None:
    """Whatever the code is about, who saw a lock or a block is offered only what respects it, and once."""
    player = Player(LIBRARY)
    player.says(code)
    player.chooses("same")
    player.chooses("loop", screen)

    assert player.prompt.say.key in {"fix/wait-out-lock", "fix/company-device", "fix/request-approval"}
    player.chooses("same")
    assert player.prompt.say.key == "sign-in-error/details"


def test_every_listed_fix_can_be_offered() -> None:
    """No fix stands so far back in a list, for everybody, that its turn never comes anywhere."""
    for guide in GUIDES:
        tries = [node for node in guide.nodes.values() if isinstance(node, Try)]
        listed = {offer.fix for node in tries for offer in node.offers}
        pointed_to = {offer.fix for node in tries for offer in node.offers if offer.when}
        general = (dict.fromkeys(o.fix for o in node.offers if not o.when) for node in tries)
        first = {fix for node, fixes in zip(tries, general, strict=True) for fix in [*fixes][: node.limit]}

        assert listed - pointed_to - first == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_command_shadows_a_button(language: str) -> None:
    """Who types what a button says gets that button, unless the command means the same."""
    commands = command_words(LIBRARY, language)
    keys = [*OWN_LABELS, *(key for guide in GUIDES for key in labels(guide))]
    shadowed = {key: commands.get(plain(LIBRARY.words(key, language))) for key in keys}

    same = {None, "command/works-now"}
    assert {
        key: by
        for key, by in shadowed.items()
        if by not in same and not (by == "command/report" and key.endswith("/not-mine"))
    } == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("button", SMALL_BUTTONS)
def test_a_small_button_can_be_typed(button: str, language: str) -> None:
    """The words on a small button are understood as that button."""
    said = plain(LIBRARY.words(f"button/{button}", language))

    assert command_words(LIBRARY, language)[said] == f"command/{button}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words(language: str) -> None:
    """A code's topic and who can mend it are words in every language; no language borrows."""
    said = LIBRARY.texts[language]
    needed = {f"topic/{code.topic}" for code in LIBRARY.codes.values()}
    needed |= {f"who/{code.who}" for code in LIBRARY.codes.values()}

    assert len(LIBRARY.codes) >= 412
    assert needed <= said.keys()


def test_every_language_has_every_text() -> None:
    """What is said in English is said in every other language too."""
    source = LIBRARY.texts["en"].keys()

    assert {language: source ^ LIBRARY.texts[language].keys() for language in LANGUAGES} == {
        language: set() for language in LANGUAGES
    }


def test_the_manual_starts_with_a_guide_that_works() -> None:
    """The smallest guide of the author's manual compiles as it is printed."""
    manual = (CONTENT / "README.md").read_text(encoding="utf-8")
    printed = re.search(r"## The smallest guide\n\n```yaml\n(.*?)```", manual, re.DOTALL)
    assert printed is not None
    everything, _ = read_folder(CONTENT)
    english = {path: text for path, text in everything.items() if not path.endswith("de.yaml")}

    library, problems = compile_content({**english, "guides/printer.yaml": printed[1]})

    assert "printer" in library.guides
    assert [each.message for each in problems] == []
