import pytest

from dialogs.conversation import Evidence
from dialogs.extract import extract, looks_like_error
from tests.support.growth import linear

REQUEST = "4a484a80-5fb2-4f97-9410-efb996198a00"
CORRELATION = "4ec72077-0740-4398-97a3-effd8786550e"
TRACE = "9a828e4e-c258-4476-9a00-ef1bfd8fa501"
APP = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("aadsts1000002", (1000002,)),
        ("AADSTS 1000002", (1000002,)),
        ("AADSTS: 50058!", (50058,)),
        ("AADSTS50011 and AADSTS500112, again AADSTS50011", (50011, 500112)),
        ("ＡＡＤＳＴＳ５００７６", (50076,)),
        ("error 50076", (50076,)),
        ("I get Error: 53003, then error code 50076 and 50058", (53003, 50076, 50058)),
        ("Fehler 50076 und dann Fehlercode: 53003", (50076, 53003)),
        ("a 53003 error", (53003,)),
        ("https://login.microsoftonline.com/error?code=50058", (50058,)),
        ("code 50076", (50076,)),
        ("50076", ()),
        ("AADSTS10000020", ()),
        ("AADSTS5007", ()),
        ("error 3399614476 0xCAA5001C 0xc000006d", ()),
        ("MSALErrorDomain error -50000, error -50002", ()),
        ("error 404, HTTP 500", ()),
        ("zip code 80331, ticket 1234567, call 0171 1234567", ()),
        ("sms code 482913", ()),
    ],
)
def test_what_is_a_code_and_what_is_not(said: str, codes: tuple[int, ...]) -> None:
    """Five to seven digits with a prefix or a word for it; the whole run of digits, never its beginning."""
    assert extract(said).codes == codes


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-22T09:41:07Z", "2026-11-22T09:41:07Z"),
        ("2026-11-22 09:41:07Z", "2026-11-22T09:41:07Z"),
        ("2026-11-22T10:41:07.5+01:00", "2026-11-22T09:41:07.500Z"),
        ("2026-11-22T00:11:07-0930", "2026-11-22T09:41:07Z"),
        ("2026-11-22 09:41:07", "2026-11-22T09:41:07Z"),
        ("2026-11-22T09:41:07,761Z", "2026-11-22T09:41:07.761Z"),
        ("2026-13-22T09:41:07Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
    ],
)
def test_times(written: str, read: str | None) -> None:
    """ISO 8601 in UTC whatever the zone; what is no time is no time."""
    assert extract(f"Timestamp: {written}").timestamp == read


def test_a_time_of_no_zone_without_its_label_is_not_trusted() -> None:
    """A log line's local time is not the service's."""
    assert extract("2026-11-22 09:41:07 ERROR AADSTS50076").timestamp is None


@pytest.mark.parametrize(
    "said",
    [
        f"corr id {CORRELATION}",
        f"the correlation id from the page is {CORRELATION.upper()}",
        f"{CORRELATION} (correlation ID)",
        f"client-request-id: {CORRELATION}",
        f'"correlationId":"{CORRELATION}"',
        f"Correlation ID:\n\n  {CORRELATION}",
        f"Correlation\u00adID: {CORRELATION.replace('-', chr(0x2011))}",
        f"correlation id {CORRELATION[:14]}\n{CORRELATION[14:]}",
        f"| Correlation Id | {CORRELATION} |",
        f"x-ms-correlation-id = {CORRELATION.replace('-', '')}",
    ],
)
def test_a_correlation_id_in_many_clothes(said: str) -> None:
    """Labels in prose, headers, JSON, tables; values broken, capitalised or with odd hyphens."""
    assert extract(said).correlation_id == CORRELATION


def test_request_and_trace_id_are_not_copied_into_each_other() -> None:
    """They are one thing under two names; each name keeps its own."""
    assert extract(f"Trace ID: {TRACE}") == Evidence(trace_id=TRACE)
    assert extract(f"x-ms-request-id: {REQUEST}") == Evidence(request_id=REQUEST)


def test_a_lone_id_is_a_request_id_only_when_it_looks_like_one() -> None:
    """The service's ids mostly end in 00 or 01: a hint that yields to every label."""
    assert extract(f"{CORRELATION}\n{REQUEST}").request_id == REQUEST
    assert extract(CORRELATION) == Evidence()
    assert extract(f"{REQUEST} Trace ID: {TRACE}").request_id is None
    assert extract("00000003-0000-0000-c000-000000000000") == Evidence()
    assert extract(f"https://login.microsoftonline.com/{REQUEST}/oauth2 tenant id: {TRACE}") == Evidence()


def test_an_app_name_ends_where_it_ends() -> None:
    """Not at the next label's value, not at a quote, and "not available" is none."""
    assert extract("App name: SAP\u202e Concur, App id: x").app_name == "SAP Concur"
    assert extract("App name: Not available\nDevice state: -") == Evidence()
    assert (
        extract(f"AADSTS7000112: Application '{APP}'(Testing for App) is disabled.").app_name
        == "Testing for App"
    )
    assert len(extract("App name: " + "x" * 5000).app_name or "") == 100


def test_which_bare_numbers_could_be_errors() -> None:
    """Five and seven digits, and six of a family that Microsoft uses."""
    numbers = ("50076", "500121", "1000002", "482913", "4711", "20261122")
    assert list(filter(looks_like_error, numbers)) == ["50076", "500121", "1000002"]


HOSTILE = (
    "AADSTS",
    "correlation id ",
    "%25",
    "%",
    "1",
    "2026-11-22T",
    "app name: x\t",
    "application ",
    "\\r\\n",
    '"',
    "<b",
    "a\tapp id\tapp name\n",
    "12345678-",
    "error ",
    "application x '(",
    "App id\n",
    "error_codes:[",
    "\\u0041",
    "+=",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_long_text_takes_as_much_longer_as_it_is_longer(piece: str) -> None:
    """Time grows with length and no faster, also for texts made to slow patterns down."""
    assert linear(extract, piece)


def test_two_megabytes_are_looked_through() -> None:
    """Far more than ever gets in."""
    assert extract("AADSTS50076 " + "x" * 2_000_000).codes == (50076,)
