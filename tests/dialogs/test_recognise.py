import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.events import Command
from dialogs.guide import Code, End, Guide
from dialogs.library import Library
from dialogs.recognise import Recognition, recognise


def guide(name: str, words: dict[str, tuple[str, ...]], *codes: int) -> Guide:
    """A guide that ends at once; only its words and codes matter here."""
    return Guide(
        id=name,
        title=name,
        start="end",
        nodes={"end": End(id="end", result="solved")},
        words=words,
        codes=codes,
    )


LIBRARY = Library(
    version="1",
    guides={
        "linked": guide("linked", {"en": ("account linked", "linking"), "de": ("Konto verknüpft",)}, 1000002),
        "password": guide("password", {"en": ("wrong password", "password")}, 50126),
        "locked": guide("locked", {"en": ("locked out", "account locked", "wrong password")}, 50053),
    },
    fixes={},
    codes={50076: Code(code=50076, topic="mfa", who="user")},
    texts={
        "en": {
            "command/back": "back; go back; one step back",
            "command/restart": "restart; start again; start over",
            "command/repeat": "repeat; again",
            "command/help": "help; what can you do; ?",
            "command/cancel": "cancel; stop; never mind",
            "command/person": "a person please; human; agent; talk to a human; i want to talk to a person",
            "command/status": "status; my ticket",
            "command/language/en": "english; in english",
            "command/language/de": "german; deutsch",
            "command/works-now": "it works now; works now; solved",
            "command/is-back": "it came back; it is back",
        },
        "de": {
            "command/back": "zurück; einen Schritt zurück",
            "command/restart": "neu anfangen; von vorn",
            "command/help": "hilfe",
            "command/cancel": "abbrechen; stopp",
            "command/person": "mensch; einen menschen bitte; mit einem menschen reden",
            "command/language/en": "englisch",
            "command/language/de": "deutsch",
        },
    },
)

FIXED = (
    ("fixed", "It works now"),
    ("same", "Same message again"),
    ("other", "Something else came up"),
    ("could-not", "I can't do that"),
)
PRESSED = (
    ("in", "It works now"),
    ("again", "No, the message came back"),
    ("none", "There was nothing to press"),
)
SEEN = (
    ("number", "A number to type into the Authenticator app"),
    ("rights", '"Permissions requested"'),
    ("more", '"More information required"'),
    ("terms", "Terms to accept"),
    ("device", "Something about my device"),
    ("none", "None of these"),
)
OHNE = (("geht", "Es geht"), ("nicht", "Es geht nicht"), ("kann", "Ich kann das nicht"))


def heard(
    text: str, options: tuple[tuple[str, str], ...] = (), *, language: str = "en", several: bool = False
) -> Recognition:
    """What the bot makes of `text`."""
    return recognise(LIBRARY, language, text, options, several=several)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("back", "back"),
        ("Back!", "back"),
        ("  please go back, thanks. ", "back"),
        ("RESTART", "restart"),
        ("restrat", "restart"),
        ("cancle", "cancel"),
        ("?", "help"),
        ("never mind", "cancel"),
        ("it works now", "works-now"),
        ("It's back", None),
        ("bakc", None),
        ("backup", None),
        ("🔙", None),
    ],
)
def test_a_command_is_the_whole_sentence(text: str, command: Command | None) -> None:
    """Case, punctuation, courtesy and a slip in a long word do not matter; short words must be right."""
    assert heard(text).command == command


@pytest.mark.parametrize(
    "text",
    [
        "it came back after i restarted my pc and then i got help from a colleague",
        "when i go back to the page it says the same",
        "i had to cancel the sign in window before that",
        "the agent told me to restart",
        "works not",
    ],
)
def test_a_command_word_inside_a_sentence_is_no_command(text: str) -> None:
    """People tell what happened with the same words."""
    assert heard(text).command is None


@pytest.mark.parametrize("text", ["zurück", "Zurueck", "zuruck bitte", "ZURÜCK"])
def test_another_language_is_understood_too(text: str) -> None:
    """Umlauts may be missing, and the conversation may be in English."""
    assert heard(text).command == "back"
    assert heard(text, language="de").command == "back"


def test_a_language_is_a_command_with_a_value() -> None:
    """The value is the code of the language asked for."""
    assert (heard("Deutsch bitte").command, heard("Deutsch bitte").value) == ("language", "de")
    assert (heard("englisch", language="de").command, heard("englisch", language="de").value) == (
        "language",
        "en",
    )


@pytest.mark.parametrize(
    "text",
    [
        "a person, please",
        "Human",
        "can i talk to a human",
        "nothing works, can I please talk to a human now",
        "ich will mit einem Menschen reden",
        "ich möchte bitte jetzt mit einem menschen reden",
        "I want to talk to a person!!",
    ],
)
def test_a_person_can_be_asked_for_in_a_sentence(text: str) -> None:
    """The way to a person is wider than any other."""
    assert heard(text).command == "person"


@pytest.mark.parametrize(
    "text",
    [
        "i do not want to talk to a human",
        "i already had to talk to a human yesterday and she told me to wait for the bot to come back",
        "ich will nicht mit einem menschen reden",
        "an agent of the helpdesk reset it",
    ],
)
def test_talking_about_a_person_is_not_asking_for_one(text: str) -> None:
    """A denial or a long story does not hand over."""
    assert heard(text).command is None


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("2", "same"),
        ("2.", "same"),
        ("2)", "same"),
        ("#2", "same"),
        ("nr 2", "same"),
        ("option 2 please", "same"),
        ("2️⃣", "same"),
        ("２", "same"),
        ("the second", "same"),
        ("the second one", "same"),
        ("2nd", "same"),
        ("der zweite", "same"),
        ("die Zweite!", "same"),
        ("zwei", "same"),
        ("the last one", "could-not"),
        ("same message again", "same"),
        ("Same mesage again", "same"),
        ("i cant do that", "could-not"),
        ("I can’t do that.", "could-not"),
        ("something else", "other"),
        ("0", None),
        ("5", None),
        ("22", None),
        ("1000002", None),
        ("i can", None),
        ("👍", None),
        ("", None),
    ],
)
def test_one_choice(text: str, option: str | None) -> None:
    """By number, ordinal, label, label with a slip, or the beginning of exactly one label."""
    assert heard(text, FIXED).options == ((option,) if option else ())


@pytest.mark.parametrize(
    ("text", "options", "option"),
    [
        ("yes", PRESSED, "in"),
        ("yep", PRESSED, "in"),
        ("ja", PRESSED, "in"),
        ("works", PRESSED, "in"),
        ("nope", PRESSED, "again"),
        ("Nein.", PRESSED, "again"),
        ("yes", (("a", "Yes, an invitation"), ("b", "Yes, I linked an account"), ("c", "No")), None),
        ("no", (("a", "Yes, an invitation"), ("b", "Yes, I linked an account"), ("c", "No")), "c"),
        ("no", (("a", "It opened"), ("b", "No idea")), None),
        ("ja", OHNE, "geht"),
        ("nein", OHNE, "nicht"),
        ("yes", (("a", "Works on my phone only"), ("b", "Nothing")), None),
    ],
)
def test_a_plain_yes_or_no(text: str, options: tuple[tuple[str, str], ...], option: str | None) -> None:
    """Counts when exactly one label begins with one; two possible answers are none."""
    assert heard(text, options).options == ((option,) if option else ())


def test_the_beginning_of_a_label_never_means_its_opposite() -> None:
    """German says "not" at the end."""
    assert heard("ich kann", OHNE, language="de").options == ()
    assert heard("es geht nicht", OHNE, language="de").options == ("nicht",)


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("1, 3 and 4", ("number", "more", "terms")),
        ("1 3", ("number", "more")),
        ("3 und 1", ("number", "more")),
        ("1,3;4", ("number", "more", "terms")),
        ("1.\n3.", ("number", "more")),
        ("terms to accept, permissions requested", ("rights", "terms")),
        ("Terms to accept; something about my devise", ("terms", "device")),
        ("2 and something about my device", ("rights", "device")),
        ("2", ("rights",)),
        ("none of these", ("none",)),
        ("1, 9", ()),
        ("1 and a dog", ()),
        ("1-3", ()),
        (",;", ()),
    ],
)
def test_several_choices(text: str, picked: tuple[str, ...]) -> None:
    """Every part is understood, in the prompt's order, or nothing is."""
    assert heard(text, SEEN, several=True).options == picked


def test_a_list_at_a_question_with_one_answer_is_nothing() -> None:
    """Where one is asked for two are no answer."""
    assert heard("1, 3", FIXED).options == ()


def test_two_close_spellings_are_no_answer() -> None:
    """A slip that could be either of two labels is not guessed."""
    assert heard("teim", (("a", "Team"), ("b", "Teams"))).options == ()
    assert heard("Contosa", (("a", "Contoso"), ("b", "Contosi"))).options == ()
    assert heard("unregistered", (("a", "registered"), ("b", "something"))).options == ()


def test_a_buttons_own_words_beat_a_misspelt_command() -> None:
    """An exact label is not taken for a slip in a command."""
    assert heard("restarts", (("often", "Restarts"),)).options == ("often",)
    assert heard("restarts").command == "restart"


def test_codes_and_ids_are_read_whatever_else_was_meant() -> None:
    """A code beside a choice, in a sentence, or alone; an unknown number alone is none."""
    both = heard("No, the message came back, AADSTS50076", PRESSED)
    assert both.evidence.codes == (50076,)
    assert heard("by the way now it says aadsts 53003").evidence.codes == (53003,)
    assert heard("50076").evidence.codes == (50076,)
    assert heard("50126").evidence.codes == (50126,)
    assert heard("50999").evidence.codes == ()
    assert heard("correlation id 3f2a9c1e-7d44-4c1b-9a55-0d6f8b2e1c90").evidence.correlation_id


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I have an account linked message", "linked"),
        ("mein konto verknuepft?", None),
        ("mein Konto verknüpft, was nun", "linked"),
        ("the password is not accepted", "password"),
        ("it says wrong password", None),
        ("i am locked out, wrong password", None),
        ("passwords", None),
        ("good morning", None),
    ],
)
def test_a_guide_by_its_words(text: str, found: str | None) -> None:
    """The longest phrase wins, in any language; when two guides claim it, none."""
    assert heard(text).guide == found


def test_a_guide_is_not_named_by_a_code() -> None:
    """Codes are evidence; which guide takes one is the engine's question."""
    assert heard("AADSTS1000002").guide is None


def test_the_text_is_given_back_trimmed() -> None:
    """For the transcript and the ticket."""
    assert heard("  hello there \n").text == "hello there"


_PIECES = st.sampled_from(
    [
        "back",
        "zurück",
        "1",
        "2.",
        ", ",
        "and",
        "AADSTS50076",
        "👍",
        "\u202e",
        "مرحبا",
        "bаck",
        "\u200b",
        "\ud800",
        "  ",
        "İ",
        "ﬁ",
    ]
)


@given(st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=12).map("".join)), st.booleans())
@settings(max_examples=300)
def test_no_text_raises_and_options_are_always_the_prompts(text: str, several: bool) -> None:
    """Emoji, right-to-left, look-alike letters, lone surrogates: an answer of the prompt, or nothing."""
    found = heard(text, SEEN, several=several)
    assert set(found.options) <= {each for each, _ in SEEN}
    assert several or len(found.options) <= 1
    assert list(found.options) == [each for each, _ in SEEN if each in found.options]


@given(
    st.integers(0, len(SEEN) - 1),
    st.sampled_from([str.upper, str.lower, str.title, lambda text: f" {text}! "]),
)
def test_every_label_finds_its_option(place: int, said: object) -> None:
    """Whatever is on a button can be typed, in any case."""
    name, label = SEEN[place]
    assert callable(said)
    assert heard(said(label), SEEN).options == (name,)


def test_ten_thousand_characters_are_no_command_and_still_read() -> None:
    """A whole page pasted at a question keeps its code and answers nothing."""
    found = heard("back " * 2_000 + " AADSTS50076", FIXED)
    assert (found.command, found.options, found.evidence.codes) == (None, (), (50076,))
