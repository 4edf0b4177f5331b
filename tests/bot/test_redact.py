import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import redact_codes as codes
from bot import redact_phrases as phrases
from bot.redact import clean, redact
from bot.redact_shapes import _SHAPES, _Shape
from bot.redact_spans import folded, matches
from bot.teams.intake import LARGEST_BODY
from tests.support.growth import linear

GUID = "4ec72077-0740-4398-97a3-effd8786550e"


def test_a_password_is_cut_and_the_rest_of_the_sentence_stays() -> None:
    """The helpdesk still reads what the person meant."""
    assert redact("hi, my password is Hunter2! and Teams says AADSTS50126") == (
        "hi, my password is [removed: password] and Teams says AADSTS50126",
        ("password",),
    )


def test_each_kind_is_named_once_in_order() -> None:
    """Two passwords and a code are one "password" and one "code"."""
    assert redact("pw: Ab1!cd, then pw: Ef2!gh, code: 482913").removed == ("password", "code")


@pytest.mark.parametrize(
    "said",
    [
        "it says my password is wrong",
        "I changed my password yesterday",
        "the password page does not load",
        "error code 500121",
        "code 530032",
        "AADSTS50126: Error validating credentials due to invalid username or password.",
        f"Correlation ID: {GUID}, Timestamp: 2026-11-22T09:41:07.123Z",
        "https://login.microsoftonline.com/error?code=50058",
        "call me at 09:41, ticket 20261122-17, +49 171 1234567",
        "broker error 3399614476, 0xCAA2000C",
    ],
)
def test_what_the_helpdesk_needs_stays(said: str) -> None:
    """Codes, ids, times and everyday sentences are not touched."""
    assert redact(said) == (said, ())


def test_a_trace_keeps_its_ids_and_loses_its_secrets() -> None:
    """Out of a copied request only what opens doors is cut."""
    trace = (
        f"POST /common/login HTTP/1.1\nclient-request-id: {GUID}\nCookie: ESTSAUTH=0.AXoAbcdef; fpc=Ab1\n\n"
        "login=erika%40contoso.example&passwd=Sonne2024%21&ctx=rQQIARAAjVK9b9NAGLd9&hpgrequestid=" + GUID
    )
    text, removed = redact(trace)
    assert text.count(GUID) == 2
    assert "Sonne" not in text
    assert "AXoA" not in text
    assert "rQQIARAA" not in text
    assert set(removed) == {"cookie", "password", "token"}


def test_a_secret_with_invisible_characters_in_it_is_found() -> None:
    """A zero-width space copied along with a token hides nothing."""
    token = "eyJ0eXAiOiJK\u200bV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.abc_DEF-123"
    assert redact(token) == ("[removed: token]", ("token",))


@pytest.mark.parametrize("shape", [each for each in _SHAPES if each.hints], ids=lambda each: each.hints[0])
def test_a_shape_is_looked_for_wherever_it_may_be(shape: _Shape) -> None:
    """Whatever a pattern can match has one of its hints in it, also with letters that pass for others."""
    # hypothesis knows no possessive repeats; without them a pattern matches no less
    pattern = re.sub(r"(?<=[*+}])\+", "", shape.pattern.pattern)

    @settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.from_regex(re.compile(pattern, shape.pattern.flags)))
    def look(text: str) -> None:
        assert any(hint in folded(text) for hint in shape.hints), ascii(text)

    look()


_LOOKED_FOR = [
    (codes._SURE_CODE, codes._SURE_PLACES),
    (codes._SURE_MIXED, codes._SURE_PLACES),
    (codes._CODE, codes._SOME_PLACES),
    (codes._CODE_MIXED, codes._SOME_PLACES),
    (phrases._PASSWORD, phrases._PASSWORD_PLACES),
]


@pytest.mark.parametrize(
    ("pattern", "begin"), _LOOKED_FOR, ids=["sure code", "sure mixed", "code", "mixed code", "password"]
)
def test_words_are_found_where_they_always_were(pattern: re.Pattern[str], begin: re.Pattern[str]) -> None:
    """The quick way to them misses none and adds none, one behind the other and one within another."""
    word = st.from_regex(re.compile(re.sub(r"(?<=[*+}])\+", "", pattern.pattern), re.IGNORECASE))
    other = st.sampled_from(["sms ", "Code ", "TOTP", "\u017fms-code 1234", " pa\u017fwort", "\u0130", " "])

    @settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.lists(word | other | st.text(max_size=3), max_size=5).map("".join))
    def look(text: str) -> None:
        found = [each.span() for each in matches(pattern, text, begin, folded(text))]
        assert len(folded(text)) == len(text)
        assert found == [each.span() for each in pattern.finditer(text)]

    look()


def test_a_short_saml_answer_does_not_take_the_rest_along() -> None:
    """Behind the closing tag the text goes on; without one everything behind the opening is cut."""
    whole = (
        '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">x</saml:Assertion> AADSTS75011'
    )
    assert redact(whole).text == "[removed: saml] AADSTS75011"
    assert redact(whole[:60]).text == "[removed: saml]"


def test_a_bare_six_digit_message_is_a_code_unless_it_can_be_an_error() -> None:
    """Nobody asked for it, but people send it; an error number alone is let through."""
    assert redact("482913").text == "[removed: code]"
    assert redact("500121").text == "500121"


_WORDS = st.sampled_from(
    [
        "password",
        "is",
        "my",
        ":",
        "=",
        "Hunter2!",
        "summer",
        "ABCD-EFGH",
        "secret answer",
        "number on the screen",
        "42",
        "code",
        "482913",
        "AADSTS50076",
        GUID,
        "eyJhbGciOiJub25l",
        "pw",
        "\n",
        "cookie:",
        "a=b",
        "[removed: password]",
        "https://x/?code=",
        "mein Passwort",
        "lautet",
        "&",
        "'",
        "4111111111111111",
        "-----BEGIN KEY-----",
        "0.AXo" + "a" * 30,
        "-",
        "from",
        "to",
        "c'est",
        "(",
        ")",
    ]
)


_LISTED = st.lists(_WORDS, max_size=12)


@given(st.one_of(st.text(max_size=300), _LISTED.map(" ".join), _LISTED.map("".join)))
@settings(max_examples=300)
def test_twice_is_once_for_any_text(text: str) -> None:
    """What was redacted is not redacted again, whatever stood there."""
    once = redact(text).text
    assert redact(once) == (once, ())


@given(
    st.lists(
        st.sampled_from([GUID, "AADSTS1000002", "2026-11-22T09:41:07Z", "and", "then", ",", "\n"]),
        max_size=20,
    )
)
def test_ids_and_codes_survive_in_any_order(parts: list[str]) -> None:
    """No mixture of codes, GUIDs and times is ever touched."""
    text = " ".join(parts)
    assert redact(text).text == text


HOSTILE = (
    "a",
    "password ",
    "my password is ",
    "password: ",
    "eyJ",
    "eyJ.",
    "-----BEGIN A-----",
    "cookie:a=",
    "bearer ",
    "1",
    "4111 ",
    "code 1",
    "sms code ",
    "x://a:b",
    "@a.b:",
    "<saml:Assertion ",
    "0.A",
    "DE89 ",
    "%26code=",
    "A1\n",
    "' ",
    "a@b.c / x",
    "Hunter2! is ",
    "passwort auf a ",
    "Private-Lines: 1\n",
    "password: ab ",
    "passwort=",
    "secret answer: a ",
    "answer to my security question ",
    "client secret ",
    "device code AB-",
    "code ABC-DEF-",
    "the code is the ",
    "number on the ",
    "83 in the ",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_long_text_takes_as_much_longer_as_it_is_longer(piece: str) -> None:
    """Time grows with length and no faster, also for texts made to slow patterns down."""
    assert linear(redact, piece)


def test_the_longest_text_that_gets_in_is_looked_through() -> None:
    """As much as an activity may have."""
    page = "my password is Hunter2! " + "a" * LARGEST_BODY
    assert redact(page).text.startswith("my password is [removed: password]")


def test_clean_takes_out_what_would_fool_a_reader() -> None:
    """Direction marks, escapes and control characters go; new lines and tabs stay."""
    assert clean("a\u202eb\u2066c\x1b[31md\x00e\r\nf\tg\u2028h", 100) == "abcde\nf\tg\nh"


def test_clean_shows_that_something_is_missing() -> None:
    """A text over the limit is cut to it and says so."""
    shown = clean("x" * 500, 40)
    assert len(shown) == 40
    assert shown.endswith("… [shortened]")


@given(st.text(), st.integers(0, 50))
def test_clean_keeps_its_limit(text: str, limit: int) -> None:
    """Never longer than asked for, never a lone surrogate, and cleaning again changes nothing."""
    once = clean(text, limit)
    assert len(once) <= limit
    assert clean(once, limit) == once
    once.encode()
