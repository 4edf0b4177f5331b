"""Sentences about sign-in trouble without any secret in them: what people really write, and variations."""

# ruff: noqa: E501 - lists of sentences are read by line

import random
import uuid

HARMLESS = tuple(
    line.strip()
    for line in """
    it says my password is wrong
    I changed my password yesterday
    the password page does not load
    error code 500121
    My password is not accepted any more
    My password expired and the reset page is blank
    my password is correct, I am sure
    my password is still the same as last week
    my password is fine. Something else is broken.
    the password is case sensitive, right?
    Password: wrong
    password: forgotten
    password reset: https://passwordreset.microsoftonline.com
    I forgot my password
    what is my password?
    is my password expired?
    password policy: 14 characters minimum
    I was told the password must have 12 characters
    my password is older than 90 days
    Password manager: none
    I entered the password 5 times and now I'm locked out
    password for Office365 is not working
    the new password works on my phone but not in Outlook
    After the password change on Monday Teams asks again and again
    never send your password to anyone
    I did not give anybody my password
    it wants a code but no code arrives
    the code never came by SMS
    I typed the code and it says invalid
    I get code 53003
    Error Code: 53003
    error 50076 after the password page
    Fehlercode 500121
    code d'erreur 500121
    código de error: 530032
    codice errore 700016
    foutcode 53003
    the verification code page shows error 500121
    verification code does not arrive, error 500121 then
    status code 401
    zip code 80331
    sign-in error code 90095
    mein Passwort ist falsch
    mein Passwort ist abgelaufen
    mein Passwort wird nicht angenommen
    Passwort vergessen
    Kennwort: geht nicht
    das Kennwort ist richtig, trotzdem kommt der Fehler
    das Passwort habe ich gestern geändert
    Passwort falsch, dann AADSTS50126
    die Passwortseite lädt nicht
    ich bekomme keinen Code auf das Handy
    der Code kommt nicht an
    der Code ist ungültig
    das Passwort muss 12 Zeichen haben
    mon mot de passe est incorrect
    mon mot de passe a expiré hier
    mot de passe oublié
    le mot de passe ne marche plus depuis lundi
    le code n'arrive pas
    le code est invalide
    mi contraseña es incorrecta
    mi contraseña no funciona
    he olvidado la contraseña
    la contraseña ha caducado
    el código no llega
    la mia password è scaduta
    la password è sbagliata
    ho dimenticato la password
    il codice non arriva
    mijn wachtwoord is verlopen
    wachtwoord vergeten
    mijn wachtwoord is onjuist
    de code komt niet aan
    minha senha é inválida
    esqueci a senha
    minha senha expirou
    o código não chega
    AADSTS50126: Error validating credentials due to invalid username or password.
    AADSTS50055: The password is expired.
    AADSTS1000002 after I linked my account
    AADSTS7000222: The provided client secret keys for app are expired.
    AADSTS70008: The provided authorization code or refresh token has expired due to inactivity.
    AADSTS500121: Authentication failed during strong authentication request.
    Request Id: 4a484a80-5fb2-4f97-9410-efb996198a00
    Correlation Id: 4ec72077-0740-4398-97a3-effd8786550e
    Timestamp: 2026-09-03T13:32:53.761Z
    Device identifier: Not available
    Device state: Unregistered
    https://login.microsoftonline.com/error?code=50058
    https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46&response_type=code
    please call me on +49 171 1234567
    my ticket is INC0012345
    ticket 20261122 was closed
    my employee number is 12345678
    it started at 09:41 on 22.11.2026
    error 0xCAA5001C in Outlook
    broker returned 3399614476
    the token expired, it says
    it says invalid token
    bearer token missing
    Cookies are blocked in my browser
    I deleted all cookies
    the key does not open the door
    I pressed the Continue key
    the PIN screen does not show
    my PIN does not work on Windows Hello
    Windows Hello PIN is not set up
    I use a passkey now, no password
    KeePass opens fine
    my password is up-to-date
    the Authenticator shows number 42
    Passwords are synced with OneDrive
    Outlook asks for the password every 10 minutes
    I work on Windows11 with Office365
    credentials: not accepted
    my login data are correct
    {"error":"invalid_grant","error_codes":[50076],"timestamp":"2026-11-22 09:41:07Z"}
    AzureAdPrt : NO
    Attempt Status : 0xc000006d
    HTTP status code: 400
    version 16.0.17928.20148 of Outlook
    MSAL.NetCore.4.61.3.0.MsalUiRequiredException: ErrorCode: invalid_grant
    """.strip().splitlines()
)

_WHO = ("I", "my colleague", "the new intern", "our customer", "everyone in sales", "my boss")
_WHAT = (
    "cannot sign in to",
    "gets logged out of",
    "sees a blank page in",
    "has to enter the password again in",
    "needs a code for",
    "is asked for a password by",
)
_WHERE = ("Teams", "Outlook", "SAP", "the VPN portal", "SharePoint", "Azure DevOps")
_WHEN = (
    "since 9:40",
    "since the password was changed on Monday",
    "after AADSTS50076",
    "with error 53003",
    "since the update 16.0.1792",
    "after entering the code twice",
)
_SAID = (
    "Mein Passwort",
    "Das Kennwort",
    "Le mot de passe",
    "La contraseña",
    "La password",
    "Het wachtwoord",
    "A senha",
    "My password",
)
_STATE = (
    ("ist falsch", "ist abgelaufen", "geht nicht", "wurde gestern geändert", "ist richtig"),
    ("ist unbekannt", "läuft ab", "wird abgelehnt", "ist zu kurz", "ist neu"),
    ("est refusé", "est expiré", "ne marche pas", "est correct", "a changé hier"),
    ("es incorrecta", "está caducada", "no funciona", "es nueva", "es la misma"),
    ("è errata", "è scaduta", "non funziona", "è corretta", "è la stessa"),
    ("is verkeerd", "is verlopen", "werkt niet", "is juist", "is hetzelfde"),
    ("é inválida", "expirou", "não funciona", "é a mesma", "está errada"),
    ("is wrong", "is expired", "is not working", "is the same", "is too short"),
)  # fmt: skip


def harmless(seed: int) -> list[str]:
    """More than 1,000 different sentences about sign-in trouble without any secret."""
    rnd = random.Random(seed)
    made = [
        f"{who} {what} {where} {when}" for who in _WHO for what in _WHAT for where in _WHERE for when in _WHEN
    ]
    tails = (
        "",
        ".",
        " und jetzt AADSTS50126",
        ", 50126",
        f" ({uuid.UUID(int=7)})",
        " - 2026-11-22 09:41",
        " Help!",
    )
    made += [
        f"{said} {state}{tail}"
        for said, states in zip(_SAID, _STATE, strict=True)
        for state in states
        for tail in tails
    ]
    made += [
        f"Request Id: {uuid.UUID(int=rnd.getrandbits(128))} Timestamp: 2026-11-{day:02}T09:41:07Z error {code}"
        for day in range(1, 29)
        for code in (50076, 53003, 500121)
    ]
    return [*HARMLESS, *made]
