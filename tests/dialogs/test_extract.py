import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.redact import redact
from dialogs.conversation import Evidence
from dialogs.extract import extract

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
    "page", [CLASSIC, BLOCKED, MESSAGE, f"https://x/cb?error_description={quote(MESSAGE)}"]
)
def test_cutting_secrets_first_loses_nothing(page: str) -> None:
    """What a person pastes passes the redactor before it is read."""
    assert extract(redact(page).text) == extract(page)


@given(st.text(max_size=500))
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
