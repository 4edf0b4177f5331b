import json
import time
from collections.abc import Callable
from io import BytesIO
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands.paste import run_extract, run_redact
from dialogs.conversation import Evidence
from dialogs.extract import extract, looks_like_error

REQUEST = "4a484a80-5fb2-4f97-9410-efb996198a00"
CORRELATION = "4ec72077-0740-4398-97a3-effd8786550e"
TRACE = "9a828e4e-c258-4476-9a00-ef1bfd8fa501"
APP = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
AT = "2026-11-22T09:41:07Z"
MESSAGE = (
    "AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor "
    f"authentication.\r\nTrace ID: {TRACE}\r\nCorrelation ID: {CORRELATION}\r\nTimestamp: "
    "2026-11-22 09:41:07Z"
)
FROM_MESSAGE = Evidence(
    codes=(50076,),
    trace_id=TRACE,
    correlation_id=CORRELATION,
    timestamp="2026-11-22T09:41:07Z",
)

CLASSIC = f"""
Sorry, but we’re having trouble signing you in.

AADSTS50105: Your administrator has configured the application Contoso Portal ('{APP}') to block users unless
they are specifically granted ('assigned') access to the application.
Troubleshooting details
If you contact your administrator, send this info to them.
Copy info to clipboard
Request Id: {REQUEST}
Correlation Id: {CORRELATION}
Timestamp: 2026-11-22T09:41:07Z
Message: AADSTS50105: Your administrator has configured the application
Advanced diagnostics: Enable
"""

BLOCKED = f"""
You don't have access to this
Your sign-in was successful but you don't have permission to access this resource.
Error Code: 53003
Request Id: {REQUEST}
Correlation Id: {CORRELATION}
Timestamp: 2026-09-03T13:32:53.761Z
App name: Microsoft Azure CLI
App id: {APP}
IP address: 203.0.113.9
Device identifier: Not available
Device platform: Windows 10
Device state: Unregistered
Flag sign-in errors for review: Enable flagging
"""
FROM_BLOCKED = Evidence(
    codes=(53003,),
    request_id=REQUEST,
    correlation_id=CORRELATION,
    timestamp="2026-09-03T13:32:53.761Z",
    app_name="Microsoft Azure CLI",
    app_id=APP,
    platform="Windows 10",
    device_state="Unregistered",
)


def test_the_classic_page() -> None:
    """Code, both ids, the time, and the app out of the message's own words."""
    assert extract(CLASSIC) == Evidence(
        codes=(50105,),
        request_id=REQUEST,
        correlation_id=CORRELATION,
        timestamp="2026-11-22T09:41:07Z",
        app_id=APP,
        app_name="Contoso Portal",
    )


@pytest.mark.parametrize(
    "pasted",
    [
        BLOCKED,
        BLOCKED.replace("\n", " "),
        BLOCKED.replace("\n", "\r\n\r\n"),
        BLOCKED.replace(": ", ":\n"),
        BLOCKED.replace(": ", "\t"),
        BLOCKED.replace(": ", ":\u00a0").replace("Id", "\u200bId"),
        BLOCKED.replace(": ", " : ")
        .upper()
        .replace("MICROSOFT AZURE CLI", "Microsoft Azure CLI")
        .replace("WINDOWS", "Windows")
        .replace("UNREGISTERED", "Unregistered"),
        "".join(f"**{line.replace(': ', ':** ')}\n" for line in BLOCKED.splitlines()),
    ],
    ids=[
        "as shown",
        "one line",
        "double spaced",
        "value below",
        "tabs",
        "odd spaces",
        "capitals",
        "markdown",
    ],
)
def test_the_conditional_access_page_however_it_is_copied(pasted: str) -> None:
    """A code without its prefix, app and device; whatever the clipboard did to lines and spaces."""
    assert extract(pasted) == FROM_BLOCKED


def test_labels_copied_first_and_values_after() -> None:
    """Two columns copied one after the other still belong together, in order."""
    pasted = f"Request Id\nCorrelation Id\nTimestamp\n{REQUEST}\n{CORRELATION}\n2026-11-22T09:41:07Z"
    found = extract(pasted)
    assert (found.request_id, found.correlation_id, found.timestamp) == (
        REQUEST,
        CORRELATION,
        "2026-11-22T09:41:07Z",
    )


def test_an_oauth_answer() -> None:
    """JSON with its escapes; both codes of the list, in the order they appear."""
    answer = json.dumps(
        {
            "error": "invalid_grant",
            "error_description": MESSAGE.replace("50076", "70002"),
            "error_codes": [70002, 50126],
            "timestamp": "2026-11-22 09:41:07Z",
            "trace_id": TRACE,
            "correlation_id": CORRELATION,
            "error_uri": "https://login.microsoftonline.com/error?code=70002",
            "suberror": "basic_action",
        }
    )
    expected = Evidence(
        codes=(70002, 50126), trace_id=TRACE, correlation_id=CORRELATION, timestamp="2026-11-22T09:41:07Z"
    )
    assert extract(answer) == expected
    assert extract(json.dumps(answer)) == expected  # JSON within JSON


@pytest.mark.parametrize("start", ["?", "#", "?code_x=1&"])
@pytest.mark.parametrize("encode", [quote, quote_plus, lambda text: quote(quote(text))])
def test_a_redirect_link(start: str, encode: Callable[[str], str]) -> None:
    """Percent- or plus-encoded, after a question mark or a hash, once or twice."""
    link = f"https://localhost/cb{start}error=interaction_required&error_description={encode(MESSAGE)}&state=12345"
    assert extract(link) == FROM_MESSAGE


@pytest.mark.parametrize(
    "line",
    [
        f"MSAL.NetCore.4.61.3.0.MsalUiRequiredException: \r\n\tErrorCode: invalid_grant\r\n{MESSAGE}",
        f"InteractionRequiredAuthError: interaction_required: {MESSAGE}",
        "Refresh failed. invalid_grant: " + MESSAGE.replace("\r\n", " "),
        f"{{'[400] invalid_grant: {MESSAGE}'}}",
        MESSAGE.replace("\r\n", "\\r\\n"),
        MESSAGE.replace("\r\n", "<br>"),
        f"> {MESSAGE}".replace("\r\n", "\n> "),
    ],
)
def test_library_messages(line: str) -> None:
    """MSAL's messages, wrapped by programs, logs, pages and mail."""
    assert extract(line) == FROM_MESSAGE


def test_dsregcmd_output() -> None:
    """The device's own report: joined how, which code, when."""
    report = f"""
+----------------------------------------------------------------------+
| Device State                                                         |
+----------------------------------------------------------------------+
             AzureAdJoined : YES
          EnterpriseJoined : NO
              DomainJoined : YES
                  DeviceId : 11111111-2222-3333-4444-555555555501
                  TenantId : {TENANT}
                AzureAdPrt : NO
       AcquirePrtDiagnostics : PRESENT
            Attempt Status : 0xc000006d
              Attempt Time : 2026-11-22 09:41:07.000 UTC
            Correlation ID : {CORRELATION}
      Server Error Code : invalid_grant
      Server Error Description : AADSTS50126: Error validating credentials
"""
    assert extract(report) == Evidence(
        codes=(50126,),
        correlation_id=CORRELATION,
        timestamp="2026-11-22T09:41:07.000Z",
        device_state="AzureAdJoined: YES, EnterpriseJoined: NO, DomainJoined: YES, AzureAdPrt: NO",
        platform="Windows",
    )


def test_a_sign_in_log_entry_of_microsoft_graph() -> None:
    """JSON of the log: the code is a number without prefix, times have seven digits of a second."""
    entry = {
        "createdDateTime": "2026-11-22T09:41:07.1234567Z",
        "appId": APP,
        "appDisplayName": "Office 365, Web",
        "correlationId": CORRELATION,
        "resourceId": "00000003-0000-0000-c000-000000000000",
        "status": {"errorCode": 50076, "failureReason": "Due to a configuration change"},
        "deviceDetail": {
            "operatingSystem": "Windows 10",
            "trustType": "Azure AD joined",
            "isCompliant": False,
        },
    }
    assert extract(json.dumps(entry, indent=2)) == Evidence(
        codes=(50076,),
        correlation_id=CORRELATION,
        timestamp="2026-11-22T09:41:07.123Z",
        app_id=APP,
        app_name="Office 365, Web",
        platform="Windows 10",
        device_state="Azure AD joined",
    )


def test_a_portal_copy() -> None:
    """The portal's basic info: labels, tabs, local time that names no zone and is therefore left out."""
    copied = (
        f"Date\t11/22/2026, 10:41:07 AM\nRequest ID\t{REQUEST}\nCorrelation ID\t{CORRELATION}\n"
        f"Status\tFailure\nSign-in error code\t90095\nUser ID\t{TENANT}\n"
        f"Application\tContoso Portal\nApplication ID\t{APP}"
    )
    assert extract(copied) == Evidence(
        codes=(90095,), request_id=REQUEST, correlation_id=CORRELATION, app_name="Contoso Portal", app_id=APP
    )


def test_a_table_out_of_a_log_query() -> None:
    """A heading and a row: the heading says what each cell is, and that the time is UTC."""
    table = (
        "TimeGenerated [UTC]\tCorrelationId\tResultType\tAppDisplayName\n"
        f"11/22/2026, 9:41:07.123 AM\t{CORRELATION}\t50076\tOffice 365"
    )
    assert extract(table) == Evidence(
        codes=(50076,),
        correlation_id=CORRELATION,
        timestamp="2026-11-22T09:41:07.123Z",
        app_name="Office 365",
    )


@pytest.mark.parametrize(
    "labels",
    [
        (
            "Fehlercode",
            "Anforderungs-ID",
            "Korrelations-ID",
            "Zeitstempel",
            "App-Name",
            "App-ID",
            "Geräteplattform",
            "Gerätestatus",
        ),
        (
            "Code d’erreur",
            "ID de demande",
            "ID de corrélation",
            "Horodatage",
            "Nom de l’application",
            "ID de l’application",
            "Plateforme de l’appareil",
            "État de l’appareil",
        ),
        (
            "Código de error",
            "Id. de solicitud",
            "Id. de correlación",
            "Marca de tiempo",
            "Nombre de la aplicación",
            "Id. de la aplicación",
            "Plataforma del dispositivo",
            "Estado del dispositivo",
        ),
        (
            "Codice errore",
            "ID richiesta",
            "ID correlazione",
            "Timestamp",
            "Nome app",
            "ID app",
            "Piattaforma dispositivo",
            "Stato dispositivo",
        ),
        (
            "Foutcode",
            "Aanvraag-id",
            "Correlatie-id",
            "Tijdstempel",
            "Naam van app",
            "App-id",
            "Apparaatplatform",
            "Apparaatstatus",
        ),
    ],
    ids=["de", "fr", "es", "it", "nl"],
)
def test_pages_in_other_languages(labels: tuple[str, ...]) -> None:
    """The same page with its labels translated, accents and curly apostrophes included."""
    values = (
        "53003",
        REQUEST,
        CORRELATION,
        "2026-09-03T13:32:53.761Z",
        "Microsoft Azure CLI",
        APP,
        "Windows 10",
        "Unregistered",
    )
    assert (
        extract("\n".join(f"{label} : {value}" for label, value in zip(labels, values, strict=True)))
        == FROM_BLOCKED
    )


def test_a_german_message() -> None:
    """What the token service says in German."""
    said = (
        MESSAGE.replace("Trace ID", "Ablaufverfolgungs-ID")
        .replace("Correlation ID", "Korrelations-ID")
        .replace("Timestamp", "Zeitstempel")
    )
    assert extract(said) == FROM_MESSAGE


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


@given(st.text(max_size=500))
@settings(deadline=None)
def test_any_text_is_read(text: str) -> None:
    """No text raises, and what is found can be stored."""
    json.dumps(repr(extract(text))).encode()


@given(
    st.integers(10_000, 9_999_999),
    st.uuids(),
    st.uuids(),
    st.datetimes().map(lambda at: at.replace(microsecond=0)),
    st.sampled_from(["\n", " ", "\r\n", " | ", "\\r\\n", "%0d%0a"]),
    st.sampled_from([": ", ":", " = ", ":\n"]),
)
@settings(deadline=None)
def test_what_was_put_in_comes_out(
    code: int, one: object, other: object, at: object, line: str, colon: str
) -> None:
    """Any code, ids and time, in any of the layouts, is found again."""
    stamp = f"{at:%H:%M:%S}"
    day = f"{str(at)[:10]}T{stamp}Z"
    parts = [
        f"AADSTS{code}: text",
        f"Request Id{colon}{one}",
        f"Correlation Id{colon}{other}",
        f"Timestamp{colon}{day}",
    ]
    found = extract(line.join(parts))
    assert found == Evidence(codes=(code,), request_id=str(one), correlation_id=str(other), timestamp=day)


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


def test_a_megabyte_takes_no_more_than_its_share() -> None:
    """Time grows with length and no faster, also for texts made to slow patterns down."""

    def seconds(text: str) -> float:
        began = time.process_time()
        extract(text)
        return time.process_time() - began

    slow: dict[str, float] = {}
    for piece in HOSTILE:
        small, large = (piece * (size // len(piece)) for size in (10_000, 80_000))
        growth = seconds(large) / max(seconds(small), 0.005)
        if (
            growth > 24
        ):  # three times as much as linear: a busy machine is forgiven, a quadratic pattern is not
            slow[piece] = growth
    assert slow == {}
    assert extract("AADSTS50076 " + "x" * 2_000_000).codes == (50076,)


def test_which_bare_numbers_could_be_errors() -> None:
    """Five and seven digits, and six of a family that Microsoft uses."""
    numbers = ("50076", "500121", "1000002", "482913", "4711", "20261122")
    assert list(filter(looks_like_error, numbers)) == ["50076", "500121", "1000002"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_command_answers_with_exactly_its_fields(encoding: str) -> None:
    """`handrail extract`: one line of JSON, null where nothing was found, whatever the shell's encoding."""
    answer = BytesIO()
    run_extract(BytesIO("AADSTS50076 für Korrelations-ID".encode(encoding)), answer)
    assert json.loads(answer.getvalue()) == {
        "codes": [50076], "correlation_id": None, "request_id": None, "trace_id": None, "timestamp": None,
        "app_id": None, "app_name": None,
    }  # fmt: skip


def test_the_redact_command_copies_all_but_secrets() -> None:
    """`handrail redact`: bytes that are no text do not stop it."""
    answer = BytesIO()
    run_redact(BytesIO("Passwort: Geheim1!\nAADSTS50126 ü".encode() + b"\xff"), answer)
    assert (
        answer.getvalue().decode() == "Passwort: [removed: password]\nAADSTS50126 ü\N{REPLACEMENT CHARACTER}"
    )
